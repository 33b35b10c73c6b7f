//! What one member holds in an organisation, and who may give or take it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::grants::{ApplicationGrant, ApplicationGrants, Held, OrganisationGrant, OrganisationGrants};
use crate::ids::ApplicationId;
use crate::words::words;

words! {
    /// What can still become of an invitation.
    pub enum InvitationState, InvitationStateError("a state of an invitation") {
        /// It can be accepted.
        Open = "open",
        /// It was accepted.
        Accepted = "accepted",
        /// It was taken back.
        Withdrawn = "withdrawn",
        /// Its seven days are over.
        Expired = "expired",
    }
}

/// Grants over an organisation and over single applications of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberGrants {
    /// Over the organisation.
    pub organisation: OrganisationGrants,
    /// Over applications; one without grants is left out.
    pub applications: OnApplications,
}

/// Grants over single applications.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OnApplications(BTreeMap<ApplicationId, ApplicationGrants>);

/// Why a text is not a list of grants over applications.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OnApplicationsError(String);

impl OnApplications {
    /// These grants; what is given twice for one application is joined.
    #[must_use]
    pub fn of(grants: impl IntoIterator<Item = (ApplicationId, ApplicationGrants)>) -> Self {
        let mut all = BTreeMap::<_, ApplicationGrants>::new();
        for (application, grants) in grants.into_iter().filter(|(_, grants)| !grants.is_empty()) {
            let known = all.entry(application).or_default();
            *known = known.or(grants);
        }
        Self(all)
    }

    /// The grants over one application.
    #[must_use]
    pub fn on(&self, application: ApplicationId) -> ApplicationGrants {
        self.0.get(&application).copied().unwrap_or_default()
    }

    /// Each application with its grants, oldest application first.
    pub fn iter(&self) -> impl Iterator<Item = (ApplicationId, ApplicationGrants)> + '_ {
        self.0.iter().map(|(application, grants)| (*application, *grants))
    }

    /// Of how many applications.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for OnApplications {
    /// `app_… view edit`, a line for each application, as the store keeps it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.iter().map(|(application, grants)| format!("{application} {grants}")).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl MemberGrants {
    /// These and those together.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        Self {
            organisation: self.organisation.or(others.organisation),
            applications: OnApplications::of(self.applications.iter().chain(others.applications.iter())),
        }
    }
}

impl FromStr for OnApplications {
    type Err = OnApplicationsError;
    fn from_str(text: &str) -> Result<Self, OnApplicationsError> {
        let line = |line: &str| {
            let (application, grants) = line.split_once(' ').ok_or_else(|| OnApplicationsError(format!("{line:?} names no grants")))?;
            let application = application.parse().map_err(|e: crate::ids::IdError| OnApplicationsError(e.to_string()))?;
            Ok((application, grants.parse().map_err(|e: crate::grants::GrantsError| OnApplicationsError(e.to_string()))?))
        };
        Ok(Self::of(text.lines().map(line).collect::<Result<Vec<_>, _>>()?))
    }
}

/// Why somebody may not give or take these grants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GivingError {
    /// An organisation's admins are made and changed by admins.
    #[error("only an admin of the organisation makes somebody admin, or changes what an admin holds")]
    Admins,
    /// Nobody gives or takes what they do not hold.
    #[error("you do not hold {what}, so you can neither give nor take it")]
    More {
        /// The grants, and over what.
        what: String,
    },
}

/// Somebody who gives and takes grants: what they hold themselves. `limit` is what the token holds that they work with, if it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Giver {
    /// Their own grants.
    pub grants: MemberGrants,
    /// What a token of theirs is limited to.
    pub limit: Option<Held>,
}

impl Giver {
    /// Over the organisation.
    #[must_use]
    pub fn organisation(&self) -> OrganisationGrants {
        self.limit.map_or(self.grants.organisation, |limit| self.grants.organisation.and(limit.organisation))
    }

    /// Over one of its applications.
    #[must_use]
    pub fn on(&self, application: ApplicationId) -> ApplicationGrants {
        let own = Held { organisation: self.grants.organisation, application: self.grants.applications.on(application) };
        self.limit.map_or(own, |limit| own.and(limit)).on_application()
    }

