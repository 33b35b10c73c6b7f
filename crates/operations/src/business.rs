//! The Business API: the keys of an organisation's own application.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::catalogue::Catalogue;
use keywright_domain::credential::{Environment, Kind};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::limits;

use crate::credentials::{Listing, Shown};
use crate::{Error, Operations, Rule};

/// The service whose keys the Business API makes, where the catalogue has it.
const SERVICE: &str = "business-api";

impl Operations {
    /// The organisation's own application, to somebody who may see it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn business_application(&self, caller: &Caller, organisation: OrganisationId) -> Result<ApplicationId, Error> {
        let allowed = self.over_organisation(caller, Right::See, organisation).await?;
        let own = self.store().scope(&allowed)?.own_application().await?;
        own.map(|own| own.id).ok_or_else(|| Error::not_found("organisation", organisation))
    }

    /// The slug of the service whose keys the Business API makes.
    ///
    /// # Errors
    /// [`Rule::NoBusinessService`] when the catalogue has no account-level service with API keys; [`Error::Store`]
    pub async fn business_service(&self) -> Result<String, Error> {
        let (catalogue, _) = self.catalogue().await?;
        service(&catalogue).ok_or_else(|| Rule::NoBusinessService.into())
    }

    /// Its keys in one environment, live and ended, newest first; all of them.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn business_keys(&self, caller: &Caller, organisation: OrganisationId, environment: Environment) -> Result<Vec<Shown>, Error> {
        let application = self.business_application(caller, organisation).await?;
        let service = self.business_service().await?;
        let (mut keys, mut before, limit) = (Vec::new(), None, limits::PAGE_ROWS_MAX as u32);
        loop {
            let page = self.credential_list(caller, application, Listing { environment: Some(environment), before, limit }).await?;
            before = page.last().map(|s| s.credential.id);
            let more = page.len() == limit as usize;
            keys.extend(page.into_iter().filter(|s| s.credential.service == service && s.credential.kind == Kind::OF_BUSINESS_API));
            if !more {
                return Ok(keys);
            }
        }
    }

    /// One of its keys: what the Business API does not show, it does not touch either.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn business_key(&self, caller: &Caller, organisation: OrganisationId, id: CredentialId) -> Result<Shown, Error> {
        let shown = self.credential_show(caller, id).await?;
        let application = self.business_application(caller, organisation).await?;
        let c = &shown.credential;
        let ours = c.application == application && c.kind == Kind::OF_BUSINESS_API && c.service == self.business_service().await?;
        if ours { Ok(shown) } else { Err(Error::not_found("credential", id)) }
    }
}

fn service(catalogue: &Catalogue) -> Option<String> {
    let takes_keys = |s: &&keywright_domain::catalogue::Service| s.kinds.contains(&Kind::OF_BUSINESS_API) && s.production_requires.is_empty();
    let named = catalogue.service(SERVICE).filter(|s| s.kinds.contains(&Kind::OF_BUSINESS_API));
    named.or_else(|| catalogue.services.iter().find(takes_keys)).map(|s| s.slug.clone())
}
