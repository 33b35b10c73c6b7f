//! Key pairs by the management API: with a challenge, and by calls that are repeated.

use keywright_crypto::public_key::KeyType;
use keywright_crypto::scheme::sign::yoti_header;
use keywright_domain::limits;
use reqwest::Method;
use serde_json::{Value, json};

use super::kit::{Holder, How, Kit, fresh, signed};
use crate::support::{Reply, stories, wait_until};

async fn call(kit: &Kit, token: &str, path: &str, body: &Value, once: &str) -> Reply {
    let request = kit.kw.http.request(Method::POST, kit.kw.url(path)).bearer_auth(token).json(body);
    Reply::of(if once.is_empty() { request } else { request.header("Idempotency-Key", once) }).await
}

stories! {
    async fn a_program_makes_key_pairs_and_gets_one_again_by_repeating_the_call(kw: Server) {
        let kit = Kit::of(kw).await;
        let organisation = kit.kw.organisation().await;
        let made = kit.kw.done(&["app", "create", "--organisation", &organisation, "--name", "Atlas", "--service", "maps,digital-id"]).await;
        let app = format!("/api/v1/applications/{}", made["id"].as_str().unwrap());
        let made = kit.kw.done(&["token", "create", "--organisation", &organisation, "--name", "CI", "--grants", "edit"]).await;
        let token = made["token"].as_str().unwrap();
        let (credentials, once) = (format!("{app}/credentials"), "0123456789abcdef0123");
        let body = json!({ "service": "maps", "environment": "sandbox", "name": "CI", "key_type": "p-384" });
        let nameless = json!({ "service": "maps", "environment": "sandbox", "name": "" });
        wait_until("the server knows the catalogue", async || !call(&kit, token, &credentials, &nameless, "").await.body.contains("not in the catalogue")).await;
        let first = call(&kit, token, &credentials, &body, once).await;
        assert_eq!(first.status, 201, "{first:?}");
        assert_eq!(call(&kit, token, &credentials, &body, once).await.body, first.body, "until it is used, a repeat shows the same private key");
        let data = first.json()["data"].clone();
        let holder = Holder::of(&data);
        kit.settled().await;
        assert_eq!(kit.code(&signed(&holder, "GET", "/", b"", How::default())).await, "valid");

        let given = call(&kit, token, &format!("{app}/key-challenges"), &json!({}), "").await.json()["data"].clone();
        let pair = fresh(KeyType::Ed25519);
        let proof = yoti_header(&pair.sign(pair.key_type().default_algorithm(), given["text"].as_str().unwrap().as_bytes()).unwrap());
        let rotate = format!("/api/v1/credentials/{}/rotate", holder.id);
        let body = json!({ "public_key": pair.public().to_pem(), "challenge": given["challenge"], "proof": proof, "policy": "immediate" });
        let rotated = call(&kit, token, &rotate, &body, "another-key-of-the-call").await;
        assert_eq!((rotated.status, rotated.json()["data"]["sdk_id"].as_str()), (201, Some(holder.sdk_id.as_str())), "{rotated:?}");
        assert!(!rotated.body.contains("private_key_pem") && !rotated.body.contains("remedy"), "{rotated:?}");
        assert_eq!(call(&kit, token, &rotate, &body, "another-key-of-the-call").await.body, rotated.body);
        assert_eq!(call(&kit, token, &rotate, &body, "").await.problem(409), "key_taken");
        kit.settled().await;
        assert_eq!(kit.code(&signed(&holder.with(pair), "GET", "/", b"", How::default())).await, "valid");
        assert_eq!(kit.code(&signed(&holder, "GET", "/", b"", How::default())).await, "retired_version");

        // Where there is no room for another one, no key is made that takes seconds, and nobody waits for others'.
        let one = json!({ "service": "digital-id", "environment": "sandbox", "name": "CI", "key_type": "ed25519" });
        let another = json!({ "service": "digital-id", "environment": "sandbox", "name": "CI", "key_type": "rsa-4096" });
        assert_eq!(call(&kit, token, &credentials, &one, "").await.status, 201);
        let calls = (0..2 * limits::KEY_MAKING_WAITING_MAX).map(|_| call(&kit, token, &credentials, &another, ""));
        for reply in futures_util::future::join_all(calls).await {
            assert_eq!(reply.problem(409), "credential_limit");
        }

        let wrong = call(&kit, token, &rotate, &json!({ "public_key": "x", "challenge": "y" }), "").await;
        assert_eq!(wrong.problem(400), "invalid_request");
        let fields: Vec<String> = wrong.json()["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect();
        assert_eq!(fields, ["public_key", "proof"], "{wrong:?}");
    }
}
