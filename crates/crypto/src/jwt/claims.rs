//! The claims of a token (RFC 7519 section 4.1, RFC 8693 section 4.2 for `scope`, RFC 9068 for `client_id`).

use serde_json::{Map, Value};

use super::Fault;

/// Claims whose registered members have their types.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

const TEXTS: [&str; 5] = ["iss", "sub", "jti", "scope", "client_id"];
const TIMES: [&str; 3] = ["exp", "nbf", "iat"];
/// Seconds either side of 1970 that a time may be away: far beyond any calendar, and exact in a double.
const SECONDS_MAX: f64 = 1e12;

impl Claims {
    pub(super) fn read(members: Map<String, Value>) -> Result<Self, Fault> {
        let wrong = |name: &&str, fits: fn(&Value) -> bool| members.get(*name).is_some_and(|value| !fits(value));
        if let Some(name) = TEXTS.into_iter().find(|name| wrong(name, Value::is_string)) {
            return Err(Fault::Claim(name));
        }
        if let Some(name) = TIMES.into_iter().find(|name| wrong(name, |value| seconds(value).is_some())) {
            return Err(Fault::Claim(name));
        }
        if wrong(&"aud", |value| value.is_string() || value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string))) {
            return Err(Fault::Claim("aud"));
        }
        Ok(Self(members))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    fn time(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(seconds)
    }

    /// `iss`: who issued it.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// `sub`: about whom it is.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// `aud`: for whom it is, one or many.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        let many = match self.0.get("aud") {
            Some(Value::Array(many)) => many.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        many.iter().filter_map(Value::as_str)
    }

    /// `exp`, in seconds since 1970; a fraction is dropped, so that nothing lives longer than it says.
    #[must_use]
    pub fn expires_at_s(&self) -> Option<i64> {
        self.time("exp").map(|seconds| seconds.floor() as i64)
    }

    /// `nbf`, in seconds since 1970; a fraction counts as a whole second, so that nothing begins before it says.
    #[must_use]
    pub fn not_before_s(&self) -> Option<i64> {
        self.time("nbf").map(|seconds| seconds.ceil() as i64)
    }

    /// `iat`, in seconds since 1970, without its fraction.
    #[must_use]
    pub fn issued_at_s(&self) -> Option<i64> {
        self.time("iat").map(|seconds| seconds.floor() as i64)
    }

    /// `jti`: what tells it from other tokens.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// `client_id`: the OAuth client that asked for it.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.text("client_id")
    }

    /// The scopes in `scope`, which has spaces between them (RFC 6749 section 3.3); none where it is absent.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.text("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty())
    }

    /// Any claim, such as `azp` or `cid` of external issuers.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// A NumericDate (RFC 7519 section 2): a whole number or a decimal.
fn seconds(value: &Value) -> Option<f64> {
    value.as_f64().filter(|seconds| seconds.abs() <= SECONDS_MAX)
}
