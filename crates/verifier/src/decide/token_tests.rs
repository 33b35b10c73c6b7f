//! Access tokens that were proved once: what is asked of them every time after that, and masses of wrong ones.

use keywright_crypto::digest;
use keywright_crypto::jwt;
use keywright_crypto::signing_key::{SigningAlgorithm, SigningKey};
use keywright_domain::change::{CredentialRecord, Record, SigningKeyRecord, TokenRecord, VersionRecord};
use keywright_domain::credential::{Environment, Kind, Material, TokenSigning, VersionState};
use keywright_domain::limits;
use keywright_domain::token::audience;
use keywright_domain::verdict::Code;
use serde_json::{Map, Value, json};

use crate::fixture::{Kit, NotSeen, START_S, at, credential};
use crate::{Question, Unavailable};

const ISSUER: &str = "https://keys.example.com";
const CLIENT: &str = "a client";
const JTI: &str = "0123456789abcdef0123456789abcdef";

fn client() -> Record {
    let digest = digest::sha256(b"its secret");
    let version = VersionRecord { number: 1, state: VersionState::Active, digest, material: Material::Digest, expires_at: None, ran_out: false };
    Record::Credential(CredentialRecord { kind: Kind::OauthClient, public_id: Some(CLIENT.into()), versions: vec![version], ..credential(1) })
}

fn known(key: &SigningKey) -> Record {
    let record = SigningKeyRecord { id: key.key_id().to_owned(), algorithm: TokenSigning::Es256, public_key: key.public().to_stored() };
    Record::SigningKeys(vec![record].into())
}

/// Good for a hundred seconds after the machine has started.
fn claims() -> Map<String, Value> {
    let aud = audience(ISSUER, "maps", Environment::Production);
    let claims = json!({
        "iss": ISSUER, "sub": CLIENT, "client_id": CLIENT, "aud": aud, "iat": START_S + 5, "exp": START_S + 100, "jti": JTI, "version": 1, "scope": "tiles:read",
    });
    claims.as_object().unwrap().clone()
}

fn code(kit: &Kit, token: &str) -> Code {
    kit.answer(&Question { credential: token.as_bytes(), ..Question::default() }).unwrap().code
}

#[test]
fn a_token_that_was_proved_is_asked_for_its_key_its_end_and_its_expiry_every_time() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let token = jwt::sign(&key, jwt::ACCESS_TOKEN, &claims()).unwrap();
    let mut kit = Kit::new(&[client(), known(&key)]);
    assert_eq!((code(&kit, &token), code(&kit, &token)), (Code::Valid, Code::Valid));
    kit.page(vec![Record::SigningKeys(vec![].into())]);
    assert_eq!(code(&kit, &token), Code::TokenInvalid, "its key has left the key set");
    kit.page(vec![known(&key)]);
    assert_eq!(code(&kit, &token), Code::Valid);
    kit.page(vec![Record::TokenEnded(TokenRecord { id: JTI.parse().unwrap(), until: at(100) })]);
    assert_eq!(code(&kit, &token), Code::TokenInvalid, "it was ended");
    let other = claims().into_iter().map(|(name, value)| if name == "jti" { (name, json!(JTI.replace('0', "1"))) } else { (name, value) }).collect();
    let other = jwt::sign(&key, jwt::ACCESS_TOKEN, &other).unwrap();
    assert_eq!(code(&kit, &other), Code::Valid);
    kit.pass(100);
    assert_eq!(code(&kit, &other), Code::TokenExpired);
}

#[test]
fn masses_of_wrong_tokens_stop_their_sender_and_nobody_else() {
    let (key, stranger) = (SigningKey::generate(SigningAlgorithm::Es256).unwrap(), SigningKey::generate(SigningAlgorithm::Es256).unwrap());
    let kit = Kit::new(&[client(), known(&key)]);
    let right = jwt::sign(&key, jwt::ACCESS_TOKEN, &claims()).unwrap();
    let forged = jwt::sign(&stranger, jwt::ACCESS_TOKEN, &claims()).unwrap();
    // Under the name of our key.
    let (input, _) = right.rsplit_once('.').unwrap();
    let forged = format!("{input}.{}", forged.rsplit_once('.').unwrap().1);
    let from = |token: &str, source: &str| {
        kit.answer(&Question { credential: token.as_bytes(), source_ip: Some(source.parse().unwrap()), ..Question::default() }).map(|told| told.code)
    };
    for _ in 0..limits::FAILED_CHECKS_OF_NODE {
        assert_eq!(from(&forged, "192.0.2.1"), Ok(Code::TokenInvalid));
    }
    assert_eq!(from(&forged, "192.0.2.1"), Err(NotSeen::Unavailable(Unavailable::TooManyWrong)));
    assert_eq!(from(&right, "192.0.2.2"), Ok(Code::Valid));
    assert_eq!(from(&right, "192.0.2.1"), Ok(Code::Valid), "what was proved is not checked again");
}
