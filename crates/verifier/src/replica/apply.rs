//! What changes do to a replica. Each record is the whole current state of a thing, so applying one twice changes nothing.

use std::sync::Arc;

use keywright_crypto::digest;
use keywright_domain::change::{ApplicationRecord, CredentialRecord, OrganisationRecord, Record, VersionRecord};
use keywright_domain::credential::restrictions::{Networks, Origins};
use keywright_domain::ids::{ApplicationId, CredentialId};

use super::index::{of_digest, of_id};
use super::materials::Material;
use super::permission_set::PermissionSet;
use super::row::{Links, NONE, Name, Row, public_name};
use super::services;
use super::tokens::SigningKeys;
use super::view::{Application, Bounds};
use super::{BoundsKey, Replica};

impl Replica {
    /// Takes over the state of one thing.
    pub(crate) fn apply(&mut self, record: &Record) {
        match record {
            Record::Credential(credential) => self.put_credential(credential),
            Record::CredentialGone(id) => self.remove_credential(*id),
            Record::Application(application) => self.put_application(application),
            Record::ApplicationGone(id) => self.remove_application(*id),
            Record::Organisation(organisation) => self.put_organisation(organisation),
            Record::ResourceServer(server) => Arc::make_mut(&mut self.resource_servers).put(server, &mut self.services),
            Record::ResourceServerGone(id) => Arc::make_mut(&mut self.resource_servers).remove(*id),
            Record::SigningKeys(keys) => self.signing_keys = Arc::new(SigningKeys::new(keys)),
            Record::TokenEnded(token) => self.ended_tokens.put(token),
            Record::TokenGone(id) => self.ended_tokens.remove(*id),
            Record::Catalogue(catalogue) => Arc::make_mut(&mut self.services).apply(catalogue),
        }
    }

    fn put_credential(&mut self, credential: &CredentialRecord) {
        // Without a public half that names it, nobody could ask for it.
        let nameless = !credential.kind.is_bearer() && credential.public_id.is_none();
        if nameless || credential.versions.is_empty() {
            return self.remove_credential(credential.id);
        }
        let links = self.links(credential);
        let names = self.names(credential);
        let mut rows: Vec<Row> = credential.versions.iter().zip(names).map(|(version, name)| Row::new(credential, version, name, links)).collect();
        let old = self.home(credential.id).map(|home| self.chain(home)).unwrap_or_default();
        if let Some(home) = old.first() {
            self.release(*home);
        }
        for slot in &old {
            self.release_material(*slot);
        }
        let same_secrets = old.len() == rows.len() && old.iter().zip(&rows).all(|(slot, new)| self.rows.get(*slot).is_some_and(|row| row.name() == new.name()));
        if same_secrets {
            for (i, (slot, row)) in old.iter().zip(&mut rows).enumerate() {
                (row.home, row.next) = (old[0], old.get(i + 1).copied().unwrap_or(NONE));
                self.rows.set(*slot, *row);
            }
            return;
        }
        for slot in &old {
            self.unlist(*slot);
        }
        // The home slot is the first to be used again: the rate limit's state is kept under it.
        let mut slots = old.clone();
        slots.truncate(rows.len());
        while slots.len() < rows.len() {
            slots.push(self.rows.insert(Row::default()));
        }
        old.iter().skip(slots.len()).for_each(|slot| self.rows.remove(*slot));
        let home = slots[0];
        if old.is_empty() {
            self.rate_states.reset(home);
            self.by_credential.insert(of_id(credential.id.bits()), home);
        }
        for (i, (slot, row)) in slots.iter().zip(&mut rows).enumerate() {
            (row.home, row.next) = (home, slots.get(i + 1).copied().unwrap_or(NONE));
            self.rows.set(*slot, *row);
            // A public half leads to the first version, and from there to the others.
            if row.kind().is_bearer() || i == 0 {
                self.by_digest.insert(of_digest(row.name()), *slot);
            }
        }
    }

    /// What each version is found by. Material is put down for those that have some.
    fn names(&mut self, credential: &CredentialRecord) -> Vec<Name> {
        let public = digest::sha256(credential.public_id.as_deref().unwrap_or_default().as_bytes());
        let keyring = self.keyring.clone();
        let name = |version: &VersionRecord| match Material::of(credential, version, keyring.as_deref()) {
            None => version.digest,
            Some(material) => public_name(&public, self.materials.insert(Some(material))),
        };
        credential.versions.iter().map(name).collect()
    }

