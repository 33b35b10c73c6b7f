//! Access tokens: what names one, for whom one is, and how they are dated.

use std::fmt;
use std::str::FromStr;

use crate::credential::{Environment, TokenForm};
use crate::time::{Span, Timestamp};

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

const SECOND_US: i64 = 1_000_000;

/// How a token is dated that is made at `now`, for a client whose tokens from before `not_before` have ended: no earlier than that. A JWT says whole seconds
/// (RFC 7519 section 4.1.6), so its date may lie up to a second ahead.
#[must_use]
pub fn issued_at(form: TokenForm, now: Timestamp, not_before: Timestamp) -> Timestamp {
    let into_second = |at: Timestamp| Span::from_us(at.us().rem_euclid(SECOND_US));
    match form {
        TokenForm::Opaque => now.max(not_before),
        TokenForm::Jwt => {
            let begun = Timestamp::from_us(now.us().saturating_sub(into_second(now).us()));
            let next = Span::from_us((SECOND_US - into_second(not_before).us()) % SECOND_US);
            begun.max(not_before.plus(next))
        }
    }
}

/// The new `not_before` of a client whose tokens all end at `now`, where `previous` was the old one: later than the date of any of them.
#[must_use]
pub fn end_of_all(now: Timestamp, previous: Timestamp) -> Timestamp {
    let latest = issued_at(TokenForm::Jwt, now, previous).max(issued_at(TokenForm::Opaque, now, previous));
    latest.plus(Span::from_us(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_made_before_an_end_of_all_has_ended_and_what_is_made_next_has_not(
            now in 0..5 * SECOND_US, before in 0..5 * SECOND_US, previous in 0..5 * SECOND_US, older in 0..5 * SECOND_US, next in 0..9 * SECOND_US,
        ) {
            let at = Timestamp::from_us;
            let end = end_of_all(at(now), at(previous));
            for form in TokenForm::ALL {
                // Made earlier, perhaps by a node that does not know of the previous end yet.
                prop_assert!(issued_at(form, at(before.min(now)), at(older.min(previous))) < end);
                let new = issued_at(form, at(next), end);
                prop_assert!(new >= end && new.us() < next.max(end.us()) + SECOND_US);
                prop_assert!(form == TokenForm::Opaque || new.us() % SECOND_US == 0);
            }
            prop_assert!(end > at(previous) && end > at(now));
        }
    }

    #[test]
    fn without_an_end_a_jwt_has_the_second_that_has_begun() {
        let (now, never) = (Timestamp::from_us(5_700_000), Timestamp::from_us(i64::MIN));
        assert_eq!((issued_at(TokenForm::Jwt, now, never).us(), issued_at(TokenForm::Opaque, now, never)), (5_000_000, now));
        assert_eq!(issued_at(TokenForm::Jwt, never, never).us() % SECOND_US, 0);
    }

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
