//! Secrets side by side: adding and revoking them one by one, and showing one again where the service allows that.

use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Allowed, Caller, Right};
use keywright_domain::catalogue::{SecretVisibility, Service};
use keywright_domain::change::{Change, Place};
use keywright_domain::credential::secret_form::Brand;
use keywright_domain::credential::{Credential, Material};
use keywright_domain::ids::CredentialId;
use keywright_domain::limits;
use keywright_domain::text;
use keywright_domain::time::Timestamp;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use super::coin::{Coined, Handed, Subject, coin};
use super::{expiry, organisation};
use crate::form::Form;
use crate::{Error, Operations, Rule};

/// What another secret is made from, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct NewSecret {
    /// What it is for.
    pub description: Option<String>,
    /// When it ends by itself, RFC 3339.
    pub expires_at: Option<String>,
}

/// The good values of that.
#[derive(Debug, Clone, Default)]
pub(super) struct SecretDetails {
    description: Option<String>,
    expires_at: Option<Timestamp>,
}

/// A secret that was added, which is shown this once.
pub struct SecretAdded {
    /// The credential.
    pub id: CredentialId,
    /// Number of the new version.
    pub version: u32,
    /// What its holder gets.
    pub handed: Handed,
    /// Where the change stands in the log.
    pub place: Place,
}

/// A secret that was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretEnded {
    /// It had ended before; nothing was changed.
    pub repeated: bool,
    /// Where the change stands in the log.
    pub place: Place,
}

/// A secret that is shown again.
pub struct Revealed {
    /// Number of its version.
    pub version: u32,
    /// What its holder gets.
    pub handed: Handed,
}

/// Whether a service lets its secrets be shown again.
pub(super) fn is_retrievable(service: Option<&Service>) -> bool {
    service.is_some_and(|service| service.secret_visibility == SecretVisibility::Retrievable)
}

impl Operations {
    /// Adds a secret beside those that work.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Rule::NotParallel`], [`Rule::HasKey`], [`Rule::Add`], [`Error::Keys`], [`Error::Store`]
    pub async fn secret_add(&self, caller: &Caller, id: CredentialId, new: NewSecret) -> Result<SecretAdded, Error> {
        let allowed = self.over_credential(caller, Right::Edit, id).await?;
        let mut form = Form::default();
        let description = form.take_some("description", new.description.as_deref().map(|d| text::paragraph(d, limits::SECRET_DESCRIPTION_CHARS_MAX)));
        let expires_at = form.take_some("expires_at", new.expires_at.as_deref().map(|t| expiry(t, self.now())));
        form.done()?;
        let (catalogue, _) = self.catalogue_again().await?;
        let stored = self.store.scope(&allowed)?.credential(id).await?.ok_or_else(|| Error::not_found("credential", id))?;
        let service = catalogue.service(&stored.credential.service).filter(|s| s.parallel_secrets > 1 && stored.credential.kind.has_client_secrets());
        let service = service.ok_or(Rule::NotParallel)?;
        if stored.credential.holds_key() {
            return Err(Rule::HasKey.into());
        }
        self.secret_add_to(allowed, &stored.credential, service, catalogue.brand(), SecretDetails { description, expires_at }).await
    }

    /// Adds a secret to a credential of a service that allows several.
    pub(super) async fn secret_add_to(
        &self,
        allowed: Allowed,
        credential: &Credential,
        service: &Service,
        brand: &Brand,
        details: SecretDetails,
    ) -> Result<SecretAdded, Error> {
        let id = credential.id;
        let organisation = organisation(&allowed, id)?;
        let public_id = credential.public_id.as_deref();
        let subject = Subject { id, kind: credential.kind, environment: credential.environment, public_id, retrievable: is_retrievable(Some(service)) };
        let Coined { mut version, handed, .. } = coin(subject, brand, self.keys(), None)?;
        (version.description, version.expires_at) = (details.description, details.expires_at);
        let (now, max) = (self.now(), service.parallel_secrets);
        let done = self
            .write(allowed, async move |tx| {
                let mut stored = tx.credential_for_update(organisation, id).await?.ok_or_else(|| Error::not_found("credential", id))?;
                let number = stored.credential.add_version(version.clone(), max, now).map_err(Rule::Add)?;
                tx.credential_save(&stored).await?;
                let audit = AuditEntry::new("credential.secret_added", id).of_application(stored.credential.application).with(json!({ "version": number }));
                Ok::<_, Error>(Done { value: number, audit: vec![audit], changes: vec![Change::Credential(id)] })
            })
            .await?;
        Ok(SecretAdded { id, version: done.value, handed, place: done.place })
    }

