//! What readers see of a replica: tables and an index that do not change under them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use keywright_crypto::digest;
use keywright_domain::application;
use keywright_domain::change::ApplicationRecord;
use keywright_domain::credential::RateLimit;
use keywright_domain::credential::restrictions::{Networks, Origins};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::time::Timestamp;

use super::index::{self, Index};
use super::materials::Material;
use super::permission_set::PermissionSet;
use super::prefetch::prefetch;
use super::rate_states::RateStates;
use super::resource_servers::{Asker, ResourceServers};
use super::row::{NONE, Row};
use super::services::Services;
use super::table::Table;
use super::tokens::{EndedView, SigningKeys};

/// One state of a replica. Cloning it shares everything.
#[derive(Clone, Default)]
pub(crate) struct View {
    pub(crate) rows: Table<Row>,
    pub(crate) by_digest: Index,
    pub(crate) materials: Table<Option<Arc<Material>>>,
    pub(crate) applications: Table<Application>,
    pub(crate) permissions: Table<Option<Arc<PermissionSet>>>,
    pub(crate) restrictions: Table<Option<Arc<Bounds>>>,
    pub(crate) rate_states: RateStates,
    pub(crate) services: Arc<Services>,
    pub(crate) resource_servers: Arc<ResourceServers>,
    pub(crate) by_credential: Index,
    pub(crate) signing_keys: Arc<SigningKeys>,
    pub(crate) ended_tokens: EndedView,
    pub(crate) versions: u64,
}

/// An application with what is decided about its organisation, so that a verdict looks at one place for both.
#[derive(Clone, Copy, Default)]
pub(crate) struct Application {
    id: [u64; 2],
    organisation: [u64; 2],
    /// None: deleted, or not heard of yet. Its credentials are unknown.
    pub(crate) state: Option<application::State>,
    /// Whether the organisation is suspended. None: not heard of yet. Its credentials are unknown.
    pub(crate) suspended: Option<bool>,
}

/// Where from and how often a credential may be used.
pub(crate) struct Bounds {
    /// None: this release cannot read them, so nowhere is allowed.
    pub(crate) networks: Option<Networks>,
    /// None: this release cannot read them, so none is allowed.
    pub(crate) origins: Option<Origins>,
    pub(crate) rate_limit: Option<RateLimit>,
}

const fn words(bits: u128) -> [u64; 2] {
    [(bits >> 64) as u64, bits as u64]
}

const fn bits(words: [u64; 2]) -> u128 {
    (words[0] as u128) << 64 | words[1] as u128
}

impl Application {
    /// One that something refers to and that has not been heard of yet.
    pub(crate) fn unheard(id: ApplicationId) -> Self {
        Self { id: words(id.bits()), ..Self::default() }
    }

    pub(crate) fn new(record: &ApplicationRecord, suspended: Option<bool>) -> Self {
        Self { id: words(record.id.bits()), organisation: words(record.organisation.bits()), state: Some(record.state), suspended }
    }

    /// What stands in the slot of a deleted application until no row points to it.
    pub(crate) fn deleted(&self) -> bool {
        self.id == [0; 2]
    }

    pub(crate) fn id(&self) -> ApplicationId {
        ApplicationId::from_bits(bits(self.id))
    }

    pub(crate) fn organisation(&self) -> OrganisationId {
        OrganisationId::from_bits(bits(self.organisation))
    }
}

impl View {
    /// The row whose secret has this digest. The index goes by its first bits; what decides is compared in constant time.
    #[inline]
    pub(crate) fn find(&self, digest: &[u8; 32]) -> Option<&Row> {
        let rows = self.by_digest.candidates(index::of_digest(digest)).filter_map(|slot| self.rows.get(slot));
        rows.inspect(|row| self.prefetch_owner(row)).filter(|row| row.used()).find(|row| row.digest().is_some_and(|known| digest::equal(known, digest)))
    }

    /// The first version of the credential that this public half names.
    pub(crate) fn named(&self, public_id: &[u8]) -> Option<&Row> {
        self.named_by(&digest::sha256(public_id))
    }

    /// The first version of the credential whose public half has this SHA-256.
    pub(crate) fn named_by(&self, digest: &[u8; 32]) -> Option<&Row> {
        let rows = self.by_digest.candidates(index::of_digest(digest)).filter_map(|slot| self.rows.get(slot));
        rows.filter(|row| row.used()).find(|row| row.is_named(digest))
    }

    /// The first version of the credential with this id.
    pub(crate) fn credential(&self, id: CredentialId) -> Option<&Row> {
        let rows = self.by_credential.candidates(index::of_id(id.bits())).filter_map(|slot| self.rows.get(slot));
        rows.filter(|row| row.used()).find(|row| row.credential() == id)
    }

    /// All versions of the credential whose first one this is.
    pub(crate) fn versions<'v>(&'v self, home: &'v Row) -> impl Iterator<Item = &'v Row> {
        std::iter::successors(Some(home), |row| self.rows.get(row.next))
    }

    /// What requests of this version are proved with.
    pub(crate) fn material(&self, row: &Row) -> Option<&Material> {
        self.materials.get(row.material()?)?.as_deref()
    }

    /// Begins to fetch what [`find`](Self::find) will need.
    #[inline]
    pub(crate) fn prefetch(&self, digest: &[u8; 32]) {
        self.by_digest.prefetch(index::of_digest(digest));
    }

    /// Begins to fetch what [`owner`](Self::owner) will need.
    #[inline]
    pub(crate) fn prefetch_owner(&self, row: &Row) {
        if let Some(application) = self.applications.get(row.application) {
            prefetch(application);
        }
    }

    /// The application of a row and its organisation, if both are known.
    #[inline]
    pub(crate) fn owner(&self, row: &Row) -> Option<Owner> {
        let application = self.applications.get(row.application)?;
        let (state, suspended) = (application.state?, application.suspended?);
        Some(Owner { application: application.id(), state, organisation: application.organisation(), suspended })
    }

    pub(crate) fn permissions(&self, row: &Row) -> &PermissionSet {
        self.permissions.get(row.permissions).and_then(Option::as_deref).unwrap_or(PermissionSet::NONE)
    }

    /// None: nothing restricts it. `Err`: something does that is not here, which refuses.
    pub(crate) fn bounds(&self, row: &Row) -> Result<Option<&Bounds>, Missing> {
        if row.restrictions == NONE {
            return Ok(None);
        }
        self.restrictions.get(row.restrictions).and_then(Option::as_deref).map(Some).ok_or(Missing)
    }

    /// Where the rate limit of the row's credential is counted.
    pub(crate) fn rate_state(&self, row: &Row) -> Option<&AtomicU64> {
        self.rate_states.get(row.home)
    }

    pub(crate) fn asker(&self, token: &[u8], now: Timestamp) -> Option<Asker<'_>> {
        self.resource_servers.asker(&self.services, token, now)
    }
}

/// A row points to something that is not there.
pub(crate) struct Missing;

/// Whose a credential is.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) application: ApplicationId,
    pub(crate) state: application::State,
    pub(crate) organisation: OrganisationId,
    pub(crate) suspended: bool,
}
