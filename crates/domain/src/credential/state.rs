//! The states of a credential.

use std::fmt;
use std::str::FromStr;

use crate::time::Timestamp;

/// What the store keeps. There is no stored "expired": it follows from the expiry and the clock, never from a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Usable, unless expired.
    Active,
    /// Switched off for now; reversible.
    Suspended,
    /// Ended for good.
    Revoked,
}

/// What a credential counts as at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Usable.
    Active,
    /// Switched off for now.
    Suspended,
    /// Ended by its expiry.
    Expired,
    /// Ended by somebody.
    Revoked,
}

impl State {
    const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Revoked];

    /// The word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }

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

/// A text of the store that is not a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a state of a credential")]
pub struct StateError(String);

impl FromStr for State {
    type Err = StateError;
    fn from_str(text: &str) -> Result<Self, StateError> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| StateError(text.chars().take(40).collect()))
    }
}

impl Standing {
    /// The word in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
