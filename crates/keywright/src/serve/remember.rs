//! What a node without a verifier does so that it, too, notices at its next start that the store went back.

use std::time::Duration;

use keywright_domain::change::Position;
use keywright_store::Store;
use keywright_store::node_place::{NodePlace, RewindError};
use tokio::sync::watch;

use super::trouble::Trouble;

/// How often it looks how far the store is.
const EVERY: Duration = Duration::from_secs(1);

/// Notes how far the store is until it is told to stop, and once more then.
pub(super) async fn run(store: Store, mut place: NodePlace, mut stopped: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut trouble = Trouble::default();
    loop {
        let stop = async { stopped.wait_for(|stopped| *stopped).await.map(|_| ()) };
        let last = tokio::select! {
            _ = stop => true,
            _ = tick.tick() => false,
        };
        match note(&store, &mut place, last).await {
            Ok(()) => trouble.over("noting how far the store is"),
            Err(error) => trouble.stands(&format!("this node does not note how far the store is: {error}")),
        }
        if last {
            return;
        }
    }
}

/// A store that went back is not noted: then the next start could not tell.
async fn note(store: &Store, place: &mut NodePlace, last: bool) -> Result<(), RewindError> {
    place.check(store).await?;
    let (head, _) = store.place(Position(0)).await?;
    place.remember(head, last)
}
