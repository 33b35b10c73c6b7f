//! Seeing applications: lists, and one with what the caller holds over it.

use std::collections::HashMap;

use keywright_domain::caller::{Allowed, Caller, Right};
use keywright_domain::grants::{ApplicationGrant, ApplicationGrants, OrganisationGrant};
use keywright_domain::ids::{ApplicationId, OrganisationId, PersonId};
use keywright_domain::limits;
use keywright_store::applications::{Application, ApplicationUse};

use crate::{Error, Operations};

/// An application, and what the caller holds over it.
#[derive(Debug, Clone)]
pub struct ApplicationShown {
    /// The application.
    pub application: Application,
    /// What the caller holds over it; for who works at the machine: everything.
    pub held: ApplicationGrants,
}

/// An application in a list, with how much it is in use.
#[derive(Debug, Clone)]
pub struct ApplicationRow {
    /// The application.
    pub application: Application,
    /// Its keys and its last call.
    pub used: ApplicationUse,
}

/// Which applications of an organisation a caller sees.
pub(crate) enum Visible {
    All,
    /// Those over which this person holds grants.
    Of(PersonId),
    None,
}

impl Visible {
    /// By what the caller holds, under a right over the organisation.
    pub(crate) fn to(allowed: &Allowed) -> Self {
        // Without grants the right comes from elsewhere: an operator's or the machine's.
        let Some(held) = allowed.held() else { return Self::All };
        let admin = held.organisation.holds(OrganisationGrant::Admin);
        match allowed.caller() {
            Caller::Person(person) if person.operator && person.only.is_none() => Self::All,
            Caller::Person(person) if !admin => Self::Of(person.id),
            // A token's grants over applications are over all that its maker may see.
            Caller::Token(token) if !admin => {
                let views = token.grants.on_application().holds(ApplicationGrant::View);
                match token.person {
                    _ if !views => Self::None,
                    Some(person) if !held.on_application().holds(ApplicationGrant::View) => Self::Of(person),
                    _ => Self::All,
                }
            }
            _ => Self::All,
        }
    }
}

/// What the caller of a right over an application holds there; who works at the machine: everything.
pub(super) fn held(allowed: &Allowed) -> ApplicationGrants {
    match (allowed.held(), allowed.caller()) {
        (Some(held), _) => held.on_application(),
        (None, Caller::Machine { .. }) => ApplicationGrants::of(&[ApplicationGrant::Admin]),
        (None, _) => ApplicationGrants::of(&[ApplicationGrant::View]),
    }
}

/// Of an application whose use is not known.
pub(super) const fn unused(application: ApplicationId) -> ApplicationUse {
    ApplicationUse { application, live_keys: 0, at_least: false, last_call: None }
}

impl Operations {
    /// Applications of one organisation that the caller may see, newest first, before `before`, at most `limit`.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn application_list(
        &self,
        caller: &Caller,
        organisation: OrganisationId,
        before: Option<ApplicationId>,
        limit: u32,
    ) -> Result<Vec<Application>, Error> {
        let allowed = self.over_organisation(caller, Right::See, organisation).await?;
        let granted_to = match Visible::to(&allowed) {
            Visible::All => None,
            Visible::Of(person) => Some(person),
            Visible::None => return Ok(Vec::new()),
        };
        Ok(self.store.scope(&allowed)?.application_list(granted_to, before, limit.min(limits::PAGE_ROWS_ASKED as u32)).await?)
    }

    /// The same with how much each is in use.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn application_rows(
        &self,
        caller: &Caller,
        organisation: OrganisationId,
        before: Option<ApplicationId>,
        limit: u32,
    ) -> Result<Vec<ApplicationRow>, Error> {
        let allowed = self.over_organisation(caller, Right::See, organisation).await?;
        let (scope, granted_to) = match Visible::to(&allowed) {
            Visible::All => (self.store.scope(&allowed)?, None),
            Visible::Of(person) => (self.store.scope(&allowed)?, Some(person)),
            Visible::None => return Ok(Vec::new()),
        };
        let listed = scope.application_list(granted_to, before, limit.min(limits::PAGE_ROWS_ASKED as u32)).await?;
        let (Some(newest), Some(oldest)) = (listed.first(), listed.last()) else { return Ok(Vec::new()) };
        let used = scope.application_use(granted_to, oldest.id, newest.id, self.now()).await?;
        let mut used: HashMap<ApplicationId, ApplicationUse> = used.into_iter().map(|u| (u.application, u)).collect();
        Ok(listed.into_iter().map(|a| ApplicationRow { used: used.remove(&a.id).unwrap_or_else(|| unused(a.id)), application: a }).collect())
    }

    /// The same for those whose name holds `text`; an empty text is in all of them.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn application_search(
        &self,
        caller: &Caller,
        organisation: OrganisationId,
        text: &str,
        before: Option<ApplicationId>,
        limit: u32,
    ) -> Result<Vec<ApplicationRow>, Error> {
        if text.is_empty() {
            return self.application_rows(caller, organisation, before, limit).await;
        }
        let allowed = self.over_organisation(caller, Right::See, organisation).await?;
        let granted_to = match Visible::to(&allowed) {
            Visible::All => None,
            Visible::Of(person) => Some(person),
            Visible::None => return Ok(Vec::new()),
        };
        let limit = limit.min(limits::PAGE_ROWS_ASKED as u32);
        // No name is longer, and what is longer is in none.
        let text: String = text.chars().take(limits::NAME_CHARS_MAX + 1).collect();
        let found = self.store.scope(&allowed)?.application_search(granted_to, &text, before, limit, self.now()).await?;
        Ok(found.into_iter().map(|(application, used)| ApplicationRow { used: used.unwrap_or_else(|| unused(application.id)), application }).collect())
    }

    /// One application.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn application_show(&self, caller: &Caller, id: ApplicationId) -> Result<ApplicationShown, Error> {
        let allowed = self.over_application(caller, Right::View, id).await?;
        let application = self.store.scope(&allowed)?.application(id).await?.ok_or_else(|| Error::not_found("application", id))?;
        Ok(ApplicationShown { application, held: held(&allowed) })
    }

    /// The organisation's own application, for somebody who may see it.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when the caller may not see it; [`Error::Store`]
    pub async fn own_application(&self, caller: &Caller, organisation: OrganisationId) -> Result<ApplicationShown, Error> {
        let allowed = self.over_organisation(caller, Right::See, organisation).await?;
        let own = self.store.scope(&allowed)?.own_application().await?.ok_or_else(|| Error::not_found("organisation", organisation))?;
        let allowed = self.over_application(caller, Right::View, own.id).await?;
        Ok(ApplicationShown { application: own, held: held(&allowed) })
    }
}
