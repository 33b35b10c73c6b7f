//! Opening a store: where it is, for what, and what can be wrong with it.

use std::io;
use std::path::PathBuf;

use crate::error::StoreError;

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// SQLite in this directory, on a local file system.
    Directory(PathBuf),
    /// PostgreSQL under this URL.
    Postgres(String),
}

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To serve: makes and migrates it, holds the directory alone, wakes followers.
    Serve,
    /// For one command beside a server: changes rows, never the schema.
    Command,
    /// To make or migrate it, and nothing else.
    Migrate,
}

/// How to open a store.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenOptions {
    /// Where it is.
    pub location: Location,
    /// What for.
    pub purpose: Purpose,
    /// The lease that a new store gets, in milliseconds; one that exists keeps its own.
    pub lease_ms: u64,
    /// SQLite: the largest size of the file in pages of 4 KiB, beyond which writes answer [`StoreError::Full`]. None: the disk decides.
    pub pages_max: Option<u32>,
}

impl OpenOptions {
    /// With the usual lease and no limit of size.
    #[must_use]
    pub const fn new(location: Location, purpose: Purpose) -> Self {
        Self { location, purpose, lease_ms: keywright_domain::limits::LEASE_MS_DEFAULT, pages_max: None }
    }
}

/// Why a store cannot be opened: what is wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is nothing there, and a command makes nothing.
    #[error("there is no store at {at}: start `keywright serve`, or run `keywright migrate` first")]
    Missing {
        /// Directory or database.
        at: String,
    },
    /// The directory cannot be made or written.
    #[error("{} cannot be written ({cause}): give this user the right to write there, or choose another directory with --data", path.display())]
    NotWritable {
        /// Which file or directory.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The directory belongs to somebody else; files made by this user would lock the owner out.
    #[error("{} belongs to the user {owner}, and this is {user}: run the command as {owner}", path.display())]
    Owner {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Who asked.
        user: String,
    },
    /// Another process serves this directory.
    #[error("another process holds {}: only one `keywright serve` or `keywright migrate` may use a data directory; stop that one first", path.display())]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// A later release has changed the schema.
    #[error("the store at {at} has schema {found}, and this release knows {known} at most: install the newer release again, or restore a backup from before")]
    Newer {
        /// Directory or database.
        at: String,
        /// The store's version.
        found: i64,
        /// The newest that this release knows.
        known: i64,
    },
    /// An earlier release has made it, and a command migrates nothing.
    #[error("the store at {at} has schema {found}, and this release needs {known}: restart `keywright serve` with this release, or run `keywright migrate`")]
    Older {
        /// Directory or database.
        at: String,
        /// The store's version.
        found: i64,
        /// What this release needs.
        known: i64,
    },
    /// The URL cannot be read.
    #[error("the database URL cannot be read ({why}): write postgres://user:password@host:5432/database")]
    Url {
        /// Why; never the URL, which may hold a password.
        why: String,
    },
    /// PostgreSQL does not answer.
    #[error("no answer from PostgreSQL at {at} ({why}): is it running, and is the address right?")]
    Unreachable {
        /// Host, port and database.
        at: String,
        /// What the system said.
        why: String,
    },
    /// PostgreSQL answers and says no.
    #[error("PostgreSQL at {at} refuses the connection ({why}): check user, password and database in the URL, and pg_hba.conf")]
    RefusedByServer {
        /// Host, port and database.
        at: String,
        /// What it said.
        why: String,
    },
    /// It is a standby.
    #[error("PostgreSQL at {at} is a standby: give the address of the primary, because a standby cannot prove that it has seen the newest change")]
    Standby {
        /// Host, port and database.
        at: String,
    },
    /// Something between us and PostgreSQL hands out connections by the transaction.
    #[error(
        "there is a transaction pooler in front of PostgreSQL at {at}: connect to PostgreSQL itself, or set the pooler to session mode, because LISTEN and prepared statements need a session"
    )]
    TransactionPooler {
        /// Host, port and database.
        at: String,
    },
    /// It is too old.
    #[error("PostgreSQL at {at} is version {found}, and Keywright needs 13 or later: upgrade it")]
    OldServer {
        /// Host, port and database.
        at: String,
        /// Its version.
        found: String,
    },
    /// Anything else that the store said.
    #[error("the store at {at} cannot be opened: {cause}")]
    Store {
        /// Directory or database.
        at: String,
        /// What.
        #[source]
        cause: StoreError,
    },
}
