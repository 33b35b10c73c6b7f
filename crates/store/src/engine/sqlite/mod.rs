//! SQLite: one writer thread that commits many waiting writes at once, a few reader threads, and upkeep off the commit path.

mod directory;
mod file;
mod readers;
mod reports;
mod schema;
mod statements;
mod upkeep;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::mpsc;

use keywright_domain::change::Report;

use super::{Around, End, Job, OpenError, OpenOptions, Purpose, Waker};
use crate::error::StoreError;

pub(crate) use directory::open;
pub(super) use statements::{exec, for_each};

/// A process that finds the store locked tries again after this.
const TRY_AGAIN: Duration = Duration::from_micros(300);
/// And gives up after this.
const PATIENCE: Duration = Duration::from_secs(10);

/// A store in a directory.
pub(crate) struct Sqlite {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    lists: Option<readers::Readers>,
    polls: Option<readers::Readers>,
    reports: Option<reports::Reports>,
    upkeep: Option<upkeep::Upkeep>,
    threads: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    queue: Arc<AtomicUsize>,
    waker: Waker,
    path: PathBuf,
    file: file::OpenFile,
    _lock: Option<std::fs::File>,
}

impl Sqlite {
    pub(crate) async fn write(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        self.queue.fetch_add(1, Ordering::Relaxed);
        jobs.send(job).await.map_err(|_| StoreError::Closed)
    }

    pub(crate) fn read(&self, around: Around, job: Box<dyn Job>) -> Result<(), StoreError> {
        match around {
            Around::Whole => readers::alone(self.path.clone(), job),
            Around::Poll => {
                // Before the reading: a poll that was asked before the file was replaced may count.
                self.file.check()?;
                self.polls.as_ref().ok_or(StoreError::Closed)?.send(around, job)
            }
            Around::Statement | Around::Snapshot => self.lists.as_ref().ok_or(StoreError::Closed)?.send(around, job),
        }
    }

    /// Writes a verifier's report; false: its row is gone.
    pub(crate) async fn report(&self, report: Report) -> Result<bool, StoreError> {
        self.reports.as_ref().ok_or(StoreError::Closed)?.write(report).await
    }

    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    pub(crate) fn queue(&self) -> usize {
        self.queue.load(Ordering::Relaxed)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The writer's connection closes last: only one that writes moves the WAL into the file, so that a closed store is one file.
        self.lists = None;
        self.polls = None;
        self.reports = None;
        self.upkeep = None;
        self.threads.drain(..).for_each(end);
        self.jobs = None;
        self.writer.take().into_iter().for_each(end);
    }
}

fn end(thread: JoinHandle<()>) {
    // The last handle of the store may go away inside a job, on the thread itself.
    if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
        tracing::error!("a thread of the store broke off");
    }
}

/// How a connection is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Write,
    Report,
    Read,
}

/// Opens a connection with the settings that every one of this kind has.
fn connect(path: &Path, access: Access) -> Result<Connection, StoreError> {
    let mode = if access == Access::Read { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_prepared_statement_cache_capacity(256);
    // A reader meets a lock only while the WAL is restarted or recovered; a writer waits by itself, more often than SQLite would.
    connection.busy_timeout(if access == Access::Read { Duration::from_secs(5) } else { Duration::ZERO })?;
    connection.pragma_update(None, "foreign_keys", true)?;
    match access {
        Access::Read => connection.pragma_update(None, "query_only", true)?,
        Access::Write | Access::Report => {
            connection.pragma_update(None, "synchronous", if access == Access::Write { "FULL" } else { "NORMAL" })?;
            // Checkpoints are upkeep, never part of a commit.
            connection.pragma_update(None, "wal_autocheckpoint", 0)?;
            connection.pragma_update(None, "secure_delete", true)?;
        }
    }
    if access == Access::Write {
        // Random digests touch random pages of their index; 16 MB hold its upper levels.
        connection.pragma_update(None, "cache_size", -16_000)?;
    }
    Ok(connection)
}

/// Runs a statement that may find the store locked, again and again for ten seconds.
fn patiently<T>(mut attempt: impl FnMut() -> rusqlite::Result<T>) -> Result<T, StoreError> {
    let start = std::time::Instant::now();
    loop {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(error) if is_busy(&error) => {
                if start.elapsed() >= PATIENCE {
                    let waited_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                    return Err(StoreError::Busy { waited_ms, detail: "another process was writing all the time".into() });
                }
                std::thread::sleep(TRY_AGAIN);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
}

/// Starts a thread of the store.
fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new().name(format!("kw-{name}")).spawn(run).map_err(|e| StoreError::Disk { detail: format!("no thread: {e}") })
}

/// Answers a job that could not be run.
fn fail(job: Box<dyn Job>, error: &StoreError) {
    job.end(End::Failed(error.clone()));
}
