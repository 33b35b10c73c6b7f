//! Changing an application's details and services.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::change::Change;
use keywright_domain::ids::ApplicationId;
use keywright_domain::text;
use keywright_store::applications::Application;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use super::{choose, details};
use crate::credentials::Set;
use crate::form::Form;
use crate::{Error, Operations, Rule};

/// What to change of an application, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct ApplicationChanges {
    /// Another name.
    pub name: Option<String>,
    /// What the organisation calls it among itself.
    pub internal_name: Set<String>,
    /// What it is.
    pub description: Set<String>,
    /// The host under which its users meet it.
    pub domain: Set<String>,
    /// Where its privacy policy is.
    pub privacy_url: Set<String>,
    /// Slugs of services that it uses from now on too.
    pub add_services: Vec<String>,
}

impl Operations {
    /// Changes an application's details, and adds services. Changing nothing writes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`] with every bad field, [`Rule::OwnApplication`] for its name, [`Error::Store`]
    pub async fn application_change(&self, caller: &Caller, id: ApplicationId, changes: ApplicationChanges) -> Result<Application, Error> {
        let allowed = self.over_application(caller, Right::Edit, id).await?;
        let owner = allowed.organisation().ok_or_else(|| Error::not_found("application", id))?;
        let (catalogue, _) = self.catalogue().await?;
        let allowances = self.allowances(&allowed, &catalogue.services).await?;
        let mut form = Form::default();
        let name = form.take_some("name", changes.name.as_deref().map(text::name));
        let internal_name = details::changed(&mut form, "internal_name", &changes.internal_name);
        let description = details::changed(&mut form, "description", &changes.description);
        let domain = details::changed(&mut form, "domain", &changes.domain);
        let privacy_url = details::changed(&mut form, "privacy_url", &changes.privacy_url);
        choose(&mut form, &catalogue, &allowances, &changes.add_services);
        form.done()?;
        let add = changes.add_services;
        let done = self
            .write(allowed, async move |tx| {
                let mut application = tx.application_for_update(owner, id).await?.ok_or_else(|| Error::not_found("application", id))?;
                let mut changed = Vec::new();
                if let Some(name) = &name
                    && *name != application.name
                {
                    if application.own {
                        return Err(Rule::OwnApplication("renamed by itself: it is called as the organisation is").into());
                    }
                    application.name.clone_from(name);
                    changed.push("name");
                }
                for (name, field, value) in [
                    ("internal_name", &mut application.internal_name, &internal_name),
                    ("description", &mut application.description, &description),
                    ("domain", &mut application.domain, &domain),
                    ("privacy_url", &mut application.privacy_url, &privacy_url),
                ] {
                    if let Some(value) = value
                        && value != field
                    {
                        field.clone_from(value);
                        changed.push(name);
                    }
                }
                for service in &add {
                    if !application.services.contains(service) {
                        application.services.push(service.clone());
                        changed.push("services");
                    }
                }
                changed.dedup();
                application.services.sort_unstable();
                if changed.is_empty() {
                    return Ok(Done::new(application));
                }
                tx.application_save(&application).await?;
                let audit = AuditEntry::new("application.changed", id).of_application(id).with(json!({ "changed": changed }));
                Ok::<_, Error>(Done::new(application).audit(audit).change(Change::Application(id)))
            })
            .await?;
        Ok(done.value)
    }
}
