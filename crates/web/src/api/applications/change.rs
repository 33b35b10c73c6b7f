//! `PATCH /applications/{application}`

use keywright_operations::applications::ApplicationChanges;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::shapes::ApplicationShape;
use crate::extract::rights::Edit;
use crate::extract::{Body, InApplication, set, to_set};
use crate::routes::{Done, Result};

/// What to change. What is left out stays; null removes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationChangeForm {
    /// What users see.
    name: Option<String>,
    /// What the organisation calls it among itself.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    internal_name: Option<Option<String>>,
    /// What it is.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// The host under which its users meet it.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    domain: Option<Option<String>>,
    /// Where its privacy policy is.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    privacy_url: Option<Option<String>>,
    /// Slugs of services that it uses from now on too.
    #[serde(default)]
    add_services: Vec<String>,
}

/// Changes its details, and adds services.
pub(crate) async fn change(app: InApplication<Edit>, Body(form): Body<ApplicationChangeForm>) -> Result<Done<ApplicationShape>> {
    let changes = ApplicationChanges {
        name: form.name,
        internal_name: to_set(form.internal_name),
        description: to_set(form.description),
        domain: to_set(form.domain),
        privacy_url: to_set(form.privacy_url),
        add_services: form.add_services,
    };
    let changed = app.operations().application_change(app.caller(), app.id, changes).await.map_err(|error| error.renamed("service", "add_services"))?;
    Ok(Done((&changed).into()))
}
