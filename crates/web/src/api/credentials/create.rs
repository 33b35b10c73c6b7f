//! `POST /applications/{application}/credentials`

use keywright_operations::credentials::{KeySource, NewCredential};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::shapes::CredentialShape;
use crate::api::words;
use crate::extract::rights::Edit;
use crate::extract::{Body, InApplication, not_null};
use crate::kinds::HandedShape;
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
    /// What is made, of a `key_pair`: `rsa-2048`, `rsa-3072`, `rsa-4096`, `p-256`, `p-384` or `ed25519`; left out: what suits the service.
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
    /// The form of its access tokens, for kinds that get some; left out: what the service says.
    #[schema(value_type = Option<words::TokenForm>)]
    token_form: Option<String>,
}

/// A credential that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct CredentialMadeShape {
    /// Id of the credential, a prefix and 26 characters.
    pub(crate) id: String,
    /// Number of the version whose secret this is: 1.
    pub(crate) version: u32,
    /// Whether it is accepted now: false of a production credential while its application is not active.
    pub(crate) works: bool,
    /// The secret, which is shown this once.
    #[serde(flatten)]
    pub(crate) handed: HandedShape,
    /// The credential, without its secret.
    pub(crate) credential: CredentialShape,
}

/// Makes a credential. Its key is in this answer only.
pub(crate) async fn create(app: InApplication<Edit>, Body(form): Body<NewCredentialForm>) -> Result<Created<CredentialMadeShape>> {
    let NewCredentialForm {
        service,
        kind,
        environment,
        name,
        permissions,
        expires_at,
        networks,
        origins,
        rate_limit,
        key_type,
        pem,
        public_key,
        challenge,
        proof,
        csr,
        token_form,
    } = form;
    let key = KeySource { key_type, pem, public_key, challenge, proof, csr };
    let new = NewCredential { service, kind, environment, name, permissions, expires_at, networks, origins, rate_limit, token_form, reason: None, key };
    let made = app.operations().credential_create(app.caller(), app.id, new).await?;
    let shown = app.operations().credential_show(app.caller(), made.id).await?;
    let shape = CredentialMadeShape {
        id: made.id.to_string(),
        version: made.version,
        works: made.why_not.is_none(),
        handed: (&made.handed).into(),
        credential: CredentialShape::from(&shown),
    };
    let created = Created::at(format!("/api/v1/credentials/{}", made.id), shape);
    Ok(if made.handed.has_secret() { created.shown_once(made.handed.secret_field(), made.id, Some(made.version)) } else { created })
}
