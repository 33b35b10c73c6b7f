//! The state that all requests of a process share.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use keywright_crypto::access_token::TokenKeys;
use keywright_crypto::keyring::Keyring;
use keywright_domain::change::{Place, Position};
use keywright_domain::ids::VerifierId;
use keywright_domain::limits;
use keywright_domain::time::{Boot, Span, Timestamp};

use crate::budget::Budget;
use crate::calendar::Calendar;
use crate::hot_keys::HotKeys;
use crate::lease::{Fresh, Lease, Stale};
use crate::nonces::{NonceAnswer, NonceClaim, NonceMemory};
use crate::replica::{Asker, View};
use crate::report::{Totals, Usage, UsageReport};
use crate::tokens::Remembered;
use crate::verdict::Verdict;

/// One consistent state: what is known, up to where, and how long that may be relied on. They are published together, in one step, so a
/// reader cannot see a lease that belongs to newer knowledge than it has.
pub(crate) struct Snapshot {
    pub(crate) view: View,
    pub(crate) place: Place,
    pub(crate) lease: Lease,
    pub(crate) calendar: Calendar,
}

/// Shared by all who answer questions (by `Arc`), and by the [`Follower`](crate::Follower) that keeps it up to date.
pub struct Verifier {
    current: ArcSwap<Snapshot>,
    usage: Usage,
    notes: Mutex<Notes>,
    keyring: Option<Arc<Keyring>>,
    nonces: NonceMemory,
    /// Whether all nodes share a memory of nonces, which is asked instead of this node's own.
    shares_nonces: bool,
    budget: Budget,
    /// Opens opaque access tokens; comes with the keyring.
    token_keys: Option<TokenKeys>,
    /// JWTs that were proved.
    remembered: Remembered,
    hot_keys: HotKeys,
    /// Who issues access tokens; none: any `iss` is taken that one of our keys has signed.
    issuer: Option<Box<str>>,
}

/// What only people look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    pub(crate) verifier: Option<VerifierId>,
    pub(crate) last_failure: Option<String>,
    pub(crate) clock_offset_us: Option<i64>,
    /// The last large step back of the store's clock, and when it was seen.
    pub(crate) store_clock_back: Option<(Span, Boot)>,
    pub(crate) lease_ms: Option<u64>,
    pub(crate) head: Option<Position>,
}

/// How a verifier is, for `/readyz`, metrics and the bodies of 503.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// A snapshot has been loaded.
    pub loaded: bool,
    /// How this node is registered in the store; none before it is.
    pub verifier: Option<VerifierId>,
    /// What has been applied.
    pub place: Place,
    /// The newest position that the store has shown.
    pub head: Option<Position>,
    /// The lease that stands in the store, in milliseconds.
    pub lease_ms: Option<u64>,
    /// Milliseconds for which verdicts may still be given; 0 when stale.
    pub lease_left_ms: u64,
    /// Why no verdicts are given; none when they are.
    pub stale: Option<Stale>,
    /// Why the last attempt to reach the store failed; none after a success.
    pub last_failure: Option<String>,
    /// This machine's wall clock minus the store's, in microseconds.
    pub clock_offset_us: Option<i64>,
    /// That offset is larger than [`limits::CLOCK_ALARM`].
    pub clock_alarm: bool,
    /// By how much the store's clock last went back, if that was more than [`limits::CLOCK_ALARM`] and within [`limits::CLOCK_STEP_TOLD_MS`].
    pub store_clock_back: Option<Span>,
    /// Versions of credentials in the replica, ended ones included.
    pub versions: u64,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// One that knows nothing yet and refuses to answer.
    #[must_use]
    pub fn new() -> Self {
        let nothing = Snapshot { view: View::default(), place: Place::default(), lease: Lease::NotLoaded, calendar: Calendar::unknown() };
        Self {
            current: ArcSwap::from_pointee(nothing),
            usage: Usage::new(),
            notes: Mutex::default(),
            keyring: None,
            nonces: NonceMemory::default(),
            shares_nonces: false,
            budget: Budget::default(),
            token_keys: None,
            remembered: Remembered::default(),
            hot_keys: HotKeys::default(),
            issuer: None,
        }
    }

    /// The same, with the key that opens sealed secrets. Without it, requests that are signed under one cannot be checked here.
    #[must_use]
    pub fn with_keyring(self, keyring: Arc<Keyring>) -> Self {
        Self { token_keys: Some(keyring.token_keys()), keyring: Some(keyring), ..self }
    }

    /// The same, with the keys of opaque access tokens alone: for a node that is asked about tokens and never about requests that are signed under
    /// a secret, so that no such secret is in its memory.
    #[must_use]
    pub fn with_token_keys(self, keys: TokenKeys) -> Self {
        Self { token_keys: Some(keys), ..self }
    }

    /// The same, for an installation whose access tokens have this `iss`: its public address.
    #[must_use]
    pub fn with_issuer(self, issuer: &str) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    pub(crate) fn token_keys(&self) -> Option<&TokenKeys> {
        self.token_keys.as_ref()
    }

    pub(crate) fn remembered(&self) -> &Remembered {
        &self.remembered
    }

    pub(crate) const fn hot_keys(&self) -> &HotKeys {
        &self.hot_keys
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The same, where nonces are remembered for all nodes together: [`Step::Need`](crate::Step::Need) asks for them.
    #[must_use]
    pub fn sharing_nonces(self) -> Self {
        Self { shares_nonces: true, ..self }
    }

    /// The same, with room for so many nonces.
    #[cfg(test)]
    pub(crate) fn with_room_for_nonces(self, most: usize) -> Self {
        Self { nonces: NonceMemory::of(most), ..self }
    }

    /// This node's own memory of nonces; none where all nodes share one.
    pub(crate) fn nonces(&self) -> Option<&NonceMemory> {
        (!self.shares_nonces).then_some(&self.nonces)
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    pub(crate) fn keyring(&self) -> Option<Arc<Keyring>> {
        self.keyring.clone()
    }

    /// Pins the state of this moment. Waits for nobody. Read the clock after the request was read and before this.
    #[must_use]
    pub fn read(&self) -> Reading<'_> {
        Reading { verifier: self, snapshot: self.current.load() }
    }

    /// Remembers nonces that were used up before this node began, of signatures that say they were made later than then.
    pub fn remember_nonces(&self, claims: impl IntoIterator<Item = NonceClaim>) {
        if let Some(memory) = self.nonces() {
            claims.into_iter().for_each(|claim| memory.remember(&claim));
        }
    }

    /// Uses up a nonce whose claim is on disk; none: this node has no memory of its own.
    pub fn claim_nonce(&self, claim: &NonceClaim, now: Timestamp) -> Option<NonceAnswer> {
        self.nonces().map(|memory| memory.claim(claim, now))
    }

    /// What was used since the last report. Each use is in exactly one.
    #[must_use]
    pub fn take_report(&self) -> UsageReport {
        self.usage.take()
    }

    /// Counters since the start, for metrics.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let snapshot = self.current.load();
        self.usage.totals(|service| snapshot.view.services.slug(service).map(str::to_owned))
    }

    /// How it is at `now`.
    #[must_use]
    pub fn health(&self, now: Boot) -> Health {
        let snapshot = self.current.load();
        let notes = self.notes().clone();
        let lease_left_ms = match snapshot.lease {
            Lease::Running { until, .. } => until.ns_since(now) / 1_000_000,
            Lease::NotLoaded | Lease::NotProven | Lease::Refused(_) => 0,
        };
        Health {
            loaded: snapshot.lease != Lease::NotLoaded,
            verifier: notes.verifier,
            place: snapshot.place,
            head: notes.head,
            lease_ms: notes.lease_ms,
            lease_left_ms,
            stale: snapshot.lease.check(now).err(),
            last_failure: notes.last_failure,
            clock_offset_us: notes.clock_offset_us,
            clock_alarm: notes.clock_offset_us.is_some_and(|us| us.unsigned_abs() > limits::CLOCK_ALARM.us().unsigned_abs()),
            store_clock_back: notes.store_clock_back.filter(|(_, at)| now.ns_since(*at) < limits::CLOCK_STEP_TOLD_MS * 1_000_000).map(|(back, _)| back),
            versions: snapshot.view.versions,
        }
    }

    /// Replaces the state. Gives the one that was: who drops it last pays for taking it apart, and that should not be a request.
    pub(crate) fn publish(&self, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        self.current.swap(snapshot)
    }

    pub(crate) fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    pub(crate) fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        // Each note stands for itself: a panic elsewhere cannot leave them contradicting each other.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of one moment, pinned: all that is asked of it fits together, whatever is published meanwhile.
