use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

/// A pair of each kind; RSA with 3072 and 4096 bits differs only in its length, and takes seconds to make without optimisation.
fn pairs() -> Vec<KeyPair> {
    [KeyType::Rsa2048, KeyType::P256, KeyType::P384, KeyType::Ed25519].into_iter().map(|key_type| KeyPair::generate(key_type).unwrap()).collect()
}

/// What OpenSSL says about the input; none where the machine has no OpenSSL.
fn openssl(arguments: &[&str], input: &[u8]) -> Option<String> {
    let mut child = Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn pem(pair: &KeyPair, form: PrivateForm) -> Secret {
    pair.to_pem(form).unwrap_or_else(|_| panic!("{form:?} of {}", pair.key_type()))
}

fn fault(text: &str) -> Option<KeyPairFault> {
    KeyPair::from_pem(text).err()
}

#[test]
fn what_is_no_private_key_that_we_take_is_called_by_its_name() {
    let block = |label: &str| format!("-----BEGIN {label}-----\nMAAA\n-----END {label}-----\n");
    let good = pem(&KeyPair::generate(KeyType::P256).unwrap(), PrivateForm::Pkcs8);
    let good = good.expose();
    let cases = [
        (block("ENCRYPTED PRIVATE KEY"), KeyPairFault::Encrypted),
        (good.replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nM"), KeyPairFault::Encrypted),
        (block("OPENSSH PRIVATE KEY"), KeyPairFault::OpenSsh),
        (block("PUBLIC KEY"), KeyPairFault::Form),
        (block("PRIVATE KEY"), KeyPairFault::Der),
        (String::new(), KeyPairFault::Form),
        (good[..good.len() - 30].into(), KeyPairFault::Pem),
        (format!("{good}{good}"), KeyPairFault::Several),
        (format!("{good}{}", "x".repeat(20_000)), KeyPairFault::TooLong),
    ];
    for (text, wanted) in cases {
        assert_eq!(fault(&text), Some(wanted), "{wanted:?}");
    }
}

#[test]
fn a_key_survives_each_of_its_forms_and_signs_as_before() {
    for pair in pairs() {
        let forms = if pair.public().rsa().is_some() { &[PrivateForm::Pkcs8, PrivateForm::Pkcs1][..] } else { &[PrivateForm::Pkcs8] };
        for form in forms {
            let again = KeyPair::from_pem(pem(&pair, *form).expose()).ok().unwrap();
            assert_eq!(again.public(), pair.public());
            for algorithm in Algorithm::ALL {
                let Ok(signature) = again.sign(algorithm, b"message") else {
                    assert!(!pair.key_type().allows(algorithm));
                    continue;
                };
                assert!(pair.public().verify(algorithm, b"message", &signature), "{algorithm:?}");
                assert!(!pair.public().verify(algorithm, b"massage", &signature));
                for other in Algorithm::ALL {
                    assert_eq!(pair.public().verify(other, b"message", &signature), other == algorithm, "{other:?}");
                }
            }
        }
        if pair.public().rsa().is_none() {
            assert_eq!(pair.to_pem(PrivateForm::Pkcs1).err(), Some(NoSuchForm));
        }
    }
}

#[test]
fn openssl_reads_what_we_write_and_we_read_what_it_writes() {
    for pair in pairs() {
        let Some(public) = openssl(&["pkey", "-pubout"], pem(&pair, PrivateForm::Pkcs8).expose().as_bytes()) else { return };
        assert_eq!(public, pair.public().to_spki_pem());
        // Ed25519 has PKCS#8 only.
        let form = if pair.key_type() == KeyType::Ed25519 { &["pkey"][..] } else { &["pkey", "-traditional"] };
        let traditional = openssl(form, pem(&pair, PrivateForm::Pkcs8).expose().as_bytes()).unwrap();
        assert_eq!(KeyPair::from_pem(&traditional).ok().unwrap().public(), pair.public());
        if pair.public().rsa().is_some() {
            assert_eq!(traditional, pem(&pair, PrivateForm::Pkcs1).expose());
            assert_eq!(openssl(&["pkey", "-pubout"], traditional.as_bytes()).unwrap(), public);
        }
    }
}

#[test]
fn keys_of_openssl_with_other_parameters_are_taken_or_refused() {
    let Some(with_parameters) = openssl(&["ecparam", "-name", "secp384r1", "-genkey"], b"") else { return };
    assert_eq!(KeyPair::from_pem(&with_parameters).ok().unwrap().key_type(), KeyType::P384);
    let other = |arguments: &[&str]| fault(&openssl(arguments, b"").unwrap());
    assert_eq!(other(&["ecparam", "-name", "secp521r1", "-genkey", "-noout"]), Some(KeyPairFault::Unsupported));
    assert_eq!(other(&["genpkey", "-algorithm", "X25519"]), Some(KeyPairFault::Unsupported));
    let weak = other(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"]);
    assert_eq!(weak, Some(KeyPairFault::Weak(crate::public_key::Weakness::RsaExponentSmall)));
    assert!(other(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]).is_some());
}

#[test]
fn halves_that_do_not_belong_together_are_refused() {
    let (one, two) = (KeyPair::generate(KeyType::P256).unwrap(), KeyPair::generate(KeyType::P256).unwrap());
    let mut der = one.to_pkcs8_der();
    let at = der.len() - 65;
    der[at..].copy_from_slice(two.public().point());
    assert_eq!(KeyPair::from_pkcs8_der(&der).err(), Some(KeyPairFault::Der));
    let longer = [&one.to_pkcs8_der()[..], &[0]].concat();
    assert_eq!(KeyPair::from_pkcs8_der(&longer).err(), Some(KeyPairFault::Der));
}

#[test]
fn possession_is_proved_by_the_key_itself_only() {
    use crate::public_key::{PossessionFault, challenge_text};
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    assert_eq!(challenge_text("abc"), b"Keywright key possession\nabc");
    for pair in pairs() {
        let algorithm = pair.key_type().default_algorithm();
        let signature = pair.sign(algorithm, &challenge_text("challenge")).unwrap();
        let public = pair.public();
        for text in [STANDARD.encode(&signature), URL_SAFE_NO_PAD.encode(&signature), format!("{}\n", STANDARD.encode(&signature))] {
            assert_eq!(public.verify_possession("challenge", &text), Ok(()));
            assert_eq!(public.verify_possession("another", &text), Err(PossessionFault::Signature(algorithm.jose_name())));
        }
        let bare = pair.sign(algorithm, b"challenge").unwrap();
        assert!(public.verify_possession("challenge", &STANDARD.encode(bare)).is_err());
        assert_eq!(public.verify_possession("challenge", "not base64!"), Err(PossessionFault::Form));
        assert_eq!(public.verify_possession("challenge", &"A".repeat(2_000)), Err(PossessionFault::Form));
        assert!(public.verify_possession("challenge", "").is_err());
    }
}

/// What the page tells people to run, so ECDSA is DER here.
#[test]
fn possession_can_be_proved_with_openssl() {
    use crate::public_key::challenge_text;
    let folder = std::env::temp_dir().join(format!("keywright-possession-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (key, text, signature) = (file("key.pem"), file("text"), file("signature"));
    for pair in pairs() {
        std::fs::write(&key, pem(&pair, PrivateForm::Pkcs8).expose()).unwrap();
        std::fs::write(&text, challenge_text("challenge")).unwrap();
        let mut arguments = vec!["pkeyutl", "-sign", "-inkey", &key, "-rawin", "-in", &text, "-out", &signature];
        match pair.key_type() {
            KeyType::Ed25519 => {}
            KeyType::P384 => arguments.extend(["-digest", "sha384"]),
            _ => arguments.extend(["-digest", "sha256"]),
        }
        if openssl(&arguments, b"").is_none() {
            break;
        }
        let base64 = openssl(&["base64", "-in", &signature], b"").unwrap();
        assert_eq!(pair.public().verify_possession("challenge", &base64), Ok(()), "{}", pair.key_type());
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

proptest! {
    #[test]
    fn no_text_or_bytes_panic(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = KeyPair::from_pem(&text);
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let _ = KeyPair::from_pem(&pem::write(label, &bytes));
        }
        let _ = KeyPair::from_pkcs8_der(&bytes);
    }
}
