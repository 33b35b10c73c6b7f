//! `POST /organisations`

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::{Body, SignedIn};
use crate::routes::{Created, Result};

/// What an organisation is made from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrganisationForm {
    /// Its name.
    name: String,
}

/// An organisation that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganisationMadeShape {
    /// Id of the organisation, a prefix and 26 characters.
    id: String,
    /// Its own application, for account-level services.
    own_application_id: String,
}

/// Registers an organisation, of which the caller is the admin.
pub(crate) async fn create(who: SignedIn, Body(form): Body<NewOrganisationForm>) -> Result<Created<OrganisationMadeShape>> {
    let made = who.operations().organisation_register(who.caller(), &form.name).await?;
    let shape = OrganisationMadeShape { id: made.id.to_string(), own_application_id: made.own_application.to_string() };
    Ok(Created::at(format!("/api/v1/organisations/{}", made.id), shape))
}
