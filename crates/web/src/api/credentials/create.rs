//! `POST /applications/{application}/credentials`

use keywright_operations::credentials::NewCredential;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::handed::HandedShape;
use crate::api::shapes::CredentialShape;
use crate::api::words;
use crate::extract::rights::Edit;
use crate::extract::{Body, InApplication, not_null};
use crate::routes::{Created, Result};

/// What a credential is made from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCredentialForm {
    /// Slug of one of the application's services.
    service: String,
    /// One of the kinds that the service takes; left out: the first of them.
    #[schema(value_type = Option<words::Kind>)]
    kind: Option<String>,
    /// `production` or `sandbox`.
    #[schema(value_type = words::Environment)]
    environment: String,
    /// A label.
    name: String,
    /// Left out: every permission that the organisation has for the service now. Empty: none.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Vec<String>, required = false)]
    permissions: Option<Vec<String>>,
    /// RFC 3339; left out: it does not expire.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// CIDR; empty: from everywhere.
    #[serde(default)]
    networks: Vec<String>,
    /// As browsers send them; empty: any.
    #[serde(default)]
    origins: Vec<String>,
    /// Such as `100/1s`.
    rate_limit: Option<String>,
}

/// A credential that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct CredentialMadeShape {
    /// Id of the credential, a prefix and 26 characters.
    pub(crate) id: String,
    /// Number of the version whose secret this is: 1.
    pub(crate) version: u32,
    /// The secret, which is shown this once.
    #[serde(flatten)]
    pub(crate) handed: HandedShape,
    /// The credential, without its secret.
    pub(crate) credential: CredentialShape,
}

/// Makes a credential. Its key is in this answer only.
pub(crate) async fn create(app: InApplication<Edit>, Body(form): Body<NewCredentialForm>) -> Result<Created<CredentialMadeShape>> {
    let NewCredentialForm { service, kind, environment, name, permissions, expires_at, networks, origins, rate_limit } = form;
    let new = NewCredential { service, kind, environment, name, permissions, expires_at, networks, origins, rate_limit, reason: None };
    let made = app.operations().credential_create(app.caller(), app.id, new).await?;
    let shown = app.operations().credential_show(app.caller(), made.id).await?;
    let shape =
        CredentialMadeShape { id: made.id.to_string(), version: made.version, handed: (&made.handed).into(), credential: CredentialShape::from(&shown) };
    Ok(Created::at(format!("/api/v1/credentials/{}", made.id), shape).shown_once(made.handed.secret_field(), made.id, Some(made.version)))
}
