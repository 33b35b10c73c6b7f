//! Nodes that do one thing only, and a verifier whose database role may do no more than that.

use std::path::Path;

use keywright_store::Location;
use keywright_store::testing::{TestPlace, shared};
use serde_json::json;

use super::kit::{count, detail, does_not_serve, says, tamper};
use crate::support::{Place, Server, stories, wait_until};

stories! {
    async fn a_hub_gives_no_verdicts_and_says_so(kw: Place) {
        let hub = kw.serve(&["--role", "hub"]).await;
        let reply = hub.ask_as("kw_rs_x", json!({ "credential": "kw_live_x" })).await;
        assert_eq!(reply.problem(404), "not_found");
        says(&reply.body, &["This node does not verify", "--role hub"]);
        assert_eq!(hub.get("/verify/forward?service=business-api").await.status, 404);
        let ready = hub.get("/readyz").await;
        assert_eq!((ready.status, &ready.json()["verifier"]), (200, &serde_json::Value::Null));
        let listed = kw.done(&["verifiers"]).await;
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["role"]), (1, &json!("hub")), "what it says of tokens is under the promise: {listed}");
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        let revoked = kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
        assert_eq!((revoked["verifiers"].as_array().unwrap().len(), &revoked["verifiers"][0]["id"]), (1, &ready.json()["oauth2"]["id"]), "{revoked}");
    }
}

/// A verifier of the place without a master key, connected as this user of the database.
async fn verifier(kw: &Place, user: &str) -> Server {
    let Location::Postgres(url) = kw.store().location() else { panic!("not PostgreSQL") };
    let url = url.replace("//postgres@", &format!("//{user}@"));
    let place = Place::given(TestPlace::of(Location::Postgres(url.clone()))).await;
    let key = kw.done(&["verification-key"]).await["verification_key"].as_str().unwrap().to_owned();
    let variables = [("KEYWRIGHT_MASTER_KEY", "never read"), ("KEYWRIGHT_VERIFICATION_KEY", key.as_str())];
    let server = place.spawn("node-v", &["--role", "verifier"], &variables).await;
    server.until_ready().await;
    server
}

