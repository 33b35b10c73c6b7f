//! What no client should send, against the real server: a problem that names the field, and no memory of it.

use std::time::Duration;

use keywright_store::testing::TestPlace;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Place, Reply, Server, stories};

/// Posts bytes as JSON under the place's token.
async fn post(kw: &Server, path: &str, body: impl Into<reqwest::Body>) -> Reply {
    let request = kw.http.post(kw.url(path)).bearer_auth(kw.token().await).header("Content-Type", "application/json");
    Reply::of(request.body(body)).await
}

/// The fields that a refusal names.
fn fields(reply: &Reply) -> Vec<String> {
    let named = reply.json()["errors"].as_array().unwrap_or_else(|| panic!("{reply:?}")).clone();
    named.iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect()
}

/// Sends half a request and leaves.
async fn half(kw: &Server, bytes: &[u8]) {
    let mut stream = TcpStream::connect(("127.0.0.1", kw.port())).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    // Half of them say goodbye, the others just go.
    if bytes.len().is_multiple_of(2) {
        stream.shutdown().await.unwrap();
    }
}

fn batch(n: usize) -> String {
    json!({"questions": vec![json!({"credential": "nonsense"}); n]}).to_string()
}

stories! {
    async fn each_wrong_field_is_named(kw: Server) {
        let key = kw.key(&kw.application().await, &[]).await.key;
        kw.settled().await;
        let cases: Vec<(Value, &[&str])> = vec![
            (json!({}), &["credential"]),
            (json!({"credential": 7}), &["credential"]),
            (json!({"credential": null}), &["credential"]),
            (json!({"credential": ""}), &["credential"]),
            (json!({"credential": key, "service": ["business-api"]}), &["service"]),
            (json!({"credential": key, "environment": "live"}), &["environment"]),
            (json!({"credential": key, "permissions": "payouts:write"}), &["permissions"]),
            (json!({"credential": key, "permissions": ["payouts:write", 7]}), &["permissions[1]"]),
            (json!({"credential": key, "source_ip": "203.0.113.7:80"}), &["source_ip"]),
            (json!({"credential": key, "origin": {}}), &["origin"]),
            (json!({"credential": key, "min_position": "1"}), &["min_position"]),
            (json!({"credential": key, "min_position": -1}), &["min_position"]),
            (json!({"credential": key, "sevice": "business-api"}), &["sevice"]),
            (json!({"credential": key, "environment": "live", "source_ip": "here", "extra": 1}), &["environment", "extra", "source_ip"]),
            (json!([]), &[""]),
            (json!("text"), &[""]),
        ];
        for (question, expected) in cases {
            let reply = post(&kw, "/verify", question.to_string()).await;
            assert_eq!(reply.problem(400), "invalid_request", "{question}");
            let mut named = fields(&reply);
            named.sort();
            assert_eq!(named, expected, "{question}: {reply:?}");
            assert!(!reply.body.contains(&key[..20]), "a refusal repeats the credential");
            let reply = post(&kw, "/verify/batch", json!({"questions": [{"credential": "x"}, question]}).to_string()).await;
            assert_eq!(reply.problem(400), "invalid_request");
            assert!(fields(&reply).iter().all(|f| f.starts_with("questions[1]")), "{reply:?}");
        }
        for (body, says) in [
            (&b"{\"credential\": \"\xff\xfe\"}"[..], "UTF-8"),
            (b"{\"credential\": \"x\"", ""),
            (b"{\"credential\": \"x\"} {}", ""),
            (b"", ""),
            (b"\0", ""),
        ] {
            let reply = post(&kw, "/verify", body.to_vec()).await;
            assert_eq!(reply.problem(400), "invalid_request");
            assert!(reply.json()["detail"].as_str().unwrap().contains(says), "{reply:?}");
        }
        let untyped = kw.http.post(kw.url("/verify")).bearer_auth(kw.token().await).body("{}");
        assert_eq!(Reply::of(untyped).await.problem(415), "unsupported_media_type");
        assert_eq!(kw.get("/verify").await.problem(405), "method_not_allowed");
        assert_eq!(kw.get("/api/elsewhere").await.problem(404), "not_found");
        let browser = kw.get("/elsewhere").await;
        assert!(browser.status == 404 && browser.body.contains("There is no such page"), "{browser:?}");
        let query = kw.forward_key("service=business-api&permission=payouts:write", &key).await;
        assert_eq!((query.problem(400), fields(&query)), ("invalid_request".to_owned(), vec!["permission".to_owned()]));
        assert_eq!(kw.code(&key).await, "valid");
    }
}

/// No byte of it gets as far as a store, so one engine is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_is_refused_and_costs_no_memory() {
    let kw = Place::given(TestPlace::sqlite()).await.serve(&[]).await;
    let key = kw.key(&kw.application().await, &[]).await.key;
    kw.settled().await;
    let large = "x".repeat(10 * 1024 * 1024);
    let small = json!({"credential": key}).to_string();
    let heads = [
        format!(
            "POST /verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{{\"cred",
            kw.token().await
        ),
        "GET /verify/forward HTTP/1.1\r\nHost: a\r\nKeywright-To".to_owned(),
        format!("POST /verify/batch HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n[", kw.token().await),
        "\u{16}\u{3}\u{1} this is no HTTP at all\r\n\r\n".to_owned(),
    ];
    let round = async |n: usize| match n % 5 {
        0 => assert_eq!(post(&kw, "/verify", large.clone()).await.problem(413), "content_too_large"),
        1 => {
            let many = post(&kw, "/verify/batch", batch(5_000)).await;
            assert_eq!(many.problem(400), "invalid_request");
            assert!(many.json()["detail"].as_str().unwrap().contains("1000"), "{many:?}");
        }
        2 => half(&kw, heads[n / 5 % heads.len()].as_bytes()).await,
        3 => assert_eq!(post(&kw, "/verify", format!("{{\"credential\": [{}]}}", "[".repeat(30_000))).await.status, 400),
        _ => assert_eq!(post(&kw, "/verify/batch", format!("{{\"{}\": 1}}", "long".repeat(200_000))).await.status, 400),
    };
    // Buffers and threads that a server needs once are there after these.
    for n in 0..20 {
        round(n).await;
    }
    let before = kw.memory_kb();
    for n in 0..200 {
        round(n).await;
    }
    let after = kw.memory_kb();
    assert!(after < before + 16 * 1024, "{before} kB before, {after} kB after");
    assert_eq!(post(&kw, "/verify", small).await.code(), "valid");
    assert_eq!(post(&kw, "/verify/batch", batch(1_000)).await.json()["verdicts"].as_array().unwrap().len(), 1_000);
    let mut header = kw.http.post(kw.url("/verify")).bearer_auth(kw.token().await);
    for n in 0..200 {
        header = header.header(format!("x-{n}"), "v".repeat(1_000));
    }
    let reply = header.send().await;
    assert!(reply.is_err() || reply.as_ref().unwrap().status().is_client_error(), "{reply:?}");
}

/// It takes as long as a server waits for a body.
#[tokio::test]
async fn whoever_stops_in_the_middle_of_a_request_is_told_and_cut_off() {
    let kw = Place::given(TestPlace::sqlite()).await.serve(&[]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", kw.port())).await.unwrap();
    let head = format!(
        "POST /verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        kw.token().await
    );
    kw.settled().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await.expect("the connection is cut off").unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("request_timeout"), "{said}");
}
