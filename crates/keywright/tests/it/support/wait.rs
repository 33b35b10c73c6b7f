//! Waiting for something to come about, with a deadline and without hoping.

use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Asks until the answer is yes.
pub(crate) async fn wait_until(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    wait_for(what, async || ask().await.then_some(())).await;
}

/// Asks until there is an answer, and gives it.
pub(crate) async fn wait_for<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {DEADLINE:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
