//! Reader threads, each with a connection of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use futures_util::FutureExt;
use rusqlite::Connection;

use keywright_domain::change::Place;

use super::{Access, connect, fail, thread};
use crate::engine::{Around, End, Job, Tx};
use crate::error::StoreError;

/// Enough for lists on the machines that an embedded store runs on.
pub(super) const LISTS: usize = 2;
/// A poll waits for no list: its lease is running.
pub(super) const POLLS: usize = 1;

pub(super) struct Readers(mpsc::Sender<(Around, Box<dyn Job>)>);

impl Readers {
    pub(super) fn start(path: &Path, count: usize) -> Result<(Self, Vec<JoinHandle<()>>), StoreError> {
        let (sender, receiver) = mpsc::channel::<(Around, Box<dyn Job>)>();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for _ in 0..count {
            let connection = connect(path, Access::Read)?;
            let receiver = Arc::clone(&receiver);
            threads.push(thread("reader", move || {
                loop {
                    // One reader waits for the queue, the others wait for the lock.
                    let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((around, job)) = next else { return };
                    run(&connection, around, job);
                }
            })?);
        }
        Ok((Self(sender), threads))
    }

    pub(super) fn send(&self, around: Around, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.0.send((around, job)).map_err(|_| StoreError::Closed)
    }
}

/// Runs a job that takes long on a thread and a connection of its own.
pub(super) fn alone(path: PathBuf, job: Box<dyn Job>) -> Result<(), StoreError> {
    thread("snapshot", move || match connect(&path, Access::Read) {
        Ok(connection) => run(&connection, Around::Whole, job),
        Err(error) => fail(job, &error),
    })
    .map(|_| ())
}

fn run(connection: &Connection, around: Around, mut job: Box<dyn Job>) {
    let transaction = around != Around::Statement;
    if transaction && let Err(error) = connection.execute_batch("BEGIN") {
        return fail(job, &error.into());
    }
    let mut tx = Tx::sqlite(connection);
    let outcome = catch_unwind(AssertUnwindSafe(|| job.attempt(&mut tx).now_or_never()));
    let end = match (outcome, tx.failed()) {
        (Ok(Some(Ok(_))), None) => End::Committed(Place::default()),
        (Ok(Some(Ok(_))), Some(error)) => End::Failed(error.clone()),
        (Ok(Some(Err(_))), _) => End::Refused,
        (Ok(None), _) => End::Failed(StoreError::Sql { what: "a reading job waited for something else than the store".into() }),
        (Err(_), _) => End::Failed(StoreError::Panicked),
    };
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a read could not be ended");
    }
    job.end(end);
}
