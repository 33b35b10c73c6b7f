//! Rotation of what is used all the time: each kind of credential and each way of using it, with each policy. All of them at once, as on a real server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use keywright_domain::time::Timestamp;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::oauth::{SendForm, declare_services, keyed};
use crate::support::{Reply, Server, Signer, stories, wait_for, wait_until};

/// A kind of credential, and how it is used.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Key,
    HmacByRfc9421,
    Tylt,
    KeyPairByRfc9421,
    Yoti,
    ClientSecret,
}

const WAYS: [Way; 6] = [Way::Key, Way::HmacByRfc9421, Way::Tylt, Way::KeyPairByRfc9421, Way::Yoti, Way::ClientSecret];

impl Way {
    /// A service that takes it; the last one is declared, the others are built in.
    const fn service(self) -> &'static str {
        match self {
            Self::Key => "business-api",
            Self::HmacByRfc9421 | Self::Tylt => "payments",
            Self::KeyPairByRfc9421 | Self::Yoti => "digital-id",
            Self::ClientSecret => "orders",
        }
    }

    /// What its credentials are made with besides.
    const fn flags(self) -> &'static [&'static str] {
        match self {
            Self::KeyPairByRfc9421 => &["--key-type", "ed25519"],
            Self::Yoti => &["--key-type", "rsa-2048"],
            _ => &[],
        }
    }
}

/// One version, as its holder has it.
#[derive(Clone)]
enum Handed {
    Key(String),
    Signer(Box<Signer>),
    Client { id: String, secret: String },
}

impl Handed {
    fn of(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().map(str::to_owned);
        match (text("key"), text("client_id")) {
            (Some(key), _) => Self::Key(key),
            (None, Some(id)) => Self::Client { id, secret: text("client_secret").unwrap() },
            (None, None) => Self::Signer(Box::new(Signer::of(made))),
        }
    }

    /// What stays the same over a rotation, where the kind has such a half.
    fn public_half(&self) -> Option<&str> {
        match self {
            Self::Key(_) => None,
            Self::Signer(signer) => Some(&signer.public_id),
            Self::Client { id, .. } => Some(id),
        }
    }
}

/// A request as it was sent, and what was said about it.
struct Sent {
    at: Timestamp,
    answered: Timestamp,
    code: String,
}

/// Requests that are sent one after the other.
struct Traffic {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    task: JoinHandle<Vec<Sent>>,
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_us(i64::try_from(since.as_micros()).unwrap())
}

/// Where what was handed out is used, and how.
#[derive(Clone)]
struct Door {
    http: reqwest::Client,
    address: String,
    /// Of a resource server.
    token: String,
    way: Way,
}

impl Door {
    fn request(&self, handed: &Handed) -> RequestBuilder {
        let about = match (handed, self.way) {
            (Handed::Client { id, secret }, _) => {
                let form = [("grant_type", "client_credentials")];
                return self.http.post(format!("{}/oauth2/token", self.address)).basic_auth(id, Some(secret)).form(&form);
            }
            (Handed::Key(key), _) => json!({ "credential": key }),
            (Handed::Signer(signer), Way::Tylt) => signer.tylt("GET", "https://api.example.com/things?n=1", None).question(),
            (Handed::Signer(signer), Way::Yoti) => signer.yoti("GET", "/things").question(),
            (Handed::Signer(signer), _) => signer.sign("GET", "https://api.example.com/things?n=1", None).question(),
        };
        let mut question = about;
        question["service"] = json!(self.way.service());
        question["environment"] = json!("sandbox");
        self.http.post(format!("{}/verify", self.address)).bearer_auth(&self.token).json(&question)
    }

    /// The verdict's code. The token endpoint says the same of a retired secret as of a wrong one.
    fn code(&self, reply: &Reply) -> String {
        match (self.way, reply.status) {
            (Way::ClientSecret, 200) => "valid".to_owned(),
            (Way::ClientSecret, 401) if reply.json()["error"] == "invalid_client" => "retired_version".to_owned(),
            _ => reply.code(),
        }
    }

    async fn ask(&self, handed: &Handed) -> String {
        self.code(&Reply::of(self.request(handed)).await)
    }

    /// Uses this from now on.
    fn traffic(&self, handed: &Handed) -> Traffic {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (door, handed, stopped, counted) = (self.clone(), handed.clone(), Arc::clone(&stop), Arc::clone(&answered));
        let task = tokio::spawn(async move {
            let mut sent = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let at = now();
                let code = door.ask(&handed).await;
                sent.push(Sent { at, answered: now(), code });
                counted.fetch_add(1, Ordering::Relaxed);
                // Twelve of these go on at once: a steady pace, not a flood.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            sent
        });
        Traffic { stop, answered, task }
    }
}

/// A credential that is used all the time.
struct Used<'k> {
    kw: &'k Server,
    door: Door,
    id: String,
}

