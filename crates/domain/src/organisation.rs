//! The review states of an organisation.

use crate::words::words;

words! {
    /// `draft` → `in_review` → `verified`. Being suspended is apart from it, and goes back to where it was.
    pub enum Review, ReviewError("a review state") {
        /// New.
        Draft = "draft",
        /// Handed in.
        InReview = "in_review",
        /// The provider knows who it is.
        Verified = "verified",
    }
}
