use std::sync::Arc;

use keywright_domain::change::{Page, Place, Poll, SnapshotHead};
use keywright_domain::ids::VerifierId;
use keywright_domain::time::{Boot, Timestamp};

use crate::replica::Loading;
use crate::verifier::Verifier;

/// Keeps a verifier up to date: what to ask next goes out, answers come in with the time.
pub struct Follower {
    verifier: Arc<Verifier>,
}

/// What the owner of a [`Follower`] has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Commit this verifier's row (a new id at a start, the known one again if `again`), then [`Follower::registered`].
    Register {
        /// The id that the store has forgotten, if there was one; registering it again is as good as a new one.
        again: Option<VerifierId>,
    },
    /// Read a snapshot: [`Follower::loading`] with its head, each record into [`Loading::add`], then [`Follower::loaded`].
    Snapshot,
    /// Ask the store, then [`Follower::page`].
    Poll(Asked),
    /// Nothing before then, unless [`Follower::woken`].
    Wait {
        /// When to ask again.
        until: Boot,
    },
}

/// A poll with the time at which it was asked. The answer comes back with it, so that an answer can extend the lease by its own poll only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    poll: Poll,
    at: Boot,
}

impl Asked {
    /// What to ask.
    #[must_use]
    pub const fn poll(&self) -> &Poll {
        &self.poll
    }
}

impl Follower {
    /// One that keeps `verifier` up to date. `known` is the place that this node had applied when it last ran, from the file beside its data:
    /// a store that does not contain it is refused.
    #[must_use]
    pub fn new(verifier: Arc<Verifier>, known: Option<Place>) -> Self {
        let _ = known;
        Self { verifier }
    }
    /// What to do next. `now` is read before asking: the lease counts from it.
    pub fn next(&mut self, now: Boot) -> Ask {
        let _ = &self.verifier;
        Ask::Wait { until: now }
    }
    /// Something was committed: poll soon. At most one poll each [`POLL_MS_MIN`](keywright_domain::limits::POLL_MS_MIN).
    pub fn woken(&mut self) {}
    /// The row is committed.
    pub fn registered(&mut self, id: VerifierId) {
        let _ = id;
    }
    /// An empty replica for the snapshot that begins with `head`; it can be filled on another thread.
    #[must_use]
    pub fn loading(&self, head: &SnapshotHead) -> Loading {
        let _ = head;
        Loading {}
    }
    /// The snapshot is complete.
    pub fn loaded(&mut self, loading: Loading, now: Boot) {
        let _ = (loading, now);
    }
    /// The answer to a poll, at `now`; `wall` is this machine's wall clock then.
    pub fn page(&mut self, asked: Asked, page: Page, now: Boot, wall: Timestamp) {
        let _ = (asked, page, now, wall);
    }
    /// What was asked could not be done, for this reason (shown in health and 503 bodies, so without secrets).
    pub fn failed(&mut self, reason: &str, now: Boot) {
        let _ = (reason, now);
    }
    /// What has been applied and published; the owner keeps it in the file beside its data. None before the first complete poll.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        None
    }
}
