//! A store with an organisation in it, and the hub on top.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use keywright_crypto::proof::ProofPublicKey;
use keywright_crypto::seal::MasterKey;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::Caller;
use keywright_domain::catalogue;
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::time::{Boot, Timestamp};
use keywright_domain::verdict::Code;
use keywright_operations::credentials::Listing;
use keywright_operations::{Clocks, Keys, Operations};
use keywright_store::testing::TestPlace;
use keywright_store::usage::UsageEntry;
use keywright_verifier::{NonceAnswer, NonceClaim};
use keywright_web::{App, Figures, Hub, Node, Settings, serve};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{Client, Reply};

/// A calendar for each office: operations take a function, and what a story lets pass must not age its neighbours.
struct Calendar {
    wall: fn() -> Timestamp,
    passed_s: &'static AtomicI64,
}

static PASSED_S: [AtomicI64; 64] = [const { AtomicI64::new(0) }; 64];

fn wall<const N: usize>() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_us(i64::try_from(since.as_micros()).unwrap() + PASSED_S[N].load(Ordering::Relaxed) * 1_000_000)
}

macro_rules! calendars {
    ($($n:literal),+) => { [$(Calendar { wall: wall::<$n>, passed_s: &PASSED_S[$n] }),+] };
}

#[rustfmt::skip]
static CALENDARS: [Calendar; 64] = calendars![0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63];
static NEXT: AtomicUsize = AtomicUsize::new(0);

fn boot() -> Boot {
    Boot::from_ns(u64::try_from(wall::<0>().us()).unwrap() * 1_000)
}

struct Quiet;

impl Node for Quiet {
    fn figures(&self) -> Figures {
        Figures::default()
    }
    fn hub_ready(&self) -> Result<(), String> {
        Ok(())
    }
    fn claim_nonces<'n>(&'n self, claims: &'n [NonceClaim], _: Timestamp) -> std::pin::Pin<Box<dyn Future<Output = Vec<NonceAnswer>> + Send + 'n>> {
        Box::pin(async move { claims.iter().map(|_| NonceAnswer::Fresh).collect() })
    }
    fn proof_keys(&self) -> Vec<ProofPublicKey> {
        Vec::new()
    }
}

/// Who sends a request.
#[derive(Clone)]
pub(crate) enum As<'a> {
    Nobody,
    Bearer(&'a str),
    /// With the cookie of a session and these further headers.
    Session(&'a str, &'a [(&'a str, &'a str)]),
}

/// The hub of an installation with one organisation.
pub(crate) struct Office {
    pub(crate) operations: Operations,
    pub(crate) organisation: OrganisationId,
    pub(crate) own_application: ApplicationId,
    pub(crate) address: SocketAddr,
    calendar: &'static Calendar,
    _place: TestPlace,
}

pub(crate) fn machine() -> Caller {
    Caller::Machine { user: "test".into() }
}

impl Office {
    /// Opens it; ann@example.com is the organisation's admin.
    pub(crate) async fn open(place: TestPlace) -> Self {
        let calendar = CALENDARS.get(NEXT.fetch_add(1, Ordering::Relaxed)).expect("a calendar for each story: add some");
        let store = place.open().await;
        let keys = Keys::open(&store, &MasterKey::generate().unwrap(), true).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let base_url = format!("http://{address}");
        let operations = Operations::new(store, Clocks { wall: calendar.wall, boot }, Arc::new(keys), None).reached_at(&base_url);
        operations.catalogue_apply(&machine(), catalogue::BUILT_IN).await.unwrap();
        let made = operations.organisation_create(&machine(), "Acme", "ann@example.com").await.unwrap();
        let hub = Hub { operations: operations.clone(), base_url, share_url: None, secure_cookies: false, outbox: None };
        let app = Arc::new(App::new(None, Some(hub), boot, Settings { hub: true, ..Settings::default() }, Box::new(Quiet)));
        tokio::spawn(serve(listener, app, std::future::pending()));
        Self { operations, organisation: made.id, own_application: made.own_application, address, calendar, _place: place }
    }

