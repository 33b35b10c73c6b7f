//! `/verify/forward`: for gateways that ask with a request of their own (nginx `auth_request`, Caddy `forward_auth`).
//!
//! The question stands in the query string of the address that the gateway is configured with, never in headers that a client can send. What
//! comes back to the caller of the API is the safe part; the reason is in the log, by trace id.

use std::borrow::Cow;
use std::net::IpAddr;

use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, HeaderValue, ORIGIN};
use hyper::{HeaderMap, Request};
use keywright_crypto::scheme::{tylt, yoti};
use keywright_domain::credential::Environment;
use keywright_domain::text;
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::{Code, GatewayAnswer};
use keywright_verifier::{Answer as Said, Beyond, NonceAnswer, NonceClaim, Question, Reading, Stale, Step, Unavailable, Verifier, decide};

use super::original::{Original, one};
use super::{bad_token, bearer, headers, no_verifier, unprovable};
use crate::answer::{Answer, AnswerBody};
use crate::app::App;
use crate::client_address::client_address;
use crate::problem::{FieldError, Kind, Problem, TraceId};

/// Where the gateway's own token stands; `Authorization` is its client's.
pub(super) const TOKEN: &str = "keywright-token";

/// Answers; a body, if there is one, is not read.
pub(crate) async fn forward(app: &App, peer: IpAddr, request: &Request<Incoming>) -> Answer {
    let Some(verifier) = app.verifier() else { return app.render(no_verifier()) };
    let gateway = Gateway { app, verifier, peer, headers: request.headers(), query: request.uri().query().unwrap_or_default() };
    let answered = match gateway.attempt(None) {
        // Boxed, because it would make every request's future larger, and few need it.
        Ok(Attempt::Need(claim, now)) => {
            let answers = Box::pin(app.node().claim_nonces(&[claim], now)).await;
            gateway.attempt(answers.first().map(|answer| (claim, *answer)))
        }
        other => other,
    };
    let answered = answered.and_then(|attempt| match attempt {
        Attempt::Done(answer) => Ok(answer),
        Attempt::Need(..) => Err(unprovable(&Unavailable::NoncesSilent)),
    });
    answered.unwrap_or_else(|problem| {
        // Gateways that drop our body (nginx does) can still show what names this answer.
        let (trace, kind) = (*problem.trace(), problem.kind());
        let mut answer = app.render(problem);
        headers::trace(answer.headers_mut(), &trace);
        // By its status alone the client's credential would get the blame.
        if matches!(kind, Kind::InvalidToken | Kind::InvalidRequest | Kind::BeyondResourceServer) {
            headers::gateway_problem(answer.headers_mut(), kind.parts().1);
        }
        answer
    })
}

/// How an attempt to answer ended.
enum Attempt {
    Done(Answer),
    /// Somebody else knows whether this nonce is fresh; and the moment of the decision.
    Need(NonceClaim, Timestamp),
}

struct Gateway<'a> {
    app: &'a App,
    verifier: &'a Verifier,
    peer: IpAddr,
    headers: &'a HeaderMap,
    query: &'a str,
}

