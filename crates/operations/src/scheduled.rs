//! Housekeeping: forgetting what ended long ago, verifiers that went away, and old log entries.

use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::change::Change;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;

use crate::{Error, Operations};

/// Rows that one transaction of housekeeping removes, so that no write waits long for it.
const AT_ONCE: u32 = 500;
/// Log entries that one transaction removes.
const LOG_AT_ONCE: u32 = 10_000;

/// What a round of housekeeping came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Credentials that are forgotten.
    pub credentials: usize,
    /// Credentials of which retired versions are forgotten.
    pub versions: usize,
    /// Verifiers whose rows were removed.
    pub verifiers: usize,
    /// Log entries that were removed.
    pub log_entries: u64,
}

impl Operations {
    /// One round. Several nodes may do it at once.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn housekeeping(&self) -> Result<Round, Error> {
        let allowed = || allow(&Caller::System { job: "housekeeping" }, Right::Housekeep, &Facts::default());
        let now = self.now();
        let before = Timestamp::from_us(now.us() - limits::ENDED_KEPT.us());
        let credentials = self
            .store
            .housekeep(allowed()?, async move |tx| {
                let gone = tx.credentials_forget_ended(before, AT_ONCE).await?;
                Ok::<_, Error>((gone.len(), gone.into_iter().map(Change::Credential).collect()))
            })
            .await?
            .value;
        let versions = self
            .store
            .housekeep(allowed()?, async move |tx| {
                let changed = tx.versions_forget_retired(before, AT_ONCE).await?;
                Ok::<_, Error>((changed.len(), changed.into_iter().map(Change::Credential).collect()))
            })
            .await?
            .value;
        let verifiers = self.store.reap_verifiers().await?.len();
        let log_entries = self.store.trim_log(now, LOG_AT_ONCE).await?;
        Ok(Round { credentials, versions, verifiers, log_entries })
    }
}