impl<'k> Used<'k> {
    async fn made(kw: &'k Server, way: Way) -> (Self, Handed) {
        let (organisation, service) = (kw.organisation().await, way.service());
        let app = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", service]).await;
        let create = ["key", "create", "--service", service, "--environment", "sandbox", "--name", "Back end", "--application", app["id"].as_str().unwrap()];
        let made = keyed(kw, &[&create[..], way.flags()].concat()).await;
        let server = kw.done(&["resource-server", "create", "Gateway", "--services", service, "--environments", "sandbox"]).await;
        let token = server["token"].as_str().unwrap().to_owned();
        let door = Door { http: kw.http.clone(), address: kw.address.clone(), token, way };
        let used = Self { kw, door, id: made["id"].as_str().unwrap().to_owned() };
        let handed = Handed::of(&made);
        kw.settled().await;
        // Before its memory of nonces is a second old, a server cannot say whether one was used.
        wait_until("requests are answered", async || Reply::of(used.door.request(&handed)).await.status == 200).await;
        (used, handed)
    }

    /// Rotates, and gives what is used now and until when the previous one works, once that is known everywhere.
    async fn rotated(&self, old: &Handed, policy: &str, flags: &[&str]) -> (Handed, Option<Timestamp>) {
        let rotate = ["key", "rotate", &self.id, "--policy", policy];
        let made = keyed(self.kw, &[&rotate[..], self.door.way.flags(), flags].concat()).await;
        let new = Handed::of(&made);
        assert_eq!((new.public_half(), &made["version"]), (old.public_half(), &json!(2)));
        self.kw.settled().await;
        (new, made["previous_until"].as_str().map(|until| until.parse().unwrap()))
    }

    /// Both are accepted until this time, and the old one never after it.
    async fn overlaps_until(&self, until: Timestamp, old: (&Handed, Traffic), new: Traffic) {
        let way = self.door.way;
        self.refused((old.0, &old.1), &new).await;
        let (old, new) = (old.1.stop().await, new.stop().await);
        assert_eq!(codes(&old, |sent| sent.answered < nearly(until)), ["valid"], "{way:?}");
        assert_eq!(codes(&old, |sent| sent.at > until), ["retired_version"], "{way:?}");
        assert_eq!(codes(&new, |_| true), ["valid"], "{way:?}");
    }

    /// Until the old one has been refused for a while, under traffic.
    async fn refused(&self, old: (&Handed, &Traffic), new: &Traffic) {
        wait_until("the old one is refused", async || self.door.ask(old.0).await == "retired_version").await;
        old.1.flows().await;
        new.flows().await;
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

/// A verifier's time is ahead of the store's by as long as its question for it took: what ends at a time ends no later.
fn nearly(until: Timestamp) -> Timestamp {
    Timestamp::from_us(until.us() - 1_500_000)
}

/// Tells the story of all ways, at the same time.
async fn of_each(kw: &Server, story: impl AsyncFn(Used<'_>, Handed)) {
    declare_services(kw).await;
    kw.settled().await;
    join_all(WAYS.map(async |way| {
        let (used, first) = Used::made(kw, way).await;
        story(used, first).await;
    }))
    .await;
}

stories! {
    async fn an_immediate_rotation_ends_the_old_one_refuses_none_of_the_new_and_tells_who_uses_the_old_one(kw: Server) {
        of_each(&kw, async |used, first| {
            let way = used.door.way;
            let old = used.door.traffic(&first);
            old.flows().await;
            let before = now();
            let (second, until) = used.rotated(&first, "immediate", &[]).await;
            let known = now();
            assert_eq!(until, None);
            let new = used.door.traffic(&second);
            used.refused((&first, &old), &new).await;
            let (old, new) = (old.stop().await, new.stop().await);
            assert_eq!(codes(&old, |sent| sent.answered < before), ["valid"], "{way:?}");
            assert_eq!(codes(&old, |sent| sent.at >= known), ["retired_version"], "{way:?}");
            assert_eq!(codes(&new, |_| true), ["valid"], "{way:?}");
            let versions = wait_for("who still uses the old one is told", async || {
                let shown = used.kw.done(&["key", "show", &used.id]).await["versions"].take();
                let told = shown[0]["usage"].as_array().unwrap().iter().any(|usage| usage["code"] == "retired_version");
                told.then_some(shown)
            })
            .await;
            assert_eq!((&versions[0]["state"], &versions[1]["state"]), (&json!("retired"), &json!("active")), "{way:?}");
        })
        .await;
    }

    async fn an_overlap_refuses_neither_until_it_is_over(kw: Server) {
        of_each(&kw, async |used, first| {
            let old = used.door.traffic(&first);
            old.flows().await;
            let (second, until) = used.rotated(&first, "overlap", &["--overlap", "6s"]).await;
            let until = until.unwrap();
            let new = used.door.traffic(&second);
            used.overlaps_until(until, (&first, old), new).await;
        })
        .await;
    }

    async fn the_first_use_of_the_new_one_begins_the_overlap(kw: Server) {
        of_each(&kw, async |used, first| {
            let old = used.door.traffic(&first);
            old.flows().await;
            let (second, until) = used.rotated(&first, "on_first_use", &["--overlap", "6s"]).await;
            assert_eq!(until, None);
            assert_eq!(used.door.ask(&first).await, "valid");
            let new = used.door.traffic(&second);
            let until: Timestamp = wait_for("the first use is put down", async || {
                let shown = used.kw.done(&["key", "show", &used.id]).await;
                shown["versions"][0]["until"].as_str().map(|until| until.parse().unwrap())
            })
            .await;
            used.overlaps_until(until, (&first, old), new).await;
        })
        .await;
    }
}