    /// Lets time pass for people.
    pub(crate) fn pass_s(&self, s: i64) {
        self.calendar.passed_s.fetch_add(s, Ordering::Relaxed);
    }

    /// The secret of a new session.
    pub(crate) async fn session(&self, mail: &str) -> String {
        let made = self.operations.sign_in_link(&machine(), mail).await.unwrap();
        let link = made.link.reveal().to_owned();
        let token = Secret::new(link.rsplit_once('=').unwrap().1.to_owned());
        let client = keywright_operations::sign_in::Client { agent: "test", source: None };
        let session = self.operations.sign_in_by_link(&token, None, None, client).await;
        session.unwrap_or_else(|e| panic!("{e}")).secret.expose().to_owned()
    }

    /// An access token for one organisation of a person.
    pub(crate) async fn access_token(&self, mail: &str, organisation: OrganisationId) -> String {
        let asked = self.operations.sign_in_ask(mail, None, None, None).await.unwrap();
        let letter = self.operations.mails_take().await.unwrap().outgoing.pop().unwrap();
        self.operations.mail_left(letter.id).await.unwrap();
        let code = letter.letter.text.expose().lines().find_map(|line| line.strip_prefix("    ")).unwrap();
        let client = keywright_operations::sign_in::Client { agent: "test", source: None };
        let made = self.operations.sign_in_for_token(asked.id, code, Some(organisation), client).await;
        made.unwrap_or_else(|e| panic!("{e}")).token.reveal().to_owned()
    }

    /// Sends a request to the host that the server is.
    pub(crate) async fn send(&self, who: As<'_>, line: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.send_to(&self.address.to_string(), who, line, headers, body).await
    }

    pub(crate) async fn send_to(&self, host: &str, who: As<'_>, line: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut client = Client::to(self.address).await;
        client.send(Self::text(host, &who, line, headers, body).as_bytes()).await;
        client.reply().await
    }

    /// Sends a request and goes away before the answer.
    pub(crate) async fn send_and_leave(&self, who: As<'_>, line: &str, headers: &[(&str, &str)], body: &str) {
        let mut client = Client::to(self.address).await;
        client.send(Self::text(&self.address.to_string(), &who, line, headers, body).as_bytes()).await;
        // So long that the request is read.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }

    fn text(host: &str, who: &As<'_>, line: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut text = format!("{line} HTTP/1.1\r\nhost: {host}\r\n");
        let mut add = |name: &str, value: &str| text.push_str(&format!("{name}: {value}\r\n"));
        match who {
            As::Nobody => {}
            As::Bearer(token) => add("authorization", &format!("Bearer {token}")),
            As::Session(secret, more) => {
                add("cookie", &format!("other=1; keywright={secret}"));
                more.iter().for_each(|(name, value)| add(name, value));
            }
        }
        headers.iter().for_each(|(name, value)| add(name, value));
        if !body.is_empty() {
            add("content-length", &body.len().to_string());
        }
        format!("{text}\r\n{body}")
    }

    /// A POST of JSON under a session, from a page of ours.
    pub(crate) async fn post(&self, session: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let origin = format!("http://{}", self.address);
        let mut all = vec![("content-type", "application/json"), ("origin", origin.as_str())];
        all.extend_from_slice(headers);
        self.send(As::Session(session, &[]), &format!("POST {path}"), &all, &body.to_string()).await
    }

    /// How many credentials the own application has.
    pub(crate) async fn credentials(&self) -> usize {
        let all = Listing { environment: None, before: None, limit: 100 };
        self.operations.credential_list(&machine(), self.own_application, all).await.unwrap().len()
    }

    /// Puts down that a key was used.
    pub(crate) async fn used(&self, credential: CredentialId, version: u32) {
        let entry = UsageEntry { credential, version, code: Code::Valid, count: 1, last: (self.calendar.wall)(), source: None };
        self.operations.usage_flush("test", &[], &[entry]).await.unwrap();
    }
}
