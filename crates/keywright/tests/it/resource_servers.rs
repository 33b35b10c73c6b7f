//! Who may ask for verdicts, about what, and for how long.

use serde_json::{Value, json};

use crate::support::{Reply, Server, stories, wait_until};

async fn asked(kw: &Server, token: &str, question: Value) -> (u16, String) {
    let reply = kw.ask_as(token, question).await;
    (reply.status, reply.code())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

stories! {
    async fn a_token_is_for_its_services_and_environments_and_no_others(kw: Server) {
        let app = kw.application().await;
        let production = kw.key(&app, &[]).await;
        let sandbox = kw.key_in(&app, "sandbox", &[]).await;
        let made = kw.done(&["resource-server", "create", "Live", "--services", "business-api,payments"]).await;
        assert!(made["id"].as_str().unwrap().starts_with("rsv_"), "{made}");
        let live = made["token"].as_str().unwrap().to_owned();
        assert!(live.starts_with("kw_rs_"));
        let made = kw.done(&["resource-server", "create", "Both", "--services", "business-api", "--environments", "sandbox,production"]).await;
        let both = made["token"].as_str().unwrap().to_owned();
        kw.settled().await;

        // A question that names neither means all that the server is for: production alone unless it was said.
        assert_eq!(asked(&kw, &live, json!({"credential": production.key})).await, is(200, "valid"));
        assert_eq!(asked(&kw, &live, json!({"credential": sandbox.key})).await, is(200, "wrong_environment"));
        assert_eq!(asked(&kw, &live, json!({"credential": production.key, "service": "payments"})).await, is(200, "wrong_service"));
        assert_eq!(asked(&kw, &both, json!({"credential": sandbox.key})).await, is(200, "valid"));
        assert_eq!(asked(&kw, &both, json!({"credential": sandbox.key, "environment": "production"})).await, is(200, "wrong_environment"));
        for (token, beyond) in [
            (&live, json!({"credential": sandbox.key, "environment": "sandbox"})),
            (&live, json!({"credential": production.key, "service": "digital-id"})),
            (&live, json!({"credential": production.key, "service": "no-such-service"})),
            (&both, json!({"credential": production.key, "service": "payments"})),
        ] {
            let reply = kw.ask_as(token, beyond).await;
            assert_eq!(reply.problem(403), "beyond_resource_server");
        }
        let query = "service=payments";
        assert_eq!(kw.forward_key(query, &production.key).await.problem(403), "beyond_resource_server");
        let listed = kw.done(&["resource-server", "list"]).await;
        let names: Vec<&str> = listed.as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Live", "Both", "Gateway"], "oldest first");
        assert_eq!((&listed[0]["services"], &listed[0]["environments"]), (&json!(["business-api", "payments"]), &json!(["production"])));
        assert!(!listed.to_string().contains("kw_rs_"), "a token is shown once");
    }

    async fn a_token_rotates_with_an_overlap_and_ends_when_its_server_is_revoked(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        let made = kw.done(&["resource-server", "create", "Rotating", "--services", "business-api"]).await;
        let (id, first) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
        let rotate = async |overlap: &[&str]| {
            let made = kw.done(&[&["resource-server", "rotate", id], overlap].concat()).await;
            kw.settled().await;
            (made["token"].as_str().unwrap().to_owned(), made["previous_until"].clone())
        };
        let question = json!({"credential": key.key});
        let status = async |token: &str| kw.ask_as(token, question.clone()).await.status;
        let (second, until) = rotate(&[]).await;
        assert!(until.is_string(), "24 h by default");
        assert_eq!((status(first).await, status(&second).await), (200, 200));
        let (third, _) = rotate(&["--overlap", "1s"]).await;
        assert_eq!((status(first).await, status(&third).await), (401, 200), "an older one ends");
        wait_until("the overlap ends", async || status(&second).await == 401).await;
        let (fourth, until) = rotate(&["--overlap", "0s"]).await;
        assert_eq!((until, status(&third).await, status(&fourth).await), (Value::Null, 401, 200));
        assert_eq!(kw.refused(&["resource-server", "rotate", id, "--overlap", "31d"], 2).await["code"], "invalid");
        kw.restart().await;
        for (token, status) in [(&third, 401), (&fourth, 200)] {
            assert_eq!(kw.ask_as(token, question.clone()).await.status, status, "after a restart");
        }

        assert!(kw.done(&["resource-server", "revoke", id]).await["revoked_at"].is_string());
        kw.settled().await;
        assert_eq!(kw.ask_as(&fourth, question.clone()).await.problem(401), "invalid_token");
        assert_eq!(kw.refused(&["resource-server", "rotate", id], 4).await["code"], "resource_server_revoked");
        assert_eq!(kw.refused(&["resource-server", "revoke", "rsv_01HX9KZMB3F7VNQP8R2WDGT4E5"], 3).await["code"], "not_found");
    }

    async fn a_key_is_no_token_and_a_token_is_no_key(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        let token = kw.token().await.to_owned();
        kw.settled().await;
        let question = json!({"credential": key.key});
        let other = if token.ends_with('x') { "y" } else { "x" };
        for wrong in [key.key.as_str(), "kw_rs_nonsense", "", &format!("{}{other}", &token[..token.len() - 1]), &token.to_uppercase()] {
            let reply = kw.ask_as(wrong, question.clone()).await;
            assert_eq!(reply.problem(401), "invalid_token", "{wrong}");
            assert!(reply.header("www-authenticate").unwrap().starts_with(r#"Bearer realm="keywright""#), "{reply:?}");
        }
        let bare = kw.http.post(kw.url("/verify")).json(&question);
        assert_eq!(Reply::of(bare).await.problem(401), "invalid_token");
        let basic = kw.http.post(kw.url("/verify")).basic_auth("gateway", Some(&token)).json(&question);
        assert_eq!(Reply::of(basic).await.problem(401), "invalid_token");
        assert_eq!(kw.code(&token).await, "malformed");
        assert_eq!(kw.forward_key("service=business-api", &token).await.problem(401), "credential_refused");

        // At the gateway's door the token has a header of its own; one in the place of the customer's key is none.
        let forward = kw.url("/verify/forward?service=business-api");
        for request in [kw.http.get(&forward).bearer_auth(&key.key), kw.http.get(&forward).bearer_auth(&token), kw.http.get(&forward).header("Keywright-Token", &key.key).bearer_auth(&key.key)] {
            assert_eq!(Reply::of(request).await.problem(401), "invalid_token");
        }
        let found = kw.cli_with_stdin(&["key", "find", "--json"], &token).await.exits(2).problem();
        assert!(found["detail"].as_str().unwrap().contains("resource-server list"), "{found}");
        assert!(!found.to_string().contains(&token));
    }
}
