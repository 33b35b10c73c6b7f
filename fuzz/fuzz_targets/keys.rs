//! Whatever is pasted as a key or a certificate request is read or refused; what is read has one form in the store, and one as PEM.
#![no_main]

use keywright_crypto::csr;
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::public_key::PublicKey;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let read = [
        PublicKey::read(&text).ok(),
        PublicKey::from_spki_der(bytes).ok(),
        PublicKey::from_pkcs1_der(bytes).ok(),
        csr::read(&text).ok(),
        csr::read_der(bytes).ok(),
    ];
    for key in read.into_iter().flatten() {
        assert!(PublicKey::from_pem(&key.to_pem()).as_ref() == Ok(&key));
        assert!(PublicKey::from_stored(&key.to_stored()).as_ref() == Ok(&key));
        assert!(PublicKey::read(&key.to_jwk().to_string()).as_ref() == Ok(&key));
    }
    let _ = PublicKey::from_stored(bytes);
    if let Ok(pair) = KeyPair::from_pem(&text) {
        // Who pastes a private key where a public one belongs is told so.
        assert!(PublicKey::read(&text).is_err());
        assert!(KeyPair::from_pkcs8_der(&pair.to_pkcs8_der()).is_ok());
    }
});
