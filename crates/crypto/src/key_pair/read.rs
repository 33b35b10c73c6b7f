//! Reading private keys: PKCS#8, PKCS#1 and SEC 1.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RsaKeyPair};

use super::{KeyPair, KeyPairFault, Private};
use crate::public_key::KeyType;
use crate::public_key::der::{NotDer, Reader, oid, tag};
use crate::public_key::pem::{self, Block, NotPem};

/// The curves, in the order in which SEC 1 keys that do not name theirs are tried.
const CURVES: [(&[u8], KeyType, &EcdsaSigningAlgorithm); 2] =
    [(oid::P256, KeyType::P256, &ECDSA_P256_SHA256_FIXED_SIGNING), (oid::P384, KeyType::P384, &ECDSA_P384_SHA384_FIXED_SIGNING)];

impl From<NotDer> for KeyPairFault {
    fn from(NotDer: NotDer) -> Self {
        Self::Der
    }
}

impl From<NotPem> for KeyPairFault {
    fn from(NotPem: NotPem) -> Self {
        Self::Pem
    }
}

impl KeyPair {
    /// From PEM: one private key as PKCS#8, PKCS#1 or SEC 1. The parameters that `openssl ecparam -genkey` writes before a key are skipped.
    ///
    /// # Errors
    /// [`KeyPairFault`]
    pub fn from_pem(text: &str) -> Result<Self, KeyPairFault> {
        if text.len() > pem::TEXT_BYTES_MAX {
            return Err(KeyPairFault::TooLong);
        }
        let mut block = Block::first(text).ok_or(KeyPairFault::Form)??;
        if block.label == "EC PARAMETERS" {
            block = Block::first(block.rest).ok_or(KeyPairFault::Form)??;
        }
        if block.is_encrypted() {
            return Err(KeyPairFault::Encrypted);
        }
        if pem::labels(block.rest).next().is_some() {
            return Err(KeyPairFault::Several);
        }
        match block.label {
            "PRIVATE KEY" => Self::from_pkcs8_der(&block.bytes()?),
            "RSA PRIVATE KEY" => {
                let bytes = block.bytes()?;
                whole(&bytes)?;
                Self::of(Private::Rsa(RsaKeyPair::from_der(&bytes).map_err(|_| KeyPairFault::Der)?), KeyType::Rsa2048)
            }
            "EC PRIVATE KEY" => Self::from_sec1_der(&block.bytes()?),
            "OPENSSH PRIVATE KEY" => Err(KeyPairFault::OpenSsh),
            _ => Err(KeyPairFault::Form),
        }
    }

    /// From the DER of PKCS#8.
    ///
    /// # Errors
    /// [`KeyPairFault`]
    pub fn from_pkcs8_der(bytes: &[u8]) -> Result<Self, KeyPairFault> {
        let mut info = whole(bytes)?;
        info.take(tag::INTEGER)?;
        let mut algorithm = info.sequence()?;
        let name = algorithm.take(tag::OID)?;
        if name == oid::RSA {
            let pair = RsaKeyPair::from_pkcs8(bytes).map_err(|_| KeyPairFault::Der)?;
            return Self::of(Private::Rsa(pair), KeyType::Rsa2048);
        }
        if name == oid::EC {
            let curve = algorithm.take(tag::OID).map_err(|_| KeyPairFault::Unsupported)?;
            let (_, key_type, signing) = CURVES.into_iter().find(|(known, ..)| *known == curve).ok_or(KeyPairFault::Unsupported)?;
            let pair = EcdsaKeyPair::from_pkcs8(signing, bytes).map_err(|_| KeyPairFault::Der)?;
            return Self::of(Private::Ecdsa(pair), key_type);
        }
        if name == oid::ED25519 {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).map_err(|_| KeyPairFault::Der)?;
            return Self::of(Private::Ed25519(pair), KeyType::Ed25519);
        }
        Err(KeyPairFault::Unsupported)
    }

    /// From an `ECPrivateKey` (RFC 5915 section 3).
    fn from_sec1_der(bytes: &[u8]) -> Result<Self, KeyPairFault> {
        let mut key = whole(bytes)?;
        key.take(tag::INTEGER)?;
        key.take(tag::OCTET_STRING)?;
        let named = key.take(tag::CONTEXT_0).ok().and_then(|parameters| Reader::new(parameters).take(tag::OID).ok());
        if named.is_some_and(|curve| CURVES.iter().all(|(known, ..)| *known != curve)) {
            return Err(KeyPairFault::Unsupported);
        }
        for (name, key_type, signing) in CURVES {
            if named.is_none_or(|curve| curve == name)
                && let Ok(pair) = EcdsaKeyPair::from_private_key_der(signing, bytes)
            {
                return Self::of(Private::Ecdsa(pair), key_type);
            }
        }
        Err(KeyPairFault::Der)
    }
}

/// A reader of the SEQUENCE that is all of the bytes: the library does not mind what comes after it.
fn whole(bytes: &[u8]) -> Result<Reader<'_>, NotDer> {
    let mut outer = Reader::new(bytes);
    let inside = outer.sequence()?;
    outer.end()?;
    Ok(inside)
}
