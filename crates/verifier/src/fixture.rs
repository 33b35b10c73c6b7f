//! A verifier with a handful of credentials, for the tests of this crate.

use std::borrow::Cow;
use std::sync::Arc;

use keywright_crypto::digest;
use keywright_domain::application;
use keywright_domain::catalogue::{Availability, BodyCheck, Catalogue, Form, Labels, OnStale, SecretVisibility, Service};
use keywright_domain::change::{
    ApplicationRecord, CredentialRecord, Epoch, OrganisationRecord, Page, Place, Position, Record, ResourceServerRecord, SnapshotHead, Tag, VersionRecord,
};
use keywright_domain::credential::rotation::PolicyName;
use keywright_domain::credential::secret_form::{self, Brand};
use keywright_domain::credential::{Environment, Kind, Material, State, VersionState};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId, ResourceServerId, VerifierId};
use keywright_domain::time::{Boot, Span, Timestamp};
use keywright_domain::verdict::Code;

use crate::{
    Ask, Asked, Beyond, Detail, Follower, Fresh, NonceClaim, Question, RateState, Reading, Signed, Stale, Step, Unavailable, Verdict, Verifier, decide,
};

pub(crate) const TOKEN: &[u8] = b"a token of the resource server";
pub(crate) const LEASE_MS: u64 = 2_000;
/// What the store's clock shows when the machine's shows 0.
pub(crate) const START_S: i64 = 1_800_000_000;

/// A moment of the store's clock, in seconds after the machine started.
pub(crate) fn at(s: i64) -> Timestamp {
    Timestamp::from_us((START_S + s) * 1_000_000)
}

pub(crate) fn boot(ms: u64) -> Boot {
    Boot::default().plus_ms(ms)
}

pub(crate) fn key(n: u32, environment: Environment) -> String {
    let mut key = format!("kw_{}_{n:030}", environment.in_key());
    secret_form::complete(&mut key);
    key
}

pub(crate) fn place(position: u64) -> Place {
    Place { epoch: Epoch(1), position: Position(position), tag: Tag(u128::from(position) << 64 | 7) }
}

pub(crate) fn version(key: &str, number: u32, state: VersionState) -> VersionRecord {
    VersionRecord { number, state, digest: digest::sha256(key.as_bytes()), material: Material::Digest, expires_at: None, ran_out: false }
}

/// Credential `n` of application 1 for `maps` in production, with key `n`.
pub(crate) fn credential(n: u32) -> CredentialRecord {
    CredentialRecord {
        id: CredentialId::from_bits(u128::from(n)),
        application: ApplicationId::from_bits(1),
        kind: Kind::ApiKey,
        public_id: None,
        service: "maps".into(),
        environment: Environment::Production,
        permissions: "routes:plan tiles:read".into(),
        networks: String::new(),
        origins: String::new(),
        rate_limit: None,
        state: State::Active,
        expires_at: None,
        revoked_at: None,
        token_form: None,
        tokens_not_before: None,
        versions: vec![version(&key(n, Environment::Production), 1, VersionState::Active)],
    }
}

pub(crate) fn sandbox(n: u32) -> CredentialRecord {
    let versions = vec![version(&key(n, Environment::Sandbox), 1, VersionState::Active)];
    CredentialRecord { environment: Environment::Sandbox, versions, ..credential(n) }
}

pub(crate) fn application(state: application::State) -> Record {
    Record::Application(ApplicationRecord { id: ApplicationId::from_bits(1), organisation: OrganisationId::from_bits(1), state })
}

pub(crate) fn organisation(suspended: bool) -> Record {
    Record::Organisation(OrganisationRecord { id: OrganisationId::from_bits(1), suspended })
}

pub(crate) fn resource_server(services: &[&str], environments: &[Environment]) -> Record {
    Record::ResourceServer(ResourceServerRecord {
        id: ResourceServerId::from_bits(1),
        services: services.iter().map(|s| (*s).to_owned()).collect(),
        environments: environments.to_vec(),
        tokens: vec![(digest::sha256(TOKEN), None)],
    })
}

pub(crate) fn service(slug: &str) -> Service {
    Service {
        slug: slug.into(),
        name: slug.into(),
        docs_url: None,
        kinds: vec![Kind::ApiKey],
        permissions: vec![("routes:plan".into(), String::new()), ("tiles:read".into(), String::new())],
        labels: Labels { sandbox: "Sandbox".into(), production: "Production".into() },
        availability: Availability::Open,
        form: Form::Full,
        production_requires: vec![],
        credentials_per_environment: 20,
        rotation: (PolicyName::Overlap, Span::from_h(24)),
        schemes: vec![],
        sandbox_authorities: vec![],
        production_authorities: vec![],
        base_paths: vec![],
        body_check: BodyCheck::Strict,
        rate_limit: None,
        on_stale: OnStale::Refuse,
        secret_visibility: SecretVisibility::Once,
        parallel_secrets: 1,
        token: keywright_domain::catalogue::Tokens::default(),
        attributes: vec![],
        warning: None,
    }
}

pub(crate) fn catalogue(services: Vec<Service>) -> Record {
    Record::Catalogue(Arc::new(Catalogue { brands: vec![Brand::default()], services }))
}

/// A verifier that follows a store of which only the pages are played.
pub(crate) struct Kit {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) follower: Follower,
    pub(crate) position: u64,
    /// The machine's clock.
    pub(crate) ms: u64,
}

/// What was answered, on its own feet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) code: Code,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) version: Option<u32>,
    pub(crate) rate_limit: Option<RateState>,
    pub(crate) position: u64,
    pub(crate) stale_s: Option<u64>,
}

