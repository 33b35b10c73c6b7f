//! What applying changes costs: `/verify` while another process changes 500 credentials a second, against `/verify` in peace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use keywright::clocks;
use keywright_operations::credentials::{Changes, Set};
use keywright_operations::{Keys, Operations};
use keywright_store::{Location, OpenOptions, Purpose, Store};

use super::{VALID, first_verdict};
use crate::cores;
use crate::dataset::{DataSet, credential, machine};
use crate::keys::{key, mixed};
use crate::load::measure;
use crate::options::Options;
use crate::process::Server;
use crate::questions::single;
use crate::report::{Report, Target, median};

/// Changes in a second.
const PER_S: u64 = 500;
/// Tasks that make them.
const TASKS: u64 = 10;

/// Runs the part `changes`.
///
/// # Errors
/// A server, the load or the writer broke off.
pub(crate) fn run(options: &Options, data: &DataSet, report: &mut Report) -> Result<()> {
    let (core, load_core) = cores::server_and_load()?;
    let server = Server::keywright(&data.data(), Some(core))?;
    first_verdict(&server, data)?;
    let drawn = 100_000.min(data.shape.live);
    let step = (data.shape.live / drawn).max(1);
    let requests = Arc::new(single(server.address, &data.token, (0..drawn).map(|n| key(n * step))));
    let (mut quiet, mut busy, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        quiet.push(measure(&server, load_core, &requests, VALID, options)?.us);
        let writer = Writer::start(data, load_core);
        let cost = measure(&server, load_core, &requests, VALID, options);
        rates.push(writer.stop()?);
        busy.push(cost?.us);
        eprintln!(
            "  quiet {:.2} µs, while changes are applied {:.2} µs, {:.0} changes a second",
            quiet[quiet.len() - 1],
            busy[busy.len() - 1],
            rates[rates.len() - 1]
        );
    }
    let rate = median(&rates);
    if rate < PER_S as f64 * 0.9 {
        report.note(format!("The writer came to {rate:.0} changes a second only, of {PER_S} that were wanted."));
    }
    report.row("`/verify` while 500 changes a second are applied, against quiet", median(&busy) / median(&quiet), " ×", &Target::AtMost(1.15));
    report.note(format!("Another process changed {rate:.0} credentials a second, through the operation, one commit each."));
    Ok(())
}

/// Changes credentials as a command does that runs beside the server: through the operation, in a store opened for commands.
struct Writer {
    thread: std::thread::JoinHandle<Result<f64>>,
    stop: Arc<AtomicBool>,
}

impl Writer {
    fn start(data: &DataSet, core: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, directory, live) = (Arc::clone(&stop), data.data(), data.shape.live);
        let thread = std::thread::spawn(move || {
            cores::pin(core)?;
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async move {
                let store = Store::open(OpenOptions::new(Location::Directory(directory), Purpose::Command)).await?;
                let keys = Keys::without_master(&store).await?;
                let operations = Operations::new(store, clocks::real(), Arc::new(keys), None);
                let (began, made) = (Instant::now(), Arc::new(AtomicU64::new(0)));
                let mut tasks = tokio::task::JoinSet::new();
                for task in 0..TASKS {
                    tasks.spawn(change(operations.clone(), task, live, Arc::clone(&stopped), Arc::clone(&made)));
                }
                while let Some(task) = tasks.join_next().await {
                    task??;
                }
                Ok(made.load(Relaxed) as f64 / began.elapsed().as_secs_f64())
            })
        });
        Self { thread, stop }
    }

    fn stop(self) -> Result<f64> {
        self.stop.store(true, Relaxed);
        match self.thread.join() {
            Ok(ended) => ended,
            Err(_) => bail!("the writer panicked"),
        }
    }
}

async fn change(operations: Operations, task: u64, live: u64, stop: Arc<AtomicBool>, made: Arc<AtomicU64>) -> Result<()> {
    let mut tick = tokio::time::interval(Duration::from_secs(1) * u32::try_from(TASKS)? / u32::try_from(PER_S)?);
    let mut n = task << 40;
    while !stop.load(Relaxed) {
        tick.tick().await;
        n += 1;
        // A rate limit that nobody reaches: the replica has to take it up, and verdicts stay as they were.
        let limit = format!("{}/1s", 1_000_000 + n % 7);
        let changes = Changes { rate_limit: Set::To(limit), ..Changes::default() };
        operations.credential_change(&machine(), credential(mixed(n) % live), changes).await?;
        made.fetch_add(1, Relaxed);
    }
    Ok(())
}
