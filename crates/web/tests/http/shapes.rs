//! Who may ask, and questions of a wrong shape.

use keywright_domain::credential::Environment;
use serde_json::json;

use crate::support::{World, settings};

#[tokio::test]
async fn only_a_resource_servers_token_is_one() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let question = json!({"credential": key.expose()}).to_string();
    let json_type = ("content-type", "application/json");

    let bare = world.connect().await.request("POST /verify", &[json_type], question.as_bytes()).await;
    bare.problem(401, "invalid_token");
    assert_eq!(bare.header("www-authenticate"), Some(r#"Bearer realm="keywright""#));
    for token in [key.expose(), "x", &world.token.expose()[1..]] {
        let reply = world.post_as(token, "/verify", question.as_bytes()).await;
        reply.problem(401, "invalid_token");
        assert_eq!(reply.header("www-authenticate"), Some(r#"Bearer realm="keywright", error="invalid_token""#));
        assert!(!reply.body.contains(token) || token == "x");
    }
    let token = format!("Bearer {}", world.token.expose());
    let twice = [("authorization", token.as_str()), ("authorization", token.as_str()), json_type];
    world.connect().await.request("POST /verify", &twice, question.as_bytes()).await.problem(401, "invalid_token");
    let lower = [("authorization", token.replace("Bearer", "bearer")), ("content-type", "Application/JSON; charset=utf-8".into())];
    let lower: Vec<(&str, &str)> = lower.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(world.connect().await.request("POST /verify", &lower, question.as_bytes()).await.code(), "valid");
    // Who asks is settled before what is asked.
    world.post_as("x", "/verify", b"{").await.problem(401, "invalid_token");
    world.post_as("x", "/verify/batch", &[b'x'; 70_000]).await.problem(401, "invalid_token");
}

#[tokio::test]
async fn a_body_that_is_not_called_json_is_415() {
    let mut world = World::new();
    world.start(settings()).await;
    let token = format!("Bearer {}", world.token.expose());
    for media in ["text/plain", "application/jsonx", ""] {
        let headers = [("authorization", token.as_str()), ("content-type", media)];
        world.connect().await.request("POST /verify", &headers, b"{}").await.problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn each_bad_field_is_named_and_no_value_is_repeated() {
    let mut world = World::new();
    world.start(settings()).await;
    let cases: [(&[u8], &[&str], &str); 23] = [
        (b"", &[""], "empty"),
        (b"[]", &[""], "must be a JSON object, not a list"),
        (br#"["planted",null,null,null,null,null,null]"#, &[""], "must be a JSON object, not a list"),
        (b"{", &[""], "not JSON"),
        (b"{}", &["credential"], "missing"),
        (br#"{"credential":null}"#, &["credential"], "missing"),
        (br#"{"credential":""}"#, &["credential"], "empty"),
        (br#"{"credential":7}"#, &["credential"], "must be a string, not a number"),
        (br#"{"credential":["planted"]}"#, &["credential"], "must be a string, not a list"),
        (br#"{"credential":"x","credential":"y"}"#, &[""], "twice"),
        (
            br#"{"credential":"x","scopes":[]}"#,
            &["scopes"],
            "known are: credential, request, service, environment, permissions, source_ip, origin, min_position",
        ),
        (br#"{"credential":"x","service":1}"#, &["service"], "must be a string"),
        (br#"{"credential":"x","service":""}"#, &["service"], "empty"),
        (br#"{"credential":"x","environment":"live"}"#, &["environment"], "write sandbox or production"),
        (br#"{"credential":"x","permissions":"planted"}"#, &["permissions"], "must be a list of strings, not a string"),
        (br#"{"credential":"x","permissions":["a",5,null]}"#, &["permissions[1]", "permissions[2]"], "must be a string, not a number"),
        (br#"{"credential":"x","permissions":[""]}"#, &["permissions[0]"], "empty"),
        (br#"{"credential":"x","source_ip":"planted"}"#, &["source_ip"], "not an address"),
        (br#"{"credential":"x","source_ip":"10.0.0.1:80"}"#, &["source_ip"], "without a port"),
        (br#"{"credential":"x","origin":{}}"#, &["origin"], "must be a string, not an object"),
        (br#"{"credential":"x","min_position":-1}"#, &["min_position"], "whole number"),
        (br#"{"request":{"method":"GET","url":"/"}}"#, &["request.headers"], "is missing: a list of [name, value]"),
        (
            br#"{"environment":"planted","service":3,"permissions":{},"min_position":"planted"}"#,
            &["credential", "service", "environment", "permissions", "min_position"],
            "missing",
        ),
    ];
    for (body, fields, said) in cases {
        let reply = world.post("/verify", body).await;
        assert_eq!(reply.fields(), fields, "{}", String::from_utf8_lossy(body));
        assert!(reply.json()["detail"].as_str().unwrap().contains(said), "{}", reply.body);
        assert!(!reply.body.contains("planted"), "{}", reply.body);
    }
    let reply = world.post("/verify", b"{\"credential\":\"\xff\"}").await;
    assert_eq!(reply.fields(), [""]);
    assert!(reply.json()["detail"].as_str().unwrap().contains("not UTF-8 from byte 15 on"));
    let many: Vec<String> = (0..201).map(|i| i.to_string()).collect();
    assert_eq!(world.verify(&json!({"credential": "x", "permissions": many})).await.fields(), ["permissions"]);
    // A secret that stands where a name should is not repeated either.
    let misplaced = world.verify(&json!({"kw_live_0123456789ABCDEFGHIJKLMNOPQRSTabcdef": 1})).await;
    assert!(!misplaced.body.contains("kw_live_"), "{}", misplaced.body);
}

#[tokio::test]
async fn escapes_in_strings_mean_what_they_stand_for() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let escaped: String = key.expose().bytes().map(|b| format!("\\u{b:04x}")).collect();
    let body = format!(r#"{{"credential":"{escaped}","permissions":["payouts\u003awrite"]}}"#);
    assert_eq!(world.post("/verify", body.as_bytes()).await.code(), "valid");
}

#[tokio::test]
async fn a_question_beyond_the_resource_server_is_403_and_says_what_it_may_ask() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    let both = world.resource_server(&["business-api"], &[Environment::Production, Environment::Sandbox]);
    world.start(settings()).await;
    let reply = world.verify(&json!({"credential": key.expose(), "service": "payments"})).await;
    let detail = reply.problem(403, "beyond_resource_server")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("payments") && detail.contains("business-api"), "{detail}");
    let sandbox = json!({"credential": key.expose(), "environment": "sandbox"});
    let detail = world.verify(&sandbox).await.problem(403, "beyond_resource_server")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("sandbox") && detail.contains("production"), "{detail}");
    assert_eq!(world.post_as(both.expose(), "/verify", sandbox.to_string().as_bytes()).await.code(), "wrong_environment");
}
