//! The complete in-memory copy of what a verifier needs to answer.
//!
//! [`Replica`] is what the follower changes; a [`View`] of it is what is published. Changing a replica copies the pieces that a published view still
//! shares, so readers wait for nobody and each sees one consistent state.

mod apply;
mod index;
mod interned;
mod materials;
mod permission_set;
mod prefetch;
mod rate_states;
mod resource_servers;
mod row;
mod services;
mod sweep;
mod table;
mod tokens;
mod view;

#[cfg(test)]
mod model_test;

pub(crate) use materials::{Material, Prover};
pub use permission_set::PermissionSet;
pub use resource_servers::Asker;
pub(crate) use resource_servers::Scope;
pub(crate) use row::Row;
pub(crate) use services::Signing;
pub(crate) use view::{Bounds, Owner, View};

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use keywright_crypto::keyring::Keyring;
use keywright_domain::change::{Place, Record, SnapshotHead};
use keywright_domain::credential::RateLimit;
use keywright_domain::ids::OrganisationId;

use index::Index;
use interned::Interned;
use rate_states::RateStates;
use resource_servers::ResourceServers;
use services::Services;
use sweep::Sweep;
use table::Slots;
use tokens::{EndedTokens, SigningKeys};
use view::Application;

/// Networks, origins and rate limit of a credential, as the store writes them.
type BoundsKey = (Box<str>, Box<str>, Option<RateLimit>);

/// The copy that changes are applied to.
#[derive(Default)]
pub(crate) struct Replica {
    rows: Slots<Row>,
    /// Rows of API keys by their secret's digest, and home rows of other credentials by that of their public half.
    by_digest: Index,
    materials: Slots<Option<Arc<Material>>>,
    /// Opens sealed secrets; none: this node cannot.
    keyring: Option<Arc<Keyring>>,
    /// Home rows of credentials.
    by_credential: Index,
    applications: Slots<Application>,
    by_application: Index,
    organisations: HashMap<OrganisationId, Organisation, RandomState>,
    permissions: Interned<Box<str>, PermissionSet>,
    restrictions: Interned<BoundsKey, Bounds>,
    rate_states: RateStates,
    services: Arc<Services>,
    resource_servers: Arc<ResourceServers>,
    signing_keys: Arc<SigningKeys>,
    ended_tokens: EndedTokens,
    sweep: Sweep,
}

/// What is known of an organisation. Readers find it in its applications.
#[derive(Default)]
struct Organisation {
    /// None: not heard of yet.
    suspended: Option<bool>,
    /// Slots.
    applications: Vec<u32>,
}

impl Replica {
    /// What it knows now.
    pub(crate) fn view(&self) -> View {
        View {
            rows: self.rows.table().clone(),
            by_digest: self.by_digest.clone(),
            materials: self.materials.table().clone(),
            applications: self.applications.table().clone(),
            permissions: self.permissions.table().clone(),
            restrictions: self.restrictions.table().clone(),
            rate_states: self.rate_states.clone(),
            services: self.services.clone(),
            resource_servers: self.resource_servers.clone(),
            by_credential: self.by_credential.clone(),
            signing_keys: self.signing_keys.clone(),
            ended_tokens: self.ended_tokens.view(),
            versions: self.rows.used() as u64,
        }
    }
}

/// A replica that is being filled from a snapshot, beside the one that answers.
pub struct Loading {
    pub(crate) replica: Replica,
    pub(crate) place: Place,
}

impl Loading {
    /// `services`: those that are numbered already.
    pub(crate) fn new(head: &SnapshotHead, services: Arc<Services>, keyring: Option<Arc<Keyring>>) -> Self {
        let index = || Index::with_room(head.credentials);
        let replica = Replica { services, keyring, by_digest: index(), by_credential: index(), ..Replica::default() };
        Self { replica, place: head.head }
    }

    /// Takes one record of the snapshot; in any order.
    pub fn add(&mut self, record: &Record) {
        self.replica.apply(record);
    }
}
