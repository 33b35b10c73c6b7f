//! A model of the store: rows, a log with tags, registered verifiers. Each call happens at one moment, as one transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use keywright_crypto::digest;
use keywright_domain::application;
use keywright_domain::catalogue::{self, Catalogue};
use keywright_domain::change::{
    ApplicationRecord, CredentialRecord, Epoch, OrganisationRecord, Page, Place, Poll, Position, Record, ResourceServerRecord, SnapshotHead, Tag, VersionRecord,
};
use keywright_domain::credential::{Environment, State, VersionState};
use keywright_domain::ids::{ApplicationId, OrganisationId, ResourceServerId, VerifierId};
use keywright_domain::promise::Reported;
use keywright_domain::time::Timestamp;

use crate::chance::Chance;
use crate::holders::{SERVICES, holder, id};

pub(crate) const TOKEN: &[u8] = b"a token";
pub(crate) const CREDENTIALS: usize = 12;
pub(crate) const LEASE_MS: u64 = 1_000;
/// So small that pages are often full.
const PAGE_ENTRIES: usize = 3;

/// Everything that a backup contains.
#[derive(Clone)]
pub(crate) struct Contents {
    pub(crate) epoch: Epoch,
    /// The first one is position 0.
    tags: Vec<Tag>,
    /// What each entry after position 0 names.
    entries: Vec<usize>,
    /// Entries up to here are no longer there.
    trimmed: usize,
    revoked: [bool; CREDENTIALS],
    registered: BTreeMap<VerifierId, Row>,
}

#[derive(Clone)]
struct Row {
    applied: Place,
    /// Nanoseconds of true time.
    seen: u64,
}

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(catalogue::built_in()));

impl Contents {
    pub(crate) fn new(chance: &mut Chance) -> Self {
        Self {
            epoch: Epoch(1),
            tags: vec![Tag(u128::from(chance.bits()))],
            entries: Vec::new(),
            trimmed: 0,
            revoked: [false; CREDENTIALS],
            registered: BTreeMap::new(),
        }
    }

    pub(crate) fn head(&self) -> Place {
        let position = self.entries.len();
        Place { epoch: self.epoch, position: Position(position as u64), tag: self.tags[position] }
    }

    /// Commits a change of a credential; `revoke` says whether it ends it.
    pub(crate) fn commit(&mut self, credential: usize, revoke: bool, chance: &mut Chance) -> Position {
        self.revoked[credential] |= revoke;
        self.entries.push(credential);
        self.tags.push(Tag(u128::from(chance.bits())));
        self.head().position
    }

    pub(crate) fn register(&mut self, id: VerifierId, now: u64) {
        self.registered.insert(id, Row { applied: Place::default(), seen: now });
    }

    /// Removes the rows of verifiers that have not polled for so long.
    pub(crate) fn reap(&mut self, now: u64, silent_ns: u64) {
        self.registered.retain(|_, row| now - row.seen < silent_ns);
    }

    pub(crate) fn reported(&self) -> Vec<Reported> {
        let reported =
            |(id, row): (&VerifierId, &Row)| Reported { verifier: *id, epoch: row.applied.epoch, position: row.applied.position, at: store_clock(row.seen) };
        self.registered.iter().map(reported).collect()
    }

    /// Forgets all entries but the last few.
    pub(crate) fn trim(&mut self, kept: usize) {
        self.trimmed = self.trimmed.max(self.entries.len().saturating_sub(kept));
    }

    /// What `restore --accept-rewind` does. The rows of verifiers stay: whoever still runs must be waited for.
    pub(crate) fn accept(&mut self, chance: &mut Chance) {
        self.epoch = Epoch(u128::from(chance.bits()));
        self.commit(0, false, chance);
    }

    /// Whether this store has gone through that place.
    pub(crate) fn contains(&self, place: &Place) -> bool {
        place.epoch == self.epoch && usize::try_from(place.position.0).is_ok_and(|at| self.tags.get(at) == Some(&place.tag))
    }

    pub(crate) fn snapshot(&self, now: u64) -> (SnapshotHead, Vec<Record>) {
        let head = SnapshotHead { head: self.head(), store_now: store_clock(now), lease_ms: LEASE_MS, credentials: CREDENTIALS as u64 };
        let mut records: Vec<Record> = (0..CREDENTIALS).map(|n| self.credential(n)).collect();
        records.push(Record::Catalogue(CATALOGUE.clone()));
        records.push(Record::Application(ApplicationRecord {
            id: ApplicationId::from_bits(1),
            organisation: OrganisationId::from_bits(1),
            state: application::State::Active,
        }));
        records.push(Record::Organisation(OrganisationRecord { id: OrganisationId::from_bits(1), suspended: false }));
        records.push(Record::ResourceServer(ResourceServerRecord {
            id: ResourceServerId::from_bits(1),
            services: SERVICES.map(str::to_owned).to_vec(),
            environments: vec![Environment::Production],
            tokens: vec![(digest::sha256(TOKEN), None)],
        }));
        (head, records)
    }

    pub(crate) fn poll(&mut self, poll: &Poll, now: u64) -> Page {
        let registered = match self.registered.get_mut(&poll.report.verifier) {
            Some(row) => {
                *row = Row { applied: poll.report.applied, seen: now };
                true
            }
            None => false,
        };
        let (head, after) = (self.head(), usize::try_from(poll.after.position.0).unwrap());
        let tag_after = if after >= self.trimmed { self.tags.get(after).copied() } else { None };
        let upto = if tag_after.is_some() { self.entries.len().min(after + PAGE_ENTRIES) } else { after };
        let records = if tag_after.is_some() { self.entries[after..upto].iter().map(|n| self.credential(*n)).collect() } else { Vec::new() };
        let upto = match self.tags.get(upto) {
            Some(tag) => Place { epoch: self.epoch, position: Position(upto as u64), tag: *tag },
            None => poll.after,
        };
        Page { head, tag_after, upto, records, store_now: store_clock(now), lease_ms: LEASE_MS, registered }
    }

    fn credential(&self, n: usize) -> Record {
        let holder = holder(n);
        Record::Credential(CredentialRecord {
            id: id(n),
            application: ApplicationId::from_bits(1),
            kind: holder.kind,
            public_id: holder.public_id.clone(),
            service: holder.service.into(),
            environment: Environment::Production,
            permissions: String::new(),
            networks: String::new(),
            origins: String::new(),
            rate_limit: None,
            state: if self.revoked[n] { State::Revoked } else { State::Active },
            expires_at: None,
            revoked_at: self.revoked[n].then_some(store_clock(0)),
            token_form: None,
            tokens_not_before: None,
            versions: vec![VersionRecord {
                number: 1,
                state: VersionState::Active,
                digest: holder.digest,
                material: holder.material.clone(),
                expires_at: None,
                ran_out: false,
            }],
        })
    }
}

/// The store's calendar; it is not right, and that does not matter.
pub(crate) fn store_clock(now: u64) -> Timestamp {
    Timestamp::from_us(1_800_000_000_000_000 + (now / 1_000) as i64)
}
