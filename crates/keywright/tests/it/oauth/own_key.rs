//! Clients that prove themselves by a key of their own (`private_key_jwt`, RFC 7523), and replace it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::public_key::{KeyType, challenge_text};
use serde_json::{Value, json};

use super::{SendForm, declare_services, keyed};
use crate::support::{Place, Reply, Server, stories, wait_for};

pub(super) fn fresh() -> KeyPair {
    KeyPair::generate(KeyType::P256).unwrap()
}

/// An assertion of the client that nobody has used yet.
fn assertion(kw: &Server, client_id: &str, pair: &KeyPair) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let jti = format!("{:032x}", keywright_crypto::random::bits().unwrap());
    let claims = json!({ "iss": client_id, "sub": client_id, "aud": kw.address, "jti": jti, "iat": now, "exp": now + 60 });
    let input = [json!({ "alg": "ES256" }), claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(pair.sign(pair.key_type().default_algorithm(), input.as_bytes()).unwrap()))
}

/// Asks for a token by the key, until the memory of assertions is old enough to answer.
pub(super) async fn ask(kw: &Server, client_id: &str, pair: &KeyPair) -> Reply {
    wait_for("assertions are answered", async || {
        let assertion = assertion(kw, client_id, pair);
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let form = [("grant_type", "client_credentials"), ("client_assertion_type", kind), ("client_assertion", &assertion)];
        let reply = Reply::of(kw.http.post(kw.url("/oauth2/token")).form(&form)).await;
        (reply.status != 503).then_some(reply)
    })
    .await
}

/// Flags that hand the key over for the application.
async fn brought(kw: &Place, application: &str, pair: &KeyPair) -> Vec<String> {
    let file = kw.directory().join("public-key.pem");
    std::fs::write(&file, pair.public().to_pem()).unwrap();
    let challenge = keyed(kw, &["key", "challenge", "--application", application]).await["challenge"].as_str().unwrap().to_owned();
    let proof = STANDARD.encode(pair.sign(pair.key_type().default_algorithm(), &challenge_text(&challenge)).unwrap());
    ["--public-key", file.to_str().unwrap(), "--challenge", &challenge, "--proof", &proof].map(str::to_owned).to_vec()
}

fn with<'a>(arguments: &[&'a str], flags: &'a [String]) -> Vec<&'a str> {
    arguments.iter().copied().chain(flags.iter().map(String::as_str)).collect()
}

/// A command that is refused.
async fn refused(kw: &Place, arguments: &[&str], exit: i32) -> Value {
    kw.run(kw.command(&[arguments, &["--json"]].concat()), b"", &[("KEYWRIGHT_MASTER_KEY", &kw.master_key())]).await.exits(exit).problem()
}

async fn application(kw: &Place, service: &str) -> String {
    let organisation = kw.organisation().await;
    let made = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", service]).await;
    made["id"].as_str().unwrap().to_owned()
}

stories! {
    async fn a_client_brings_its_key_and_rotates_it(kw: Server) {
        declare_services(&kw).await;
        let app = application(&kw, "orders").await;
        let (first, second, third) = (fresh(), fresh(), fresh());
        let create = ["key", "create", "--application", &app, "--service", "orders", "--environment", "sandbox", "--name", "Shop"];
        let wrong = refused(&kw, &[&create[..], &["--key-type", "p-256"]].concat(), 2).await;
        assert_eq!(wrong["errors"][0]["field"], "key_type", "none is made here: {wrong}");
        let flags = brought(&kw, &app, &first).await;
        let made = keyed(&kw, &with(&create, &flags)).await;
        assert!(made.get("client_secret").is_none(), "{made}");
        let (id, client) = (made["id"].as_str().unwrap(), made["client_id"].as_str().unwrap());
        kw.settled().await;
        let got = ask(&kw, client, &first).await;
        assert_eq!(got.status, 200, "{got:?}");
        assert_eq!(ask(&kw, client, &second).await.json()["error"], "invalid_client");

        assert_eq!(refused(&kw, &["key", "rotate", id], 2).await["errors"][0]["field"], "public_key", "it gets no secret");
        let flags = brought(&kw, &app, &second).await;
        let rotated = keyed(&kw, &with(&["key", "rotate", id], &flags)).await;
        assert!(rotated["previous_until"].is_string() && rotated.get("client_secret").is_none(), "the service's overlap: {rotated}");
        kw.settled().await;
        for pair in [&first, &second] {
            assert_eq!(ask(&kw, client, pair).await.status, 200);
        }
        let flags = brought(&kw, &app, &first).await;
        assert_eq!(refused(&kw, &with(&["key", "rotate", id, "--replace"], &flags), 4).await["code"], "key_taken");
        let flags = brought(&kw, &app, &third).await;
        keyed(&kw, &with(&["key", "rotate", id, "--policy", "immediate"], &flags)).await;
        kw.settled().await;
        for (pair, status) in [(&first, 401), (&second, 401), (&third, 200)] {
            assert_eq!(ask(&kw, client, pair).await.status, status);
        }

        // Who has a secret stays with it.
        let made = keyed(&kw, &create).await;
        let flags = brought(&kw, &app, &fresh()).await;
        let wrong = refused(&kw, &with(&["key", "rotate", made["id"].as_str().unwrap()], &flags), 2).await;
        assert_eq!(wrong["errors"][0]["field"], "public_key", "{wrong}");
    }

    async fn where_secrets_stand_side_by_side_a_key_is_rotated_all_the_same(kw: Server) {
        let app = application(&kw, "rest-apis").await;
        let (first, second) = (fresh(), fresh());
        let create = ["key", "create", "--application", &app, "--service", "rest-apis", "--environment", "sandbox", "--name", "Shop"];
        let flags = brought(&kw, &app, &first).await;
        let made = keyed(&kw, &with(&create, &flags)).await;
        let (id, client) = (made["id"].as_str().unwrap(), made["client_id"].as_str().unwrap());
        assert_eq!(refused(&kw, &["key", "secret", "add", id], 4).await["code"], "client_has_key");
        let flags = brought(&kw, &app, &second).await;
        keyed(&kw, &with(&["key", "rotate", id, "--policy", "immediate"], &flags)).await;
        kw.settled().await;
        for (pair, status) in [(&first, 401), (&second, 200)] {
            assert_eq!(ask(&kw, client, pair).await.status, status);
        }
    }
}
