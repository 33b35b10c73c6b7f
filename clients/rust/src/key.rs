//! Keys that sign.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding};
use base64::prelude::{BASE64_STANDARD, Engine};
use zeroize::Zeroizing;

use crate::Fault;

/// RSA keys below this, in bytes of the modulus, are broken or soon will be (NIST SP 800-131A).
const RSA_BYTES_MIN: usize = 2048 / 8;

/// How a key signs: RFC 9421, section 3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `hmac-sha256`
    HmacSha256,
    /// `ed25519`
    Ed25519,
    /// `ecdsa-p256-sha256`: r and s, 32 bytes each.
    EcdsaP256Sha256,
    /// `ecdsa-p384-sha384`: r and s, 48 bytes each.
    EcdsaP384Sha384,
    /// `rsa-v1_5-sha256`: what RSA keys sign with if nothing else is asked for.
    RsaPkcs1Sha256,
    /// `rsa-pss-sha512`
    RsaPssSha512,
}

impl Algorithm {
    /// The algorithm of a name in RFC 9421.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::HmacSha256, Self::Ed25519, Self::EcdsaP256Sha256, Self::EcdsaP384Sha384, Self::RsaPkcs1Sha256, Self::RsaPssSha512];
        all.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name in RFC 9421.
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::RsaPkcs1Sha256 => "rsa-v1_5-sha256",
            Self::RsaPssSha512 => "rsa-pss-sha512",
        }
    }

    /// The name in RFC 7518 and RFC 8037, for JWTs; none for `hmac-sha256`, whose secret is no client's key pair, and for `rsa-pss-sha512`.
    pub(crate) fn jwa(self) -> Option<&'static str> {
        match self {
            Self::Ed25519 => Some("EdDSA"),
            Self::EcdsaP256Sha256 => Some("ES256"),
            Self::EcdsaP384Sha384 => Some("ES384"),
            Self::RsaPkcs1Sha256 => Some("RS256"),
            Self::HmacSha256 | Self::RsaPssSha512 => None,
        }
    }
}

/// A key that signs. It cannot be printed.
pub struct Key(Held);

enum Held {
    Hmac(Box<hmac::Key>),
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair, Algorithm),
    Rsa(RsaKeyPair, Algorithm),
}

impl Key {
    /// The secret of an `hmac` credential, as it was shown. Fails where it is empty or has white space around it.
    pub fn secret(secret: &str) -> Result<Self, Fault> {
        if secret.trim() != secret {
            return Err(Fault::SecretPadded);
        }
        Self::secret_bytes(secret.as_bytes())
    }

    /// A secret that is no text. Fails where it is empty.
    pub fn secret_bytes(secret: &[u8]) -> Result<Self, Fault> {
        if secret.is_empty() {
            return Err(Fault::SecretEmpty);
        }
        Ok(Self(Held::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))))
    }

    /// A private key as PEM (PKCS#8, PKCS#1 or SEC1, not encrypted): Ed25519, P-256, P-384, or RSA of 2048 bits or more, which signs with
    /// `rsa-v1_5-sha256`.
    pub fn pem(pem: &str) -> Result<Self, Fault> {
        let (label, der) = read_pem(pem).ok_or(Fault::NotPem)?;
        let found = match label {
            "PRIVATE KEY" => ed25519(&der).or_else(|| ecdsa(&der)).or_else(|| RsaKeyPair::from_pkcs8(&der).ok().and_then(rsa)),
            "EC PRIVATE KEY" => ecdsa(&der),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok().and_then(rsa),
            _ => return Err(Fault::NotPem),
        };
        found.map(Self).ok_or(Fault::KeyKind)
    }

    /// The same key, signing with another of its algorithms: RSA keys have two, all others one.
    pub fn with(self, algorithm: Algorithm) -> Result<Self, Fault> {
        match (self.0, algorithm) {
            (Held::Rsa(pair, _), Algorithm::RsaPkcs1Sha256 | Algorithm::RsaPssSha512) => Ok(Self(Held::Rsa(pair, algorithm))),
            (held, wanted) if Self::algorithm_of(&held) == wanted => Ok(Self(held)),
            _ => Err(Fault::AlgorithmOfAnotherKey),
        }
    }

    /// How this key signs.
    pub fn algorithm(&self) -> Algorithm {
        Self::algorithm_of(&self.0)
    }

    fn algorithm_of(held: &Held) -> Algorithm {
        match held {
            Held::Hmac(_) => Algorithm::HmacSha256,
            Held::Ed25519(_) => Algorithm::Ed25519,
            Held::Ecdsa(_, algorithm) | Held::Rsa(_, algorithm) => *algorithm,
        }
    }

    /// The signature of a message, as RFC 9421 and RFC 7518 want it.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let random = SystemRandom::new();
        match &self.0 {
            Held::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Held::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Held::Ecdsa(pair, _) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()).map_err(|_| Fault::Library),
            Held::Rsa(pair, algorithm) => {
                let encoding: &dyn RsaEncoding = if *algorithm == Algorithm::RsaPssSha512 { &signature::RSA_PSS_SHA512 } else { &signature::RSA_PKCS1_SHA256 };
                let mut signed = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signed).map_err(|_| Fault::Library)?;
                Ok(signed)
            }
        }
    }
}

