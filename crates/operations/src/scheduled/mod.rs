//! Housekeeping: forgetting what ended long ago, verifiers that went away, and old log entries; each only by a clock that can be trusted.

mod people;
pub mod trust;

use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::change::Change;
use keywright_domain::limits;
use keywright_domain::time::{Boot, Span, Timestamp};
use keywright_store::installation::StoreClock;

use crate::{Error, Operations};
use trust::{Judgement, Reading, Trust};

/// Rows that one transaction of housekeeping removes, so that no write waits long for it.
const AT_ONCE: u32 = 500;
/// Log entries that one transaction removes.
const LOG_AT_ONCE: u32 = 10_000;
/// Nonces that one transaction removes.
const NONCES_AT_ONCE: u32 = 100_000;

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

/// A reading of the clocks is worth nothing if it took longer than this.
const READING_NS_MAX: u64 = 2_000_000_000;
/// How often it is put down that the clock could be trusted.
const KEEP_TIME_EVERY: Span = Span::from_s(60);

impl Operations {
    /// One round. Several nodes may do it at once, each with a trust of its own, which it keeps from round to round. The store's clock
    /// counts, not this machine's, and nothing is destroyed by a clock that may be wrong.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn housekeeping(&self, trust: &mut Trust) -> Result<Round, Error> {
        let asked = self.boot();
        let StoreClock { shown: now, seen } = self.store.clock().await?;
        let took_ns = self.boot().ns_since(asked);
        if took_ns > READING_NS_MAX {
            return Ok(Round::default());
        }
        let boot = Boot::from_ns(asked.ns().saturating_add(took_ns / 2));
        let Judgement { trusted, steady, proven } = trust.judge(Reading { boot, store: now }, seen);
        let mut round = Round::default();
        if proven && now.since(seen) >= KEEP_TIME_EVERY {
            self.store.keep_time(now).await?;
        }
        if trusted {
            self.forget(now, &mut round).await?;
        }
        if steady {
            round.verifiers = self.store.reap_verifiers().await?.len();
        }
        Ok(round)
    }

    async fn forget(&self, now: Timestamp, round: &mut Round) -> Result<(), Error> {
        let allowed = || allow(&Caller::System { job: "housekeeping" }, Right::Housekeep, &Facts::default());
        let before = Timestamp::from_us(now.us().saturating_sub(limits::ENDED_KEPT.us()));
        let forgotten = self
            .store
            .housekeep(allowed()?, async move |tx| {
                let gone = tx.credentials_forget_ended(before, AT_ONCE).await?;
                Ok::<_, Error>((gone.len(), gone.into_iter().map(Change::Credential).collect()))
            })
            .await?;
        round.credentials = forgotten.value;
        let forgotten = self
            .store
            .housekeep(allowed()?, async move |tx| {
                let changed = tx.versions_forget_retired(before, AT_ONCE).await?;
                Ok::<_, Error>((changed.len(), changed.into_iter().map(Change::Credential).collect()))
            })
            .await?;
        round.versions = forgotten.value;
        let before = Timestamp::from_us(now.us().saturating_sub(limits::USAGE_HOURS_KEPT.us()));
        self.store
            .housekeep(allowed()?, async move |tx| {
                tx.usage_hours_forget(before, AT_ONCE).await?;
                Ok::<_, Error>(((), vec![]))
            })
            .await?;
        self.store.housekeep(allowed()?, async move |tx| Ok::<_, Error>((tx.nonces_forget(now, NONCES_AT_ONCE).await?, vec![]))).await?;
        self.store
            .housekeep(allowed()?, async move |tx| {
                let gone = tx.tokens_forget(now, AT_ONCE).await?;
                Ok::<_, Error>(((), gone.into_iter().map(Change::Token).collect()))
            })
            .await?;
        self.store.signing_keys_forget(now).await?;
        self.forget_people(now).await?;
        round.log_entries = self.store.trim_log(now, LOG_AT_ONCE).await?;
        Ok(())
    }
}
