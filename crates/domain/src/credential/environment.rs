//! Sandbox or production.

use std::fmt;
use std::str::FromStr;

/// Where a credential works. The catalogue may show other labels; these are the words of routes, stores and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// `test` in keys.
    Sandbox,
    /// `live` in keys.
    Production,
}

/// Why a text is not an environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an environment: write sandbox or production")]
pub struct EnvironmentError(String);

impl Environment {
    /// Both, sandbox first.
    pub const ALL: [Self; 2] = [Self::Sandbox, Self::Production];

    /// The word in routes, forms and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }

    /// The word inside a key.
    #[must_use]
    pub const fn in_key(self) -> &'static str {
        match self {
            Self::Sandbox => "test",
            Self::Production => "live",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Environment {
    type Err = EnvironmentError;
    fn from_str(text: &str) -> Result<Self, EnvironmentError> {
        Self::ALL.into_iter().find(|e| e.as_str() == text).ok_or_else(|| EnvironmentError(text.chars().take(40).collect()))
    }
}
