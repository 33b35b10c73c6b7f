//! The loop of housekeeping.

use std::time::Duration;

use keywright_operations::Operations;
use keywright_operations::scheduled::Round;
use keywright_operations::scheduled::trust::{News, Trust};
use tokio::sync::watch;

use super::trouble::Trouble;

/// How often it looks what was used, and which catalogue applies.
const EVERY: Duration = Duration::from_secs(1);
/// Rounds from one forgetting to the next.
const FORGET_EVERY: u32 = 10;

/// Keeps house until it is told to stop.
pub(super) async fn run(operations: Operations, mut stopped: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut activating, mut forgetting, mut signing) = (Trouble::default(), Trouble::default(), Trouble::default());
    let mut trust = Trust::default();
    for round in 0u32.. {
        let stop = async { stopped.wait_for(|stopped| *stopped).await.map(|_| ()) };
        tokio::select! {
            _ = stop => return,
            _ = tick.tick() => {}
        }
        used(&operations, &mut activating).await;
        if let Err(error) = operations.catalogue_look().await {
            tracing::debug!(%error, "pages go on with the catalogue that was known");
        }
        match operations.signing_keys_keep().await {
            Ok(true) => signing.over("keeping the keys that sign access tokens"),
            Ok(false) => signing.stands("keys that sign access tokens wait until this node's verifier knows them"),
            Err(error) => signing.stands(&format!("keys that sign access tokens wait to be made or read: {error}")),
        }
        // The second look is soon after the first: only two tell whether the clock goes as it should.
        if round == 1 || round % FORGET_EVERY == 0 {
            forget(&operations, &mut trust, &mut forgetting).await;
        }
    }
}

async fn used(operations: &Operations, activating: &mut Trouble) {
    match operations.versions_activate().await {
        Ok(versions) => {
            activating.over("activating versions that were used");
            if versions > 0 {
                tracing::info!(versions, "pending versions were used and are active now");
            }
        }
        Err(error) => activating.stands(&format!("pending versions that were used wait to be activated: {error}")),
    }
    if let Err(error) = operations.usage_fold().await {
        tracing::debug!(%error, "usage waits to be folded");
    }
}

async fn forget(operations: &Operations, trust: &mut Trust, forgetting: &mut Trouble) {
    let kept = operations.housekeeping(trust).await;
    match trust.news() {
        Some(News::Distrusted(doubt)) => tracing::error!("{doubt}"),
        Some(News::TrustedAgain) => tracing::info!("the store's clock is trusted again"),
        None => {}
    }
    match kept {
        Ok(round) => {
            forgetting.over("housekeeping");
            let Round { credentials, versions, verifiers, log_entries } = round;
            if round != Round::default() {
                tracing::info!(credentials, versions, verifiers, log_entries, "forgot what ended long ago");
            }
        }
        Err(error) => forgetting.stands(&format!("housekeeping waits: {error}")),
    }
}
