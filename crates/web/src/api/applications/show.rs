//! `GET /applications/{application}`

use crate::api::shapes::ApplicationShape;
use crate::extract::InApplication;
use crate::extract::rights::View;
use crate::routes::{Done, Result};

/// One application.
pub(crate) async fn show(app: InApplication<View>) -> Result<Done<ApplicationShape>> {
    let shown = app.operations().application_show(app.caller(), app.id).await?;
    Ok(Done((&shown.application).into()))
}
