//! The one way to write: rows, changes and audit entries in one transaction, whose position is taken last.

use std::sync::Arc;

use keywright_domain::caller::Allowed;
use keywright_domain::change::{Change, Place};
use tokio::sync::oneshot;

use crate::Store;
use crate::audit::AuditEntry;
use crate::engine::{Effects, Tx, Typed};
use crate::error::StoreError;
use crate::statements::Door;

/// What a write came to, before it is committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Done<T> {
    /// What the caller gets once it is on disk.
    pub value: T,
    /// For the audit trail.
    pub audit: Vec<AuditEntry>,
    /// For the change log, in this order.
    pub changes: Vec<Change>,
}

impl<T> Done<T> {
    /// This, with nothing for the log.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self { value, audit: Vec::new(), changes: Vec::new() }
    }

    /// The same with one more audit entry.
    #[must_use]
    pub fn audit(mut self, entry: AuditEntry) -> Self {
        self.audit.push(entry);
        self
    }

    /// The same with one more change.
    #[must_use]
    pub fn change(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }
}

/// What a write came to, now that it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed<T> {
    /// What the job gave.
    pub value: T,
    /// Where its last change is in the log; without changes, where the log ended.
    pub place: Place,
}

impl Store {
    /// Runs a job in a transaction and answers once it is on disk.
    ///
    /// The job owns what it uses (`async move |tx| …`), may be run several times, and makes no id, time or randomness and talks to nobody
    /// but `tx`. It locks its organisation's row first. An `Err` of the job undoes it and comes back as it is.
    ///
    /// # Errors
    /// The job's own, or a [`StoreError`] turned into its type; nothing is kept then, but for [`StoreError::Unsure`].
    pub async fn write<T, E, F>(&self, allowed: Allowed, job: F) -> Result<Committed<T>, E>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<Done<T>, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let actor = allowed.actor();
        let organisation = allowed.organisation();
        let (mark, statements) = (self.mark.clone(), Arc::clone(&self.statements));
        let run = async move |tx: &mut Tx<'_>| -> Result<(T, Effects), E> {
            let before = tx.ran();
            let done = job(tx).await;
            statements.add(Door::Write, tx.ran() - before);
            let mut done = done?;
            if let Some(mark) = &mark {
                tx.call_committed(mark, done.audit.first().map(|entry| entry.subject.as_str())).await?;
            }
            for entry in &mut done.audit {
                entry.organisation = entry.organisation.or(organisation);
            }
            Ok((done.value, Effects { actor: actor.clone(), audit: done.audit, changes: done.changes }))
        };
        let (job, answer) = Typed::boxed(run);
        self.engine().write(job).await?;
        let (value, place) = received(answer).await?;
        Ok(Committed { value, place })
    }

    /// [`write`](Self::write) for Keywright's own upkeep, which leaves no audit entry: usage, reaping, trimming.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`StoreError::Door`] unless the permission is for housekeeping.
    pub async fn housekeep<T, E, F>(&self, allowed: Allowed, job: F) -> Result<Committed<T>, E>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<(T, Vec<Change>), E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if allowed.right() != keywright_domain::caller::Right::Housekeep {
            return Err(StoreError::Door { door: "housekeeping" }.into());
        }
        self.write(allowed, async move |tx: &mut Tx<'_>| {
            let (value, changes) = job(tx).await?;
            Ok(Done { value, audit: Vec::new(), changes })
        })
        .await
    }
}

/// The answer of a job; a job that was dropped without one was dropped with its engine.
pub(crate) async fn received<T, E: From<StoreError>>(answer: oneshot::Receiver<Result<T, E>>) -> Result<T, E> {
    answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
}
