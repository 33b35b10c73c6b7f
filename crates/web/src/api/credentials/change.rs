//! `PATCH /credentials/{credential}`

use keywright_operations::credentials::Changes;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::shapes::CredentialShape;
use crate::api::words;
use crate::extract::rights::Edit;
use crate::extract::{Body, OfCredential, set, to_set};
use crate::routes::{Done, Result};

/// What to change. What is left out stays; null removes a restriction.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeForm {
    /// Another label.
    name: Option<String>,
    /// Other permissions, all of them.
    permissions: Option<Vec<String>>,
    /// RFC 3339. It may come nearer; only an admin of the application moves it away, and not once it has passed.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    expires_at: Option<Option<String>>,
    /// Other networks, all of them.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<Vec<String>>)]
    networks: Option<Option<Vec<String>>>,
    /// Other origins, all of them.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<Vec<String>>)]
    origins: Option<Option<Vec<String>>>,
    /// Such as `100/1s`.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    rate_limit: Option<Option<String>>,
    /// The form of its access tokens; null: what the service says. Tokens that were got before stay good.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<words::TokenForm>)]
    token_form: Option<Option<String>>,
}

/// Changes a credential; verifiers see it like a revocation.
pub(crate) async fn change(key: OfCredential<Edit>, Body(form): Body<ChangeForm>) -> Result<Done<CredentialShape>> {
    let changes = Changes {
        name: form.name,
        permissions: form.permissions,
        expires_at: to_set(form.expires_at),
        networks: to_set(form.networks),
        origins: to_set(form.origins),
        rate_limit: to_set(form.rate_limit),
        token_form: to_set(form.token_form),
    };
    let shown = key.operations().credential_change(key.caller(), key.id, changes).await?;
    Ok(Done((&shown).into()))
}
