//! Proof by Yoti's digest header: a signature over method, path, query and body.

use keywright_crypto::public_key::Algorithm;
use keywright_crypto::scheme::{Fault, Request, yoti};
use keywright_domain::catalogue::Scheme;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use super::proof::{Case, Proven, Unproven, named, signing};
use super::signature::{Made, fitting, use_nonce};
use crate::replica::Prover;
use crate::verdict::{BodySeen, Detail, Signed};

pub(super) fn prove<'r>(case: &Case<'_, 'r>, request: &Request<'_>) -> Result<Proven<'r>, Unproven> {
    // Who signed does not depend on the base path, which only their service tells.
    let id = yoti::read(request, &[]).map_err(coded)?.id.ok_or(Fault::IdMissing).map_err(coded)?;
    let (home, owner) = named(case, id)?;
    let signing = signing(case, home, Scheme::Yoti, request)?;
    let base_paths: Vec<&str> = signing.base_paths.iter().map(String::as_str).collect();
    let read = yoti::read(request, &base_paths).map_err(coded)?;
    let row = fitting(case, home, &Made { text: &read.text().map_err(coded)?, signature: &read.signature }, &[Algorithm::RsaPkcs1Sha256])?;
    // The key that the client says it signed with must be the one that it did sign with.
    if let Some(said) = &read.key
        && !matches!(case.view.material(row).map(|m| &m.prover), Some(Prover::PublicKey(key)) if key.to_spki_der() == *said)
    {
        return Err(Unproven::of(
            Code::SignatureInvalid,
            "X-Yoti-Auth-Key is not the key that made the signature: send the public half of the key that signs, or leave it out",
        ));
    }
    read.check_time(case.now.us() / 1_000, limits::SIGNATURE_WINDOW_S).map_err(coded)?;
    let created = Timestamp::from_us(read.timestamp_ms.saturating_mul(1_000));
    let (replay_scope, nonce) = use_nonce(case, row.credential(), &read.nonce.to_ascii_lowercase(), created)?;
    let body = if request.body.bytes()?.is_empty() { BodySeen::None } else { BodySeen::Verified };
    Ok(Proven { row, owner, signed: Some(Signed { body, digest_signed: false, replay_scope, nonce: Some(nonce) }), token: None })
}

/// With the code that Yoti has for the fault.
fn coded(fault: Fault) -> Unproven {
    let (_, code) = yoti::code(&fault);
    Unproven::from(fault).with_yoti_error(code)
}

/// With the code that Yoti has for what has none yet, as it is no fault of the request's form.
pub(super) fn with_code(why: Unproven) -> Unproven {
    let Unproven::Code(code, detail) = why else { return why };
    let (yoti_error, sentence) = match code {
        Code::Unknown | Code::WrongService | Code::WrongEnvironment => ("INVALID_X_YOTI_AUTH_ID", "no credential of what is asked about has this SDK id"),
        Code::NonceReused => ("INVALID_NONCE", "this nonce was used before: sign each request with a new one"),
        Code::SignatureInvalid => (yoti::INVALID_SIGNATURE.1, ""),
        _ => ("UNAUTHORIZED", ""),
    };
    let detail = detail.or_else(|| (!sentence.is_empty()).then(|| Box::new(Detail::new(sentence))));
    match detail {
        Some(detail) if detail.yoti_error.is_some() => Unproven::Code(code, Some(detail)),
        detail => Unproven::Code(code, detail).with_yoti_error(yoti_error),
    }
}
