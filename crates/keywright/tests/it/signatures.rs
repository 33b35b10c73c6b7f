//! Requests that are signed, from the credential that is handed out to the verdict.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Place, Sent, Server, Signer, stories, wait_until};

const URL: &str = "https://api.example.com/pay?x=%20&y=1";
const BODY: Option<&[u8]> = Some(b"{\"amount\": 1}");

/// An application of its own with Payments, active.
async fn payments(kw: &Place) -> String {
    let organisation = kw.organisation().await;
    let made = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", "payments"]).await;
    let id = made["id"].as_str().unwrap().to_owned();
    kw.done(&["app", "activate", &id]).await;
    id
}

async fn pair(kw: &Place, application: &str, environment: &str) -> Signer {
    let create = ["key", "create", "--application", application, "--service", "payments", "--environment", environment, "--name", "Shop"];
    Signer::of(&kw.done(&create).await)
}

async fn rotated(kw: &Place, signer: &Signer, flags: &[&str]) -> (Signer, Value) {
    let made = kw.done(&[&["key", "rotate", &signer.id], flags].concat()).await;
    (Signer::of(&made), made)
}

/// A token for Payments in both environments.
async fn gateway(kw: &Place) -> String {
    let made = kw.done(&["resource-server", "create", "payments", "--services", "payments", "--environments", "production,sandbox"]).await;
    made["token"].as_str().unwrap().to_owned()
}

/// What is said of a request; again while the memory of nonces is too young, as a client would.
async fn verdict(kw: &Server, token: &str, sent: impl Fn() -> Sent) -> Value {
    loop {
        let reply = kw.ask_as(token, sent().question()).await;
        if reply.status == 503 && reply.body.contains("younger") {
            assert_eq!(reply.header("retry-after"), Some("1"));
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            continue;
        }
        assert_eq!(reply.status, 200, "{reply:?}");
        return reply.json();
    }
}

