//! What an organisation says of itself.

use std::fmt::Display;

use keywright_domain::caller::{Caller, Right};
use keywright_domain::catalogue::Allowance;
use keywright_domain::grants::Held;
use keywright_domain::ids::{ApplicationId, OrganisationId};
use keywright_domain::organisation::Profile;
use keywright_domain::{country, limits, text};
use keywright_store::organisations::Organisation;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::credentials::Set;
use crate::form::{CHECKED, Form};
use crate::{Error, Operations, Rule};

/// An organisation with all that its pages say of it.
#[derive(Debug, Clone)]
pub struct OrganisationShown {
    /// The organisation.
    pub organisation: Organisation,
    /// What it says of itself.
    pub profile: Profile,
    /// Its own application.
    pub own_application: ApplicationId,
    /// The services on request that it has.
    pub services: Vec<Allowance>,
    /// What the caller holds there; none: the right comes from elsewhere.
    pub held: Option<Held>,
}

/// What to change of what an organisation says of itself, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct ProfileChanges {
    /// As in the register of companies.
    pub legal_name: Set<String>,
    /// Street, town and post code, in lines.
    pub address: Set<String>,
    /// Two letters.
    pub country: Set<String>,
    /// As its country writes it.
    pub tax_id: Set<String>,
    /// Where bills go.
    pub billing_mail: Set<String>,
    /// Its website.
    pub website: Set<String>,
    /// What it wants to do with the services.
    pub purpose: Set<String>,
}

/// The good value of a field that was typed; none: it stays as it is.
fn typed<E: Display>(form: &mut Form, name: &str, set: &Set<String>, check: impl FnOnce(&str) -> Result<String, E>) -> Option<Option<String>> {
    match set {
        Set::Keep => None,
        Set::Clear => Some(None),
        Set::To(text) if text.trim().is_empty() => Some(None),
        Set::To(text) => form.take(name, check(text)).map(Some),
    }
}

impl Operations {
    /// One organisation.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn organisation_show(&self, caller: &Caller, id: OrganisationId) -> Result<OrganisationShown, Error> {
        let allowed = self.over_organisation(caller, Right::See, id).await?;
        let scope = self.store.scope(&allowed)?;
        let (organisation, own_application, profile) = scope.organisation_whole().await?.ok_or_else(|| Error::not_found("organisation", id))?;
        Ok(OrganisationShown { organisation, profile, own_application, services: scope.allowances().await?, held: allowed.held() })
    }

    /// Gives an organisation, and its own application, another name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`], [`Error::Store`]
    pub async fn organisation_rename(&self, caller: &Caller, id: OrganisationId, name: &str) -> Result<Organisation, Error> {
        let allowed = self.over_organisation(caller, Right::EditSettings, id).await?;
        let mut form = Form::default();
        let name = form.take("name", text::name(name));
        form.done()?;
        let name = name.expect(CHECKED);
        let done = self
            .write(allowed, async move |tx| {
                let mut organisation = tx.organisation_for_update(id).await?.ok_or_else(|| Error::not_found("organisation", id))?;
                if organisation.name == name {
                    return Ok(Done::new(organisation));
                }
                let before = std::mem::replace(&mut organisation.name, name.clone());
                tx.organisation_save(&organisation).await?;
                let audit = AuditEntry::new("organisation.renamed", id).with_personal(json!({ "before": before, "name": name }));
                Ok::<_, Error>(Done::new(organisation).audit(audit))
            })
            .await?;
        Ok(done.value)
    }

    /// Changes what an organisation says of itself. A review that runs or is done goes on: what it was about is in the audit trail.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`] with every bad field, [`Error::Store`]
    pub async fn organisation_profile_change(&self, caller: &Caller, id: OrganisationId, changes: ProfileChanges) -> Result<Profile, Error> {
        let allowed = self.over_organisation(caller, Right::EditSettings, id).await?;
        let mut form = Form::default();
        let f = &mut form;
        let legal_name = typed(f, "legal_name", &changes.legal_name, text::name);
        let address = typed(f, "address", &changes.address, |t| text::paragraph(t, limits::ADDRESS_CHARS_MAX));
        let country = typed(f, "country", &changes.country, country::country);
        let tax_id = typed(f, "tax_id", &changes.tax_id, tax_id);
        let billing_mail = typed(f, "billing_mail", &changes.billing_mail, text::mail);
        let website = typed(f, "website", &changes.website, text::web_address);
        let purpose = typed(f, "purpose", &changes.purpose, |t| text::paragraph(t, limits::DESCRIPTION_CHARS_MAX));
        form.done()?;
        let done = self
            .write(allowed, async move |tx| {
                tx.lock_organisation(id).await?;
                let mut profile = tx.profile(id).await?;
                let mut changed = Vec::new();
                for (name, field, value) in [
                    ("legal_name", &mut profile.legal_name, &legal_name),
                    ("address", &mut profile.address, &address),
                    ("country", &mut profile.country, &country),
                    ("tax_id", &mut profile.tax_id, &tax_id),
                    ("billing_mail", &mut profile.billing_mail, &billing_mail),
                    ("website", &mut profile.website, &website),
                    ("purpose", &mut profile.purpose, &purpose),
                ] {
                    if let Some(value) = value
                        && value != field
                    {
                        field.clone_from(value);
                        changed.push(name);
                    }
                }
                if changed.is_empty() {
                    return Ok(Done::new(profile));
                }
                tx.profile_save(id, &profile).await?;
                let audit = AuditEntry::new("organisation.profile_changed", id).with(json!({ "changed": changed }));
                Ok::<_, Error>(Done::new(profile).audit(audit))
            })
            .await?;
        Ok(done.value)
    }

    /// Hands an organisation in for review.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Rule::ReviewState`], [`Rule::ReviewIncomplete`], [`Error::Store`]
    pub async fn organisation_hand_in(&self, caller: &Caller, id: OrganisationId) -> Result<Organisation, Error> {
        let allowed = self.over_organisation(caller, Right::EditSettings, id).await?;
        let now = self.now();
        let done = self
            .write(allowed, async move |tx| {
                let mut organisation = tx.organisation_for_update(id).await?.ok_or_else(|| Error::not_found("organisation", id))?;
                let review = organisation.review;
                organisation.review = review.handed_in().ok_or(Rule::ReviewState { review, wanted: "handed in" })?;
                let mut profile = tx.profile(id).await?;
                let missing = profile.missing_for_review();
                if !missing.is_empty() {
                    return Err(Rule::ReviewIncomplete(missing).into());
                }
                (profile.handed_in_at, profile.remark) = (Some(now), None);
                tx.profile_save(id, &profile).await?;
                tx.organisation_save(&organisation).await?;
                Ok::<_, Error>(Done::new(organisation).audit(AuditEntry::new("organisation.handed_in", id)))
            })
            .await?;
        Ok(done.value)
    }
}

fn tax_id(given: &str) -> Result<String, String> {
    let id = given.trim().to_uppercase();
    let fits = id.len() <= limits::TAX_ID_CHARS_MAX && id.bytes().all(|b| b.is_ascii_alphanumeric() || b" -./".contains(&b));
    if fits { Ok(id) } else { Err(format!("is no tax id: write at most {} letters, digits, spaces and - . /", limits::TAX_ID_CHARS_MAX)) }
}
