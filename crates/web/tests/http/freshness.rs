//! A replica that cannot prove that it is fresh gives no verdict, and says why.

use std::sync::Arc;

use keywright_domain::catalogue;
use keywright_domain::change::Record;
use serde_json::json;

use crate::support::{World, settings};

#[tokio::test]
async fn a_stale_replica_answers_503_on_every_way_and_recovers() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let question = json!({"credential": key.expose()});
    let batch = json!({"questions": [question]}).to_string();
    let bearer = format!("Bearer {}", key.expose());
    assert_eq!(world.verify(&question).await.code(), "valid");

    world.pass(5_000);
    for question in [&question, &json!({"credential": "typo"})] {
        let reply = world.verify(question).await;
        let document = reply.problem(503, "verification_unavailable");
        assert!(document["detail"].as_str().unwrap().contains("see that the store is reachable"), "{document}");
        assert_eq!(reply.header("retry-after"), Some("1"));
    }
    world.post("/verify/batch", batch.as_bytes()).await.problem(503, "verification_unavailable");
    for credential in [bearer.as_str(), "Bearer typo"] {
        let reply = world.forward("", &[("authorization", credential)]).await;
        reply.problem(503, "verification_unavailable");
        assert_eq!((reply.header("retry-after"), reply.header("www-authenticate")), (Some("1"), None));
        assert!(!reply.body.contains("store"), "a client is not told what is wrong inside: {}", reply.body);
    }
    // A token that is new elsewhere is unknown here: that is an outage, not a bad token. None at all stays one.
    world.post_as("kw_rs_new", "/verify", b"{}").await.problem(503, "verification_unavailable");
    world.connect().await.request("POST /verify", &[], b"{}").await.problem(401, "invalid_token");
    let ready = world.get("/readyz").await;
    assert_eq!((ready.status, ready.json()["ready"].as_bool()), (503, Some(false)));
    assert!(ready.json()["verifier"]["reason"].as_str().unwrap().contains("reachable"));

    world.renew();
    assert_eq!(world.verify(&question).await.code(), "valid");
    assert_eq!(world.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_lease_that_ends_while_the_answer_is_made_is_noticed() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    // The request is read within the lease, and its verdict would be handed over after it.
    world.renew();
    world.step(1_500);
    world.verify(&json!({"credential": key.expose()})).await.problem(503, "verification_unavailable");
}

#[tokio::test]
async fn a_service_that_says_so_is_answered_over_a_lost_lease_and_the_verdict_says_how_old_it_is() {
    let mut world = World::new();
    let text =
        "brand = \"kw\"\n[service.business-api]\nname = \"B\"\nkinds = [\"api_key\"]\npermissions = { \"payouts:write\" = \"Pay\" }\non_stale = \"serve\"\n";
    world.change(Record::Catalogue(Arc::new(catalogue::parse(text).unwrap().0)));
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let question = json!({"credential": key.expose()});
    assert!(world.verify(&question).await.json().get("stale_s").is_none());
    world.pass(60_000);
    let verdict = world.verify(&question).await.json();
    assert_eq!((verdict["code"].as_str(), verdict["stale_s"].as_u64()), (Some("valid"), Some(60)), "{verdict}");
    // What a fresh replica might see otherwise is still an outage.
    world.verify(&json!({"credential": key.expose(), "service": "payments"})).await.problem(503, "verification_unavailable");
    world.post_as("kw_rs_new", "/verify", b"{}").await.problem(503, "verification_unavailable");
}

#[tokio::test]
async fn before_the_first_load_and_before_the_first_proof_nothing_is_answered() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    let question = json!({"credential": key.expose()});
    world.serve(settings()).await;
    world.verify(&question).await.problem(503, "verification_unavailable");
    world.load();
    world.verify(&question).await.problem(503, "verification_unavailable");
    world.renew();
    assert_eq!(world.verify(&question).await.code(), "valid");
}

#[tokio::test]
async fn a_question_waits_for_its_position_and_not_for_ever() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let at = world.position();
    assert_eq!(world.verify(&json!({"credential": key.expose(), "min_position": at})).await.code(), "valid");

    world.step(10);
    let reply = world.verify(&json!({"credential": key.expose(), "min_position": at + 1})).await;
    let document = reply.problem(503, "verification_unavailable");
    assert!(document["detail"].as_str().unwrap().contains(&format!("position {at} and did not reach {}", at + 1)), "{document}");
    assert_eq!(reply.header("retry-after"), Some("1"));

    world.step(0);
    world.renew();
    let mut waiting = world.connect().await;
    let body = json!({"questions": [{"credential": key.expose(), "min_position": at + 1}]}).to_string();
    let head = format!("POST /verify/batch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n", world.token.expose());
    waiting.send(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    // Another answer of the same server shows that the question has been read and waits.
    world.get("/livez").await;
    let (_, _) = world.application(keywright_domain::application::State::Active, false);
    world.renew();
    let reply = waiting.reply().await;
    assert_eq!((reply.status, reply.json()["position"].as_u64()), (200, Some(at + 1)));
}
