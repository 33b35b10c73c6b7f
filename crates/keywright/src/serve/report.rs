//! The loop that puts down, each second, what the verifier has counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keywright_operations::Operations;
use keywright_store::usage::{UsageEntry, segment};
use keywright_verifier::{Use, Verifier};
use tokio::sync::watch;

use super::trouble::Trouble;

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
    flushing: Trouble,
}

impl Reporter {
    pub(super) fn new(operations: Operations, verifier: Arc<Verifier>, node: String, backlog: Arc<AtomicU64>) -> Self {
        Self { operations, verifier, node, backlog, waiting: Vec::new(), flushing: Trouble::default() }
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
        }
        self.flush().await;
    }

    async fn flush(&mut self) {
        let report = self.verifier.take_report();
        if report.unattributed > 0 {
            tracing::warn!(verdicts = report.unattributed, "more credentials were used in a second than can be counted one by one");
        }
        let first: Vec<UsageEntry> = report.uses.iter().filter(|u| u.first_use).map(entry).collect();
        let mut entries: Vec<UsageEntry> = Vec::with_capacity(report.uses.len());
        entries.extend(report.uses.iter().filter(|u| !u.first_use).map(entry));
        drop(report);
        if !self.waiting.is_empty() {
            entries = newest(segment::merge(vec![std::mem::take(&mut self.waiting), entries]), KEPT_MAX);
        }
        if first.is_empty() && entries.is_empty() {
            return self.backlog.store(0, Ordering::Relaxed);
        }
        match self.operations.usage_flush(&self.node, &first, &entries).await {
            Ok(()) => self.flushing.over("putting down usage"),
            Err(error) => {
                self.flushing.stands(&format!("usage waits for the store: {error}"));
                // The verifier goes on accepting a pending version, and reports its next use as the first again.
                self.waiting = segment::merge(vec![first, entries]);
            }
        }
        self.backlog.store(self.waiting.len() as u64, Ordering::Relaxed);
    }
}

/// The entries that were used last, at most `kept`, in the order that segments have.
fn newest(mut entries: Vec<UsageEntry>, kept: usize) -> Vec<UsageEntry> {
    let beyond = entries.len().saturating_sub(kept);
    if beyond == 0 {
        return entries;
    }
    entries.select_nth_unstable_by_key(beyond - 1, |entry| entry.last);
    entries.drain(..beyond);
    segment::merge(vec![entries])
}

/// The verifier's and the store's forms of the same.
fn entry(used: &Use) -> UsageEntry {
    UsageEntry { credential: used.credential, version: used.version, code: used.code, count: used.count, last: used.last, source: used.source_ip }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keywright_domain::ids::CredentialId;
    use keywright_domain::time::Timestamp;
    use keywright_domain::verdict::Code;

    #[test]
    fn what_was_used_longest_ago_is_dropped_first() {
        let used = |id: u128, last: i64| UsageEntry {
            credential: CredentialId::from_bits(id),
            version: 1,
            code: Code::Valid,
            count: 1,
            last: Timestamp::from_us(last),
            source: None,
        };
        let entries = vec![used(1, 40), used(2, 10), used(3, 30), used(4, 20)];
        assert_eq!(newest(entries.clone(), 2), [used(1, 40), used(3, 30)]);
        assert_eq!(newest(entries.clone(), 0), []);
        assert_eq!(newest(entries.clone(), 4), entries);
    }
}
