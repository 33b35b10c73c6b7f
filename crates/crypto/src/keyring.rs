//! The sub-key under which secrets of credentials are sealed. It is all that a verifier needs of the master key, and tells nothing about it.

use aws_lc_rs::aead::LessSafeKey;
use keywright_domain::ids::CredentialId;
use zeroize::Zeroizing;

use crate::access_token::TokenKeys;
use crate::random::NoRandom;
use crate::seal::{MasterKey, MasterKeyError, OpenError, expand, open_under, seal_under, sealing_key};

/// Seals and opens secrets of credentials.
pub struct Keyring {
    bytes: Zeroizing<[u8; 32]>,
    /// Prepared once: a replica opens a million secrets when it is loaded.
    key: LessSafeKey,
}

impl Keyring {
    /// The one of an installation (HKDF, RFC 5869).
    #[must_use]
    pub fn of(master: &MasterKey) -> Self {
        Self::from_bytes(master.sub_key(b"keywright verification secrets v1"))
    }

    /// From 64 hexadecimal digits, as [`to_hex`](Self::to_hex) gave them; white space at the ends does not count.
    ///
    /// # Errors
    /// [`MasterKeyError`]
    pub fn from_hex(text: &str) -> Result<Self, MasterKeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut()).map_err(|_| MasterKeyError)?;
        Ok(Self::from_bytes(bytes))
    }

    /// The 64 digits, for a node that only verifies.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(*self.bytes))
    }

    fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self { key: sealing_key(&bytes), bytes }
    }

    /// The keys of opaque access tokens: whoever may check what is signed under secrets may open tokens too.
    #[must_use]
    pub fn token_keys(&self) -> TokenKeys {
        TokenKeys::from_root(expand(self.bytes.as_ref(), &[b"keywright access tokens v1"]))
    }

    /// Seals a secret of this credential, whose digest is `digest`.
    ///
    /// # Errors
    /// [`NoRandom`]
    pub fn seal(&self, credential: CredentialId, digest: &[u8; 32], secret: &[u8]) -> Result<Vec<u8>, NoRandom> {
        seal_under(&self.key, &place(credential, digest), secret)
    }

    /// Opens what [`seal`](Self::seal) made, for the same credential and digest.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(&self, credential: CredentialId, digest: &[u8; 32], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        open_under(&self.key, &place(credential, digest), sealed)
    }
}

/// Where a sealed secret stands, so that it opens nowhere else.
fn place(credential: CredentialId, digest: &[u8; 32]) -> String {
    format!("{credential} {}", hex::encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_own_credential_and_digest_only_also_after_the_key_was_written_down() {
        let master = MasterKey::generate().unwrap();
        let (keyring, id) = (Keyring::of(&master), CredentialId::from_bits(1));
        let sealed = keyring.seal(id, &[1; 32], b"secret").unwrap();
        let again = Keyring::from_hex(&keyring.to_hex()).unwrap();
        assert_eq!(again.open(id, &[1; 32], &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(keyring.open(CredentialId::from_bits(2), &[1; 32], &sealed), Err(OpenError::Refused));
        assert_eq!(keyring.open(id, &[2; 32], &sealed), Err(OpenError::Refused));
        assert_eq!(Keyring::of(&MasterKey::generate().unwrap()).open(id, &[1; 32], &sealed), Err(OpenError::Refused));
        assert!(Keyring::from_hex("00").is_err());
        assert_ne!(keyring.to_hex(), master.to_hex());
    }
}
