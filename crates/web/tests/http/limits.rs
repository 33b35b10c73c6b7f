//! Too much, too slow, too broken.

use std::time::Duration;

use keywright_web::{Settings, Timeouts};
use serde_json::json;

use crate::support::{World, settings};

fn head(world: &World, path: &str, rest: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n{rest}\r\n", world.token.expose())
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_413_whether_it_says_so_or_not() {
    let mut world = World::new();
    world.start(settings()).await;
    for (path, max) in [("/verify", 1024 * 1024), ("/verify/batch", 1024 * 1024)] {
        let at_limit = vec![b' '; max];
        assert_eq!(world.post(path, &at_limit).await.status, 400, "{path}");
        let beyond = vec![b' '; max + 1];
        let document = world.post(path, &beyond).await.problem(413, "content_too_large");
        assert!(document["detail"].as_str().unwrap().contains(&max.to_string()));
    }
    // 10 MB, declared.
    let before = memory_kb();
    for _ in 0..10 {
        world.post("/verify", &vec![b'x'; 10 << 20]).await.problem(413, "content_too_large");
    }
    // 10 MB in chunks, on a connection that can be used again afterwards.
    let mut client = world.connect().await;
    client.send(head(&world, "/verify", "transfer-encoding: chunked\r\n").as_bytes()).await;
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 65_536], b"\r\n"].concat();
    for _ in 0..160 {
        client.send(&chunk).await;
    }
    client.send(b"0\r\n\r\n").await;
    client.reply().await.problem(413, "content_too_large");
    assert_eq!(client.request("GET /livez", &[], b"").await.status, 200);
    let grown = memory_kb().saturating_sub(before);
    assert!(grown < 40_000, "memory grew by {grown} kB");
}

/// Resident memory of this process, in which client and server both are: the client's own 10 MB count once, because they are given back.
fn memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn who_asks_before_sending_too_much_is_answered_at_once() {
    let mut world = World::new();
    world.start(settings()).await;
    let mut client = world.connect().await;
    client.send(head(&world, "/verify", "expect: 100-continue\r\ncontent-length: 10485760\r\n").as_bytes()).await;
    let reply = client.reply().await;
    reply.problem(413, "content_too_large");
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(client.ended().await);
}

#[tokio::test]
async fn a_question_in_small_chunks_is_a_question() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let mut client = world.connect().await;
    client.send(head(&world, "/verify", "transfer-encoding: chunked\r\n").as_bytes()).await;
    for byte in json!({"credential": key.expose()}).to_string().bytes() {
        client.send(&[b'1', b'\r', b'\n', byte, b'\r', b'\n']).await;
        tokio::task::yield_now().await;
    }
    client.send(b"0\r\n\r\n").await;
    assert_eq!(client.reply().await.code(), "valid");
}

#[tokio::test]
async fn half_a_body_is_408_and_half_a_head_too() {
    let mut world = World::new();
    world.start(settings()).await;
    let mut client = world.connect().await;
    client.send(head(&world, "/verify", "content-length: 100\r\n").as_bytes()).await;
    client.send(b"{\"cred").await;
    let reply = client.reply().await;
    reply.problem(408, "request_timeout");
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(client.ended().await);

    let mut client = world.connect().await;
    client.send(b"POST /verify HTTP/1.1\r\nhost: x\r\nautho").await;
    let reply = client.reply().await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (408, Some("request_timeout")));
    assert!(client.ended().await);

    // Nothing at all, after a request that was fine.
    let mut client = world.connect().await;
    assert_eq!(client.request("GET /livez", &[], b"").await.status, 200);
    client.send(b"GET").await;
    assert_eq!(client.reply().await.status, 408);
    assert!(client.ended().await);
}

