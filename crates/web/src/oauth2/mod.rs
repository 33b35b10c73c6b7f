//! The OAuth 2 server: tokens for clients (RFC 6749, RFC 9068), and what resource servers and clients may ask about them.
//!
//! Its answers are the protocol's own: no envelope around a success, and `{"error", "error_description"}` for a refusal.

mod client;
pub(crate) mod introspect;
pub(crate) mod jwks;
pub(crate) mod metadata;
mod parameters;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod token;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderMap, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;
use serde_json::json;

use crate::app::{App, Hub};
use crate::client_address::client_address;
use crate::problem::Problem;
use crate::routes::call::Call;
use crate::routes::endpoint::Caller;
use crate::routes::{Access, Reply, Result, Way};

/// Somebody who speaks the protocol: who it is, the request itself has to prove.
pub(crate) struct Protocol {
    app: Arc<App>,
    headers: HeaderMap,
    query: Option<String>,
    body: Bytes,
    source: Option<IpAddr>,
    /// The client that the path names.
    client_id: Option<String>,
}

impl Caller for Protocol {
    const WHO: Access = Access::Public;
    const WAY: Way = Way::Open;

    fn take(call: &Call) -> Result<Self> {
        let (app, parts) = (Arc::clone(call.app()), call.parts());
        let source = client_address(call.peer(), &parts.headers, &app.settings().trusted_proxies);
        let client_id = call.id("client_id").map(str::to_owned);
        Ok(Self { headers: parts.headers.clone(), query: parts.uri.query().map(str::to_owned), body: call.body().clone(), source, client_id, app })
    }
}

impl Protocol {
    /// The hub, whose keys sign tokens.
    ///
    /// # Errors
    /// This node only verifies.
    fn hub(&self) -> Result<&Hub> {
        self.app.hub().ok_or_else(Problem::not_found)
    }

    /// The URL of a part of the server.
    fn url(hub: &Hub, path: &str) -> String {
        format!("{}{path}", hub.operations.base_url())
    }
}

/// A refusal (RFC 6749 section 5.2). The description is for developers; it has no quotes and only ASCII, as the RFC wants it.
#[derive(Debug, Clone)]
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    /// How to do better; each 401 says so (RFC 9110 section 15.5.2).
    challenge: Option<&'static str>,
    retry_after_s: Option<u32>,
}

impl Refusal {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into(), challenge: None, retry_after_s: None }
    }

    fn request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    /// A client has not proved itself.
    fn client(description: impl Into<String>) -> Self {
        let challenge = Some(r#"Basic realm="keywright", charset="UTF-8""#);
        Self { status: StatusCode::UNAUTHORIZED, challenge, ..Self::new("invalid_client", description) }
    }

    /// A bearer token is not one that helps here (RFC 6750 section 3.1).
    fn token(description: impl Into<String>) -> Self {
        let challenge = Some(r#"Bearer realm="keywright", error="invalid_token""#);
        Self { status: StatusCode::UNAUTHORIZED, challenge, ..Self::new("invalid_token", description) }
    }

    /// Nothing is wrong with the request.
    fn later(status: StatusCode, description: impl Into<String>) -> Self {
        Self { status, retry_after_s: Some(1), ..Self::new("temporarily_unavailable", description) }
    }

    /// This node cannot judge what was sent.
    fn unavailable(why: keywright_verifier::Unavailable) -> Self {
        Self::later(StatusCode::SERVICE_UNAVAILABLE, why.to_string())
    }

    fn reply(self) -> Reply {
        let description: String = self.description.chars().map(|c| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\') { c } else { '?' }).collect();
        let mut reply = uncached(Reply::json(self.status, &json!({ "error": self.error, "error_description": description })));
        if let Some(challenge) = self.challenge {
            reply = reply.with(WWW_AUTHENTICATE, challenge);
        }
        match self.retry_after_s {
            Some(s) => reply.with(RETRY_AFTER, &s.to_string()),
            None => reply,
        }
    }
}

/// 200 with what no cache may keep (RFC 6749 section 5.1).
fn given(body: &impl Serialize) -> Reply {
    uncached(Reply::json(StatusCode::OK, body))
}

fn uncached(reply: Reply) -> Reply {
    reply.with(CACHE_CONTROL, "no-store").with(PRAGMA, "no-cache")
}
