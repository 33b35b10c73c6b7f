//! Proof by Tylt's headers: an HMAC of the body, or of the query where there is none.

use keywright_crypto::scheme::{Request, tylt};
use keywright_domain::catalogue::Scheme;

use super::proof::{Case, Proven, Unproven, named, signing};
use super::signature::{Made, fitting};
use crate::verdict::{BodySeen, ReplayScope, Signed};

pub(super) fn prove<'r>(case: &Case<'_, 'r>, request: &Request<'_>) -> Result<Proven<'r>, Unproven> {
    let (home, owner) = named(case, tylt::key(request)?)?;
    signing(case, home, Scheme::Tylt, request)?;
    let read = tylt::read(request)?;
    let row = fitting(case, home, &Made { text: read.text, signature: &read.signature }, &[])?;
    let body = if request.body.bytes()?.is_empty() { BodySeen::None } else { BodySeen::Verified };
    Ok(Proven { row, owner, signed: Some(Signed { body, digest_signed: false, replay_scope: ReplayScope::None, nonce: None }), token: None })
}
