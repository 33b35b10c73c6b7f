//! Rotating a credential.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::change::{Change, Place};
use keywright_domain::credential::rotation::{Policy, PolicyName, Rotated};
use keywright_domain::credential::{Material, NewVersion};
use keywright_domain::ids::CredentialId;
use keywright_domain::time::{Span, Timestamp};
use keywright_store::credentials::Stored;
use keywright_store::{AuditEntry, Done, Tx};
use serde_json::json;

use super::coin::{Coined, Handed, Subject, coin};
use super::key_source::{self, KeySource};
use super::organisation;
use super::secrets::SecretDetails;
use super::taking::{Displaced, Taking};
use crate::form::Form;
use crate::{Error, Operations, Rule};

/// How to rotate, as it was typed; what is left out, the service's catalogue entry says.
#[derive(Debug, Clone, Default)]
pub struct Rotation {
    /// `immediate`, `overlap` or `on_first_use`.
    pub policy: Option<String>,
    /// Such as `24h`.
    pub overlap: Option<String>,
    /// Ends a version that is still retiring.
    pub replace: bool,
    /// Where the new key of a `key_pair` comes from, or that of a client which proves itself by one.
    pub key: KeySource,
}

/// A rotation that was made, with the new secret, which is shown this once.
pub struct RotationMade {
    /// The credential, as before.
    pub id: CredentialId,
    /// Number of the new version.
    pub version: u32,
    /// What its holder gets.
    pub handed: Handed,
    /// Until when the previous version works; none: it has ended, its overlap has not begun, or secrets stand side by side and it goes on.
    pub previous_until: Option<Timestamp>,
    /// Where the change stands in the log.
    pub place: Place,
}

impl Operations {
    /// Makes version N+1 of a credential. Its permissions, restrictions and expiry stay. Where secrets stand side by side, one is added, and a
    /// policy is refused.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Rule::Rotate`], [`Rule::SideBySide`], [`Rule::KeyTaken`], [`Rule::KeyClaimed`], [`Error::Keys`],
    /// [`Error::Store`]
    pub async fn credential_rotate(&self, caller: &Caller, id: CredentialId, rotation: Rotation) -> Result<RotationMade, Error> {
        let allowed = self.over_credential(caller, Right::Edit, id).await?;
        let organisation = organisation(&allowed, id)?;
        let (catalogue, _) = self.catalogue_again().await?;
        // What the secret depends on never changes; so it can be made before the transaction.
        let shown = self.store.scope(&allowed)?.credential(id).await?.ok_or_else(|| Error::not_found("credential", id))?;
        let credential = &shown.credential;
        let service = catalogue.service(&credential.service);
        let mut form = Form::default();
        let name = form.take_some("policy", rotation.policy.as_deref().map(str::parse::<PolicyName>));
        let overlap = form.take_some("overlap", rotation.overlap.as_deref().map(str::parse::<Span>));
        if name == Some(PolicyName::Immediate) && overlap.is_some() {
            form.bad("overlap", "an immediate rotation has none: leave it out, or choose the policy overlap");
        }
        let (kind, application) = (Some(credential.kind), Some(credential.application));
        let (keys, now, holds_key) = (self.keys(), self.now(), credential.holds_key());
        let present = key_source::present_type(credential, now);
        let purpose = key_source::Purpose { kind, holds_key: Some(holds_key), service, application, present, keys, now };
        let key = key_source::check(&mut form, &rotation.key, purpose)?;
        form.done()?;
        if let Some(service) = service.filter(|service| service.parallel_secrets > 1 && credential.kind.has_client_secrets() && !holds_key) {
            if name.is_some() || overlap.is_some() || rotation.replace {
                return Err(Rule::SideBySide.into());
            }
            // Where secrets stand side by side, another one ends none.
            let added = self.secret_add_to(allowed, credential, service, catalogue.brand(), SecretDetails::default()).await?;
            return Ok(RotationMade { id, version: added.version, handed: added.handed, previous_until: None, place: added.place });
        }
        let (default_name, default_overlap) = service.map_or((PolicyName::Overlap, keywright_domain::limits::OVERLAP_DEFAULT), |service| service.rotation);
        let policy = Policy::new(name.unwrap_or(default_name), overlap.unwrap_or(default_overlap)).map_err(Rule::Rotate)?;
        let key = match key {
            Some(key) => {
                if key.takes_long() {
                    // Before work that would be for nothing otherwise; what counts is found out in the transaction.
                    let nothing = NewVersion { digest: [0; 32], material: Material::Digest, hint: String::new(), description: None, expires_at: None };
                    credential.clone().rotate(policy, rotation.replace, nothing, self.now()).map_err(Rule::Rotate)?;
                }
                Some(key_source::key(organisation, key).await?)
            }
            None => None,
        };
        let (kind, environment, retrievable) = (credential.kind, credential.environment, super::secrets::is_retrievable(service));
        let subject = Subject { id, kind, environment, public_id: credential.public_id.as_deref(), retrievable };
        let Coined { version, handed, proved } = coin(subject, catalogue.brand(), self.keys(), key)?;
        let (now, replace) = (self.now(), rotation.replace);
        let done = self
            .write(allowed, async move |tx| {
                let mut stored = tx.credential_for_update(organisation, id).await?.ok_or_else(|| Error::not_found("credential", id))?;
                let (rotated, audit, displaced) = rotate_stored(tx, &mut stored, policy, replace, (version.clone(), proved), now).await?;
                tx.credential_save(&stored).await?;
                Ok::<Done<Rotated>, Error>(displaced.told(Done { value: rotated, audit: vec![audit], changes: vec![Change::Credential(id)] }))
            })
            .await?;
        let Rotated { version, previous_until } = done.value;
        Ok(RotationMade { id, version, handed, previous_until, place: done.place })
    }
}

/// Rotates what is to be saved, and takes the key of the new version, which was `proved` or only claimed. Gives what stands in the trail, and what is to
/// be told of whoever had claimed the key.
///
/// # Errors
/// [`Rule::Rotate`], [`Rule::KeyTaken`], [`Rule::KeyClaimed`], [`Error::Store`]
pub(super) async fn rotate_stored(
    tx: &mut Tx<'_>,
    stored: &mut Stored,
    policy: Policy,
    replace: bool,
    (new, proved): (NewVersion, bool),
    now: Timestamp,
) -> Result<(Rotated, AuditEntry, Displaced), Error> {
    let (material, digest) = (new.material.clone(), new.digest);
    let rotated = stored.credential.rotate(policy, replace, new, now).map_err(Rule::Rotate)?;
    let (credential, application) = (stored.credential.id, stored.credential.application);
    let displaced = Taking { material: &material, digest: &digest, proved, credential, application }.take(tx, now).await?;
    stored.pending_overlap = match policy {
        Policy::OnFirstUse(overlap) => Some(overlap),
        Policy::Immediate | Policy::Overlap(_) => None,
    };
    let detail = json!({ "version": rotated.version, "policy": policy_word(policy), "previous_until": rotated.previous_until.map(|u| u.to_string()) });
    Ok((rotated, AuditEntry::new("credential.rotated", credential).of_application(application).with(detail), displaced))
}

const fn policy_word(policy: Policy) -> &'static str {
    match policy {
        Policy::Immediate => "immediate",
        Policy::Overlap(_) => "overlap",
        Policy::OnFirstUse(_) => "on_first_use",
    }
}
