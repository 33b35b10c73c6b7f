//! `/.well-known/keywright.json`: what others need to check what this installation signs.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::extract::Open;
use crate::health;
use crate::routes::{Reply, Result};

/// `{"issuer", "proof_keys": {"keys": [JWK, newest first]}}`; the keys are a JWK set (RFC 7517 section 5).
pub(crate) async fn keywright(open: Open) -> Result<Reply> {
    let app = open.app();
    let keys: Vec<Value> = app.node().proof_keys().iter().map(|key| key.to_jwk()).collect();
    Ok(health::json(StatusCode::OK, &json!({"issuer": app.settings().public_url, "proof_keys": {"keys": keys}})))
}
