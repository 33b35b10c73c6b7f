//! What stands against a request whose secret is proven.

use std::net::IpAddr;

use keywright_domain::credential::{Environment, Standing, VersionState};
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use crate::question::Question;
use crate::replica::{Bounds, Owner, PermissionSet, Row, View};

/// What was presented of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Its secret, or what was made with it.
    Secret,
    /// An access token that was got by it: it outlives the end of an overlap, and nothing that somebody ended.
    Token,
}

/// The first code that applies, from `retired_version` to `insufficient_permissions`; else what bounds the credential.
pub(super) fn refusal<'r>(
    view: &'r View,
    (row, by): (&Row, By),
    owner: Owner,
    permissions: &PermissionSet,
    question: &Question<'_>,
    now: Timestamp,
) -> Result<Option<&'r Bounds>, Code> {
    alive((row, by), owner, now)?;
    let bounds = view.bounds(row).map_err(|_| Code::NetworkNotAllowed)?;
    if let Some(bounds) = bounds {
        // What this release cannot read allows nothing.
        if !bounds.networks.as_ref().is_some_and(|n| n.allow(question.source_ip)) {
            return Err(Code::NetworkNotAllowed);
        }
        if !bounds.origins.as_ref().is_some_and(|o| o.allow(question.origin)) {
            return Err(Code::OriginNotAllowed);
        }
    }
    if !permissions.holds_all(question.permissions) {
        return Err(Code::InsufficientPermissions);
    }
    Ok(bounds)
}

/// What stands against a client that asks for a token: all but what its own requests will be asked for.
pub(super) fn at_rest(view: &View, row: &Row, owner: Owner, source_ip: Option<IpAddr>, now: Timestamp) -> Result<(), Code> {
    alive((row, By::Secret), owner, now)?;
    match view.bounds(row) {
        Ok(None) => Ok(()),
        Ok(Some(bounds)) if bounds.networks.as_ref().is_some_and(|n| n.allow(source_ip)) => Ok(()),
        Ok(Some(_)) | Err(_) => Err(Code::NetworkNotAllowed),
    }
}

/// From `retired_version` to `organisation_suspended`.
pub(crate) fn alive((row, by): (&Row, By), owner: Owner, now: Timestamp) -> Result<(), Code> {
    let retired = match by {
        By::Secret => matches!(row.version(now), VersionState::Retired { .. }),
        By::Token => row.was_ended(),
    };
    if retired {
        return Err(Code::RetiredVersion);
    }
    match row.standing(now) {
        Standing::Revoked => return Err(Code::Revoked),
        Standing::Expired => return Err(Code::Expired),
        Standing::Suspended => return Err(Code::Suspended),
        Standing::Active => {}
    }
    if !owner.state.works_in(row.environment()) {
        return Err(Code::ApplicationInactive);
    }
    if owner.suspended && row.environment() == Environment::Production {
        return Err(Code::OrganisationSuspended);
    }
    Ok(())
}
