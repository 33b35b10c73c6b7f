//! Hearing of commits of all nodes: a connection that listens, and comes back by itself.

use std::sync::Arc;
use std::time::Duration;

use super::connect::{CONNECT, Connector};
use super::fault;
use crate::engine::Waker;

/// A quiet connection is tried this often, so that a dead one is noticed.
const TRY: Duration = Duration::from_secs(5);
const AGAIN_MIN: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(2);

/// Runs until its task is ended.
pub(super) async fn run(connector: Arc<Connector>, waker: Waker) {
    let mut again = AGAIN_MIN;
    loop {
        match listen(&connector, &waker, &mut again).await {
            Ok(()) => {}
            Err(error) => tracing::debug!(error, "wake-ups from PostgreSQL are interrupted; verifiers poll without them"),
        }
        tokio::time::sleep(again).await;
        again = (again * 2).min(AGAIN_MAX);
    }
}

async fn listen(connector: &Connector, waker: &Waker, again: &mut Duration) -> Result<(), String> {
    let text = |e: tokio_postgres::Error| fault::text(&e);
    let ring = waker.clone();
    let connected = tokio::time::timeout(CONNECT, connector.listen(move || ring.wake())).await;
    let (client, carried) = connected.map_err(|_| "no answer".to_owned())?.map_err(text)?;
    // Ends the connection's task with this function, however it ends.
    let _carried = EndWith(carried);
    client.batch_execute("LISTEN keywright").await.map_err(text)?;
    *again = AGAIN_MIN;
    // Something may have been committed while nobody listened.
    waker.wake();
    loop {
        tokio::time::sleep(TRY).await;
        tokio::time::timeout(TRY, client.batch_execute("")).await.map_err(|_| "no answer".to_owned())?.map_err(text)?;
    }
}

struct EndWith(tokio::task::JoinHandle<()>);

impl Drop for EndWith {
    fn drop(&mut self) {
        self.0.abort();
    }
}
