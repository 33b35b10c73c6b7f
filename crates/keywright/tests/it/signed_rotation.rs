//! Rotation of a key and secret while requests are signed with it all the time, with each policy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keywright_crypto::mac::MacKey;
use keywright_crypto::random;
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::sign::{self, Parameters};
use keywright_crypto::scheme::{Body, Request, UriScheme};
use keywright_domain::time::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Reply, Server, stories, wait_for, wait_until};

/// A request as it was sent, and what was said about it.
struct Sent {
    at: Timestamp,
    code: String,
}

/// Requests that are signed and sent one after the other.
struct Traffic {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Vec<Sent>>,
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_us(i64::try_from(since.as_micros()).unwrap())
}

/// A question about a request by RFC 9421, signed now.
fn question(api_key: &str, secret: &str, at: Timestamp) -> Value {
    let nonce = random::uuid().unwrap();
    let headers: [(&str, &[u8]); 1] = [("Host", b"pay.example")];
    let request = Request { method: "GET", scheme: UriScheme::Https, authority: "pay.example", target: "/balances?n=1", headers: &headers, body: Body::None };
    let parameters = Parameters { created_s: at.us() / 1_000_000, expires_s: None, nonce: Some(&nonce), keyid: api_key, alg: None, tag: None };
    let signed = sign::http_message(&request, "sig1", &Coverage::STANDARD, &parameters).unwrap();
    let signature = signed.signature(&MacKey::new(secret.as_bytes()).unwrap().sign(&[&signed.base]));
    json!({ "service": "payments", "environment": "sandbox", "request": {
        "method": "GET", "url": "https://pay.example/balances?n=1", "body": "none",
        "headers": [["Host", "pay.example"], ["Signature-Input", signed.input()], ["Signature", signature]],
    }})
}

/// A pair that is used all the time, and who may ask about it.
struct Used<'k> {
    kw: &'k Server,
    token: String,
    id: String,
    api_key: String,
}

impl<'k> Used<'k> {
    async fn made(kw: &'k Server) -> (Self, String) {
        let organisation = kw.organisation().await;
        let app = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", "payments"]).await;
        let create = ["key", "create", "--service", "payments", "--environment", "sandbox", "--name", "Back end", "--application"];
        let made = kw.done(&[&create[..], &[app["id"].as_str().unwrap()]].concat()).await;
        let server = kw.done(&["resource-server", "create", "Payments", "--services", "payments", "--environments", "sandbox"]).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let used = Self { kw, token: text(&server["token"]), id: text(&made["id"]), api_key: text(&made["api_key"]) };
        let secret = text(&made["secret_key"]);
        kw.settled().await;
        // Before its memory of nonces is a second old, a server cannot say whether one was used.
        wait_until("signed requests are answered", async || used.ask(&secret).await.status == 200).await;
        (used, secret)
    }

    async fn ask(&self, secret: &str) -> Reply {
        let question = question(&self.api_key, secret, now());
        Reply::of(self.kw.http.post(self.kw.url("/verify")).bearer_auth(&self.token).json(&question)).await
    }

    /// Signs with this secret from now on.
    fn traffic(&self, secret: &str) -> Traffic {
        let stop = Arc::new(AtomicBool::new(false));
        let (http, url, token) = (self.kw.http.clone(), self.kw.url("/verify"), self.token.clone());
        let (api_key, secret, stopped) = (self.api_key.clone(), secret.to_owned(), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let mut sent = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let at = now();
                let reply = Reply::of(http.post(&url).bearer_auth(&token).json(&question(&api_key, &secret, at))).await;
                sent.push(Sent { at, code: reply.code() });
            }
            sent
        });
        Traffic { stop, task }
    }

    /// Rotates, and gives the new secret and until when the previous one works, once that is known everywhere.
    async fn rotated(&self, policy: &str, overlap: &[&str]) -> (String, Option<Timestamp>) {
        let made = self.kw.done(&[&["key", "rotate", &self.id, "--policy", policy], overlap].concat()).await;
        assert_eq!(made["api_key"], json!(self.api_key));
        self.kw.settled().await;
        (made["secret_key"].as_str().unwrap().to_owned(), made["previous_until"].as_str().map(|until| until.parse().unwrap()))
    }
}

