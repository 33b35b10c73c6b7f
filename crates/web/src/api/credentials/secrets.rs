//! `POST /credentials/{credential}/secrets`, `DELETE /credentials/{credential}/secrets/{version}` and `POST /credentials/{credential}/reveal`

use std::ops::Deref;

use keywright_operations::credentials::NewSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::rights::{Edit, End};
use crate::extract::{MaybeBody, OfCredential};
use crate::kinds::HandedShape;
use crate::problem::Problem;
use crate::routes::call::Call;
use crate::routes::endpoint::Caller;
use crate::routes::{Access, Created, Done, Result, Shown, Way};

/// Somebody who calls about one secret of a credential.
pub(crate) struct OfSecret {
    of: OfCredential<End>,
    version: u32,
}

impl Deref for OfSecret {
    type Target = OfCredential<End>;
    fn deref(&self) -> &OfCredential<End> {
        &self.of
    }
}

impl Caller for OfSecret {
    const WHO: Access = OfCredential::<End>::WHO;
    const WAY: Way = Way::Api;

    fn take(call: &Call) -> Result<Self> {
        let version = call.id("version").and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)?;
        Ok(Self { of: OfCredential::take(call)?, version })
    }
}

/// What another secret is made from.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSecretForm {
    /// What it is for, at most 100 characters.
    description: Option<String>,
    /// When it ends by itself, RFC 3339; left out: with its credential.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A secret that was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretAddedShape {
    /// Id of the credential.
    id: String,
    /// Number of the version whose secret this is.
    version: u32,
    /// The new secret.
    #[serde(flatten)]
    handed: HandedShape,
}

/// Adds a secret beside those that work.
pub(crate) async fn add(key: OfCredential<Edit>, MaybeBody(form): MaybeBody<NewSecretForm>) -> Result<Created<SecretAddedShape>> {
    let new = NewSecret { description: form.description, expires_at: form.expires_at };
    let added = key.operations().secret_add(key.caller(), key.id, new).await?;
    let shape = SecretAddedShape { id: added.id.to_string(), version: added.version, handed: (&added.handed).into() };
    Ok(Created::at(format!("/api/v1/credentials/{}", added.id), shape).shown_once(added.handed.secret_field(), added.id, Some(added.version)))
}

/// A secret that was revoked.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretRevokedShape {
    /// Id of the credential.
    id: String,
    /// Number of the version.
    version: u32,
    /// Where it stands in the change log, at the latest.
    position: u64,
    /// It had ended before; nothing was changed.
    repeated: bool,
}

/// Ends one of several secrets, and the access tokens that were got by it. Repeating it changes nothing.
pub(crate) async fn revoke(secret: OfSecret) -> Result<Done<SecretRevokedShape>> {
    let ended = secret.operations().secret_revoke(secret.caller(), secret.id, secret.version).await?;
    Ok(Done(SecretRevokedShape { id: secret.id.to_string(), version: secret.version, position: ended.place.position.0, repeated: ended.repeated }))
}

/// Which secret to show again.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevealForm {
    /// Number of the version; left out: the newest that works.
    version: Option<u32>,
}

/// A secret that is shown again.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevealedShape {
    /// Number of its version.
    version: u32,
    /// The secret.
    #[serde(flatten)]
    handed: HandedShape,
}

/// Shows a secret again, where its service allows that, to a person who has signed in to the hub just now. The audit trail says so.
pub(crate) async fn reveal(key: OfCredential<Edit>, MaybeBody(form): MaybeBody<RevealForm>) -> Result<Shown<RevealedShape>> {
    let signed_in_at = key.session().map(|session| session.session.signed_in_at);
    let revealed = key.operations().credential_reveal(key.caller(), key.id, form.version, signed_in_at).await?;
    let shape = RevealedShape { version: revealed.version, handed: (&revealed.handed).into() };
    Ok(Shown::once(shape, revealed.handed.secret_field(), key.id, Some(revealed.version)))
}
