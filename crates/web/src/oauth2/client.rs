//! Who asks: a client that proves itself in one of three ways.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use keywright_domain::time::{Boot, Timestamp};
use keywright_domain::verdict::Code;
use keywright_verifier::{Client, ClientAttempt, ClientStep, Found, NonceAnswer, NonceClaim, Presented, Reading, Unavailable, authenticate};

use super::parameters::{Parameters, decoded};
use super::{Protocol, Refusal};
use crate::app::Hub;

/// The one kind of assertion (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client brings to prove itself. It has no `Debug`: it holds a secret.
pub(super) struct Credentials {
    how: How,
    issuer: String,
    url: String,
}

enum How {
    Secret { client_id: String, secret: String },
    Assertion { assertion: String, client_id: Option<String> },
}

/// A client that has proved itself and may act, while one state of the replica is pinned.
pub(super) struct Known<'k, 'r> {
    pub(super) reading: &'r Reading<'r>,
    pub(super) found: &'k Found<'r>,
    pub(super) client: &'k Client<'r>,
    pub(super) now: Timestamp,
    pub(super) boot: Boot,
}

impl Credentials {
    /// Those of a request to the part of the server with this path.
    ///
    /// # Errors
    /// None, several, or none that can be read.
    pub(super) fn read(protocol: &Protocol, hub: &Hub, parameters: &Parameters, path: &str) -> Result<Self, Refusal> {
        let in_body = (parameters.get("client_secret"), parameters.get("client_assertion"), parameters.get("client_assertion_type"));
        let mut headers = protocol.headers.get_all(AUTHORIZATION).iter();
        let named = parameters.get("client_id");
        let how = match (headers.next(), in_body) {
            (Some(value), (None, None, None)) => {
                let how = basic(value.as_bytes()).filter(|_| headers.next().is_none());
                let (client_id, secret) = how.ok_or_else(|| Refusal::client("the header Authorization is not Basic with a client id and its secret"))?;
                if named.is_some_and(|named| named != client_id) {
                    return Err(Refusal::request("client_id is another one than in the header Authorization"));
                }
                How::Secret { client_id, secret }
            }
            (None, (Some(secret), None, None)) => {
                let client_id = named.ok_or_else(|| Refusal::request("client_id is missing beside client_secret"))?;
                How::Secret { client_id: client_id.to_owned(), secret: secret.to_owned() }
            }
            (None, (None, Some(assertion), kind)) => {
                if kind != Some(JWT_BEARER) {
                    return Err(Refusal::request(format!("client_assertion_type is not {JWT_BEARER}")));
                }
                How::Assertion { assertion: assertion.to_owned(), client_id: named.map(str::to_owned) }
            }
            (None, (None, None, None)) => {
                let how = "the client has not proved itself: send its id and secret by HTTP Basic, or client_id and client_secret, or a client_assertion";
                return Err(Refusal::client(how));
            }
            _ => return Err(Refusal::request("the client proves itself in more than one way, or in half of one: use exactly one")),
        };
        // In Yoti's form an assertion is for the URL of the token endpoint.
        Ok(Self { how, issuer: hub.operations.base_url().to_owned(), url: Protocol::url(hub, path) })
    }

    fn presented(&self) -> Presented<'_> {
        match &self.how {
            How::Secret { client_id, secret } => Presented::Secret { client_id, secret },
            How::Assertion { assertion, client_id } => {
                Presented::Assertion { assertion, client_id: client_id.as_deref(), issuer: &self.issuer, url: &self.url }
            }
        }
    }

    /// Finds out who it is, and does `act` in its name. What it was is counted as a use of its secret.
    ///
    /// # Errors
    /// It is not who it says, or may not act; or what `act` says.
    pub(super) async fn act<T>(&self, protocol: &Protocol, act: impl Fn(&Known<'_, '_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let (claim, now) = match self.attempt(protocol, None, &act)? {
            Attempt::Done(done) => return Ok(done),
            Attempt::Need(claim, now) => (claim, now),
        };
        let answers = protocol.app.node().claim_nonces(&[claim], now).await;
        match self.attempt(protocol, answers.first().map(|answer| (claim, *answer)), &act)? {
            Attempt::Done(done) => Ok(done),
            Attempt::Need(..) => Err(Refusal::unavailable(Unavailable::NoncesSilent)),
        }
    }

    fn attempt<T>(
        &self,
        protocol: &Protocol,
        nonce: Option<(NonceClaim, NonceAnswer)>,
        act: &impl Fn(&Known<'_, '_>) -> Result<T, Refusal>,
    ) -> Result<Attempt<T>, Refusal> {
        let app = &protocol.app;
        let verifier = app.replica().ok_or_else(|| Refusal::later(StatusCode::SERVICE_UNAVAILABLE, "this node has no copy of the clients"))?;
        let boot = app.now();
        let reading = verifier.read();
        let now = reading.calendar(boot);
        let stale = |_| Refusal::later(StatusCode::SERVICE_UNAVAILABLE, "clients cannot be checked right now: try again");
        reading.fresh_at(boot).map_err(stale)?;
        let attempt = ClientAttempt { presented: self.presented(), source_ip: protocol.source, nonce };
        let (verdict, client) = match authenticate(&reading, &attempt, now, boot) {
            ClientStep::Proved(proved) => *proved,
            ClientStep::Refused(why) => return Err(Refusal::client(why)),
            ClientStep::TooOften => return Err(Refusal::later(StatusCode::TOO_MANY_REQUESTS, "too many attempts for this client have failed: wait a moment")),
            ClientStep::Need(claim) => return Ok(Attempt::Need(claim, now)),
            ClientStep::Unavailable(why) => return Err(Refusal::unavailable(why)),
        };
        let fresh = reading.confirm(verdict, app.now()).map_err(stale)?;
        let answer = fresh.answer();
        let Some(found) = &answer.found else { return Err(Refusal::client("the client is unknown")) };
        match answer.code {
            Code::Valid => act(&Known { reading: &reading, found, client: &client, now, boot }).map(Attempt::Done),
            Code::RetiredVersion | Code::Revoked | Code::Expired => {
                Err(Refusal::client(format!("the secret or key is right, and no longer accepted: {}", answer.code.as_str())))
            }
            other => Err(Refusal::new("unauthorized_client", format!("the client may not do this now: {}", other.as_str()))),
        }
    }
}

enum Attempt<T> {
    Done(T),
    Need(NonceClaim, Timestamp),
}

/// Client id and secret of an `Authorization` header (RFC 7617), each encoded as in a form (RFC 6749 section 2.3.1).
fn basic(value: &[u8]) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim_ascii()).ok()?).ok()?;
    let (client_id, secret) = pair.split_once(':')?;
    let (client_id, secret) = (decoded(client_id)?, decoded(secret)?);
    (!client_id.is_empty() && !secret.is_empty()).then_some((client_id, secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_an_id_and_a_secret_written_as_in_a_form() {
        let header = |pair: &str| format!("Basic {}", STANDARD.encode(pair)).into_bytes();
        assert_eq!(basic(&header("a%3Ab:c+d")), Some(("a:b".into(), "c d".into())));
        assert_eq!(basic(b"bAsIc YTpi"), Some(("a".into(), "b".into())));
        for bad in [header(":b"), header("a:"), header("ab"), header("a:%zz"), b"Basic !!".to_vec(), b"Bearer YTpi".to_vec(), b"Basic".to_vec()] {
            assert_eq!(basic(&bad), None, "{bad:?}");
        }
    }
}
