//! Whose request is explained when: a processor is taken for as long as it lasts, so few are at a time, and of one organisation one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use keywright_domain::ids::OrganisationId;
use keywright_domain::limits;
use keywright_store::StoreError;
use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};

type Line = tokio::sync::Mutex<()>;

static PLACES: Semaphore = Semaphore::const_new(limits::EXPLAINING_MAX);
/// Organisations that somebody explains or waits for.
static LINES: Mutex<BTreeMap<OrganisationId, Weak<Line>>> = Mutex::new(BTreeMap::new());

/// Whoever holds it may take a processor.
pub(super) struct Turn {
    // In the order in which they are given back.
    _place: SemaphorePermit<'static>,
    _organisation: OwnedMutexGuard<()>,
}

/// Waits for the turn. Whoever waits for others of the same organisation keeps no place from other organisations.
///
/// # Errors
/// [`StoreError::Busy`] where too many of the organisation wait already, or after [`limits::EXPLAINING_WAIT_MS`].
pub(super) async fn turn(organisation: OrganisationId) -> Result<Turn, StoreError> {
    let busy = |waited_ms| StoreError::Busy { waited_ms, detail: "other requests are being explained".to_owned() };
    let line = line(organisation).ok_or_else(|| busy(0))?;
    let wait = async { Some(Turn { _organisation: line.lock_owned().await, _place: PLACES.acquire().await.ok()? }) };
    let turn = tokio::time::timeout(Duration::from_millis(limits::EXPLAINING_WAIT_MS), wait).await;
    turn.ok().flatten().ok_or_else(|| busy(limits::EXPLAINING_WAIT_MS))
}

/// The line of an organisation; none where it is full.
fn line(organisation: OrganisationId) -> Option<Arc<Line>> {
    // Nothing panics between two changes that belong together.
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.retain(|_, line| line.strong_count() > 0);
    match lines.get(&organisation).and_then(Weak::upgrade) {
        // This one counts too.
        Some(line) => (Arc::strong_count(&line) <= limits::EXPLAINING_PER_ORGANISATION_MAX).then_some(line),
        None => {
            let line = Arc::default();
            lines.insert(organisation, Arc::downgrade(&line));
            Some(line)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_of_one_organisation_holds_up_no_other() {
        let (flooding, other) = (OrganisationId::from_bits(1), OrganisationId::from_bits(2));
        let first = turn(flooding).await.unwrap();
        let flood: Vec<_> = (0..40).map(|_| tokio::spawn(async move { turn(flooding).await.map(drop) })).collect();
        tokio::task::yield_now().await;
        let refused = flood.iter().filter(|call| call.is_finished()).count();
        assert_eq!(refused, 41 - limits::EXPLAINING_PER_ORGANISATION_MAX, "too many need not wait to hear it, and of the others one at a time");
        let theirs = tokio::time::timeout(Duration::from_secs(1), turn(other)).await.unwrap().unwrap();
        drop((first, theirs));
        for call in flood {
            let _ = call.await.unwrap();
        }
        assert!(turn(flooding).await.is_ok(), "and the flood does not last");
        drop(turn(other).await);
        assert!(line(OrganisationId::from_bits(3)).is_some() && LINES.lock().unwrap().len() == 1, "nobody is remembered");
    }
}