impl Gateway<'_> {
    fn attempt(&self, nonce: Option<(NonceClaim, NonceAnswer)>) -> Result<Attempt, Problem> {
        let boot = self.app.now();
        let reading = self.verifier.read();
        let now = reading.calendar(boot);
        let token = one(self.headers, TOKEN);
        let Some(asker) = token.and_then(|token| reading.asker(token.as_bytes(), now)) else {
            return Err(self.refuse_gateway(&reading, boot, token.is_some()));
        };
        let asked = Asked::of_query(self.query).map_err(|errors| {
            let problem = Problem::invalid(errors);
            tracing::warn!(trace_id = problem.trace().as_str(), "a gateway's /verify/forward address has a wrong query string");
            problem
        })?;
        let original = if is_signed(self.headers) { Some(Original::of(self.headers)?) } else { None };
        let request = original.as_ref().map(Original::request);
        let credential = bearer(self.headers);
        if credential.is_none() && request.is_none() {
            let detail = "Send the credential in the header Authorization: Bearer, once, or sign the request.";
            return Err(Problem::new(Kind::CredentialMissing, detail).challenge(HeaderValue::from_static(r#"Bearer realm="api""#)));
        }
        if let Err(stale) = reading.fresh_at(boot)
            && !reading.serves_stale()
        {
            return Err(unavailable(&stale));
        }
        let question = Question {
            credential: credential.unwrap_or_default(),
            request: request.as_ref(),
            nonce,
            service: asked.service.as_deref(),
            environment: asked.environment,
            permissions: &asked.permissions,
            source_ip: client_address(self.peer, self.headers, &self.app.settings().trusted_proxies),
            origin: one(self.headers, ORIGIN.as_str()).and_then(|origin| origin.to_str().ok()),
        };
        let verdict = match decide(&reading, &asker, &question, now, boot).map_err(|b| beyond(&reading, boot, &b))? {
            Step::Done(verdict) => verdict,
            Step::Need(claim) => return Ok(Attempt::Need(claim, now)),
            Step::Unavailable(why) => return Err(unprovable(&why)),
        };
        let fresh = reading.confirm(verdict, self.app.now()).map_err(|stale| unavailable(&stale))?;
        render(fresh.answer(), &asked.permissions, self.headers).map(Attempt::Done)
    }

    fn refuse_gateway(&self, reading: &Reading<'_>, boot: keywright_domain::time::Boot, given: bool) -> Problem {
        if given && let Err(stale) = reading.fresh_at(boot) {
            return unavailable(&stale);
        }
        bad_token(reading, boot, given, "Keywright-Token")
    }
}

/// A stale replica is the provider's matter: the caller is told to come back.
fn unavailable(stale: &Stale) -> Problem {
    let problem = Problem::new(Kind::VerificationUnavailable, "Credentials cannot be checked right now. Try again.").retry_after(1);
    tracing::debug!(trace_id = problem.trace().as_str(), reason = %stale, "no verdict for a gateway");
    problem
}

fn beyond(reading: &Reading<'_>, boot: keywright_domain::time::Boot, beyond: &Beyond) -> Problem {
    if let Err(stale) = reading.fresh_at(boot) {
        return unavailable(&stale);
    }
    let problem = Problem::new(Kind::BeyondResourceServer, "The gateway may not ask about this service or environment.");
    tracing::warn!(trace_id = problem.trace().as_str(), reason = %beyond, "a gateway's /verify/forward address asks too much");
    problem
}

/// The verdict as a status, with what goes to the upstream or to the caller.
fn render(said: &Said<'_>, needed: &[Cow<'_, str>], asked: &HeaderMap) -> Result<Answer, Problem> {
    let limits = said.found.as_ref().and_then(|found| found.rate_limit);
    let told = said.code.told_to_caller();
    let problem = match (said.code.gateway(), &said.found) {
        (GatewayAnswer::Accept, Some(found)) => {
            let mut answer = Answer::new(AnswerBody::bytes(""));
            let fields = answer.headers_mut();
            fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers::identity(fields, found, said.permissions().unwrap_or(found.permissions), &TraceId::random());
            if let Some(signed) = &said.signed {
                headers::body(fields, signed, asked);
            }
            fields.extend(limits.iter().flat_map(headers::rate_limit));
            return Ok(answer);
        }
        // Nothing is accepted that was not found.
        (GatewayAnswer::Accept, None) | (GatewayAnswer::Unauthenticated, _) => {
            Problem::new(Kind::CredentialRefused, told).challenge(challenge("invalid_token", told, &[]))
        }
        (GatewayAnswer::Forbidden, _) if said.code == Code::InsufficientPermissions => {
            Problem::new(Kind::InsufficientPermissions, told).challenge(challenge("insufficient_scope", told, needed))
        }
        (GatewayAnswer::Forbidden, _) => Problem::new(Kind::CredentialNotAllowed, told),
        (GatewayAnswer::TooManyRequests, _) => Problem::new(Kind::RateLimited, told).retry_after(limits.map_or(1, |l| l.retry_s.max(1))),
    };
    let credential = said.found.as_ref().map(|found| found.credential.to_string());
    let detail = said.detail.as_deref();
    tracing::debug!(
        trace_id = problem.trace().as_str(),
        code = said.code.as_str(),
        credential,
        detail = detail.map(|detail| detail.sentence.as_str()),
        "refused for a gateway"
    );
    let problem = match detail.and_then(|detail| detail.accept_signature.as_deref()) {
        Some(accepted) => problem.with(headers::ACCEPT_SIGNATURE, headers::value(accepted)),
        None => problem,
    };
    let problem = match detail.and_then(|detail| detail.yoti_error) {
        Some(code) => problem.with(headers::YOTI_ERROR, HeaderValue::from_static(code)),
        None => problem,
    };
    Err(limits.iter().flat_map(headers::rate_limit).fold(problem, |problem, (name, value)| problem.with(name, value)))
}

/// `WWW-Authenticate` (RFC 6750 section 3). The scope is left out where a name has characters that no scope has, or could be a secret in the wrong place.
fn challenge(error: &str, description: &str, needed: &[Cow<'_, str>]) -> HeaderValue {
    let in_scope = |b: u8| (0x21..0x7f).contains(&b) && b != b'"' && b != b'\\';
    let scope = match needed {
        [] => String::new(),
        names if names.iter().all(|n| n.bytes().all(in_scope) && text::without_secrets(n) == **n) => format!(r#", scope="{}""#, names.join(" ")),
        _ => String::new(),
    };
    headers::value(&format!(r#"Bearer realm="api", error="{error}", error_description="{description}"{scope}"#))
}

/// Whether the client's request carries signature headers of any scheme.
fn is_signed(headers: &HeaderMap) -> bool {
    ["signature", "signature-input", yoti::DIGEST, tylt::SIGNATURE].iter().any(|name| headers.contains_key(*name))
}

/// What the query string asks.
#[derive(Default)]
struct Asked<'a> {
    service: Option<Cow<'a, str>>,
    environment: Option<Environment>,
    permissions: Vec<Cow<'a, str>>,
}

impl<'a> Asked<'a> {
    fn of_query(query: &'a str) -> Result<Self, Vec<FieldError>> {
        let mut asked = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        let mut errors = Vec::new();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let mut wrong = |message: &str| errors.push(FieldError { field: text::repeated(name), message: message.to_owned() });
            if seen.contains(&name) {
                wrong("is there twice");
                continue;
            }
            seen.push(name);
            let Some(value) = decoded(raw) else {
                wrong("is not percent-encoded UTF-8");
                continue;
            };
            match name {
                "service" if value.is_empty() => wrong("is empty: leave it out, or write the slug of a service"),
                "service" => asked.service = Some(value),
                "environment" => match value.parse() {
                    Ok(environment) => asked.environment = Some(environment),
                    Err(_) => wrong("is not an environment: write sandbox or production"),
                },
                "permissions" => asked.permissions = names(&value),
                _ => wrong("is not known here; known are: service, environment, permissions"),
            }
        }
        if errors.is_empty() { Ok(asked) } else { Err(errors) }
    }
}

/// Names separated by commas; gaps count for nothing.
fn names<'a>(list: &Cow<'a, str>) -> Vec<Cow<'a, str>> {
    let some = |n: &&str| !n.is_empty();
    match list {
        Cow::Borrowed(list) => list.split(',').map(str::trim).filter(some).map(Cow::Borrowed).collect(),
        Cow::Owned(list) => list.split(',').map(str::trim).filter(some).map(|n| Cow::Owned(n.to_owned())).collect(),
    }
}

/// A value of a query string; none where an escape is broken or gives no UTF-8. `+` is a space, as forms write it.
fn decoded(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains(['%', '+']) {
        return Some(Cow::Borrowed(raw));
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes().iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
                digit()? << 4 | digit()?
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_query_string_is_the_question_and_nothing_else_may_stand_in_it() {
        let asked = Asked::of_query("service=business-api&environment=production&permissions=a:read,b%3Awrite").ok().unwrap();
        assert_eq!(asked.service.as_deref(), Some("business-api"));
        assert_eq!(asked.environment, Some(Environment::Production));
        assert_eq!(asked.permissions, ["a:read", "b:write"]);
        let fields = |query: &str| Asked::of_query(query).err().unwrap().into_iter().map(|e| e.field).collect::<Vec<_>>();
        assert_eq!(fields("service=&environment=live&permissions=%zz&x=1&service=a"), ["service", "environment", "permissions", "x", "service"]);
        assert!(Asked::of_query("").ok().unwrap().permissions.is_empty());
    }

    #[test]
    fn a_scope_that_would_break_the_challenge_is_left_out() {
        assert_eq!(challenge("insufficient_scope", "No.", &["a b\"".into()]), r#"Bearer realm="api", error="insufficient_scope", error_description="No.""#);
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "[ -~é]{0,60}") {
            let _ = Asked::of_query(&query);
        }
    }
}
