//! The loop that keeps this node's verifier up to date: it carries polls to the store and pages back.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keywright_domain::change::{Place, Record, Report, SnapshotHead};
use keywright_domain::ids::VerifierId;
use keywright_domain::limits;
use keywright_domain::time::Boot;
use keywright_store::node_place::NodePlace;
use keywright_store::snapshot::SnapshotSink;
use keywright_store::{Store, StoreError, Wakeups};
use keywright_verifier::{Ask, Asked, Follower, Loading, Verifier};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::trouble::Trouble;
use crate::cli::Role;
use crate::clocks;

/// A store that has not done something by then is asked again.
const PATIENCE: Duration = Duration::from_secs(15);
/// The answer to a poll that takes longer than the longest lease would extend none.
const POLL_PATIENCE: Duration = Duration::from_millis(limits::LEASE_MS_MAX);
/// A verifier that has nothing new to report still says so in this time, so that it is not taken for gone.
const REPORT_AGAIN_MS: u64 = 1_000;

/// What a node is called in lists: its host and port.
pub(super) fn node_name(address: SocketAddr) -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{host}:{}", address.port())
}

/// The loop's state.
pub(super) struct Follow {
    store: Store,
    follower: Arc<Mutex<Follower>>,
    node: String,
    role: &'static str,
    id: Option<VerifierId>,
    /// A registration whose answer has not been seen yet.
    registering: Option<JoinHandle<Result<VerifierId, StoreError>>>,
    place: NodePlace,
    applied: watch::Sender<Option<(VerifierId, Place)>>,
    reported: Option<(Place, Boot)>,
    following: Trouble,
    reporting: Trouble,
    remembering: Trouble,
}

impl Follow {
    pub(super) fn new(
        store: Store,
        verifier: Arc<Verifier>,
        node: String,
        role: Role,
        place: NodePlace,
        applied: watch::Sender<Option<(VerifierId, Place)>>,
    ) -> Self {
        let role = match role {
            Role::All => "all",
            Role::Hub => "hub",
            Role::Verifier => "verifier",
        };
        let follower = Arc::new(Mutex::new(Follower::new(verifier, place.known())));
        Self {
            store,
            follower,
            node,
            role,
            id: None,
            registering: None,
            place,
            applied,
            reported: None,
            following: Trouble::default(),
            reporting: Trouble::default(),
            remembering: Trouble::default(),
        }
    }

