//! `/organisations/{organisation}/invitations` and `/invitations/{invitation}`

use std::collections::BTreeMap;

use keywright_domain::ids::InvitationId;
use keywright_domain::time::Timestamp;
use keywright_operations::members::GrantsGiven;
use keywright_store::invitations::Invitation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::applications;
use crate::api::words;
use crate::extract::rights::{ManageMembers, Register};
use crate::extract::{Body, InOrganisation, Of};
use crate::routes::{Created, Done, Listed, Result};

/// An invitation.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationShape {
    /// Its id, a prefix and 26 characters.
    id: String,
    /// Id of the organisation that it invites to.
    organisation_id: String,
    /// Name of the organisation that it invites to.
    organisation_name: String,
    /// The mail address that may accept it.
    mail: String,
    /// Grants over the organisation that whoever accepts it will hold.
    grants: Vec<&'static str>,
    /// Grants over single applications, by their ids.
    applications: BTreeMap<String, Vec<&'static str>>,
    /// Where it stands.
    #[schema(value_type = words::InvitationState)]
    state: &'static str,
    /// When it was sent, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// Until when it can be accepted, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    expires_at: String,
}

fn shape(i: &Invitation, now: Timestamp) -> InvitationShape {
    InvitationShape {
        id: i.id.to_string(),
        organisation_id: i.organisation.to_string(),
        organisation_name: i.organisation_name.clone(),
        mail: i.mail.clone(),
        grants: i.grants.organisation.names(),
        applications: applications(&i.grants),
        state: i.state(now).as_str(),
        created_at: i.created_at.to_string(),
        expires_at: i.until.to_string(),
    }
}

/// Who is invited, and what they will hold.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitationForm {
    /// The address that may accept it.
    mail: String,
    /// Grants over the organisation: `create_applications`, `edit_settings`, `manage_members`, `admin`.
    grants: Vec<String>,
    /// Applications with the grants over each: `view`, `access_receipts`, `edit`, `admin`.
    #[serde(default)]
    applications: BTreeMap<String, Vec<String>>,
}

/// Newest first, ended ones too.
pub(crate) async fn list(org: InOrganisation<ManageMembers>) -> Result<Listed<InvitationShape>> {
    let (listed, now) = (org.operations().invitation_list(org.caller(), org.id).await?, org.operations().now());
    Ok(Listed::whole(listed.iter().map(|i| shape(i, now)).collect()))
}

/// Invites somebody by mail, for seven days. Nobody gives more than they hold.
pub(crate) async fn create(org: InOrganisation<ManageMembers>, Body(form): Body<NewInvitationForm>) -> Result<Created<InvitationShape>> {
    let given = GrantsGiven { organisation: Some(form.grants), applications: Some(form.applications.into_iter().collect()) };
    let made = org.operations().invitation_create(org.caller(), org.id, &form.mail, given).await?;
    Ok(Created::at(format!("/api/v1/organisations/{}/invitations", org.id), shape(&made, org.operations().now())))
}

/// Takes an invitation back.
pub(crate) async fn withdraw(of: Of<InvitationId, ManageMembers>) -> Result<Done<InvitationShape>> {
    let withdrawn = of.operations().invitation_withdraw(of.caller(), of.id).await?;
    Ok(Done(shape(&withdrawn, of.operations().now())))
}

/// A member that somebody has become.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcceptedShape {
    /// Id of the organisation that the caller is a member of now.
    organisation_id: String,
    /// Id of the caller's place in it, such as `mbr_…`.
    member_id: String,
}

/// Accepts an invitation: only the invited address can, and once.
pub(crate) async fn accept(of: Of<InvitationId, Register>) -> Result<Done<AcceptedShape>> {
    let accepted = of.operations().invitation_accept(of.caller(), of.id).await?;
    Ok(Done(AcceptedShape { organisation_id: accepted.organisation.to_string(), member_id: accepted.member.to_string() }))
}
