//! Key pairs: made, written as people's tools read them, read back, and used to sign.

mod fault;
mod read;
#[cfg(test)]
mod tests;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use zeroize::Zeroizing;

use crate::public_key::der::{Reader, tag};
use crate::public_key::{Algorithm, KeyType, PublicKey, pem};
use crate::random::NoRandom;
use crate::secret::Secret;
pub use fault::{KeyPairFault, SignError};

/// A private key and its public half. It has no `Debug`, and the library wipes it when it is dropped.
pub struct KeyPair {
    private: Private,
    public: PublicKey,
}

enum Private {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// How a private key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateForm {
    /// `PRIVATE KEY` (RFC 5208), for every kind of key.
    Pkcs8,
    /// `RSA PRIVATE KEY` (RFC 8017 appendix A.1.2); keys of other kinds have no such form.
    Pkcs1,
}

/// PKCS#1 was asked for, and the key is not RSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only RSA keys can be written as PKCS#1: use PKCS#8")]
pub struct NoSuchForm;

impl KeyPair {
    /// A new one. RSA takes long: some 0.1 s for 2048 bits, a second or more for 4096, so not on a thread that answers requests.
    ///
    /// # Errors
    /// [`NoRandom`]
    pub fn generate(key_type: KeyType) -> Result<Self, NoRandom> {
        let rsa = |size| RsaKeyPair::generate(size).map(Private::Rsa);
        let private = match key_type {
            KeyType::Rsa2048 => rsa(KeySize::Rsa2048),
            KeyType::Rsa3072 => rsa(KeySize::Rsa3072),
            KeyType::Rsa4096 => rsa(KeySize::Rsa4096),
            KeyType::P256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Private::Ecdsa),
            KeyType::P384 => EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).map(Private::Ecdsa),
            KeyType::Ed25519 => Ed25519KeyPair::generate().map(Private::Ed25519),
        };
        Self::of(private.map_err(|_| NoRandom)?, key_type).map_err(|_| NoRandom)
    }

    /// With its public half, which must pass what every public key must. The type is looked at for the curve only.
    fn of(private: Private, key_type: KeyType) -> Result<Self, KeyPairFault> {
        let public = match &private {
            Private::Rsa(pair) => PublicKey::from_pkcs1_der(pair.public_key().as_ref())?,
            Private::Ecdsa(pair) => PublicKey::from_point(key_type, pair.public_key().as_ref())?,
            Private::Ed25519(pair) => PublicKey::from_ed25519(pair.public_key().as_ref())?,
        };
        Ok(Self { private, public })
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        self.public.key_type()
    }

    /// The signature over the message, in the form that [`PublicKey::verify`] takes.
    ///
    /// # Errors
    /// [`SignError`]
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        if !self.key_type().allows(algorithm) {
            return Err(SignError::Algorithm);
        }
        match &self.private {
            Private::Rsa(pair) => {
                let padding: &'static dyn RsaEncoding = match algorithm {
                    Algorithm::RsaPkcs1Sha256 => &RSA_PKCS1_SHA256,
                    Algorithm::RsaPssSha256 => &RSA_PSS_SHA256,
                    Algorithm::RsaPssSha384 => &RSA_PSS_SHA384,
                    Algorithm::RsaPssSha512 => &RSA_PSS_SHA512,
                    Algorithm::EcdsaP256Sha256 | Algorithm::EcdsaP384Sha384 | Algorithm::Ed25519 => return Err(SignError::Algorithm),
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).map_err(|_| SignError::Failed)?;
                Ok(signature)
            }
            Private::Ecdsa(pair) => Ok(pair.sign(&SystemRandom::new(), message).map_err(|_| SignError::Failed)?.as_ref().to_vec()),
            Private::Ed25519(pair) => Ok(pair.try_sign(message).map_err(|_| SignError::Failed)?.as_ref().to_vec()),
        }
    }

    /// The DER of the private key as PKCS#8 version 1, to be sealed.
    #[must_use]
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        const WRITES: &str = "the library writes each key that it has made or read";
        Zeroizing::new(match &self.private {
            Private::Rsa(pair) => AsDer::as_der(pair).expect(WRITES).as_ref().to_vec(),
            Private::Ecdsa(pair) => pair.to_pkcs8v1().expect(WRITES).as_ref().to_vec(),
            Private::Ed25519(pair) => pair.to_pkcs8v1().expect(WRITES).as_ref().to_vec(),
        })
    }

    /// The private key as PEM, for the one who asked for it.
    ///
    /// # Errors
    /// [`NoSuchForm`]
    pub fn to_pem(&self, form: PrivateForm) -> Result<Secret, NoSuchForm> {
        let pkcs8 = self.to_pkcs8_der();
        let pem = match form {
            PrivateForm::Pkcs8 => pem::write("PRIVATE KEY", &pkcs8),
            PrivateForm::Pkcs1 if self.public.rsa().is_some() => pem::write("RSA PRIVATE KEY", inner(&pkcs8).ok_or(NoSuchForm)?),
            PrivateForm::Pkcs1 => return Err(NoSuchForm),
        };
        Ok(Secret::from_wiped(pem))
    }
}

/// The key inside PKCS#8: version, algorithm, then an OCTET STRING (RFC 5208 section 5).
fn inner(pkcs8: &[u8]) -> Option<&[u8]> {
    let mut info = Reader::new(pkcs8).sequence().ok()?;
    info.take(tag::INTEGER).ok()?;
    info.take(tag::SEQUENCE).ok()?;
    info.take(tag::OCTET_STRING).ok()
}
