//! Many questions at once.

use serde_json::{Value, json};

use crate::support::{World, settings};

#[tokio::test]
async fn verdicts_come_in_the_order_of_their_questions_at_one_position() {
    let mut world = World::new();
    let (key, id) = world.key(|_| {});
    world.start(settings()).await;
    let questions: Vec<Value> = (0..1_000).map(|i| if i % 3 == 0 { json!({"credential": key.expose()}) } else { json!({"credential": "x"}) }).collect();
    let reply = world.post("/verify/batch", json!({"questions": questions}).to_string().as_bytes()).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    let answer = reply.json();
    assert_eq!(answer["position"], world.position());
    let verdicts = answer["verdicts"].as_array().unwrap();
    assert_eq!(verdicts.len(), 1_000);
    for (i, verdict) in verdicts.iter().enumerate() {
        assert_eq!(verdict["code"], if i % 3 == 0 { "valid" } else { "malformed" }, "{i}");
    }
    assert_eq!(verdicts[0]["credential_id"], id.to_string());
    assert_eq!(world.post("/verify/batch", br#"{"questions":[]}"#).await.json(), json!({"position": world.position(), "verdicts": []}));
}

#[tokio::test]
async fn a_malformed_item_is_named_by_its_index() {
    let mut world = World::new();
    world.start(settings()).await;
    let mut questions: Vec<Value> = (0..20).map(|_| json!({"credential": "x"})).collect();
    questions[17] = json!({"credential": "x", "permissions": "payouts:write"});
    questions[19] = json!(4);
    let reply = world.post("/verify/batch", json!({"questions": questions}).to_string().as_bytes()).await;
    assert_eq!(reply.fields(), ["questions[17].permissions", "questions[19]"]);
    assert!(reply.json()["detail"].as_str().unwrap().starts_with("questions[17].permissions: must be a list"));
    for (body, field) in [
        ("{}", "questions"),
        (r#"{"questions":{}}"#, "questions"),
        (r#"{"questions":[],"x":1}"#, "x"),
        ("[]", ""),
        (r#"[[{"credential":"x"}]]"#, ""),
        (r#"{"questions":[["x",null,null,null,null,null,null]]}"#, "questions[0]"),
    ] {
        assert_eq!(world.post("/verify/batch", body.as_bytes()).await.fields(), [field], "{body}");
    }
    // Thousands of bad items make no longer answer than a few.
    let bad = json!({"questions": vec![5; 1_000]}).to_string();
    assert_eq!(world.post("/verify/batch", bad.as_bytes()).await.fields().len(), 20);
}

#[tokio::test]
async fn too_many_questions_are_refused_with_their_number() {
    let mut world = World::new();
    world.start(settings()).await;
    let body = json!({"questions": vec![json!({"credential": "x"}); 5_000]}).to_string();
    let reply = world.post("/verify/batch", body.as_bytes()).await;
    assert_eq!(reply.fields(), ["questions"]);
    assert!(reply.json()["detail"].as_str().unwrap().contains("5000 questions: at most 1000"));
}

#[tokio::test]
async fn one_question_beyond_the_resource_server_refuses_the_batch_and_is_named() {
    let mut world = World::new();
    world.start(settings()).await;
    let body = json!({"questions": [{"credential": "x"}, {"credential": "x", "service": "payments"}]}).to_string();
    let document = world.post("/verify/batch", body.as_bytes()).await.problem(403, "beyond_resource_server");
    assert!(document["detail"].as_str().unwrap().starts_with("questions[1]: "), "{document}");
}
