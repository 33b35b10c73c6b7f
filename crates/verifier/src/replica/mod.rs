//! The complete in-memory copy of what a verifier needs to answer.

use std::marker::PhantomData;

use keywright_domain::change::Record;
use keywright_domain::credential::Environment;
use keywright_domain::ids::ResourceServerId;
use keywright_domain::time::Timestamp;

/// What readers see of a replica.
#[derive(Clone, Default)]
pub(crate) struct View {
    pub(crate) services: Services,
}

#[derive(Clone, Default)]
pub(crate) struct Services;
impl Services {
    pub(crate) fn slug(&self, _service: u16) -> Option<&str> {
        None
    }
    pub(crate) fn any_serves_stale(&self) -> bool {
        false
    }
}
impl View {
    pub(crate) fn versions(&self) -> u64 {
        0
    }
    pub(crate) fn asker(&self, _token: &[u8], _now: Timestamp) -> Option<Asker<'_>> {
        None
    }
}

/// A replica that is being filled from a snapshot.
pub struct Loading {}
impl Loading {
    /// Takes one record of the snapshot; in any order.
    pub fn add(&mut self, record: Record) {
        let _ = record;
    }
}

/// The resource server that asks.
#[derive(Clone, Copy)]
pub struct Asker<'r> {
    x: PhantomData<&'r ()>,
}
impl<'r> Asker<'r> {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> ResourceServerId {
        ResourceServerId::from_bits(0)
    }
    /// Slugs of the services that it may ask about.
    pub fn services(&self) -> impl Iterator<Item = &'r str> {
        let _ = self.x;
        std::iter::empty()
    }
    /// Environments that it may ask about.
    pub fn environments(&self) -> impl Iterator<Item = Environment> + 'r {
        std::iter::empty()
    }
}

/// Permissions of a credential, shared by all credentials that hold the same ones.
#[derive(Debug)]
pub struct PermissionSet {
    names: Box<[Box<str>]>,
    json: Box<str>,
    commas: Box<str>,
}
impl PermissionSet {
    /// The names, sorted.
    #[must_use]
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }
    /// As a JSON array.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
    /// Separated by commas, for a header.
    #[must_use]
    pub fn commas(&self) -> &str {
        &self.commas
    }
    /// Whether all of these are held.
    #[must_use]
    pub fn holds_all<S: AsRef<str>>(&self, asked: &[S]) -> bool {
        asked.iter().all(|asked| self.names.binary_search_by(|n| n.as_ref().cmp(asked.as_ref())).is_ok())
    }
}
