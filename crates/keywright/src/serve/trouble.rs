//! Something that does not work, and is tried again and again: said when it begins, once a minute, and when it is over.

use std::time::{Duration, Instant};

/// A trouble that stands is said again after this.
const AGAIN: Duration = Duration::from_secs(60);

/// One thing that may not work.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// When it began, and when it was said last.
    standing: Option<(Instant, Instant)>,
}

impl Trouble {
    /// It did not work, for this reason.
    pub(super) fn stands(&mut self, reason: &str) {
        let now = Instant::now();
        match &mut self.standing {
            Some((_, said)) if now.duration_since(*said) < AGAIN => tracing::debug!("{reason}"),
            Some((_, said)) => {
                *said = now;
                tracing::warn!("still: {reason}");
            }
            None => {
                self.standing = Some((now, now));
                tracing::warn!("{reason}");
            }
        }
    }

    /// It worked.
    pub(super) fn over(&mut self, what: &str) {
        if let Some((began, _)) = self.standing.take() {
            tracing::info!(after_s = began.elapsed().as_secs(), "{what} works again");
        }
    }
}
