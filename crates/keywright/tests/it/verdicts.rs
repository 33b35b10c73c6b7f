//! Each verdict for a bearer key, through a real store, and the order in which they go before each other.

use serde_json::{Value, json};

use crate::support::{Server, soon, stories, wait_until};

async fn told(kw: &Server, question: &Value) -> String {
    kw.verify(question.clone()).await["code"].as_str().unwrap().to_owned()
}

stories! {
    /// One key collects reasons against it, from the last that is looked at to the first; each hides all that came before it.
    async fn each_reason_hides_those_that_are_decided_after_it(kw: Server) {
        let app = kw.application().await;
        let restrictions = ["--permissions", "payouts:write", "--network", "10.0.0.0/8", "--origin", "https://app.example.com", "--rate-limit", "1/1h"];
        let old = kw.key(&app, &restrictions).await;
        let key = kw.rotate(&old, &["--policy", "immediate"]).await;
        assert_eq!((key.id.as_str(), key.version), (old.id.as_str(), 2));
        kw.settled().await;
        let mut question = json!({
            "credential": key.key, "service": "business-api", "environment": "production", "permissions": ["payouts:write"],
            "source_ip": "10.1.2.3", "origin": "https://app.example.com",
        });
        assert_eq!(told(&kw, &question).await, "valid");
        assert_eq!(told(&kw, &question).await, "rate_limited");
        question["permissions"] = json!(["payouts:write", "customers:read"]);
        assert_eq!(told(&kw, &question).await, "insufficient_permissions");
        question["origin"] = json!("https://evil.example");
        assert_eq!(told(&kw, &question).await, "origin_not_allowed");
        question["source_ip"] = json!("192.0.2.1");
        assert_eq!(told(&kw, &question).await, "network_not_allowed");

        kw.done(&["org", "suspend", &app.organisation]).await;
        kw.settled().await;
        assert_eq!(told(&kw, &question).await, "organisation_suspended");
        kw.done(&["app", "deactivate", &app.id]).await;
        kw.settled().await;
        assert_eq!(told(&kw, &question).await, "application_inactive");
        kw.done(&["key", "suspend", &key.id]).await;
        kw.settled().await;
        assert_eq!(told(&kw, &question).await, "suspended");
        kw.done(&["key", "change", &key.id, "--expires-at", &soon()]).await;
        wait_until("the key expires", async || told(&kw, &question).await == "expired").await;
        // Ended by its expiry, it can still be revoked for good measure, which is the stronger word.
        kw.done(&["key", "revoke", &key.id]).await;
        kw.settled().await;
        assert_eq!(told(&kw, &question).await, "revoked");
        question["credential"] = json!(old.key);
        assert_eq!(told(&kw, &question).await, "retired_version");

        kw.done(&["app", "delete", &app.id, "--confirm", "Shop"]).await;
        kw.settled().await;
        assert_eq!(told(&kw, &question).await, "unknown");
        question["environment"] = json!("sandbox");
        assert_eq!(told(&kw, &question).await, "wrong_environment");
        question["credential"] = json!(format!("{}!", &old.key[..old.key.len() - 1]));
        assert_eq!(told(&kw, &question).await, "malformed");
    }

    async fn before_the_proof_nothing_is_told_about_the_credential(kw: Place) {
        let catalogue = kw.directory().join("two.toml");
        let service = |slug: &str| format!("[service.{slug}]\nname = \"{slug}\"\nkinds = [\"api_key\"]\npermissions = {{ \"a:read\" = \"Read\" }}\n");
        std::fs::write(&catalogue, format!("brand = \"acme\"\n{}{}", service("maps"), service("business-api"))).unwrap();
        let kw = kw.serve(&["--catalog", catalogue.to_str().unwrap()]).await;
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        assert!(key.key.starts_with("acme_live_"), "the brand is the catalogue's: {}", key.key);
        kw.done(&["key", "suspend", &key.id]).await;
        let maps = kw.done(&["resource-server", "create", "Maps", "--services", "maps"]).await;
        kw.settled().await;

        let mut typo = key.key.clone().into_bytes();
        typo[12] = if typo[12] == b'x' { b'y' } else { b'x' };
        let cases = [
            ("malformed", json!({"credential": String::from_utf8(typo).unwrap(), "environment": "sandbox"})),
            ("malformed", json!({"credential": &key.key[..key.key.len() - 1]})),
            ("malformed", json!({"credential": key.key.replace("acme_", "kw_")})),
            ("malformed", json!({"credential": "nonsense"})),
            ("malformed", json!({"credential": kw.token().await})),
            ("wrong_environment", json!({"credential": key.key, "environment": "sandbox"})),
        ];
        for (code, question) in cases {
            let verdict = kw.verify(question).await;
            assert_eq!(verdict, json!({"valid": false, "code": code, "position": verdict["position"]}));
        }
        // The key is another service's, and suspended, which a stranger is not told.
        let token = maps["token"].as_str().unwrap();
        let reply = kw.ask_as(token, json!({"credential": key.key})).await;
        assert_eq!((reply.status, reply.code().as_str()), (200, "wrong_service"));
        assert_eq!(reply.json().as_object().unwrap().len(), 3, "{reply:?}");
        let verdict = kw.verify(json!({"credential": key.key})).await;
        assert_eq!((&verdict["code"], &verdict["credential_id"]), (&json!("suspended"), &json!(key.id)));
    }

    async fn what_works_follows_the_environment_and_the_states_of_application_and_organisation(kw: Server) {
        let app = kw.inactive_application().await;
        let production = kw.key(&app, &[]).await;
        let sandbox = kw.key_in(&app, "sandbox", &[]).await;
        assert!(production.key.starts_with("kw_live_") && sandbox.key.starts_with("kw_test_"));
        let codes = async || {
            kw.settled().await;
            (kw.code(&production.key).await, kw.code(&sandbox.key).await)
        };
        let pair = |production: &str, sandbox: &str| (production.to_owned(), sandbox.to_owned());
        assert_eq!(codes().await, pair("application_inactive", "valid"));
        let activated = kw.done(&["app", "activate", &app.id]).await;
        assert_eq!((activated["state"].as_str(), &activated["missing"]), (Some("active"), &json!([])));
        assert_eq!(codes().await, pair("valid", "valid"));
        kw.done(&["org", "suspend", &app.organisation]).await;
        assert_eq!(codes().await, pair("organisation_suspended", "valid"));
        kw.done(&["app", "deactivate", &app.id]).await;
        assert_eq!(codes().await, pair("application_inactive", "application_inactive"));
        kw.done(&["app", "activate", &app.id]).await;
        kw.done(&["org", "resume", &app.organisation]).await;
        assert_eq!(codes().await, pair("valid", "valid"));
        kw.done(&["key", "revoke", &production.id]).await;
        assert_eq!(codes().await, pair("revoked", "valid"));
        kw.done(&["app", "delete", &app.id, "--confirm", "Shop"]).await;
        assert_eq!(codes().await, pair("unknown", "unknown"));
        // Nothing of it is left to be found.
        for id in [&production.id, &sandbox.id] {
            assert_eq!(kw.refused(&["key", "show", id], 3).await["code"], "not_found");
        }
        assert_eq!(kw.cli_with_stdin(&["key", "find", "--json"], &production.key).await.exits(3).problem()["code"], "not_found");
    }

    /// What a restart loads is what the running server knew.
    async fn ended_credentials_are_told_apart_from_unknown_ones_after_a_restart_too(kw: Server) {
        let app = kw.application().await;
        let old = kw.key(&app, &[]).await;
        let new = kw.rotate(&old, &["--policy", "immediate"]).await;
        let revoked = kw.key(&app, &[]).await;
        kw.done(&["key", "revoke", &revoked.id]).await;
        let expired = kw.key(&app, &["--expires-at", &soon()]).await;
        let suspended = kw.key(&app, &[]).await;
        kw.done(&["key", "suspend", &suspended.id]).await;
        kw.settled().await;
        wait_until("the key expires", async || kw.code(&expired.key).await == "expired").await;
        let codes = async |kw: &Server| {
            let mut codes = Vec::new();
            for key in [&old, &new, &revoked, &expired, &suspended] {
                codes.push(kw.code(&key.key).await);
            }
            codes
        };
        let expected = ["retired_version", "valid", "revoked", "expired", "suspended"];
        assert_eq!(codes(&kw).await, expected);
        kw.restart().await;
        assert_eq!(codes(&kw).await, expected);
        // Final is final, whatever one tries.
        for (key, code) in [(&revoked, "credential_ended"), (&expired, "credential_ended")] {
            for command in [vec!["resume"], vec!["suspend"], vec!["rotate"], vec!["change", "--name", "Other"]] {
                let arguments = [&["key", command[0], &key.id], &command[1..]].concat();
                assert_eq!(kw.refused(&arguments, 4).await["code"], code, "{arguments:?}");
            }
        }
    }
}
