//! Memory of a live credential of each kind that signs, in a server that holds a million of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use super::VALID;
use crate::cores;
use crate::dataset::{DataSet, Shape};
use crate::load::measure;
use crate::materials::Made;
use crate::options::Options;
use crate::process::Server;
use crate::questions::{Requests, post};
use crate::report::{Report, Target};
use crate::signing::{first_verdict, question};

/// Each kind of credential, its name, and the bytes that a live one may take.
const KINDS: [(Made, &str, f64); 4] =
    [(Made::Hmac, "hmac", 400.0), (Made::P256, "P-256", 400.0), (Made::Ed25519, "Ed25519", 400.0), (Made::Rsa2048, "RSA-2048", 800.0)];
/// Signed requests of the load before memory is looked at.
const REQUESTS: usize = 20_000;

/// Runs the part `kinds`.
///
/// # Errors
/// A store cannot be made, or a server or the load broke off.
pub(crate) fn run(runtime: &Runtime, options: &Options, report: &mut Report) -> Result<()> {
    let live: u64 = if options.quick { 20_000 } else { 1_000_000 };
    let mut notes = Vec::new();
    for (made, name, most) in KINDS {
        let data = runtime.block_on(DataSet::copy(Shape { made, ..Shape::of(live, 0) }))?;
        let bytes = resident(options, &data)?;
        report.row(&format!("memory of a live credential, {name}, whole process, after the load"), bytes / live as f64, " B", &Target::AtMost(most));
        notes.push(format!("{name} {:.0}", bytes / 1e6));
    }
    report.note(format!("Resident in MB with {live} live credentials of one kind: {}.", notes.join(", ")));
    Ok(())
}

/// What a server has resident that has loaded all of them and checked signatures of some.
fn resident(options: &Options, data: &DataSet) -> Result<f64> {
    let (core, load_core) = cores::server_and_load()?;
    let signers = data.shape.made.signers(&data.data(), data.shape.live)?;
    let next = AtomicU64::new(1);
    let server = Server::keywright(&data.data(), Some(core))?;
    first_verdict(&server, &data.token, signers.first().context("no signer")?, &next)?;
    // Only the first ones of a few RSA keys can sign at all, so they sign again and again.
    let mut requests = Vec::with_capacity(REQUESTS);
    for signer in signers.iter().cycle().take(REQUESTS) {
        requests.push(post(server.address, "/verify", &data.token, &question(signer, next.fetch_add(1, Relaxed))?).into_bytes());
    }
    let requests = Arc::new(Requests::Once { requests, next: AtomicU64::new(0) });
    let mut short = options.clone();
    short.warm_up = std::time::Duration::ZERO;
    measure(&server, load_core, &requests, VALID, &short)?;
    server.resident_bytes()
}
