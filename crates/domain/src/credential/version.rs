//! One generation of a credential's secret.

use crate::time::Timestamp;

/// A version as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// 1 for the first; grows by one with each rotation.
    pub number: u32,
    /// Whether it is accepted, and until when.
    pub state: VersionState,
    /// SHA-256 of the whole key.
    pub digest: [u8; 32],
    /// How lists show the key: `<brand>_<env>_…` and its last four characters. Kept, because a brand can change.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// `pending → active → retiring → retired`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionState {
    /// Accepted; becomes active at its first use, lapses at `until` without one.
    Pending {
        /// When it lapses.
        until: Timestamp,
    },
    /// Accepted.
    Active,
    /// Accepted until `until`; a newer version is active.
    Retiring {
        /// When it stops being accepted.
        until: Timestamp,
    },
    /// No longer accepted.
    Retired {
        /// Since when.
        since: Timestamp,
    },
}

impl VersionState {
    /// Whether a secret of this version is accepted at `now`.
    #[must_use]
    pub fn accepts(self, now: Timestamp) -> bool {
        match self {
            Self::Active => true,
            Self::Pending { until } | Self::Retiring { until } => now < until,
            Self::Retired { .. } => false,
        }
    }

    /// What it counts as at `now`: pending and retiring versions whose time has come are retired.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Pending { until } | Self::Retiring { until } if until <= now => Self::Retired { since: until },
            other => other,
        }
    }

    /// The word in answers and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Active => "active",
            Self::Retiring { .. } => "retiring",
            Self::Retired { .. } => "retired",
        }
    }

    /// The time that belongs to the state: `until`, `since`, or none.
    #[must_use]
    pub const fn time(self) -> Option<Timestamp> {
        match self {
            Self::Pending { until } | Self::Retiring { until } => Some(until),
            Self::Active => None,
            Self::Retired { since } => Some(since),
        }
    }

    /// The state of this word and time, as [`as_str`](Self::as_str) and [`time`](Self::time) gave them.
    #[must_use]
    pub fn from_parts(word: &str, time: Option<Timestamp>) -> Option<Self> {
        match (word, time) {
            ("pending", Some(until)) => Some(Self::Pending { until }),
            ("active", None) => Some(Self::Active),
            ("retiring", Some(until)) => Some(Self::Retiring { until }),
            ("retired", Some(since)) => Some(Self::Retired { since }),
            _ => None,
        }
    }
}
