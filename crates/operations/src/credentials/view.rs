//! A credential together with its application and what the caller may do with it: what a page about it shows.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::credential::Environment;
use keywright_domain::ids::{ApplicationId, CredentialId};
use keywright_store::applications::Application;

use super::organisation;
use super::show::Shown;
use crate::{Error, Operations};

/// A credential, its application, and what the caller may do.
#[derive(Debug, Clone)]
pub struct CredentialView {
    /// The credential and its use.
    pub shown: Shown,
    /// Whose it is.
    pub application: Application,
    /// Change and rotate it.
    pub may_edit: bool,
    /// Suspend, resume and revoke it.
    pub may_end: bool,
    /// Move its expiry away; activate the application.
    pub may_admin: bool,
}

impl Operations {
    /// A credential for somebody who holds `right` over it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn credential_view(&self, caller: &Caller, right: Right, id: CredentialId) -> Result<CredentialView, Error> {
        let allowed = self.over_credential(caller, right, id).await?;
        organisation(&allowed, id)?;
        let scope = self.store.scope(&allowed)?;
        let stored = scope.credential(id).await?.ok_or_else(|| Error::not_found("credential", id))?;
        let application = scope.application(stored.credential.application).await?.ok_or_else(|| Error::not_found("credential", id))?;
        let usage = scope.usage(id).await?;
        Ok(CredentialView {
            shown: self.shown(stored, usage),
            application,
            may_edit: allowed.also(Right::Edit),
            may_end: allowed.also(Right::End),
            may_admin: allowed.also(Right::Admin),
        })
    }

    /// The newest live credential of an application for a service in an environment: where the service takes one only, making another is rotating it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn credential_live(
        &self,
        caller: &Caller,
        application: ApplicationId,
        service: &str,
        environment: Environment,
    ) -> Result<Option<CredentialId>, Error> {
        let allowed = self.over_application(caller, Right::View, application).await?;
        Ok(self.store.scope(&allowed)?.credential_live(application, service, environment, self.now()).await?)
    }
}
