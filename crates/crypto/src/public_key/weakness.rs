//! Which keys are refused although their form is right. Every public key is made here, so that none goes around the checks.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm, ParsedPublicKey};

use super::{KeyFault, KeyType, PublicKey};

/// Bytes of an Ed25519 key.
pub(crate) const ED25519_BYTES: usize = 32;
/// Bytes of the longest public exponent of RSA. Longer ones only make verifying dear.
pub(crate) const EXPONENT_BYTES_MAX: usize = 4;
/// The exponent that nearly every RSA key has, in three bytes, and the smallest that is taken.
pub(super) const EXPONENT_MIN: u32 = 65_537;

/// Why a key of a known kind is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// An RSA modulus below 2048 bits (NIST SP 800-131A section 3).
    #[error("this RSA key has {bits} bits: it must have 2048, 3072 or 4096")]
    RsaTooShort {
        /// Its bits.
        bits: usize,
    },
    /// An RSA modulus of an unusual length, or above 4096 bits.
    #[error("this RSA key has {bits} bits: it must have 2048, 3072 or 4096")]
    RsaLength {
        /// Its bits.
        bits: usize,
    },
    /// An even RSA modulus.
    #[error("the modulus of this RSA key is even, so everybody can compute the private key")]
    RsaModulusEven,
    /// An RSA modulus with a small factor.
    #[error("the modulus of this RSA key has a small factor, so everybody can compute the private key")]
    RsaSmallFactor,
    /// An RSA exponent below 65537, such as 3 or 17.
    #[error("the public exponent of this RSA key is below 65537")]
    RsaExponentSmall,
    /// An RSA exponent above 2³²−1 (NIST SP 800-56B allows more; nobody uses it).
    #[error("the public exponent of this RSA key is above 4294967295")]
    RsaExponentLarge,
    /// An even RSA exponent.
    #[error("the public exponent of this RSA key is even")]
    RsaExponentEven,
    /// A point that is not on its curve.
    #[error("the point of this key is not on its curve")]
    NotOnCurve,
    /// An Ed25519 point of small order: signatures by it fit any message.
    #[error("the point of this Ed25519 key has a small order, so signatures by it prove nothing")]
    SmallOrder,
    /// An Ed25519 point whose number is not below 2²⁵⁵−19 (RFC 8032 section 5.1.3).
    #[error("this Ed25519 key is not in its one canonical form")]
    NotCanonical,
}

impl PublicKey {
    /// From modulus and exponent, both big-endian without leading zeros.
    pub(crate) fn from_rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyFault> {
        let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
        let key_type = match bits {
            2048 => KeyType::Rsa2048,
            3072 => KeyType::Rsa3072,
            4096 => KeyType::Rsa4096,
            ..2048 => return Err(Weakness::RsaTooShort { bits }.into()),
            _ => return Err(Weakness::RsaLength { bits }.into()),
        };
        if n.last().is_none_or(|last| last % 2 == 0) {
            return Err(Weakness::RsaModulusEven.into());
        }
        if SMALL_PRIMES.iter().any(|prime| n.iter().fold(0, |rest, byte| ((rest << 8) | u32::from(*byte)) % prime) == 0) {
            return Err(Weakness::RsaSmallFactor.into());
        }
        if e.len() > EXPONENT_BYTES_MAX {
            return Err(Weakness::RsaExponentLarge.into());
        }
        let exponent = e.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte));
        if exponent % 2 == 0 {
            return Err(Weakness::RsaExponentEven.into());
        }
        if exponent < EXPONENT_MIN {
            return Err(Weakness::RsaExponentSmall.into());
        }
        Ok(Self::of(key_type, &[n, e].concat()))
    }

    /// From an uncompressed point of a NIST curve (SEC 1 section 2.3.3).
    pub(crate) fn from_point(key_type: KeyType, point: &[u8]) -> Result<Self, KeyFault> {
        let curve: &'static EcdsaVerificationAlgorithm = if key_type == KeyType::P384 { &ECDSA_P384_SHA384_FIXED } else { &ECDSA_P256_SHA256_FIXED };
        let coordinate = key_type.coordinate_bytes().ok_or(KeyFault::Unsupported)?;
        match point {
            [2 | 3, x @ ..] if x.len() == coordinate => return Err(KeyFault::Compressed),
            [4, xy @ ..] if xy.len() == 2 * coordinate => {}
            _ => return Err(KeyFault::Der),
        }
        ParsedPublicKey::new(curve, point).map_err(|_| Weakness::NotOnCurve)?;
        Ok(Self::of(key_type, point))
    }

    /// From the 32 bytes of an Ed25519 key. Whether they are a point at all (RFC 8032 section 5.1.3) is not looked at: about every second text of
    /// 32 bytes is none. The library looks only when it verifies, and says no then, so such a key is of no use to anybody, and none of ours.
    pub(crate) fn from_ed25519(bytes: &[u8]) -> Result<Self, KeyFault> {
        let key: [u8; ED25519_BYTES] = bytes.try_into().map_err(|_| KeyFault::Der)?;
        let mut number = key;
        // The top bit is the sign of x (RFC 8032 section 5.1.2).
        number[31] &= 0x7f;
        if SMALL_ORDER.contains(&number) {
            return Err(Weakness::SmallOrder.into());
        }
        if number[31] == 0x7f && number[1..31].iter().all(|byte| *byte == 0xff) && number[0] >= 0xed {
            return Err(Weakness::NotCanonical.into());
        }
        Ok(Self::of(KeyType::Ed25519, &key))
    }
}

/// A modulus that one of these divides comes from a broken generator, or from somebody who tries what is taken.
const SMALL_PRIMES: [u32; 30] = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127];

/// The y of each point on edwards25519 whose order divides 8, little-endian without the sign: 0, 1, −1, and the two of order 8.
pub(super) const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        minus_one[31] = 0x7f;
        minus_one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1,
        0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e,
        0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];
