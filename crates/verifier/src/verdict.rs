//! The answer to a question.

use std::net::IpAddr;

use keywright_domain::change::Position;
use keywright_domain::credential::{Environment, Kind};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::time::{Boot, Timestamp};
use keywright_domain::verdict::Code;

use crate::rate_limits::RateState;
use crate::replica::PermissionSet;
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

/// What a verdict says.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'r> {
    /// Valid, or why not.
    pub code: Code,
    /// The credential, where its secret proved it; none up to and including `wrong_service`.
    pub found: Option<Found<'r>>,
    /// The place in the change log that the verdict stands on.
    pub position: Position,
}

/// The credential that a secret proved.
#[derive(Debug, Clone, Copy)]
pub struct Found<'r> {
    /// Its id.
    pub credential: CredentialId,
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
    /// What it may do.
    pub permissions: &'r PermissionSet,
    /// Expired from then on.
    pub expires_at: Option<Timestamp>,
    /// Given with `valid` and `rate_limited`, where a limit applies.
    pub rate_limit: Option<RateState>,
}
