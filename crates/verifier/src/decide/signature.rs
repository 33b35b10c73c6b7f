//! What signature schemes have in common: which versions a signature fits, and whether its nonce is fresh.

use keywright_crypto::public_key::Algorithm;
use keywright_crypto::scheme::Fault;
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use super::proof::{Case, Unproven};
use crate::nonces::{NonceAnswer, NonceClaim};
use crate::replica::{Prover, Row};
use crate::verdict::{ReplayScope, Unavailable};
use crate::verifier::Verifier;

/// Bytes that somebody signed.
pub(super) struct Made<'s> {
    pub(super) text: &'s [u8],
    pub(super) signature: &'s [u8],
}

/// The version whose key made the signature; `algorithms` are tried where the key is a public one that allows them.
///
/// Ended versions are looked at too: only whoever has proved to hold one is told that it has ended.
pub(super) fn fitting<'r>(case: &Case<'_, 'r>, home: &'r Row, made: &Made<'_>, algorithms: &[Algorithm]) -> Result<&'r Row, Unproven> {
    // A MAC costs nothing.
    let counted = !algorithms.is_empty();
    let (credential, source) = (home.credential(), case.question.source_ip);
    let who = (credential.bits(), source);
    if counted && case.verifier.budget().stops(who, source, case.boot) {
        return Err(Unproven::Unavailable(Unavailable::TooManyWrong));
    }
    let mut locked = false;
    for row in case.view.versions(home).filter(|row| !row.forgotten(case.now)) {
        let fits = match case.view.material(row).map(|material| &material.prover) {
            Some(Prover::Mac(key)) => key.verify(made.text, made.signature),
            Some(Prover::PublicKey(key)) => {
                // The random part of an id, so that holders spread.
                let holder = (credential.bits() as u64).wrapping_add(u64::from(row.number));
                algorithms.iter().any(|algorithm| case.verifier.hot_keys().verify(holder, key, *algorithm, made.text, made.signature))
            }
            Some(Prover::Locked) => {
                locked = true;
                false
            }
            Some(Prover::Secret(_) | Prover::Unknown) | None => false,
        };
        if fits {
            return Ok(row);
        }
    }
    if locked {
        return Err(Unproven::Unavailable(Unavailable::Locked));
    }
    if counted {
        case.verifier.budget().failed(who, source, case.boot);
    }
    Err(Fault::SignatureWrong.into())
}

/// Why a nonce is not used up by who asks.
pub(super) enum Unused {
    Reused,
    Need(NonceClaim),
    Unavailable(Unavailable),
}

/// Uses a nonce up; `asked` is what the memory said that had to be asked.
pub(super) fn use_up(verifier: &Verifier, asked: Option<(NonceClaim, NonceAnswer)>, claim: NonceClaim, now: Timestamp) -> Result<(), Unused> {
    let answer = match (asked, verifier.nonces()) {
        (Some((asked, answer)), _) if asked == claim => answer,
        (_, Some(memory)) if !claim.is_ahead(now) => memory.claim(&claim, now),
        _ => return Err(Unused::Need(claim)),
    };
    match answer {
        NonceAnswer::Fresh => Ok(()),
        NonceAnswer::Reused => Err(Unused::Reused),
        NonceAnswer::TooYoung => Err(Unused::Unavailable(Unavailable::NoncesTooYoung)),
        NonceAnswer::Full => Err(Unused::Unavailable(Unavailable::NoncesFull)),
        NonceAnswer::Silent => Err(Unused::Unavailable(Unavailable::NoncesSilent)),
    }
}

/// Uses the nonce of a request up. Gives where a replay would be noticed, and what was used up.
pub(super) fn use_nonce(case: &Case<'_, '_>, credential: CredentialId, nonce: &str, created: Timestamp) -> Result<(ReplayScope, NonceClaim), Unproven> {
    let claim = NonceClaim::new(credential, nonce.as_bytes(), created);
    let scope = if case.verifier.nonces().is_some() { ReplayScope::Node } else { ReplayScope::Cluster };
    use_up(case.verifier, case.question.nonce, claim, case.now).map(|()| (scope, claim)).map_err(|why| match why {
        Unused::Reused => Code::NonceReused.into(),
        Unused::Need(claim) => Unproven::Need(claim),
        Unused::Unavailable(why) => Unproven::Unavailable(why),
    })
}
