//! Proof by an HTTP message signature (RFC 9421) with a digest of the body (RFC 9530).

use keywright_crypto::public_key::Algorithm;
use keywright_crypto::scheme::content_digest::Checked;
use keywright_crypto::scheme::http_message_signatures::{self as messages, Coverage, Signature, Signatures, algorithm};
use keywright_crypto::scheme::{Fault, Request};
use keywright_domain::catalogue::BodyCheck;
use keywright_domain::catalogue::Scheme;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use super::proof::{Case, Proven, Unproven, named, signing};
use super::signature::{Made, fitting, use_nonce};
use crate::replica::{Owner, Prover, Row};
use crate::verdict::{BodySeen, Signed};

pub(super) fn prove<'r>(case: &Case<'_, 'r>, request: &Request<'_>) -> Result<Proven<'r>, Unproven> {
    let wanted = || Coverage::STANDARD.accept_signature(request.method);
    let signatures = messages::read(request).map_err(|fault| Unproven::from(fault).accepting(wanted))?;
    let (signature, home, owner) = ours(case, &signatures).map_err(|why| why.accepting(wanted))?;
    let signing = signing(case, home, Scheme::HttpMessageSignatures, request)?;
    let body = body(&signature, signing.body_check).map_err(|why| why.accepting(wanted))?;
    signature.check(&Coverage::STANDARD).map_err(|fault| Unproven::from(fault).accepting(wanted))?;
    let (text, bytes) = (signature.base()?, signature.bytes()?);
    let row = fitting(case, home, &Made { text: &text, signature: &bytes }, &allowed(case, home, &signature)?)?;
    signature.check_time(case.now.us() / 1_000, limits::SIGNATURE_WINDOW_S)?;
    // Both are there: the coverage asks for them.
    let (nonce, created_s) = (signature.nonce().unwrap_or_default(), signature.created_s().unwrap_or_default());
    let digest_signed = signature.components().any(|component| component == "\"content-digest\"");
    let (replay_scope, nonce) = use_nonce(case, row.credential(), &nonce, Timestamp::from_us(created_s.saturating_mul(1_000_000)))?;
    Ok(Proven { row, owner, signed: Some(Signed { body, digest_signed, replay_scope, nonce: Some(nonce) }), token: None })
}

/// The one signature whose key is known here; others are somebody else's, such as a proxy's.
fn ours<'s, 'a, 'r>(case: &Case<'_, 'r>, signatures: &'s Signatures<'a>) -> Result<(Signature<'s, 'a>, &'r Row, Owner), Unproven> {
    let (mut found, mut nearest) = (None, None);
    for signature in signatures.iter() {
        let Some(keyid) = signature.keyid() else { continue };
        match named(case, &keyid) {
            Ok(_) if found.is_some() => return Err(Fault::KeyTwice.into()),
            Ok((home, owner)) => found = Some((signature, home, owner)),
            Err(code) => nearest = nearest.max(Some(code)),
        }
    }
    found.ok_or_else(|| nearest.map_or_else(|| Fault::ParameterMissing { name: "keyid" }.into(), Unproven::from))
}

fn body(signature: &Signature<'_, '_>, check: BodyCheck) -> Result<BodySeen, Unproven> {
    match signature.check_body()? {
        Checked::Verified => Ok(BodySeen::Verified),
        Checked::None => Ok(BodySeen::None),
        Checked::Unchecked if check == BodyCheck::Upstream => Ok(BodySeen::Unchecked),
        Checked::Unchecked => Err(Fault::BodyUnavailable.into()),
    }
}

/// How the signature may have been made; empty: by a secret. The key decides; what the client names must be among it.
fn allowed(case: &Case<'_, '_>, home: &Row, signature: &Signature<'_, '_>) -> Result<Vec<Algorithm>, Unproven> {
    let alg = signature.alg();
    let (mut allowed, mut by_secret): (Vec<Algorithm>, bool) = (Vec::new(), false);
    for material in case.view.versions(home).filter_map(|row| case.view.material(row)) {
        match &material.prover {
            Prover::Mac(_) | Prover::Locked => by_secret = true,
            Prover::PublicKey(key) => {
                let more: Vec<Algorithm> = algorithm::of_key(key.key_type(), alg.as_deref()).filter(|algorithm| !allowed.contains(algorithm)).collect();
                allowed.extend(more);
            }
            Prover::Secret(_) | Prover::Unknown => {}
        }
    }
    match by_secret {
        true if algorithm::is_of_secret(alg.as_deref()) => Ok(Vec::new()),
        false if !allowed.is_empty() => Ok(allowed),
        _ => Err(other_algorithm()),
    }
}

fn other_algorithm() -> Unproven {
    Unproven::of(Code::SignatureInvalid, algorithm::OTHER_ALGORITHM)
}
