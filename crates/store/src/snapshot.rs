//! A snapshot: everything that a replica holds, and the place that it shows, read in one transaction.

use std::sync::{Arc, Mutex, PoisonError};

use keywright_domain::change::{Position, Record, SnapshotHead};

use crate::engine::{Around, Tx};
use crate::error::StoreError;
use crate::records::{self, Which};
use crate::{Store, args};

/// Where a snapshot goes. It is called on a thread of the store, in this order: once the head, then every record.
pub trait SnapshotSink: Send + 'static {
    /// The place that the snapshot shows, and how much follows.
    fn begin(&mut self, head: &SnapshotHead);
    /// One more record; owners come before what they own.
    fn record(&mut self, record: Record);
}

impl Store {
    /// Streams a snapshot into `sink` and gives it back. Memory stays flat, and nobody else waits.
    ///
    /// # Errors
    /// [`StoreError`]; what the sink has got by then is worth nothing.
    pub async fn snapshot<S: SnapshotSink>(&self, sink: S) -> Result<S, StoreError> {
        let sink = Arc::new(Mutex::new(Some(sink)));
        let filled = Arc::clone(&sink);
        self.read(Around::Whole, async move |tx: &mut Tx<'_>| {
            let taken = filled.lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut taken = taken.ok_or_else(|| StoreError::corrupt("a snapshot runs once"))?;
            stream(tx, &mut taken).await?;
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
            Ok(())
        })
        .await?;
        let filled = sink.lock().unwrap_or_else(PoisonError::into_inner).take();
        filled.ok_or(StoreError::Panicked)
    }
}

async fn stream(tx: &mut Tx<'_>, sink: &mut dyn SnapshotSink) -> Result<(), StoreError> {
    let head = crate::change_log::head(tx, Position(0)).await?;
    let credentials: i64 = tx.one("SELECT count(*) FROM credential", args![]).await?;
    sink.begin(&SnapshotHead {
        head: head.place,
        // A clock that was set back does not bring back what has expired.
        store_now: tx.store_now().await?.max(head.seen),
        lease_ms: head.lease_ms,
        credentials: u64::try_from(credentials).unwrap_or(0),
    });
    records::catalogue(tx, &mut |r| sink.record(r)).await?;
    // A replica begins without any.
    match records::signing_keys(tx).await? {
        Record::SigningKeys(keys) if keys.is_empty() => {}
        keys => sink.record(keys),
    }
    records::tokens(tx, Which::All, &mut |r| sink.record(Record::TokenEnded(r))).await?;
    records::organisations(tx, Which::All, &mut |r| sink.record(Record::Organisation(r))).await?;
    records::applications(tx, Which::All, &mut |r| sink.record(Record::Application(r))).await?;
    records::resource_servers(tx, Which::All, &mut |r| sink.record(Record::ResourceServer(r))).await?;
    records::credentials(tx, Which::All, &mut |r| sink.record(Record::Credential(r))).await
}
