//! Whose a public key is: taken with proof for ever, or claimed without, until the claim ends or somebody proves that they hold the key.

use keywright_crypto::digest;
use keywright_domain::caller::Caller;
use keywright_domain::change::Change;
use keywright_domain::credential::Material;
use keywright_domain::ids::{ApplicationId, CredentialId};
use keywright_domain::time::Timestamp;
use keywright_store::credentials::Stored;
use keywright_store::public_keys::Holding;
use keywright_store::{AuditEntry, Done, StoreError, Tx};
use serde_json::json;

use crate::{Error, Rule};

/// How often it is looked again who has a key that changed hands in between.
const LOOKS: usize = 4;
/// Who takes a key away, in the Activity of those who only claimed it: they do not learn whose it is.
const BY: Caller = Caller::System { job: "key-proof" };

/// A new version whose key is to be taken for its credential.
pub(super) struct Taking<'a> {
    pub(super) material: &'a Material,
    pub(super) digest: &'a [u8; 32],
    /// [`super::coin::Coined::proved`]
    pub(super) proved: bool,
    pub(super) credential: CredentialId,
    pub(super) application: ApplicationId,
}

/// What giving way left to be told of a credential that had claimed the key.
#[derive(Default)]
pub(super) struct Displaced {
    audit: Option<AuditEntry>,
    change: Option<Change>,
}

impl Displaced {
    /// Adds it to what else was done.
    pub(super) fn told<T>(self, mut done: Done<T>) -> Done<T> {
        done.audit.extend(self.audit);
        done.changes.extend(self.change);
        done
    }
}

impl Taking<'_> {
    /// Takes the key, where it is a public one. A claim without proof gives way to proof, and a claim that has ended to everybody.
    ///
    /// # Errors
    /// [`Rule::KeyTaken`], [`Rule::KeyClaimed`], [`Error::Store`]
    pub(super) async fn take(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Displaced, Error> {
        if !matches!(self.material, Material::PublicKey(_)) {
            return Ok(Displaced::default());
        }
        let unproved_by = (!self.proved).then_some(self.credential);
        for _ in 0..LOOKS {
            if tx.public_key_take(self.digest, unproved_by).await? {
                return Ok(Displaced::default());
            }
            let (claimed_by, of) = match tx.public_key_holding(self.digest).await? {
                None => continue,
                Some(Holding::Proved) => return Err(Rule::KeyTaken.into()),
                Some(Holding::Claimed { credential, of }) => (credential, of),
            };
            let claimant = match of {
                Some((organisation, _)) => tx.credential_for_update(organisation, claimed_by).await?,
                None => None,
            };
            if let Some(claimant) = &claimant {
                self.may_take_from(claimant, now)?;
            }
            // Somebody may have been faster, before the claimant's organisation was locked.
            if tx.public_key_hand_over(self.digest, claimed_by, unproved_by).await? {
                return match claimant {
                    Some(claimant) => self.displace(tx, claimant, now).await,
                    None => Ok(Displaced::default()),
                };
            }
        }
        Err(StoreError::Busy { waited_ms: 0, detail: "several have taken the same public key at the same moment".to_owned() }.into())
    }

    fn may_take_from(&self, Stored { credential: claimant, .. }: &Stored, now: Timestamp) -> Result<(), Error> {
        if claimant.ensure_not_ended(now).is_err() {
            return Ok(());
        }
        if claimant.application == self.application {
            return Err(Rule::KeyTaken.into());
        }
        if !self.proved && claimant.holds(self.digest, now) {
            return Err(Rule::KeyClaimed.into());
        }
        Ok(())
    }

    /// Ends the version that had the key, and lets the digest of the key lead to its new holder.
    async fn displace(&self, tx: &mut Tx<'_>, mut claimant: Stored, now: Timestamp) -> Result<Displaced, Error> {
        let id = claimant.credential.id;
        let instead = digest::sha256(&[b"given up ", id.to_string().as_bytes(), &self.digest[..]].concat());
        let number = claimant.credential.displace_version(self.digest, now);
        tx.credential_save(&claimant).await?;
        tx.version_give_up_key(id, self.digest, &instead).await?;
        let entry = |number| {
            let entry = AuditEntry::new("credential.key_displaced", id).in_organisation(claimant.credential.organisation);
            entry.of_application(claimant.credential.application).by(&BY).with(json!({ "version": number }))
        };
        let told = number.filter(|_| claimant.credential.ensure_not_ended(now).is_ok());
        Ok(Displaced { audit: told.map(entry), change: Some(Change::Credential(id)) })
    }
}
