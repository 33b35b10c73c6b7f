//! JWTs that somebody made up (RFC 8725, RFC 9068 section 4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_crypto::digest::sha256;
use keywright_crypto::jwt;
use keywright_crypto::mac::MacKey;
use serde_json::{Map, Value, json};

use super::{Client, client, signing_key};
use crate::support::{Server, stories};

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The claims under a header of the attacker's, with a signature of theirs.
fn forged(header: &Value, claims: &Map<String, Value>, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let input = format!("{}.{}", encode(header), encode(&Value::Object(claims.clone())));
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(sign(input.as_bytes())))
}

fn with(claims: &Map<String, Value>, name: &str, value: Value) -> Map<String, Value> {
    let mut claims = claims.clone();
    claims.insert(name.to_owned(), value);
    claims
}

/// A JWT and the code that it gets.
async fn expect(kw: &Server, shop: &Client, what: &str, token: &str, code: &str) {
    let verdict = shop.verify(kw, token).await;
    assert_eq!(verdict["code"], code, "{what}: {verdict}");
    assert_eq!(shop.introspect(kw, token).await, json!({"active": false}), "{what}");
}

stories! {
    async fn made_up_tokens_are_refused_with_the_right_code(kw: Server) {
        let shop = client(&kw, &[]).await;
        kw.settled().await;
        let key = signing_key(&kw).await;
        let claims = shop.claims(&kw);
        let signed = |claims: &Map<String, Value>| jwt::sign(&key, jwt::ACCESS_TOKEN, claims).unwrap();
        assert_eq!(shop.code(&kw, &signed(&claims)).await, "valid", "what is changed below is all that is wrong");
        let head = |more: Value| {
            let mut header = json!({"typ": "at+jwt", "alg": "ES256", "kid": key.key_id()});
            header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            header
        };
        let ours = |input: &[u8]| key.sign(input).unwrap();

        expect(&kw, &shop, "none", &forged(&head(json!({"alg": "none"})), &claims, |_| vec![]), "token_invalid").await;
        let public = kw.get("/oauth2/jwks").await.json()["keys"][0].to_string();
        for secret in [public.as_bytes(), &key.public().to_stored()] {
            // Whoever has a key longer than a block uses its digest (RFC 2104 section 2).
            let short = if secret.len() > 64 { sha256(secret).to_vec() } else { secret.to_vec() };
            let mac = MacKey::new(&short).ok().unwrap();
            expect(&kw, &shop, "HS256 with the public key", &forged(&head(json!({"alg": "HS256"})), &claims, |input| mac.sign(&[input]).to_vec()), "token_invalid").await;
        }
        expect(&kw, &shop, "kid elsewhere", &forged(&head(json!({"kid": "../../etc/passwd"})), &claims, ours), "token_invalid").await;
        for (name, value) in [("jku", json!("https://evil.example")), ("x5u", json!("https://evil.example")), ("jwk", json!({})), ("crit", json!(["x"]))] {
            expect(&kw, &shop, name, &forged(&head(json!({name: value})), &claims, ours), "token_invalid").await;
        }
        expect(&kw, &shop, "another algorithm of ours", &forged(&head(json!({"alg": "RS256"})), &claims, ours), "token_invalid").await;
        expect(&kw, &shop, "another typ", &jwt::sign(&key, "JWT", &claims).unwrap(), "token_invalid").await;
        let stranger = keywright_crypto::signing_key::SigningKey::generate(key.algorithm()).unwrap();
        expect(&kw, &shop, "a stranger's key", &jwt::sign(&stranger, jwt::ACCESS_TOKEN, &claims).unwrap(), "token_invalid").await;
        expect(&kw, &shop, "a stranger's signature", &forged(&head(json!({})), &claims, |input| stranger.sign(input).unwrap()), "token_invalid").await;

        for aud in [json!("https://elsewhere.example"), json!(format!("{}/services/business-api", kw.address)), json!([claims["aud"], "x"]), Value::Null] {
            expect(&kw, &shop, "another audience", &signed(&with(&claims, "aud", aud)), "token_invalid").await;
        }
        let sandbox = json!(format!("{}/services/rest-apis/sandbox", kw.address));
        expect(&kw, &shop, "the other environment", &signed(&with(&claims, "aud", sandbox)), "token_invalid").await;
        expect(&kw, &shop, "another issuer", &signed(&with(&claims, "iss", json!("https://elsewhere.example"))), "token_issuer_unknown").await;
        let now = claims["iat"].as_i64().unwrap();
        expect(&kw, &shop, "expired by a second", &signed(&with(&claims, "exp", json!(now - 1))), "token_expired").await;
        for name in ["exp", "iat", "jti", "sub", "client_id", "version", "aud"] {
            let mut without = claims.clone();
            without.remove(name);
            expect(&kw, &shop, name, &signed(&without), "token_invalid").await;
        }
        expect(&kw, &shop, "sub of another", &signed(&with(&claims, "sub", json!("another"))), "token_invalid").await;
        expect(&kw, &shop, "a version that never was", &signed(&with(&claims, "version", json!(9))), "token_invalid").await;

        let text = Value::Object(claims.clone()).to_string();
        let twice = format!("{},\"exp\":9999999999}}", &text[..text.len() - 1]);
        let input = format!("{}.{}", encode(&head(json!({}))), URL_SAFE_NO_PAD.encode(twice));
        let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()).unwrap()));
        expect(&kw, &shop, "a claim twice", &token, "token_invalid").await;

        let long = signed(&with(&claims, "x", json!("x".repeat(9_000))));
        assert_eq!(shop.code(&kw, &long).await, "malformed");
        assert_eq!(shop.code(&kw, &format!("eyJ{}", "x".repeat(1_000_000))).await, "malformed");
        for cut in ["eyJ", "eyJhbGciOiJub25lIn0..", "eyJ.eyJ.eyJ.eyJ"] {
            assert_eq!(shop.code(&kw, cut).await, "token_invalid", "{cut}");
        }
    }
}
