//! `POST /provider/leaks`

use keywright_crypto::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::shapes::CredentialShape;
use crate::api::words;
use crate::extract::{AsOperator, Body};
use crate::routes::{Done, Result};

/// What was found somewhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeakForm {
    /// A key, a secret key, a private key as PEM, or a text with one in it; or what names a credential openly. It is neither stored nor repeated.
    text: String,
}

/// Whose it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct LeakShape {
    /// Name of the organisation whose credential it is.
    organisation_name: String,
    /// Name of the application whose credential it is.
    application_name: String,
    /// Number of the version whose secret it is; null: it is no secret, but an API key of a pair, a client id, an SDK id or a public key.
    version: Option<u32>,
    /// State of that version.
    #[schema(value_type = Option<words::VersionState>)]
    version_state: Option<&'static str>,
    /// Whether a verifier would accept it now.
    accepted: bool,
    /// The credential, without its secret.
    credential: CredentialShape,
}

/// Finds the credential of a leaked key: its owner, state and last use. Revoke it with `DELETE /credentials/{credential}`.
pub(crate) async fn find(operator: AsOperator, Body(form): Body<LeakForm>) -> Result<Done<LeakShape>> {
    let found = operator.operations().credential_find(operator.caller(), &Secret::new(form.text)).await?;
    Ok(Done(LeakShape {
        organisation_name: found.owner.organisation_name.clone(),
        application_name: found.owner.application_name.clone(),
        version: found.by_secret().then_some(found.owner.version),
        version_state: found.version_state(),
        accepted: found.is_accepted(),
        credential: CredentialShape::from(&found.shown),
    }))
}
