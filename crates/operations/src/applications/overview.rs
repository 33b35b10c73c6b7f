//! An application with all that its page shows: what is held over it, its checklist and its use.

use keywright_domain::application::{CheckItem, State};
use keywright_domain::caller::{Caller, Right};
use keywright_domain::ids::ApplicationId;
use keywright_store::applications::ApplicationUse;

use super::ApplicationShown;
use super::life::asked;
use super::list::{held, unused};
use crate::{Error, Operations};

/// An application with its checklist and its use.
#[derive(Debug, Clone)]
pub struct ApplicationOverview {
    /// The application, and what the caller holds over it.
    pub shown: ApplicationShown,
    /// What the catalogue asks for before production works, with what is there; empty where it is active.
    pub items: Vec<CheckItem>,
    /// Its keys and its last call.
    pub used: ApplicationUse,
}

impl Operations {
    /// An application for somebody who holds `right` over it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn application_overview(&self, caller: &Caller, right: Right, id: ApplicationId) -> Result<ApplicationOverview, Error> {
        let allowed = self.over_application(caller, right, id).await?;
        let scope = self.store.scope(&allowed)?;
        let gone = || Error::not_found("application", id);
        let application = scope.application(id).await?.ok_or_else(gone)?;
        let used = scope.application_use(None, id, id, self.now()).await?.pop().unwrap_or_else(|| unused(id));
        let items = if application.state == State::Active {
            Vec::new()
        } else {
            let review = scope.organisation_row().await?.ok_or_else(gone)?.review;
            let (credential, profile) = (scope.application_has_credential(id).await?, scope.profile().await?);
            let (catalogue, _) = self.catalogue().await?;
            asked(&catalogue, &application, credential, &profile, review)
        };
        Ok(ApplicationOverview { shown: ApplicationShown { application, held: held(&allowed) }, items, used })
    }
}
