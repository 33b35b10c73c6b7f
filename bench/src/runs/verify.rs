//! `/verify` and its batch: processor time of a request against bare axum, and memory.

use std::sync::Arc;

use anyhow::Result;

use super::{VALID, first_verdict};
use crate::cores;
use crate::dataset::{DataSet, Shape};
use crate::keys::{key, mistyped, mixed};
use crate::load::{Cost, measure};
use crate::options::Options;
use crate::process::Server;
use crate::questions::{Requests, batches, body_bytes, single};
use crate::report::{Report, Target, median};

/// Different keys that are asked about.
const DRAWN: u64 = 100_000;
/// Questions of a batch.
const BATCH: usize = 1_000;

/// A server under one kind of load.
struct Lane<'a> {
    name: &'static str,
    server: &'a Server,
    requests: Arc<Requests>,
    expected: &'static str,
    costs: Vec<Cost>,
}

impl Lane<'_> {
    fn us(&self) -> f64 {
        median(&self.costs.iter().map(|c| c.us).collect::<Vec<_>>())
    }
}

/// Runs the parts `verify`, `batch` and `memory`.
///
/// # Errors
/// A server or the load broke off.
pub(crate) fn run(options: &Options, large: &DataSet, small: &DataSet, report: &mut Report) -> Result<()> {
    let (core, load_core) = cores::server_and_load()?;
    let large_server = Server::keywright(&large.data(), Some(core))?;
    let answer = first_verdict(&large_server, large)?;
    let small_server = Server::keywright(&small.data(), Some(core))?;
    first_verdict(&small_server, small)?;
    let bare = Server::bare(&answer, core)?;
    eprintln!("verify: {} B in, {} B out, {} keys of {}", body_bytes(), answer.len(), DRAWN.min(large.shape.live), large.shape.live);

    let shape = large.shape;
    let lane = |name, server, requests, expected| Lane { name, server, requests: Arc::new(requests), expected, costs: Vec::new() };
    let to = |server: &Server, data: &DataSet, keys: &mut dyn Iterator<Item = String>| single(server.address, &data.token, keys);
    let mut lanes = Vec::new();
    let wants_verify = options.wants("verify");
    let valid = to(&large_server, large, &mut drawn(shape));
    lanes.push(lane("valid", &large_server, valid, VALID));
    if wants_verify {
        let sent_to_bare = to(&bare, large, &mut drawn(shape));
        lanes.push(lane("bare", &bare, sent_to_bare, VALID));
        lanes.push(lane("small", &small_server, to(&small_server, small, &mut (0..small.shape.live).map(key)), VALID));
        let unknown = to(&large_server, large, &mut drawn(shape).enumerate().map(|(n, _)| key((1 << 40) + n as u64)));
        lanes.push(lane("unknown", &large_server, unknown, r#"{"valid":false,"code":"unknown","#));
        let revoked = to(&large_server, large, &mut (shape.live..shape.live + shape.revoked).map(key));
        lanes.push(lane("revoked", &large_server, revoked, r#"{"valid":false,"code":"revoked","#));
        let malformed = to(&large_server, large, &mut (0..DRAWN.min(shape.live)).map(mistyped));
        lanes.push(lane("malformed", &large_server, malformed, r#"{"valid":false,"code":"malformed","#));
    }
    turns(options, load_core, &mut lanes)?;
    if options.wants("memory") {
        memory(&large_server, shape, core, report)?;
    }
    if options.wants("batch") {
        let keys: Vec<String> = drawn(shape).collect();
        let requests = batches(large_server.address, &large.token, &keys, BATCH);
        let mut batch = [lane("batch", &large_server, requests, r#"{"position":"#)];
        turns(options, load_core, &mut batch)?;
        lanes.extend(batch);
    }
    let us = |name: &str| lanes.iter().find(|l| l.name == name).map_or(f64::NAN, Lane::us);
    if wants_verify {
        report.row("`POST /verify`, valid key of 1 M, against bare axum", us("valid") / us("bare"), " ×", &Target::AtMost(1.20));
        report.row("the same with 1 k keys, against bare axum", us("small") / us("bare"), " ×", &Target::AtMost(1.20));
        report.row("1 M keys against 1 k", us("valid") / us("small"), " ×", &Target::AtMost(1.10));
        for code in ["unknown", "revoked", "malformed"] {
            // "No more than": the same within what two turns of one thing differ by.
            report.row(&format!("{code} key against a valid one"), us(code) / us("valid"), " ×", &Target::AtMost(1.02));
        }
        let figures: Vec<String> = lanes.iter().filter(|l| l.name != "batch").map(|l| format!("{} {:.2}", l.name, l.us())).collect();
        report.note(format!(
            "Processor time of a request in µs (medians of {} turns of {:.1} s): {}.",
            options.rounds,
            options.turn.as_secs_f64(),
            figures.join(", ")
        ));
        report.note(format!(
            "A request's body has {} B, the answer's {} B; {} different keys are asked about, and all of 1 k. Logging is at `warn`; a verdict writes no line at any level.",
            body_bytes(),
            answer.len(),
            DRAWN.min(shape.live)
        ));
    }
    if options.wants("batch") {
        let each = us("batch") / BATCH as f64;
        report.row("a question in a batch of 1,000 against one alone", each / us("valid"), " ×", &Target::AtMost(0.25));
    }
    Ok(())
}

/// Every lane in turn, as often as there are rounds.
fn turns(options: &Options, load_core: usize, lanes: &mut [Lane<'_>]) -> Result<()> {
    for round in 0..options.rounds {
        for lane in &mut *lanes {
            let cost = measure(lane.server, load_core, &lane.requests, lane.expected, options)?;
            eprintln!("  round {}: {:<9} {:8.2} µs a request, {:7.0} requests a second", round + 1, lane.name, cost.us, cost.per_s);
            lane.costs.push(cost);
        }
    }
    Ok(())
}

/// Memory of the server that all this was asked of.
fn memory(server: &Server, shape: Shape, core: usize, report: &mut Report) -> Result<()> {
    let whole = server.resident_bytes()?;
    let directory = tempfile::tempdir()?;
    let empty = Server::keywright(&directory.path().join("data"), Some(core))?;
    empty.listens()?;
    std::thread::sleep(std::time::Duration::from_secs(1));
    let nothing = empty.resident_bytes()?;
    report.row("memory of a live key, whole process, after the load", whole / shape.live as f64, " B", &Target::AtMost(250.0));
    report.note(format!(
        "Resident: {:.0} MB with {} live and {} revoked keys, {:.0} MB with none; so {:.0} B a key beyond an empty server.",
        whole / 1e6,
        shape.live,
        shape.revoked,
        nothing / 1e6,
        (whole - nothing) / (shape.live + shape.revoked) as f64
    ));
    Ok(())
}

/// Keys of live credentials, spread over all of them.
fn drawn(shape: Shape) -> impl Iterator<Item = String> {
    let step = (shape.live / DRAWN).max(1);
    (0..DRAWN.min(shape.live)).map(move |n| key((n * step + mixed(n) % step) % shape.live))
}
