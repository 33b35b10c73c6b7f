//! Clients that ask about keys all the time, and notice a key that is accepted although the question was sent after its revocation was answered.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::wait_until;

/// A key that is asked about.
pub(super) struct Asked {
    key: String,
    /// When somebody held the answer to its revocation in hands, with what was promised added.
    dead: OnceLock<Instant>,
}

impl Asked {
    pub(super) fn new(key: &str) -> Arc<Self> {
        Arc::new(Self { key: key.to_owned(), dead: OnceLock::new() })
    }

    /// From now on no question about it may be accepted.
    pub(super) fn is_dead(&self) {
        self.dead.set(Instant::now()).unwrap();
    }
}

/// What the clients have seen.
#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    accepted: AtomicU64,
    refused: AtomicU64,
    unavailable: AtomicU64,
    lost: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

/// Some clients, each with a connection that it keeps.
pub(super) struct Askers {
    seen: Arc<Seen>,
    tasks: Vec<JoinHandle<()>>,
    client: reqwest::Client,
}

/// How often something was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    /// 503.
    pub(super) unavailable: u64,
    /// No answer.
    pub(super) lost: u64,
}

impl Askers {
    /// Starts asking the server at `address` about `keys` in turn.
    pub(super) fn start(address: &str, token: &str, keys: &[Arc<Asked>], clients: usize) -> Self {
        let seen = Arc::new(Seen::default());
        let tasks = (0..clients)
            .map(|n| {
                let mut keys = keys.to_vec();
                let first = n * keys.len() / clients;
                keys.rotate_left(first);
                tokio::spawn(ask(client(), format!("{address}/verify"), token.to_owned(), keys, Arc::clone(&seen)))
            })
            .collect();
        Self { seen, tasks, client: client() }
    }

    /// The code for one key, asked for now, over a connection that is kept.
    pub(super) async fn once(&self, address: &str, token: &str, key: &Asked) -> String {
        let request = self.client.post(format!("{address}/verify")).bearer_auth(token).json(&json!({ "credential": key.key }));
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        body["code"].as_str().unwrap().to_owned()
    }

    /// Until so many questions have been accepted.
    pub(super) async fn until_accepted(&self, times: u64) {
        wait_until("keys are accepted", async || self.tally().accepted >= times).await;
    }

    pub(super) fn tally(&self) -> Tally {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let seen = &self.seen;
        Tally { accepted: count(&seen.accepted), refused: count(&seen.refused), unavailable: count(&seen.unavailable), lost: count(&seen.lost) }
    }

    /// Stops asking. Panics if anything was answered that must not be: a dead key was accepted, a live one was called bad.
    pub(super) async fn finish(self) -> Tally {
        self.seen.stop.store(true, Ordering::Relaxed);
        let tally = self.tally();
        for task in self.tasks {
            task.await.unwrap();
        }
        let wrong = self.seen.wrong.lock().unwrap();
        assert!(wrong.is_empty(), "{} wrong answers, {tally:?}; the first: {}", wrong.len(), wrong[0]);
        tally
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(1).timeout(Duration::from_secs(30)).build().unwrap()
}

async fn ask(client: reqwest::Client, url: String, token: String, keys: Vec<Arc<Asked>>, seen: Arc<Seen>) {
    let add = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
    for key in keys.iter().cycle() {
        if seen.stop.load(Ordering::Relaxed) {
            return;
        }
        let request = client.post(&url).bearer_auth(&token).json(&json!({ "credential": key.key }));
        let sent = Instant::now();
        let answer = async { request.send().await.ok().map(|a| (a.status().as_u16(), a)) }.await;
        let Some((status, answer)) = answer else {
            add(&seen.lost);
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let Ok(body) = answer.json::<Value>().await else {
            add(&seen.lost);
            continue;
        };
        let wrong = |what: String| seen.wrong.lock().unwrap().push(what);
        match (status, body["code"].as_str().unwrap_or_default()) {
            (200, "valid") => {
                add(&seen.accepted);
                if let Some(late) = key.dead.get().and_then(|dead| sent.checked_duration_since(*dead)).filter(|late| !late.is_zero()) {
                    wrong(format!("accepted although sent {late:?} after the revocation was in effect"));
                }
            }
            (200, "revoked") => drop(add(&seen.refused)),
            (503, _) => drop(add(&seen.unavailable)),
            _ => wrong(format!("{status} {body}")),
        }
    }
}
