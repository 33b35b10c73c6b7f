//! Reports of verifiers. They are worthless after a crash, so they do not wait for the disk (`synchronous=NORMAL`), and they have a
//! connection of their own, so that a revoker in another process sees them without waiting for the writer's queue.

use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use keywright_domain::change::{Place, Report};

use super::{Access, connect, patiently, thread};
use crate::engine::now;
use crate::error::StoreError;

type Message = (Report, oneshot::Sender<Result<bool, StoreError>>);

pub(super) struct Reports(mpsc::Sender<Message>);

impl Reports {
    pub(super) fn start(path: &Path) -> Result<(Self, JoinHandle<()>), StoreError> {
        let connection = connect(path, Access::Report)?;
        let (sender, receiver) = mpsc::channel::<Message>();
        let handle = thread("reports", move || {
            for (report, answer) in receiver {
                let _ = answer.send(write(&connection, &report));
            }
        })?;
        Ok((Self(sender), handle))
    }

    pub(super) async fn write(&self, report: Report) -> Result<bool, StoreError> {
        let (answer, received) = oneshot::channel();
        self.0.send((report, answer)).map_err(|_| StoreError::Closed)?;
        received.await.map_err(|_| StoreError::Closed)?
    }
}

/// A place that is not in this store's log is put down as 0: a node that followed another branch of the past has not seen what this one
/// holds, however far it is.
fn write(connection: &Connection, report: &Report) -> Result<bool, StoreError> {
    let Place { epoch, position, tag } = report.applied;
    let values = (report.verifier.to_string(), epoch.0.to_be_bytes(), position.0.cast_signed(), tag.0.to_be_bytes(), now().us());
    let mut statement = connection.prepare_cached(
        "UPDATE verifier SET epoch = ?2, reported_us = ?5, \
         applied_position = CASE WHEN EXISTS (SELECT 1 FROM change_log l WHERE l.position = ?3 AND l.tag = ?4) THEN ?3 ELSE 0 END WHERE id = ?1",
    )?;
    Ok(patiently(|| statement.execute(values.clone()))? > 0)
}
