//! Which services an organisation has, and with which permissions.

use keywright_domain::caller::{Allowed, Caller, Right};
use keywright_domain::catalogue::{Allowance, Availability, Catalogue, Service};
use keywright_domain::credential::Permissions;
use keywright_domain::ids::OrganisationId;
use keywright_domain::text;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::form::{CHECKED, Form};
use crate::{Error, Operations};

/// A service as an organisation has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Slug of the service.
    pub service: String,
    /// Permissions that its credentials may hold, in the catalogue's order; none: the provider has to be asked for the service.
    pub permissions: Option<Vec<String>>,
}

/// What to say about a service that has to be asked for.
pub(crate) fn on_request(slug: &str) -> String {
    format!("{slug} is given on request: ask the provider to enable it for your organisation")
}

impl Operations {
    /// Every service of the catalogue as an organisation has it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn services_offered(&self, caller: &Caller, organisation: OrganisationId) -> Result<Vec<Offered>, Error> {
        let allowed = self.over_organisation(caller, Right::See, organisation).await?;
        let (catalogue, _) = self.catalogue().await?;
        let allowances = self.allowances(&allowed, &catalogue.services).await?;
        Ok(catalogue.services.iter().map(|s| Offered { service: s.slug.clone(), permissions: s.offered(&allowances) }).collect())
    }

    /// What was enabled for the organisation of a right, where one of these services has to be asked for.
    pub(crate) async fn allowances<'a>(&self, allowed: &Allowed, services: impl IntoIterator<Item = &'a Service>) -> Result<Vec<Allowance>, Error> {
        if services.into_iter().all(|s| s.availability == Availability::Open) {
            return Ok(Vec::new());
        }
        Ok(self.store.scope(allowed)?.allowances().await?)
    }

    /// Enables a service on request for an organisation, with some permissions or (none given) all; what was enabled before is replaced.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`], [`Error::Store`]
    pub async fn organisation_service_allow(
        &self,
        caller: &Caller,
        id: OrganisationId,
        service: &str,
        permissions: Option<Vec<String>>,
    ) -> Result<Allowance, Error> {
        self.operate(caller)?;
        let allowed = self.over_organisation(caller, Right::See, id).await?;
        let (catalogue, _) = self.catalogue().await?;
        let mut form = Form::default();
        let declared = declared(&catalogue, service, &mut form);
        let permissions = match (permissions, declared) {
            (Some(names), Some(service)) => form.take("permissions", Permissions::checked(&names, &service.slug, &service.permission_names())).map(Some),
            _ => Some(None),
        };
        form.done()?;
        let allowance = Allowance { service: declared.expect(CHECKED).slug.clone(), permissions: permissions.expect(CHECKED) };
        let now = self.now();
        let done = self
            .write(allowed, async move |tx| {
                tx.lock_organisation(id).await?;
                tx.allowance_save(id, &allowance, now).await?;
                let names = allowance.permissions.as_ref().map(|p| p.names().to_vec());
                let audit = AuditEntry::new("organisation.service_allowed", id).with(json!({ "service": allowance.service, "permissions": names }));
                Ok::<_, Error>(Done::new(allowance.clone()).audit(audit))
            })
            .await?;
        Ok(done.value)
    }

    /// Takes a service on request away from an organisation: it makes no more credentials for it. Those that there are work on until somebody
    /// revokes them.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn organisation_service_disallow(&self, caller: &Caller, id: OrganisationId, service: &str) -> Result<(), Error> {
        self.operate(caller)?;
        let allowed = self.over_organisation(caller, Right::See, id).await?;
        let service = service.to_owned();
        self.write(allowed, async move |tx| {
            tx.lock_organisation(id).await?;
            if !tx.allowance_remove(id, &service).await? {
                return Ok(Done::new(()));
            }
            let audit = AuditEntry::new("organisation.service_disallowed", id).with(json!({ "service": service }));
            Ok::<_, Error>(Done::new(()).audit(audit))
        })
        .await?;
        Ok(())
    }
}

fn declared<'c>(catalogue: &'c Catalogue, slug: &str, form: &mut Form) -> Option<&'c Service> {
    let service = catalogue.service(slug);
    match service {
        None => form.bad("service", format!("{:?} is not in the catalogue, which has {}", text::repeated(slug), catalogue.slugs().join(", "))),
        Some(s) if s.availability == Availability::Open => form.bad("service", format!("{slug} is open to every organisation: there is nothing to enable")),
        Some(_) => {}
    }
    service
}
