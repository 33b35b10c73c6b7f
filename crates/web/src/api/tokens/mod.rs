//! Management tokens.

use keywright_domain::ids::ManagementTokenId;
use keywright_operations::management_tokens::NewManagementToken;
use keywright_store::management_tokens::ManagementToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::rights::Administer;
use crate::extract::{Body, InOrganisation, Of};
use crate::routes::{Created, Done, Listed, Result};

/// A management token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct ManagementTokenShape {
    /// Its id, a prefix and 26 characters.
    id: String,
    /// Id of the organisation that it is for.
    organisation_id: String,
    /// Who made it, and bounds it with what they hold; null: somebody at the machine.
    person_id: Option<String>,
    /// Its label, 1 to 100 characters.
    name: String,
    /// The beginning of the token and its last four characters.
    masked: String,
    /// Grants over the organisation.
    grants: Vec<&'static str>,
    /// Grants over all of its applications.
    application_grants: Vec<&'static str>,
    /// When it was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it stops being accepted, RFC 3339 in UTC; null: it does not expire.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was ended for good, RFC 3339 in UTC; null: it was not.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// When it was last used, RFC 3339 in UTC; null: never.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

impl From<&ManagementToken> for ManagementTokenShape {
    fn from(t: &ManagementToken) -> Self {
        Self {
            id: t.id.to_string(),
            organisation_id: t.organisation.to_string(),
            person_id: t.person.map(|id| id.to_string()),
            name: t.name.clone(),
            masked: t.masked.clone(),
            grants: t.grants.organisation.names(),
            application_grants: t.grants.application.names(),
            created_at: t.created_at.to_string(),
            expires_at: t.expires_at.map(|at| at.to_string()),
            revoked_at: t.revoked_at.map(|at| at.to_string()),
            last_used_at: t.seen_at.map(|at| at.to_string()),
        }
    }
}

/// What a management token is made from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewManagementTokenForm {
    /// A label.
    name: String,
    /// `create_applications`, `edit_settings`, `manage_members`, `admin`; over all applications: `view`, `access_receipts`, `edit`.
    grants: Vec<String>,
    /// RFC 3339; left out: it does not expire.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A management token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct ManagementTokenMadeShape {
    /// Id of the token, a prefix and 26 characters.
    id: String,
    /// The token, which is shown this once.
    token: String,
    /// The token as lists show it, without its secret.
    management_token: ManagementTokenShape,
}

/// Newest first, ended ones too.
pub(crate) async fn list(org: InOrganisation<Administer>) -> Result<Listed<ManagementTokenShape>> {
    let listed = org.operations().management_token_list(org.caller(), org.id).await?;
    Ok(Listed::whole(listed.iter().map(Into::into).collect()))
}

/// Makes a management token. It does no more than its maker may, and ends when they leave. It is in this answer only.
pub(crate) async fn create(org: InOrganisation<Administer>, Body(form): Body<NewManagementTokenForm>) -> Result<Created<ManagementTokenMadeShape>> {
    let new = NewManagementToken { name: form.name, grants: form.grants, expires_at: form.expires_at };
    let shown = org.operations().management_token_create(org.caller(), org.id, new).await?;
    let id = shown.made.id;
    let shape = ManagementTokenMadeShape { id: id.to_string(), token: shown.token.reveal().to_owned(), management_token: (&shown.made).into() };
    Ok(Created::at(format!("/api/v1/organisations/{}/tokens", org.id), shape).shown_once("token", id, None))
}

/// Ends a management token for good.
pub(crate) async fn revoke(of: Of<ManagementTokenId, Administer>) -> Result<Done<ManagementTokenShape>> {
    let revoked = of.operations().management_token_revoke(of.caller(), of.id).await?;
    Ok(Done((&revoked).into()))
}
