//! What signature schemes have in common: which versions a signature fits, and whether its nonce is fresh.

use keywright_crypto::public_key::Algorithm;
use keywright_crypto::scheme::Fault;
use keywright_domain::credential::Kind;
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use super::proof::{Case, Unproven};
use crate::nonces::{NonceAnswer, NonceClaim};
use crate::replica::{Prover, Row};
use crate::verdict::{ReplayScope, Unavailable};

/// Bytes that somebody signed.
pub(super) struct Made<'s> {
    pub(super) text: &'s [u8],
    pub(super) signature: &'s [u8],
}

/// The version whose key made the signature; `algorithms` are tried where the key is a public one that allows them.
///
/// Ended versions are looked at too: only whoever has proved to hold one is told that it has ended.
pub(super) fn fitting<'r>(case: &Case<'_, 'r>, home: &'r Row, made: &Made<'_>, algorithms: &[Algorithm]) -> Result<&'r Row, Unproven> {
    let counted = home.kind() == Kind::KeyPair;
    let (credential, source) = (home.credential(), case.question.source_ip);
    if counted && !case.verifier.budget().has_room(credential, source, case.boot) {
        return Err(Code::RateLimited.into());
    }
    let mut locked = false;
    for row in case.view.versions(home).filter(|row| !row.forgotten(case.now)) {
        let fits = match case.view.material(row).map(|material| &material.prover) {
            Some(Prover::Mac(key)) => key.verify(made.text, made.signature),
            Some(Prover::PublicKey(key)) => algorithms.iter().any(|algorithm| key.verify(*algorithm, made.text, made.signature)),
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
        case.verifier.budget().failed(credential, source, case.boot);
    }
    Err(Fault::SignatureWrong.into())
}

/// Uses the nonce up. Gives where a replay would be noticed.
pub(super) fn use_nonce(case: &Case<'_, '_>, credential: CredentialId, nonce: &str, created: Timestamp) -> Result<ReplayScope, Unproven> {
    let claim = NonceClaim::new(credential, nonce.as_bytes(), created);
    let (answer, scope) = match (case.verifier.nonces(), case.question.nonce) {
        (Some(memory), _) => (memory.claim(&claim, case.now), ReplayScope::Node),
        (None, Some((asked, answer))) if asked == claim => (answer, ReplayScope::Cluster),
        (None, _) => return Err(Unproven::Need(claim)),
    };
    match answer {
        NonceAnswer::Fresh => Ok(scope),
        NonceAnswer::Reused => Err(Code::NonceReused.into()),
        NonceAnswer::TooYoung => Err(Unproven::Unavailable(Unavailable::NoncesTooYoung)),
        NonceAnswer::Full => Err(Unproven::Unavailable(Unavailable::NoncesFull)),
    }
}