pub struct Reading<'v> {
    pub(crate) verifier: &'v Verifier,
    pub(crate) snapshot: Guard<Arc<Snapshot>>,
}

impl Reading<'_> {
    /// The place in the change log that it shows.
    #[must_use]
    pub fn position(&self) -> Position {
        self.snapshot.place.position
    }

    /// The store's time at `now`: that of the last poll and the local time since. It goes back only when the store's clock does, by more than
    /// [`limits::CLOCK_ALARM`].
    #[must_use]
    pub fn calendar(&self, now: Boot) -> Timestamp {
        self.snapshot.calendar.at_boot(now)
    }

    /// The store's time at `now`, at the earliest that it may be: what is issued at it was issued before anything that the store does next.
    #[must_use]
    pub fn issues_at(&self, now: Boot) -> Timestamp {
        self.snapshot.calendar.earliest(now)
    }

    /// The resource server that this token belongs to, if it is accepted at `now` ([`calendar`](Self::calendar)).
    ///
    /// None is a 401 only while [`fresh_at`](Self::fresh_at) is fine: a stale replica may simply not know a new token, and that is a 503.
    #[must_use]
    pub fn asker(&self, token: &[u8], now: Timestamp) -> Option<Asker<'_>> {
        self.snapshot.view.asker(token, now)
    }

    /// Whether verdicts may be given at `now`, a clock reading that was made after the request was read.
    /// A service with `on_stale = "serve"` can be answered even so: see [`serves_stale`](Self::serves_stale).
    ///
    /// # Errors
    /// [`Stale`]: the answer is 503.
    pub fn fresh_at(&self, now: Boot) -> Result<(), Stale> {
        self.snapshot.lease.check(now)
    }

    /// Whether some service is answered without proof of freshness, so that it is worth deciding over an [expired](Stale::Expired) lease.
    #[must_use]
    pub fn serves_stale(&self) -> bool {
        matches!(self.snapshot.lease, Lease::Running { .. }) && self.snapshot.view.services.any_serves_stale()
    }

    /// Makes a verdict one that may be shown, and counts it. `now` is a clock reading made just before the answer is handed over.
    ///
    /// # Errors
    /// [`Stale`]: the lease is over, the answer is 503, and nothing was counted.
    pub fn confirm<'r>(&self, verdict: Verdict<'r>, now: Boot) -> Result<Fresh<Verdict<'r>>, Stale> {
        let lease = verdict.snapshot.lease;
        let fresh = lease.confirm(verdict, now)?;
        self.verifier.usage.count(fresh.verdict(), now.ns_since(fresh.verdict().asked));
        Ok(fresh)
    }
}
