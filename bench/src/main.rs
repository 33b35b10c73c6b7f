//! The benchmark: Keywright beside bare axum, a bare scan and raw commits, in one run, as ratios.
//!
//! `cargo xtask bench` builds and runs it; docs/benchmarks.md says what it measures and what came out.
#![allow(clippy::print_stdout, clippy::print_stderr)] // This program talks to the person who started it.

mod bare;
mod clients;
mod cores;
mod dataset;
mod keys;
mod load;
mod materials;
mod nonces;
mod options;
mod postgres;
mod process;
mod questions;
mod report;
mod runs;
mod signing;

use std::process::ExitCode;

use anyhow::Result;

use dataset::{DataSet, Shape};
use options::Options;
use report::Report;

/// As in the product, so that the bare server gains from it what the product does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let role = arguments.peek().cloned().unwrap_or_default();
    let done = match role.as_str() {
        bare::BARE => bare::serve(arguments.skip(1)).map(|()| true),
        cores::ON_CORE => cores::become_program(arguments.skip(1)).map(|()| true),
        nonces::REMEMBER => nonces::remember(arguments.skip(1)).map(|()| true),
        _ => run(arguments),
    };
    match done {
        // A miss is a result, not a failure: only what could not be measured is one.
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was asked for and prints the table; false when a target was missed.
fn run(arguments: impl Iterator<Item = String>) -> Result<bool> {
    let Some(options) = Options::read(arguments)? else {
        println!("{}", options::USAGE);
        return Ok(true);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (busy_before, mut report) = (report::busy(), Report::default());
    let began = std::time::Instant::now();
    let large = if options.quick { Shape::of(20_000, 2_000) } else { Shape::of(1_000_000, 100_000) };
    if ["verify", "batch", "memory"].iter().any(|part| options.wants(part)) {
        let large = runtime.block_on(DataSet::copy(large))?;
        let small = runtime.block_on(DataSet::copy(Shape::of(1_000, 1)))?;
        runs::verify::run(&options, &large, &small, &mut report)?;
    }
    if options.wants("start-up") {
        eprintln!("start-up");
        runs::start_up::run(&options, &runtime.block_on(DataSet::copy(large))?, &mut report)?;
    }
    if options.wants("changes") {
        eprintln!("changes");
        runs::changes::run(&options, &runtime.block_on(DataSet::copy(large))?, &mut report)?;
    }
    if options.wants("revocations") {
        eprintln!("revocations");
        let (count, keys) = if options.quick { (500, 1_000) } else { (10_000, 10_000) };
        let data = runtime.block_on(DataSet::copy(Shape::of(keys, 1)))?;
        runtime.block_on(runs::revocations::run(count, &data, &mut report))?;
    }
    if options.wants("creations") {
        eprintln!("creations");
        let young = Shape::young(if options.quick { 10_000 } else { 100_000 });
        let (young, large) = (runtime.block_on(DataSet::copy(young))?, runtime.block_on(DataSet::copy(large))?);
        runtime.block_on(runs::creations::run(&options, &young, large, &mut report))?;
    }
    if options.wants("pages") {
        eprintln!("pages");
        runs::pages::run(&runtime, &options, &mut report)?;
    }
    if options.wants("signed") {
        eprintln!("signed");
        runs::signed::run(&runtime, &options, &mut report)?;
    }
    if options.wants("tokens") {
        eprintln!("tokens");
        runs::tokens::run(&runtime, &options, &mut report)?;
    }
    if options.wants("oauth") {
        eprintln!("oauth");
        runs::oauth::run(&runtime, &options, &mut report)?;
    }
    if options.wants("nonces") {
        eprintln!("nonces");
        runs::nonces::run(&options, &mut report)?;
    }
    if options.wants("key-making") {
        eprintln!("key-making");
        runs::key_making::run(&runtime, &options, &mut report)?;
    }
    if options.wants("kinds") {
        eprintln!("kinds");
        runs::kinds::run(&runtime, &options, &mut report)?;
    }
    report.note(format!(
        "{}; load of the machine before {busy_before:.1}, after {:.1}; {:.0} s in all.{}",
        report::machine(),
        report::busy(),
        began.elapsed().as_secs_f64(),
        if options.quick { " A quick run: its figures say only that everything works." } else { "" }
    ));
    Ok(report.print())
}
