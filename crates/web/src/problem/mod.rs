//! Errors as the caller sees them: RFC 9457 `application/problem+json`, one mapping for the whole crate.

use std::borrow::Cow;
use std::fmt::Write as _;

use hyper::Response;
use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::{Answer, AnswerBody};
use crate::routes::Reply;

mod kind;
mod of_operations;

pub use kind::Kind;

/// A bad field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
    /// Apart, so that whatever may fail stays small while it goes well.
    said: Box<Said>,
}

/// What there is to say about a problem.
#[derive(Debug)]
struct Said {
    /// A code of its own, for rules of the product.
    code: Option<&'static str>,
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

/// A problem as JSON (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document<'a> {
    /// The kind of problem as a URI (RFC 9457).
    r#type: String,
    /// The kind of problem, for people.
    title: &'a str,
    /// The status of the answer, such as 400.
    status: u16,
    /// The kind of problem in one word, for programs; it stays the same between releases.
    code: &'a str,
    /// What is wrong this time and what to do, for people.
    detail: &'a str,
    /// Every bad field; absent where the problem is none of fields.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// Names this answer in the log of the server: 32 hex digits.
    trace_id: &'a str,
}

impl Problem {
    /// A problem of this kind; `detail` says what is wrong this time and what to do.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, said: Box::new(Said { code: None, detail: detail.into(), errors: Vec::new(), headers: Vec::new(), trace: TraceId::random() }) }
    }

    /// 400 with its bad fields, each of which the detail names too.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let mut detail = String::new();
        for error in &errors {
            let (gap, colon) = (if detail.is_empty() { "" } else { "; " }, if error.field.is_empty() { "" } else { ": " });
            let _ = write!(detail, "{gap}{}{colon}{}", error.field, error.message);
        }
        let mut problem = Self::new(Kind::InvalidRequest, detail);
        problem.said.errors = errors;
        problem
    }

    /// 405, naming the methods that there are.
    #[must_use]
    pub fn method(allow: &str) -> Self {
        let value = HeaderValue::from_str(allow).expect("methods are words");
        Self::new(Kind::MethodNotAllowed, format!("Use {allow}.")).with(ALLOW, value)
    }

    /// 404, the same for what never was, what is gone and what is another organisation's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "There is no such thing, or it is not yours to see.")
    }

    /// 500; the cause goes to the log, under the trace id that the caller gets.
    #[must_use]
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        let problem = Self::new(Kind::Internal, "Keywright made a mistake. Its log says more under the trace id.");
        tracing::error!(trace_id = problem.trace().as_str(), %cause, "a call failed");
        problem
    }

    /// With a code of its own.
    #[must_use]
    pub fn coded(mut self, code: &'static str) -> Self {
        self.said.code = Some(code);
        self
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.said.headers.push((name, value));
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

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.said.code.unwrap_or(self.kind.parts().1)
    }

    /// What is wrong this time, and what to do.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.said.detail
    }

    /// Each bad field.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.said.errors
    }

    /// A page that says it, with the problem's status and headers.
    pub(crate) fn decorate(&self, mut page: Reply) -> Reply {
        page.status = self.kind.parts().0;
        for (name, value) in &self.said.headers {
            page.headers.append(name, value.clone());
        }
        page
    }

    /// What names this answer.
    #[must_use]
    pub fn trace(&self) -> &TraceId {
        &self.said.trace
    }

    /// The answer. `docs` is the address under which each code has its page; without one the type is a URN.
    #[must_use]
    pub fn render(self, docs: Option<&str>) -> Answer {
        let (status, _, title) = self.kind.parts();
        let code = self.code();
        let document = Document {
            r#type: match docs {
                Some(base) => format!("{}/{code}", base.trim_end_matches('/')),
                None => format!("urn:keywright:problem:{code}"),
            },
            title,
            status: status.as_u16(),
            code,
            detail: &self.said.detail,
            errors: &self.said.errors,
            trace_id: self.said.trace.as_str(),
        };
        let body = serde_json::to_vec(&document).expect("texts and numbers become JSON");
        let mut answer = Response::new(AnswerBody::bytes(body));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.said.headers {
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
