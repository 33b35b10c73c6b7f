//! The review states of an organisation.

use std::fmt;
use std::str::FromStr;

/// `draft` → `in_review` → `verified`; `suspended` from any, and back to where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Review {
    /// New.
    Draft,
    /// Handed in.
    InReview,
    /// The provider knows who it is.
    Verified,
}

/// A text of the store that is not a review state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a review state")]
pub struct ReviewError(String);

impl Review {
    const ALL: [Self; 3] = [Self::Draft, Self::InReview, Self::Verified];

    /// The word in answers and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Verified => "verified",
        }
    }
}

impl fmt::Display for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Review {
    type Err = ReviewError;
    fn from_str(text: &str) -> Result<Self, ReviewError> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| ReviewError(text.chars().take(40).collect()))
    }
}
