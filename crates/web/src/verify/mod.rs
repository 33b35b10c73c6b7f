//! `/verify` and its like: parse, ask the verifier, render.

pub(crate) mod batch;
mod explain;
pub(crate) mod forward;
mod headers;
mod json;
mod original;
mod question;
mod signed_request;
mod single;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use keywright_domain::change::Position;
use keywright_domain::limits;
use keywright_domain::time::{Boot, Timestamp};
use keywright_verifier::{Asker, Beyond, NonceAnswer, NonceClaim, Reading, Stale, Unavailable, Verifier};

pub(crate) use single::verify;

use crate::answer::{Answer, AnswerBody};
use crate::app::App;
use crate::body::{self, BodyError};
use crate::problem::{Kind, Problem};
use crate::watch::Watch;

/// How an attempt to answer ended.
enum Attempt {
    Done(Answer),
    /// The replica has not reached this position yet; worth another attempt in a moment.
    Behind(Position),
    /// Somebody else knows whether nonces are fresh; worth another attempt with the answers.
    Need(Needed),
}

/// What an attempt could not decide by itself.
struct Needed {
    /// By the place of the question in its batch.
    claims: Vec<(usize, NonceClaim)>,
    /// What other questions used up meanwhile, so that the next attempt does not find it used.
    used: Vec<(usize, NonceClaim)>,
    /// The moment of its decisions.
    now: Timestamp,
}

/// What became of a nonce, and of which question in a batch it is.
type Known = (usize, (NonceClaim, NonceAnswer));

/// Answers as far as it can, by what is known of nonces.
type Try = fn(&Request<'_>, &[Known]) -> Result<Attempt, Problem>;

/// What an answer is made from.
struct Request<'a> {
    app: &'a App,
    verifier: &'a Verifier,
    headers: &'a HeaderMap,
    body: &'a Result<Bytes, BodyError>,
}

/// Reads a request with a body of at most `body_max` bytes, then answers it.
async fn ask(app: &App, watch: &Watch, request: hyper::Request<Incoming>, body_max: usize, attempt: Try) -> Answer {
    let (head, mut incoming) = request.into_parts();
    if !body::is_small(&incoming)
        && let Err(problem) = known(app, &head.headers)
    {
        watch.leaving();
        return app.render(problem.closing());
    }
    let body = body::read(&mut incoming, &head.headers, body_max, watch).await;
    watch.answering();
    answer(app, &head.headers, &body, attempt).await
}

/// Whether the head alone says who asks. A large body of a stranger is not worth its memory.
fn known(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let verifier = app.verifier().ok_or_else(no_verifier)?;
    let boot = app.now();
    let reading = verifier.read();
    asker(&reading, headers, reading.calendar(boot), boot).map(drop)
}

/// The resource server whose token the request carries.
fn asker<'r>(reading: &'r Reading<'_>, headers: &HeaderMap, now: Timestamp, boot: Boot) -> Result<Asker<'r>, Problem> {
    let token = bearer(headers);
    token.and_then(|token| reading.asker(token, now)).ok_or_else(|| bad_token(reading, boot, token.is_some(), "Authorization: Bearer"))
}

/// Tries until `min_position` is reached or the wait for it is over.
async fn answer(app: &App, headers: &HeaderMap, body: &Result<Bytes, BodyError>, attempt: Try) -> Answer {
    let Some(verifier) = app.verifier() else { return app.render(no_verifier()) };
    let request = Request { app, verifier, headers, body };
    let began = app.now();
    let mut nonces = Vec::new();
    loop {
        match attempt(&request, &nonces) {
            Ok(Attempt::Done(answer)) => return answer,
            Err(problem) => return app.render(problem),
            // Asked for once: claims that differ the second time come of a state that changed in between.
            Ok(Attempt::Need(_)) if !nonces.is_empty() => return app.render(unprovable(&Unavailable::NoncesSilent)),
            Ok(Attempt::Need(needed)) => {
                let claims: Vec<NonceClaim> = needed.claims.iter().map(|(_, claim)| *claim).collect();
                let answers = Box::pin(app.node().claim_nonces(&claims, needed.now)).await;
                nonces = needed.used.into_iter().map(|(at, claim)| (at, (claim, NonceAnswer::Fresh))).collect();
                nonces.extend(needed.claims.into_iter().zip(answers).map(|((at, claim), answer)| (at, (claim, answer))));
            }
            Ok(Attempt::Behind(wanted)) => {
                if app.now().ns_since(began) >= limits::MIN_POSITION_WAIT_MS * 1_000_000 {
                    return app.render(behind(verifier.read().position(), wanted));
                }
                // Boxed, because a timer would make every request's future larger, and almost none needs one.
                Box::pin(tokio::time::sleep(std::time::Duration::from_millis(5))).await;
            }
        }
    }
}

