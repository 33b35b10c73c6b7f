//! Clients and their secrets: several side by side, each with a life of its own.

use serde_json::{Value, json};

use super::{Client, client, keyed};
use crate::support::stories;

/// The same client with another secret.
fn with(shop: &Client, made: &Value) -> Client {
    let text = |text: &str| text.to_owned();
    assert_eq!(made["client_id"], shop.id, "the public half stays");
    Client { credential: text(&shop.credential), id: text(&shop.id), secret: text(made["client_secret"].as_str().unwrap()), gateway: text(&shop.gateway) }
}

stories! {
    async fn secrets_stand_side_by_side_and_go_one_by_one(kw: Server) {
        let shop = client(&kw, &[]).await;
        assert!(shop.id.starts_with("kw_ci_live_") && shop.secret.starts_with("kw_sk_live_"));
        let batch = with(&shop, &keyed(&kw, &["key", "secret", "add", &shop.credential, "--description", "Nightly batch", "--expires-at", "2035-01-31T12:00:00Z"]).await);
        let rotated = keyed(&kw, &["key", "rotate", &shop.credential]).await;
        assert_eq!((&rotated["version"], &rotated["previous_until"]), (&json!(3), &Value::Null), "without a policy a rotation adds a secret");
        let third = with(&shop, &rotated);
        for policy in [&["--policy", "immediate"][..], &["--policy", "overlap"], &["--overlap", "1h"], &["--replace"]] {
            let rotate = [&["key", "rotate", &shop.credential], policy, &["--json"]].concat();
            let refused = kw.run(kw.command(&rotate), b"", &[("KEYWRIGHT_MASTER_KEY", &kw.master_key())]).await.exits(4).problem();
            assert_eq!(refused["code"], "secrets_side_by_side", "{refused}");
            assert!(refused["detail"].as_str().unwrap().contains("add another one"), "{refused}");
        }
        kw.settled().await;
        let tokens = [shop.token(&kw).await, batch.token(&kw).await, third.token(&kw).await];
        for (token, version) in tokens.iter().zip(1..) {
            let verdict = shop.verify(&kw, token).await;
            assert_eq!((&verdict["code"], &verdict["version"]), (&json!("valid"), &json!(version)));
        }

        kw.done(&["key", "secret", "revoke", &shop.credential, "2"]).await;
        assert_eq!(kw.done(&["key", "secret", "revoke", &shop.credential, "2"]).await["repeated"], true);
        kw.settled().await;
        assert_eq!(batch.ask(&kw, &[]).await.json()["error"], "invalid_client");
        assert_eq!(shop.code(&kw, &tokens[1]).await, "retired_version", "its tokens end with it");
        assert_eq!((shop.code(&kw, &tokens[0]).await, shop.ask(&kw, &[]).await.status), ("valid".to_owned(), 200));
        let shown = kw.done(&["key", "show", &shop.credential]).await;
        let second = &shown["versions"][1];
        assert_eq!((&second["description"], &second["state"]), (&json!("Nightly batch"), &json!("retired")));

        for _ in 0..3 {
            keyed(&kw, &["key", "secret", "add", &shop.credential]).await;
        }
        let full = kw.run(kw.command(&["key", "secret", "add", &shop.credential, "--json"]), b"", &[("KEYWRIGHT_MASTER_KEY", &kw.master_key())]).await;
        assert_eq!(full.exits(4).problem()["code"], "secrets_full");
        for version in ["1", "3", "4", "5"] {
            kw.done(&["key", "secret", "revoke", &shop.credential, version]).await;
        }
        assert_eq!(kw.refused(&["key", "secret", "revoke", &shop.credential, "6"], 4).await["code"], "last_secret");
        assert_eq!(kw.refused(&["key", "secret", "revoke", &shop.credential, "99"], 4).await["code"], "version_unknown");
    }

    async fn a_client_secret_is_no_bearer_key_and_other_kinds_have_no_secrets_side_by_side(kw: Server) {
        let shop = client(&kw, &[]).await;
        let key = kw.key(&kw.application().await, &[]).await;
        kw.settled().await;
        assert_eq!((shop.code(&kw, &shop.secret).await.as_str(), shop.code(&kw, &shop.id).await.as_str()), ("malformed", "signature_missing"));
        assert_eq!(kw.refused(&["key", "secret", "add", &key.id], 4).await["code"], "one_secret_at_a_time");
        let create = ["key", "create", "--application", &kw.application().await.id, "--service", "business-api", "--environment", "sandbox", "--name", "x", "--token-form", "jwt"];
        assert_eq!(kw.refused(&create, 2).await["errors"][0]["field"], "token_form");
    }

    async fn the_form_of_a_clients_tokens_is_changed_and_those_that_were_got_stay_good(kw: Server) {
        let shop = client(&kw, &[]).await;
        let key = kw.key(&kw.application().await, &[]).await;
        kw.settled().await;
        let mut got = vec![shop.token(&kw).await];
        for (flags, form, start) in [(&["--token-form", "opaque"][..], json!("opaque"), "kw_at_"), (&["--token-form", "jwt"], json!("jwt"), "eyJ"), (&["--no-token-form"], Value::Null, "eyJ")] {
            let changed = kw.done(&[&["key", "change", &shop.credential], flags].concat()).await;
            assert_eq!(changed["token_form"], form, "{changed}");
            kw.settled().await;
            got.push(shop.token(&kw).await);
            assert!(got.last().unwrap().starts_with(start), "{form}");
        }
        for token in &got {
            assert_eq!(shop.code(&kw, token).await, "valid");
        }
        assert_eq!(kw.refused(&["key", "change", &shop.credential, "--token-form", "paper"], 2).await["errors"][0]["field"], "token_form");
        assert_eq!(kw.refused(&["key", "change", &key.id, "--token-form", "jwt"], 2).await["errors"][0]["field"], "token_form", "it gets none");
    }

    async fn the_use_of_each_secret_is_counted(kw: Server) {
        let shop = client(&kw, &[]).await;
        kw.settled().await;
        shop.token(&kw).await;
        crate::support::wait_until("the use is written down", async || {
            kw.done(&["key", "show", &shop.credential]).await["versions"][0]["accepted"].as_u64().unwrap() > 0
        })
        .await;
    }
}
