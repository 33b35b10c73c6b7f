//! `POST /verify`: one question, one verdict.

use hyper::body::Incoming;
use keywright_domain::limits;
use keywright_verifier::decide;

use super::{Attempt, Request, answer, bad_token, bearer, beyond, json, ok, question, unavailable};
use crate::answer::Answer;
use crate::app::App;
use crate::body;
use crate::problem::Problem;
use crate::watch::Watch;

/// Reads the request, then answers it.
pub(crate) async fn verify(app: &App, watch: &Watch, request: hyper::Request<Incoming>) -> Answer {
    let (head, mut incoming) = request.into_parts();
    let body = body::read(&mut incoming, &head.headers, limits::QUESTION_BYTES_MAX, watch).await;
    watch.answering();
    answer(app, &head.headers, &body, attempt).await
}

fn attempt(request: &Request<'_>) -> Result<Attempt, Problem> {
    let boot = request.app.now();
    let reading = request.verifier.read();
    let now = reading.calendar(boot);
    let token = bearer(request.headers);
    let Some(asker) = token.and_then(|token| reading.asker(token, now)) else {
        return Err(bad_token(&reading, boot, token.is_some(), "Authorization: Bearer"));
    };
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
