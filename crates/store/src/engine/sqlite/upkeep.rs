//! Upkeep of a served store: noticing commits of other processes, and moving the WAL into the file.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{Access, connect, thread};
use crate::engine::Waker;
use crate::error::StoreError;

/// How often another process's commit is looked for.
const LOOK: Duration = Duration::from_millis(20);
/// A WAL of this size is moved into the file beside the writers …
const PASSIVE_BYTES: u64 = 4 << 20;
/// … and one of this size, which readers or an endless stream of writes kept growing, while they wait.
const TRUNCATE_BYTES: u64 = 256 << 20;
/// How often the WAL is looked at.
const CHECKPOINT: Duration = Duration::from_millis(250);
/// After so long without a commit the WAL is emptied.
const IDLE: Duration = Duration::from_secs(5);

/// Ends both threads when it is dropped.
pub(super) struct Upkeep {
    _ends: [mpsc::Sender<()>; 2],
}

impl Upkeep {
    pub(super) fn start(path: &Path, waker: Waker) -> Result<(Self, Vec<JoinHandle<()>>), StoreError> {
        let (watch_end, watch_ended) = mpsc::channel();
        let (checkpoint_end, checkpoint_ended) = mpsc::channel();
        let watch = Watch { connection: connect(path, Access::Read)?, waker, seen: None };
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let connection = connect(path, Access::Write)?;
        // Emptying a WAL that has grown too large waits for its turn, and lets writers wait no longer than this.
        connection.busy_timeout(Duration::from_millis(200))?;
        let checkpoints = Checkpoints { connection, wal: PathBuf::from(wal), idle_since: None };
        let threads = vec![thread("watch", move || watch.run(&watch_ended))?, thread("checkpoint", move || checkpoints.run(&checkpoint_ended))?];
        Ok((Self { _ends: [watch_end, checkpoint_end] }, threads))
    }
}

struct Watch {
    connection: Connection,
    waker: Waker,
    /// `data_version` and the tag of the head, which changes with every entry and every new epoch.
    seen: Option<(i64, [u8; 16])>,
}

impl Watch {
    fn run(mut self, ended: &mpsc::Receiver<()>) {
        while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            if let Err(error) = self.look() {
                tracing::warn!(%error, "commits of other processes cannot be seen; verifiers find them at their next poll");
            }
        }
    }

    fn look(&mut self) -> rusqlite::Result<()> {
        let version: i64 = self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if self.seen.is_some_and(|(seen, _)| seen == version) {
            return Ok(());
        }
        // Reports are commits too, and wake nobody.
        let tag: [u8; 16] = self.connection.prepare_cached("SELECT tag FROM head")?.query_row([], |row| row.get(0))?;
        if self.seen.is_some_and(|(_, seen)| seen != tag) {
            self.waker.wake();
        }
        self.seen = Some((version, tag));
        Ok(())
    }
}

struct Checkpoints {
    connection: Connection,
    wal: PathBuf,
    /// Size of the WAL at the last look, and since when nothing happened.
    idle_since: Option<(i64, Instant, bool)>,
}

impl Checkpoints {
    fn run(mut self, ended: &mpsc::Receiver<()>) {
        while ended.recv_timeout(CHECKPOINT) == Err(RecvTimeoutError::Timeout) {
            if let Err(error) = self.look() {
                tracing::warn!(%error, "the write-ahead log could not be moved into the file; it grows until it can");
            }
        }
    }

    fn look(&mut self) -> rusqlite::Result<()> {
        let bytes = std::fs::metadata(&self.wal).map_or(0, |m| m.len());
        let version: i64 = self.connection.query_row("PRAGMA data_version", [], |row| row.get(0))?;
        let (since, emptied) = match self.idle_since {
            Some((seen, since, emptied)) if seen == version => (since, emptied),
            _ => (Instant::now(), false),
        };
        self.idle_since = Some((version, since, emptied));
        if bytes == 0 || emptied {
            return Ok(());
        }
        if since.elapsed() >= IDLE || bytes >= TRUNCATE_BYTES {
            let done = self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")?;
            self.idle_since = Some((version, since, done));
        } else if bytes >= PASSIVE_BYTES {
            self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)")?;
        }
        Ok(())
    }

    /// Whether all of the WAL was moved; a reader or writer in its way is no error.
    fn checkpoint(&self, sql: &str) -> rusqlite::Result<bool> {
        let (busy, frames, moved) = self.connection.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
        Ok(busy == 0 && frames == moved)
    }
}
