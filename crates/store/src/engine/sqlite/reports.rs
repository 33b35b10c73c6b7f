//! Reports of verifiers. They are worthless after a crash, so they do not wait for the disk (`synchronous=NORMAL`), and they have a
//! connection of their own, so that a revoker in another process sees them without waiting for the writer's queue.

use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use keywright_domain::change::Report;

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

fn write(connection: &Connection, report: &Report) -> Result<bool, StoreError> {
    let position = report.applied.position.0.cast_signed();
    let values = (report.verifier.to_string(), report.applied.epoch.0.to_be_bytes(), position, now().us());
    let mut statement = connection.prepare_cached("UPDATE verifier SET epoch = ?2, applied_position = ?3, reported_us = ?4 WHERE id = ?1")?;
    Ok(patiently(|| statement.execute(values.clone()))? > 0)
}