stories! {
    async fn key_and_secret_prove_requests_from_the_moment_they_are_made(kw: Server) {
        let app = payments(&kw).await;
        let token = gateway(&kw).await;
        let (live, demo) = (pair(&kw, &app, "production").await, pair(&kw, &app, "sandbox").await);
        assert!(live.public_id.starts_with("kw_ak_live_") && live.secret().starts_with("kw_sk_live_") && demo.secret().starts_with("kw_sk_test_"));
        kw.settled().await;
        for (signer, environment) in [(&live, "production"), (&demo, "sandbox")] {
            let told = verdict(&kw, &token, || signer.sign("POST", URL, BODY)).await;
            assert_eq!((&told["code"], &told["kind"], &told["environment"]), (&json!("valid"), &json!("hmac"), &json!(environment)), "{told}");
            assert_eq!((&told["public_id"], &told["credential_id"], &told["version"]), (&json!(signer.public_id), &json!(signer.id), &json!(1)));
            let scope = if kw.store().is_postgres() { "cluster" } else { "node" };
            assert_eq!((&told["body"], &told["replay_scope"]), (&json!("verified"), &json!(scope)));
        }
        let sent = live.sign("POST", URL, BODY);
        assert_eq!(verdict(&kw, &token, || sent.clone()).await["code"], "valid");
        assert_eq!(verdict(&kw, &token, || sent.clone()).await["code"], "nonce_reused");
        let told = verdict(&kw, &token, || live.tylt("GET", URL, None)).await;
        assert_eq!((&told["code"], &told["body"], &told["replay_scope"]), (&json!("valid"), &json!("none"), &json!("none")));
        // What is wrong is told to whoever asks, and nothing of the credential.
        let told = verdict(&kw, &token, || Sent { body: Some(b"{}".to_vec()), ..live.sign("POST", URL, BODY) }).await;
        assert_eq!((&told["code"], told.get("credential_id")), (&json!("digest_mismatch"), None));
        assert!(told["detail"].as_str().unwrap().contains("sha-256"), "{told}");
        let told = verdict(&kw, &token, || Sent { headers: live.sign("GET", URL, None).headers, ..live.sign("POST", URL, BODY) }).await;
        assert!(told["accept_signature"].as_str().unwrap().contains("content-digest"), "{told}");
        // Headers that no server delivers: whoever stands behind could read them in another way.
        for (name, value) in [("Signature ", "x"), (":method", "DELETE"), ("", "x"), ("X-A", "a\r\nX-B: c"), ("X-A", "\0")] {
            let mut question = live.sign("POST", URL, BODY).question();
            question["request"]["headers"].as_array_mut().unwrap().push(json!([name, value]));
            let refused = kw.ask_as(&token, question).await;
            assert_eq!((refused.problem(400).as_str(), refused.body.contains("request.headers[3][")), ("invalid_request", true), "{name}: {refused:?}");
        }
        // The public half alone, and the secret where a key is expected.
        for (credential, code) in [(live.public_id.as_str(), "signature_missing"), (live.secret(), "malformed")] {
            assert_eq!(kw.ask_as(&token, json!({"credential": credential})).await.code(), code);
        }
        // Use, suspension and revocation are those of every credential.
        wait_until("the use is put down", async || kw.done(&["key", "show", &live.id]).await["versions"][0]["accepted"] == 3).await;
        kw.done(&["key", "suspend", &live.id]).await;
        kw.settled().await;
        assert_eq!(verdict(&kw, &token, || live.sign("GET", URL, None)).await["code"], "suspended");
        kw.done(&["key", "revoke", &live.id, "--wait", "all"]).await;
        assert_eq!(verdict(&kw, &token, || live.sign("GET", URL, None)).await["code"], "revoked");
    }

    async fn a_library_of_others_signs_with_the_secret(kw: Server) {
        let app = payments(&kw).await;
        let token = gateway(&kw).await;
        let signer = pair(&kw, &app, "production").await;
        kw.settled().await;
        // Its memory of nonces is old enough from here on.
        assert_eq!(verdict(&kw, &token, || signer.sign("GET", URL, None)).await["code"], "valid");
        let client = json!({ "base": "https://api.example.com/pay", "secret_key": signer.secret(), "api_key": signer.public_id, "alg": "hmac-sha256" });
        let requests = crate::browser::requests(&kw, Path::new("node"), "client-http-message-signatures.mjs", &client).await;
        assert!(requests.len() > 2);
        for request in requests {
            for wanted in ["valid", "nonce_reused"] {
                assert_eq!(kw.ask_as(&token, json!({ "request": request })).await.code(), wanted, "{request}");
            }
        }
    }

    async fn a_restart_is_no_way_to_replay(kw: Server) {
        let app = payments(&kw).await;
        let token = gateway(&kw).await;
        let signer = pair(&kw, &app, "production").await;
        kw.settled().await;
        let sent = std::cell::RefCell::new(None);
        let told = verdict(&kw, &token, || {
            let signed = signer.sign("POST", URL, BODY);
            *sent.borrow_mut() = Some(signed.clone());
            signed
        })
        .await;
        assert_eq!(told["code"], "valid");
        // A clock that is ahead: this signature is still good for a memory that begins later.
        let ahead = signer.sign_at("POST", URL, BODY, Signer::now_s() + 60, "ahead");
        for wanted in ["valid", "nonce_reused"] {
            assert_eq!(kw.ask_as(&token, ahead.question()).await.code(), wanted);
        }
        kw.restart().await;
        kw.settled().await;
        assert_eq!(kw.ask_as(&token, ahead.question()).await.code(), "nonce_reused");
        let replay = sent.take().unwrap();
        let reply = kw.ask_as(&token, replay.question()).await;
        if kw.store().is_postgres() {
            assert_eq!(reply.code(), "nonce_reused", "the nodes' common memory outlives one of them");
        } else {
            assert_eq!((reply.problem(503).as_str(), reply.header("retry-after")), ("verification_unavailable", Some("1")));
            // In a batch nobody else's question goes with it, and none is taken for a replay because of it.
            let other = signer.sign_at("POST", URL, BODY, Signer::now_s() + 60, "beside it");
            let questions = json!({ "questions": [replay.question(), other.question()] });
            let reply = crate::support::Reply::of(kw.http.post(kw.url("/verify/batch")).bearer_auth(&token).json(&questions)).await;
            assert_eq!(reply.status, 200);
            let codes: Vec<Value> = reply.json()["verdicts"].as_array().unwrap().iter().map(|verdict| verdict["code"].clone()).collect();
            assert_eq!(codes, ["verification_unavailable", "valid"]);
        }
        assert_eq!(verdict(&kw, &token, || signer.sign("POST", URL, BODY)).await["code"], "valid");
    }

    /// One per service and environment: the next one is a rotation.
    async fn a_second_pair_is_refused_with_what_to_do(kw: Server) {
        let app = payments(&kw).await;
        let first = pair(&kw, &app, "production").await;
        let create = ["key", "create", "--application", &app, "--service", "payments", "--environment", "production", "--name", "Again"];
        let refusal = kw.refused(&create, 4).await;
        assert_eq!(refusal["code"], "credential_limit");
        assert!(refusal["detail"].as_str().unwrap().contains("rotate"), "{refusal}");
        let refusal = kw.refused(&[&create[..], &["--kind", "api_key"]].concat(), 2).await;
        assert!(refusal["detail"].as_str().unwrap().contains("write hmac"), "{refusal}");
        assert_eq!(rotated(&kw, &first, &[]).await.0.version, 2);
    }
}

