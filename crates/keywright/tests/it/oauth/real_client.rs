//! A client of others, unmodified: npm `openid-client`.

use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use super::client;
use crate::browser::scripts;
use crate::support::stories;

stories! {
    async fn openid_client_finds_its_way_and_proves_itself_in_three_ways(kw: Server) {
        let shop = client(&kw, &["--token-form", "opaque"]).await;
        let organisation = kw.organisation().await;
        let app = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Door", "--service", "digital-id"]).await;
        let create = ["key", "create", "--application", app["id"].as_str().unwrap(), "--service", "digital-id", "--environment", "sandbox", "--name", "Door"];
        let pair = kw.done(&[&create[..], &["--key-type", "p-256"]].concat()).await;
        kw.settled().await;
        let clients = json!([
            { "id": shop.id, "secret": shop.secret, "resource": "rest-apis", "methods": ["client_secret_basic", "client_secret_post"] },
            { "id": pair["sdk_id"], "pem": pair["private_key_pem"], "resource": "digital-id/sandbox", "methods": ["private_key_jwt"] },
        ]);
        let mut command = Command::new("node");
        command.arg(scripts().join("client-openid.mjs")).env("CLIENT", json!({ "base": kw.address, "clients": clients }).to_string());
        command.stdin(Stdio::null()).kill_on_drop(true);
        let told = kw.run(command, b"", &[]).await.exits(0).json();
        let expected = [("client_secret_basic", json!(shop.id)), ("client_secret_post", json!(shop.id)), ("private_key_jwt", pair["sdk_id"].clone())];
        assert_eq!(told.as_array().unwrap().len(), expected.len());
        for (told, (method, id)) in told.as_array().unwrap().iter().zip(expected) {
            assert_eq!((&told["method"], &told["type"], &told["expires"]), (&json!(method), &json!("bearer"), &json!(3_600)), "{told}");
            assert_eq!((&told["before"], &told["client"], &told["after"]), (&json!(true), &id, &json!(false)), "{told}");
            assert_eq!(told["refused"], json!({"error": "invalid_scope", "status": 400}), "{told}");
        }
    }
}
