//! Keys as DER and PEM: `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7, RFC 5480, RFC 8410) and `RSAPublicKey` (RFC 8017 appendix A.1.1).

use super::der::{self, NotDer, Reader, oid, tag};
use super::pem::{self, Block, NotPem};
use super::{KeyFault, KeyType, PublicKey};

impl From<NotDer> for KeyFault {
    fn from(NotDer: NotDer) -> Self {
        Self::Der
    }
}

impl From<NotPem> for KeyFault {
    fn from(NotPem: NotPem) -> Self {
        Self::Pem
    }
}

impl PublicKey {
    /// From PEM: one block `PUBLIC KEY` or `RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn from_pem(text: &str) -> Result<Self, KeyFault> {
        if text.len() > pem::TEXT_BYTES_MAX {
            return Err(KeyFault::TooLong);
        }
        // Whatever else is wrong: who pastes a private key must hear of that.
        if text.contains("PRIVATE KEY") {
            return Err(KeyFault::Private);
        }
        let Some(block) = Block::first(text) else {
            let ssh = ["ssh-", "ecdsa-sha2-", "---- BEGIN SSH2"].iter().any(|start| text.trim_start().starts_with(start));
            return Err(if ssh { KeyFault::OpenSsh } else { KeyFault::Form });
        };
        let block = block?;
        if pem::labels(text).count() > 1 || block.rest.contains("-----BEGIN ") {
            return Err(KeyFault::Several);
        }
        match block.label {
            "PUBLIC KEY" => Self::from_spki_der(&block.bytes()?),
            "RSA PUBLIC KEY" => Self::from_pkcs1_der(&block.bytes()?),
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Err(KeyFault::Certificate),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Err(KeyFault::Request),
            _ => Err(KeyFault::Pem),
        }
    }

    /// From the DER of a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn from_spki_der(bytes: &[u8]) -> Result<Self, KeyFault> {
        let mut outer = Reader::new(bytes);
        let mut info = outer.sequence()?;
        outer.end()?;
        // PKCS#8, PKCS#1 and SEC 1 all start a private key with a small version number.
        if matches!(info.clone().take(tag::INTEGER), Ok([0 | 1])) {
            return Err(KeyFault::Private);
        }
        let mut algorithm = info.sequence()?;
        let key = info.bits()?;
        info.end()?;
        let name = algorithm.take(tag::OID)?;
        if name == oid::RSA {
            // RFC 3279 section 2.3.1 wants NULL here; some writers leave it out.
            if algorithm.peek().is_some() && !algorithm.take(tag::NULL)?.is_empty() {
                return Err(KeyFault::Der);
            }
            algorithm.end()?;
            return Self::from_pkcs1_der(key);
        }
        if name == oid::EC {
            // Only named curves: a key that brings its own parameters brings its own weaknesses.
            let curve = algorithm.take(tag::OID).map_err(|_| KeyFault::Unsupported)?;
            algorithm.end()?;
            let key_type = [(oid::P256, KeyType::P256), (oid::P384, KeyType::P384)].into_iter().find(|(known, _)| *known == curve);
            return Self::from_point(key_type.ok_or(KeyFault::Unsupported)?.1, key);
        }
        if name == oid::ED25519 {
            algorithm.end()?;
            return Self::from_ed25519(key);
        }
        Err(KeyFault::Unsupported)
    }

    /// From the DER of an `RSAPublicKey` (PKCS#1).
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn from_pkcs1_der(bytes: &[u8]) -> Result<Self, KeyFault> {
        let mut outer = Reader::new(bytes);
        let mut key = outer.sequence()?;
        outer.end()?;
        if matches!(key.clone().take(tag::INTEGER), Ok([0 | 1])) {
            return Err(KeyFault::Private);
        }
        let (n, e) = (key.unsigned()?, key.unsigned()?);
        key.end()?;
        Self::from_rsa(n, e)
    }

    /// The DER of its `SubjectPublicKeyInfo`, the same for each way in which the key can be given.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        let name = |algorithm: &[u8]| der::element(tag::OID, &[algorithm]);
        let (algorithm, key) = match (self.rsa(), self.key_type()) {
            (Some((n, e)), _) => {
                let key = der::element(tag::SEQUENCE, &[&der::unsigned(n), &der::unsigned(e)]);
                (der::element(tag::SEQUENCE, &[&name(oid::RSA), &[tag::NULL, 0]]), key)
            }
            (None, KeyType::P256) => (der::element(tag::SEQUENCE, &[&name(oid::EC), &name(oid::P256)]), self.point().to_vec()),
            (None, KeyType::P384) => (der::element(tag::SEQUENCE, &[&name(oid::EC), &name(oid::P384)]), self.point().to_vec()),
            (None, _) => (der::element(tag::SEQUENCE, &[&name(oid::ED25519)]), self.point().to_vec()),
        };
        der::element(tag::SEQUENCE, &[&algorithm, &der::element(tag::BIT_STRING, &[&[0], &key])])
    }

    /// The same as PEM, `PUBLIC KEY`, with a line feed at the end.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.to_spki_der()).to_string()
    }
}
