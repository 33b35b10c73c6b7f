//! Everything else: health, metrics, what is published, what does not exist, and the end.

use keywright_crypto::proof::ProofPublicKey;
use keywright_web::Settings;
use serde_json::json;

use crate::support::{World, settings};

#[tokio::test]
async fn what_does_not_exist_is_a_problem_and_other_methods_are_named() {
    let mut world = World::new();
    world.start(settings()).await;
    for path in ["/", "/verify/", "/verify/x", "/verifyx", "//verify", "/livez/", "/api/v1/business/api-keys"] {
        world.get(path).await.problem(404, "not_found");
    }
    for (method, path, allow) in [
        ("GET", "/verify", "POST"),
        ("PUT", "/verify/batch", "POST"),
        ("POST", "/livez", "GET, HEAD"),
        ("DELETE", "/metrics", "GET, HEAD"),
        ("POST", "/readyz", "GET, HEAD"),
        ("POST", "/.well-known/keywright.json", "GET, HEAD"),
    ] {
        let reply = world.connect().await.request(&format!("{method} {path}"), &[], b"").await;
        reply.problem(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some(allow), "{method} {path}");
    }
}

#[tokio::test]
async fn readiness_names_each_role_and_its_reason() {
    let mut world = World::new();
    world.start(Settings { hub: true, ..settings() }).await;
    assert_eq!(world.get("/livez").await.status, 200);
    let reply = world.get("/readyz").await;
    assert_eq!(reply.status, 503, "the hub's store is away");
    let body = reply.json();
    assert_eq!((body["ready"].as_bool(), body["verifier"]["ready"].as_bool(), body["hub"]["ready"].as_bool()), (Some(false), Some(true), Some(false)));
    assert_eq!(body["hub"]["reason"], "the store is away: start it");
    assert_eq!((body["verifier"]["position"].as_u64(), body["verifier"]["reason"].is_null()), (Some(world.position()), true));
}

#[tokio::test]
async fn metrics_count_verdicts_by_service_and_code() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    for _ in 0..3 {
        world.verify(&json!({"credential": key.expose()})).await;
    }
    world.verify(&json!({"credential": "x"})).await;
    let reply = world.get("/metrics").await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    for line in [
        r#"keywright_verdicts_total{service="business-api",code="valid"} 3"#,
        r#"keywright_verdicts_total{service="business-api",code="malformed"} 1"#,
        "keywright_verdict_duration_seconds_count 4",
        r#"keywright_verdict_duration_seconds_bucket{le="+Inf"} 4"#,
        "keywright_position 88121",
        "keywright_lag 0",
        "keywright_stale 0",
        "keywright_usage_backlog 3",
        "keywright_replica_versions 1",
        concat!(r#"keywright_build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
        "# EOF",
    ] {
        assert!(reply.body.lines().any(|l| l == line), "{line}\n{}", reply.body);
    }
    assert!(reply.body.contains("process_resident_memory_bytes ") && reply.body.contains("keywright_lease_left_seconds "));
    assert!(!reply.body.contains("keywright_writer_queue"), "this node has none");
    assert!(!reply.body.contains(key.expose()));
}

#[tokio::test]
async fn the_key_that_signs_proofs_is_published() {
    let mut world = World::new();
    world.start(settings()).await;
    let reply = world.get("/.well-known/keywright.json").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    assert!(ProofPublicKey::from_jwk(&reply.json()["proof_keys"]["keys"][0]).is_ok(), "{}", reply.body);
}

#[tokio::test]
async fn another_host_is_refused_but_not_to_machines() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(Settings { public_url: Some("https://keys.acme.example".into()), ..settings() }).await;
    // The client calls itself a client of 127.0.0.1.
    world.get("/.well-known/keywright.json").await.problem(421, "misdirected_request");
    world.get("/nothing").await.problem(421, "misdirected_request");
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
    assert_eq!(world.verify(&json!({"credential": key.expose()})).await.code(), "valid");
    let mut client = world.connect().await;
    client.send(b"GET /.well-known/keywright.json HTTP/1.1\r\nhost: keys.acme.example\r\n\r\n").await;
    let reply = client.reply().await;
    assert_eq!((reply.status, reply.json()["issuer"].as_str()), (200, Some("https://keys.acme.example")));
}

#[tokio::test]
async fn stopping_lets_an_open_request_end_and_takes_no_new_ones() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let mut idle = world.connect().await;
    assert_eq!(idle.request("GET /livez", &[], b"").await.status, 200);
    let body = json!({"credential": key.expose()}).to_string();
    let mut open = world.connect().await;
    let head = format!("POST /verify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n", world.token.expose());
    open.send(format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes()).await;
    world.get("/livez").await;
    world.stop();
    open.send(body.as_bytes()).await;
    assert_eq!(open.reply().await.code(), "valid");
    world.served.take().unwrap().await.unwrap();
    assert!(idle.ended().await && open.ended().await);
}
