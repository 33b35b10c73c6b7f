//! An organisation: the states of its review, and what it says of itself.

use crate::time::Timestamp;
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

/// What an organisation says of itself: for its review, and for its bills.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// As in the register of companies.
    pub legal_name: Option<String>,
    /// Street, town and post code, in lines.
    pub address: Option<String>,
    /// Two letters (ISO 3166).
    pub country: Option<String>,
    /// As its country writes it.
    pub tax_id: Option<String>,
    /// Where bills go.
    pub billing_mail: Option<String>,
    /// Its website.
    pub website: Option<String>,
    /// What it wants to do with the services.
    pub purpose: Option<String>,
    /// When it was handed in for review.
    pub handed_in_at: Option<Timestamp>,
    /// What the operator wrote when handing it back.
    pub remark: Option<String>,
}

impl Profile {
    /// Fields that a review needs and that are empty.
    #[must_use]
    pub fn missing_for_review(&self) -> Vec<&'static str> {
        let fields =
            [("legal_name", &self.legal_name), ("address", &self.address), ("country", &self.country), ("website", &self.website), ("purpose", &self.purpose)];
        fields.into_iter().filter_map(|(name, value)| value.is_none().then_some(name)).collect()
    }

    /// Fields that bills need and that are empty.
    #[must_use]
    pub fn missing_for_billing(&self) -> Vec<&'static str> {
        let fields = [("legal_name", &self.legal_name), ("address", &self.address), ("country", &self.country), ("billing_mail", &self.billing_mail)];
        fields.into_iter().filter_map(|(name, value)| value.is_none().then_some(name)).collect()
    }
}

/// What an operator decides about an organisation that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The provider knows who it is.
    Verify,
    /// It goes back, with what there is to mend.
    HandBack {
        /// What there is to mend.
        remark: String,
    },
}

impl Review {
    /// Where handing in leads; none: it is not a draft.
    #[must_use]
    pub const fn handed_in(self) -> Option<Self> {
        match self {
            Self::Draft => Some(Self::InReview),
            Self::InReview | Self::Verified => None,
        }
    }

    /// Where a decision leads; none: there is nothing to decide. A provider may know an organisation that never handed anything in, and may
    /// come to doubt one that it has verified.
    #[must_use]
    pub const fn decided(self, decision: &Decision) -> Option<Self> {
        match (self, decision) {
            (Self::Draft | Self::InReview, Decision::Verify) => Some(Self::Verified),
            (Self::InReview | Self::Verified, Decision::HandBack { .. }) => Some(Self::Draft),
            (Self::Verified, Decision::Verify) | (Self::Draft, Decision::HandBack { .. }) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_goes_forward_and_can_be_handed_back() {
        let back = Decision::HandBack { remark: "Which company?".into() };
        assert_eq!(Review::Draft.handed_in(), Some(Review::InReview));
        assert_eq!(Review::Verified.handed_in(), None);
        assert_eq!(Review::InReview.decided(&Decision::Verify), Some(Review::Verified));
        assert_eq!(Review::Verified.decided(&back), Some(Review::Draft));
        assert_eq!(Review::Draft.decided(&back), None);
    }

    #[test]
    fn what_is_missing_is_named() {
        let profile = Profile { legal_name: Some("Acme Ltd".into()), address: Some("1 Road".into()), country: Some("GB".into()), ..Profile::default() };
        assert_eq!(profile.missing_for_review(), ["website", "purpose"]);
        assert_eq!(profile.missing_for_billing(), ["billing_mail"]);
    }
}
