//! The loop that puts down, each second, what the verifier has counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keywright_operations::Operations;
use keywright_store::usage::{UsageEntry, segment};
use keywright_verifier::{Use, Verifier};
use tokio::sync::watch;

/// How often usage is put down; a crash loses at most this much.
const EVERY: Duration = Duration::from_secs(1);
/// Entries that are kept while the store is away; what comes beyond is dropped, oldest first.
const KEPT_MAX: usize = 1 << 18;

/// The loop's state.
pub(super) struct Reporter {
    operations: Operations,
    verifier: Arc<Verifier>,
    node: String,
    backlog: Arc<AtomicU64>,
    waiting: Vec<UsageEntry>,
}

impl Reporter {
    pub(super) fn new(operations: Operations, verifier: Arc<Verifier>, node: String, backlog: Arc<AtomicU64>) -> Self {
        Self { operations, verifier, node, backlog, waiting: Vec::new() }
    }

    /// Reports until it is told to stop, and once more then.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let stop = async { stopped.wait_for(|stopped| *stopped).await.map(|_| ()) };
            tokio::select! {
                _ = stop => break,
                _ = tick.tick() => {}
            }
            self.flush().await;
            if let Err(error) = self.operations.usage_fold().await {
                tracing::debug!(%error, "usage waits to be folded");
            }
        }
        self.flush().await;
    }

    async fn flush(&mut self) {
        let report = self.verifier.take_report();
        if report.unattributed > 0 {
            tracing::warn!(verdicts = report.unattributed, "more credentials were used in a second than can be counted one by one");
        }
        for used in report.uses.iter().filter(|u| u.first_use) {
            match self.operations.version_first_used(used.credential, used.version).await {
                Ok(true) => tracing::info!(credential = %used.credential, version = used.version, "a pending version was used and is active now"),
                Ok(false) => {}
                // The verifier goes on accepting the pending version and reports its next use.
                Err(error) => tracing::warn!(credential = %used.credential, %error, "a pending version was used and could not be activated"),
            }
        }
        let new: Vec<UsageEntry> = report.uses.into_iter().map(entry).collect();
        let mut entries = std::mem::take(&mut self.waiting);
        if entries.is_empty() {
            entries = new;
        } else {
            entries = segment::merge(vec![entries, new]);
            entries.drain(..entries.len().saturating_sub(KEPT_MAX));
        }
        if !entries.is_empty()
            && let Err(error) = self.operations.usage_flush(&self.node, &entries).await
        {
            tracing::warn!(%error, entries = entries.len(), "usage waits for the store");
            self.waiting = entries;
        }
        self.backlog.store(self.waiting.len() as u64, Ordering::Relaxed);
    }
}

/// The verifier's and the store's forms of the same.
fn entry(used: Use) -> UsageEntry {
    UsageEntry { credential: used.credential, version: used.version, code: used.code, count: used.count, last: used.last, source: used.source_ip }
}