    /// Whether they may bring somebody from `before` to `after`.
    ///
    /// # Errors
    /// [`GivingError`]: admins are changed by admins, and everything that is given or taken must be held.
    pub fn may_change(&self, before: &MemberGrants, after: &MemberGrants) -> Result<(), GivingError> {
        let own = self.organisation();
        let is_admin = |grants: &MemberGrants| grants.organisation.has(OrganisationGrant::Admin);
        if before == after {
            return Ok(());
        }
        if (is_admin(before) || is_admin(after)) && !own.holds(OrganisationGrant::Admin) {
            return Err(GivingError::Admins);
        }
        let differ = |grant: OrganisationGrant| before.organisation.has(grant) != after.organisation.has(grant);
        let more: Vec<&str> = OrganisationGrant::ALL.into_iter().filter(|g| differ(*g) && !own.holds(*g)).map(OrganisationGrant::as_str).collect();
        if !more.is_empty() {
            return Err(GivingError::More { what: more.join(", ") });
        }
        for (application, _) in before.applications.iter().chain(after.applications.iter()) {
            let (was, is, held) = (before.applications.on(application), after.applications.on(application), self.on(application));
            let differ = |grant: ApplicationGrant| was.has(grant) != is.has(grant);
            let more: Vec<&str> = ApplicationGrant::ALL.into_iter().filter(|g| differ(*g) && !held.holds(*g)).map(ApplicationGrant::as_str).collect();
            if !more.is_empty() {
                return Err(GivingError::More { what: format!("{} of {application}", more.join(", ")) });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ApplicationGrant as A;
    use OrganisationGrant as O;

    const APP: ApplicationId = ApplicationId::from_bits(1);
    const OTHER: ApplicationId = ApplicationId::from_bits(2);

    fn grants(organisation: &[O], applications: &[(ApplicationId, &[A])]) -> MemberGrants {
        let applications = applications.iter().map(|(id, grants)| (*id, ApplicationGrants::of(grants)));
        MemberGrants { organisation: OrganisationGrants::of(organisation), applications: OnApplications::of(applications) }
    }

    fn giver(organisation: &[O], applications: &[(ApplicationId, &[A])]) -> Giver {
        Giver { grants: grants(organisation, applications), limit: None }
    }

    #[test]
    fn a_manager_gives_and_takes_what_they_hold_and_never_touches_an_admin() {
        let manager = giver(&[O::ManageMembers, O::EditSettings], &[(APP, &[A::Edit])]);
        let none = grants(&[], &[]);
        assert_eq!(manager.may_change(&none, &grants(&[O::EditSettings], &[(APP, &[A::View])])), Ok(()));
        assert_eq!(manager.may_change(&grants(&[O::EditSettings], &[(APP, &[A::Edit])]), &none), Ok(()));
        assert_eq!(manager.may_change(&none, &grants(&[O::Admin], &[])), Err(GivingError::Admins));
        assert_eq!(manager.may_change(&grants(&[O::Admin], &[]), &none), Err(GivingError::Admins));
        assert_eq!(manager.may_change(&grants(&[O::Admin], &[]), &grants(&[O::Admin], &[(APP, &[A::View])])), Err(GivingError::Admins));
        let more = manager.may_change(&none, &grants(&[O::CreateApplications], &[])).unwrap_err();
        assert!(more.to_string().contains("create_applications"), "{more}");
        assert!(manager.may_change(&grants(&[O::CreateApplications], &[]), &none).is_err(), "taken, and not held");
        assert!(manager.may_change(&none, &grants(&[], &[(APP, &[A::Admin])])).is_err());
        assert!(manager.may_change(&none, &grants(&[], &[(OTHER, &[A::View])])).unwrap_err().to_string().contains(&OTHER.to_string()));
    }

    #[test]
    fn what_stays_as_it_is_needs_no_grant() {
        let manager = giver(&[O::ManageMembers], &[]);
        let (before, after) =
            (grants(&[O::CreateApplications], &[(OTHER, &[A::Admin])]), grants(&[O::CreateApplications, O::ManageMembers], &[(OTHER, &[A::Admin])]));
        assert_eq!(manager.may_change(&before, &after), Ok(()));
    }

    #[test]
    fn an_admin_gives_everything_and_a_limited_token_of_theirs_does_not() {
        let admin = giver(&[O::Admin], &[]);
        let all = grants(&[O::Admin, O::ManageMembers], &[(APP, &[A::Admin]), (OTHER, &[A::AccessReceipts])]);
        assert_eq!(admin.may_change(&grants(&[], &[]), &all), Ok(()));
        let limit = Held { organisation: OrganisationGrants::of(&[O::ManageMembers]), application: ApplicationGrants::of(&[A::View]) };
        let token = Giver { limit: Some(limit), ..admin };
        assert_eq!(token.may_change(&grants(&[], &[]), &grants(&[O::Admin], &[])), Err(GivingError::Admins));
        assert!(token.may_change(&grants(&[], &[]), &grants(&[], &[(APP, &[A::Edit])])).is_err());
        assert_eq!(token.may_change(&grants(&[], &[]), &grants(&[O::ManageMembers], &[(APP, &[A::View])])), Ok(()));
    }

    #[test]
    fn grants_over_applications_survive_their_text() {
        let held = grants(&[], &[(APP, &[A::View, A::Edit]), (OTHER, &[])]).applications;
        assert_eq!((held.len(), held.on(OTHER).is_empty()), (1, true));
        assert_eq!(held.to_string().parse(), Ok(held));
        assert_eq!("".parse(), Ok(OnApplications::default()));
        assert!("app_x view".parse::<OnApplications>().is_err() && APP.to_string().parse::<OnApplications>().is_err());
    }
}
