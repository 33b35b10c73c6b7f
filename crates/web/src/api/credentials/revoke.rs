//! `DELETE /credentials/{credential}` and `POST /credentials/{credential}/revoke`

use keywright_domain::promise::Effect;
use keywright_operations::credentials::VerifierEffect;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::rights::End;
use crate::extract::{OfCredential, Query};
use crate::problem::{FieldError, Problem};
use crate::routes::{Done, Result};

/// How far to wait.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wait {
    /// `all`: answers once no verifier accepts the credential any more, with the proof. Left out: once it is saved.
    wait: Option<String>,
}

/// A revocation.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevokedShape {
    /// Id of the credential.
    id: String,
    /// Where it stands in the change log, at the latest.
    position: u64,
    /// When it was saved: for a repetition, the first time.
    #[schema(format = DateTime)]
    committed_at: String,
    /// Whether the credential was revoked before this call.
    repeated: bool,
    /// When it was certain that no verifier accepts the credential any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// Why each verifier no longer accepts it; absent where nobody waited for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    verifiers: Option<Vec<VerifierEffectShape>>,
    /// The proof: a compact JWS, whose key is at `/.well-known/keywright.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
}

/// Why a verifier no longer accepts the credential.
#[derive(Serialize, ToSchema)]
pub(crate) struct VerifierEffectShape {
    /// Id of the verifier, a prefix and 26 characters.
    id: String,
    /// Name of the machine or process that it runs as.
    node: String,
    /// The position that it has reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// When it reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    at: Option<String>,
    /// It was silent, so its lease is over and it answers nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lease_expired: bool,
}

impl From<&VerifierEffect> for VerifierEffectShape {
    fn from(v: &VerifierEffect) -> Self {
        let (position, at, lease_expired) = match v.effect {
            Effect::Applied { position, at } => (Some(position.0), Some(at.to_string()), false),
            Effect::LeaseExpired => (None, None, true),
        };
        Self { id: v.id.to_string(), node: v.node.clone(), position, at, lease_expired }
    }
}

/// Ends a credential for good. Repeating it changes nothing.
pub(crate) async fn revoke(key: OfCredential<End>, Query(wait): Query<Wait>) -> Result<Done<RevokedShape>> {
    let wait = match wait.wait.as_deref() {
        None => false,
        Some("all") => true,
        Some(_) => return Err(Problem::invalid(vec![FieldError { field: "wait".into(), message: "is not all: write wait=all, or leave it out".into() }])),
    };
    let revoked = key.operations().credential_revoke(key.caller(), key.id).await?;
    let effective = if wait { Some(key.operations().revocation_effective(&revoked).await?) } else { None };
    Ok(Done(RevokedShape {
        id: revoked.id.to_string(),
        position: revoked.place.position.0,
        committed_at: revoked.committed_at.to_string(),
        repeated: revoked.repeated,
        effective_at: effective.as_ref().map(|e| e.effective_at.to_string()),
        verifiers: effective.as_ref().map(|e| e.verifiers.iter().map(Into::into).collect()),
        proof: effective.map(|e| e.proof),
    }))
}
