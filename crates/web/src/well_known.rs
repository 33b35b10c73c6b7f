//! `/.well-known/keywright.json`: what others need to check what this installation signs.

use axum::response::Response;
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::app::App;
use crate::health;

/// `{"issuer", "proof_keys": {"keys": [JWK, newest first]}}`; the keys are a JWK set (RFC 7517 section 5).
pub(crate) fn keywright(app: &App) -> Response {
    let keys: Vec<Value> = app.node().proof_keys().iter().map(|key| key.to_jwk()).collect();
    health::json(StatusCode::OK, &json!({"issuer": app.settings().public_url, "proof_keys": {"keys": keys}}))
}