/// The statements of the page about operations.
fn grants() -> String {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md")).unwrap();
    let block = page.split("```sql\n").find(|block| block.starts_with("CREATE ROLE keywright_verifier")).expect("the recipe is on the page");
    block.split_once("```").unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verifier_works_with_the_rights_of_the_page_and_has_no_others() {
    let kw = Place::given(TestPlace::postgres()).await;
    let Location::Postgres(url) = kw.store().location() else { panic!("not PostgreSQL") };
    let database = url.rsplit('/').next().unwrap().to_owned();
    shared().sql(&database, &grants());
    let mut hub = kw.serve(&["--role", "hub"]).await;
    let app = kw.application().await;
    let key = kw.key(&app, &[]).await;
    let token = kw.token().await.to_owned();
    let mut verifier = verifier(&kw, "keywright_verifier").await;
    let code = async |server: &Server, secret: &str| server.ask_as(&token, json!({ "credential": secret })).await.code();

    // It follows, is waited for, and counts.
    wait_until("the verifier has caught up", async || code(&verifier, &key.key).await == "valid").await;
    wait_until("its counts are put down", async || kw.done(&["key", "show", &key.id]).await["last_used_at"].is_string()).await;
    let pending = kw.rotate(&key, &["--policy", "on_first_use"]).await;
    wait_until("the verifier knows the new version", async || code(&verifier, &pending.key).await == "valid").await;
    wait_until("the hub activates what the verifier saw", async || {
        let shown = kw.done(&["key", "show", &key.id]).await;
        shown["versions"].as_array().unwrap().iter().any(|v| v["version"] == 2 && v["state"] == "active")
    })
    .await;
    let revoked = kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
    let waited_for = revoked["verifiers"].as_array().unwrap();
    assert!(waited_for.len() == 2 && waited_for.iter().all(|v| v["position"].is_u64()), "both have reported: {revoked}");
    assert_eq!(code(&verifier, &pending.key).await, "revoked");

    // What it may not do.
    let as_verifier = |sql: &str| {
        let port = shared().port().to_string();
        let mut command = std::process::Command::new("psql");
        command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port, "-U", "keywright_verifier", "-d", &database, "-c", sql]);
        let ran = command.output().unwrap();
        (ran.status.success(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    // A busy node's counts come in one piece, which a quiet story does not make.
    for sql in [
        "BEGIN; INSERT INTO usage_segment (node, folded, data, at_us) VALUES ('story', 0, '', 0); ROLLBACK",
        "BEGIN; INSERT INTO nonce (key, until_us, claim) VALUES ('story', 0, 0) ON CONFLICT (key) DO NOTHING; ROLLBACK",
        "BEGIN; INSERT INTO nonce_ahead (key, created_us, until_us, claim) VALUES ('story', 0, 0, 0) ON CONFLICT (key) DO NOTHING; ROLLBACK",
        "BEGIN; INSERT INTO nonce_memory (id, born_us) VALUES (1, 0) ON CONFLICT (id) DO NOTHING; ROLLBACK",
    ] {
        let (may, said) = as_verifier(sql);
        assert!(may, "{sql}: {said}");
    }
    for sql in [
        "UPDATE credential SET state = 'active'",
        "INSERT INTO version SELECT * FROM version",
        "DELETE FROM credential",
        "UPDATE version SET state = 'active'",
        "UPDATE head SET position = 0",
        "INSERT INTO change_log SELECT * FROM change_log",
        "DELETE FROM change_log",
        "UPDATE installation SET lease_ms = 10000",
        "INSERT INTO audit SELECT * FROM audit",
        "SELECT * FROM audit",
        "SELECT * FROM audit_personal",
        "SELECT * FROM person",
        "SELECT * FROM member",
        "SELECT * FROM usage_segment",
        "SELECT sealed FROM signing_key",
        "DELETE FROM ended_token",
        "DELETE FROM usage",
        "DELETE FROM nonce",
        "DELETE FROM nonce_ahead",
        "UPDATE nonce_memory SET born_us = 0",
        "UPDATE resource_server_token SET until_us = NULL",
        "UPDATE catalogue SET text = ''",
        "UPDATE organisation SET suspended = false",
        "CREATE TABLE mine (id BIGINT)",
    ] {
        let (may, said) = as_verifier(sql);
        assert!(!may && said.contains("permission denied"), "{sql}: {said}");
    }

    let log = verifier.stderr();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    assert!(verifier.terminate().await.success());
    let left = kw.done(&["verifiers"]).await;
    assert_eq!((left.as_array().unwrap().len(), &left[0]["role"]), (1, &json!("hub")), "it takes its row along");
    assert!(hub.terminate().await.success());
}

#[tokio::test]
async fn a_verifier_without_a_hub_verifies_and_keeps_no_house() {
    let kw = Place::given(TestPlace::postgres()).await;
    // Somebody who went away long ago: whoever keeps house forgets it.
    kw.serve(&["--role", "hub"]).await.terminate().await;
    let store = kw.store().open().await;
    tamper(&store, "INSERT INTO verifier SELECT 'vrf_01HX9KZMB3F7VNQP8R2WDGT4E5', 'gone', 'all', 'story', epoch, 0, 0, 0 FROM installation").await;
    let app = kw.application().await;
    let key = kw.key(&app, &[]).await;
    let token = kw.token().await.to_owned();
    let mut verifier = verifier(&kw, "postgres").await;
    wait_until("it gives verdicts", async || verifier.ask_as(&token, json!({ "credential": key.key })).await.code() == "valid").await;
    // Counts are put down each second: by then whoever kept house would have begun.
    wait_until("its counts are put down", async || kw.done(&["key", "show", &key.id]).await["last_used_at"].is_string()).await;
    let gone = "SELECT count(*) FROM verifier WHERE node = 'gone'";
    assert_eq!(count(&store, gone).await, 1, "a verifier keeps no house");
    verifier.terminate().await;
    let _hub = kw.serve(&["--role", "hub"]).await;
    wait_until("a hub does", async || count(&store, gone).await == 0).await;
}

#[tokio::test]
async fn a_verifier_makes_no_tables_with_rights_that_do_not_suffice() {
    let kw = super::kit::place_on(shared(), "keywright_unmade").await;
    shared().sql("postgres", "CREATE ROLE nobodys_verifier LOGIN");
    let Location::Postgres(url) = kw.store().location() else { panic!("not PostgreSQL") };
    let place = Place::given(TestPlace::of(Location::Postgres(url.replace("//postgres@", "//nobodys_verifier@")))).await;
    says(&does_not_serve(&place, &["--role", "verifier"], &[], 5).await, &["keywright_unmade", "permission denied"]);
    kw.done(&["migrate"]).await;
    let ran = place.cli(&["org", "list", "--json"]).await.exits(5);
    says(&detail(&ran), &["permission denied", "schema_version"]);
    shared().sql("postgres", "DROP DATABASE keywright_unmade WITH (FORCE)");
}
