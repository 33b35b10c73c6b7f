//! Keys as the library parses them, for those that verify much.

use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};

use super::{Algorithm, PublicKey, Way, way};

/// A key that verifies by one algorithm. It takes several times the memory of a [`PublicKey`]; a verification by RSA or on a NIST curve takes about three
/// microseconds less.
#[derive(Debug)]
pub struct ParsedKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
}

impl ParsedKey {
    /// None where the key does not verify by this algorithm.
    #[must_use]
    pub fn new(key: &PublicKey, algorithm: Algorithm) -> Option<Self> {
        if !key.key_type().allows(algorithm) {
            return None;
        }
        let key = match way(algorithm) {
            Way::Rsa(parameters) => key.rsa().and_then(|(n, e)| RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters).ok()),
            Way::Point(curve) => ParsedPublicKey::new(curve, key.point()).ok(),
        };
        Some(Self { algorithm, key: key? })
    }

    /// The one algorithm that it verifies by.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether this key made the signature over the message.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}
