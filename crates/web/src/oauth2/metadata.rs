//! `GET /.well-known/oauth-authorization-server`: what clients must know of the server (RFC 8414).

use hyper::StatusCode;
use hyper::header::CACHE_CONTROL;
use keywright_domain::limits;
use serde_json::json;

use super::{Protocol, introspect, register, revoke, token};
use crate::routes::{Reply, Result};

/// How a client may sign its assertions: whatever its key can.
const ASSERTION_ALGORITHMS: [&str; 7] = ["RS256", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
const CLIENT: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

/// Where each part is, and what it takes.
pub(crate) async fn show(protocol: Protocol) -> Result<Reply> {
    let hub = protocol.hub()?;
    let url = |path| Protocol::url(hub, path);
    let mut body = json!({
        "issuer": hub.operations.base_url(),
        "token_endpoint": url(token::PATH),
        "jwks_uri": url("/oauth2/jwks"),
        "introspection_endpoint": url(introspect::PATH),
        "revocation_endpoint": url(revoke::PATH),
        "registration_endpoint": url(register::PATH),
        // There is no authorization endpoint, and so none of its types of answers.
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
    });
    for endpoint in ["token", "introspection", "revocation"] {
        body[format!("{endpoint}_endpoint_auth_methods_supported")] = json!(CLIENT);
        body[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")] = json!(ASSERTION_ALGORITHMS);
    }
    let max_age_s = limits::KEY_SET_MAX_AGE.us() / 1_000_000;
    Ok(Reply::json(StatusCode::OK, &body).with(CACHE_CONTROL, &format!("public, max-age={max_age_s}")))
}