/// Keys of RFC 8410 may come with or without the public half.
fn ed25519(der: &[u8]) -> Option<Held> {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Held::Ed25519)
}

fn ecdsa(der: &[u8]) -> Option<Held> {
    let curves =
        [(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::EcdsaP256Sha256), (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::EcdsaP384Sha384)];
    curves.into_iter().find_map(|(curve, algorithm)| EcdsaKeyPair::from_private_key_der(curve, der).ok().map(|pair| Held::Ecdsa(pair, algorithm)))
}

fn rsa(pair: RsaKeyPair) -> Option<Held> {
    (pair.public_modulus_len() >= RSA_BYTES_MIN).then_some(Held::Rsa(pair, Algorithm::RsaPkcs1Sha256))
}

/// Label and content of the first block (RFC 7468). A block with headers, as old encrypted keys have, is none.
fn read_pem(pem: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    // `openssl ecparam -genkey` writes the curve before the key.
    let pem = pem.split_once("-----END EC PARAMETERS-----").map_or(pem, |(_, rest)| rest);
    let (label, rest) = pem.split_once("-----BEGIN ")?.1.split_once("-----")?;
    let (content, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let digits: Zeroizing<String> = Zeroizing::new(content.split_ascii_whitespace().collect());
    Some((label, Zeroizing::new(BASE64_STANDARD.decode(digits.as_bytes()).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_signing_key_is_refused_by_name() {
        for (pem, fault) in [
            ("", Fault::NotPem),
            ("-----BEGIN PRIVATE KEY-----\nAAAA", Fault::NotPem),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", Fault::NotPem),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", Fault::NotPem),
            ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", Fault::NotPem),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", Fault::KeyKind),
        ] {
            assert_eq!(Key::pem(pem).err(), Some(fault), "{pem}");
        }
        assert_eq!(Key::secret("").err(), Some(Fault::SecretEmpty));
        assert_eq!(Key::secret("secret\n").err(), Some(Fault::SecretPadded));
        let hmac = Key::secret("secret").unwrap();
        assert_eq!(hmac.with(Algorithm::RsaPssSha512).err(), Some(Fault::AlgorithmOfAnotherKey));
    }

    /// RFC 9421, appendix B.1.4 and B.2.6; Ed25519 gives one signature only.
    #[test]
    fn the_rfcs_ed25519_example_is_signed_as_it_says() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n";
        let base = concat!(
            "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\"@authority\": example.com\n",
            "\"content-type\": application/json\n\"content-length\": 18\n",
            "\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")",
            ";created=1618884473;keyid=\"test-key-ed25519\"",
        );
        let signature = Key::pem(pem).unwrap().sign(base.as_bytes()).unwrap();
        assert_eq!(BASE64_STANDARD.encode(signature), "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==");
    }

    /// RFC 9421, appendix B.1.5 and B.2.5.
    #[test]
    fn the_rfcs_hmac_example_is_signed_as_it_says() {
        let secret = BASE64_STANDARD.decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==").unwrap();
        let base = concat!(
            "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n\"content-type\": application/json\n",
            "\"@signature-params\": (\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"",
        );
        let mac = Key::secret_bytes(&secret).unwrap().sign(base.as_bytes()).unwrap();
        assert_eq!(BASE64_STANDARD.encode(mac), "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
    }
}
