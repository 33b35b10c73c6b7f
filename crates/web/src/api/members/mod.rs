//! Members of an organisation, and invitations: `/organisations/{organisation}/members`, `/members/{member}` and what hangs below.

pub(crate) mod invitations;

use std::collections::BTreeMap;

use keywright_domain::ids::MemberId;
use keywright_domain::membership::MemberGrants;
use keywright_operations::members::GrantsGiven;
use keywright_store::members::Member;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::rights::{ManageMembers, See};
use crate::extract::{Body, InOrganisation, Of, Page};
use crate::routes::{Done, Listed, Result};

/// A person's place in an organisation.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberShape {
    /// Id of this place in the organisation, a prefix and 26 characters.
    id: String,
    /// Id of the organisation.
    organisation_id: String,
    /// Id of the person, the same in all of their organisations.
    person_id: String,
    /// Their mail address.
    mail: String,
    /// May be empty.
    name: String,
    /// Grants over the organisation.
    grants: Vec<&'static str>,
    /// Grants over single applications, by their ids.
    applications: BTreeMap<String, Vec<&'static str>>,
    /// When they became a member, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    joined_at: String,
    /// When they were last here, RFC 3339 in UTC; null: never.
    #[schema(format = DateTime)]
    last_seen_at: Option<String>,
}

pub(super) fn applications(grants: &MemberGrants) -> BTreeMap<String, Vec<&'static str>> {
    grants.applications.iter().map(|(id, grants)| (id.to_string(), grants.names())).collect()
}

impl From<&Member> for MemberShape {
    fn from(m: &Member) -> Self {
        Self {
            id: m.id.to_string(),
            organisation_id: m.organisation.to_string(),
            person_id: m.person.to_string(),
            mail: m.mail.clone(),
            name: m.name.clone(),
            grants: m.grants.organisation.names(),
            applications: applications(&m.grants),
            joined_at: m.joined_at.to_string(),
            last_seen_at: m.seen_at.map(|at| at.to_string()),
        }
    }
}

/// What a member is to hold. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantsForm {
    /// All grants over the organisation: `create_applications`, `edit_settings`, `manage_members`, `admin`.
    grants: Option<Vec<String>>,
    /// All applications with the grants over each: `view`, `access_receipts`, `edit`, `admin`.
    applications: Option<BTreeMap<String, Vec<String>>>,
}

/// Newest first.
pub(crate) async fn list(org: InOrganisation<See>, page: Page) -> Result<Listed<MemberShape>> {
    let rows = org.operations().member_list(org.caller(), org.id, page.before()?, page.ask()).await?;
    Ok(Listed::new(&page, rows, |m| m.id, |m| m.into()))
}

/// One member.
pub(crate) async fn show(of: Of<MemberId, See>) -> Result<Done<MemberShape>> {
    let member = of.operations().member_show(of.caller(), of.id).await?;
    Ok(Done((&member).into()))
}

/// Changes what a member holds. Nobody gives or takes more than they hold, and the last admin stays one.
pub(crate) async fn change(of: Of<MemberId, ManageMembers>, Body(form): Body<GrantsForm>) -> Result<Done<MemberShape>> {
    let given = GrantsGiven { organisation: form.grants, applications: form.applications.map(|all| all.into_iter().collect()) };
    let member = of.operations().member_change(of.caller(), of.id, given).await?;
    Ok(Done((&member).into()))
}

/// A member who is gone.
#[derive(Serialize, ToSchema)]
pub(crate) struct RemovedShape {
    /// Id of the member that is one no longer.
    id: String,
    /// How many of their management tokens were revoked with it.
    tokens: usize,
}

/// Removes a member; everybody may remove themselves. Credentials belong to applications and live on.
pub(crate) async fn remove(of: Of<MemberId, See>) -> Result<Done<RemovedShape>> {
    let removed = of.operations().member_remove(of.caller(), of.id).await?;
    Ok(Done(RemovedShape { id: of.id.to_string(), tokens: removed.tokens }))
}
