//! PostgreSQL: transactions run in parallel up to their last round trip, which takes the position.
//!
//! Everything happens on one thread with a runtime of its own: jobs need not be `Send`, and the verifying threads never wait for SQL.

mod commit;
mod connect;
pub(in crate::engine) mod fault;
mod listen;
mod open;
mod read;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};

use super::{Around, Job, Waker};
use crate::error::StoreError;
use connect::{Connector, Pools};

pub(crate) use open::open;

/// How long a statement waits for a lock.
const LOCK_TIMEOUT_MS: u64 = 5_000;
/// Writes that are on their way may end after the store was closed, within this.
const FINISH: Duration = Duration::from_secs(5);

/// A store in a database.
pub(crate) struct Postgres {
    tasks: Option<mpsc::UnboundedSender<Task>>,
    thread: Option<JoinHandle<()>>,
    connector: Arc<Connector>,
    queue: Arc<AtomicUsize>,
    waker: Waker,
}

enum Task {
    Write(Box<dyn Job>),
    Read(Around, Box<dyn Job>),
}

impl Postgres {
    /// `listens`: whether to hear of commits of other nodes.
    fn start(connector: Connector, listens: bool) -> Result<Self, StoreError> {
        let connector = Arc::new(connector);
        let (tasks, received) = mpsc::unbounded_channel();
        let waker = Waker::new();
        let queue = Arc::new(AtomicUsize::new(0));
        let runtime = runtime()?;
        let thread = {
            let (connector, waker, queue) = (Arc::clone(&connector), waker.clone(), Arc::clone(&queue));
            let run = move || LocalSet::new().block_on(&runtime, serve(connector, received, waker, queue, listens));
            std::thread::Builder::new().name("kw-postgres".into()).spawn(run).map_err(|e| StoreError::Disk { detail: format!("no thread: {e}") })?
        };
        Ok(Self { tasks: Some(tasks), thread: Some(thread), connector, queue, waker })
    }

    pub(crate) fn write(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.queue.fetch_add(1, Ordering::Relaxed);
        self.send(Task::Write(job))
    }

    pub(crate) fn read(&self, around: Around, job: Box<dyn Job>) -> Result<(), StoreError> {
        match around {
            Around::Whole => read::alone(Arc::clone(&self.connector), job),
            Around::Statement | Around::Snapshot | Around::Poll => self.send(Task::Read(around, job)),
        }
    }

    fn send(&self, task: Task) -> Result<(), StoreError> {
        self.tasks.as_ref().ok_or(StoreError::Closed)?.send(task).map_err(|_| StoreError::Closed)
    }

    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    pub(crate) fn queue(&self) -> usize {
        self.queue.load(Ordering::Relaxed)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.tasks = None;
        // The last handle may go away inside a job, on the thread itself.
        if let Some(thread) = self.thread.take().filter(|t| t.thread().id() != std::thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the thread of the store broke off");
        }
    }
}

fn runtime() -> Result<Runtime, StoreError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| StoreError::Disk { detail: format!("no runtime: {e}") })
}

async fn serve(connector: Arc<Connector>, mut tasks: mpsc::UnboundedReceiver<Task>, waker: Waker, queue: Arc<AtomicUsize>, listens: bool) {
    let pools = match Pools::new(&connector) {
        Ok(pools) => Rc::new(pools),
        Err(error) => return tracing::error!(%error, "no connection pool"),
    };
    let listener = listens.then(|| tokio::task::spawn_local(listen::run(connector, waker.clone())));
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            task = tasks.recv() => {
                let Some(task) = task else { break };
                let pools = Rc::clone(&pools);
                match task {
                    Task::Write(job) => {
                        let (waker, queue) = (waker.clone(), Arc::clone(&queue));
                        running.spawn_local(async move {
                            if commit::write(&pools, &queue, job).await {
                                waker.wake();
                            }
                        })
                    }
                    Task::Read(around, job) => running.spawn_local(async move { read::read(&pools, around, job).await }),
                };
            }
            Some(_) = running.join_next() => {}
        }
    }
    if let Some(listener) = listener {
        listener.abort();
    }
    if tokio::time::timeout(FINISH, async { while running.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!("the store was closed while writes were on their way");
    }
}