    /// Ends one of several secrets at once, and the access tokens that were got by it. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Rule::NotParallel`], [`Rule::Retire`], [`Error::Store`]
    pub async fn secret_revoke(&self, caller: &Caller, id: CredentialId, version: u32) -> Result<SecretEnded, Error> {
        let allowed = self.over_credential(caller, Right::End, id).await?;
        let organisation = organisation(&allowed, id)?;
        let now = self.now();
        let done = self
            .write(allowed, async move |tx| {
                let mut stored = tx.credential_for_update(organisation, id).await?.ok_or_else(|| Error::not_found("credential", id))?;
                if !stored.credential.kind.has_client_secrets() {
                    return Err(Rule::NotParallel.into());
                }
                if !stored.credential.retire_version(version, now).map_err(Rule::Retire)? {
                    return Ok(Done { value: true, audit: vec![], changes: vec![] });
                }
                tx.credential_save(&stored).await?;
                let audit = AuditEntry::new("credential.secret_revoked", id).of_application(stored.credential.application).with(json!({ "version": version }));
                Ok::<_, Error>(Done { value: false, audit: vec![audit], changes: vec![Change::Credential(id)] })
            })
            .await?;
        Ok(SecretEnded { repeated: done.value, place: done.place })
    }

    /// Shows the newest secret that works again, or that of one version. `signed_in_at` is when the caller last proved who they are; none: they
    /// are no person at the hub.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Rule::NotFresh`], [`Rule::NotRetrievable`], [`Error::Keys`], [`Error::Store`]
    pub async fn credential_reveal(&self, caller: &Caller, id: CredentialId, version: Option<u32>, signed_in_at: Option<Timestamp>) -> Result<Revealed, Error> {
        let allowed = self.over_credential(caller, Right::Edit, id).await?;
        let now = self.now();
        if signed_in_at.is_none_or(|at| now.since(at) > limits::SESSION_FRESH) {
            return Err(Rule::NotFresh.into());
        }
        let organisation = organisation(&allowed, id)?;
        let keyring = std::sync::Arc::clone(self.keys().keyring()?);
        let (catalogue, _) = self.catalogue_again().await?;
        // The audit entry is on disk before anybody sees the secret.
        let done = self
            .write(allowed, async move |tx| {
                let stored = tx.credential_for_update(organisation, id).await?.ok_or_else(|| Error::not_found("credential", id))?;
                let credential = stored.credential;
                credential.ensure_not_ended(now).map_err(Rule::Ended)?;
                let wanted =
                    credential.versions.into_iter().rev().find(|v| version.map_or_else(|| v.accepts(now), |number| v.number == number && v.accepts(now)));
                let (true, true, Some(found)) = (is_retrievable(catalogue.service(&credential.service)), credential.kind.has_client_secrets(), wanted) else {
                    return Err(Rule::NotRetrievable.into());
                };
                let Material::Sealed(sealed) = &found.material else { return Err(Rule::NotRetrievable.into()) };
                let audit = AuditEntry::new("credential.revealed", id).of_application(credential.application).with(json!({ "version": found.number }));
                Ok::<_, Error>(Done { value: (found.number, found.digest, sealed.clone(), credential.public_id), audit: vec![audit], changes: vec![] })
            })
            .await?;
        let (version, digest, sealed, public_id) = done.value;
        let secret = keyring.open(id, &digest, &sealed).map_err(|_| crate::KeysError::Damaged)?;
        let secret = Secret::from_bytes(&secret).ok_or(crate::KeysError::Damaged)?.show_once();
        Ok(Revealed { version, handed: Handed::of_kept(public_id, secret) })
    }
}
