//! How long a replica may answer without proof that it has seen the newest position.

use keywright_domain::change::Place;
use keywright_domain::time::Boot;

use crate::verdict::{Answer, Verdict};

/// The proof that a snapshot carries with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lease {
    /// Nothing has been loaded.
    NotLoaded,
    /// Loaded, but no poll has shown yet that nothing is missing.
    NotProven,
    /// A poll that was asked at `proven` has shown that everything committed before is applied.
    Running {
        /// When the poll was asked.
        proven: Boot,
        /// Until when verdicts may be given.
        until: Boot,
    },
    /// The store is not the one that it was.
    Refused(Refusal),
}

/// In which way a store is not the one that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It lacks entries that this node has applied.
    Rewound { known: Place, found: Place },
    /// It has other entries where this node has applied some.
    Forked { known: Place, found: Place },
    /// It was restored and has begun a new life.
    Restored { known: Place, found: Place },
}

/// Why no verdict is given: the answer is 503, never "bad credential". Each message says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// Nothing has been loaded.
    #[error("the replica is not loaded yet: try again in a moment")]
    NotLoaded,
    /// Loaded, but no poll has shown yet that nothing is missing.
    #[error("the replica is loaded and waits for the store to confirm that nothing is missing: try again in a moment")]
    NotProven,
    /// The lease is over.
    #[error("the store has not confirmed the replica for {} ms: see that the store is reachable from this node", age_ms)]
    Expired {
        /// Milliseconds since the last proof.
        age_ms: u64,
    },
    /// The store lacks entries that this node has applied.
    #[error(
        "the store is at position {}, behind {} which this node has applied: an older copy was put back. If that is meant, run `keywright restore --accept-rewind` and restart every node",
        found.position,
        known.position
    )]
    Rewound {
        /// What this node has applied.
        known: Place,
        /// What the store shows.
        found: Place,
    },
    /// The store has other entries where this node has applied some.
    #[error(
        "the store went another way than this node knows before position {}: it is another store, or a copy that was put back and written to. If that is meant, run `keywright restore --accept-rewind` and restart every node",
        known.position
    )]
    Forked {
        /// What this node has applied.
        known: Place,
        /// What the store shows.
        found: Place,
    },
    /// The store was restored and has begun a new life, which this node was not started in.
    #[error("the store was restored and began anew at position {}: restart this node", found.position)]
    Restored {
        /// What this node has applied.
        known: Place,
        /// What the store shows.
        found: Place,
    },
}

/// Something that was fresh when it was handed over, and the only form in which a verdict can be shown.
pub struct Fresh<T> {
    value: T,
    stale_s: Option<u64>,
}

impl Lease {
    /// The later of two proofs. A refusal stays.
    ///
    /// The lease runs for 1 % less by this node's clock than the store says: if the clock is slow by that much, it is over in time even so.
    pub(crate) fn renewed(self, proven: Boot, lease_ms: u64) -> Self {
        match self {
            Self::Running { proven: known, .. } if known >= proven => self,
            Self::Refused(_) => self,
            _ => Self::Running { proven, until: proven.plus_ms(lease_ms - lease_ms.div_ceil(100)) },
        }
    }

    /// Whether verdicts may be given at `now`, a clock reading that was made after the request was read.
    pub(crate) fn check(self, now: Boot) -> Result<(), Stale> {
        match self {
            Self::Running { until, .. } if now < until => Ok(()),
            Self::Running { proven, .. } => Err(Stale::Expired { age_ms: now.ns_since(proven) / 1_000_000 }),
            Self::NotLoaded => Err(Stale::NotLoaded),
            Self::NotProven => Err(Stale::NotProven),
            Self::Refused(Refusal::Rewound { known, found }) => Err(Stale::Rewound { known, found }),
            Self::Refused(Refusal::Forked { known, found }) => Err(Stale::Forked { known, found }),
            Self::Refused(Refusal::Restored { known, found }) => Err(Stale::Restored { known, found }),
        }
    }

    /// The verdict as it may be shown at `now`, a clock reading made just before it is handed over.
    pub(crate) fn confirm<'r>(self, verdict: Verdict<'r>, now: Boot) -> Result<Fresh<Verdict<'r>>, Stale> {
        match self.check(now) {
            Ok(()) => Ok(Fresh { value: verdict, stale_s: None }),
            // Only lost contact may be served over: a store that is not the one that it was needs a decision.
            Err(Stale::Expired { age_ms }) if verdict.serves_stale => Ok(Fresh { value: verdict, stale_s: Some(age_ms.div_ceil(1_000)) }),
            Err(stale) => Err(stale),
        }
    }
}

impl<'r> Fresh<Verdict<'r>> {
    /// What the verdict says.
    #[must_use]
    pub fn answer(&self) -> &Answer<'r> {
        &self.value.answer
    }

    /// Seconds since the last proof of freshness (rounded up), where the service says `on_stale = "serve"` and the lease is over: the promise about
    /// revocation does not hold for this verdict.
    #[must_use]
    pub fn stale_s(&self) -> Option<u64> {
        self.stale_s
    }

    pub(crate) fn verdict(&self) -> &Verdict<'r> {
        &self.value
    }
}
