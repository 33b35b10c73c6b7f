//! `POST /verify/batch`: up to 1,000 questions, answered from one state of the replica.

use std::collections::HashMap;

use hyper::body::Incoming;
use keywright_domain::limits;
use keywright_verifier::{NonceAnswer, NonceClaim, Question, Step, Unavailable, decide};

use super::{Attempt, Known, Needed, Request, ask, asker, beyond, json, ok, question, unavailable};
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
    let mut decided = Vec::with_capacity(questions.len());
    let known: HashMap<usize, (NonceClaim, NonceAnswer)> = nonces.iter().copied().collect();
    let mut needed = Needed { claims: Vec::new(), used: Vec::new(), now };
    for (i, question) in questions.iter().enumerate() {
        let headers = question.headers();
        let signed = question.request(&headers);
        let asked = Question { nonce: known.get(&i).copied(), ..question.question(signed.as_ref()) };
        let step = decide(&reading, &asker, &asked, now, boot);
        match step.map_err(|b| beyond(&reading, boot, &b, &format!("questions[{i}]: ")))? {
            Step::Done(verdict) => {
                needed.used.extend(verdict.nonce().map(|claim| (i, claim)));
                decided.push(Ok(verdict));
            }
            // Asked for once: what is still unknown comes of a state that changed in between.
            Step::Need(_) if !nonces.is_empty() => decided.push(Err(Unavailable::NoncesSilent)),
            Step::Need(claim) => needed.claims.push((i, claim)),
            // One question that nobody can answer takes no other with it.
            Step::Unavailable(why) => decided.push(Err(why)),
        }
    }
    if !needed.claims.is_empty() {
        return Ok(Attempt::Need(needed));
    }
    // One look at the clock, after the last decision, stands for all of them.
    let handed_over = request.app.now();
    let mut out = Vec::with_capacity(64 + decided.len() * json::VERDICT_BYTES);
    out.extend_from_slice(br#"{"position":"#);
    json::number(&mut out, reading.position().0);
    out.extend_from_slice(br#","verdicts":["#);
    for (i, decided) in decided.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        match decided {
            Ok(verdict) => {
                let fresh = reading.confirm(verdict, handed_over).map_err(|stale| unavailable(&stale))?;
                json::verdict(&mut out, fresh.answer(), fresh.stale_s());
            }
            Err(why) => json::unavailable(&mut out, &why.to_string(), reading.position()),
        }
    }
    out.extend_from_slice(b"]}");
    Ok(Attempt::Done(ok(out)))
}
