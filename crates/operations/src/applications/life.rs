//! The life of an application: what it needs before production works, and its states.

use keywright_domain::application::{CheckItem, Known, State, checklist};
use keywright_domain::caller::{Caller, Right};
use keywright_domain::catalogue::{Catalogue, Service};
use keywright_domain::change::Change;
use keywright_domain::ids::ApplicationId;
use keywright_domain::organisation::{Profile, Review};
use keywright_store::applications::Application;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::{Error, Operations, Rule};

/// An application that was activated.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The application, active.
    pub application: Application,
    /// What the catalogue asks for and was passed over, a sentence each; only who works at the machine passes over anything.
    pub missing: Vec<String>,
}

/// What the catalogue asks of an application, with what is there.
pub(super) fn asked(catalogue: &Catalogue, application: &Application, credential: bool, profile: &Profile, review: Review) -> Vec<CheckItem> {
    let services: Vec<&Service> = application.services.iter().filter_map(|slug| catalogue.service(slug)).collect();
    let known = Known {
        domain: application.domain.is_some(),
        privacy_url: application.privacy_url.is_some(),
        credential,
        billing: profile.missing_for_billing().is_empty(),
        verified: review == Review::Verified,
    };
    checklist(&services, known)
}

impl Operations {
    /// What the catalogue asks of an application before production works, with what is there.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn application_checklist(&self, caller: &Caller, id: ApplicationId) -> Result<Vec<CheckItem>, Error> {
        let allowed = self.over_application(caller, Right::View, id).await?;
        let scope = self.store.scope(&allowed)?;
        let gone = || Error::not_found("application", id);
        let application = scope.application(id).await?.ok_or_else(gone)?;
        let review = scope.organisation_row().await?.ok_or_else(gone)?.review;
        let (credential, profile) = (scope.application_has_credential(id).await?, scope.profile().await?);
        let (catalogue, _) = self.catalogue().await?;
        Ok(asked(&catalogue, &application, credential, &profile, review))
    }

    /// Activates an application, which also brings a deactivated one back. At the machine the checklist is passed over: what was missing is
    /// said and audited.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Rule::ChecklistUnmet`] with all that is missing, [`Error::Store`]
    pub async fn application_activate(&self, caller: &Caller, id: ApplicationId) -> Result<Activated, Error> {
        let allowed = self.over_application(caller, Right::Admin, id).await?;
        let owner = allowed.organisation().ok_or_else(|| Error::not_found("application", id))?;
        let passes_over = matches!(caller, Caller::Machine { .. });
        let (catalogue, _) = self.catalogue().await?;
        let done = self
            .write(allowed, async move |tx| {
                let gone = || Error::not_found("application", id);
                let mut application = tx.application_for_update(owner, id).await?.ok_or_else(gone)?;
                if application.state == State::Active {
                    return Ok(Done::new(Activated { application, missing: vec![] }));
                }
                let review = tx.organisation_for_update(owner).await?.ok_or_else(gone)?.review;
                let (credential, profile) = (tx.application_has_credential(owner, id).await?, tx.profile(owner).await?);
                let items = asked(&catalogue, &application, credential, &profile, review);
                let missing: Vec<String> = items.iter().filter(|item| !item.done).map(CheckItem::asked).collect();
                if !missing.is_empty() && !passes_over {
                    return Err(Rule::ChecklistUnmet(missing).into());
                }
                tx.application_set_state(owner, id, State::Active).await?;
                application.state = State::Active;
                let audit = AuditEntry::new("application.activated", id).of_application(id).with(json!({ "passed_over": missing }));
                Ok::<_, Error>(Done { value: Activated { application, missing }, audit: vec![audit], changes: vec![Change::Application(id)] })
            })
            .await?;
        Ok(done.value)
    }

    /// Deactivates an application: none of its credentials work, and everything is kept.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Rule::OwnApplication`], [`Rule::ApplicationState`], [`Error::Store`]
    pub async fn application_deactivate(&self, caller: &Caller, id: ApplicationId) -> Result<Application, Error> {
        let allowed = self.over_application(caller, Right::Admin, id).await?;
        let owner = allowed.organisation().ok_or_else(|| Error::not_found("application", id))?;
        let done = self
            .write(allowed, async move |tx| {
                let mut application = tx.application_for_update(owner, id).await?.ok_or_else(|| Error::not_found("application", id))?;
                if application.own {
                    return Err(Rule::OwnApplication("deactivated").into());
                }
                match application.state {
                    State::Deactivated => return Ok(Done { value: application, audit: vec![], changes: vec![] }),
                    State::Inactive => return Err(Rule::ApplicationState { state: State::Inactive, wanted: "deactivated: it was never active" }.into()),
                    State::Active => {}
                }
                tx.application_set_state(owner, id, State::Deactivated).await?;
                application.state = State::Deactivated;
                let audit = AuditEntry::new("application.deactivated", id).of_application(id);
                Ok(Done { value: application, audit: vec![audit], changes: vec![Change::Application(id)] })
            })
            .await?;
        Ok(done.value)
    }

    /// Erases an application and its credentials, which are unknown at once. `confirm` must be its name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Rule::OwnApplication`], [`Rule::ConfirmName`], [`Error::Store`]
    pub async fn application_delete(&self, caller: &Caller, id: ApplicationId, confirm: &str) -> Result<u64, Error> {
        let allowed = self.over_application(caller, Right::Admin, id).await?;
        let owner = allowed.organisation().ok_or_else(|| Error::not_found("application", id))?;
        let confirm = confirm.to_owned();
        let done = self
            .write(allowed, async move |tx| {
                let application = tx.application_for_update(owner, id).await?.ok_or_else(|| Error::not_found("application", id))?;
                if application.own {
                    return Err(Rule::OwnApplication("deleted").into());
                }
                if application.name != confirm {
                    return Err(Rule::ConfirmName(application.name).into());
                }
                let credentials = tx.application_erase(owner, id).await?;
                if let Some(logo) = &application.logo {
                    tx.image_forget(owner, logo).await?;
                }
                let audit = AuditEntry::new("application.deleted", id).of_application(id).with(json!({ "credentials": credentials }));
                Ok(Done { value: credentials, audit: vec![audit], changes: vec![Change::Application(id)] })
            })
            .await?;
        Ok(done.value)
    }
}
