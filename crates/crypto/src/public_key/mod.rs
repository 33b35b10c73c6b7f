//! Public keys: read in the forms that people have them in, refused where they are weak, and kept so small that a replica holds a million.
//!
//! They are kept as bytes and not as the library's parsed keys, which take several times the memory and save three microseconds of the 20 to 200 that
//! a verification by RSA or on a NIST curve takes (`examples/key_costs.rs` measures it). [`ParsedKey`] is for the few that are used often.

pub(crate) mod algorithm;
mod challenge;
pub(crate) mod der;
mod fault;
mod jwk;
mod parsed;
pub(crate) mod pem;
mod possession;
mod spki;
#[cfg(test)]
mod tests;
mod weakness;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::digest;
pub use algorithm::{Algorithm, KeyType, algorithms};
pub use challenge::{ChallengeFault, challenge, check_challenge};
pub use fault::KeyFault;
pub use parsed::ParsedKey;
pub use possession::{PossessionFault, challenge_text};
pub use weakness::Weakness;

/// A public key that has passed all checks of its kind.
///
/// It is kept as bytes without structure: an RSA key is its modulus and its exponent (259 bytes for 2048 bits), a key on a NIST curve its uncompressed
/// point (65 or 97), an Ed25519 key its 32 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublicKey(Held);

/// A key's kind and its bytes: in place where they are few, so that a replica needs no second piece of memory for them. 72 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Held {
    InPlace { key_type: KeyType, bytes: [u8; IN_PLACE_BYTES_MAX] },
    Apart { key_type: KeyType, bytes: Box<[u8]> },
}

/// A point on P-256.
const IN_PLACE_BYTES_MAX: usize = 65;

