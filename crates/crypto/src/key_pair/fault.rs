//! Why a text is no private key that is taken, and why a key does not sign.

use crate::public_key::{KeyFault, Weakness};

/// Why something cannot be taken as a key pair. No fault repeats what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyPairFault {
    /// It is protected by a password.
    #[error("this private key is encrypted: decrypt it first, as openssl pkey does")]
    Encrypted,
    /// The form of OpenSSH.
    #[error("this is a private key in the form of OpenSSH: convert it, as ssh-keygen -p -m PKCS8 does")]
    OpenSsh,
    /// It is something else than a private key.
    #[error("this is not a private key: it has no block -----BEGIN PRIVATE KEY-----")]
    Form,
    /// Longer than any key.
    #[error("this is too long for a key")]
    TooLong,
    /// PEM that does not end, or is not base64.
    #[error("this is not a whole PEM block of a private key: part of it may be missing")]
    Pem,
    /// More than one key.
    #[error("these are several keys: give one")]
    Several,
    /// Not the DER of a private key, or its numbers do not belong together.
    #[error("this is not the DER of a private key, or its private and public half do not belong together")]
    Der,
    /// A kind of key that is not taken.
    #[error("this kind of key is not taken: use RSA with 2048, 3072 or 4096 bits, P-256, P-384 or Ed25519")]
    Unsupported,
    /// The kind is right and the key is not safe.
    #[error("{0}")]
    Weak(#[from] Weakness),
}

impl From<KeyFault> for KeyPairFault {
    fn from(fault: KeyFault) -> Self {
        match fault {
            KeyFault::Weak(weakness) => Self::Weak(weakness),
            KeyFault::Unsupported | KeyFault::Compressed => Self::Unsupported,
            _ => Self::Der,
        }
    }
}

/// Why a key did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The algorithm is not of this kind of key.
    #[error("this kind of key does not sign by this algorithm")]
    Algorithm,
    /// The library could not: it had no memory, or no random bits.
    #[error("signing failed: the operating system gave no memory or no random bits")]
    Failed,
}
