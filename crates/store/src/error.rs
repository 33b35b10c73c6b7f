//! What can go wrong with the store, typed where somebody decides.

use std::fmt;

use keywright_crypto::random::NoRandom;

/// Why a read or a write did not happen. Nothing of a failed write is kept, but for [`Unsure`](Self::Unsure).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room for the write. The store works again by itself once there is room.
    #[error("the disk of the store is full ({detail}): make room on it; nothing of this write was kept, and writing goes on by itself afterwards")]
    Full {
        /// What the engine said.
        detail: String,
    },
    /// The disk refused to read or write.
    #[error("the disk of the store failed ({detail}): look at the system's log and at the permissions of the store's files")]
    Disk {
        /// What the engine said.
        detail: String,
    },
    /// The file that this process has open is no longer the one under its name.
    #[error(
        "the store's file {path} is no longer the one that this process has open ({detail}): restart this process; if an older copy was put back on \
         purpose, run `keywright restore --accept-rewind` before"
    )]
    Replaced {
        /// Where the file was.
        path: String,
        /// What is there now.
        detail: String,
    },
    /// Somebody else held a lock for too long.
    #[error("the store was busy for {waited_ms} ms ({detail}): try again")]
    Busy {
        /// How long was waited, in milliseconds.
        waited_ms: u64,
        /// Who held what, as far as it is known.
        detail: String,
    },
    /// The database cannot be reached.
    #[error("the database at {at} cannot be reached ({detail}): start it or mend the network; connections come back by themselves")]
    Away {
        /// Host, port and name of the database.
        at: String,
        /// What the engine or the system said.
        detail: String,
    },
    /// The answer to a COMMIT was lost, and what became of it could not be found out.
    #[error("the connection was lost while the write was being saved ({detail}): it may or may not be saved; look before you repeat it")]
    Unsure {
        /// Why it could not be found out.
        detail: String,
    },
    /// A value that must be unique is there already.
    #[error("{what} is taken")]
    Taken {
        /// The columns or the constraint, without values.
        what: String,
    },
    /// A row that others refer to cannot go, or a row that is referred to is not there.
    #[error("a reference between rows does not hold ({what})")]
    Reference {
        /// The constraint, without values.
        what: String,
    },
    /// What is stored cannot be read as what it should be.
    #[error("the store holds something that this release cannot read ({what}): restore a backup, or ask for help with this message")]
    Corrupt {
        /// What and why.
        what: String,
    },
    /// An earlier statement of the same transaction failed.
    #[error("an earlier statement of the same transaction failed, so this one was not run")]
    Aborted,
    /// The statement itself is refused: a fault in Keywright.
    #[error("the database refused a statement ({what}): this is a fault in Keywright, please report it")]
    Sql {
        /// What the engine said, without values.
        what: String,
    },
    /// The code of a transaction broke off.
    #[error("the transaction's code broke off; nothing of it was kept: this is a fault in Keywright, please report it")]
    Panicked,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// A query that the permission at hand does not open.
    #[error("this permission does not open {door}")]
    Door {
        /// Which door of the store.
        door: &'static str,
    },
    /// No random bits.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

impl StoreError {
    /// A stored value that cannot be read, and why.
    pub fn corrupt(why: impl fmt::Display) -> Self {
        Self::Corrupt { what: why.to_string() }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        use rusqlite::ffi;
        let rusqlite::Error::SqliteFailure(cause, message) = &error else {
            return Self::Sql { what: error.to_string() };
        };
        let what = || message.clone().unwrap_or_else(|| cause.to_string());
        match (cause.code, cause.extended_code) {
            (Code::DiskFull, _) => Self::Full { detail: what() },
            // What SQLite says of a full disk when it needs the index of its write-ahead log.
            (_, ffi::SQLITE_IOERR_SHMSIZE) => Self::Full { detail: "no room for keywright.db-shm".into() },
            (Code::SystemIoFailure | Code::CannotOpen | Code::ReadOnly | Code::PermissionDenied, _) => Self::Disk { detail: format!("{} ({cause})", what()) },
            (Code::DatabaseBusy | Code::DatabaseLocked, _) => Self::Busy { waited_ms: 0, detail: what() },
            (Code::DatabaseCorrupt | Code::NotADatabase, _) => Self::Corrupt { what: what() },
            // The engine's text names the columns and no values: "UNIQUE constraint failed: person.mail".
            (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => Self::Taken { what: what().replace("UNIQUE constraint failed: ", "") },
            (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => Self::Reference { what: what() },
            _ => Self::Sql { what: what() },
        }
    }
}
