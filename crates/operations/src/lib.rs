//! What a person or program may do, each thing once, whatever the way in: the command line and the loops of the server today.
//!
//! An operation checks the form of what it is given (every bad field at once), asks [`access`] whether the caller may, and writes
//! through the store's one way to write, with its audit entries and changes.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod access;
pub mod activity;
mod apart;
pub mod applications;
mod business;
pub mod calls;
pub mod catalogue;
pub mod credentials;
mod error;
mod form;
pub mod images;
pub mod installation;
mod key_making;
pub mod mail;
pub mod management_tokens;
pub mod members;
mod nonces;
pub mod organisations;
pub mod persons;
pub mod registration_tokens;
pub mod resource_servers;
pub mod scheduled;
pub mod sessions;
pub mod sign_in;
mod signing_keys;
pub mod tokens;
pub mod usage;
pub mod usage_read;
pub mod verifiers;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use keywright_domain::caller::Allowed;
use keywright_domain::catalogue::Catalogue;
use keywright_domain::change::Place;
use keywright_domain::ids::VerifierId;
use keywright_domain::limits;
use keywright_domain::time::{Boot, Timestamp};
use keywright_store::{Committed, Done, Store, StoreError, Tx};

pub use error::{Error, Field, Rule};
pub use installation::{Keys, KeysError};

/// The two clocks of the machine, so that a test can set them.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    /// The calendar.
    pub wall: fn() -> Timestamp,
    /// The clock that counts suspend.
    pub boot: fn() -> Boot,
}

/// How far the verifier in this process is, if there is one: its reports need not travel through the store.
#[derive(Debug, Clone)]
pub struct LocalVerifier {
    /// Its id, once it is registered, and the place that it has applied and published.
    pub applied: tokio::sync::watch::Receiver<Option<(VerifierId, Place)>>,
}

/// Where people reach an installation that says nothing of it.
const BASE_URL: &str = "http://127.0.0.1:8080";

/// A catalogue, and when it was applied.
type AppliedCatalogue = (Timestamp, Arc<Catalogue>);

/// Everything that operations need; cheap to clone.
#[derive(Clone)]
pub struct Operations {
    store: Store,
    clocks: Clocks,
    keys: Arc<Keys>,
    local: Option<LocalVerifier>,
    catalogue: Arc<RwLock<Option<AppliedCatalogue>>>,
    base_url: Arc<str>,
    mail_added: Arc<tokio::sync::Notify>,
    signing_keys: Arc<RwLock<Vec<Arc<signing_keys::Ready>>>>,
}

impl Operations {
    /// Operations on this store. `local` is the verifier in this process.
    #[must_use]
    pub fn new(store: Store, clocks: Clocks, keys: Arc<Keys>, local: Option<LocalVerifier>) -> Self {
        Self { store, clocks, keys, local, catalogue: Arc::default(), base_url: Arc::from(BASE_URL), mail_added: Arc::default(), signing_keys: Arc::default() }
    }

    /// The same, for an installation that people reach at this address, which all links in mails start with.
    #[must_use]
    pub fn reached_at(mut self, base_url: &str) -> Self {
        self.base_url = Arc::from(base_url.trim_end_matches('/'));
        self
    }

    /// Where people reach the installation: `https://keys.example.com`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The store, for reads that need no operation.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The keys of the installation.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The calendar.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clocks.wall)()
    }

    /// The store's one way to write, for jobs that answer as operations do. Waits until the verifier in this process, too, knows what was written.
    pub(crate) async fn write<T, F>(&self, allowed: Allowed, job: F) -> Result<Committed<T>, Error>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<Done<T>, Error> + Send + Sync + 'static,
        T: Send + 'static,
    {
        self.write_or(allowed, job).await
    }

    /// The same, for jobs with errors of their own.
    pub(crate) async fn write_or<T, E, F>(&self, allowed: Allowed, job: F) -> Result<Committed<T>, E>
    where
        F: AsyncFn(&mut Tx<'_>) -> Result<Done<T>, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let committed = self.store.write(allowed, job).await?;
        self.known_here(committed.place).await;
        Ok(committed)
    }

    /// Until the verifier in this process has applied the log up to `place`, so that what was just handed out works where it was handed out, and what was
    /// ended has ended there. Not for long: a verifier that is slow is no reason to refuse what is done already. Gives whether it has; one that
    /// has loaded nothing yet answers nothing before it has.
    async fn known_here(&self, place: Place) -> bool {
        let Some(local) = &self.local else { return true };
        let mut applied = local.applied.clone();
        let known = applied.wait_for(|known| known.is_none_or(|(_, known)| known.epoch != place.epoch || known.position >= place.position));
        matches!(tokio::time::timeout(Duration::from_millis(limits::KNOWN_HERE_MS), known).await, Ok(Ok(_)))
    }

    fn boot(&self) -> Boot {
        (self.clocks.boot)()
    }
}
