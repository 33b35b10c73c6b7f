//! From an id that somebody gave to the right to act on it.

use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};

use crate::{Error, Operations};

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
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn over_organisation(&self, caller: &Caller, right: Right, id: OrganisationId) -> Result<Allowed, Error> {
        self.store.as_operator(&self.operate(caller)?)?.organisation(id).await?.ok_or_else(|| Error::not_found("organisation", id))?;
        Ok(allow(caller, right, &Facts { organisation: Some(id) })?)
    }

    /// The right over one application, in its organisation.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn over_application(&self, caller: &Caller, right: Right, id: ApplicationId) -> Result<Allowed, Error> {
        let owner = self.store.as_operator(&self.operate(caller)?)?.application_owner(id).await?;
        let organisation = Some(owner.ok_or_else(|| Error::not_found("application", id))?);
        Ok(allow(caller, right, &Facts { organisation })?)
    }

    /// The right over one credential, in its organisation.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn over_credential(&self, caller: &Caller, right: Right, id: CredentialId) -> Result<Allowed, Error> {
        let owner = self.store.as_operator(&self.operate(caller)?)?.credential_owner(id).await?;
        let organisation = Some(owner.ok_or_else(|| Error::not_found("credential", id))?.organisation);
        Ok(allow(caller, right, &Facts { organisation })?)
    }
}