/// Two nodes of a cluster: what one has accepted, the other refuses to accept again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nodes_of_a_cluster_share_what_they_remember_and_a_verifier_needs_its_key_only() {
    let place = Place::given(keywright_store::testing::TestPlace::postgres()).await;
    let kw = place.serve(&[]).await;
    let app = payments(&kw).await;
    let token = gateway(&kw).await;
    let signer = pair(&kw, &app, "production").await;
    let key = kw.done(&["verification-key"]).await["verification_key"].as_str().unwrap().to_owned();
    assert_ne!(key, place.master_key());
    let verifier = place.serve_as("second", &["--role", "verifier"], &[("KEYWRIGHT_VERIFICATION_KEY", &key), ("KEYWRIGHT_MASTER_KEY", "")]).await;
    kw.settled().await;
    verifier.settled().await;
    let sent = std::cell::RefCell::new(None);
    let told = verdict(&kw, &token, || {
        let signed = signer.sign("POST", URL, BODY);
        *sent.borrow_mut() = Some(signed.clone());
        signed
    })
    .await;
    assert_eq!((&told["code"], &told["replay_scope"]), (&json!("valid"), &json!("cluster")));
    let replay = sent.take().unwrap();
    assert_eq!(verifier.ask_as(&token, replay.question()).await.code(), "nonce_reused");
    assert_eq!(verdict(&verifier, &token, || signer.sign("POST", URL, BODY)).await["code"], "valid");
    // Several at once, the same among them: the first one counts.
    let (one, other) = (signer.sign("GET", URL, None), signer.sign("GET", URL, None));
    let batch = json!({"questions": [one.question(), other.question(), one.question(), {"credential": "x"}]});
    let reply = crate::support::Reply::of(verifier.http.post(verifier.url("/verify/batch")).bearer_auth(&token).json(&batch)).await;
    let codes: Vec<Value> = reply.json()["verdicts"].as_array().unwrap_or_else(|| panic!("{reply:?}")).iter().map(|v| v["code"].clone()).collect();
    assert_eq!(codes, ["valid", "valid", "nonce_reused", "malformed"]);
    // A crash of the database empties what is not written ahead; signatures of a time ahead are still good then, and known.
    let ahead = signer.sign_at("POST", URL, BODY, Signer::now_s() + 60, "ahead");
    assert_eq!(verifier.ask_as(&token, ahead.question()).await.code(), "valid");
    let keywright_store::Location::Postgres(url) = place.store().location() else { panic!("it is PostgreSQL") };
    let database = url.rsplit('/').next().unwrap();
    keywright_store::testing::shared().sql(database, "TRUNCATE nonce, nonce_memory");
    assert_eq!(verdict(&kw, &token, || signer.sign("POST", URL, BODY)).await["code"], "valid", "a new memory begins");
    assert_eq!(kw.ask_as(&token, ahead.question()).await.code(), "nonce_reused");
}
