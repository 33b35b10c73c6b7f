use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use keywright_crypto::proof::{ProofKey, ProofPublicKey};
use keywright_crypto::random;
use keywright_crypto::secret::Secret;
use keywright_domain::application::State as ApplicationState;
use keywright_domain::catalogue;
use keywright_domain::change::{
    ApplicationRecord, CredentialRecord, Epoch, OrganisationRecord, Page, Place, Position, Record, ResourceServerRecord, SnapshotHead, Tag, VersionRecord,
};
use keywright_domain::credential::secret_form::{Brand, Class};
use keywright_domain::credential::{Environment, Kind, Material, State, VersionState};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId, ResourceServerId, VerifierId};
use keywright_domain::time::{Boot, Span, Timestamp};
use keywright_verifier::{Ask, Follower, NonceAnswer, NonceClaim, Verifier};
use keywright_web::{App, Figures, Node, Settings, Timeouts, serve};
use serde_json::Value;
use tokio::net::TcpListener;

use super::{Client, Reply};

/// The store's time.
const NOW: Timestamp = Timestamp::from_us(1_800_000_000_000_000);
const LEASE_MS: u64 = 2_000;

thread_local! {
    // The server runs in the test's own thread, so each test has a clock of its own.
    static CLOCK_NS: Cell<u64> = const { Cell::new(1_000_000_000) };
    static STEP_NS: Cell<u64> = const { Cell::new(0) };
}

fn clock() -> Boot {
    CLOCK_NS.with(|c| c.set(c.get() + STEP_NS.get()));
    Boot::from_ns(CLOCK_NS.get())
}

pub(crate) fn rfc3339(offset_s: i64) -> Timestamp {
    if offset_s >= 0 { NOW.plus(Span::from_s(offset_s)) } else { Timestamp::from_us(NOW.us() + offset_s * 1_000_000) }
}

/// What a test may do to the node.
struct TestNode(ProofPublicKey);

impl Node for TestNode {
    fn figures(&self) -> Figures {
        Figures { usage_backlog: Some(3), writer_queue: None }
    }
    fn hub_ready(&self) -> Result<(), String> {
        Err("the store is away: start it".into())
    }
    fn claim_nonces<'n>(&'n self, claims: &'n [NonceClaim], _: Timestamp) -> std::pin::Pin<Box<dyn Future<Output = Vec<NonceAnswer>> + Send + 'n>> {
        Box::pin(async move { claims.iter().map(|_| NonceAnswer::Fresh).collect() })
    }
    fn proof_keys(&self) -> Vec<ProofPublicKey> {
        vec![self.0]
    }
}

/// A store of records and the server beside it.
pub(crate) struct World {
    records: Vec<Record>,
    verifier: Arc<Verifier>,
    follower: Follower,
    place: Place,
    ids: u128,
    pub(crate) token: Secret,
    pub(crate) application: ApplicationId,
    pub(crate) organisation: OrganisationId,
    address: Option<SocketAddr>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    pub(crate) served: Option<tokio::task::JoinHandle<()>>,
}

pub(crate) fn settings() -> Settings {
    let short = Duration::from_millis(120);
    Settings { timeouts: Timeouts { head: short, body: short, idle: short * 20, idle_when_full: short, stop: short * 20 }, ..Settings::default() }
}

impl World {
    /// An active application, and a resource server for the Business API in production.
    pub(crate) fn new() -> Self {
        let verifier = Arc::new(Verifier::new());
        let mut world = Self {
            records: vec![Record::Catalogue(Arc::new(catalogue::built_in()))],
            follower: Follower::new(Arc::clone(&verifier), None),
            verifier,
            place: Place { epoch: Epoch(7), position: Position(88_121), tag: Tag(1) },
            ids: 1_000,
            token: random::secret(&Brand::default(), Class::ResourceServer).unwrap(),
            application: ApplicationId::from_bits(0),
            organisation: OrganisationId::from_bits(0),
            address: None,
            stop: None,
            served: None,
        };
        (world.application, world.organisation) = world.application(ApplicationState::Active, false);
        world.token = world.resource_server(&["business-api"], &[Environment::Production]);
        world
    }

    fn id(&mut self) -> u128 {
        self.ids += 1;
        // The milliseconds of NOW, and a number.
        u128::from(NOW.ms()) << 80 | self.ids
    }

    pub(crate) fn application(&mut self, state: ApplicationState, suspended: bool) -> (ApplicationId, OrganisationId) {
        let (id, organisation) = (ApplicationId::from_bits(self.id()), OrganisationId::from_bits(self.id()));
        self.records.push(Record::Organisation(OrganisationRecord { id: organisation, suspended }));
        self.records.push(Record::Application(ApplicationRecord { id, organisation, state }));
        (id, organisation)
    }

