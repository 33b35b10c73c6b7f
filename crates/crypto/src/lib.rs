//! The only crate that names a cryptography library.
//!
//! Choices are the design's: SHA-256 for keys with 178 random bits, AES-256-GCM for sealing, HKDF-SHA-256 (RFC 5869) for sub-keys,
//! Ed25519 (RFC 8032) for proofs, HMAC-SHA-256 under the secrets of credentials, and for key pairs and tokens RSA, ECDSA and Ed25519 as
//! [`public_key::algorithms`] lists them.

pub mod access_token;
pub mod csr;
pub mod digest;
pub mod jwt;
pub mod key_pair;
pub mod keyring;
pub mod mac;
pub mod proof;
pub mod public_key;
pub mod random;
pub mod scheme;
pub mod seal;
pub mod secret;
pub mod signing_key;
#[cfg(test)]
mod wycheproof;