/// How the library is told of an algorithm.
enum Way {
    /// For a modulus and an exponent.
    Rsa(&'static RsaParameters),
    /// For the bytes of a point.
    Point(&'static dyn VerificationAlgorithm),
}

fn way(algorithm: Algorithm) -> Way {
    match algorithm {
        Algorithm::RsaPkcs1Sha256 => Way::Rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RsaPssSha256 => Way::Rsa(&RSA_PSS_2048_8192_SHA256),
        Algorithm::RsaPssSha384 => Way::Rsa(&RSA_PSS_2048_8192_SHA384),
        Algorithm::RsaPssSha512 => Way::Rsa(&RSA_PSS_2048_8192_SHA512),
        Algorithm::EcdsaP256Sha256 => Way::Point(&ECDSA_P256_SHA256_FIXED),
        Algorithm::EcdsaP384Sha384 => Way::Point(&ECDSA_P384_SHA384_FIXED),
        Algorithm::Ed25519 => Way::Point(&ED25519),
    }
}

/// Why bytes are not the stored form of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the stored form of a public key of this release")]
pub struct StoredFormError;

impl PublicKey {
    /// Reads what a person pasted: PEM (`PUBLIC KEY`, `RSA PUBLIC KEY`) or a JWK.
    ///
    /// # Errors
    /// [`KeyFault`], which names what it is instead where that can be seen. A private key is refused, and not repeated.
    pub fn read(text: &str) -> Result<Self, KeyFault> {
        if text.len() > pem::TEXT_BYTES_MAX {
            return Err(KeyFault::TooLong);
        }
        let text = text.trim();
        if text.starts_with('{') { Self::from_jwk(text) } else { Self::from_pem(text) }
    }

    /// A key whose bytes have been checked; their number is that of its kind.
    fn of(key_type: KeyType, material: &[u8]) -> Self {
        let mut bytes = [0; IN_PLACE_BYTES_MAX];
        Self(match bytes.get_mut(..material.len()) {
            Some(part) => {
                part.copy_from_slice(material);
                Held::InPlace { key_type, bytes }
            }
            None => Held::Apart { key_type, bytes: material.into() },
        })
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        match self.0 {
            Held::InPlace { key_type, .. } | Held::Apart { key_type, .. } => key_type,
        }
    }

    fn material(&self) -> &[u8] {
        match &self.0 {
            Held::InPlace { key_type: KeyType::Ed25519, bytes } => &bytes[..weakness::ED25519_BYTES],
            Held::InPlace { bytes, .. } => bytes,
            Held::Apart { bytes, .. } => bytes,
        }
    }

    /// What the key is known by: SHA-256 of its `SubjectPublicKeyInfo`, whatever form it was given in. That of an RSA key is written with the exponent
    /// 65537, whichever it has: whoever holds the private key of a modulus holds it for every exponent, so all of them are one key.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let usual = self.rsa().map(|(n, _)| Self::of(self.key_type(), &[n, &weakness::EXPONENT_MIN.to_be_bytes()[1..]].concat()));
        digest::sha256(&usual.as_ref().unwrap_or(self).to_spki_der())
    }

    /// As PEM: `PUBLIC KEY` (RFC 7468 section 13).
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.to_spki_der()).as_str().to_owned()
    }

    /// Whether this key made the signature over the message. False also for an algorithm that is not of this kind of key.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.key_type().allows(algorithm) {
            return false;
        }
        match way(algorithm) {
            Way::Rsa(parameters) => self.verify_rsa(parameters, message, signature),
            Way::Point(curve) => UnparsedPublicKey::new(curve, self.material()).verify(message, signature).is_ok(),
        }
    }

    pub(crate) fn verify_rsa(&self, parameters: &RsaParameters, message: &[u8], signature: &[u8]) -> bool {
        let Some((n, e)) = self.rsa() else { return false };
        RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
    }

    /// The form for the store: a byte for the kind, then the bytes of the key. P-256 has 66 bytes, Ed25519 33, RSA 260 to 517.
    #[must_use]
    pub fn to_stored(&self) -> Vec<u8> {
        let kind = match self.key_type() {
            KeyType::Rsa2048 => 1,
            KeyType::Rsa3072 => 2,
            KeyType::Rsa4096 => 3,
            KeyType::P256 => 4,
            KeyType::P384 => 5,
            KeyType::Ed25519 => 6,
        };
        [&[kind], self.material()].concat()
    }

    /// Reads what [`to_stored`](Self::to_stored) wrote. Only the form is looked at, as a replica loads a million; whether the key is good was
    /// asked before it was stored, and a point that is not on its curve verifies nothing.
    ///
    /// # Errors
    /// [`StoredFormError`]
    pub fn from_stored(stored: &[u8]) -> Result<Self, StoredFormError> {
        let [kind, material @ ..] = stored else { return Err(StoredFormError) };
        let key_type = match kind {
            1 => KeyType::Rsa2048,
            2 => KeyType::Rsa3072,
            3 => KeyType::Rsa4096,
            4 => KeyType::P256,
            5 => KeyType::P384,
            6 => KeyType::Ed25519,
            _ => return Err(StoredFormError),
        };
        let exponent = |modulus: usize| (modulus + 3..=modulus + weakness::EXPONENT_BYTES_MAX).contains(&material.len());
        let fits = match (key_type.modulus_bytes(), key_type.coordinate_bytes()) {
            (Some(modulus), _) => exponent(modulus),
            (_, Some(coordinate)) => material.len() == 1 + 2 * coordinate,
            (None, None) => material.len() == weakness::ED25519_BYTES,
        };
        if fits { Ok(Self::of(key_type, material)) } else { Err(StoredFormError) }
    }

    /// Modulus and exponent of an RSA key.
    pub(crate) fn rsa(&self) -> Option<(&[u8], &[u8])> {
        self.material().split_at_checked(self.key_type().modulus_bytes()?)
    }

    /// The point of a key on a NIST curve (uncompressed) or on edwards25519.
    pub(crate) fn point(&self) -> &[u8] {
        self.material()
    }
}