/// What was answered to a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: Code,
    pub(crate) version: Option<u32>,
    pub(crate) signed: Option<Signed>,
    pub(crate) detail: Option<Box<Detail>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotSeen {
    Beyond(Beyond),
    Stale(Stale),
    Need(NonceClaim),
    Unavailable(Unavailable),
}

impl Kit {
    /// Application 1 is active, organisation 1 is not suspended, and the resource server may ask about `maps` in both environments.
    pub(crate) fn new(records: &[Record]) -> Self {
        Self::of(Verifier::new(), records)
    }

    pub(crate) fn of(verifier: Verifier, records: &[Record]) -> Self {
        let verifier = Arc::new(verifier);
        let mut kit = Self { follower: Follower::new(verifier.clone(), None), verifier, position: 5, ms: 10_000 };
        assert!(matches!(kit.follower.next(boot(kit.ms)), Ask::Register { again: None }));
        kit.follower.registered(VerifierId::from_bits(9));
        assert_eq!(kit.follower.next(boot(kit.ms)), Ask::Snapshot);
        let mut loading = kit.follower.loading(&SnapshotHead { head: place(5), store_now: kit.store_now(), lease_ms: LEASE_MS, credentials: 0 });
        loading.add(&organisation(false));
        loading.add(&application(application::State::Active));
        loading.add(&catalogue(vec![service("maps"), service("payments")]));
        loading.add(&resource_server(&["maps"], &Environment::ALL));
        records.iter().for_each(|r| loading.add(r));
        kit.follower.loaded(loading);
        kit.page(vec![]);
        kit
    }

    pub(crate) fn with(credential: CredentialRecord) -> Self {
        Self::new(&[Record::Credential(credential)])
    }

    pub(crate) fn store_now(&self) -> Timestamp {
        Timestamp::from_us(START_S * 1_000_000 + self.ms as i64 * 1_000)
    }

    pub(crate) fn polled(&mut self) -> Asked {
        loop {
            match self.follower.next(boot(self.ms)) {
                Ask::Poll(asked) => return asked,
                Ask::Wait { until } => self.ms = until.ns().div_ceil(1_000_000),
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn whole_page(&self, records: Vec<Record>) -> Page {
        let head = place(self.position);
        Page { head, tag_after: None, upto: head, records, store_now: self.store_now(), lease_ms: LEASE_MS, registered: true }
    }

    /// The verifier polls, and the store's clock shows `store_now`.
    pub(crate) fn page_at(&mut self, store_now: Timestamp) {
        let asked = self.polled();
        let page = Page { tag_after: Some(asked.poll().after.tag), store_now, ..self.whole_page(vec![]) };
        self.follower.page(asked, &page, boot(self.ms), self.store_now());
    }

    /// The store has these changes, and the verifier polls.
    pub(crate) fn page(&mut self, records: Vec<Record>) {
        let asked = self.polled();
        self.position += records.len() as u64;
        let page = Page { tag_after: Some(asked.poll().after.tag), ..self.whole_page(records) };
        self.follower.page(asked, &page, boot(self.ms), self.store_now());
    }

    pub(crate) fn put(&mut self, credential: CredentialRecord) {
        self.page(vec![Record::Credential(credential)]);
    }

    /// Time passes, and the verifier goes on polling.
    pub(crate) fn pass(&mut self, s: u64) {
        self.ms += s * 1_000;
        self.page(vec![]);
    }

    pub(crate) fn ask(&self, question: &Question<'_>) -> Result<Seen, NotSeen> {
        let reading = self.verifier.read();
        let fresh = self.decided(&reading, question)?;
        let answer = fresh.answer();
        Ok(Seen {
            code: answer.code,
            credential: answer.found.map(|f| f.credential),
            version: answer.found.map(|f| f.version),
            rate_limit: answer.found.and_then(|f| f.rate_limit),
            position: answer.position.0,
            stale_s: fresh.stale_s(),
        })
    }

    /// What is answered, without what lives in the replica only by its state.
    pub(crate) fn answer(&self, question: &Question<'_>) -> Result<Told, NotSeen> {
        let reading = self.verifier.read();
        let fresh = self.decided(&reading, question)?;
        let answer = fresh.answer();
        Ok(Told { code: answer.code, version: answer.found.map(|f| f.version), signed: answer.signed, detail: answer.detail.clone() })
    }

    fn decided<'r>(&self, reading: &'r Reading<'_>, question: &Question<'_>) -> Result<Fresh<Verdict<'r>>, NotSeen> {
        let now = reading.calendar(boot(self.ms));
        let asker = reading.asker(TOKEN, now).expect("the token is known");
        let verdict = match decide(reading, &asker, question, now, boot(self.ms)).map_err(NotSeen::Beyond)? {
            Step::Done(verdict) => verdict,
            Step::Need(claim) => return Err(NotSeen::Need(claim)),
            Step::Unavailable(why) => return Err(NotSeen::Unavailable(why)),
        };
        reading.confirm(verdict, boot(self.ms)).map_err(NotSeen::Stale)
    }

    pub(crate) fn code_of(&self, key: &str) -> Code {
        self.ask(&Question { credential: key.as_bytes(), ..Question::default() }).unwrap().code
    }

    /// The code for production key `n`.
    pub(crate) fn code(&self, n: u32) -> Code {
        self.code_of(&key(n, Environment::Production))
    }
}

/// Permissions as a question has them.
pub(crate) fn names<'a>(names: &[&'a str]) -> Vec<Cow<'a, str>> {
    names.iter().map(|n| Cow::Borrowed(*n)).collect()
}
