//! Reading on PostgreSQL.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Object};
use futures_util::FutureExt;
use tokio::task::LocalSet;

use keywright_domain::change::Place;

use super::connect::{Connector, Pools};
use super::fault;
use crate::engine::{Around, End, Job, Tx};
use crate::error::StoreError;

/// A poll that takes longer than this is worth nothing: its lease would be over.
const POLL: Duration = Duration::from_secs(5);
/// Any other read.
const READ: Duration = Duration::from_secs(20);

/// Runs a reading job; once more where a connection turns out to be dead.
pub(super) async fn read(pools: &Pools, around: Around, mut job: Box<dyn Job>) {
    let (pool, limit) = if around == Around::Poll { (&pools.polls, POLL) } else { (&pools.readers, READ) };
    let mut retried = false;
    loop {
        let client = match pools.get(pool).await {
            Ok(client) => client,
            Err(error) => return job.end(End::Failed(error)),
        };
        let at = pools.connector.at.as_str();
        let (end, again, clean) = match tokio::time::timeout(limit, run(&client, at, around, job.as_mut())).await {
            Ok(ran) => ran,
            Err(_) => {
                let detail = format!("no answer within {} s", limit.as_secs());
                (End::Failed(StoreError::Away { at: at.to_owned(), detail }), false, false)
            }
        };
        if !clean {
            drop(Object::take(client));
        }
        if again && !retried {
            retried = true;
            continue;
        }
        return job.end(end);
    }
}

/// The end, whether another try may go better, and whether the connection can be used again.
async fn run(client: &ClientWrapper, at: &str, around: Around, job: &mut dyn Job) -> (End, bool, bool) {
    let begin = match around {
        Around::Statement => None,
        Around::Snapshot | Around::Whole => Some("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        Around::Poll => Some("BEGIN ISOLATION LEVEL REPEATABLE READ"),
    };
    if let Some(begin) = begin
        && let Err(error) = client.batch_execute(begin).await
    {
        return (End::Failed(fault::store_error(&error, at)), fault::is_transient(&error), false);
    }
    let mut tx = Tx::postgres(client, at);
    let ran = AssertUnwindSafe(job.attempt(&mut tx)).catch_unwind().await;
    let (failed, again) = (tx.failed().cloned(), tx.again());
    match (ran, failed) {
        // A poll counts only once its COMMIT was acknowledged: that is what a standby cannot do.
        (Ok(Ok(_)), None) if begin.is_some() => match client.batch_execute("COMMIT").await {
            Ok(()) => (End::Committed(Place::default()), false, true),
            Err(error) => (End::Failed(fault::store_error(&error, at)), fault::is_transient(&error), false),
        },
        (Ok(Ok(_)), None) => (End::Committed(Place::default()), false, true),
        (Ok(Ok(_)), Some(error)) => (End::Failed(error), again, false),
        (Ok(Err(_)), failed) => (End::Refused, again, failed.is_none() && begin.is_none()),
        (Err(_), _) => (End::Failed(StoreError::Panicked), false, false),
    }
}

/// Runs a job that takes long on a thread and a connection of its own.
pub(super) fn alone(connector: Arc<Connector>, mut job: Box<dyn Job>) -> Result<(), StoreError> {
    let runtime = super::runtime()?;
    let work = move || {
        let whole = async {
            match connector.connect_long().await {
                Ok(client) => run(&client, &connector.at, Around::Whole, job.as_mut()).await.0,
                Err(error) => End::Failed(error),
            }
        };
        let end = LocalSet::new().block_on(&runtime, whole);
        job.end(end);
    };
    std::thread::Builder::new().name("kw-snapshot".into()).spawn(work).map(|_| ()).map_err(|e| StoreError::Disk { detail: format!("no thread: {e}") })
}
