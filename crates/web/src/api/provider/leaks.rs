//! `POST /provider/leaks`

use keywright_crypto::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::shapes::{CredentialShape, FoundTokenShape};
use crate::api::words;
use crate::extract::{AsOperator, Body};
use crate::routes::{Done, Result};

/// What was found somewhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeakForm {
    /// A key, a secret key, an access token, a private key as PEM, or a text with one in it; or what names a credential openly. It is neither stored nor repeated.
    text: String,
    /// Whether to end the access token that is found, at once. Its credential lives on.
    #[serde(default)]
    end_token: bool,
}

/// Whose it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct LeakShape {
    /// Name of the organisation whose credential it is.
    organisation_name: String,
    /// Name of the application whose credential it is.
    application_name: String,
    /// Number of the version whose secret it is, or got the token; null: it is no secret, but an API key of a pair, a client id, an SDK id or a public key.
    version: Option<u32>,
    /// State of that version.
    #[schema(value_type = Option<words::VersionState>)]
    version_state: Option<&'static str>,
    /// The access token that it is; null: it is none.
    token: Option<FoundTokenShape>,
    /// Whether a verifier would accept it now.
    accepted: bool,
    /// The credential, without its secret.
    credential: CredentialShape,
}

/// Finds the credential of a leaked key or access token: its owner, state and last use. Revoke it with `DELETE /credentials/{credential}`; a token alone
/// with `end_token`.
pub(crate) async fn find(operator: AsOperator, Body(form): Body<LeakForm>) -> Result<Done<LeakShape>> {
    let mut found = operator.operations().credential_find(operator.caller(), &Secret::new(form.text)).await?;
    if let Some(token) = found.token.as_mut().filter(|_| form.end_token) {
        operator.operations().credential_token_end(operator.caller(), found.owner.credential, token.id, token.expires_at).await?;
        token.revoked = true;
    }
    Ok(Done(LeakShape {
        organisation_name: found.owner.organisation_name.clone(),
        application_name: found.owner.application_name.clone(),
        version: found.by_secret().then_some(found.owner.version),
        version_state: found.version_state(),
        token: found.token.as_ref().map(FoundTokenShape::from),
        accepted: found.is_accepted(),
        credential: CredentialShape::from(&found.shown),
    }))
}
