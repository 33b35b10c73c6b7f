//! Clients that prove themselves by an assertion (RFC 7523), in the standard's form and in Yoti's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_crypto::digest;
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::public_key::{Algorithm, KeyType};
use keywright_domain::change::{CredentialRecord, VersionRecord};
use keywright_domain::credential::{Kind, Material, State, VersionState};
use keywright_domain::limits;
use keywright_domain::verdict::Code;
use serde_json::{Value, json};

use super::client::{CHECKS, ClientAttempt, ClientStep, Presented, authenticate};
use crate::fixture::{Kit, START_S, boot, credential};
use crate::nonces::{NonceAnswer, NonceClaim};
use crate::verdict::Unavailable;

const SDK_ID: &str = "0b2f8f5e-3c0b-4a3c-9f58-3d4d9b6a1c11";
const ISSUER: &str = "https://keys.example.com";
const URL: &str = "https://keys.example.com/oauth2/token";

fn record(pair: &KeyPair) -> CredentialRecord {
    let material = Material::PublicKey(pair.public().to_stored());
    let version = VersionRecord { number: 1, state: VersionState::Active, digest: pair.public().fingerprint(), material, expires_at: None, ran_out: false };
    CredentialRecord { kind: Kind::KeyPair, public_id: Some(SDK_ID.into()), versions: vec![version], ..credential(1) }
}

