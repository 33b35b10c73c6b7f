//! Rotation of what signs while it signs all the time: each kind, with each policy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use keywright_domain::time::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Reply, Server, Signer, stories, wait_for, wait_until};

/// A request as it was sent, and what was said about it.
struct Sent {
    at: Timestamp,
    answered: Timestamp,
    code: String,
}

/// Requests that are signed and sent one after the other.
struct Traffic {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    task: JoinHandle<Vec<Sent>>,
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_us(i64::try_from(since.as_micros()).unwrap())
}

/// About a request that is signed now.
fn question(signer: &Signer, service: &str) -> Value {
    let mut question = signer.sign("GET", "https://api.example/things?n=1", None).question();
    question["service"] = json!(service);
    question["environment"] = json!("sandbox");
    question
}

/// A credential that signs all the time, and who may ask about it.
struct Used<'k> {
    kw: &'k Server,
    token: String,
    service: &'static str,
    id: String,
}

/// Services of the built-in catalogue, one for each kind that signs, and what else their credentials are made with.
const KINDS: [(&str, &[&str]); 2] = [("payments", &[]), ("digital-id", &["--key-type", "ed25519"])];

impl<'k> Used<'k> {
    async fn made(kw: &'k Server, service: &'static str, flags: &[&str]) -> (Self, Signer) {
        let organisation = kw.organisation().await;
        let app = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", service]).await;
        let create = ["key", "create", "--service", service, "--environment", "sandbox", "--name", "Back end", "--application", app["id"].as_str().unwrap()];
        let signer = Signer::of(&kw.done(&[&create[..], flags].concat()).await);
        let server = kw.done(&["resource-server", "create", "Gateway", "--services", service, "--environments", "sandbox"]).await;
        let used = Self { kw, token: server["token"].as_str().unwrap().to_owned(), service, id: signer.id.clone() };
        kw.settled().await;
        // Before its memory of nonces is a second old, a server cannot say whether one was used.
        wait_until("signed requests are answered", async || used.ask(&signer).await.status == 200).await;
        (used, signer)
    }

    async fn ask(&self, signer: &Signer) -> Reply {
        self.kw.ask_as(&self.token, question(signer, self.service)).await
    }

    /// Signs with this secret or key from now on.
    fn traffic(&self, signer: &Signer) -> Traffic {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&answered);
        let (http, url, token) = (self.kw.http.clone(), self.kw.url("/verify"), self.token.clone());
        let (service, signer, stopped) = (self.service, signer.clone(), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let mut sent = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let at = now();
                let request = http.post(&url).bearer_auth(&token).json(&question(&signer, service));
                let code = Reply::of(request).await.code();
                sent.push(Sent { at, answered: now(), code });
                counted.fetch_add(1, Ordering::Relaxed);
            }
            sent
        });
        Traffic { stop, answered, task }
    }

    /// Rotates, and gives what signs now and until when the previous one works, once that is known everywhere.
    async fn rotated(&self, old: &Signer, policy: &str, flags: &[&str]) -> (Signer, Option<Timestamp>) {
        let made = self.kw.done(&[&["key", "rotate", &self.id, "--policy", policy], flags].concat()).await;
        let new = Signer::of(&made);
        assert_eq!((&new.public_id, new.version), (&old.public_id, 2));
        self.kw.settled().await;
        (new, made["previous_until"].as_str().map(|until| until.parse().unwrap()))
    }
}

impl Traffic {
    /// Until some more requests are answered.
    async fn flows(&self) {
        let enough = self.answered.load(Ordering::Relaxed) + 20;
        wait_until("requests are answered", async || self.answered.load(Ordering::Relaxed) >= enough).await;
    }

    async fn stop(self) -> Vec<Sent> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

/// The codes of these, each once. A request is judged at some time between its being sent and its being answered.
fn codes(sent: &[Sent], which: impl Fn(&Sent) -> bool) -> Vec<&str> {
    let mut codes: Vec<&str> = sent.iter().filter(|sent| which(sent)).map(|sent| sent.code.as_str()).collect();
    codes.dedup();
    codes
}

/// Until the old one has been refused for a while, under traffic.
async fn refused(used: &Used<'_>, old: (&Signer, &Traffic), new: &Traffic) {
    wait_until("the old one is refused", async || used.ask(old.0).await.code() == "retired_version").await;
    old.1.flows().await;
    new.flows().await;
}

/// A verifier's time is ahead of the store's by as long as its question for it took: what ends at a time ends no later.
fn nearly(until: Timestamp) -> Timestamp {
    Timestamp::from_us(until.us() - 1_500_000)
}

stories! {
    async fn under_signed_traffic_an_immediate_rotation_ends_the_old_one_and_refuses_none_of_the_new(kw: Server) {
        for (service, flags) in KINDS {
            let (used, first) = Used::made(&kw, service, flags).await;
            let old = used.traffic(&first);
            old.flows().await;
            let before = now();
            let (second, until) = used.rotated(&first, "immediate", flags).await;
            let known = now();
            assert_eq!(until, None);
            let new = used.traffic(&second);
            refused(&used, (&first, &old), &new).await;
            let (old, new) = (old.stop().await, new.stop().await);
            assert_eq!(codes(&old, |sent| sent.answered < before).into_iter().filter(|code| *code != "valid").count(), 0, "{service}");
            assert_eq!(codes(&old, |sent| sent.at >= known), ["retired_version"], "{service}");
            assert_eq!(codes(&new, |_| true), ["valid"], "{service}");
        }
    }

    async fn under_signed_traffic_an_overlap_refuses_neither_until_it_is_over(kw: Server) {
        for (service, flags) in KINDS {
            let (used, first) = Used::made(&kw, service, flags).await;
            let old = used.traffic(&first);
            old.flows().await;
            let (second, until) = used.rotated(&first, "overlap", &[flags, &["--overlap", "4s"]].concat()).await;
            let until = until.unwrap();
            let new = used.traffic(&second);
            refused(&used, (&first, &old), &new).await;
            let (old, new) = (old.stop().await, new.stop().await);
            assert_eq!(codes(&old, |sent| sent.answered < nearly(until)), ["valid"], "{service}");
            assert_eq!(codes(&old, |sent| sent.at > until), ["retired_version"], "{service}");
            assert_eq!(codes(&new, |_| true), ["valid"], "{service}");
        }
    }

    async fn under_signed_traffic_the_first_use_of_the_new_one_begins_the_overlap(kw: Server) {
        for (service, flags) in KINDS {
            let (used, first) = Used::made(&kw, service, flags).await;
            let old = used.traffic(&first);
            old.flows().await;
            let (second, until) = used.rotated(&first, "on_first_use", &[flags, &["--overlap", "4s"]].concat()).await;
            assert_eq!(until, None);
            assert_eq!(used.ask(&first).await.code(), "valid");
            let new = used.traffic(&second);
            let until: Timestamp = wait_for("the first use is put down", async || {
                let shown = kw.done(&["key", "show", &used.id]).await;
                shown["versions"][0]["until"].as_str().map(|until| until.parse().unwrap())
            })
            .await;
            refused(&used, (&first, &old), &new).await;
            let (old, new) = (old.stop().await, new.stop().await);
            assert_eq!(codes(&old, |sent| sent.answered < nearly(until)), ["valid"], "{service}");
            assert_eq!(codes(&old, |sent| sent.at > until), ["retired_version"], "{service}");
            assert_eq!(codes(&new, |_| true), ["valid"], "{service}");
        }
    }
}
