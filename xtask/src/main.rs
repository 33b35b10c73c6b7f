//! What people and CI do with this repository: `cargo xtask start | test | check | bench | fuzz | picture | snapshots`.
//!
//! Only the standard library is used, so that nothing has to be fetched before the first word is printed.

#![allow(clippy::print_stdout, clippy::print_stderr)] // This program talks to the person who started it.

mod bench;
mod check;
mod fuzz;
mod picture;
mod run;
mod snapshots;
mod start;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask start [ARGUMENTS]   build Keywright and run `keywright serve` with these arguments
cargo xtask test                install what the tests need, check, and run every test
cargo xtask check               format, clippy, documentation and the house rules
cargo xtask bench [ARGUMENTS]   build and run the benchmark
cargo xtask fuzz [SECONDS]      fuzz each target for so long (30 unless said otherwise)
cargo xtask picture             take the picture of the README anew
cargo xtask snapshots           rewrite the snapshots of tests to what they produce now";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match command.as_str() {
        "start" => start::start(&rest),
        "test" => test::test(),
        "check" => check::check(),
        "bench" => bench::bench(&rest),
        "fuzz" => fuzz::fuzz(&rest),
        "picture" => picture::picture(),
        "snapshots" => snapshots::snapshots(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask {command}: {why}");
            ExitCode::FAILURE
        }
    }
}
