//! One generation of a credential's secret.

use super::Material;
use crate::time::Timestamp;

/// A version as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// 1 for the first; grows by one with each rotation.
    pub number: u32,
    /// Whether it is accepted, and until when.
    pub state: VersionState,
    /// SHA-256 of the secret, or the fingerprint of the public key: by it the version of a leaked secret is found. A public key that was given up to
    /// another credential leaves a digest here by which nothing is found.
    pub digest: [u8; 32],
    /// What is kept beside the digest.
    pub material: Material,
    /// How lists show the secret: `<brand>_<env>_…` and its last four characters. Kept, because a brand can change.
    pub hint: String,
    /// What it is for, where a credential has several secrets side by side.
    pub description: Option<String>,
    /// From this moment on it is not accepted, whatever its state.
    pub expires_at: Option<Timestamp>,
    /// It is retired because its time was over, not because somebody ended it: access tokens that were got by it live to their own expiry.
    pub ran_out: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a new version is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// [`Version::digest`]
    pub digest: [u8; 32],
    /// [`Version::material`]
    pub material: Material,
    /// [`Version::hint`]
    pub hint: String,
    /// [`Version::description`]
    pub description: Option<String>,
    /// [`Version::expires_at`]
    pub expires_at: Option<Timestamp>,
}

impl NewVersion {
    /// The version with this number.
    #[must_use]
    pub fn numbered(self, number: u32, state: VersionState, now: Timestamp) -> Version {
        let Self { digest, material, hint, description, expires_at } = self;
        Version { number, state, digest, material, hint, description, expires_at, ran_out: false, created_at: now }
    }
}

impl Version {
    /// What it counts as at `now`, if its credential lives.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> VersionState {
        self.state.until(self.expires_at, now)
    }

    /// Ends it now, and the access tokens that were got by it.
    pub(super) fn end(&mut self, now: Timestamp) {
        if !matches!(self.state, VersionState::Retired { .. }) {
            self.state = VersionState::Retired { since: now };
        }
        self.ran_out = false;
    }

    /// Whether its secret is accepted at `now`, if its credential is.
    #[must_use]
    pub fn accepts(&self, now: Timestamp) -> bool {
        !matches!(self.state_at(now), VersionState::Retired { .. })
    }
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

    /// What it counts as at `now` where the version ends at `expires_at` anyway.
    #[must_use]
    pub fn until(self, expires_at: Option<Timestamp>, now: Timestamp) -> Self {
        match (self.at(now), expires_at.filter(|end| *end <= now)) {
            (Self::Retired { since }, Some(end)) => Self::Retired { since: since.min(end) },
            (_, Some(end)) => Self::Retired { since: end },
            (state, None) => state,
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
