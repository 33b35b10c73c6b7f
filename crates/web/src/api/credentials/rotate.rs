//! `POST /credentials/{credential}/rotate`

use keywright_operations::credentials::{Rotation, RotationMade};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::handed::HandedShape;
use crate::api::words;
use crate::extract::rights::Edit;
use crate::extract::{MaybeBody, OfCredential};
use crate::routes::{Created, Result};

/// How to rotate; what is left out, the service's policy says.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotationForm {
    /// `immediate`, `overlap` or `on_first_use`.
    #[schema(value_type = Option<words::RotationPolicy>)]
    policy: Option<String>,
    /// How long both versions work, such as `24h`; at most 30 days.
    overlap: Option<String>,
    /// Ends a version that is still retiring.
    #[serde(default)]
    replace: bool,
}

impl From<RotationForm> for Rotation {
    fn from(form: RotationForm) -> Self {
        Self { policy: form.policy, overlap: form.overlap, replace: form.replace }
    }
}

/// A rotation that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotatedShape {
    /// Id of the credential.
    id: String,
    /// Number of the new version.
    version: u32,
    /// The new secret, which is shown this once.
    #[serde(flatten)]
    handed: HandedShape,
    /// Until when the previous version works; null: it has ended, or its overlap has not begun.
    #[schema(format = DateTime)]
    previous_until: Option<String>,
}

impl From<&RotationMade> for RotatedShape {
    fn from(made: &RotationMade) -> Self {
        Self {
            id: made.id.to_string(),
            version: made.version,
            handed: (&made.handed).into(),
            previous_until: made.previous_until.map(|until| until.to_string()),
        }
    }
}

/// Makes another version. Its key is in this answer only.
pub(crate) async fn rotate(key: OfCredential<Edit>, MaybeBody(form): MaybeBody<RotationForm>) -> Result<Created<RotatedShape>> {
    let made = key.operations().credential_rotate(key.caller(), key.id, form.into()).await?;
    Ok(Created::at(format!("/api/v1/credentials/{}", made.id), RotatedShape::from(&made)).shown_once(made.handed.secret_field(), made.id, Some(made.version)))
}
