//! Which kinds of keys there are, and how each signs.

use std::fmt;

/// The kinds of key pairs: type and strength together, as nothing else is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA with a modulus of 2048 bits.
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    Rsa4096,
    /// ECDSA on P-256 (secp256r1, FIPS 186-5).
    P256,
    /// ECDSA on P-384 (secp384r1, FIPS 186-5).
    P384,
    /// EdDSA on edwards25519 (RFC 8032).
    Ed25519,
}

/// How a message is signed. The key says which are possible, never the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2).
    RsaPkcs1Sha256,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 8017 section 8.1).
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    RsaPssSha512,
    /// ECDSA on P-256 with SHA-256; the signature is r and s, 32 bytes each (RFC 7518 section 3.4, RFC 9421 section 3.3.4).
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384; the signature is r and s, 48 bytes each (RFC 7518 section 3.4, RFC 9421 section 3.3.5).
    EcdsaP384Sha384,
    /// Ed25519 (RFC 8032 section 5.1); the signature has 64 bytes.
    Ed25519,
}

const RSA: &[Algorithm] = &[Algorithm::RsaPkcs1Sha256, Algorithm::RsaPssSha512, Algorithm::RsaPssSha256, Algorithm::RsaPssSha384];

/// How a key of this kind may sign; the first is its default.
#[must_use]
pub const fn algorithms(key_type: KeyType) -> &'static [Algorithm] {
    match key_type {
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => RSA,
        KeyType::P256 => &[Algorithm::EcdsaP256Sha256],
        KeyType::P384 => &[Algorithm::EcdsaP384Sha384],
        KeyType::Ed25519 => &[Algorithm::Ed25519],
    }
}

impl KeyType {
    /// All of them, the usual ones first.
    pub const ALL: [Self; 6] = [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::P256, Self::P384, Self::Ed25519];

    /// Its word in the API, the hub and the catalogue.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::P256 => "p-256",
            Self::P384 => "p-384",
            Self::Ed25519 => "ed25519",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// How it signs where nothing else is said: RS256 for RSA.
    #[must_use]
    pub const fn default_algorithm(self) -> Algorithm {
        algorithms(self)[0]
    }

    /// Whether a key of this kind may sign so.
    #[must_use]
    pub fn allows(self, algorithm: Algorithm) -> bool {
        algorithms(self).contains(&algorithm)
    }

    /// Whether it is RSA, of whichever strength.
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        self.modulus_bytes().is_some()
    }

    /// Bytes of an RSA modulus; none for other kinds.
    pub(crate) const fn modulus_bytes(self) -> Option<usize> {
        match self {
            Self::Rsa2048 => Some(256),
            Self::Rsa3072 => Some(384),
            Self::Rsa4096 => Some(512),
            Self::P256 | Self::P384 | Self::Ed25519 => None,
        }
    }

    /// Bytes of a coordinate of a point on a NIST curve; none for other kinds.
    pub(crate) const fn coordinate_bytes(self) -> Option<usize> {
        match self {
            Self::P256 => Some(32),
            Self::P384 => Some(48),
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 | Self::Ed25519 => None,
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::RsaPkcs1Sha256, Self::RsaPssSha256, Self::RsaPssSha384, Self::RsaPssSha512, Self::EcdsaP256Sha256, Self::EcdsaP384Sha384, Self::Ed25519];

    /// Its name in HTTP message signatures (RFC 9421 section 6.2.2); none for those that are not registered there.
    #[must_use]
    pub const fn http_name(self) -> Option<&'static str> {
        match self {
            Self::RsaPkcs1Sha256 => Some("rsa-v1_5-sha256"),
            Self::RsaPssSha512 => Some("rsa-pss-sha512"),
            Self::EcdsaP256Sha256 => Some("ecdsa-p256-sha256"),
            Self::EcdsaP384Sha384 => Some("ecdsa-p384-sha384"),
            Self::Ed25519 => Some("ed25519"),
            Self::RsaPssSha256 | Self::RsaPssSha384 => None,
        }
    }

    /// The algorithm with this name in HTTP message signatures.
    #[must_use]
    pub fn from_http_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.http_name() == Some(name))
    }

    /// Its name in JOSE (RFC 7518 section 3.1, RFC 8037 section 3.1).
    #[must_use]
    pub const fn jose_name(self) -> &'static str {
        match self {
            Self::RsaPkcs1Sha256 => "RS256",
            Self::RsaPssSha256 => "PS256",
            Self::RsaPssSha384 => "PS384",
            Self::RsaPssSha512 => "PS512",
            Self::EcdsaP256Sha256 => "ES256",
            Self::EcdsaP384Sha384 => "ES384",
            Self::Ed25519 => "EdDSA",
        }
    }

    /// The algorithm with this name in JOSE; `Ed25519` (RFC 9864) is the newer name of `EdDSA`.
    #[must_use]
    pub fn from_jose_name(name: &str) -> Option<Self> {
        if name == "Ed25519" { Some(Self::Ed25519) } else { Self::ALL.into_iter().find(|known| known.jose_name() == name) }
    }
}
