//! Access tokens: what names one, and for whom one is.

use std::fmt;
use std::str::FromStr;

use crate::credential::Environment;

/// What names an access token: 128 random bits, its `jti` (RFC 7519 section 4.1.7), written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub u128);

/// Why a text is no `jti` of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the id of an access token: it has 32 hexadecimal digits in lower case")]
pub struct TokenIdError;

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for TokenId {
    type Err = TokenIdError;
    fn from_str(text: &str) -> Result<Self, TokenIdError> {
        let canonical = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if canonical { u128::from_str_radix(text, 16).map(Self).map_err(|_| TokenIdError) } else { Err(TokenIdError) }
    }
}

/// The URI of a service in an environment, under this issuer: the audience of its tokens (RFC 9068 section 2.2) and the `resource` that a client
/// may ask for (RFC 8707). Sandbox has a URI of its own, so that a resource server that compares nothing but the audience tells it from production.
#[must_use]
pub fn audience(issuer: &str, service: &str, environment: Environment) -> String {
    match environment {
        Environment::Production => format!("{issuer}/services/{service}"),
        Environment::Sandbox => format!("{issuer}/services/{service}/sandbox"),
    }
}

/// The service and environment whose [`audience`] this is.
#[must_use]
pub fn audience_of<'a>(issuer: &str, uri: &'a str) -> Option<(&'a str, Environment)> {
    let rest = uri.strip_prefix(issuer)?.strip_prefix("/services/")?;
    let (service, environment) = match rest.split_once('/') {
        None => (rest, Environment::Production),
        Some((service, "sandbox")) => (service, Environment::Sandbox),
        Some(_) => return None,
    };
    (!service.is_empty()).then_some((service, environment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = TokenId(0xabc);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "abc", &id.to_string().to_uppercase(), &format!("+{}", &id.to_string()[1..]), &format!("{id}0")] {
            assert_eq!(bad.parse::<TokenId>(), Err(TokenIdError), "{bad}");
        }
    }

    #[test]
    fn an_audience_leads_back_to_its_service_and_environment() {
        let issuer = "https://keys.example.com";
        for environment in Environment::ALL {
            assert_eq!(audience_of(issuer, &audience(issuer, "maps", environment)), Some(("maps", environment)));
        }
        for other in [
            "https://keys.example.com",
            "https://keys.example.com/services/",
            "https://keys.example.com/services/maps/live",
            "https://other.example/services/maps",
        ] {
            assert_eq!(audience_of(issuer, other), None, "{other}");
        }
    }
}
