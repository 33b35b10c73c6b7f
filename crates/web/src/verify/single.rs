//! `POST /verify`: one question, one verdict.

use hyper::body::Incoming;
use keywright_domain::limits;
use keywright_verifier::{Question, Step, decide};

use super::{Attempt, Known, Needed, Request, ask, asker, beyond, json, ok, question, unavailable, unprovable};
use crate::answer::Answer;
use crate::app::App;
use crate::problem::Problem;
use crate::watch::Watch;

/// Reads the request, then answers it.
pub(crate) fn verify(app: &App, watch: &Watch, request: hyper::Request<Incoming>) -> impl Future<Output = Answer> {
    ask(app, watch, request, limits::QUESTION_BYTES_MAX, attempt)
}

fn attempt(request: &Request<'_>, nonces: &[Known]) -> Result<Attempt, Problem> {
    let boot = request.app.now();
    let reading = request.verifier.read();
    let now = reading.calendar(boot);
    let asker = asker(&reading, request.headers, now, boot)?;
    let question = question::one(request.json(limits::QUESTION_BYTES_MAX)?).map_err(Problem::invalid)?;
    if let Some(wanted) = question.min_position().filter(|wanted| *wanted > reading.position()) {
        return Ok(Attempt::Behind(wanted));
    }
    if let Err(stale) = reading.fresh_at(boot)
        && !reading.serves_stale()
    {
        return Err(unavailable(&stale));
    }
    let headers = question.headers();
    let signed = question.request(&headers);
    let asked = Question { nonce: nonces.first().map(|(_, known)| *known), ..question.question(signed.as_ref()) };
    let verdict = match decide(&reading, &asker, &asked, now, boot).map_err(|b| beyond(&reading, boot, &b, ""))? {
        Step::Done(verdict) => verdict,
        Step::Need(claim) => return Ok(Attempt::Need(Needed { claims: vec![(0, claim)], used: Vec::new(), now })),
        Step::Unavailable(why) => return Err(unprovable(&why)),
    };
    let fresh = reading.confirm(verdict, request.app.now()).map_err(|stale| unavailable(&stale))?;
    let mut out = Vec::with_capacity(json::VERDICT_BYTES);
    json::verdict(&mut out, fresh.answer(), fresh.stale_s());
    Ok(Attempt::Done(ok(out)))
}
