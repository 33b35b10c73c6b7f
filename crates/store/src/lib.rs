//! The store: the only crate with SQL. One text per statement for two engines, one way to write, four doors to reading.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod applications;
pub mod attention;
pub mod audit;
pub mod audit_read;
pub mod catalogue;
pub mod change_log;
pub mod credentials;
pub mod durability;
pub mod engine;
pub mod error;
pub mod first_steps;
mod forgetting;
mod grants;
pub mod idempotency;
pub mod images;
pub mod installation;
pub mod invitations;
pub mod mails;
pub mod management_tokens;
pub mod members;
pub mod node_place;
pub mod nonces;
pub mod organisations;
pub mod persons;
pub mod profiles;
pub mod public_keys;
mod records;
pub mod registrations;
pub mod resource_servers;
pub mod scope;
pub mod sessions;
pub mod sign_in;
pub mod signing_keys;
pub mod snapshot;
pub mod statements;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tokens;
pub mod usage;
pub mod verifiers;
mod versions;
pub mod write;

use std::sync::Arc;

pub use audit::AuditEntry;
pub use engine::{FromRow, Location, OpenError, OpenOptions, Purpose, RowRef, Tx, Val, Wakeups};
pub use error::StoreError;
pub use write::{Committed, Done};

use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow};

use engine::Engine;
use idempotency::Mark;
use statements::Statements;

/// An open store. Clones are cheap and mean the same store, which closes with the last of them.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
    at: Arc<str>,
    statements: Arc<Statements>,
    mark: Option<Arc<Mark>>,
}

impl Store {
    /// Opens a store; makes and migrates it where the purpose allows. Never hangs: what does not answer within five seconds is away.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong, where, and what to do.
    pub async fn open(options: OpenOptions) -> Result<Self, OpenError> {
        let (engine, at) = Engine::open(options).await?;
        Ok(Self { engine: Arc::new(engine), at: at.into(), statements: Arc::default(), mark: None })
    }

    /// The same store for one call that carries a key against repeats: each write marks the call as done in its own transaction, and writes
    /// nothing once another has taken the call over.
    #[must_use]
    pub fn marking(&self, mark: Arc<Mark>) -> Self {
        Self { mark: Some(mark), ..self.clone() }
    }

    /// How many statements were run, by door.
    #[must_use]
    pub fn statements(&self) -> &Statements {
        &self.statements
    }

    /// Where it is: the directory, or host, port and name of the database; for messages, without secrets.
    #[must_use]
    pub fn at(&self) -> &str {
        &self.at
    }

    /// Hears of commits, here and in other processes.
    #[must_use]
    pub fn wakeups(&self) -> Wakeups {
        self.engine.wakeups()
    }

    /// Writes that wait for their turn.
    #[must_use]
    pub fn waiting_writes(&self) -> usize {
        self.engine.queue()
    }

    /// Whether it is an embedded store: files of this machine, which one server holds.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(*self.engine, Engine::Sqlite(_))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// The permission of one of Keywright's own jobs.
pub(crate) fn housekeeper(job: &'static str) -> Result<Allowed, StoreError> {
    allow(&Caller::System { job }, Right::Housekeep, &Facts::default()).map_err(|_| StoreError::Door { door: "housekeeping" })
}
