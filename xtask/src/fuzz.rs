//! `cargo xtask fuzz`: the parsers of what strangers send, under random input that learns.

use std::path::PathBuf;
use std::process::Command;

use crate::run;

/// Runs each target of `fuzz/` for some seconds, where the tools for it are installed.
pub(crate) fn fuzz(arguments: &[String]) -> Result<(), String> {
    let seconds: u32 = match arguments {
        [] => 30,
        [one] => one.parse().map_err(|_| format!("{one:?} is not a number of seconds"))?,
        _ => return Err("write one number of seconds, or nothing".into()),
    };
    if !run::succeeds(nightly().args(["fuzz", "--version"])) {
        println!("Fuzzing needs a nightly toolchain and cargo-fuzz, which are not both here, so nothing was fuzzed.");
        println!("Install them with: rustup toolchain install nightly && cargo install cargo-fuzz");
        println!("`cargo xtask test` runs the same parsers with random input that does not learn.");
        return Ok(());
    }
    for target in targets()? {
        let limit = format!("-max_total_time={seconds}");
        // What it learns is put into the first directory; the others are where it begins.
        let learnt = run::root().join("fuzz/corpus").join(&target);
        std::fs::create_dir_all(&learnt).map_err(|why| format!("{} cannot be made: {why}", learnt.display()))?;
        run::run(nightly().args(["fuzz", "run", &target]).arg(learnt).args(seeds(&target)).args(["--", &limit]))?;
    }
    Ok(())
}

/// A cargo of the nightly toolchain; the one that runs this program would not understand `+nightly`.
fn nightly() -> Command {
    let mut command = Command::new("cargo");
    command.arg("+nightly").current_dir(run::root()).env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
    command
}

/// Examples for a target that are kept in the repository.
fn seeds(target: &str) -> Option<PathBuf> {
    let kept = if target == "signed_requests" { run::root().join("crates/crypto/corpus") } else { run::root().join("fuzz/seeds").join(target) };
    kept.is_dir().then_some(kept)
}

fn targets() -> Result<Vec<String>, String> {
    let directory = run::root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&directory).map_err(|why| format!("{} cannot be read: {why}", directory.display()))?;
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.path().file_stem().map(|name| name.to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}
