//! What a member may do, as data: grants over an organisation and, apart from them, over single applications.

use std::fmt;
use std::str::FromStr;

use crate::words::words;

words! {
    /// A grant over an organisation.
    pub enum OrganisationGrant, OrganisationGrantError("a grant of an organisation") {
        /// Make applications; whoever makes one is its admin.
        CreateApplications = "create_applications",
        /// Change name, billing profile and the rest; hand in for review.
        EditSettings = "edit_settings",
        /// Invite, change and remove members; never admins.
        ManageMembers = "manage_members",
        /// Everything, on every application too.
        Admin = "admin",
    }
}

words! {
    /// A grant over one application.
    pub enum ApplicationGrant, ApplicationGrantError("a grant of an application") {
        /// See it, its credentials and their use.
        View = "view",
        /// Read its receipts.
        AccessReceipts = "access_receipts",
        /// Change it; make, change, rotate and revoke credentials.
        Edit = "edit",
        /// Activate, deactivate and delete it; move an expiry away.
        Admin = "admin",
    }
}

/// Why a text is not a set of grants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub enum GrantsError {
    /// A word that is no grant of an organisation.
    Organisation(#[from] OrganisationGrantError),
    /// A word that is no grant of an application.
    Application(#[from] ApplicationGrantError),
}

macro_rules! sets {
    ($($(#[$doc:meta])* $set:ident of $grant:ident, implied $implied:expr;)+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $set(u8);

        impl $set {
            /// No grant.
            pub const NONE: Self = Self(0);

            /// These grants.
            #[must_use]
            pub fn of(grants: &[$grant]) -> Self {
                Self(grants.iter().fold(0, |set, g| set | 1 << *g as u8))
            }

            /// The grants that were given, as words.
            ///
            /// # Errors
            /// A word that is none; the message says which there are.
            pub fn parse<T: AsRef<str>>(words: &[T]) -> Result<Self, GrantsError> {
                let grants = words.iter().map(|w| w.as_ref().parse::<$grant>()).collect::<Result<Vec<_>, _>>()?;
                Ok(Self::of(&grants))
            }

            /// Whether it holds the grant, by itself or because another implies it.
            #[must_use]
            pub fn holds(self, grant: $grant) -> bool {
                self.implied().has(grant)
            }

            /// Whether the grant itself was given.
            #[must_use]
            pub const fn has(self, grant: $grant) -> bool {
                self.0 & 1 << grant as u8 != 0
            }

            /// Whether nothing was given.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether everything of `other` is held, so that whoever holds this may give or take it.
            #[must_use]
            pub fn covers(self, other: Self) -> bool {
                other.implied().0 & !self.implied().0 == 0
            }

            /// What both hold.
            #[must_use]
            pub fn and(self, other: Self) -> Self {
                Self(self.implied().0 & other.implied().0)
            }

            /// What either holds.
            #[must_use]
            pub const fn or(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// The grants that were given, in order.
            #[must_use]
            pub fn names(self) -> Vec<&'static str> {
                $grant::ALL.into_iter().filter(|g| self.has(*g)).map($grant::as_str).collect()
            }

            fn implied(self) -> Self {
                let implied: fn($grant) -> &'static [$grant] = $implied;
                $grant::ALL.into_iter().filter(|g| self.has(*g)).fold(self, |set, g| set.or(Self::of(implied(g))))
            }
        }

        impl fmt::Display for $set {
            /// Words separated by spaces, as the store keeps them.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.names().join(" "))
            }
        }

        impl FromStr for $set {
            type Err = GrantsError;
            fn from_str(text: &str) -> Result<Self, GrantsError> {
                Self::parse(&text.split_ascii_whitespace().collect::<Vec<_>>())
            }
        }
    )+ };
}

sets! {
    /// Grants over an organisation.
    OrganisationGrants of OrganisationGrant, implied |grant| match grant {
        OrganisationGrant::Admin => &OrganisationGrant::ALL,
        OrganisationGrant::CreateApplications | OrganisationGrant::EditSettings | OrganisationGrant::ManageMembers => &[],
    };
    /// Grants over one application.
    ApplicationGrants of ApplicationGrant, implied |grant| match grant {
        ApplicationGrant::Admin => &ApplicationGrant::ALL,
        ApplicationGrant::Edit | ApplicationGrant::AccessReceipts => &[ApplicationGrant::View],
        ApplicationGrant::View => &[],
    };
}

/// What somebody holds in one organisation and on one of its applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Over the organisation.
    pub organisation: OrganisationGrants,
    /// Over the application in question; empty where none is.
    pub application: ApplicationGrants,
}

impl Held {
    /// The grants on the application, with those of an admin of the organisation, who is admin everywhere in it.
    #[must_use]
    pub fn on_application(self) -> ApplicationGrants {
        if self.organisation.has(OrganisationGrant::Admin) { ApplicationGrants::of(&[ApplicationGrant::Admin]) } else { self.application }
    }

    /// What both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { organisation: self.organisation.and(other.organisation), application: self.on_application().and(other.on_application()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ApplicationGrant as A;
    use OrganisationGrant as O;

    #[test]
    fn nobody_covers_more_than_they_hold() {
        let (manager, admin) = (OrganisationGrants::of(&[O::ManageMembers, O::EditSettings]), OrganisationGrants::of(&[O::Admin]));
        assert!(manager.covers(OrganisationGrants::of(&[O::EditSettings])) && admin.covers(manager) && admin.covers(admin));
        assert!(!manager.covers(admin) && !manager.covers(OrganisationGrants::of(&[O::CreateApplications])));
        // All four single grants do not make an admin: admins hold what has no grant of its own.
        let all_but = OrganisationGrants::of(&[O::CreateApplications, O::EditSettings, O::ManageMembers]);
        assert!(!all_but.covers(admin));
        assert!(ApplicationGrants::of(&[A::Edit]).holds(A::View) && !ApplicationGrants::of(&[A::View]).holds(A::AccessReceipts));
    }

    #[test]
    fn a_set_survives_its_text_and_unknown_words_are_named() {
        let set = OrganisationGrants::of(&[O::ManageMembers, O::CreateApplications]);
        assert_eq!(set.to_string(), "create_applications manage_members");
        assert_eq!(set.to_string().parse(), Ok(set));
        assert_eq!("".parse(), Ok(ApplicationGrants::NONE));
        let error = "view owner".parse::<ApplicationGrants>().unwrap_err().to_string();
        assert!(error.contains("\"owner\"") && error.contains("access_receipts"), "{error}");
    }

    #[test]
    fn a_limited_token_of_an_admin_holds_what_the_token_says() {
        let admin = Held { organisation: OrganisationGrants::of(&[O::Admin]), application: ApplicationGrants::NONE };
        let token = Held { organisation: OrganisationGrants::NONE, application: ApplicationGrants::of(&[A::Edit]) };
        let both = admin.and(token);
        assert!(both.organisation.is_empty() && both.on_application().holds(A::Edit) && !both.on_application().holds(A::Admin));
        let viewer = Held { organisation: OrganisationGrants::NONE, application: ApplicationGrants::of(&[A::View]) };
        assert!(!viewer.and(token).on_application().holds(A::Edit));
    }
}
