//! Which algorithm a signature may be made by (RFC 9421 sections 3.2 and 3.3): the key decides, and what the client names is compared with it.

use crate::public_key::{Algorithm, KeyType, algorithms};

/// The only algorithm of a shared secret (RFC 9421 section 3.3.3).
pub const HMAC: &str = "hmac-sha256";

/// Said of a signature whose parameter `alg` names no algorithm of its key.
pub const OTHER_ALGORITHM: &str = "the signature's parameter `alg` is not an algorithm of the key; leave it out, as the key decides";

/// Whether a signature by a shared secret may say this as its `alg`, or nothing. Names are compared byte for byte.
#[must_use]
pub fn is_of_secret(alg: Option<&str>) -> bool {
    alg.is_none_or(|given| given == HMAC)
}

/// How a key of this kind may have made a signature that says this as its `alg`, or nothing: of the algorithms that RFC 9421 section 3.3 registers.
pub fn of_key(key_type: KeyType, alg: Option<&str>) -> impl Iterator<Item = Algorithm> {
    algorithms(key_type).iter().copied().filter(move |algorithm| algorithm.http_name().is_some_and(|name| alg.is_none_or(|given| given == name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_registered_name_of_an_algorithm_of_the_key_will_do() {
        assert!(is_of_secret(None) && is_of_secret(Some("hmac-sha256")));
        for alg in ["", "HMAC-SHA256", "hmac-sha512", "rsa-v1_5-sha256", "foo"] {
            assert!(!is_of_secret(Some(alg)), "{alg}");
        }
        let of = |key_type, alg| of_key(key_type, alg).collect::<Vec<_>>();
        assert_eq!(of(KeyType::Rsa2048, None), [Algorithm::RsaPkcs1Sha256, Algorithm::RsaPssSha512]);
        assert_eq!(of(KeyType::Rsa2048, Some("rsa-pss-sha512")), [Algorithm::RsaPssSha512]);
        assert_eq!(of(KeyType::P256, Some("ecdsa-p384-sha384")), []);
        assert_eq!(of(KeyType::Ed25519, Some("hmac-sha256")), []);
    }
}
