//! Members: seeing them, inviting, changing and removing them.

mod accept;
mod change;
mod giver;
mod invite;
mod seen;

pub use change::Removed;
pub use invite::Accepted;
pub use keywright_store::audit_read::SeenSecret;
pub use keywright_store::invitations::Invitation;
pub use keywright_store::members::Member;

use keywright_domain::caller::{Caller, Right};
use keywright_domain::grants::{ApplicationGrants, OrganisationGrants};
use keywright_domain::ids::{ApplicationId, MemberId, OrganisationId};
use keywright_domain::limits;
use keywright_domain::membership::{MemberGrants, OnApplications};

use crate::access::allowed_gate;
use crate::form::{CHECKED, Form};
use crate::{Error, Operations};

/// Grants as they were typed; what is left out stays as it is, or is nothing where nothing was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantsGiven {
    /// All grants over the organisation.
    pub organisation: Option<Vec<String>>,
    /// All applications with the grants over each.
    pub applications: Option<Vec<(String, Vec<String>)>>,
}

/// The good values of grants that were typed.
#[derive(Debug, Clone)]
struct GrantsChecked {
    organisation: Option<OrganisationGrants>,
    applications: Option<OnApplications>,
}

impl GrantsGiven {
    fn check(&self, form: &mut Form, applications_max: usize) -> GrantsChecked {
        let organisation = form.take_some("grants", self.organisation.as_deref().map(OrganisationGrants::parse));
        let Some(given) = &self.applications else { return GrantsChecked { organisation, applications: None } };
        if given.len() > applications_max {
            form.bad("applications", format!("names {}: at most {applications_max} at a time; who needs more is made admin", given.len()));
        }
        let mut applications = Vec::new();
        for (i, (application, grants)) in given.iter().enumerate().take(applications_max) {
            let application = form.take(&format!("applications[{i}].application"), application.parse::<ApplicationId>());
            let grants = form.take(&format!("applications[{i}].grants"), ApplicationGrants::parse(grants));
            applications.extend(application.zip(grants));
        }
        GrantsChecked { organisation, applications: Some(OnApplications::of(applications)) }
    }
}

impl GrantsChecked {
    /// These in the place of those.
    fn over(&self, before: &MemberGrants) -> MemberGrants {
        MemberGrants {
            organisation: self.organisation.unwrap_or(before.organisation),
            applications: self.applications.clone().unwrap_or_else(|| before.applications.clone()),
        }
    }
}

/// Grants that were typed and good.
fn checked(given: &GrantsGiven, mut form: Form, applications_max: usize) -> Result<GrantsChecked, Error> {
    let checked = given.check(&mut form, applications_max);
    form.done()?;
    Ok(checked)
}

/// A refusal that names applications that the organisation has not got.
fn unknown_applications(unknown: &[ApplicationId]) -> Error {
    let mut form = Form::default();
    for application in unknown {
        form.bad("applications", format!("{application} is no application of the organisation"));
    }
    form.done().err().unwrap_or_else(|| Error::Invalid(Vec::new()))
}

impl Operations {
    /// Members of an organisation, newest first, before `before`, at most `limit`.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn member_list(&self, caller: &Caller, organisation: OrganisationId, before: Option<MemberId>, limit: u32) -> Result<Vec<Member>, Error> {
        let allowed = self.over_organisation(caller, Right::See, organisation).await?;
        Ok(self.store.scope(&allowed)?.member_list(before, limit.min(limits::PAGE_ROWS_ASKED as u32)).await?)
    }

    /// One member.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn member_show(&self, caller: &Caller, id: MemberId) -> Result<Member, Error> {
        let organisation = self.organisation_of_member(id).await?;
        let allowed = self.over_organisation(caller, Right::See, organisation).await.map_err(|e| as_member(e, id))?;
        self.store.scope(&allowed)?.member(id).await?.ok_or_else(|| Error::not_found("member", id))
    }

    /// The organisation of a member.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn organisation_of_member(&self, id: MemberId) -> Result<OrganisationId, Error> {
        let found = self.gate(&allowed_gate()?)?.organisation_of_member(id).await?;
        found.ok_or_else(|| Error::not_found("member", id))
    }
}

/// What is not found is the member that was asked for, and not the organisation that nobody named.
fn as_member(error: Error, id: MemberId) -> Error {
    match error {
        Error::NotFound { .. } => Error::not_found("member", id),
        other => other,
    }
}

/// The value of a form without bad fields.
fn good<T>(value: Option<T>) -> T {
    value.expect(CHECKED)
}
