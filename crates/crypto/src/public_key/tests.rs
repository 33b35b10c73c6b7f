use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Public keys that OpenSSL 3.0 made, with `openssl pkey -pubout`.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/", $name, ".pem"))
    };
}

const GOOD: [(&str, KeyType); 6] = [
    (fixture!("rsa2048"), KeyType::Rsa2048),
    (fixture!("rsa3072"), KeyType::Rsa3072),
    (fixture!("rsa4096"), KeyType::Rsa4096),
    (fixture!("p256"), KeyType::P256),
    (fixture!("p384"), KeyType::P384),
    (fixture!("ed"), KeyType::Ed25519),
];

fn key(pem: &str) -> PublicKey {
    PublicKey::read(pem).unwrap()
}

#[test]
fn keys_of_other_kinds_and_strengths_are_refused_by_name() {
    let cases = [
        (fixture!("rsa1024"), KeyFault::Weak(Weakness::RsaTooShort { bits: 1024 })),
        (fixture!("rsa2056"), KeyFault::Weak(Weakness::RsaLength { bits: 2056 })),
        (fixture!("rsae3"), KeyFault::Weak(Weakness::RsaExponentSmall)),
        (fixture!("p521"), KeyFault::Unsupported),
        (fixture!("k256"), KeyFault::Unsupported),
        (fixture!("ed448"), KeyFault::Unsupported),
        (fixture!("x25519"), KeyFault::Unsupported),
        (fixture!("p256x"), KeyFault::Unsupported),
        (fixture!("p256c"), KeyFault::Compressed),
    ];
    for (pem, fault) in cases {
        assert_eq!(PublicKey::read(pem), Err(fault), "{pem}");
    }
}

#[test]
fn what_is_no_public_key_is_called_by_its_name() {
    let block = |label: &str| format!("-----BEGIN {label}-----\nMAAA\n-----END {label}-----\n");
    let good = fixture!("p256");
    let cases = [
        (block("PRIVATE KEY"), KeyFault::Private),
        (block("RSA PRIVATE KEY"), KeyFault::Private),
        (block("ENCRYPTED PRIVATE KEY"), KeyFault::Private),
        (block("OPENSSH PRIVATE KEY"), KeyFault::Private),
        (format!("{good}{}", block("EC PRIVATE KEY")), KeyFault::Private),
        ("-----BEGIN PRIVATE KEY-----\nMIIE".into(), KeyFault::Private),
        (block("CERTIFICATE"), KeyFault::Certificate),
        (block("CERTIFICATE REQUEST"), KeyFault::Request),
        (block("PGP PUBLIC KEY BLOCK"), KeyFault::Pem),
        (format!("{good}{good}"), KeyFault::Several),
        (good[..good.len() - 30].into(), KeyFault::Pem),
        (good.replace("MFkw", "MF*w"), KeyFault::Pem),
        (good.replace("MFkw", "MFkx"), KeyFault::Der),
        ("ssh-ed25519 AAAAC3Nza me@here".into(), KeyFault::OpenSsh),
        ("AAAA".into(), KeyFault::Form),
        (String::new(), KeyFault::Form),
        (format!("{good}{}", "x".repeat(20_000)), KeyFault::TooLong),
    ];
    for (text, fault) in cases {
        assert_eq!(PublicKey::read(&text), Err(fault), "{text}");
    }
}

