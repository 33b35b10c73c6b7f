//! Errors as the caller sees them: RFC 9457 `application/problem+json`, one mapping for the whole crate.

use std::borrow::Cow;
use std::fmt::Write as _;

use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::answer::{Answer, AnswerBody};

/// What went wrong, as a class that programs can decide on. The texts that go with it are for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No such route.
    NotFound,
    /// The route exists, with other methods.
    MethodNotAllowed,
    /// The request names a host that this installation is not.
    MisdirectedRequest,
    /// The request was not sent whole in time.
    RequestTimeout,
    /// The shape of the request is wrong; `errors` names each bad field.
    InvalidRequest,
    /// The body is too large.
    ContentTooLarge,
    /// The body is not JSON by its `Content-Type`.
    UnsupportedMediaType,
    /// No resource server's token, or none that is accepted.
    InvalidToken,
    /// The resource server is not made for the services or environments of its question.
    BeyondResourceServer,
    /// The replica cannot prove that it is fresh, or has not reached a position in time.
    VerificationUnavailable,
    /// The caller of the API sent no credential.
    CredentialMissing,
    /// The caller's credential is not accepted.
    CredentialRefused,
    /// The caller's credential is known, and may not be used here.
    CredentialNotAllowed,
    /// The caller's credential does not hold what the request needs.
    InsufficientPermissions,
    /// The caller's credential was used too often.
    RateLimited,
}

impl Kind {
    /// All kinds, for documentation and tests.
    pub const ALL: [Self; 15] = [
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::MisdirectedRequest,
        Self::RequestTimeout,
        Self::InvalidRequest,
        Self::ContentTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidToken,
        Self::BeyondResourceServer,
        Self::VerificationUnavailable,
        Self::CredentialMissing,
        Self::CredentialRefused,
        Self::CredentialNotAllowed,
        Self::InsufficientPermissions,
        Self::RateLimited,
    ];

    /// Status, stable code and title.
    #[must_use]
    pub const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is nothing at this address"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address takes other methods"),
            Self::MisdirectedRequest => (StatusCode::MISDIRECTED_REQUEST, "misdirected_request", "This is another host"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request was not sent in time"),
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request", "The request has a wrong shape"),
            Self::ContentTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "content_too_large", "The request is too large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The request is not JSON"),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, "invalid_token", "This needs the token of a resource server"),
            Self::BeyondResourceServer => (StatusCode::FORBIDDEN, "beyond_resource_server", "The resource server may not ask this"),
            Self::VerificationUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "verification_unavailable", "Credentials cannot be checked right now"),
            Self::CredentialMissing => (StatusCode::UNAUTHORIZED, "credential_missing", "The request carries no credential"),
            Self::CredentialRefused => (StatusCode::UNAUTHORIZED, "credential_refused", "The credential is not accepted"),
            Self::CredentialNotAllowed => (StatusCode::FORBIDDEN, "credential_not_allowed", "The credential may not be used for this"),
            Self::InsufficientPermissions => (StatusCode::FORBIDDEN, "insufficient_permissions", "The credential lacks a permission"),
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests"),
        }
    }
}

/// A bad field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Its path, such as `questions[17].permissions[1]`; empty: the body as a whole.
    pub field: String,
    /// What is wrong, and what to write instead. Never repeats a value that could be a secret.
    pub message: String,
}

/// An error on its way to the caller.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    trace: TraceId,
}

/// 128 random bits that name one answer, in problems and for the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId([u8; 32]);

impl TraceId {
    /// A new one. It only has to tell answers apart, so without random bits it is zero rather than an error.
    #[must_use]
    pub fn random() -> Self {
        let bits = keywright_crypto::random::bits().unwrap_or_default();
        let mut text = [0; 32];
        for (i, digit) in text.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(bits >> (124 - 4 * i)) as usize & 0xf];
        }
        Self(text)
    }

    /// 32 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hex digits are ASCII")
    }
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    trace_id: &'a str,
}

impl Problem {
    /// A problem of this kind; `detail` says what is wrong this time and what to do.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), headers: Vec::new(), trace: TraceId::random() }
    }

    /// 400 with its bad fields, each of which the detail names too.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let mut detail = String::new();
        for error in &errors {
            let (gap, colon) = (if detail.is_empty() { "" } else { "; " }, if error.field.is_empty() { "" } else { ": " });
            let _ = write!(detail, "{gap}{}{colon}{}", error.field, error.message);
        }
        Self { errors, ..Self::new(Kind::InvalidRequest, detail) }
    }

    /// 405, naming the methods that there are.
    #[must_use]
    pub fn method(allow: &'static str) -> Self {
        Self::new(Kind::MethodNotAllowed, format!("Use {allow}.")).with(ALLOW, HeaderValue::from_static(allow))
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self, s: u64) -> Self {
        self.with(RETRY_AFTER, HeaderValue::from(s))
    }

    /// With a challenge (RFC 6750 section 3).
    #[must_use]
    pub fn challenge(self, challenge: HeaderValue) -> Self {
        self.with(WWW_AUTHENTICATE, challenge)
    }

    /// Closes the connection after the answer, because the rest of the request was not read.
    #[must_use]
    pub fn closing(self) -> Self {
        self.with(CONNECTION, HeaderValue::from_static("close"))
    }

    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What names this answer.
    #[must_use]
    pub const fn trace(&self) -> &TraceId {
        &self.trace
    }

    /// The answer. `docs` is the address under which each code has its page; without one the type is a URN.
    #[must_use]
    pub fn render(self, docs: Option<&str>) -> Answer {
        let (status, code, title) = self.kind.parts();
        let document = Document {
            r#type: match docs {
                Some(base) => format!("{}/{code}", base.trim_end_matches('/')),
                None => format!("urn:keywright:problem:{code}"),
            },
            title,
            status: status.as_u16(),
            code,
            detail: &self.detail,
            errors: &self.errors,
            trace_id: self.trace.as_str(),
        };
        let body = serde_json::to_vec(&document).expect("texts and numbers become JSON");
        let mut answer = Response::new(AnswerBody::bytes(body));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_there_once_and_each_kind_is_in_the_list() {
        let mut codes: Vec<_> = Kind::ALL.iter().map(|k| k.parts().1).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Kind::ALL.len());
    }

    #[test]
    fn trace_ids_are_32_hex_digits_and_differ() {
        let (a, b) = (TraceId::random(), TraceId::random());
        assert_ne!(a, b);
        assert!(a.as_str().bytes().all(|b| b.is_ascii_hexdigit()) && a.as_str().len() == 32);
    }
}
