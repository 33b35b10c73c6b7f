//! From an id that somebody gave to the right to act on it.

use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow, sees};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId, PersonId};
use keywright_store::scope::AsGate;

use crate::{Error, Operations};

/// The person whose grants count for a caller.
pub(crate) const fn grants_of(caller: &Caller) -> Option<PersonId> {
    match caller {
        Caller::Machine { .. } | Caller::System { .. } | Caller::Client(_) => None,
        Caller::Person(person) => Some(person.id),
        Caller::Token(token) => token.person,
        Caller::Registrar(registrar) => registrar.person,
    }
}

impl Operations {
    /// The right to act on the installation as a whole.
    ///
    /// # Errors
    /// [`Error::Right`]
    pub fn operate(&self, caller: &Caller) -> Result<Allowed, Error> {
        Ok(allow(caller, Right::Operate, &Facts::default())?)
    }

    /// The right over one organisation.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when it is none of the caller's; [`Error::Right`], [`Error::Store`]
    pub async fn over_organisation(&self, caller: &Caller, right: Right, id: OrganisationId) -> Result<Allowed, Error> {
        let facts = self.gate(&allowed_gate()?)?.facts_of_organisation(id, grants_of(caller)).await?;
        let facts = facts.filter(|facts| sees(caller, facts)).ok_or_else(|| Error::not_found("organisation", id))?;
        Ok(allow(caller, right, &facts)?)
    }

    /// The right over one application, in its organisation.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when the caller may not see it; [`Error::Right`], [`Error::Store`]
    pub async fn over_application(&self, caller: &Caller, right: Right, id: ApplicationId) -> Result<Allowed, Error> {
        if matches!(caller, Caller::Client(_)) || matches!(caller, Caller::Registrar(registrar) if registrar.application != id) {
            return Err(Error::not_found("application", id));
        }
        let facts = self.gate(&allowed_gate()?)?.facts_of_application(id, grants_of(caller)).await?;
        over_viewed(caller, right, facts).ok_or_else(|| Error::not_found("application", id))?
    }

    /// The right over one credential, in its organisation.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when the caller may not see it; [`Error::Right`], [`Error::Store`]
    pub async fn over_credential(&self, caller: &Caller, right: Right, id: CredentialId) -> Result<Allowed, Error> {
        if matches!(caller, Caller::Registrar(_)) || matches!(caller, Caller::Client(client) if client.credential != id) {
            return Err(Error::not_found("credential", id));
        }
        let facts = self.gate(&allowed_gate()?)?.facts_of_credential(id, grants_of(caller)).await?;
        over_viewed(caller, right, facts).ok_or_else(|| Error::not_found("credential", id))?
    }

    /// The queries that come before any right is known.
    pub(crate) fn gate(&self, gate: &Allowed) -> Result<AsGate<'_>, Error> {
        Ok(self.store.as_gate(gate)?)
    }
}

/// The permission for queries of the gate.
pub(crate) fn allowed_gate() -> Result<Allowed, Error> {
    Ok(allow(&Caller::System { job: "gate" }, Right::Gate, &Facts::default())?)
}

/// The right over something of an application; none: to this caller there is no such thing.
fn over_viewed(caller: &Caller, right: Right, facts: Option<Facts>) -> Option<Result<Allowed, Error>> {
    let facts = facts.filter(|facts| allow(caller, Right::View, facts).is_ok())?;
    Some(allow(caller, right, &facts).map_err(Error::from))
}
