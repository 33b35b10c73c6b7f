//! Applications: making, listing, changing, activating, deactivating and deleting them.

mod change;
mod details;
mod life;
mod list;
mod overview;

pub use change::ApplicationChanges;
pub use life::Activated;
pub(crate) use list::Visible;
pub use list::{ApplicationRow, ApplicationShown};
pub use overview::ApplicationOverview;

use keywright_crypto::random;
use keywright_domain::application::State;
use keywright_domain::caller::{Allowed, Caller, Right};
use keywright_domain::catalogue::{Allowance, Catalogue};
use keywright_domain::change::Change;
use keywright_domain::grants::{ApplicationGrant, ApplicationGrants};
use keywright_domain::ids::{ApplicationId, OrganisationId};
use keywright_domain::{limits, text};
use keywright_store::applications::Application;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::access::grants_of;
use crate::form::{CHECKED, Form};
use crate::organisations::on_request;
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
    /// What the organisation calls it among itself.
    pub internal_name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Where its privacy policy is.
    pub privacy_url: Option<String>,
}

impl Operations {
    /// Makes an application; it is `inactive`, so its sandbox credentials work at once. A person who makes one holds everything over it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`] with every bad field, [`Rule::TooMany`], [`Error::Store`]
    pub async fn application_create(&self, caller: &Caller, organisation: OrganisationId, new: NewApplication) -> Result<Application, Error> {
        let (allowed, name, details) = self.application_checked(caller, organisation, &new).await?;
        let now = self.now();
        let mut services = new.services;
        services.sort_unstable();
        services.dedup();
        let id = ApplicationId::from_parts(now.ms(), random::bits()?);
        let application = Application {
            id,
            organisation,
            name,
            internal_name: details.internal_name,
            description: details.description,
            domain: details.domain,
            privacy_url: details.privacy_url,
            logo: None,
            own: false,
            state: State::Inactive,
            created_at: now,
            services,
        };
        let maker = grants_of(caller);
        let done = self
            .write(allowed, async move |tx| {
                tx.lock_organisation(organisation).await?;
                if tx.application_count(organisation, limits::APPLICATIONS_MAX).await? >= limits::APPLICATIONS_MAX {
                    let (what, remedy) = ("applications", "delete one first");
                    return Err(Rule::TooMany { whose: "the organisation", what, max: limits::APPLICATIONS_MAX, remedy }.into());
                }
                tx.application_insert(&application).await?;
                // An admin of the organisation is admin of it without a grant of its own, and keeps it when no longer that.
                if let Some(person) = maker
                    && let Some(member) = tx.member_of_person(organisation, person).await?
                {
                    tx.application_grant_save(organisation, id, member.id, ApplicationGrants::of(&[ApplicationGrant::Admin])).await?;
                }
                let audit = AuditEntry::new("application.created", id).of_application(id).with(json!({ "services": application.services }));
                Ok::<_, Error>(Done { value: application.clone(), audit: vec![audit], changes: vec![Change::Application(id)] })
            })
            .await?;
        Ok(done.value)
    }
}

impl Operations {
    /// Checks what an application would be made from, and makes none: for forms that have more to say.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`] with every bad field, [`Error::Store`]
    pub async fn application_check(&self, caller: &Caller, organisation: OrganisationId, new: &NewApplication) -> Result<(), Error> {
        self.application_checked(caller, organisation, new).await.map(drop)
    }

    /// The right to make an application, its name and its details.
    async fn application_checked(
        &self,
        caller: &Caller,
        organisation: OrganisationId,
        new: &NewApplication,
    ) -> Result<(Allowed, String, details::Details), Error> {
        let allowed = self.over_organisation(caller, Right::CreateApplications, organisation).await?;
        let (catalogue, _) = self.catalogue().await?;
        let allowances = self.allowances(&allowed, &catalogue.services).await?;
        let mut form = Form::default();
        let name = form.take("name", text::name(&new.name));
        let details = details::new(&mut form, new);
        if new.services.is_empty() {
            form.bad("service", format!("is missing: name at least one of {}", catalogue.slugs().join(", ")));
        }
        choose(&mut form, &catalogue, &allowances, &new.services);
        form.done()?;
        Ok((allowed, name.expect(CHECKED), details))
    }
}

/// Notes each of these services that cannot be chosen.
fn choose(form: &mut Form, catalogue: &Catalogue, allowances: &[Allowance], slugs: &[String]) {
    for slug in slugs {
        match catalogue.service(slug) {
            None => form.bad("service", format!("{}: not in the catalogue, which has {}", text::repeated(slug), catalogue.slugs().join(", "))),
            Some(service) if service.offered(allowances).is_none() => form.bad("service", on_request(slug)),
            Some(_) => {}
        }
    }
}
