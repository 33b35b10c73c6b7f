//! Organisations: making, listing, suspending and resuming them; what they say of themselves, their review, and what they have.

pub mod overview;
mod profile;
mod review;
mod services;

pub use keywright_store::organisations::Search;
pub use profile::{OrganisationShown, ProfileChanges};
pub use services::Offered;
pub(crate) use services::on_request;

use keywright_crypto::random;
use keywright_domain::application;
use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow};
use keywright_domain::catalogue::{Availability, Service};
use keywright_domain::change::Change;
use keywright_domain::ids::{ApplicationId, MemberId, OrganisationId, PersonId};
use keywright_domain::organisation::Review;
use keywright_domain::{limits, text};
use keywright_store::applications::Application;
use keywright_store::organisations::Organisation;
use keywright_store::{AuditEntry, Done, StoreError};
use serde_json::json;

use crate::form::{CHECKED, Form};
use crate::persons::themselves;
use crate::{Error, Operations, Rule};

/// An organisation that was made.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// Its id.
    pub id: OrganisationId,
    /// Its own application, for account-level services.
    pub own_application: ApplicationId,
}

/// Who becomes admin of a new organisation.
enum Admin {
    /// Whoever has this address; the person is made if nobody has it.
    Mail(String),
    /// Somebody who has signed in.
    Person(PersonId),
}

impl Operations {
    /// Makes an organisation, its own application, and the membership of its owner as `admin`; the person too, if nobody has that address.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Store`]
    pub async fn organisation_create(&self, caller: &Caller, name: &str, owner: &str) -> Result<Made, Error> {
        let allowed = self.operate(caller)?;
        let mut form = Form::default();
        let (name, owner) = (form.take("name", text::name(name)), form.take("owner", text::mail(owner)));
        form.done()?;
        self.organisation_make(allowed, name.expect(CHECKED), Admin::Mail(owner.expect(CHECKED))).await
    }

    /// Makes an organisation, its own application, and the membership of the person who asks as `admin`.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Right`] unless a person asks, [`Rule::TooMany`], [`Error::Store`]
    pub async fn organisation_register(&self, caller: &Caller, name: &str) -> Result<Made, Error> {
        let person = themselves(caller)?.id;
        let allowed = allow(caller, Right::Register, &Facts::default())?;
        let mut form = Form::default();
        let name = form.take("name", text::name(name));
        form.done()?;
        self.organisation_make(allowed, name.expect(CHECKED), Admin::Person(person)).await
    }

    async fn organisation_make(&self, allowed: Allowed, name: String, admin: Admin) -> Result<Made, Error> {
        let (catalogue, applied_at) = self.catalogue_again().await?;
        // The account-level services are those that ask nothing of an application before production works.
        let account_level = |s: &&Service| s.production_requires.is_empty() && s.availability == Availability::Open;
        let services: Vec<String> = catalogue.services.iter().filter(account_level).map(|s| s.slug.clone()).collect();
        let now = self.now();
        let id = OrganisationId::from_parts(now.ms(), random::bits()?);
        let own_application = ApplicationId::from_parts(now.ms(), random::bits()?);
        let (new, member) = (PersonId::from_parts(now.ms(), random::bits()?), MemberId::from_parts(now.ms(), random::bits()?));
        self.write(allowed, async move |tx| {
            if tx.lock_catalogue().await? != applied_at {
                return Err(StoreError::Busy { waited_ms: 0, detail: "the catalogue was changed at the same moment".into() }.into());
            }
            let organisation = Organisation { id, name: name.clone(), review: Review::Draft, suspended: false, created_at: now };
            tx.organisation_insert(&organisation).await?;
            let (person, owner) = match &admin {
                Admin::Mail(mail) => (tx.person_of_mail(mail, new, now).await?, Some(mail)),
                Admin::Person(person) => (*person, None),
            };
            if tx.membership_count(person).await? >= limits::MEMBERSHIPS_MAX {
                let (what, remedy) = ("memberships", "leave an organisation first");
                return Err(Rule::TooMany { whose: "the person", what, max: limits::MEMBERSHIPS_MAX, remedy }.into());
            }
            tx.member_insert(member, id, person, "admin", now).await?;
            let own = Application {
                id: own_application,
                organisation: id,
                name: name.clone(),
                internal_name: None,
                description: None,
                domain: None,
                privacy_url: None,
                logo: None,
                own: true,
                state: application::State::Active,
                created_at: now,
                services: services.clone(),
            };
            tx.application_insert(&own).await?;
            let personal = match owner {
                Some(owner) => json!({ "name": name, "owner": owner }),
                None => json!({ "name": name }),
            };
            let audit = AuditEntry::new("organisation.created", id)
                .in_organisation(id)
                .with(json!({ "member": member.to_string(), "person": person.to_string() }))
                .with_personal(personal);
            Ok::<_, Error>(Done { value: (), audit: vec![audit], changes: vec![Change::Organisation(id), Change::Application(own_application)] })
        })
        .await?;
        Ok(Made { id, own_application })
    }

    /// Organisations, newest first, before `before`.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn organisation_list(&self, caller: &Caller, before: Option<OrganisationId>) -> Result<Vec<Organisation>, Error> {
        let allowed = self.operate(caller)?;
        Ok(self.store.as_operator(&allowed)?.organisation_list(before, limits::PAGE_ROWS_MAX as u32).await?)
    }

    /// One organisation, as operators see it who are no members.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn organisation_as_operator(&self, caller: &Caller, id: OrganisationId) -> Result<Organisation, Error> {
        let allowed = self.operate(caller)?;
        self.store.as_operator(&allowed)?.organisation(id).await?.ok_or_else(|| Error::not_found("organisation", id))
    }

    /// Switches an organisation off or on; doing it twice changes nothing. Its production credentials are refused while it is off.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn organisation_suspend(&self, caller: &Caller, id: OrganisationId, suspended: bool) -> Result<Organisation, Error> {
        self.operate(caller)?;
        let allowed = self.over_organisation(caller, Right::See, id).await?;
        let done = self
            .write(allowed, async move |tx| {
                let mut organisation = tx.organisation_for_update(id).await?.ok_or_else(|| Error::not_found("organisation", id))?;
                if organisation.suspended == suspended {
                    return Ok(Done { value: organisation, audit: vec![], changes: vec![] });
                }
                tx.organisation_set_suspended(id, suspended).await?;
                organisation.suspended = suspended;
                let action = if suspended { "organisation.suspended" } else { "organisation.resumed" };
                Ok(Done { value: organisation, audit: vec![AuditEntry::new(action, id)], changes: vec![Change::Organisation(id)] })
            })
            .await?;
        Ok(done.value)
    }
}
