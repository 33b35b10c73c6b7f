//! The request that a gateway asks about, as its own request tells it: in `X-Forwarded-*` (Caddy, Traefik) or `X-Original-*` (nginx).
//!
//! A gateway sets one family, method, address and host of it, and its client may have sent the other: with both there, nobody can say which is true, and
//! nothing is checked.

use hyper::HeaderMap;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use keywright_crypto::scheme::{Body, Request, UriScheme};

use super::forward::TOKEN;
use crate::problem::{FieldError, Kind, Problem};

/// Method and address of the original request.
pub(super) struct Original<'h> {
    method: &'h str,
    authority: &'h str,
    target: &'h str,
    scheme: UriScheme,
    headers: Vec<(&'h str, &'h [u8])>,
}

impl<'h> Original<'h> {
    /// # Errors
    /// [`Problem`]: the gateway does not tell the request, or not unmistakably.
    pub(super) fn of(headers: &'h HeaderMap) -> Result<Self, Problem> {
        let family = |method, uri, host| (headers.get(method).is_some() || headers.get(uri).is_some()).then_some((method, uri, host));
        let forwarded = family("x-forwarded-method", "x-forwarded-uri", "x-forwarded-host");
        let original = family("x-original-method", "x-original-uri", "x-original-host");
        let (method, uri, host) = match (forwarded, original) {
            (Some(one), None) | (None, Some(one)) => one,
            (Some(_), Some(_)) => {
                return Err(wrong("X-Forwarded-Uri", "is there beside X-Original-URI: set one family of headers in the gateway, and clear the other"));
            }
            (None, None) => return Err(wrong("X-Original-URI", "is missing: a signature can be checked only where the gateway tells method and address")),
        };
        let text = |name: &'static str| one(headers, name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
        let missing = |name: &'static str| wrong(name, "is missing, there twice, or not readable: the gateway must set it, once");
        Ok(Self {
            method: text(method).ok_or_else(|| missing(method))?,
            target: text(uri).ok_or_else(|| missing(uri))?,
            // Not from `Host`: where the gateway leaves this one out, its client could set it.
            authority: text(host).ok_or_else(|| missing(host))?,
            scheme: if text("x-forwarded-proto") == Some("http") { UriScheme::Http } else { UriScheme::Https },
            // What stands for the body's frame is the gateway's own.
            headers: headers
                .iter()
                .filter(|(name, _)| **name != TOKEN && *name != CONTENT_LENGTH)
                .map(|(name, value)| (name.as_str(), value.as_bytes()))
                .collect(),
        })
    }

    /// As the verifier takes it. The body went another way.
    pub(super) fn request(&self) -> Request<'_> {
        Request { method: self.method, scheme: self.scheme, authority: self.authority, target: self.target, headers: &self.headers, body: Body::Unseen }
    }
}

fn wrong(name: &str, message: &str) -> Problem {
    let problem = Problem::invalid(vec![FieldError { field: name.to_owned(), message: message.to_owned() }]);
    debug_assert_eq!(problem.kind(), Kind::InvalidRequest);
    tracing::warn!(trace_id = problem.trace().as_str(), header = name, "a gateway does not tell the request that it asks about");
    problem
}

/// The value of a header that must be there once.
pub(super) fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h HeaderValue> {
    let mut all = headers.get_all(name).iter();
    all.next().filter(|_| all.next().is_none())
}
