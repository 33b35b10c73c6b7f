//! Telling followers of the change log that there is something new.

use tokio::sync::watch;

/// The end that rings.
#[derive(Clone)]
pub(crate) struct Waker(watch::Sender<()>);

/// The end that hears. Rings that come while nobody listens are heard once.
#[derive(Debug, Clone)]
pub struct Wakeups(watch::Receiver<()>);

impl Waker {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub(crate) fn wake(&self) {
        self.0.send_replace(());
    }

    pub(crate) fn wakeups(&self) -> Wakeups {
        Wakeups(self.0.subscribe())
    }
}

impl Wakeups {
    /// Waits until something was committed since the last time, here or elsewhere. A wake-up is a hint: there may be nothing new,
    /// and while the database is away there are none.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // The store is closed; there is nothing to wake for.
            std::future::pending::<()>().await;
        }
    }
}
