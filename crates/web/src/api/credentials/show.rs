//! `GET /credentials/{credential}`, its versions and its use.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::shapes::{CredentialShape, VersionShape};
use crate::api::words;
use crate::extract::OfCredential;
use crate::extract::rights::View;
use crate::routes::{Done, Listed, Result};

/// One credential, with its versions.
pub(crate) async fn show(key: OfCredential<View>) -> Result<Done<CredentialShape>> {
    let shown = key.operations().credential_show(key.caller(), key.id).await?;
    Ok(Done((&shown).into()))
}

/// Its versions, oldest first, and who uses them.
pub(crate) async fn versions(key: OfCredential<View>) -> Result<Listed<VersionShape>> {
    let shown = key.operations().credential_show(key.caller(), key.id).await?;
    Ok(Listed::whole(CredentialShape::from(&shown).into_versions()))
}

/// How often it was presented, by version and verdict.
#[derive(Serialize, ToSchema)]
pub(crate) struct UseShape {
    /// Number of the version.
    version: u32,
    /// The verdict.
    #[schema(value_type = words::Verdict)]
    code: &'static str,
    /// How many times that was the answer.
    count: u64,
    /// When that was last the answer, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    last_at: String,
    /// Where the last one came from, as far as the verifier was told.
    last_source: Option<String>,
}

/// How often each version was presented, and with which verdict.
pub(crate) async fn usage(key: OfCredential<View>) -> Result<Listed<UseShape>> {
    let shown = key.operations().credential_show(key.caller(), key.id).await?;
    let shape = |u: &keywright_store::usage::UsageEntry| UseShape {
        version: u.version,
        code: u.code.as_str(),
        count: u.count,
        last_at: u.last.to_string(),
        last_source: u.source.map(|s| s.to_string()),
    };
    Ok(Listed::whole(shown.usage.iter().map(shape).collect()))
}
