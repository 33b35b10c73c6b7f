//! The writer: one thread, one connection, many jobs in one commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use rusqlite::Connection;
use tokio::sync::mpsc::{self, error::TryRecvError};

use keywright_crypto::random;
use keywright_domain::change::{Epoch, Place, Position, Tag};

use super::file::OpenFile;
use super::patiently;
use crate::change_log::words;
use crate::engine::{Effects, End, Job, Tx, Waker, now};
use crate::error::StoreError;

/// Jobs in one commit.
const BATCH_MAX: usize = 256;
/// After this much work without a pause …
const WORK: Duration = Duration::from_millis(20);
/// … the writer rests this long, so that another process gets a turn: SQLite's lock knows no queue.
const REST: Duration = Duration::from_millis(1);
/// Whoever was answered just now may come with the next write at once: the writer gives them this part of a commit's time to do so,
/// because a commit costs the same for one as for all.
const GATHER_PART: u32 = 4;
const GATHER_MAX: Duration = Duration::from_micros(500);

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) waker: Waker,
    pub(super) queue: Arc<AtomicUsize>,
    pub(super) file: OpenFile,
}

impl Writer {
    /// Runs until nobody can send any more.
    pub(super) fn run(self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        let mut busy_since = Instant::now();
        let (mut last_size, mut last_took) = (1, Duration::ZERO);
        loop {
            let first = match jobs.try_recv() {
                Ok(job) => job,
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {
                    let idle_since = Instant::now();
                    let Some(job) = jobs.blocking_recv() else { return };
                    if idle_since.elapsed() >= REST {
                        busy_since = Instant::now();
                    }
                    job
                }
            };
            if busy_since.elapsed() >= WORK {
                std::thread::sleep(REST);
                busy_since = Instant::now();
            }
            let start = Instant::now();
            let batch = gather(&mut jobs, first, last_size, (last_took / GATHER_PART).min(GATHER_MAX));
            self.queue.fetch_sub(batch.len(), Ordering::Relaxed);
            last_size = batch.len();
            self.commit(batch);
            last_took = start.elapsed();
        }
    }

    /// Runs a batch and answers its jobs, each only after the commit that it is part of.
    fn commit(&self, mut batch: Vec<Box<dyn Job>>) {
        let begin = || patiently(|| self.run_cached("BEGIN IMMEDIATE"));
        let outcome = self.file.check().and_then(|()| begin()).and_then(|()| self.transaction(&mut batch));
        match outcome {
            Ok((ends, news)) => {
                if news {
                    self.waker.wake();
                }
                batch.into_iter().zip(ends).for_each(|(job, end)| job.end(end));
            }
            Err(error) => {
                if !self.connection.is_autocommit()
                    && let Err(rollback) = self.run_cached("ROLLBACK")
                {
                    tracing::error!(%rollback, "a failed batch could not be rolled back");
                }
                tracing::debug!(%error, jobs = batch.len(), "a batch of writes failed; each of its jobs is told");
                batch.into_iter().for_each(|job| super::fail(job, &error));
            }
        }
    }

    /// From behind BEGIN to behind COMMIT. Any error ends the whole batch: after a failed savepoint nobody knows what the transaction
    /// still holds, and SQLite may have ended it, so that the next savepoint would begin one of its own.
    fn transaction(&self, batch: &mut [Box<dyn Job>]) -> Result<(Vec<End>, bool), StoreError> {
        let alone = batch.len() == 1;
        let mut outcomes = Vec::with_capacity(batch.len());
        for job in batch {
            if !alone {
                self.run_cached("SAVEPOINT job")?;
            }
            let outcome = self.attempt(job.as_mut())?;
            match (&outcome, alone) {
                (Ok(_), true) => {}
                (Err(_), true) => {
                    self.run_cached("ROLLBACK")?;
                    return Ok((outcome.err().into_iter().collect(), false));
                }
                (Ok(_), false) => self.run_cached("RELEASE job")?,
                (Err(_), false) => {
                    self.run_cached("ROLLBACK TO job")?;
                    self.run_cached("RELEASE job")?;
                }
            }
            if self.connection.is_autocommit() {
                return Err(StoreError::Sql { what: "SQLite ended the transaction in the middle".into() });
            }
            outcomes.push(outcome);
        }
        let written = self.log(outcomes)?;
        self.run_cached("COMMIT")?;
        Ok(written)
    }

