//! Which secrets somebody has seen: what to think of when they leave.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::ids::{OrganisationId, PersonId};
use keywright_store::audit_read::SeenSecret;

use crate::applications::Visible;
use crate::{Error, Operations};

/// Entries of the trail that are looked at: who made more keys than that is a program.
const ENTRIES: u32 = 1_000;

impl Operations {
    /// Secrets that a person, or a management token of theirs, was given and that still work: of credentials made or rotated by them, the newest
    /// first. The caller sees those of applications that they may see.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn credentials_possibly_seen(&self, caller: &Caller, organisation: OrganisationId, person: PersonId) -> Result<Vec<SeenSecret>, Error> {
        let allowed = self.over_organisation(caller, Right::ManageMembers, organisation).await?;
        let granted_to = match Visible::to(&allowed) {
            Visible::All => None,
            Visible::Of(person) => Some(person),
            Visible::None => return Ok(Vec::new()),
        };
        let now = self.now();
        let given = self.store.scope(&allowed)?.secrets_seen_by(person, granted_to, ENTRIES).await?;
        let works = |seen: &SeenSecret| seen.state.accepts(now) && seen.expires_at.is_none_or(|at| at > now);
        Ok(given.into_iter().filter(works).collect())
    }
}
