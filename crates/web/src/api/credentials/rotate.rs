//! `POST /credentials/{credential}/rotate`

use keywright_operations::credentials::{KeySource, Rotation, RotationMade};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::words;
use crate::extract::rights::Edit;
use crate::extract::{MaybeBody, OfCredential};
use crate::kinds::HandedShape;
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
    /// What is made, of a `key_pair`: `rsa-2048`, `rsa-3072`, `rsa-4096`, `p-256`, `p-384` or `ed25519`; left out: the type of the key that it replaces.
    #[schema(value_type = Option<words::KeyType>)]
    key_type: Option<String>,
    /// How the private key is written: `pkcs1` (RSA) or `pkcs8`; left out: what suits the service.
    #[schema(value_type = Option<words::PrivateKeyForm>)]
    pem: Option<String>,
    /// The public key of a key pair that was made elsewhere, as PEM or JWK.
    public_key: Option<String>,
    /// The challenge that was signed (see `POST /applications/{application}/key-challenges`).
    challenge: Option<String>,
    /// The signature over its text, in base64.
    proof: Option<String>,
    /// Instead of these three: a certificate request (PKCS#10) as PEM.
    csr: Option<String>,
}

impl From<RotationForm> for Rotation {
    fn from(form: RotationForm) -> Self {
        let RotationForm { policy, overlap, replace, key_type, pem, public_key, challenge, proof, csr } = form;
        Self { policy, overlap, replace, key: KeySource { key_type, pem, public_key, challenge, proof, csr } }
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
    let created = Created::at(format!("/api/v1/credentials/{}", made.id), RotatedShape::from(&made));
    Ok(if made.handed.has_secret() { created.shown_once(made.handed.secret_field(), made.id, Some(made.version)) } else { created })
}
