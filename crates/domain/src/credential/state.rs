//! The states of a credential.

use crate::time::Timestamp;
use crate::words::words;

words! {
    /// What the store keeps. There is no stored "expired": it follows from the expiry and the clock, never from a job.
    pub enum State, StateError("a stored state of a credential") {
        /// Usable, unless expired.
        Active = "active",
        /// Switched off for now; reversible.
        Suspended = "suspended",
        /// Ended for good.
        Revoked = "revoked",
    }
}

words! {
    /// What a credential counts as at a moment.
    pub enum Standing, StandingError("a state of a credential") {
        /// Usable.
        Active = "active",
        /// Switched off for now.
        Suspended = "suspended",
        /// Ended by its expiry.
        Expired = "expired",
        /// Ended by somebody.
        Revoked = "revoked",
    }
}

impl State {
    /// What this state and expiry count as at `now`. Revoked goes before expired, expired before suspended.
    #[must_use]
    pub fn standing(self, expires_at: Option<Timestamp>, now: Timestamp) -> Standing {
        match self {
            Self::Revoked => Standing::Revoked,
            _ if expires_at.is_some_and(|at| at <= now) => Standing::Expired,
            Self::Suspended => Standing::Suspended,
            Self::Active => Standing::Active,
        }
    }
}