    fn release_material(&mut self, slot: u32) {
        if let Some(material) = self.rows.get(slot).and_then(Row::material) {
            self.materials.remove(material);
        }
    }

    fn links(&mut self, credential: &CredentialRecord) -> Links {
        let unrestricted = credential.networks.is_empty() && credential.origins.is_empty() && credential.rate_limit.is_none();
        Links {
            application: self.application(credential.application),
            permissions: self.permissions.acquire(credential.permissions.as_str(), PermissionSet::from_text),
            restrictions: if unrestricted {
                NONE
            } else {
                let key: BoundsKey = (credential.networks.as_str().into(), credential.origins.as_str().into(), credential.rate_limit);
                self.restrictions.acquire(&key, |(networks, origins, rate_limit)| Bounds {
                    networks: Networks::from_text(networks).ok(),
                    origins: Origins::from_text(origins).ok(),
                    rate_limit: *rate_limit,
                })
            },
            service: services::number(&mut self.services, &credential.service),
        }
    }

    pub(super) fn remove_credential(&mut self, id: CredentialId) {
        let Some(home) = self.home(id) else { return };
        self.release(home);
        for slot in self.chain(home) {
            self.unlist(slot);
            self.release_material(slot);
            self.rows.remove(slot);
        }
        self.by_credential.remove(of_id(id.bits()), home);
    }

    /// The home row of a credential.
    fn home(&self, id: CredentialId) -> Option<u32> {
        let mut homes = self.by_credential.candidates(of_id(id.bits()));
        homes.find(|slot| self.rows.get(*slot).is_some_and(|row| row.used() && row.credential() == id))
    }

    /// The rows of a credential, home first.
    fn chain(&self, home: u32) -> Vec<u32> {
        std::iter::successors(Some(home), |slot| self.rows.get(*slot).map(|row| row.next).filter(|next| *next != NONE)).collect()
    }

    /// The credential of this home row no longer uses its permissions and restrictions.
    fn release(&mut self, home: u32) {
        if let Some(row) = self.rows.get(home).copied() {
            self.permissions.release(row.permissions);
            self.restrictions.release(row.restrictions);
        }
    }

    /// The row's secret is no longer found.
    fn unlist(&mut self, slot: u32) {
        if let Some(row) = self.rows.get(slot) {
            self.by_digest.remove(of_digest(row.name()), slot);
        }
    }

    fn put_application(&mut self, record: &ApplicationRecord) {
        let slot = self.application(record.id);
        let known = self.applications.get(slot).is_some_and(|a| a.state.is_some() && a.organisation() == record.organisation);
        if !known {
            self.leave_organisation(slot);
            self.organisations.entry(record.organisation).or_default().applications.push(slot);
        }
        let suspended = self.organisations.get(&record.organisation).and_then(|o| o.suspended);
        self.applications.set(slot, Application::new(record, suspended));
    }

    /// Its credentials are unknown from now on; their rows are cleared away later, a few at a time.
    fn remove_application(&mut self, id: ApplicationId) {
        let Some(slot) = self.application_slot(id) else { return };
        self.leave_organisation(slot);
        self.by_application.remove(of_id(id.bits()), slot);
        self.applications.set(slot, Application::default());
        self.sweep.application_gone(slot);
    }

    fn leave_organisation(&mut self, slot: u32) {
        let Some(application) = self.applications.get(slot) else { return };
        if let Some(organisation) = self.organisations.get_mut(&application.organisation()) {
            organisation.applications.retain(|other| *other != slot);
        }
    }

    fn put_organisation(&mut self, record: &OrganisationRecord) {
        let organisation = self.organisations.entry(record.id).or_default();
        organisation.suspended = Some(record.suspended);
        for slot in &organisation.applications {
            if let Some(mut application) = self.applications.get(*slot).copied() {
                application.suspended = Some(record.suspended);
                self.applications.set(*slot, application);
            }
        }
    }

    fn application_slot(&self, id: ApplicationId) -> Option<u32> {
        let mut slots = self.by_application.candidates(of_id(id.bits()));
        slots.find(|slot| self.applications.get(*slot).is_some_and(|a| a.id() == id))
    }

    /// The slot of an application. What refers to it may come first.
    fn application(&mut self, id: ApplicationId) -> u32 {
        self.application_slot(id).unwrap_or_else(|| {
            let slot = self.applications.insert(Application::unheard(id));
            self.by_application.insert(of_id(id.bits()), slot);
            slot
        })
    }
}
