//! Organisations and their programs at the command line: review, services on request, management tokens.

use serde_json::json;

use crate::support::stories;

stories! {
    async fn a_token_is_shown_once_and_is_never_a_customers_credential(kw: Server) {
        let organisation = kw.organisation().await;
        let create = ["token", "create", "--organisation", &organisation, "--name", "Pipeline", "--grants", "edit_settings,view", "--expires-at", "2999-01-01T00:00:00Z"];
        let made = kw.done(&create).await;
        let (id, token) = (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned());
        assert_eq!(made.as_object().unwrap().len(), 2, "{made}");
        assert!(id.starts_with("mgt_") && token.starts_with("kw_mgmt_"), "{id}");
        kw.settled().await;
        assert_ne!(kw.code(&token).await, "valid");
        let listed = kw.done(&["token", "list", "--organisation", &organisation]).await;
        assert_eq!((&listed[0]["grants"], &listed[0]["revoked_at"]), (&json!(["edit_settings", "view"]), &json!(null)));
        assert!(!listed.to_string().contains(&token[9..]), "a list shows a secret");
        assert_ne!(kw.done(&["token", "revoke", &id]).await["revoked_at"], json!(null));
        kw.done(&["token", "revoke", &id]).await;
        assert_ne!(kw.done(&["token", "list", "--organisation", &organisation]).await[0]["revoked_at"], json!(null));
    }

    async fn what_a_token_cannot_be_is_said(kw: Server) {
        let organisation = kw.organisation().await;
        let problem = kw.refused(&["token", "create", "--organisation", &organisation, "--name", "x", "--grants", "owner", "--expires-at", "2020-01-01T00:00:00Z"], 2).await;
        let fields: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!((problem["code"].as_str(), fields), (Some("invalid"), vec!["grants[0]", "expires_at"]));
        kw.refused(&["token", "revoke", "mgt_01HX9KZMB3F7VNQP8R2WDGT4E5"], 3).await;
        kw.refused(&["token", "list", "--organisation", "org_01HX9KZMB3F7VNQP8R2WDGT4E5"], 3).await;
    }

    async fn an_organisation_is_reviewed_and_given_a_service(kw: Server) {
        let organisation = kw.organisation().await;
        let problem = kw.refused(&["org", "hand-back", &organisation, "--remark", "Which company?"], 4).await;
        assert_eq!(problem["code"], "review_state");
        assert_eq!(kw.done(&["org", "verify", &organisation]).await["review"], "verified");
        assert_eq!(kw.done(&["org", "hand-back", &organisation, "--remark", "Which company?"]).await["review"], "draft");
        let shown = kw.done(&["org", "show", &organisation]).await;
        assert_eq!((&shown["profile"]["remark"], &shown["review"]), (&json!("Which company?"), &json!("draft")));
        kw.refused(&["org", "allow", &organisation, "business-api"], 2).await;

        let catalogue = "[service.maps]\nname = \"Maps\"\nkinds = [\"api_key\"]\navailability = \"on_request\"\npermissions = { a = \"A\", b = \"B\" }\n\
                         [service.business-api]\nname = \"Business API\"\nkinds = [\"api_key\"]\nproduction_requires = []\n";
        let file = kw.directory().join("catalog.toml");
        std::fs::write(&file, catalogue).unwrap();
        let file = file.to_str().unwrap().to_owned();
        kw.done(&["catalog", "apply", &file]).await;
        let create = ["app", "create", "--organisation", &organisation, "--name", "Map", "--service", "maps"];
        assert!(kw.refused(&create, 2).await["detail"].as_str().unwrap().contains("ask the provider"));
        assert_eq!(kw.done(&["org", "allow", &organisation, "maps", "--permissions", "a"]).await["permissions"], json!(["a"]));
        let application = kw.done(&create).await["id"].as_str().unwrap().to_owned();
        let key = ["key", "create", "--application", &application, "--service", "maps", "--environment", "sandbox", "--name", "k"];
        let made = kw.done(&key).await;
        assert_eq!(kw.done(&["key", "show", made["id"].as_str().unwrap()]).await["permissions"], json!(["a"]));
        kw.done(&["org", "disallow", &organisation, "maps"]).await;
        kw.refused(&key, 2).await;
    }
}
