//! Proof that somebody holds the private key, by a signature over our challenge.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{Algorithm, PublicKey};

/// Why a signature proves no possession.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PossessionFault {
    /// Not base64, or longer than any signature.
    #[error("the signature is not base64")]
    Form,
    /// Another key, another text, or another algorithm.
    #[error("the signature does not fit: sign exactly the text shown, with the private key of this public key, by {0}")]
    Signature(&'static str),
}

use keywright_domain::limits::PROOF_CHARS_MAX as SIGNATURE_CHARS_MAX;

const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// What is signed: a line that says what for, so that no signature made for something else counts, then the challenge.
#[must_use]
pub fn challenge_text(challenge: &str) -> Vec<u8> {
    [b"Keywright key possession\n", challenge.as_bytes()].concat()
}

impl PublicKey {
    /// Checks a signature over [`challenge_text`] by the default algorithm of this kind of key. It may be base64 or base64url, with or without
    /// padding and line breaks. For ECDSA it may be r and s, as browsers make it, or DER, as `openssl dgst -sign` does.
    ///
    /// # Errors
    /// [`PossessionFault`]
    pub fn verify_possession(&self, challenge: &str, signature: &str) -> Result<(), PossessionFault> {
        if signature.len() > SIGNATURE_CHARS_MAX {
            return Err(PossessionFault::Form);
        }
        let standard = |b: u8| match b {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
        let text: Vec<u8> = signature.bytes().filter(|b| !b.is_ascii_whitespace()).map(standard).collect();
        let signature = BASE64.decode(text).map_err(|_| PossessionFault::Form)?;
        let (message, algorithm) = (challenge_text(challenge), self.key_type().default_algorithm());
        let by_der = match algorithm {
            Algorithm::EcdsaP256Sha256 => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.point()).verify(&message, &signature).is_ok(),
            Algorithm::EcdsaP384Sha384 => UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, self.point()).verify(&message, &signature).is_ok(),
            _ => false,
        };
        if by_der || self.verify(algorithm, &message, &signature) { Ok(()) } else { Err(PossessionFault::Signature(algorithm.jose_name())) }
    }
}
