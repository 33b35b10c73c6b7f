//! The keys with which the OAuth 2 server signs its tokens.

use serde_json::Value;
use zeroize::Zeroizing;

use crate::key_pair::{KeyPair, SignError};
use crate::public_key::{Algorithm, KeyType, PublicKey};
use crate::random::NoRandom;
use crate::seal::{MasterKey, OpenError, Purpose};

/// How the server signs; each service chooses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256: short signatures, and every library has it.
    #[default]
    Es256,
    /// RSA with 2048 bits, PKCS#1 v1.5 and SHA-256 (which RFC 9068 section 2.1 wants every server to have).
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl SigningAlgorithm {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::EcdsaP256Sha256,
            Self::Rs256 => Algorithm::RsaPkcs1Sha256,
            Self::EdDsa => Algorithm::Ed25519,
        }
    }

    /// The name in a token's header, the metadata and the catalogue: `ES256`, `RS256` or `EdDSA`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.algorithm().jose_name()
    }

    /// The one with this name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    const fn key_type(self) -> KeyType {
        match self {
            Self::Es256 => KeyType::P256,
            Self::Rs256 => KeyType::Rsa2048,
            Self::EdDsa => KeyType::Ed25519,
        }
    }
}

/// A signing key: it signs by one algorithm only, and is named by its thumbprint.
pub struct SigningKey {
    pair: KeyPair,
    algorithm: SigningAlgorithm,
    key_id: String,
}

impl SigningKey {
    /// A new one. RS256 takes some 0.1 s.
    ///
    /// # Errors
    /// [`NoRandom`]
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Self, NoRandom> {
        Ok(Self::of(KeyPair::generate(algorithm.key_type())?, algorithm))
    }

    fn of(pair: KeyPair, algorithm: SigningAlgorithm) -> Self {
        let key_id = pair.public().thumbprint();
        Self { pair, algorithm, key_id }
    }

    /// Its `kid`: the thumbprint of its JWK (RFC 7638), 43 characters.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        self.pair.public()
    }

    /// Its public JWK for the key set (RFC 7517): `kid`, `use` and `alg` are there, and nothing private.
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.public().to_jwk();
        jwk["kid"] = self.key_id.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm.word().into();
        jwk
    }

    /// The signature over the message.
    ///
    /// # Errors
    /// [`SignError::Failed`]
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.pair.sign(self.algorithm.algorithm(), message)
    }

    /// The private key sealed for the store; it opens under its own `kid` only.
    ///
    /// # Errors
    /// [`NoRandom`]
    pub fn seal(&self, master_key: &MasterKey) -> Result<Vec<u8>, NoRandom> {
        let kind = match self.algorithm {
            SigningAlgorithm::Es256 => 1,
            SigningAlgorithm::Rs256 => 2,
            SigningAlgorithm::EdDsa => 3,
        };
        let private = self.pair.to_pkcs8_der();
        let mut plain = Zeroizing::new(Vec::with_capacity(1 + private.len()));
        plain.push(kind);
        plain.extend_from_slice(&private);
        master_key.seal(Purpose::SigningKey, &self.key_id, &plain)
    }

    /// Opens what [`seal`](Self::seal) made for the key with this `kid`.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(master_key: &MasterKey, key_id: &str, sealed: &[u8]) -> Result<Self, OpenError> {
        let plain = master_key.open(Purpose::SigningKey, key_id, sealed)?;
        let [kind, private @ ..] = plain.as_slice() else { return Err(OpenError::Form) };
        let algorithm = match kind {
            1 => SigningAlgorithm::Es256,
            2 => SigningAlgorithm::Rs256,
            3 => SigningAlgorithm::EdDsa,
            _ => return Err(OpenError::Form),
        };
        let pair = KeyPair::from_pkcs8_der(private).map_err(|_| OpenError::Form)?;
        if !pair.key_type().allows(algorithm.algorithm()) {
            return Err(OpenError::Form);
        }
        Ok(Self::of(pair, algorithm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_key_opens_under_its_own_name_and_master_key_only() {
        let (master, other) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
        for algorithm in SigningAlgorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let sealed = key.seal(&master).unwrap();
            assert_eq!(SigningKey::open(&other, key.key_id(), &sealed).err(), Some(OpenError::Refused));
            assert_eq!(SigningKey::open(&master, "another", &sealed).err(), Some(OpenError::Refused));
            assert_eq!(SigningKey::open(&master, key.key_id(), &sealed[..sealed.len() - 1]).err(), Some(OpenError::Refused));
            let again = SigningKey::open(&master, key.key_id(), &sealed).ok().unwrap();
            assert_eq!((again.key_id(), again.algorithm()), (key.key_id(), algorithm));
            let signature = again.sign(b"message").unwrap();
            assert!(key.public().verify(algorithm.algorithm(), b"message", &signature));
        }
        assert_eq!(SigningAlgorithm::default().word(), "ES256");
    }

    #[test]
    fn keys_are_shared_by_all_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<(SigningKey, crate::access_token::TokenKeys, crate::mac::MacKey, PublicKey)>();
    }

    #[test]
    fn the_published_jwk_names_the_key_and_holds_nothing_private() {
        for algorithm in SigningAlgorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let jwk = key.public_jwk();
            assert_eq!(PublicKey::read(&jwk.to_string()).as_ref(), Ok(key.public()));
            assert_eq!((&jwk["kid"], &jwk["use"], &jwk["alg"]), (&key.key_id().into(), &"sig".into(), &algorithm.word().into()));
            assert_eq!(key.key_id().len(), 43);
            assert_eq!(SigningAlgorithm::from_word(algorithm.word()), Some(algorithm));
        }
        assert_eq!(SigningAlgorithm::from_word("none"), None);
    }
}
