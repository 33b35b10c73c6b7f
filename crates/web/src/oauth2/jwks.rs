//! `GET /oauth2/jwks`: the keys that sign access tokens (RFC 7517 section 5).

use hyper::StatusCode;
use hyper::header::CACHE_CONTROL;
use keywright_domain::limits;
use serde_json::json;

use super::Protocol;
use crate::routes::{Reply, Result};

/// The key set. A new key is in it for as long as caches may keep it before it signs.
pub(crate) async fn show(protocol: Protocol) -> Result<Reply> {
    let keys = protocol.hub()?.operations.signing_key_set();
    let max_age_s = limits::KEY_SET_MAX_AGE.us() / 1_000_000;
    Ok(Reply::json(StatusCode::OK, &json!({ "keys": keys })).with(CACHE_CONTROL, &format!("public, max-age={max_age_s}")))
}
