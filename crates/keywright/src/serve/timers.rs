//! The loop of housekeeping.

use std::time::Duration;

use keywright_operations::Operations;
use keywright_operations::scheduled::Round;
use tokio::sync::watch;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(10);

/// Keeps house until it is told to stop.
pub(super) async fn run(operations: Operations, mut stopped: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let stop = async { stopped.wait_for(|stopped| *stopped).await.map(|_| ()) };
        tokio::select! {
            _ = stop => return,
            _ = tick.tick() => {}
        }
        match operations.housekeeping().await {
            Ok(round) if round == Round::default() => {}
            Ok(Round { credentials, versions, verifiers, log_entries }) => {
                tracing::info!(credentials, versions, verifiers, log_entries, "forgot what ended long ago")
            }
            Err(error) => tracing::warn!(%error, "housekeeping waits"),
        }
    }
}