    pub(crate) fn resource_server(&mut self, services: &[&str], environments: &[Environment]) -> Secret {
        let token = random::secret(&Brand::default(), Class::ResourceServer).unwrap();
        let id = ResourceServerId::from_bits(self.id());
        self.records.push(Record::ResourceServer(ResourceServerRecord {
            id,
            services: services.iter().map(|s| (*s).to_owned()).collect(),
            environments: environments.to_vec(),
            tokens: vec![(token.digest(), None)],
        }));
        token
    }

    /// A live key for the Business API that holds `payouts:write`, after `change`.
    pub(crate) fn key(&mut self, change: impl FnOnce(&mut CredentialRecord)) -> (Secret, CredentialId) {
        let mut record = CredentialRecord {
            id: CredentialId::from_bits(self.id()),
            application: self.application,
            kind: Kind::ApiKey,
            public_id: None,
            service: "business-api".into(),
            environment: Environment::Production,
            permissions: "payouts:write".into(),
            networks: String::new(),
            origins: String::new(),
            rate_limit: None,
            state: State::Active,
            expires_at: None,
            revoked_at: None,
            token_form: None,
            tokens_not_before: None,
            versions: vec![VersionRecord {
                number: 1,
                state: VersionState::Active,
                digest: [0; 32],
                material: Material::Digest,
                expires_at: None,
                ran_out: false,
            }],
        };
        change(&mut record);
        let key = random::secret(&Brand::default(), Class::ApiKey(record.environment)).unwrap();
        record.versions[0].digest = key.digest();
        let id = record.id;
        self.records.push(Record::Credential(record));
        (key, id)
    }

    /// Puts a record into the store; the next [`renew`](Self::renew) brings it.
    pub(crate) fn change(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Serves what there is.
    pub(crate) async fn start(&mut self, settings: Settings) {
        self.load();
        self.renew();
        self.serve(settings).await;
    }

    /// Serves whatever state the verifier is in.
    pub(crate) async fn serve(&mut self, settings: Settings) {
        let (_, seed) = ProofKey::generate().unwrap();
        let node = TestNode(ProofKey::from_seed(&seed).unwrap().public());
        let app = Arc::new(App::new(Some(Arc::clone(&self.verifier)), None, clock, settings, Box::new(node)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.address = Some(listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        self.stop = Some(stop);
        self.served = Some(tokio::spawn(serve(listener, app, async move { drop(stopped.await) })));
    }

    /// Loads the replica; nothing is proven fresh by that.
    pub(crate) fn load(&mut self) {
        assert!(matches!(self.follower.next(clock()), Ask::Register { .. }));
        let id = VerifierId::from_bits(self.id());
        self.follower.registered(id);
        assert_eq!(self.follower.next(clock()), Ask::Snapshot);
        let head = SnapshotHead { head: self.place, store_now: NOW, lease_ms: LEASE_MS, credentials: 10 };
        let mut loading = self.follower.loading(&head);
        self.records.drain(..).for_each(|record| loading.add(&record));
        self.follower.loaded(loading);
    }

    /// A poll that brings the records which were added since, at a position of their own.
    pub(crate) fn renew(&mut self) {
        let asked = loop {
            match self.follower.next(clock()) {
                Ask::Poll(asked) => break asked,
                Ask::Wait { until } => CLOCK_NS.set(until.ns()),
                other => panic!("{other:?}"),
            }
        };
        let before = self.place;
        if !self.records.is_empty() {
            self.place.position.0 += 1;
            self.place.tag.0 += 1;
        }
        let page = Page {
            head: self.place,
            tag_after: Some(before.tag),
            upto: self.place,
            records: std::mem::take(&mut self.records),
            store_now: NOW,
            lease_ms: LEASE_MS,
            registered: true,
        };
        self.follower.page(asked, &page, clock(), NOW);
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, ms: u64) {
        CLOCK_NS.with(|c| c.set(c.get() + ms * 1_000_000));
    }

    /// Lets so much time pass at each look at the clock.
    pub(crate) fn step(&self, ms: u64) {
        STEP_NS.set(ms * 1_000_000);
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) fn position(&self) -> u64 {
        self.place.position.0
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::to(self.address.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.connect().await.request(&format!("GET {path}"), &[], b"").await
    }

    /// A question under the world's own token.
    pub(crate) async fn verify(&self, question: &Value) -> Reply {
        self.post("/verify", question.to_string().as_bytes()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &[u8]) -> Reply {
        self.post_as(self.token.expose(), path, body).await
    }

    pub(crate) async fn post_as(&self, token: &str, path: &str, body: &[u8]) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.connect().await.request(&format!("POST {path}"), &headers, body).await
    }

    /// A gateway's question about a request with these headers.
    pub(crate) async fn forward(&self, query: &str, headers: &[(&str, &str)]) -> Reply {
        let mut all = vec![("keywright-token", self.token.expose())];
        all.extend_from_slice(headers);
        self.connect().await.request(&format!("GET /verify/forward?{query}"), &all, b"").await
    }
}
