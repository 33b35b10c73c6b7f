//! `PATCH /organisations/{organisation}`

use keywright_operations::organisations::ProfileChanges;
use serde::Deserialize;
use utoipa::ToSchema;

use super::show::OrganisationWholeShape;
use crate::extract::rights::EditSettings;
use crate::extract::{Body, InOrganisation, set, to_set};
use crate::routes::{Done, Result};

/// What to change. What is left out stays; null removes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationChangeForm {
    /// Another name.
    name: Option<String>,
    /// As in the register of companies.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    legal_name: Option<Option<String>>,
    /// Street, town and post code, in lines.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    address: Option<Option<String>>,
    /// Two letters (ISO 3166).
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    country: Option<Option<String>>,
    /// As its country writes it.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    tax_id: Option<Option<String>>,
    /// Where bills go.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    billing_mail: Option<Option<String>>,
    /// Its website.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    website: Option<Option<String>>,
    /// What it wants to do with the services.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    purpose: Option<Option<String>>,
}

/// Changes its name and what it says of itself.
pub(crate) async fn change(org: InOrganisation<EditSettings>, Body(form): Body<OrganisationChangeForm>) -> Result<Done<OrganisationWholeShape>> {
    let changes = ProfileChanges {
        legal_name: to_set(form.legal_name),
        address: to_set(form.address),
        country: to_set(form.country),
        tax_id: to_set(form.tax_id),
        billing_mail: to_set(form.billing_mail),
        website: to_set(form.website),
        purpose: to_set(form.purpose),
    };
    // First what can fail in more fields.
    org.operations().organisation_profile_change(org.caller(), org.id, changes).await?;
    if let Some(name) = &form.name {
        org.operations().organisation_rename(org.caller(), org.id, name).await?;
    }
    let shown = org.operations().organisation_show(org.caller(), org.id).await?;
    Ok(Done((&shown).into()))
}
