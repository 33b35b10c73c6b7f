//! The states of an application.

use std::fmt;
use std::str::FromStr;

/// `inactive` (new) → `active` ↔ `deactivated`. A deleted application has no state: its row is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// New: sandbox credentials work.
    Inactive,
    /// Both environments work.
    Active,
    /// Nothing works; everything is kept.
    Deactivated,
}

/// A text of the store that is not a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a state of an application")]
pub struct StateError(String);

impl State {
    const ALL: [Self; 3] = [Self::Inactive, Self::Active, Self::Deactivated];

    /// The word in answers and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Active => "active",
            Self::Deactivated => "deactivated",
        }
    }

    /// Whether credentials of this environment work in this state.
    #[must_use]
    pub const fn works_in(self, environment: crate::credential::Environment) -> bool {
        match (self, environment) {
            (Self::Active, _) | (Self::Inactive, crate::credential::Environment::Sandbox) => true,
            (Self::Inactive, crate::credential::Environment::Production) | (Self::Deactivated, _) => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = StateError;
    fn from_str(text: &str) -> Result<Self, StateError> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| StateError(text.chars().take(40).collect()))
    }
}
