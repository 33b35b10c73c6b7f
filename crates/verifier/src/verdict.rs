//! The answer to a question.

use std::net::IpAddr;
use std::sync::Arc;

use keywright_domain::change::Position;
use keywright_domain::credential::{Environment, Kind};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::time::{Boot, Timestamp};
use keywright_domain::verdict::Code;

use crate::nonces::NonceClaim;
use crate::rate_limits::RateState;
use crate::replica::PermissionSet;
use crate::tokens::TokenFacts;
use crate::verifier::Snapshot;

/// A verdict that nobody has seen yet. It becomes an [`Answer`] only through [`Reading::confirm`](crate::Reading::confirm).
#[must_use = "a verdict counts only once it is confirmed"]
pub struct Verdict<'r> {
    pub(crate) answer: Answer<'r>,
    /// The state that it was made from, and whose lease must still run.
    pub(crate) snapshot: &'r Snapshot,
    /// Whose counters it belongs to: the credential's service, else the one that was asked about.
    pub(crate) service: Option<u16>,
    /// The service answers without proof of freshness.
    pub(crate) serves_stale: bool,
    /// The version was pending.
    pub(crate) pending: bool,
    pub(crate) source_ip: Option<IpAddr>,
    pub(crate) calendar: Timestamp,
    pub(crate) asked: Boot,
}

impl Verdict<'_> {
    /// The nonce that was used up for it.
    #[must_use]
    pub fn nonce(&self) -> Option<NonceClaim> {
        self.answer.signed.and_then(|signed| signed.nonce)
    }
}

/// What a question leads to.
// A verdict is on its way to its answer at once: boxing it would cost each request more than the room.
#[allow(clippy::large_enum_variant)]
pub enum Step<'r> {
    /// The verdict.
    Done(Verdict<'r>),
    /// All but whether the nonce is fresh, which the memory knows that all nodes share, or, for a signature of a time ahead, this node's disk: ask
    /// it, then decide again with its answer.
    Need(NonceClaim),
    /// Nothing can be said here and now. The answer is 503, never "bad credential".
    Unavailable(Unavailable),
}

impl<'r> Step<'r> {
    /// The verdict, where there is one.
    #[must_use]
    pub fn done(self) -> Option<Verdict<'r>> {
        match self {
            Self::Done(verdict) => Some(verdict),
            Self::Need(_) | Self::Unavailable(_) => None,
        }
    }
}

/// Why a signed request cannot be judged. Each message says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The memory of nonces came into being after the request was signed.
    #[error("the memory of nonces is younger than this signature, and cannot say whether it was used before: sign the request anew and send it again")]
    NoncesTooYoung,
    /// There is no room for another nonce.
    #[error("this node remembers as many nonces as it can: send the request again in some minutes, or spread the load over more nodes")]
    NoncesFull,
    /// Too many that are wrong come from there.
    #[error("too many wrong signatures come from this address for this node to look at another one now: wait a moment, and find out who sends them")]
    TooManyWrong,
    /// The memory of nonces that all nodes share, or the disk that keeps those of times ahead, is away.
    #[error("the memory of nonces did not answer, so nobody can say whether this one was used before: sign the request anew and send it again")]
    NoncesSilent,
    /// The secret of the credential is sealed, and this node cannot open it.
    #[error(
        "this node cannot open the secret of this credential: give it the verification key of the installation with --verification-key-file or KEYWRIGHT_VERIFICATION_KEY"
    )]
    Locked,
}

/// What was found of a signed request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodySeen {
    /// It is the one that was signed.
    Verified,
    /// There is none, and none was signed.
    None,
    /// Whoever asks has not seen it, and its digest was signed: the upstream compares.
    Unchecked,
}

/// Where a request that is sent again would be noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayScope {
    /// On every node.
    Cluster,
    /// On this node.
    Node,
    /// Nowhere: its scheme has no nonce.
    None,
}

impl BodySeen {
    /// The word in verdicts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::None => "none",
            Self::Unchecked => "unchecked",
        }
    }
}

impl ReplayScope {
    /// The word in verdicts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Node => "node",
            Self::None => "none",
        }
    }
}

/// What a proved signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// What was found of the body.
    pub body: BodySeen,
    /// Whether a digest of the body was signed. Without one an unchecked body must be none.
    pub digest_signed: bool,
    /// Where a replay would be noticed.
    pub replay_scope: ReplayScope,
    /// The nonce that was used up for this verdict, where there is one.
    pub nonce: Option<NonceClaim>,
}

/// Why a request is not proved, for whoever looks after it. It tells nothing about the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// What is wrong, where, and what to do.
    pub sentence: String,
    /// What a signature must cover (RFC 9421 section 5.1), where another one would help.
    pub accept_signature: Option<String>,
    /// The code that Yoti publishes for this, where the request is signed by Yoti's scheme: its SDKs understand it.
    pub yoti_error: Option<&'static str>,
}

impl Detail {
    /// With this sentence and nothing more.
    #[must_use]
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), accept_signature: None, yoti_error: None }
    }
}

/// What a token says that was presented.
#[derive(Debug, Clone)]
pub struct TokenSaid {
    pub(crate) facts: Arc<TokenFacts>,
    /// What is left of its permissions; none: all of them.
    pub(crate) narrowed: Option<Arc<PermissionSet>>,
}

impl TokenSaid {
    /// Whether its credential no longer holds all that it says.
    #[must_use]
    pub const fn is_narrowed(&self) -> bool {
        self.narrowed.is_some()
    }

    /// The token itself.
    #[must_use]
    pub fn facts(&self) -> &TokenFacts {
        &self.facts
    }

    /// The narrower of what the token says and what its credential holds now.
    #[must_use]
    pub fn permissions(&self) -> &PermissionSet {
        self.narrowed.as_deref().unwrap_or(&self.facts.permissions)
    }
}

impl Answer<'_> {
    /// What the request may do; none where no credential was found.
    #[must_use]
    pub fn permissions(&self) -> Option<&PermissionSet> {
        self.token.as_deref().map(TokenSaid::permissions).or(self.found.as_ref().map(|found| found.permissions))
    }
}

/// What a verdict says.
#[derive(Debug, Clone)]
pub struct Answer<'r> {
    /// Valid, or why not.
    pub code: Code,
    /// The credential, where its secret proved it; none up to and including `wrong_service`.
    pub found: Option<Found<'r>>,
    /// The place in the change log that the verdict stands on.
    pub position: Position,
    /// What its signature covers, where the request was proved by one.
    pub signed: Option<Signed>,
    /// What the access token says that was presented.
    pub token: Option<Box<TokenSaid>>,
    /// Why it is not proved, where there is more to say than the code does.
    pub detail: Option<Box<Detail>>,
}

/// The credential that a secret proved.
#[derive(Debug, Clone, Copy)]
pub struct Found<'r> {
    /// Its id.
    pub credential: CredentialId,
    /// What names it openly; none for API keys.
    pub public_id: Option<&'r str>,
    /// Number of the version whose secret was presented.
    pub version: u32,
    /// Its kind.
    pub kind: Kind,
    /// Slug of its service.
    pub service: &'r str,
    /// Its environment.
    pub environment: Environment,
    /// Whose it is.
    pub application: ApplicationId,
    /// Whose the application is.
    pub organisation: OrganisationId,
    /// What it holds; a token may say less, so ask [`Answer::permissions`].
    pub permissions: &'r PermissionSet,
    /// Expired from then on.
    pub expires_at: Option<Timestamp>,
    /// Given with `valid` and `rate_limited`, where a limit applies.
    pub rate_limit: Option<RateState>,
}
