//! From what was presented to the version that it proves.

use std::borrow::Cow;
use std::sync::Arc;

use keywright_crypto::scheme::{Fault, Kind as FaultKind, Request, detect};
use keywright_domain::catalogue::Scheme;
use keywright_domain::credential::Environment;
use keywright_domain::credential::secret_form::{self, Malformed};
use keywright_domain::time::{Boot, Timestamp};
use keywright_domain::verdict::Code;

use super::access_token::{self, Reader, Shape};
use super::{api_key, http_message_signatures, tylt, yoti};
use crate::nonces::NonceClaim;
use crate::question::Question;
use crate::replica::{Owner, Row, Scope, View};
use crate::tokens::TokenFacts;
use crate::verdict::{Detail, Signed, Unavailable};
use crate::verifier::Verifier;

/// What is asked, and what it is decided by.
#[derive(Clone, Copy)]
pub(super) struct Case<'c, 'r> {
    pub(super) verifier: &'c Verifier,
    pub(super) view: &'r View,
    pub(super) scope: &'c Scope<'r>,
    pub(super) question: &'c Question<'c>,
    pub(super) now: Timestamp,
    pub(super) boot: Boot,
}

/// A version that is proved.
pub(super) struct Proven<'r> {
    pub(super) row: &'r Row,
    pub(super) owner: Owner,
    pub(super) signed: Option<Signed>,
    pub(super) token: Option<Arc<TokenFacts>>,
}

/// What keeps something from being proved.
pub(super) enum Unproven {
    /// The first code that applies.
    Code(Code, Option<Box<Detail>>),
    Need(NonceClaim),
    Unavailable(Unavailable),
}

impl From<Code> for Unproven {
    fn from(code: Code) -> Self {
        Self::Code(code, None)
    }
}

impl From<Fault> for Unproven {
    fn from(fault: Fault) -> Self {
        let code = match fault.kind() {
            FaultKind::Missing => Code::SignatureMissing,
            FaultKind::BodyUnavailable => Code::BodyUnavailable,
            FaultKind::DigestMismatch => Code::DigestMismatch,
            FaultKind::Invalid => Code::SignatureInvalid,
            FaultKind::OutOfWindow => Code::TimestampOutOfWindow,
            FaultKind::Malformed => Code::Malformed,
        };
        Self::Code(code, Some(Box::new(Detail::new(fault.to_string()))))
    }
}

impl Unproven {
    /// A code, with a sentence for whoever looks after the request.
    pub(super) fn of(code: Code, sentence: &str) -> Self {
        Self::Code(code, Some(Box::new(Detail::new(sentence))))
    }

    /// With Yoti's code for it, where there is something to say.
    pub(super) fn with_yoti_error(mut self, code: &'static str) -> Self {
        if let Self::Code(_, Some(detail)) = &mut self {
            detail.yoti_error = Some(code);
        }
        self
    }

    /// With what the client's next signature must cover.
    pub(super) fn accepting(mut self, accept_signature: impl FnOnce() -> String) -> Self {
        if let Self::Code(_, Some(detail)) = &mut self {
            detail.accept_signature = Some(accept_signature());
        }
        self
    }
}

/// The version that a question's credential or request proves.
pub(super) fn prove<'r>(case: &Case<'_, 'r>) -> Result<Proven<'r>, Unproven> {
    let Some(request) = case.question.request else { return credential(case, case.question.credential) };
    // Whoever stands behind may read the other one (RFC 9112 section 3.2).
    if request.values("host").nth(1).is_some() {
        return Err(Fault::HeaderRepeated { name: "Host" }.into());
    }
    match detect::detect(request)? {
        Some(Scheme::HttpMessageSignatures) => http_message_signatures::prove(case, request),
        Some(Scheme::Yoti) => yoti::prove(case, request).map_err(yoti::with_code),
        Some(Scheme::Tylt) => tylt::prove(case, request),
        None => match bearer(request) {
            Some(presented) => credential(case, presented),
            None => Err(missing("the request carries neither a signature nor a credential in its Authorization header")),
        },
    }
}

