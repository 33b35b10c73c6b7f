//! The order of the codes: the first that applies is the verdict.

pub(crate) mod access_token;
mod api_key;
pub(crate) mod client;
#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod corpus_tests;
mod http_message_signatures;
pub(crate) mod introspect;
#[cfg(test)]
mod misuse_tests;
mod proof;
mod signature;
#[cfg(test)]
mod signed_tests;
mod standing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod token_tests;
mod tylt;
mod yoti;

use keywright_domain::credential::VersionState;
use keywright_domain::time::{Boot, Timestamp};
use keywright_domain::verdict::Code;

use self::proof::{Case, Proven, Unproven};
use self::standing::By;
use crate::question::{Beyond, Question};
use crate::rate_limits;
use crate::replica::{Asker, Owner, PermissionSet, Row, Scope, View};
use crate::verdict::{Answer, Found, Step, Verdict};
use crate::verifier::Reading;

/// The verdict on a question, by the state that `reading` pins.
///
/// `now` is [`Reading::calendar`] at `boot`, and `boot` a clock reading that was made after the request was read. A request that is otherwise
/// valid takes from the credential's rate limit.
///
/// # Errors
/// [`Beyond`]: the resource server may not ask this.
pub fn decide<'r>(reading: &'r Reading<'_>, asker: &Asker<'r>, question: &Question<'_>, now: Timestamp, boot: Boot) -> Result<Step<'r>, Beyond> {
    let scope = asker.scope(question.service, question.environment)?;
    let view = &reading.snapshot.view;
    let mut verdict = Verdict {
        answer: Answer { code: Code::Valid, found: None, position: reading.position(), signed: None, token: None, detail: None },
        snapshot: &reading.snapshot,
        service: None,
        serves_stale: false,
        pending: false,
        source_ip: question.source_ip,
        calendar: now,
        asked: boot,
    };
    match proof::prove(&Case { verifier: reading.verifier, view, scope: &scope, question, now, boot }) {
        Ok(proof) => proven(&mut verdict, view, proof, question, now, boot),
        Err(Unproven::Code(code, detail)) => {
            verdict.answer.detail = detail;
            unproven(&mut verdict, &scope, code);
        }
        Err(Unproven::Need(claim)) => return Ok(Step::Need(claim)),
        Err(Unproven::Unavailable(why)) => return Ok(Step::Unavailable(why)),
    }
    Ok(Step::Done(verdict))
}

/// Without proof nothing about a credential is told, and nothing counts as its use.
fn unproven(verdict: &mut Verdict<'_>, scope: &Scope<'_>, code: Code) {
    verdict.answer.code = code;
    verdict.service = scope.service();
    verdict.serves_stale = scope.serves_stale();
}

fn proven<'r>(verdict: &mut Verdict<'r>, view: &'r View, proof: Proven<'r>, question: &Question<'_>, now: Timestamp, boot: Boot) {
    let Proven { row, owner, signed, token } = proof;
    let service = view.services.get(row.service);
    let permissions = view.permissions(row);
    let token = token.map(|facts| Box::new(access_token::said(facts, permissions)));
    let by = if token.is_some() { By::Token } else { By::Secret };
    let narrower = token.as_deref().map_or(permissions, crate::verdict::TokenSaid::permissions);
    let (code, own_limit) = match standing::refusal(view, (row, by), owner, narrower, question, now) {
        Ok(bounds) => (Code::Valid, bounds.and_then(|b| b.rate_limit)),
        Err(code) => (code, None),
    };
    let mut found = found(view, row, owner, permissions);
    verdict.answer.code = code;
    // Nobody is charged for a request that is refused anyway.
    if code == Code::Valid
        && let Some(limit) = own_limit.or_else(|| service.and_then(|s| s.rate_limit))
        && let Some(state) = view.rate_state(row)
    {
        let taken = rate_limits::take(state, limit, boot);
        if taken.is_err() {
            verdict.answer.code = Code::RateLimited;
        }
        found.rate_limit = Some(taken.unwrap_or_else(|refused| refused));
    }
    verdict.answer.found = Some(found);
    verdict.answer.signed = signed;
    verdict.answer.token = token;
    verdict.service = Some(row.service);
    verdict.serves_stale = service.is_some_and(|s| s.serves_stale);
    verdict.pending = matches!(row.version(now), VersionState::Pending { .. });
}

/// What is told of a credential that is proved.
pub(crate) fn found<'r>(view: &'r View, row: &'r Row, owner: Owner, permissions: &'r PermissionSet) -> Found<'r> {
    Found {
        credential: row.credential(),
        public_id: view.material(row).map(|material| &*material.public_id),
        version: row.number,
        kind: row.kind(),
        service: view.services.slug(row.service).unwrap_or_default(),
        environment: row.environment(),
        application: owner.application,
        organisation: owner.organisation,
        permissions,
        expires_at: row.expires_at(),
        rate_limit: None,
    }
}