impl Traffic {
    async fn stop(self) -> Vec<Sent> {
        self.stop.store(true, Ordering::Relaxed);
        let sent = self.task.await.unwrap();
        assert!(sent.len() > 10, "{} requests are no traffic", sent.len());
        sent
    }
}

/// The codes, each once, of what was sent in this time.
fn codes(sent: &[Sent], within: impl Fn(Timestamp) -> bool) -> Vec<&str> {
    let mut codes: Vec<&str> = sent.iter().filter(|sent| within(sent.at)).map(|sent| sent.code.as_str()).collect();
    codes.dedup();
    codes
}

/// Until the old secret has been refused for a while, under traffic.
async fn refused(used: &Used<'_>, secret: &str) {
    wait_until("the old secret is refused", async || used.ask(secret).await.code() == "retired_version").await;
    for _ in 0..20 {
        assert_eq!(used.ask(secret).await.code(), "retired_version");
    }
}

stories! {
    async fn under_signed_traffic_an_immediate_rotation_ends_the_old_secret_and_refuses_none_of_the_new(kw: Server) {
        let (used, first) = Used::made(&kw).await;
        let old = used.traffic(&first);
        let before = now();
        let (second, until) = used.rotated("immediate", &[]).await;
        let known = now();
        assert_eq!(until, None);
        let new = used.traffic(&second);
        refused(&used, &first).await;
        let (old, new) = (old.stop().await, new.stop().await);
        assert_eq!(codes(&old, |at| at < before).into_iter().filter(|code| *code != "valid").count(), 0);
        assert_eq!(codes(&old, |at| at >= known), ["retired_version"]);
        assert_eq!(codes(&new, |_| true), ["valid"]);
    }

    async fn under_signed_traffic_an_overlap_refuses_neither_secret_until_it_is_over(kw: Server) {
        let (used, first) = Used::made(&kw).await;
        let old = used.traffic(&first);
        let (second, until) = used.rotated("overlap", &["--overlap", "3s"]).await;
        let until = until.unwrap();
        let new = used.traffic(&second);
        refused(&used, &first).await;
        let (old, new) = (old.stop().await, new.stop().await);
        // What was sent just before may be looked at just after.
        let nearly = Timestamp::from_us(until.us() - 500_000);
        assert_eq!(codes(&old, |at| at < nearly), ["valid"]);
        assert_eq!(codes(&old, |at| at > until), ["retired_version"]);
        assert_eq!(codes(&new, |_| true), ["valid"]);
    }

    async fn under_signed_traffic_the_first_use_of_the_new_secret_begins_the_overlap(kw: Server) {
        let (used, first) = Used::made(&kw).await;
        let old = used.traffic(&first);
        let (second, until) = used.rotated("on_first_use", &["--overlap", "3s"]).await;
        assert_eq!(until, None);
        assert_eq!(used.ask(&first).await.code(), "valid");
        let new = used.traffic(&second);
        let until: Timestamp = wait_for("the first use is put down", async || {
            let shown = kw.done(&["key", "show", &used.id]).await;
            shown["versions"][0]["until"].as_str().map(|until| until.parse().unwrap())
        })
        .await;
        refused(&used, &first).await;
        let (old, new) = (old.stop().await, new.stop().await);
        let nearly = Timestamp::from_us(until.us() - 500_000);
        assert_eq!(codes(&old, |at| at < nearly), ["valid"]);
        assert_eq!(codes(&old, |at| at > until), ["retired_version"]);
        assert_eq!(codes(&new, |_| true), ["valid"]);
    }
}
