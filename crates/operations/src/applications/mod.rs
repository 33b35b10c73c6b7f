//! Applications: making, listing, activating, deactivating and deleting them.

use keywright_crypto::random;
use keywright_domain::application::State;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::catalogue::{Catalogue, Requirement};
use keywright_domain::change::Change;
use keywright_domain::ids::{ApplicationId, OrganisationId};
use keywright_domain::organisation::Review;
use keywright_domain::{limits, text};
use keywright_store::applications::Application;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::form::{CHECKED, Form};
use crate::{Error, Operations, Rule};

/// What an application is made from.
#[derive(Debug, Clone, Default)]
pub struct NewApplication {
    /// Its name.
    pub name: String,
    /// Slugs of its services; at least one.
    pub services: Vec<String>,
    /// The host under which its users meet it.
    pub domain: Option<String>,
}

/// What passing over the checklist came to.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The application, active.
    pub application: Application,
    /// What the catalogue asks for and was not there, a sentence each.
    pub missing: Vec<String>,
}

impl Operations {
    /// Makes an application; it is `inactive`, so its sandbox credentials work at once.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Error::Store`]
    pub async fn application_create(&self, caller: &Caller, organisation: OrganisationId, new: NewApplication) -> Result<Application, Error> {
        let allowed = self.over_organisation(caller, Right::CreateApplications, organisation).await?;
        let (catalogue, _) = self.catalogue().await?;
        let mut form = Form::default();
        let name = form.take("name", text::name(&new.name));
        let domain = form.take_some("domain", new.domain.as_deref().map(text::public_host));
        if new.services.is_empty() {
            form.bad("service", format!("is missing: name at least one of {}", catalogue.slugs().join(", ")));
        }
        for unknown in new.services.iter().filter(|s| catalogue.service(s).is_none()) {
            form.bad("service", format!("{}: not in the catalogue, which has {}", text::repeated(unknown), catalogue.slugs().join(", ")));
        }
        form.done()?;
        let now = self.now();
        let mut services = new.services;
        services.sort_unstable();
        services.dedup();
        let id = ApplicationId::from_parts(now.ms(), random::bits()?);
        let application = Application { id, organisation, name: name.expect(CHECKED), domain, own: false, state: State::Inactive, created_at: now, services, internal_name: None, description: None, privacy_url: None, logo: None };
        let done = self
            .write(allowed, async move |tx| {
                tx.application_insert(&application).await?;
                let audit = AuditEntry::new("application.created", id).with(json!({ "services": application.services }));
                Ok::<_, Error>(Done { value: application.clone(), audit: vec![audit], changes: vec![Change::Application(id)] })
            })
            .await?;
        Ok(done.value)
    }

    /// Applications of one organisation, newest first, before `before`.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn application_list(&self, caller: &Caller, organisation: OrganisationId, before: Option<ApplicationId>) -> Result<Vec<Application>, Error> {
        let allowed = self.over_organisation(caller, Right::See, organisation).await?;
        Ok(self.store.scope(&allowed)?.application_list(None, before, limits::PAGE_ROWS_MAX as u32).await?)
    }

    /// Activates an application, passing over the checklist: what was missing is said and audited.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn application_activate(&self, caller: &Caller, id: ApplicationId) -> Result<Activated, Error> {
        let allowed = self.over_application(caller, Right::Admin, id).await?;
        let (catalogue, _) = self.catalogue().await?;
        let scope = self.store.scope(&allowed)?;
        let has_credential = scope.application_has_credential(id).await?;
        let owner = scope.application(id).await?.ok_or_else(|| Error::not_found("application", id))?.organisation;
        let verified = self.store.as_operator(&self.operate(caller)?)?.organisation(owner).await?.is_some_and(|o| o.review == Review::Verified);
        let done = self
            .write(allowed, async move |tx| {
                let mut application = tx.application_for_update(owner, id).await?.ok_or_else(|| Error::not_found("application", id))?;
                let missing = missing(&catalogue, &application, has_credential, verified);
                if application.state == State::Active {
                    return Ok(Done { value: Activated { application, missing: vec![] }, audit: vec![], changes: vec![] });
                }
                tx.application_set_state(owner, id, State::Active).await?;
                application.state = State::Active;
                let audit = AuditEntry::new("application.activated", id).with(json!({ "passed_over": missing }));
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
                let audit = AuditEntry::new("application.deactivated", id);
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
                let audit = AuditEntry::new("application.deleted", id).with(json!({ "credentials": credentials }));
                Ok(Done { value: credentials, audit: vec![audit], changes: vec![Change::Application(id)] })
            })
            .await?;
        Ok(done.value)
    }
}

/// What the catalogue asks for before production works and is not there.
fn missing(catalogue: &Catalogue, application: &Application, has_credential: bool, verified: bool) -> Vec<String> {
    let mut missing = Vec::new();
    for service in application.services.iter().filter_map(|slug| catalogue.service(slug)) {
        for requirement in &service.production_requires {
            let sentence = match requirement {
                Requirement::Details if application.domain.is_none() => "a domain, which users see the application under",
                Requirement::Credential if !has_credential => "a credential",
                Requirement::Billing => "the organisation's billing profile",
                Requirement::VerifiedOrganisation if !verified => "the organisation's review",
                Requirement::Details | Requirement::Credential | Requirement::VerifiedOrganisation => continue,
            };
            missing.push(format!("{} asks for {}: {sentence}", service.slug, requirement.as_str()));
        }
    }
    missing
}
