//! A check that takes as long as one by a client's key where there is none, so that it does not show which clients there are.

use std::sync::LazyLock;

use super::Unverified;
use crate::public_key::PublicKey;

/// One for each algorithm; RSA with 2048 bits, which is what most have.
static KEYS: LazyLock<Vec<PublicKey>> = LazyLock::new(|| {
    const BEGIN: &str = "-----BEGIN";
    include_str!("decoys.pem").split(BEGIN).skip(1).filter_map(|pem| PublicKey::from_pem(&format!("{BEGIN}{pem}")).ok()).collect()
});

impl Unverified<'_> {
    /// Checks the signature by a key of its algorithm that nobody holds.
    pub fn check_in_vain(&self) {
        let key = KEYS.iter().find(|key| key.key_type().allows(self.algorithm()));
        let _ = std::hint::black_box(key.is_some_and(|key| self.verified_by(key)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public_key::Algorithm;

    #[test]
    fn there_is_a_key_for_each_algorithm() {
        let all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
        let known: Vec<Algorithm> = all.iter().filter_map(|name| Algorithm::from_jose_name(name)).collect();
        assert!(known.len() >= 7);
        for algorithm in known {
            assert!(KEYS.iter().any(|key| key.key_type().allows(algorithm)), "{algorithm:?}");
        }
    }
}