#[tokio::test]
async fn a_client_that_leaves_or_breaks_the_framing_harms_nobody_else() {
    let mut world = World::new();
    world.start(settings()).await;
    let mut client = world.connect().await;
    client.send(head(&world, "/verify", "content-length: 100\r\n").as_bytes()).await;
    drop(client);
    let mut client = world.connect().await;
    client.send(head(&world, "/verify", "transfer-encoding: chunked\r\n").as_bytes()).await;
    client.send(b"zz\r\n").await;
    assert_eq!(client.reply().await.status, 400);
    let mut client = world.connect().await;
    client.send(b"\x16\x03\x01\x02\x00\r\n\r\n").await;
    assert_eq!(client.try_reply().await.map(|r| r.status), Some(400));
    assert_eq!(world.get("/livez").await.status, 200);
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_431() {
    let mut world = World::new();
    world.start(settings()).await;
    let many: Vec<(String, &str)> = (0..120).map(|i| (format!("x-{i}"), "1")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(n, v)| (n.as_str(), *v)).collect();
    assert_eq!(world.connect().await.request("GET /livez", &many, b"").await.status, 431);
    let long = "x".repeat(40_000);
    assert_eq!(world.connect().await.request("GET /livez", &[("x-long", &long)], b"").await.status, 431);
}

#[tokio::test]
async fn requests_in_a_row_on_one_connection_are_each_answered() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let body = json!({"credential": key.expose()}).to_string();
    let one = format!("{}{body}", head(&world, "/verify", &format!("content-length: {}\r\n", body.len())));
    let mut client = world.connect().await;
    client.send(one.repeat(50).as_bytes()).await;
    for _ in 0..50 {
        assert_eq!(client.reply().await.code(), "valid");
    }
}

#[tokio::test]
async fn a_stranger_is_refused_before_a_large_body_is_read() {
    let mut world = World::new();
    world.start(settings()).await;
    for (token, length) in [("x", "content-length: 16385"), ("x", "content-length: 999999"), ("x", "transfer-encoding: chunked"), ("", "content-length: 16385")]
    {
        for path in ["/verify", "/verify/batch"] {
            // Nothing of the body is ever sent, so whoever waits for it answers 408.
            let mut client = world.connect().await;
            client.send(format!("POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{length}\r\n\r\n").as_bytes()).await;
            let reply = client.reply().await;
            reply.problem(401, "invalid_token");
            assert_eq!(reply.header("connection"), Some("close"));
            assert!(client.ended().await);
        }
    }
    // Whoever sends all of it before it listens gets to read why, too.
    let reply = world.post_as("x", "/verify/batch", &vec![b' '; 1024 * 1024]).await;
    reply.problem(401, "invalid_token");
    // A stale replica cannot say that a token is bad.
    world.pass(60_000);
    let reply = world.post_as("x", "/verify/batch", &[b' '; 20_000]).await;
    reply.problem(503, "verification_unavailable");
    assert_eq!(reply.header("connection"), Some("close"));
}

#[tokio::test]
async fn strangers_with_large_bodies_cost_no_memory() {
    let mut world = World::new();
    world.start(settings()).await;
    let before = memory_kb();
    let mut clients = Vec::new();
    for _ in 0..100 {
        let mut client = world.connect().await;
        client.send(b"POST /verify/batch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-length: 1000001\r\n\r\n").await;
        client.send(&[b' '; 1_000_000]).await;
        clients.push(client);
    }
    for client in &mut clients {
        client.reply().await.problem(401, "invalid_token");
    }
    let grown = memory_kb().saturating_sub(before);
    assert!(grown < 40_000, "memory grew by {grown} kB");
}

#[tokio::test]
async fn idle_connections_make_room_when_all_are_in_use_and_only_then() {
    let hour = Duration::from_secs(3_600);
    let timeouts = Timeouts { head: hour, body: hour, idle: hour, idle_when_full: Duration::from_millis(100), stop: Duration::from_millis(100) };
    let mut world = World::new();
    world.start(Settings { timeouts, connections_max: 3, ..settings() }).await;
    let mut body = world.connect().await;
    body.send(head(&world, "/verify", "content-length: 2\r\n").as_bytes()).await;
    let mut idle = world.connect().await;
    assert_eq!(idle.request("GET /livez", &[], b"").await.status, 200);
    // Two of three are in use: nobody is sent away.
    assert!(tokio::time::timeout(Duration::from_millis(400), idle.ended()).await.is_err());
    // One that says nothing takes the third place, and a fourth client waits for one of the two without a request.
    let mut silent = world.connect().await;
    let waited = tokio::time::timeout(Duration::from_secs(10), world.get("/livez")).await;
    assert_eq!(waited.expect("a place becomes free").status, 200);
    let gone = tokio::time::timeout(Duration::from_secs(10), async {
        tokio::select! { e = idle.ended() => e, r = silent.try_reply() => r.is_none_or(|r| r.status == 408) }
    });
    assert!(gone.await.unwrap());
    // Whoever is in the middle of a request is answered or told that it took too long, whichever place was taken first; never cut.
    body.send(b"{}").await;
    assert!([400, 408].contains(&body.reply().await.status));
}
