//! A call that is repeated does its work once: `Idempotency-Key` at the API, the field `once` in forms.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{HeaderName, LOCATION};
use hyper::http::request::Parts;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::Right;
use keywright_domain::ids::OrganisationId;
use keywright_domain::limits;
use keywright_operations::calls::{About, Begun as Found, Keyed, Shows, body_digest};
use keywright_operations::{Error, Operations};
use keywright_store::idempotency::{KeptAnswer, Mark};

use crate::extract::Who;
use crate::extract::fields;
use crate::extract::form::is_fields;
use crate::extract::of::{PathId, own_organisation};
use crate::extract::upload;
use crate::problem::{FieldError, Kind, Problem, TraceId};
use crate::routes::reply::{ShownOnce, Without};
use crate::routes::{Access, Reply, Way};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The field of a form.
const FIELD: &str = "once";

/// A call that carries a key against repeats, and is the first with it.
pub(crate) struct Once {
    operations: Operations,
    keyed: Keyed,
    mark: Arc<Mark>,
}

/// What has become of a call.
pub(crate) enum Begun {
    /// It is the first with its key.
    First(Once),
    /// It was answered before.
    Again(Reply),
}

/// Whether a call to this route asks and changes nothing: a repeat does no harm, and what is pasted into it is not kept.
pub(crate) fn asks_only(path: &str) -> bool {
    path.ends_with("/explain-signature") || path.ends_with("/explain")
}

/// A key for the form field `once`, new on each page.
pub(crate) fn new_key() -> String {
    TraceId::random().as_str().to_owned()
}

/// The key of a call, and the digest of what makes two calls the same.
pub(crate) struct Key {
    key: Secret,
    digest: [u8; 32],
    way: Way,
}

/// The key that a call carries, if it does.
///
/// # Errors
/// 400 for one that can be guessed, and for a form of more fields than are read.
pub(crate) fn key(parts: &Parts, body: &Bytes, way: Way) -> Result<Option<Key>, Problem> {
    let (name, given, digest) = if way == Way::Page {
        // The token of a form has another mask on each page.
        let fields = if is_fields(&parts.headers) {
            let mut fields = fields::pairs(body)?;
            fields.retain(|(name, _)| name != "csrf");
            fields
        } else {
            upload::sameness(&parts.headers, body).unwrap_or_default()
        };
        let Some((_, once)) = fields.iter().find(|(name, value)| name == FIELD && !value.is_empty()) else { return Ok(None) };
        let same = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        (FIELD, once.clone(), body_digest(same.as_bytes()))
    } else {
        let Some(given) = parts.headers.get(HEADER) else { return Ok(None) };
        ("Idempotency-Key", given.to_str().unwrap_or_default().to_owned(), body_digest(body))
    };
    if !limits::IDEMPOTENCY_KEY_CHARS.contains(&given.len()) || !given.bytes().all(|b| b.is_ascii_graphic()) {
        let message = "has to be 16 to 255 visible characters that nobody can guess, such as a random UUID".to_owned();
        return Err(Problem::invalid(vec![FieldError { field: name.into(), message }]));
    }
    Ok(Some(Key { key: Secret::new(given), digest, way }))
}

/// The right that a call takes, and over what. None: what it is about is the caller's own.
///
/// # Errors
/// 404 for what is no id.
pub(crate) fn taken<'a>(access: Access, who: &Who, id: impl Fn(&str) -> Option<&'a str>) -> Result<Option<(Right, About)>, Problem> {
    fn read<'a, I: PathId>(id: impl Fn(&str) -> Option<&'a str>, about: fn(I) -> About) -> Option<Result<About, Problem>> {
        id(I::NAME).map(|text| text.parse().map(about).map_err(|_| Problem::not_found()))
    }
    let (right, about) = match access {
        Access::Public | Access::SignedIn => return Ok(None),
        Access::Operator => (Right::Operate, Some(Ok(About::Installation))),
        Access::Organisation(right) => {
            let about = read::<OrganisationId>(&id, About::Organisation).or_else(|| read(&id, About::Member));
            (right, about.or_else(|| read(&id, About::Invitation)).or_else(|| read(&id, About::ManagementToken)))
        }
        Access::Application(right) => {
            let about = read(&id, About::Application).or_else(|| read(&id, About::Credential));
            (right, about.or_else(|| own_organisation(who).map(|own| Ok(About::OwnApplication(own)))))
        }
    };
    // Whose own application it would be cannot be told: the call itself says so.
    about.map(|about| about.map(|about| (right, about))).transpose()
}

