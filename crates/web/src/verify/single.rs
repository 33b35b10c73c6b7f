//! `POST /verify`: one question, one verdict.

use hyper::body::Incoming;
use keywright_domain::limits;
use keywright_verifier::decide;

use super::{Attempt, Request, ask, asker, beyond, json, ok, question, unavailable};
use crate::answer::Answer;
use crate::app::App;
use crate::problem::Problem;
use crate::watch::Watch;

/// Reads the request, then answers it.
pub(crate) fn verify(app: &App, watch: &Watch, request: hyper::Request<Incoming>) -> impl Future<Output = Answer> {
    ask(app, watch, request, limits::QUESTION_BYTES_MAX, attempt)
}

fn attempt(request: &Request<'_>) -> Result<Attempt, Problem> {
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
    let verdict = decide(&reading, &asker, &question.question(), now, boot).map_err(|b| beyond(&reading, boot, &b, ""))?;
    let fresh = reading.confirm(verdict, request.app.now()).map_err(|stale| unavailable(&stale))?;
    let mut out = Vec::with_capacity(json::VERDICT_BYTES);
    json::verdict(&mut out, fresh.answer(), fresh.stale_s());
    Ok(Attempt::Done(ok(out)))
}