/// A node that was told not to verify.
pub(crate) fn no_verifier() -> Problem {
    Problem::new(Kind::NotFound, "This node does not verify: it runs with --role hub.")
}

/// The token after `Bearer`; none unless there is exactly one such header.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let value = value.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.trim_ascii().is_empty()).then(|| token.trim_ascii())
}

/// 401 for the resource server itself. With a stale replica nobody can say that a token is bad.
fn bad_token(reading: &Reading<'_>, boot: Boot, given: bool, header: &str) -> Problem {
    if given && let Err(stale) = reading.fresh_at(boot) {
        return unavailable(&stale);
    }
    let detail = if given {
        format!("The token in the header {header} is not accepted. It must be a resource server's; an API key is what a question asks about, and no token.")
    } else {
        format!("The header {header} must carry a resource server's token, once.")
    };
    let challenge = if given { r#"Bearer realm="keywright", error="invalid_token""# } else { r#"Bearer realm="keywright""# };
    Problem::new(Kind::InvalidToken, detail).challenge(HeaderValue::from_static(challenge))
}

/// 503, with the reason and what to do.
fn unavailable(stale: &Stale) -> Problem {
    Problem::new(Kind::VerificationUnavailable, stale.to_string()).retry_after(1)
}

/// 503 for a signed request that cannot be judged here and now.
fn unprovable(why: &Unavailable) -> Problem {
    Problem::new(Kind::VerificationUnavailable, format!("{}.", capitalised(&why.to_string()))).retry_after(1)
}

fn capitalised(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn behind(at: Position, wanted: Position) -> Problem {
    Problem::new(
        Kind::VerificationUnavailable,
        format!("min_position: the replica is at position {at} and did not reach {wanted} within {} ms.", limits::MIN_POSITION_WAIT_MS),
    )
    .retry_after(1)
}

/// 403, or 503 where a fresh replica might see it otherwise.
fn beyond(reading: &Reading<'_>, boot: Boot, beyond: &Beyond, path: &str) -> Problem {
    match reading.fresh_at(boot) {
        Err(stale) => unavailable(&stale),
        Ok(()) => Problem::new(Kind::BeyondResourceServer, format!("{path}{beyond}.")),
    }
}

impl<'a> Request<'a> {
    /// The body, once it is known who asks.
    fn json(&self, max: usize) -> Result<&'a [u8], Problem> {
        let body = match self.body {
            Ok(body) => body,
            Err(error) => return Err(bad_body(*error, max)),
        };
        let is_json = self.headers.get(CONTENT_TYPE).is_some_and(|value| {
            let value = value.as_bytes();
            let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
            value[..end].trim_ascii().eq_ignore_ascii_case(b"application/json")
        });
        if is_json { Ok(body) } else { Err(Problem::new(Kind::UnsupportedMediaType, "Send a JSON object with the header Content-Type: application/json.")) }
    }
}

fn bad_body(error: BodyError, max: usize) -> Problem {
    match error {
        BodyError::TooLarge { closing } => {
            let problem = Problem::new(Kind::ContentTooLarge, format!("The body may have at most {max} bytes."));
            if closing { problem.closing() } else { problem }
        }
        BodyError::Late => Problem::new(Kind::RequestTimeout, "The body was not sent whole in time.").closing(),
        BodyError::Broken => {
            let error = crate::problem::FieldError { field: String::new(), message: "the body is not whole, or not framed as HTTP/1.1 wants it".into() };
            Problem::invalid(vec![error]).closing()
        }
    }
}

/// 200 with JSON.
fn ok(body: Vec<u8>) -> Answer {
    let mut answer = Answer::new(AnswerBody::bytes(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
