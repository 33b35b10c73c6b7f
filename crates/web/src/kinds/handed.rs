//! What the holder of a new version gets, as JSON.

use keywright_operations::credentials::Handed;
use serde::Serialize;
use utoipa::ToSchema;

/// The halves of a secret, by the kind of its credential: `key`, `api_key` and `secret_key`, `sdk_id` and `private_key_pem`, or `client_id` and `client_secret` (left out where the client proves itself by its own key).
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct HandedShape {
    /// The whole key of an `api_key`, which is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub(crate) key: Option<String>,
    /// The public half of an `hmac` credential. It stays the same over rotations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    api_key: Option<String>,
    /// The secret half of an `hmac` credential, which is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    secret_key: Option<String>,
    /// The public half of a `key_pair`, a UUID. It stays the same over rotations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    sdk_id: Option<String>,
    /// The private key of a `key_pair` that was made here, as PEM, which is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    private_key_pem: Option<String>,
    /// The public half of an `oauth_client`, which is called its consumer key too. It stays the same over rotations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    client_id: Option<String>,
    /// A secret of an `oauth_client`, which is called its consumer secret too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    client_secret: Option<String>,
}

impl From<&Handed> for HandedShape {
    fn from(handed: &Handed) -> Self {
        let secret = handed.has_secret().then(|| handed.secret().to_owned());
        match handed {
            Handed::Key(_) => Self { key: secret, ..Self::default() },
            Handed::Pair { api_key, .. } => Self { api_key: Some(api_key.clone()), secret_key: secret, ..Self::default() },
            Handed::KeyPair { sdk_id, .. } => Self { sdk_id: Some(sdk_id.clone()), private_key_pem: secret, ..Self::default() },
            Handed::Client { client_id, .. } => Self { client_id: Some(client_id.clone()), client_secret: secret, ..Self::default() },
        }
    }
}
