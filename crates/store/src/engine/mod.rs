//! The two engines. All differences between SQLite and PostgreSQL live here.

mod clock;
mod job;
mod migrate;
mod open;
pub(crate) mod postgres;
mod row;
pub(crate) mod sqlite;
mod tx;
mod value;
mod wake;

pub use open::{Location, OpenError, OpenOptions, Purpose};
pub use row::{FromRow, RowRef};
pub use tx::Tx;
pub use value::Val;
pub use wake::Wakeups;

pub(crate) use clock::now;
pub(crate) use job::{Effects, End, Job, Typed};
pub(crate) use wake::Waker;

use crate::error::StoreError;

/// The engine that a store was opened on.
pub(crate) enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// What a reading job needs around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    /// Nothing: it is one statement.
    Statement,
    /// One view of the store for all its statements.
    Snapshot,
    /// The same, with a committed proof that the primary answers: a verifier's poll.
    Poll,
    /// The same on a connection and thread of its own, for as long as it takes.
    Whole,
}

impl Engine {
    /// Opens it, and says where it is in words without secrets.
    pub(crate) async fn open(options: OpenOptions) -> Result<(Self, String), OpenError> {
        match options.location.clone() {
            Location::Directory(directory) => {
                let at = directory.display().to_string();
                let closed = at.clone();
                // Waiting for another process's lock must not hold up the caller's runtime.
                let opened = tokio::task::spawn_blocking(move || sqlite::open(&directory, &options)).await;
                let engine = opened.unwrap_or_else(|_| Err(OpenError::Store { at: closed, cause: StoreError::Panicked }))?;
                Ok((Self::Sqlite(engine), at))
            }
            Location::Postgres(url) => {
                let (engine, at) = postgres::open(&url, &options).await?;
                Ok((Self::Postgres(engine), at))
            }
        }
    }

    pub(crate) async fn write(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(engine) => engine.write(job).await,
            Self::Postgres(engine) => engine.write(job),
        }
    }

    pub(crate) fn read(&self, around: Around, job: Box<dyn Job>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(engine) => engine.read(around, job),
            Self::Postgres(engine) => engine.read(around, job),
        }
    }

    pub(crate) fn wakeups(&self) -> Wakeups {
        match self {
            Self::Sqlite(engine) => engine.waker().wakeups(),
            Self::Postgres(engine) => engine.waker().wakeups(),
        }
    }

    /// Jobs that wait to be written.
    pub(crate) fn queue(&self) -> usize {
        match self {
            Self::Sqlite(engine) => engine.queue(),
            Self::Postgres(engine) => engine.queue(),
        }
    }
}
