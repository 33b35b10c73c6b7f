//! `cargo xtask bench`: the benchmark, built as packages are.

use std::process::Command;

use crate::{run, tools};

/// Builds server and benchmark with the profile `dist`, installs what Keywright is measured beside, and runs the benchmark with these arguments.
pub(crate) fn bench(arguments: &[String]) -> Result<(), String> {
    println!("Building for the benchmark (profile dist, thin LTO): about 10 minutes the first time on 2 cores.");
    run::run(&mut run::cargo(["build", "--profile", "dist", "--package", "keywright", "--package", "keywright-bench"]))?;
    tools::install_peers();
    let programs = run::target().join("dist");
    run::run(Command::new(programs.join("keywright-bench")).args(arguments).current_dir(run::root()))
}