#[test]
fn a_private_key_in_der_or_jwk_is_refused_as_one() {
    // PKCS#8, PKCS#1 and SEC 1 start with SEQUENCE and a version of 0 or 1.
    for version in [0, 1] {
        let der = der::element(der::tag::SEQUENCE, &[&[2, 1, version], &[0; 40]]);
        assert_eq!(PublicKey::from_spki_der(&der), Err(KeyFault::Private));
        assert_eq!(PublicKey::from_pkcs1_der(&der), Err(KeyFault::Private));
    }
    for (pem, _) in GOOD {
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
            let mut jwk = key(pem).to_jwk();
            jwk[member] = json!("c2VjcmV0IHNlY3JldA");
            let fault = PublicKey::read(&jwk.to_string()).unwrap_err();
            assert_eq!(fault, KeyFault::Private);
            assert!(fault.to_string().starts_with("this is a private key: ") && !fault.to_string().contains("c2Vj"));
        }
    }
    assert_eq!(PublicKey::read(r#"{"kty":"oct","k":"c2VjcmV0"}"#), Err(KeyFault::Symmetric));
}

#[test]
fn every_good_key_is_the_same_in_each_of_its_forms() {
    for (pem, key_type) in GOOD {
        let key = key(pem);
        assert_eq!(key.key_type(), key_type);
        assert_eq!(key.to_spki_pem(), pem);
        assert_eq!(PublicKey::from_spki_der(&key.to_spki_der()).as_ref(), Ok(&key));
        assert_eq!(PublicKey::read(&key.to_jwk().to_string()).as_ref(), Ok(&key));
        assert_eq!(PublicKey::from_stored(&key.to_stored()).as_ref(), Ok(&key));
        assert_eq!(PublicKey::read(&pem.replace('\n', "\r\n")).as_ref(), Ok(&key));
        assert_eq!(PublicKey::read(&format!("  A key of ours:\n\n{pem}\n ")).as_ref(), Ok(&key));
        assert_eq!(KeyType::from_word(key_type.word()), Some(key_type));
    }
    assert_eq!(key(fixture!("rsa2048_pkcs1")), key(fixture!("rsa2048")));
    assert_eq!(key(fixture!("rsa2048_pkcs1")).fingerprint(), key(fixture!("rsa2048")).fingerprint());
}

#[test]
fn a_modulus_is_one_key_whatever_its_exponent() {
    for (pem, _) in GOOD {
        let key = key(pem);
        assert_eq!(key.fingerprint(), digest::sha256(&key.to_spki_der()), "{pem}");
        let Some((n, _)) = key.rsa() else { continue };
        for exponent in [[1, 0, 3].as_slice(), &[0xff, 0xff, 0xff, 0xff]] {
            let other = PublicKey::from_rsa(n, exponent).unwrap();
            assert_ne!(other, key);
            assert_eq!(other.fingerprint(), key.fingerprint());
        }
    }
}

/// y = 2 has no x (RFC 8032 section 5.1.3); it is taken, as the library does not say so.
#[test]
fn an_ed25519_key_that_is_no_point_verifies_nothing() {
    let mut no_point = [0; 32];
    no_point[0] = 2;
    let key = PublicKey::from_ed25519(&no_point).unwrap();
    for signature in [[0; 64], [0xff; 64], std::array::from_fn(|at| u8::from(at == 0))] {
        assert!(!key.verify(Algorithm::Ed25519, b"", &signature) && !key.verify(Algorithm::Ed25519, b"message", &signature));
    }
}

#[test]
fn a_million_keys_fit_in_memory() {
    for (pem, most) in [(fixture!("p256"), 150), (fixture!("ed"), 150), (fixture!("rsa2048"), 400)] {
        assert!(size_of::<PublicKey>() + key(pem).material().len() < most);
        assert!(key(pem).to_stored().len() < most);
    }
}

#[test]
fn weak_rsa_keys_are_refused() {
    let good = key(fixture!("rsa2048"));
    let (n, e) = good.rsa().unwrap();
    let weak = |n: &[u8], e: &[u8]| match PublicKey::from_rsa(n, e) {
        Err(KeyFault::Weak(weakness)) => weakness,
        other => panic!("{other:?}"),
    };
    for small in [&[1][..], &[3], &[17], &[0xff, 0xff]] {
        assert_eq!(weak(n, small), Weakness::RsaExponentSmall);
    }
    for even in [&[][..], &[2], &[1, 0, 0]] {
        assert_eq!(weak(n, even), Weakness::RsaExponentEven);
    }
    assert_eq!(weak(n, &[1, 0, 0, 0, 1]), Weakness::RsaExponentLarge);
    let mut even = n.to_vec();
    even[255] &= 0xfe;
    assert_eq!(weak(&even, e), Weakness::RsaModulusEven);
    // 255 ones: divisible by 3.
    assert_eq!(weak(&[0xff; 256], e), Weakness::RsaSmallFactor);
    assert_eq!(weak(&n[..255], e), Weakness::RsaTooShort { bits: 255 * 8 - n[0].leading_zeros() as usize });
    let mut short = n.to_vec();
    short[0] = 0x7f;
    assert_eq!(weak(&short, e), Weakness::RsaTooShort { bits: 2047 });
    assert_eq!(weak(&[], e), Weakness::RsaTooShort { bits: 0 });
    assert!(PublicKey::from_rsa(n, &[0xff, 0xff, 0xff, 0xff]).is_ok());
}

#[test]
fn points_off_their_curve_are_refused() {
    for pem in [fixture!("p256"), fixture!("p384")] {
        let good = key(pem);
        let mut point = good.point().to_vec();
        *point.last_mut().unwrap() ^= 1;
        assert_eq!(PublicKey::from_point(good.key_type(), &point), Err(Weakness::NotOnCurve.into()));
        let len = point.len();
        assert_eq!(PublicKey::from_point(good.key_type(), &[&[4], &vec![0; len - 1][..]].concat()), Err(Weakness::NotOnCurve.into()));
        // Infinity, a point of the other curve's length, the hybrid form, a compressed one.
        for bytes in [&[0][..], &point[..len - 1], &[&[6], &point[1..]].concat(), &[]] {
            assert_eq!(PublicKey::from_point(good.key_type(), bytes), Err(KeyFault::Der));
        }
        let mut jwk = good.to_jwk();
        jwk["crv"] = json!(if good.key_type() == KeyType::P256 { "P-384" } else { "P-256" });
        assert!(matches!(PublicKey::read(&jwk.to_string()), Err(KeyFault::Jwk(_))));
    }
}

/// A signature of R = identity and S = 0 fits one message in eight, or more, under a key of small order: nobody had to know a private key.
#[test]
fn ed25519_keys_by_which_anybody_signs_are_refused() {
    let mut forged = [0; 64];
    forged[0] = 1;
    for (at, small) in weakness::SMALL_ORDER.into_iter().enumerate() {
        for sign in [0, 0x80] {
            let mut bytes = small;
            bytes[31] |= sign;
            assert_eq!(PublicKey::from_ed25519(&bytes), Err(Weakness::SmallOrder.into()), "{at}");
            // x is 0 for y = 1 and y = −1, so these have no point with the other sign.
            if sign == 0 || !(at == 1 || at == 2) {
                let key = UnparsedPublicKey::new(&ED25519, bytes);
                assert!((0..200_u32).any(|message| key.verify(&message.to_le_bytes(), &forged).is_ok()), "{at} is of small order");
            }
        }
    }
    for lowest in [0xed, 0xee, 0xff] {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (lowest, 0x7f);
        assert_eq!(PublicKey::from_ed25519(&bytes), Err(Weakness::NotCanonical.into()));
    }
    assert_eq!(PublicKey::from_ed25519(&[9; 31]), Err(KeyFault::Der));
}

#[test]
fn a_jwk_is_read_strictly() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let good = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
    assert!(PublicKey::read(&good).is_ok());
    let cases = [
        good.replace("}", &format!(r#","x":"{x}"}}"#)),
        good.replace("}", r#","use":"enc"}"#),
        good.replace(x, &format!("{x}=")),
        good.replace(x, &x[1..]),
        good.replace("VURo", "VURp"),
        good.replace(r#""kty":"OKP","#, ""),
        good.replace(r#""crv":"Ed25519","#, ""),
        good.replace(&format!(r#""{x}""#), "7"),
        good.replace("}", ""),
        format!("{good}{good}"),
    ];
    for text in cases {
        let changed = PublicKey::read(&text);
        assert!(text == good || matches!(changed, Err(KeyFault::Jwk(_))), "{text}: {changed:?}");
    }
    assert_eq!(PublicKey::read(&good.replace("Ed25519", "X25519")), Err(KeyFault::Unsupported));
    let rsa = key(fixture!("rsa2048")).to_jwk();
    let padded = URL_SAFE_NO_PAD.encode([&[0], &URL_SAFE_NO_PAD.decode(rsa["n"].as_str().unwrap()).unwrap()[..]].concat());
    assert!(matches!(PublicKey::read(&json!({"kty": "RSA", "n": padded, "e": "AQAB"}).to_string()), Err(KeyFault::Jwk(_))));
}

/// RFC 7638 section 3.1 and RFC 8037 appendix A.3.
#[test]
fn the_thumbprints_of_the_rfcs() {
    let rsa = json!({"kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"});
    assert_eq!(key(&rsa.to_string()).thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let okp = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    assert_eq!(key(&okp.to_string()).thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

/// RFC 7515 appendix A.3 (ES256) and RFC 8037 appendix A.4 (EdDSA).
#[test]
fn the_signatures_of_the_rfcs() {
    let ec = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let okp = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let cases: [(Value, Algorithm, &str, &str); 2] = [
        (
            ec,
            Algorithm::EcdsaP256Sha256,
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            okp,
            Algorithm::Ed25519,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ];
    for (jwk, algorithm, message, signature) in cases {
        let (key, mut signature) = (key(&jwk.to_string()), URL_SAFE_NO_PAD.decode(signature).unwrap());
        assert!(key.verify(algorithm, message.as_bytes(), &signature));
        for other in Algorithm::ALL {
            assert_eq!(key.verify(other, message.as_bytes(), &signature), other == algorithm);
        }
        assert!(!key.verify(algorithm, &message.as_bytes()[1..], &signature));
        signature[5] ^= 1;
        assert!(!key.verify(algorithm, message.as_bytes(), &signature));
    }
}

#[test]
fn each_algorithm_has_one_name_in_each_world() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::from_jose_name(algorithm.jose_name()), Some(algorithm));
        assert!(algorithm.http_name().is_none_or(|name| Algorithm::from_http_name(name) == Some(algorithm)));
        assert!(KeyType::ALL.into_iter().any(|key_type| key_type.allows(algorithm)));
    }
    for name in ["none", "HS256", "hmac-sha256", "rs256", "ES512", "", "RS1"] {
        assert_eq!((Algorithm::from_jose_name(name), Algorithm::from_http_name(name)), (None, None));
    }
}

proptest! {
    #[test]
    fn no_text_or_bytes_panic(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = PublicKey::read(&text);
        let _ = PublicKey::read(&format!("-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----"));
        let _ = PublicKey::from_spki_der(&bytes);
        let _ = PublicKey::from_pkcs1_der(&bytes);
        if let Ok(key) = PublicKey::from_stored(&bytes) {
            prop_assert_eq!(key.to_stored(), bytes.clone());
            prop_assert!(!key.verify(key.key_type().default_algorithm(), b"message", &bytes));
        }
        let _ = key(fixture!("ed")).verify_possession("challenge", &text);
    }

    /// A changed byte gives no key or another one: each key is written in one way only.
    #[test]
    fn a_changed_byte_of_der_is_never_the_same_key(at in 0usize..600, to in any::<u8>(), which in 0usize..6) {
        let key = key(GOOD[which].0);
        let mut der = key.to_spki_der();
        let at = at % der.len();
        let same = der[at] == to;
        der[at] = to;
        prop_assert_eq!(PublicKey::from_spki_der(&der).as_ref() == Ok(&key), same);
        prop_assert!(PublicKey::from_spki_der(&der[..at]).is_err());
    }
}
