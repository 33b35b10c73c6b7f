//! Certificate requests (PKCS#10, RFC 2986), as a way to hand over a public key with proof that its private key is held.
//!
//! Nothing is certified: the name and the attributes of the request are not looked at.

#[cfg(test)]
mod tests;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1,
    EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters, UnparsedPublicKey,
};

use crate::public_key::der::{NotDer, Reader, oid, tag};
use crate::public_key::pem::{self, Block};
use crate::public_key::{Algorithm, KeyFault, KeyType, PublicKey};

/// Why a text is no certificate request that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// Its key is refused, or it is a private key.
    #[error("{0}")]
    Key(KeyFault),
    /// Not a request at all.
    #[error("this is not a certificate request: it has no block -----BEGIN CERTIFICATE REQUEST-----")]
    Form,
    /// PEM that does not end, or is not base64.
    #[error("this is not a whole PEM block of a certificate request: part of it may be missing")]
    Pem,
    /// More than one block.
    #[error("these are several PEM blocks: give one certificate request")]
    Several,
    /// Not the DER of a request.
    #[error("this is not the DER of a certificate request (RFC 2986 section 4)")]
    Der,
    /// Signed in a way that is not taken, such as with SHA-1 or RSA-PSS, or that does not belong to the key.
    #[error("the signature of this request is of a kind that is not taken: use SHA-256, SHA-384 or SHA-512 with RSA (PKCS#1 v1.5) or ECDSA, or Ed25519")]
    Algorithm,
    /// It was not signed by the private key of its public key.
    #[error("the signature of this request does not fit: it was changed, or made by another key")]
    Signature,
}

impl From<NotDer> for RequestFault {
    fn from(NotDer: NotDer) -> Self {
        Self::Der
    }
}

/// 1.2.840.113549.1.1.11 to 13 (RFC 4055 section 5).
const RSA: [(&[u8], &RsaParameters); 3] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], &RSA_PKCS1_2048_8192_SHA256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c], &RSA_PKCS1_2048_8192_SHA384),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d], &RSA_PKCS1_2048_8192_SHA512),
];

/// 1.2.840.10045.4.3.2 to 4 (RFC 5758 section 3.2), with P-256 and with P-384.
const ECDSA: [(&[u8], &EcdsaVerificationAlgorithm, &EcdsaVerificationAlgorithm); 3] = [
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02], &ECDSA_P256_SHA256_ASN1, &ECDSA_P384_SHA256_ASN1),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03], &ECDSA_P256_SHA384_ASN1, &ECDSA_P384_SHA384_ASN1),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04], &ECDSA_P256_SHA512_ASN1, &ECDSA_P384_SHA512_ASN1),
];

/// The public key of a certificate request in PEM, once the request's own signature has been checked with it.
///
/// # Errors
/// [`RequestFault`]
pub fn read(text: &str) -> Result<PublicKey, RequestFault> {
    if text.len() > pem::TEXT_BYTES_MAX {
        return Err(RequestFault::Key(KeyFault::TooLong));
    }
    // Whatever else is wrong: who pastes a private key must hear of that.
    if text.contains("PRIVATE KEY") {
        return Err(RequestFault::Key(KeyFault::Private));
    }
    let block = Block::first(text).ok_or(RequestFault::Form)?.map_err(|_| RequestFault::Pem)?;
    if pem::labels(text).count() > 1 {
        return Err(RequestFault::Several);
    }
    match block.label {
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => read_der(&block.bytes().map_err(|_| RequestFault::Pem)?),
        _ => Err(RequestFault::Form),
    }
}

/// The same from DER.
///
/// # Errors
/// [`RequestFault`]
pub fn read_der(bytes: &[u8]) -> Result<PublicKey, RequestFault> {
    let mut outer = Reader::new(bytes);
    let mut request = outer.sequence()?;
    outer.end()?;
    let (signed, information) = request.element(tag::SEQUENCE)?;
    let mut algorithm = request.sequence()?;
    let signature = request.bits()?;
    request.end()?;

    let mut information = Reader::new(information);
    if !information.unsigned()?.is_empty() {
        // Version 1 is written as 0, and there is no other.
        return Err(RequestFault::Der);
    }
    information.take(tag::SEQUENCE)?;
    let (key, _) = information.element(tag::SEQUENCE)?;
    if information.peek().is_some() {
        information.take(tag::CONTEXT_0)?;
    }
    information.end()?;

    let key = PublicKey::from_spki_der(key).map_err(RequestFault::Key)?;
    let name = algorithm.take(tag::OID)?;
    if algorithm.peek().is_some() {
        // RSA-PSS brings parameters of its own here, and is not in the table below.
        let null = algorithm.take(tag::NULL).is_ok_and(<[u8]>::is_empty) && key.rsa().is_some();
        if !null || algorithm.end().is_err() {
            return Err(RequestFault::Algorithm);
        }
    }
    if verify(&key, name, signed, signature)? { Ok(key) } else { Err(RequestFault::Signature) }
}

fn verify(key: &PublicKey, name: &[u8], signed: &[u8], signature: &[u8]) -> Result<bool, RequestFault> {
    let ecdsa = || ECDSA.into_iter().find(|(known, ..)| *known == name).ok_or(RequestFault::Algorithm);
    let by_point = |algorithm| UnparsedPublicKey::new(algorithm, key.point()).verify(signed, signature).is_ok();
    match key.key_type() {
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
            let (_, parameters) = RSA.into_iter().find(|(known, _)| *known == name).ok_or(RequestFault::Algorithm)?;
            Ok(key.verify_rsa(parameters, signed, signature))
        }
        KeyType::P256 => Ok(by_point(ecdsa()?.1)),
        KeyType::P384 => Ok(by_point(ecdsa()?.2)),
        KeyType::Ed25519 if name == oid::ED25519 => Ok(key.verify(Algorithm::Ed25519, signed, signature)),
        KeyType::Ed25519 => Err(RequestFault::Algorithm),
    }
}
