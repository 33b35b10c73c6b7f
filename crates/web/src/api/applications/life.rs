//! `POST /applications/{application}/activate` and `/deactivate`, `DELETE /applications/{application}`

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::shapes::ApplicationShape;
use crate::extract::rights::Admin;
use crate::extract::{InApplication, Query};
use crate::routes::{Done, Result};

/// Production credentials work from then on. Refused while something is missing that the catalogue asks for.
pub(crate) async fn activate(app: InApplication<Admin>) -> Result<Done<ApplicationShape>> {
    let activated = app.operations().application_activate(app.caller(), app.id).await?;
    Ok(Done((&activated.application).into()))
}

/// None of its credentials work; everything is kept.
pub(crate) async fn deactivate(app: InApplication<Admin>) -> Result<Done<ApplicationShape>> {
    let application = app.operations().application_deactivate(app.caller(), app.id).await?;
    Ok(Done((&application).into()))
}

/// Deleting asks for the name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    /// The application's name, exactly.
    #[serde(default)]
    confirm: String,
}

/// An application that is gone.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeletedShape {
    /// Id of the application that was deleted.
    id: String,
    /// How many credentials went with it.
    credentials: u64,
}

/// Erases it with its credentials, which are unknown at once. Nobody can recover it.
pub(crate) async fn delete(app: InApplication<Admin>, Query(given): Query<Confirm>) -> Result<Done<DeletedShape>> {
    let credentials = app.operations().application_delete(app.caller(), app.id, &given.confirm).await?;
    Ok(Done(DeletedShape { id: app.id.to_string(), credentials }))
}