fn signed(pair: &KeyPair, alg: (&str, Algorithm), typ: Option<&str>, claims: &Value) -> String {
    let mut header = json!({ "alg": alg.0 });
    if let Some(typ) = typ {
        header["typ"] = typ.into();
    }
    let input = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = pair.sign(alg.1, input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What becomes of it: the code of whoever is proved, or why nobody is.
fn ask(kit: &Kit, assertion: &str, client_id: Option<&str>, nonce: Option<(NonceClaim, NonceAnswer)>) -> Result<Code, String> {
    let reading = kit.verifier.read();
    let presented = Presented::Assertion { assertion, client_id, issuer: ISSUER, url: URL };
    let now = reading.calendar(boot(kit.ms));
    match authenticate(&reading, &ClientAttempt { presented, source_ip: None, nonce }, now, boot(kit.ms)) {
        ClientStep::Proved(proved) => Ok(proved.0.answer.code),
        ClientStep::Refused(why) => Err(why.to_owned()),
        ClientStep::TooOften => Err("too often".into()),
        ClientStep::Need(_) => Err("need".into()),
        ClientStep::Unavailable(why) => Err(if why == Unavailable::NoncesTooYoung { "too young".into() } else { why.to_string() }),
    }
}

/// Claims that are all right ten seconds after the verifier began.
fn claims(id: &str, aud: &str, jti: &str) -> Value {
    let now = START_S + 20;
    json!({ "iss": id, "sub": id, "aud": aud, "jti": jti, "iat": now, "exp": now + 300 })
}

#[test]
fn an_assertion_is_for_us_in_time_signed_by_the_clients_key_and_counts_once() {
    let (pair, other) = (KeyPair::generate(KeyType::P256).unwrap(), KeyPair::generate(KeyType::P256).unwrap());
    let mut kit = Kit::with(record(&pair));
    kit.pass(10);
    let es256 = ("ES256", Algorithm::EcdsaP256Sha256);
    let good = signed(&pair, es256, Some("JWT"), &claims(SDK_ID, ISSUER, "1"));
    assert_eq!(ask(&kit, &good, Some(SDK_ID), None), Ok(Code::Valid));
    assert!(ask(&kit, &good, None, None).unwrap_err().contains("used before"));
    assert_eq!(ask(&kit, &signed(&pair, es256, None, &claims(SDK_ID, ISSUER, "2")), None, None), Ok(Code::Valid));

    let change = |name: &str, value: Value| {
        let mut claims = claims(SDK_ID, ISSUER, "3");
        claims[name] = value;
        signed(&pair, es256, None, &claims)
    };
    let now = START_S + 20;
    let cases = [
        (signed(&other, es256, None, &claims(SDK_ID, ISSUER, "3")), "not signed by its key"),
        (change("aud", json!(URL)), "aud"),
        (change("aud", json!([ISSUER, "https://elsewhere.example"])), "aud"),
        (change("exp", json!(now - 1)), "expired"),
        (change("exp", json!(now + 360)), "five minutes"),
        (change("exp", Value::Null), "not a JWT"),
        (change("iat", json!(now + 60)), "future"),
        (change("nbf", json!(now + 60)), "future"),
        (change("jti", json!("")), "jti"),
        (change("iss", json!("another")), "client id"),
        (change("sub", json!("another")), "client id"),
        (change("iat", json!(START_S)), "too young"),
        (signed(&pair, es256, Some("at+jwt"), &claims(SDK_ID, ISSUER, "3")), "typ"),
        (good.replace('.', ""), "not a JWT"),
    ];
    for (assertion, why) in cases {
        let refused = ask(&kit, &assertion, None, None).unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
    }
    let other_typ = |id: &str| ask(&kit, &signed(&other, es256, Some("x"), &claims(id, ISSUER, "3")), None, None);
    assert_eq!(other_typ(SDK_ID), other_typ("7f9b5a52-0000-4000-8000-000000000000"), "whether there is such a client does not show");
    assert!(ask(&kit, &change("jti", json!("4")), Some("another"), None).unwrap_err().contains("client id"));
    assert_eq!(ask(&kit, &change("jti", json!("4")), None, None), Ok(Code::Valid), "a refused one used nothing up");

    kit.put(CredentialRecord { state: State::Suspended, ..record(&pair) });
    assert_eq!(ask(&kit, &change("jti", json!("5")), None, None), Ok(Code::Suspended), "state is told after proof");
    assert!(ask(&kit, &signed(&other, es256, None, &claims(SDK_ID, ISSUER, "6")), None, None).is_err());
}

#[test]
fn yotis_form_names_the_sdk_and_is_for_the_url() {
    let pair = KeyPair::generate(KeyType::Rsa2048).unwrap();
    let mut kit = Kit::with(record(&pair));
    kit.pass(10);
    let ps384 = ("PS384", Algorithm::RsaPssSha384);
    let yoti = format!("sdk:{SDK_ID}");
    assert_eq!(ask(&kit, &signed(&pair, ps384, None, &claims(&yoti, URL, "1")), None, None), Ok(Code::Valid));
    assert_eq!(ask(&kit, &signed(&pair, ps384, None, &claims(&yoti, ISSUER, "2")), Some(&yoti), None), Ok(Code::Valid));
    assert!(ask(&kit, &signed(&pair, ps384, None, &claims(SDK_ID, URL, "3")), None, None).unwrap_err().contains("aud"));
}

/// A restart could not tell of what time it is: it goes by the disk, as what is signed ahead.
#[test]
fn an_assertion_that_does_not_say_when_it_was_issued_is_put_on_disk_before_it_counts() {
    let pair = KeyPair::generate(KeyType::P256).unwrap();
    let kit = Kit::with(record(&pair));
    let mut claims = claims(SDK_ID, ISSUER, "1");
    claims.as_object_mut().unwrap().remove("iat");
    let assertion = signed(&pair, ("ES256", Algorithm::EcdsaP256Sha256), None, &claims);
    assert_eq!(ask(&kit, &assertion, None, None), Err("need".into()));
    let reading = kit.verifier.read();
    let attempt =
        ClientAttempt { presented: Presented::Assertion { assertion: &assertion, client_id: None, issuer: ISSUER, url: URL }, source_ip: None, nonce: None };
    let now = reading.calendar(boot(kit.ms));
    let ClientStep::Need(claim) = authenticate(&reading, &attempt, now, boot(kit.ms)) else { panic!("it needs no disk") };
    assert!(claim.is_ahead(now));
    assert_eq!(ask(&kit, &assertion, None, Some((claim, NonceAnswer::Fresh))), Ok(Code::Valid));
    assert!(ask(&kit, &assertion, None, Some((claim, NonceAnswer::Reused))).unwrap_err().contains("used before"));
}

/// So that the time of an answer does not tell which clients there are.
#[test]
fn as_many_signatures_are_checked_for_unknown_clients_as_for_known_ones() {
    let (pair, other) = (KeyPair::generate(KeyType::P256).unwrap(), KeyPair::generate(KeyType::Rsa2048).unwrap());
    let kit = Kit::with(record(&pair));
    let nobody = "7f9b5a52-0000-4000-8000-000000000000";
    let (es256, rs256) = (("ES256", Algorithm::EcdsaP256Sha256), ("RS256", Algorithm::RsaPkcs1Sha256));
    for (id, signer, alg) in [(SDK_ID, &pair, es256), (nobody, &pair, es256), (SDK_ID, &other, rs256), (nobody, &other, rs256)] {
        let before = CHECKS.get();
        let _ = ask(&kit, &signed(signer, alg, None, &claims(id, ISSUER, "1")), None, None);
        assert_eq!(CHECKS.get() - before, 1, "{id} by {}", alg.0);
    }
}

/// One assertion after the other, each under a wrong key.
#[test]
fn masses_of_wrong_assertions_stop_their_sender_and_nobody_else() {
    let (pair, other) = (KeyPair::generate(KeyType::Ed25519).unwrap(), KeyPair::generate(KeyType::Ed25519).unwrap());
    let mut kit = Kit::with(record(&pair));
    kit.pass(10);
    let eddsa = ("EdDSA", Algorithm::Ed25519);
    let reading = kit.verifier.read();
    let from = |assertion: &str, source: &str| {
        let presented = Presented::Assertion { assertion, client_id: None, issuer: ISSUER, url: URL };
        let attempt = ClientAttempt { presented, source_ip: Some(source.parse().unwrap()), nonce: None };
        matches!(authenticate(&reading, &attempt, reading.calendar(boot(kit.ms)), boot(kit.ms)), ClientStep::Proved(_))
    };
    let wrong = signed(&other, eddsa, None, &claims(SDK_ID, ISSUER, "1"));
    for _ in 0..limits::FAILED_CHECKS_OF_NODE {
        assert!(!from(&wrong, "192.0.2.1"));
    }
    let before = CHECKS.get();
    assert!(!from(&wrong, "192.0.2.1"));
    assert_eq!(CHECKS.get(), before, "refused unseen");
    assert!(from(&signed(&pair, eddsa, None, &claims(SDK_ID, ISSUER, "2")), "192.0.2.2"));
}

#[test]
fn guesses_are_limited_for_known_and_unknown_clients_alike() {
    let pair = KeyPair::generate(KeyType::P256).unwrap();
    let secret = VersionRecord {
        number: 1,
        state: VersionState::Active,
        digest: digest::sha256(b"secret"),
        material: Material::Digest,
        expires_at: None,
        ran_out: false,
    };
    let client = CredentialRecord { kind: Kind::OauthClient, public_id: Some("client".into()), versions: vec![secret], ..credential(2) };
    let kit = Kit::new(&[keywright_domain::change::Record::Credential(record(&pair)), keywright_domain::change::Record::Credential(client)]);
    let reading = kit.verifier.read();
    let ask = |client_id: &str, secret: &str| {
        let source_ip = Some("192.0.2.1".parse().unwrap());
        let attempt = ClientAttempt { presented: Presented::Secret { client_id, secret }, source_ip, nonce: None };
        match authenticate(&reading, &attempt, reading.calendar(boot(kit.ms)), boot(kit.ms)) {
            ClientStep::Proved(_) => "proved",
            ClientStep::Refused(_) => "refused",
            ClientStep::TooOften => "too often",
            ClientStep::Need(_) | ClientStep::Unavailable(_) => "neither",
        }
    };
    assert_eq!((ask("client", "secret"), ask(SDK_ID, "secret"), ask("client", "")), ("proved", "refused", "refused"));
    for id in ["client", "nobody"] {
        let tries = (0..500).take_while(|_| ask(id, "wrong") == "refused").count();
        assert!(tries >= 90 && ask(id, "wrong") == "too often", "{id} {tries}");
    }
    assert_eq!(ask("client", "secret"), "proved", "nobody locks a client out");
}