    /// Runs one job. The inner error undoes it alone, the outer one the batch.
    fn attempt(&self, job: &mut dyn Job) -> Result<Result<Effects, End>, StoreError> {
        let mut tx = Tx::sqlite(&self.connection);
        let outcome = catch_unwind(AssertUnwindSafe(|| job.attempt(&mut tx).now_or_never()));
        let failed = tx.failed().cloned();
        if self.connection.is_autocommit() {
            // On a full disk SQLite may undo everything by itself.
            return Err(failed.unwrap_or_else(|| StoreError::Sql { what: "SQLite ended the transaction in a job".into() }));
        }
        Ok(match (outcome, failed) {
            (Ok(Some(Ok(effects))), None) => Ok(effects),
            (Ok(Some(Ok(_))), Some(error)) => Err(End::Failed(error)),
            (Ok(Some(Err(_))), _) => Err(End::Refused),
            (Ok(None), _) => Err(End::Failed(StoreError::Sql { what: "a job waited for something else than the store".into() })),
            (Err(_), _) => Err(End::Failed(StoreError::Panicked)),
        })
    }

    /// Takes the positions and writes log and audit trail. Gives the jobs' ends, and whether there is news for followers.
    fn log(&self, outcomes: Vec<Result<Effects, End>>) -> Result<(Vec<End>, bool), StoreError> {
        let connection = &self.connection;
        let mut head = connection.prepare_cached("SELECT h.position, h.tag, i.epoch FROM head h, installation i")?.query_row([], |row| {
            let (position, tag, epoch) = (row.get::<_, i64>(0)?, row.get::<_, [u8; 16]>(1)?, row.get::<_, [u8; 16]>(2)?);
            Ok(Place { epoch: Epoch(u128::from_be_bytes(epoch)), position: Position(u64::try_from(position).unwrap_or(0)), tag: Tag(u128::from_be_bytes(tag)) })
        })?;
        let start = head.position;
        let at_us = now().us();
        let mut insert = connection.prepare_cached("INSERT INTO change_log (position, tag, kind, subject, at_us) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let mut ends = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            let effects = match outcome {
                Ok(effects) => effects,
                Err(end) => {
                    ends.push(end);
                    continue;
                }
            };
            for change in &effects.changes {
                let (kind, subject) = words(*change);
                head.position.0 += 1;
                head.tag = Tag(random::bits()?);
                insert.execute((head.position.0.cast_signed(), head.tag.0.to_be_bytes(), kind, subject, at_us))?;
            }
            self.audit(&effects, at_us)?;
            ends.push(End::Committed(head));
        }
        let news = head.position != start;
        if news {
            connection.prepare_cached("UPDATE head SET position = ?1, tag = ?2")?.execute((head.position.0.cast_signed(), head.tag.0.to_be_bytes()))?;
        }
        Ok((ends, news))
    }

    fn audit(&self, effects: &Effects, at_us: i64) -> Result<(), StoreError> {
        for entry in &effects.audit {
            self.connection
                .prepare_cached(
                    "INSERT INTO audit (at_us, organisation_id, application_id, actor, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute((
                    at_us,
                    entry.organisation.map(|o| o.to_string()),
                    entry.application.map(|a| a.to_string()),
                    entry.actor.as_ref().unwrap_or(&effects.actor),
                    entry.action,
                    &entry.subject,
                    entry.detail.to_string(),
                ))?;
            if let Some(personal) = &entry.personal {
                self.connection
                    .prepare_cached("INSERT INTO audit_personal (audit_id, value) VALUES (?1, ?2)")?
                    .execute((self.connection.last_insert_rowid(), personal.to_string()))?;
            }
        }
        Ok(())
    }

    fn run_cached(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}

/// The jobs that wait now; and, while they are fewer than `expected`, those that come within `wait`.
fn gather(jobs: &mut mpsc::Receiver<Box<dyn Job>>, first: Box<dyn Job>, expected: usize, wait: Duration) -> Vec<Box<dyn Job>> {
    let start = Instant::now();
    let mut batch = vec![first];
    while batch.len() < BATCH_MAX {
        match jobs.try_recv() {
            Ok(job) => batch.push(job),
            Err(_) if batch.len() < expected && start.elapsed() < wait => std::thread::yield_now(),
            Err(_) => break,
        }
    }
    batch
}
