//! What a gateway is told in headers.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use keywright_crypto::scheme::content_digest;
use keywright_verifier::{BodySeen, Found, PermissionSet, RateState, Signed};

use crate::problem::TraceId;

const ORGANISATION: HeaderName = HeaderName::from_static("keywright-organisation-id");
const APPLICATION: HeaderName = HeaderName::from_static("keywright-application-id");
const CREDENTIAL: HeaderName = HeaderName::from_static("keywright-credential-id");
const SERVICE: HeaderName = HeaderName::from_static("keywright-service");
const ENVIRONMENT: HeaderName = HeaderName::from_static("keywright-environment");
const PERMISSIONS: HeaderName = HeaderName::from_static("keywright-permissions");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("keywright-content-digest");
/// RFC 9421 section 5.1
pub(super) const ACCEPT_SIGNATURE: HeaderName = HeaderName::from_static("accept-signature");
/// A code that Yoti publishes, for a client of Yoti's.
pub(super) const YOTI_ERROR: HeaderName = HeaderName::from_static("keywright-yoti-error");
const TRACE: HeaderName = HeaderName::from_static("keywright-trace-id");
const GATEWAY_PROBLEM: HeaderName = HeaderName::from_static("keywright-gateway-problem");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Who is calling, for the upstream.
pub(super) fn identity(headers: &mut HeaderMap, found: &Found<'_>, permissions: &PermissionSet, trace: &TraceId) {
    insert(headers, ORGANISATION, &found.organisation.to_string());
    insert(headers, APPLICATION, &found.application.to_string());
    insert(headers, CREDENTIAL, &found.credential.to_string());
    insert(headers, SERVICE, found.service);
    headers.insert(ENVIRONMENT, HeaderValue::from_static(found.environment.as_str()));
    insert(headers, PERMISSIONS, permissions.commas());
    self::trace(headers, trace);
}

/// What the upstream must compare the body with, where nobody has seen it: the digest that was signed, or that of no body at all.
pub(super) fn body(headers: &mut HeaderMap, signed: &Signed, asked: &HeaderMap) {
    if signed.body != BodySeen::Unchecked {
        return;
    }
    let digests: Vec<&str> = asked.get_all("content-digest").iter().filter_map(|value| value.to_str().ok()).collect();
    if signed.digest_signed {
        insert(headers, CONTENT_DIGEST, &digests.join(", "));
    } else {
        insert(headers, CONTENT_DIGEST, &content_digest::value(b""));
    }
}

/// What names this answer.
pub(super) fn trace(headers: &mut HeaderMap, trace: &TraceId) {
    insert(headers, TRACE, trace.as_str());
}

/// That the gateway itself is set up wrongly, and in what: its client can do nothing about it.
pub(super) fn gateway_problem(headers: &mut HeaderMap, code: &'static str) {
    headers.insert(GATEWAY_PROBLEM, HeaderValue::from_static(code));
}

/// `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers writes them: quota and window of the policy, what remains of it and
/// in how many seconds it is whole again.
pub(super) fn rate_limit(state: &RateState) -> [(HeaderName, HeaderValue); 2] {
    let policy = format!(r#""default";q={};w={}"#, state.limit, state.per_s);
    let limit = format!(r#""default";r={};t={}"#, state.remaining, state.reset_s);
    [(POLICY, value(&policy)), (LIMIT, value(&limit))]
}

fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    headers.insert(name, value(text));
}

/// Names and ids are visible ASCII; a text that is not would be left empty rather than break the answer.
pub(super) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
