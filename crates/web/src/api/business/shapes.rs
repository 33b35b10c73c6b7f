//! The forms of the seed's page, member for member.

use keywright_domain::credential::Standing;
use keywright_operations::credentials::Shown;
use serde::Serialize;
use utoipa::ToSchema;

/// Characters of the key that a list shows.
const PREFIX_CHARS: usize = 8;

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKey {
    /// Its id, a prefix and 26 characters. It never changes, also when the key is rotated.
    id: String,
    /// Its label, 1 to 100 characters.
    name: String,
    /// The first eight characters of the key.
    key_prefix: String,
    /// What it may do: names of permissions of the service, such as `payouts:write`; empty: nothing that takes a permission.
    permissions: Vec<String>,
    /// Whether it is neither revoked, expired nor suspended now.
    is_active: bool,
    /// When it was last accepted, RFC 3339 in UTC, a few seconds late; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// When it was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it stops being accepted, RFC 3339 in UTC; absent: it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A key with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyResponse {
    /// The whole key.
    pub(crate) key: String,
    #[serde(flatten)]
    pub(crate) api_key: ApiKey,
}

impl From<&Shown> for ApiKey {
    fn from(shown: &Shown) -> Self {
        let c = &shown.credential;
        Self {
            id: c.id.to_string(),
            name: c.name.clone(),
            key_prefix: shown.masked.chars().take(PREFIX_CHARS).collect(),
            permissions: c.permissions.names().to_vec(),
            is_active: c.standing(shown.now) == Standing::Active,
            last_used_at: shown.last_used().map(|at| at.to_string()),
            created_at: c.created_at.to_string(),
            expires_at: c.expires_at.map(|at| at.to_string()),
        }
    }
}