impl Once {
    /// Begins a call that takes this right; `who` then works with operations that mark it as done.
    ///
    /// # Errors
    /// 403 or 404 where an answer is kept and the caller has lost the right; 422 where the key was used with another request, 409 while the same call is running or where its answer was lost.
    pub(crate) async fn begin(who: &mut Who, parts: &Parts, taken: Option<(Right, About)>, Key { key, digest, way }: Key) -> Result<Begun, Problem> {
        let keyed = Keyed::new(who.caller(), format!("{} {}", parts.method, parts.uri.path()), key);
        let operations = who.operations().clone();
        let mut found = operations.call_begin(&keyed, digest).await?;
        // Whoever clicked twice sees the second answer only: it must be the one with the secret.
        let until = tokio::time::Instant::now() + Duration::from_millis(limits::FORM_REPEAT_WAIT_MS);
        while way == Way::Page && matches!(found, Found::Running) && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(limits::FORM_REPEAT_LOOK_MS)).await;
            found = operations.call_begin(&keyed, digest).await?;
        }
        match found {
            Found::First(mark) => {
                who.remember(operations.once(Arc::clone(&mark)));
                Ok(Begun::First(Self { operations, keyed, mark }))
            }
            Found::Reused => Err(Problem::new(Kind::KeyReused, "This Idempotency-Key was used with another request. Use a new one for each.")),
            Found::Running => Err(Problem::new(Kind::StillRunning, "The same call is still running. Repeat it in a moment to get its answer.").retry_after(1)),
            Found::Lost(subject) => {
                let of = subject.map(|id| format!(" on {id}")).unwrap_or_default();
                let detail = format!("An earlier call with this Idempotency-Key did its work{of}, and its answer was lost. Look there before you do it again.");
                Err(Problem::new(Kind::AnswerLost, detail))
            }
            Found::Answered(answer) => {
                if let Some((right, about)) = taken {
                    match operations.call_may_still(who.caller(), right, about).await {
                        Ok(()) => {}
                        // What the call itself has ended is there no longer, and this answer tells nothing of it.
                        Err(Error::NotFound { .. }) if answer.body.is_empty() && answer.sealed.is_none() => {}
                        Err(lost) => return Err(lost.into()),
                    }
                }
                Ok(Begun::Again(again(&operations, who, &keyed, *answer, way).await?))
            }
        }
    }

    /// Keeps what the call came to. An answer that cannot be kept is given all the same.
    pub(crate) async fn end(&self, answered: Result<Reply, Problem>) -> Result<Reply, Problem> {
        let kept = match &answered {
            Ok(reply) if reply.status.as_u16() < 400 => {
                let (answer, shows) = kept(reply);
                self.operations.call_answered(&self.keyed, &self.mark, answer, shows).await
            }
            Ok(_) | Err(_) => self.operations.call_refused(&self.mark).await,
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "the answer of a call with a key against repeats could not be kept: a repeat will be told that it was lost");
        }
        answered
    }
}

/// What is kept of an answer.
fn kept(reply: &Reply) -> (KeptAnswer, Option<Shows>) {
    let location = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let whole = || String::from_utf8_lossy(&reply.body).into_owned();
    let (status, location, body) = match reply.shown_once.as_ref().map(|once| &once.without) {
        None => (reply.status, location, whole()),
        Some(Without::Body(body)) => (reply.status, location, String::from_utf8_lossy(body).into_owned()),
        Some(Without::Page(page)) => (StatusCode::SEE_OTHER, Some(page.clone()), String::new()),
    };
    let shows = reply.shown_once.as_ref().map(|ShownOnce { subject, version, .. }| Shows {
        subject: subject.clone(),
        version: *version,
        body: [&reply.status.as_u16().to_be_bytes(), reply.body.as_ref()].concat(),
    });
    (KeptAnswer { status: status.as_u16(), location, body, sealed: None }, shows)
}

/// The answer of an earlier call, with its secret where that may still be shown.
async fn again(operations: &Operations, who: &Who, keyed: &Keyed, answer: KeptAnswer, way: Way) -> Result<Reply, Problem> {
    let content_type = if way == Way::Page { "text/html; charset=utf-8" } else { "application/json" };
    let status = |code: u16| StatusCode::from_u16(code).map_err(|error| Problem::internal(&error));
    let whole = match &answer.sealed {
        Some(sealed) => operations.call_shown_again(who.caller(), keyed, sealed).await?,
        None => None,
    };
    let (code, body) = match whole.as_deref() {
        Some([high, low, body @ ..]) => (u16::from_be_bytes([*high, *low]), Bytes::copy_from_slice(body)),
        Some(_) | None => (answer.status, Bytes::from(answer.body)),
    };
    let reply = Reply::new(status(code)?, content_type, body);
    Ok(match answer.location.filter(|_| code != 200) {
        Some(location) => reply.with(LOCATION, &location),
        None => reply,
    })
}
