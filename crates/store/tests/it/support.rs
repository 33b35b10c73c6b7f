//! Words for the stories.

use std::sync::{Arc, Mutex};

use keywright_crypto::random;
use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow};
use keywright_domain::change::{Change, Page, Place, Poll, Record, Report, SnapshotHead};
use keywright_domain::ids::{OrganisationId, VerifierId};
use keywright_store::snapshot::SnapshotSink;
use keywright_store::{AuditEntry, Committed, Done, Store, StoreError, Tx, args};

pub(crate) fn operator() -> Allowed {
    allow(&Caller::Machine { user: "test".into() }, Right::Operate, &Facts::default()).unwrap()
}

pub(crate) fn organisation_id() -> OrganisationId {
    OrganisationId::from_parts(1_700_000_000_000, random::bits().unwrap())
}

/// Inserts an organisation: a row, an audit entry, a change.
pub(crate) async fn insert(tx: &mut Tx<'_>, id: OrganisationId) -> Result<Done<()>, StoreError> {
    tx.exec("INSERT INTO organisation (id, name, review, suspended, created_us) VALUES ($1, 'Acme', 'draft', $2, 0)", args![id, false]).await?;
    Ok(Done::new(()).audit(AuditEntry::new("organisation.created", id)).change(Change::Organisation(id)))
}

pub(crate) async fn make(store: &Store) -> (OrganisationId, Committed<()>) {
    let id = organisation_id();
    let committed = store.write(operator(), async move |tx: &mut Tx<'_>| insert(tx, id).await).await.unwrap();
    (id, committed)
}

/// How many organisations, log entries beyond the first, and audit entries there are.
pub(crate) async fn counts(store: &Store) -> (i64, i64, i64) {
    let count = |sql: &'static str| store.write(operator(), async move |tx: &mut Tx<'_>| Ok::<_, StoreError>(Done::new(tx.one::<i64>(sql, args![]).await?)));
    (
        count("SELECT count(*) FROM organisation").await.unwrap().value,
        count("SELECT count(*) FROM change_log WHERE position > 0").await.unwrap().value,
        count("SELECT count(*) FROM audit").await.unwrap().value,
    )
}

/// A follower of the log, which does what a verifier does with places.
pub(crate) struct Follower {
    pub(crate) id: VerifierId,
    pub(crate) at: Place,
}

impl Follower {
    pub(crate) async fn start(store: &Store) -> Self {
        let id = store.register("node-1", "all").await.unwrap();
        let at = snapshot(store).await.0.unwrap().head;
        Self { id, at }
    }

    pub(crate) async fn poll(&self, store: &Store) -> Result<Page, StoreError> {
        let report = Report { verifier: self.id, applied: self.at };
        let page = store.poll(&Poll { after: self.at, report }).await?;
        store.report(&report).await?;
        Ok(page)
    }

    /// Polls and applies one page.
    pub(crate) async fn step(&mut self, store: &Store) -> Page {
        let page = self.poll(store).await.unwrap();
        assert_eq!(page.tag_after, Some(self.at.tag), "the store continues what was applied");
        self.at = page.upto;
        page
    }
}

#[derive(Default, Clone)]
struct Sink(Arc<Mutex<(Option<SnapshotHead>, Vec<Record>)>>);

impl SnapshotSink for Sink {
    fn begin(&mut self, head: &SnapshotHead) {
        self.0.lock().unwrap().0 = Some(*head);
    }
    fn record(&mut self, record: Record) {
        self.0.lock().unwrap().1.push(record);
    }
}

pub(crate) async fn snapshot(store: &Store) -> (Option<SnapshotHead>, Vec<Record>) {
    let sink = store.snapshot(Sink::default()).await.unwrap();
    std::mem::take(&mut *sink.0.lock().unwrap())
}
