//! Wycheproof's vectors for everything that proves a request or a token: signatures and MACs that look right and are not, and odd ones that are.

use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

use crate::mac::MacKey;
use crate::public_key::{Algorithm, PublicKey};

/// What was judged: valid ones and wrong ones. Those that Wycheproof leaves to taste do not count.
#[derive(Debug, Default, PartialEq)]
struct Judged {
    valid: usize,
    wrong: usize,
}

impl Judged {
    fn check(&mut self, of: &str, result: TestResult, accepted: bool) {
        match result {
            TestResult::Valid => self.valid += usize::from(accepted),
            TestResult::Invalid => self.wrong += 1,
            TestResult::Acceptable => return,
        }
        assert_eq!(accepted, result == TestResult::Valid, "{of}");
    }

    fn are_at_least(&self, valid: usize, wrong: usize) {
        assert!(self.valid >= valid && self.wrong >= wrong, "{self:?}");
    }
}

/// Judges all vectors of one kind's sets by these algorithms. Keys that are not taken, the weak ones, are left out.
macro_rules! judge {
    ($kind:ident, $($set:ident by $algorithm:ident),+ $(,)?) => {{
        let mut judged = Judged::default();
        $(for group in $kind::TestSet::load($kind::TestName::$set).unwrap().test_groups {
            let Ok(key) = PublicKey::from_spki_der(&group.der) else { continue };
            for test in group.tests {
                let accepted = key.verify(Algorithm::$algorithm, &test.msg, &test.sig);
                judged.check(concat!(stringify!($set), " by ", stringify!($algorithm)), test.result, accepted);
            }
        })+
        judged
    }};
}

#[test]
fn rsa_signatures_that_look_right_are_refused() {
    judge!(pkcs1, Rsa2048Sha256 by RsaPkcs1Sha256, Rsa3072Sha256 by RsaPkcs1Sha256, Rsa4096Sha256 by RsaPkcs1Sha256).are_at_least(20, 600);
    judge!(
        pss,
        RsaPss2048Sha256Mgf1SaltLen32 by RsaPssSha256, RsaPss3072Sha256Mgf1SaltLen32 by RsaPssSha256, RsaPss4096Sha256Mgf1SaltLen32 by RsaPssSha256,
        RsaPss2048Sha384Mgf1SaltLen48 by RsaPssSha384, RsaPss4096Sha384Mgf1SaltLen48 by RsaPssSha384,
        RsaPss4096Sha512Mgf1SaltLen64 by RsaPssSha512,
    )
    .are_at_least(100, 100);
}

#[test]
fn signatures_on_curves_that_look_right_are_refused() {
    judge!(ecdsa, EcdsaSecp256r1Sha256P1363 by EcdsaP256Sha256, EcdsaSecp384r1Sha384P1363 by EcdsaP384Sha384).are_at_least(100, 100);
    judge!(eddsa, Ed25519 by Ed25519).are_at_least(50, 50);
}

#[test]
fn macs_that_look_right_are_refused() {
    let mut judged = Judged::default();
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            // A MAC of ours is never shortened: a tag of 128 bits is not one, however right its bits are.
            let result = if group.tag_size == 256 { test.result } else { TestResult::Invalid };
            let Ok(key) = MacKey::new(&test.key) else { continue };
            judged.check("HMAC-SHA256", result, key.verify(&test.msg, &test.tag));
        }
    }
    judged.are_at_least(20, 100);
}
