//! Rotation with each policy, and who still uses the version before.

use serde_json::{Value, json};

use crate::support::{Key, Reply, Server, stories, wait_for, wait_until};

async fn codes(kw: &Server, keys: &[&Key]) -> Vec<String> {
    kw.settled().await;
    let mut codes = Vec::new();
    for key in keys {
        codes.push(kw.code(&key.key).await);
    }
    codes
}

/// State by version, as `key show` has it.
fn states(shown: &Value) -> Vec<&str> {
    shown["versions"].as_array().unwrap().iter().map(|v| v["state"].as_str().unwrap()).collect()
}

stories! {
    async fn immediate_ends_every_older_version_and_keeps_everything_else(kw: Server) {
        let app = kw.application().await;
        let flags = ["--permissions", "customers:read", "--network", "127.0.0.0/8", "--rate-limit", "50/1s", "--expires-at", "2035-01-31T12:00:00Z"];
        let first = kw.key(&app, &flags).await;
        let second = kw.rotate(&first, &["--policy", "overlap"]).await;
        let third = kw.rotate(&first, &["--policy", "immediate"]).await;
        assert_eq!((third.version, &third.previous_until), (3, &None));
        kw.settled().await;
        let verdict = kw.verify(json!({"credential": third.key, "source_ip": "127.0.0.1"})).await;
        assert_eq!((&verdict["code"], &verdict["version"], &verdict["credential_id"]), (&json!("valid"), &json!(3), &json!(first.id)));
        assert_eq!((&verdict["permissions"], &verdict["expires_at"]), (&json!(["customers:read"]), &json!("2035-01-31T12:00:00Z")));
        assert_eq!(verdict["rate_limit"]["limit"], 50);
        assert_eq!(kw.verify(json!({"credential": third.key})).await["code"], "network_not_allowed");
        assert_eq!(codes(&kw, &[&first, &second]).await, ["retired_version", "retired_version"]);
        let shown = kw.done(&["key", "show", &first.id]).await;
        assert_eq!(states(&shown), ["retired", "retired", "active"]);
    }

    async fn an_overlap_is_the_default_and_ends_by_itself(kw: Server) {
        let app = kw.application().await;
        let first = kw.key(&app, &[]).await;
        let second = kw.rotate(&first, &[]).await;
        assert!(second.previous_until.is_some());
        assert_eq!(codes(&kw, &[&first, &second]).await, ["valid", "valid"]);
        let refusal = kw.refused(&["key", "rotate", &first.id], 4).await;
        assert_eq!(refusal["code"], "overlap_running");
        let detail = refusal["detail"].as_str().unwrap();
        assert!(detail.contains(second.previous_until.as_ref().unwrap()) && detail.contains("--replace"), "{detail}");
        assert_eq!(codes(&kw, &[&first, &second]).await, ["valid", "valid"]);

        let third = kw.rotate(&first, &["--replace", "--overlap", "5s"]).await;
        assert_eq!(codes(&kw, &[&first, &second, &third]).await, ["retired_version", "valid", "valid"]);
        assert_eq!(states(&kw.done(&["key", "show", &first.id]).await), ["retired", "retiring", "active"]);
        wait_until("the overlap ends", async || kw.code(&second.key).await == "retired_version").await;
        assert_eq!(kw.code(&third.key).await, "valid");
        // A verifier may be ahead of a command's clock by what a poll takes; it is never behind.
        wait_until("commands say so, too", async || states(&kw.done(&["key", "show", &first.id]).await) == ["retired", "retired", "active"]).await;
        // Nothing overlaps any more.
        assert_eq!(kw.rotate(&first, &[]).await.version, 4);
    }

    /// Nobody waits between two calls: the node that answers has the last word on what it has handed out.
    async fn what_a_node_hands_out_works_there_at_once_and_what_it_ends_has_ended(kw: Server) {
        let app = kw.application().await;
        let made = kw.done(&["token", "create", "--organisation", &app.organisation, "--name", "CI", "--grants", "admin"]).await;
        kw.settled().await;
        let call = async |path: &str, body: Value| {
            let request = kw.http.post(kw.url(&format!("/api/v1{path}"))).bearer_auth(made["token"].as_str().unwrap()).json(&body);
            let reply = Reply::of(request).await;
            assert!((200..300).contains(&reply.status), "{reply:?}");
            reply.json()["data"].take()
        };
        for n in 0..5 {
            let new = json!({ "service": "business-api", "environment": "production", "name": format!("Back end {n}") });
            let first = call(&format!("/applications/{}/credentials", app.id), new).await;
            assert_eq!(kw.code(first["key"].as_str().unwrap()).await, "valid");
            let path = format!("/credentials/{}", first["id"].as_str().unwrap());
            let second = call(&format!("{path}/rotate"), json!({ "policy": "immediate" })).await;
            assert_eq!(kw.code(second["key"].as_str().unwrap()).await, "valid");
            assert_eq!(kw.code(first["key"].as_str().unwrap()).await, "retired_version");
            call(&format!("{path}/revoke"), json!({})).await;
            assert_eq!(kw.code(second["key"].as_str().unwrap()).await, "revoked");
        }
    }

    async fn a_pending_version_becomes_active_at_its_first_use_and_only_then_the_overlap_begins(kw: Server) {
        let app = kw.application().await;
        let first = kw.key(&app, &[]).await;
        let second = kw.rotate(&first, &["--policy", "on_first_use", "--overlap", "1h"]).await;
        assert_eq!((second.version, &second.previous_until), (2, &None));
        assert_eq!(states(&kw.done(&["key", "show", &first.id]).await), ["active", "pending"]);
        assert_eq!(codes(&kw, &[&first]).await, ["valid"]);
        // Without proof, and refused, nothing counts as use.
        assert_eq!(kw.verify(json!({"credential": second.key, "permissions": ["no:such"]})).await["code"], "insufficient_permissions");

        assert_eq!(codes(&kw, &[&second, &second]).await, ["valid", "valid"]);
        let shown = wait_for("the use is reported and activates the version", async || {
            let shown = kw.done(&["key", "show", &first.id]).await;
            (states(&shown) == ["retiring", "active"]).then_some(shown)
        })
        .await;
        let until = shown["versions"][0]["until"].as_str().unwrap().to_owned();
        assert_eq!(codes(&kw, &[&first, &second]).await, ["valid", "valid"]);
        // The report of these uses, too, has been put down; the end of the overlap stands.
        let shown = wait_for("three uses of the second version are counted", async || {
            let shown = kw.done(&["key", "show", &first.id]).await;
            (shown["versions"][1]["accepted"] == 3).then_some(shown)
        })
        .await;
        assert_eq!((states(&shown), shown["versions"][0]["until"].as_str()), (vec!["retiring", "active"], Some(until.as_str())));
    }

    /// What was committed before the report of a first use stands.
    async fn a_replaced_or_revoked_pending_version_is_not_brought_back_by_its_use(kw: Server) {
        let app = kw.application().await;
        let first = kw.key(&app, &[]).await;
        let second = kw.rotate(&first, &["--policy", "on_first_use"]).await;
        assert_eq!(codes(&kw, &[&second]).await, ["valid"]);
        // The flush comes once a second; this commit is nearly always there before it, and must stand either way.
        let third = kw.rotate(&first, &["--policy", "immediate"]).await;
        assert_eq!(codes(&kw, &[&first, &second, &third]).await, ["retired_version", "retired_version", "valid"]);
        wait_until("the use of the second version is put down", async || {
            kw.done(&["key", "show", &first.id]).await["versions"][1]["accepted"] == 1
        })
        .await;
        assert_eq!(states(&kw.done(&["key", "show", &first.id]).await), ["retired", "retired", "active"]);

        let other = kw.key(&app, &[]).await;
        let pending = kw.rotate(&other, &["--policy", "on_first_use"]).await;
        assert_eq!(codes(&kw, &[&pending]).await, ["valid"]);
        kw.done(&["key", "revoke", &other.id]).await;
        wait_until("the use of the pending version is put down", async || {
            kw.done(&["key", "show", &other.id]).await["versions"][1]["accepted"] == 1
        })
        .await;
        assert_eq!(codes(&kw, &[&other, &pending]).await, ["revoked", "revoked"]);

        let replaced = kw.key(&app, &[]).await;
        let pending = kw.rotate(&replaced, &["--policy", "on_first_use"]).await;
        let again = kw.rotate(&replaced, &["--policy", "on_first_use"]).await;
        assert_eq!(again.version, 3);
        assert_eq!(codes(&kw, &[&replaced, &pending]).await, ["valid", "retired_version"]);
        assert_eq!(states(&kw.done(&["key", "show", &replaced.id]).await), ["active", "retired", "pending"]);
    }

    async fn last_use_and_who_still_uses_the_old_version_are_shown(kw: Place) {
        let kw = kw.serve(&["--trusted-proxy", "127.0.0.1/32"]).await;
        let app = kw.application().await;
        let first = kw.key(&app, &[]).await;
        assert_eq!(kw.done(&["key", "show", &first.id]).await["last_used_at"], Value::Null);
        let second = kw.rotate(&first, &["--policy", "overlap"]).await;
        kw.settled().await;
        let query = "service=business-api";
        for (key, from) in [(&first, "198.51.100.7"), (&first, "198.51.100.8"), (&second, "203.0.113.5")] {
            let bearer = format!("Bearer {}", key.key);
            assert_eq!(kw.forward(query, &[("Authorization", &bearer), ("X-Forwarded-For", from)]).await.status, 200);
        }
        let third = kw.rotate(&first, &["--policy", "immediate"]).await;
        kw.settled().await;
        assert_eq!(kw.verify(json!({"credential": first.key, "source_ip": "198.51.100.9"})).await["code"], "retired_version");
        assert_eq!(kw.code(&third.key).await, "valid");

        let shown = wait_for("all uses are put down", async || {
            let shown = kw.done(&["key", "show", &first.id]).await;
            let done = shown["versions"][2]["accepted"] == 1 && shown["versions"][0]["usage"].as_array().unwrap().len() == 2;
            done.then_some(shown)
        })
        .await;
        let version = |n: usize| &shown["versions"][n];
        assert_eq!((&version(0)["accepted"], &version(0)["last_source"]), (&json!(2), &json!("198.51.100.8")));
        assert_eq!((&version(1)["accepted"], &version(1)["last_source"]), (&json!(1), &json!("203.0.113.5")));
        let retired = version(0)["usage"].as_array().unwrap().iter().find(|u| u["code"] == "retired_version").unwrap();
        assert_eq!((&retired["count"], &retired["last_source"]), (&json!(1), &json!("198.51.100.9")));
        assert_eq!(shown["last_used_at"], version(2)["last_used_at"], "the newest accepted use of any version: {shown}");
        let listed = kw.done(&["key", "list", "--application", &app.id]).await;
        assert_eq!(listed[0]["last_used_at"], shown["last_used_at"]);
        let found = kw.cli_with_stdin(&["key", "find", "--json"], &format!("{}\n", first.key)).await.exits(0).json();
        assert_eq!((&found["id"], &found["version"], &found["last_used_at"]), (&json!(first.id), &json!(1), &shown["last_used_at"]));
        assert_eq!((&found["organisation_name"], &found["application_name"], &found["state"]), (&json!("Acme Ltd"), &json!("Shop"), &json!("active")));
        assert_eq!((&found["version_state"], &found["accepted"]), (&json!("retired"), &json!(false)));
        // Whoever has a leaked line of a log need not cut the key out of it, and is not told to end a live key for a dead string.
        let line = format!("GET /v1/tiles Authorization: Bearer {}, 401\n", first.key);
        let said = kw.cli_with_stdin(&["key", "find"], &line).await.exits(0).stdout;
        assert!(said.contains("version 1, retired: it is not accepted any more") && !said.contains("key revoke"), "{said}");
    }

    async fn wrong_rotations_are_refused_and_change_nothing(kw: Place) {
        kw.done(&["migrate"]).await;
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        let before = kw.head().await;
        for (flags, exit, code, says) in [
            (["--policy", "sometimes"], 2, "invalid", "immediate, overlap or on_first_use"),
            (["--overlap", "0s"], 4, "overlap_out_of_range", "from 1s to 30d"),
            (["--overlap", "31d"], 4, "overlap_out_of_range", "from 1s to 30d"),
            (["--overlap", "soon"], 2, "invalid", "overlap"),
        ] {
            let refusal = kw.refused(&[&["key", "rotate", &key.id], &flags[..]].concat(), exit).await;
            assert_eq!(refusal["code"], code, "{refusal}");
            assert!(refusal["detail"].as_str().unwrap().contains(says), "{refusal}");
        }
        assert_eq!(kw.refused(&["key", "rotate", "key_01HX9KZMB3F7VNQP8R2WDGT4E5"], 3).await["code"], "not_found");
        assert_eq!(kw.refused(&["key", "rotate", &app.id], 2).await["code"], "usage");
        assert_eq!(kw.head().await, before);
    }
}
