//! The Business API, as back ends of Yativo know it: the keys of an organisation's own application.

mod shapes;

use keywright_domain::credential::{Environment, Kind};
use keywright_domain::ids::CredentialId;
use keywright_operations::credentials::NewCredential;
use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) use shapes::{ApiKey, ApiKeyResponse};

use crate::api::credentials::rotate::RotationForm;
use crate::api::words;
use crate::extract::rights::{Edit, End, View};
use crate::extract::{Body, InOwnApplication, MaybeBody, Query, not_null};
use crate::problem::{FieldError, Problem};
use crate::routes::{Created, Done, Listed, Result};

/// Which keys.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Where {
    /// `sandbox` for sandbox keys; left out: production.
    #[schema(value_type = Option<words::Environment>)]
    environment: Option<String>,
}

impl Where {
    fn environment(&self) -> Result<Environment> {
        let bad = |error: keywright_domain::credential::environment::EnvironmentError| {
            Problem::invalid(vec![FieldError { field: "environment".into(), message: error.to_string() }])
        };
        self.environment.as_deref().map_or(Ok(Environment::Production), |text| text.parse().map_err(bad))
    }
}

/// A key that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateApiKeyRequest {
    /// A label to identify this key.
    name: String,
    /// Permission scopes. Left out: all that the account has.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Vec<String>, required = false)]
    permissions: Option<Vec<String>>,
    /// Expiry, RFC 3339. Left out: the key does not expire.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// Newest first, ended keys too; the list is not paged.
pub(crate) async fn list(own: InOwnApplication<View>, Query(at): Query<Where>) -> Result<Listed<ApiKey>> {
    let keys = own.operations().business_keys(own.caller(), own.organisation, at.environment()?).await?;
    Ok(Listed::whole(keys.iter().map(Into::into).collect()))
}

/// Makes a key, which is in this answer only.
pub(crate) async fn create(own: InOwnApplication<Edit>, Query(at): Query<Where>, Body(form): Body<CreateApiKeyRequest>) -> Result<Created<ApiKeyResponse>> {
    let operations = own.operations();
    let application = operations.business_application(own.caller(), own.organisation).await?;
    let new = NewCredential {
        service: operations.business_service().await?,
        kind: Some(Kind::OF_BUSINESS_API.to_string()),
        environment: at.environment()?.to_string(),
        name: form.name,
        permissions: form.permissions,
        expires_at: form.expires_at,
        ..NewCredential::default()
    };
    let made = operations.credential_create(own.caller(), application, new).await?;
    let shown = operations.credential_show(own.caller(), made.id).await?;
    Ok(with_key(&shown, made.handed.secret(), made.version))
}

/// Revokes a key. Repeating it changes nothing.
pub(crate) async fn revoke(own: InOwnApplication<End>) -> Result<Done<ApiKey>> {
    let id = key_id(&own)?;
    own.operations().business_key(own.caller(), own.organisation, id).await?;
    own.operations().credential_revoke(own.caller(), id).await?;
    let shown = own.operations().credential_show(own.caller(), id).await?;
    Ok(Done((&shown).into()))
}

/// Makes another version of a key; the previous one goes on working for the overlap of the service.
pub(crate) async fn rotate(own: InOwnApplication<Edit>, MaybeBody(form): MaybeBody<RotationForm>) -> Result<Created<ApiKeyResponse>> {
    let id = key_id(&own)?;
    own.operations().business_key(own.caller(), own.organisation, id).await?;
    let made = own.operations().credential_rotate(own.caller(), id, form.into()).await?;
    let shown = own.operations().credential_show(own.caller(), id).await?;
    Ok(with_key(&shown, made.handed.secret(), made.version))
}

fn key_id<R>(own: &InOwnApplication<R>) -> Result<CredentialId> {
    own.named.as_deref().and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

fn with_key(shown: &keywright_operations::credentials::Shown, key: &str, version: u32) -> Created<ApiKeyResponse> {
    let id = shown.credential.id;
    let shape = ApiKeyResponse { key: key.to_owned(), api_key: shown.into() };
    Created::at(format!("/api/v1/business/api-keys/{id}"), shape).shown_once("key", id, Some(version))
}
