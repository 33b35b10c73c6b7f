//! `POST /organisations/{organisation}/review`

use crate::api::shapes::OrganisationShape;
use crate::extract::InOrganisation;
use crate::extract::rights::EditSettings;
use crate::routes::{Done, Result};

/// Hands the organisation in for review. Refused with the names of what is missing.
pub(crate) async fn hand_in(org: InOrganisation<EditSettings>) -> Result<Done<OrganisationShape>> {
    let organisation = org.operations().organisation_hand_in(org.caller(), org.id).await?;
    Ok(Done((&organisation).into()))
}
