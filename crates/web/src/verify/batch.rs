//! `POST /verify/batch`: up to 1,000 questions, answered from one state of the replica.

use hyper::body::Incoming;
use keywright_domain::limits;
use keywright_verifier::{Question, Step, decide};

use super::{Attempt, Known, Request, ask, asker, beyond, json, ok, question, unavailable, unprovable};
use crate::answer::Answer;
use crate::app::App;
use crate::problem::Problem;
use crate::watch::Watch;

/// Reads the request, then answers it.
pub(crate) fn batch(app: &App, watch: &Watch, request: hyper::Request<Incoming>) -> impl Future<Output = Answer> {
    ask(app, watch, request, limits::BATCH_BYTES_MAX, attempt)
}

fn attempt(request: &Request<'_>, nonces: &[Known]) -> Result<Attempt, Problem> {
    let boot = request.app.now();
    let reading = request.verifier.read();
    let now = reading.calendar(boot);
    let asker = asker(&reading, request.headers, now, boot)?;
    let questions = question::batch(request.json(limits::BATCH_BYTES_MAX)?).map_err(Problem::invalid)?;
    let wanted = questions.iter().filter_map(question::Checked::min_position).max();
    if let Some(wanted) = wanted.filter(|wanted| *wanted > reading.position()) {
        return Ok(Attempt::Behind(wanted));
    }
    if let Err(stale) = reading.fresh_at(boot)
        && !reading.serves_stale()
    {
        return Err(unavailable(&stale));
    }
    let mut verdicts = Vec::with_capacity(questions.len());
    // In the order of the questions that need one.
    let (mut known, mut needed) = (nonces.iter().copied(), Vec::new());
    for (i, question) in questions.iter().enumerate() {
        let headers = question.headers();
        let signed = question.request(&headers);
        let asked = question.question(signed.as_ref());
        let mut step = decide(&reading, &asker, &asked, now, boot);
        if let Ok(Step::Need(claim)) = &step {
            match known.next() {
                Some(nonce) if nonce.0 == *claim => step = decide(&reading, &asker, &Question { nonce: Some(nonce), ..asked }, now, boot),
                _ => needed.push(*claim),
            }
        }
        match step.map_err(|b| beyond(&reading, boot, &b, &format!("questions[{i}]: ")))? {
            Step::Done(verdict) => verdicts.push(verdict),
            Step::Need(_) => {}
            Step::Unavailable(why) => return Err(unprovable(&why)),
        }
    }
    if !needed.is_empty() {
        return Ok(Attempt::Need(needed));
    }
    // One look at the clock, after the last decision, stands for all of them.
    let handed_over = request.app.now();
    let mut out = Vec::with_capacity(64 + verdicts.len() * json::VERDICT_BYTES);
    out.extend_from_slice(br#"{"position":"#);
    json::number(&mut out, reading.position().0);
    out.extend_from_slice(br#","verdicts":["#);
    for (i, verdict) in verdicts.into_iter().enumerate() {
        let fresh = reading.confirm(verdict, handed_over).map_err(|stale| unavailable(&stale))?;
        if i > 0 {
            out.push(b',');
        }
        json::verdict(&mut out, fresh.answer(), fresh.stale_s());
    }
    out.extend_from_slice(b"]}");
    Ok(Attempt::Done(ok(out)))
}
