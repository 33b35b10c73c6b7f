//! What a key is made with, how it is changed, and what is refused while nothing of it stays.

use serde_json::{Value, json};

use crate::support::{Place, soon, stories, time_in, wait_until};

/// Field names and messages of a refused form.
fn faults(problem: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {problem}")).iter().map(|e| (text(&e["field"]), text(&e["message"]))).collect()
}

/// The one fault of a key that is made with these flags.
async fn fault_of(kw: &Place, application: &str, name: &str, flags: &[&str]) -> (String, String) {
    let create = ["key", "create", "--application", application, "--service", "business-api", "--environment", "production", "--name", name];
    let problem = kw.refused(&[&create, flags].concat(), 2).await;
    assert_eq!(problem["code"], "invalid", "{problem}");
    let faults = faults(&problem);
    assert_eq!(faults.len(), 1, "{problem}");
    faults[0].clone()
}

stories! {
    async fn suspend_and_resume_reach_the_verdict_and_twice_is_once(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        assert_eq!(kw.done(&["key", "suspend", &key.id]).await["state"], "suspended");
        kw.settled().await;
        assert_eq!(kw.code(&key.key).await, "suspended");
        let head = kw.head().await;
        kw.done(&["key", "suspend", &key.id]).await;
        assert_eq!(kw.head().await, head, "nothing changed, so nothing is in the log");
        assert_eq!(kw.done(&["key", "resume", &key.id]).await["state"], "active");
        kw.settled().await;
        assert_eq!(kw.code(&key.key).await, "valid");
        // A suspended key can be rotated, and stays suspended.
        kw.done(&["key", "suspend", &key.id]).await;
        let new = kw.rotate(&key, &["--policy", "immediate"]).await;
        kw.settled().await;
        assert_eq!(kw.code(&new.key).await, "suspended");
    }

    async fn everything_that_can_be_set_can_be_changed_and_cleared(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &["--permissions", "payouts:write,customers:read"]).await;
        kw.settled().await;
        assert_eq!(kw.code(&key.key).await, "valid");
        let change = async |flags: &[&str]| {
            let shown = kw.done(&[&["key", "change", &key.id], flags].concat()).await;
            kw.settled().await;
            shown
        };
        let ask = async |more: Value| {
            let mut question = json!({"credential": key.key});
            question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            kw.verify(question).await
        };
        let until = time_in(3_600);
        let shown = change(&["--name", " Night batch ", "--permissions", "customers:read", "--expires-at", &until]).await;
        assert_eq!((&shown["name"], &shown["permissions"], &shown["expires_at"]), (&json!("Night batch"), &json!(["customers:read"]), &json!(until)));
        let verdict = ask(json!({})).await;
        assert_eq!((&verdict["permissions"], &verdict["expires_at"]), (&json!(["customers:read"]), &json!(until)));
        let shown = change(&["--network", "203.0.113.7", "--network", "2001:db8::/32", "--origin", "HTTPS://App.example.com:443", "--rate-limit", "9/1m"]).await;
        assert_eq!(shown["networks"], json!(["203.0.113.7/32", "2001:db8::/32"]));
        assert_eq!((&shown["origins"], &shown["rate_limit"]), (&json!(["https://app.example.com"]), &json!("9/1m")));
        assert_eq!(shown["permissions"], json!(["customers:read"]), "what is not named stays");
        assert_eq!(ask(json!({})).await["code"], "network_not_allowed");
        let asked = json!({"source_ip": "2001:db8::1", "origin": "https://app.example.com"});
        assert_eq!(ask(asked).await["rate_limit"], json!({"limit": 9, "remaining": 8, "reset_s": 7}));

        change(&["--no-network"]).await;
        assert_eq!(ask(json!({})).await["code"], "origin_not_allowed");
        change(&["--no-origin"]).await;
        assert_eq!(ask(json!({})).await["rate_limit"]["limit"], 9);
        let shown = change(&["--no-rate-limit", "--no-expiry", "--permissions", ""]).await;
        assert_eq!((&shown["networks"], &shown["origins"], &shown["rate_limit"]), (&json!([]), &json!([]), &Value::Null));
        let verdict = ask(json!({})).await;
        assert_eq!((&verdict["code"], &verdict["rate_limit"], &verdict["expires_at"]), (&json!("valid"), &Value::Null, &Value::Null));
        assert_eq!(verdict["permissions"], json!([]));
        assert_eq!(ask(json!({"permissions": ["customers:read"]})).await["code"], "insufficient_permissions");
        assert_eq!(ask(json!({"permissions": []})).await["code"], "valid");
        assert_eq!(kw.refused(&["key", "change", &key.id, "--no-network", "--network", "10.0.0.0/8"], 2).await["code"], "usage");
    }

    async fn permissions_left_out_are_all_written_out_and_empty_ones_are_none(kw: Server) {
        let app = kw.application().await;
        let all = ["customers:read", "customers:write", "payouts:write", "transactions:read", "virtual-accounts:write", "webhooks:write"];
        let everything = kw.key(&app, &[]).await;
        let nothing = kw.key(&app, &["--permissions", ""]).await;
        assert_eq!(kw.done(&["key", "show", &everything.id]).await["permissions"], json!(all));
        kw.settled().await;
        assert_eq!(kw.verify(json!({"credential": everything.key, "permissions": all})).await["code"], "valid");
        assert_eq!(kw.verify(json!({"credential": nothing.key})).await["permissions"], json!([]));
        for permission in all {
            assert_eq!(kw.verify(json!({"credential": nothing.key, "permissions": [permission]})).await["code"], "insufficient_permissions");
        }
        let (field, message) = fault_of(kw.place(), &app.id, "Back end", &["--permissions", "payouts:write,payouts:wirte"]).await;
        assert_eq!(field, "permissions");
        assert!(message.contains("payouts:wirte") && all.iter().all(|known| message.contains(known)), "{message}");
        let problem = kw.refused(&["key", "change", &everything.id, "--permissions", "everything"], 2).await;
        let (field, message) = faults(&problem).remove(0);
        assert!(field == "permissions" && message.contains("webhooks:write"), "{problem}");
        assert_eq!(kw.done(&["key", "list", "--application", &app.id]).await.as_array().unwrap().len(), 2, "what was refused left a key");
    }

    async fn what_cannot_be_used_is_named_with_what_to_write_and_leaves_nothing(kw: Place) {
        kw.done(&["migrate"]).await;
        let app = kw.application().await;
        let head = kw.head().await;
        let long = "n".repeat(101);
        let many: Vec<String> = (0..101).flat_map(|n| ["--network".to_owned(), format!("10.0.0.{n}")]).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let cases: [(&str, &[&str], &str, &str); 16] = [
            ("Key", &["--expires-at", "2020-01-31T12:00:00Z"], "expires_at", "is not in the future"),
            ("Key", &["--expires-at", "2035-01-31T12:00:00"], "expires_at", "with a zone"),
            ("Key", &["--expires-at", "2035-01-31"], "expires_at", "with a zone"),
            ("Key", &["--expires-at", "next week"], "expires_at", "RFC 3339"),
            ("Key", &["--network", "10.0.0.0/33"], "networks", "CIDR"),
            ("Key", &["--network", "10.0.0.1/8"], "networks", "did you mean 10.0.0.0/8?"),
            ("Key", &["--network", "office"], "networks", "CIDR"),
            ("Key", &many, "networks", "at most 100"),
            ("Key", &["--origin", "app.example.com"], "origins", "https://app.example.com"),
            ("Key", &["--origin", "https://app.example.com/path"], "origins", "without a path"),
            ("Key", &["--rate-limit", "0/1s"], "rate_limit", "out of range"),
            ("Key", &["--rate-limit", "many"], "rate_limit", "100/1s"),
            (&long, &[], "name", "at most 100"),
            ("  ", &[], "name", "is empty"),
            ("bell\u{7}", &[], "name", "U+0007"),
            ("evil\u{202e}lacol", &[], "name", "U+202E"),
        ];
        for (name, flags, field, says) in cases {
            let (named, message) = fault_of(&kw, &app.id, name, flags).await;
            assert!(named == field && message.contains(says), "{name:?} {flags:?}: {named}: {message}");
        }
        // All that is wrong is named at once.
        let create = ["key", "create", "--application", &app.id, "--service", "business-api", "--environment", "live", "--name", ""];
        let problem = kw.refused(&[&create[..], &["--network", "x", "--origin", "x", "--rate-limit", "x", "--expires-at", "x", "--permissions", "x"]].concat(), 2).await;
        let fields: Vec<String> = faults(&problem).into_iter().map(|f| f.0).collect();
        assert_eq!(fields, ["environment", "name", "permissions", "expires_at", "networks", "origins", "rate_limit"]);
        for (arguments, field) in [
            (vec!["org", "create", "Acme\n", "--owner", "ann"], "owner"),
            (vec!["org", "create", "\u{200b}Acme", "--owner", "ann@example.com"], "name"),
            (vec!["app", "create", "--organisation", &app.organisation, "--name", "Shop", "--service", "shop"], "service"),
            (vec!["app", "create", "--organisation", &app.organisation, "--name", "Shop", "--service", "business-api", "--domain", "https://a.example.com"], "domain"),
            (vec!["resource-server", "create", "Gateway", "--services", "business-api,shop"], "services[1]"),
            (vec!["resource-server", "create", "Gateway", "--services", "business-api", "--environments", "live"], "environments[0]"),
        ] {
            let problem = kw.refused(&arguments, 2).await;
            assert_eq!(faults(&problem)[0].0, field, "{problem}");
        }
        assert_eq!(kw.head().await, head);
        assert_eq!(kw.done(&["key", "list", "--application", &app.id]).await, json!([]));
        assert_eq!(kw.done(&["resource-server", "list"]).await, json!([]));
    }

    async fn an_expiry_comes_nearer_or_moves_away_but_not_once_it_has_passed(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &["--expires-at", "2035-01-31T13:00:00+01:00"]).await;
        assert_eq!(kw.done(&["key", "show", &key.id]).await["expires_at"], "2035-01-31T12:00:00Z");
        assert_eq!(kw.refused(&["key", "change", &key.id, "--expires-at", &time_in(-5)], 2).await["errors"][0]["field"], "expires_at");
        let end = soon();
        kw.done(&["key", "change", &key.id, "--expires-at", &end]).await;
        kw.settled().await;
        wait_until("the key expires", async || kw.code(&key.key).await == "expired").await;
        // A verifier may be ahead of a command's clock by what a poll takes; it is never behind.
        wait_until("commands say so, too", async || kw.done(&["key", "show", &key.id]).await["state"] == "expired").await;
        for flags in [&["--expires-at", "2035-01-31T12:00:00Z"][..], &["--no-expiry"]] {
            assert_eq!(kw.refused(&[&["key", "change", &key.id], flags].concat(), 4).await["code"], "credential_ended");
        }
        let shown = kw.done(&["key", "show", &key.id]).await;
        assert_eq!((&shown["state"], &shown["expires_at"]), (&json!("expired"), &json!(end)));
    }

    async fn a_service_bounds_how_many_live_keys_there_are(kw: Place) {
        kw.done(&["migrate"]).await;
        let file = kw.directory().join("two.toml");
        let text = "brand = \"kw\"\n[service.business-api]\nname = \"B\"\nkinds = [\"api_key\"]\npermissions = { \"a:read\" = \"Read\" }\ncredentials_per_environment = 2\n";
        std::fs::write(&file, text).unwrap();
        kw.done(&["catalog", "apply", file.to_str().unwrap()]).await;
        let app = kw.application().await;
        let first = kw.key(&app, &[]).await;
        kw.key(&app, &[]).await;
        let create = ["key", "create", "--application", &app.id, "--service", "business-api", "--environment", "production", "--name", "Third"];
        let refusal = kw.refused(&create, 4).await;
        assert_eq!(refusal["code"], "credential_limit");
        assert!(refusal["detail"].as_str().unwrap().contains("2 live credentials for business-api in production"), "{refusal}");
        kw.key_in(&app, "sandbox", &[]).await;
        kw.rotate(&first, &[]).await;
        kw.done(&["key", "revoke", &first.id]).await;
        kw.key(&app, &[]).await;
    }
}
