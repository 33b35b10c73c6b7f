//! What is kept of a version's secret.

/// How requests of a version can be proved later on. The [digest](super::Version::digest) stands beside it in every case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Material {
    /// Nothing but the digest: whoever shows the whole secret has it.
    Digest,
    /// The secret itself, sealed under the installation's key: it signs, or can be shown again.
    Sealed(Vec<u8>),
    /// A public key, in the stored form of the crate that knows keys.
    PublicKey(Vec<u8>),
}

impl Material {
    /// The word in the store.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Sealed(_) => "sealed",
            Self::PublicKey(_) => "public_key",
        }
    }

    /// The bytes in the store.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Digest => None,
            Self::Sealed(bytes) | Self::PublicKey(bytes) => Some(bytes),
        }
    }

    /// The material of this word and these bytes, as [`as_str`](Self::as_str) and [`bytes`](Self::bytes) gave them.
    #[must_use]
    pub fn from_parts(word: &str, bytes: Option<&[u8]>) -> Option<Self> {
        match (word, bytes) {
            ("digest", None) => Some(Self::Digest),
            ("sealed", Some(bytes)) => Some(Self::Sealed(bytes.to_vec())),
            ("public_key", Some(bytes)) => Some(Self::PublicKey(bytes.to_vec())),
            _ => None,
        }
    }
}