    fn follower(&self) -> std::sync::MutexGuard<'_, Follower> {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows until it is told to stop; then the row goes, so that nobody waits for this verifier.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut wakeups = self.store.wakeups();
        loop {
            let stop = async { stopped.wait_for(|stopped| *stopped).await.map(|_| ()) };
            tokio::select! {
                biased;
                _ = stop => break,
                () = self.step(&mut wakeups) => {}
            }
        }
        let place = self.follower().place();
        if let Some(place) = place {
            self.remember(place, true);
        }
        // Nobody waits for a verifier without a row, so it answers nothing from here on.
        self.follower().leave();
        if let Some(task) = self.registering.take()
            && let Ok(Ok(Ok(id))) = timeout(Duration::from_secs(2), task).await
        {
            self.id = Some(id);
        }
        if let Some(id) = self.id
            && let Ok(Err(error)) = timeout(Duration::from_secs(2), self.store.unregister(id)).await
        {
            tracing::warn!(%error, "this verifier's row stays until it is reaped");
        }
    }

    /// One thing to ask, or one wait.
    async fn step(&mut self, wakeups: &mut Wakeups) {
        let now = clocks::boot();
        let ask = self.follower().next(now);
        match ask {
            Ask::Register { again } => self.register(again).await,
            Ask::Snapshot => self.snapshot().await,
            Ask::Poll(asked) => self.poll(asked).await,
            Ask::Wait { until } => tokio::select! {
                () = tokio::time::sleep(Duration::from_nanos(until.ns_since(now))) => {}
                () = wakeups.next() => self.follower().woken(),
            },
        }
    }

    async fn register(&mut self, again: Option<VerifierId>) {
        if let Some(forgotten) = again {
            tracing::warn!(%forgotten, "the store no longer knows this verifier: it registers again");
        }
        // On its own, so that a server that is stopped meanwhile still learns of its row and removes it.
        let (store, node, role) = (self.store.clone(), self.node.clone(), self.role);
        let task = self.registering.insert(tokio::spawn(async move { store.register(&node, role).await }));
        let registered = timeout(PATIENCE, task).await.map(|joined| joined.unwrap_or(Err(StoreError::Panicked)));
        // A task that has ended is not asked again; one that takes too long is remembered.
        if registered.is_ok() {
            self.registering = None;
        }
        match registered {
            Ok(Ok(id)) => {
                self.id = Some(id);
                self.reported = None;
                self.follower().registered(id);
            }
            other => self.failed("registering", other.map(|r| r.map(|_| ()))),
        }
    }

    async fn snapshot(&mut self) {
        let sink = Sink { follower: Arc::clone(&self.follower), loading: None };
        let loaded = self.store.snapshot(sink).await;
        match loaded.map(|sink| sink.loading) {
            Ok(Some(loading)) => self.follower().loaded(loading),
            Ok(None) => self.follower().failed("the snapshot had no beginning", clocks::boot()),
            Err(error) => self.failed("the snapshot", Ok(Err(error))),
        }
    }

    async fn poll(&mut self, asked: Asked) {
        match timeout(POLL_PATIENCE, self.store.poll(asked.poll())).await {
            Ok(Ok(page)) => {
                self.following.over("following the store");
                self.follower().page(asked, &page, clocks::boot(), clocks::wall());
                if let Some(back) = self.follower().clock_back() {
                    tracing::warn!("the store's clock went back by {} s: what had ended by it alone is valid again", back.us() / 1_000_000);
                }
                self.tell().await;
            }
            other => self.failed("a poll", other.map(|r| r.map(|_| ()))),
        }
    }

    /// Tells whoever waits for a revocation, the file beside the data, and the store how far this verifier is.
    async fn tell(&mut self) {
        let place = self.follower().place();
        let (Some(id), Some(applied)) = (self.id, place) else { return };
        self.applied.send_if_modified(|known| {
            let new = Some((id, applied));
            std::mem::replace(known, new) != new
        });
        self.remember(applied, false);
        let now = clocks::boot();
        let due = self.reported.is_none_or(|(place, at)| place != applied || now >= at.plus_ms(REPORT_AGAIN_MS));
        if !due {
            return;
        }
        match timeout(PATIENCE, self.store.report(&Report { verifier: id, applied })).await {
            Ok(Ok(_)) => {
                self.reported = Some((applied, now));
                self.reporting.over("putting down this verifier's report");
            }
            // A report makes lists and waits prompt; without it they are right as well, after a lease.
            Ok(Err(error)) => self.reporting.stands(&format!("this verifier's report was not put down: {error}")),
            Err(_) => self.reporting.stands("this verifier's report was not put down in time"),
        }
    }

    fn remember(&mut self, place: Place, now: bool) {
        match self.place.remember(place, now) {
            Ok(()) => self.remembering.over("noting how far the store is"),
            Err(error) => self.remembering.stands(&format!("this node could not note how far the store is: {error}")),
        }
    }

    fn failed(&mut self, what: &str, outcome: Result<Result<(), StoreError>, tokio::time::error::Elapsed>) {
        let reason = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("{what}: {error}"),
            Err(_) => format!("{what}: the store has not answered in time"),
        };
        self.following.stands(&reason);
        self.follower().failed(&reason, clocks::boot());
    }
}

/// Fills a replica on the store's thread.
struct Sink {
    follower: Arc<Mutex<Follower>>,
    loading: Option<Loading>,
}

impl SnapshotSink for Sink {
    fn begin(&mut self, head: &SnapshotHead) {
        self.loading = Some(self.follower.lock().unwrap_or_else(PoisonError::into_inner).loading(head));
    }

    fn record(&mut self, record: Record) {
        if let Some(loading) = &mut self.loading {
            loading.add(&record);
        }
    }
}