fn credential<'r>(case: &Case<'_, 'r>, presented: &[u8]) -> Result<Proven<'r>, Unproven> {
    if let Some(shape) = access_token::shape(case.view, presented) {
        return token(case, presented, shape);
    }
    match api_key::prove(case.view, case.scope, presented, case.now) {
        Ok((row, owner)) => Ok(Proven { row, owner, signed: None, token: None }),
        // A public half names somebody and proves nothing.
        Err(Code::Malformed) if could_be_public(case.view, presented) => {
            named(case, &String::from_utf8_lossy(presented))?;
            Err(missing("this is the public half of a credential: it names who calls, and the request must be signed to prove it"))
        }
        Err(code) => Err(code.into()),
    }
}

fn token<'r>(case: &Case<'_, 'r>, presented: &[u8], shape: Shape) -> Result<Proven<'r>, Unproven> {
    let reader = Reader { verifier: case.verifier, view: case.view, source_ip: case.question.source_ip, now: case.now, boot: case.boot };
    let facts = reader.read(presented, shape)?;
    let (home, owner) = reader.holder(&facts)?;
    if !case.scope.has_environment(home.environment()) {
        return Err(Code::WrongEnvironment.into());
    }
    if !case.scope.has_service(home.service) {
        return Err(Code::WrongService.into());
    }
    let row = reader.good(&facts, home)?;
    Ok(Proven { row, owner, signed: None, token: Some(facts) })
}

fn missing(sentence: &str) -> Unproven {
    Unproven::of(Code::SignatureMissing, sentence)
}

/// The token after `Bearer`, if there is exactly one such header.
fn bearer<'a>(request: &Request<'a>) -> Option<&'a [u8]> {
    let mut all = request.values("authorization");
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = value.split_at_checked(7)?;
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.trim_ascii().is_empty()).then(|| token.trim_ascii())
}

fn could_be_public(view: &View, presented: &[u8]) -> bool {
    is_uuid(presented) || secret_form::recognise(presented, view.services.brands()).is_ok_and(|class| class.of_public_half().is_some())
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36 && text.iter().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// The first version of the credential that a public half names, with its owner; or the first code that applies before proof.
pub(super) fn named<'r>(case: &Case<'_, 'r>, public_id: &str) -> Result<(&'r Row, Owner), Code> {
    let environment = environment(case.view, public_id).map_err(|_| Code::Malformed)?;
    if environment.is_some_and(|environment| !case.scope.has_environment(environment)) {
        return Err(Code::WrongEnvironment);
    }
    // SDKs write the same UUID with capitals too.
    let public_id = if environment.is_none() { Cow::Owned(public_id.to_ascii_lowercase()) } else { Cow::Borrowed(public_id) };
    let home = case.view.named(public_id.as_bytes()).ok_or(Code::Unknown)?;
    let owner = case.view.owner(home).ok_or(Code::Unknown)?;
    if home.credential_forgotten(case.now) {
        return Err(Code::Unknown);
    }
    if !case.scope.has_environment(home.environment()) {
        return Err(Code::WrongEnvironment);
    }
    if !case.scope.has_service(home.service) {
        return Err(Code::WrongService);
    }
    Ok((home, owner))
}

/// The environment that a public half's form tells; none for UUIDs.
fn environment(view: &View, public_id: &str) -> Result<Option<Environment>, Malformed> {
    if is_uuid(public_id.as_bytes()) {
        return Ok(None);
    }
    let class = secret_form::recognise(public_id.as_bytes(), view.services.brands())?;
    class.of_public_half().map(Some).ok_or(Malformed::Start)
}

/// No address is named: which one it is tells the credential's environment, and nothing is proved yet.
const ELSEWHERE: &str =
    "the address that was asked (`@authority`, the host) is none of the service's in this environment: send the request to the service's own address";

/// Whether requests of this credential may be signed in this way and sent to this host, and what the catalogue says of its service's signatures. Where a
/// scheme does not sign the host, this says only that the request came the right way.
pub(super) fn signing<'r>(case: &Case<'_, 'r>, home: &Row, scheme: Scheme, request: &Request<'_>) -> Result<&'r crate::replica::Signing, Unproven> {
    let signing = case.view.services.get(home.service).and_then(|service| service.signing.as_deref());
    let signing = match signing.filter(|signing| signing.schemes.contains(&scheme)) {
        Some(signing) if home.kind().schemes().contains(&scheme) => signing,
        _ => return Err(missing("the service of this credential does not take requests that are signed in this way")),
    };
    let authorities = signing.authorities(home.environment());
    if !authorities.is_empty() && !authorities.iter().any(|known| *known == request.authority().unwrap_or_default()) {
        return Err(Unproven::of(Code::WrongService, ELSEWHERE));
    }
    Ok(signing)
}
