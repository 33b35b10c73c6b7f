//! Waiting for something to come about, with a deadline and without hoping.

use std::time::{Duration, Instant};

use keywright_domain::time::Timestamp;

/// Longer than anything here takes on a busy machine, and than a mail waits to be tried again.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

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

/// A time that a story waits for, as it is typed: far enough for a command that sets it to have started on a busy machine.
pub(crate) fn soon() -> String {
    time_in(4)
}

/// A time so many seconds from now, as it is typed.
pub(crate) fn time_in(s: i64) -> String {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_us(i64::try_from(since_1970.as_micros()).unwrap() + s * 1_000_000).to_string()
}
