//! No text is an access token that we did not make, and none makes the readers fail.
#![no_main]

use std::sync::LazyLock;

use keywright_crypto::access_token::TokenKeys;
use keywright_crypto::jwt;
use keywright_crypto::seal::MasterKey;
use keywright_crypto::signing_key::{SigningAlgorithm, SigningKey};
use keywright_domain::credential::secret_form::Brand;

/// Keys that nobody has signed or sealed anything with.
static KEYS: LazyLock<(TokenKeys, Vec<SigningKey>)> = LazyLock::new(|| {
    let master = MasterKey::generate().expect("random bits");
    let signing = [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa].map(|algorithm| SigningKey::generate(algorithm).expect("random bits"));
    (TokenKeys::derive(&master), signing.into())
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    let brands = ["kw", "acme"].map(|brand| Brand::new(brand).expect("a good brand"));
    assert!(KEYS.0.open(text, &brands).is_err());
    for key in &KEYS.1 {
        let Ok(token) = jwt::read(text) else { return };
        let _ = (token.typ_is(jwt::ACCESS_TOKEN), token.unproved().issuer(), token.unproved().client_id(), token.unproved().scopes().count());
        assert!(!token.verified_by(key.public()) && token.verify(key.public(), &[key.algorithm().algorithm()]).is_err());
    }
});
