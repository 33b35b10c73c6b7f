//! How access tokens are signed: in the way that their service says, checked by a library of others.

use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use super::{client_of, declare_services};
use crate::browser::scripts;
use crate::support::{stories, wait_until};

stories! {
    async fn a_resource_server_checks_tokens_of_each_way_by_the_key_set(kw: Server) {
        declare_services(&kw).await;
        let mut tokens = Vec::new();
        let services = [("orders", "ES256"), ("tickets", "RS256"), ("rooms", "EdDSA")];
        let mut clients = Vec::new();
        for (service, alg) in services {
            let client = client_of(&kw, service, &[]).await;
            kw.settled().await;
            // The key for a service that is new is made within a second or two.
            wait_until("there is a key to sign with", async || client.ask(&kw, &[]).await.status == 200).await;
            let token = client.token(&kw).await;
            let verdict = client.verify(&kw, &token).await;
            assert_eq!((&verdict["code"], &verdict["service"]), (&json!("valid"), &json!(service)), "{verdict}");
            tokens.push(json!({ "token": token, "audience": format!("{}/services/{service}", kw.address), "alg": alg }));
            clients.push(client);
        }
        let mut command = Command::new("node");
        command.arg(scripts().join("client-jose.mjs")).env("TOKENS", json!({ "base": kw.address, "tokens": tokens }).to_string());
        command.stdin(Stdio::null()).kill_on_drop(true);
        let told = kw.run(command, b"", &[]).await.exits(0).json();
        for ((told, client), (service, alg)) in told.as_array().unwrap().iter().zip(&clients).zip(services) {
            assert_eq!((&told["header"]["alg"], &told["header"]["typ"]), (&json!(alg), &json!("at+jwt")), "{told}");
            assert_eq!((&told["claims"]["client_id"], &told["claims"]["sub"]), (&json!(client.id), &json!(client.id)), "{service}");
            assert_eq!(told["refused"], json!(["ERR_JWT_CLAIM_VALIDATION_FAILED", "ERR_JOSE_ALG_NOT_ALLOWED", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"]), "{told}");
        }
    }
}
