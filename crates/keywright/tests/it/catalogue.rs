//! The provider's own catalogue: checked, applied, and in force on a running server.

use serde_json::{Value, json};

use crate::support::{Place, stories};

const MAPS: &str = r#"brand = "acme"
earlier_brands = ["kw"]

[service.maps]
name = "Acme Maps"
kinds = ["api_key"]
permissions = { "tiles:read" = "Read map tiles", "routes:plan" = "Plan routes" }
rate_limit = { requests = 3, per = "1h" }
rotation = { default = "immediate" }
"#;

fn file(kw: &Place, text: &str) -> String {
    let path = kw.directory().join("catalog.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

stories! {
    async fn faults_are_named_with_line_and_column_all_at_once_and_nothing_is_applied(kw: Place) {
        kw.done(&["migrate"]).await;
        let head = kw.head().await;
        let wrong = MAPS.replace("acme", "A").replace("[\"api_key\"]", "[\"api_kee\"]").replace("name = \"Acme Maps\"", "name = \"\"\nnmae = 1");
        let wrong = file(&kw, &wrong);
        for command in ["check", "apply"] {
            let problem = kw.refused(&["catalog", command, &wrong], 2).await;
            let places: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
            for place in ["line 1, column 9", "line 5, column 8", "line 6, column 1", "line 7, column 10"] {
                assert!(places.contains(&place), "{place}: {problem}");
            }
            let says = problem["errors"].to_string();
            assert!(says.contains("api_kee") && says.contains("oauth_client") && says.contains("nmae"), "{says}");
        }
        // Not even TOML.
        let problem = kw.refused(&["catalog", "check", &file(&kw, "brand = \"kw\"\n[service.maps\n")], 2).await;
        assert!(problem["errors"][0]["field"].as_str().unwrap().starts_with("line 2, column "), "{problem}");
        let people = kw.cli(&["catalog", "check", &file(&kw, "brand = \"kw\"\n[service.maps\n")]).await.exits(2);
        assert!(people.stderr.contains("line 2"), "{people:?}");
        assert_eq!(kw.head().await, head);
        let checked = kw.done(&["catalog", "check", &file(&kw, MAPS)]).await;
        assert_eq!((&checked["brand"], &checked["services"]), (&json!("acme"), &json!(["maps"])));
        assert_eq!(kw.head().await, head, "a check changes nothing");
    }

    async fn what_a_live_key_holds_is_not_dropped_and_the_refusal_lists_it(kw: Place) {
        kw.done(&["migrate"]).await;
        let app = kw.application().await;
        let holds = kw.key(&app, &["--permissions", "payouts:write,customers:read"]).await;
        let holds_not = kw.key(&app, &["--permissions", "payouts:write"]).await;
        let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
        let without: String = shown.lines().filter(|l| !l.starts_with("\"customers:read\"")).map(|l| format!("{l}\n")).collect();
        assert_ne!(shown, without);
        let refusal = kw.refused(&["catalog", "apply", &file(&kw, &without)], 4).await;
        let detail = refusal["detail"].as_str().unwrap();
        assert_eq!(refusal["code"], "catalogue_drops");
        assert!(detail.contains(&holds.id) && detail.contains("customers:read") && !detail.contains(&holds_not.id), "{detail}");
        let refusal = kw.refused(&["catalog", "apply", &file(&kw, MAPS)], 4).await;
        let detail = refusal["detail"].as_str().unwrap();
        assert!(detail.contains(&holds.id) && detail.contains(&holds_not.id) && detail.contains("service business-api"), "{detail}");
        let refusal = kw.refused(&["catalog", "apply", &file(&kw, &shown.replace("brand = \"kw\"", "brand = \"acme\""))], 4).await;
        assert!(refusal["detail"].as_str().unwrap().contains("earlier_brands"), "{refusal}");
        assert_eq!(kw.done(&["catalog", "show"]).await["toml"], json!(shown), "what was refused is not in force");
        // Nobody holds it any more: by a change, and by an end.
        kw.done(&["key", "change", &holds.id, "--permissions", "payouts:write"]).await;
        assert_eq!(kw.done(&["catalog", "apply", &file(&kw, &without)]).await["changed"], true);
        kw.done(&["key", "revoke", &holds.id]).await;
        kw.done(&["key", "revoke", &holds_not.id]).await;
        assert_eq!(kw.done(&["catalog", "apply", &file(&kw, MAPS)]).await["services"], json!(["maps"]));
    }

    async fn an_applied_catalogue_is_in_force_on_a_running_server(kw: Server) {
        let app = kw.application().await;
        let old = kw.key(&app, &[]).await;
        let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
        // A permission more: whoever has a key has what there was when it was made.
        let more = shown.replace("[service.business-api.permissions]\n", "[service.business-api.permissions]\n\"refunds:write\" = \"Give money back\"\n");
        let more = more.replace("brand = \"kw\"", "brand = \"acme\"\nearlier_brands = [\"kw\"]") + MAPS.split_once("\n\n").unwrap().1;
        let applied = kw.done(&["catalog", "apply", &file(&kw, &more)]).await;
        assert_eq!(applied["changed"], true);
        kw.settled().await;
        let ask = async |token: &str, key: &str, permission: &str| -> Value {
            kw.ask_as(token, json!({"credential": key, "permissions": [permission]})).await.json()
        };
        let gateway = kw.token().await.to_owned();
        assert_eq!(ask(&gateway, &old.key, "refunds:write").await["code"], "insufficient_permissions");
        assert_eq!(ask(&gateway, &old.key, "payouts:write").await["code"], "valid", "the earlier brand is still known");
        let new = kw.key(&app, &[]).await;
        assert!(new.key.starts_with("acme_live_"));
        kw.settled().await;
        assert_eq!(ask(&gateway, &new.key, "refunds:write").await["code"], "valid");

        // A service that was not there when the server started, with a rate limit and a policy of its own.
        let made = kw.done(&["app", "create", "--organisation", &app.organisation, "--name", "Maps", "--service", "maps"]).await;
        let maps = made["id"].as_str().unwrap();
        let activated = kw.done(&["app", "activate", maps]).await;
        assert_eq!(activated["missing"], json!(["maps asks for details: a domain, which users see the application under"]));
        let key = kw.done(&["key", "create", "--application", maps, "--service", "maps", "--environment", "production", "--name", "Maps"]).await;
        let server = kw.done(&["resource-server", "create", "Maps", "--services", "maps"]).await;
        let token = server["token"].as_str().unwrap();
        kw.settled().await;
        let verdict = ask(token, key["key"].as_str().unwrap(), "tiles:read").await;
        assert_eq!((&verdict["code"], &verdict["service"], &verdict["rate_limit"]["limit"]), (&json!("valid"), &json!("maps"), &json!(3)));
        let rotated = kw.done(&["key", "rotate", key["id"].as_str().unwrap()]).await;
        assert_eq!(rotated["previous_until"], Value::Null, "immediate, as the catalogue says");
        kw.settled().await;
        assert_eq!(ask(token, key["key"].as_str().unwrap(), "tiles:read").await["code"], "retired_version");
        // The limit is the credential's, so a rotation does not fill it up.
        let verdict = ask(token, rotated["key"].as_str().unwrap(), "tiles:read").await;
        assert_eq!((&verdict["code"], &verdict["version"]), (&json!("valid"), &json!(2)));

        kw.restart().await;
        let verdict = kw.ask_as(token, json!({"credential": rotated["key"], "permissions": ["routes:plan"]})).await.json();
        assert_eq!(verdict["code"], "valid");
    }
}
