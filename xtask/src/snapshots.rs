//! `cargo xtask snapshots`: makes the snapshots say what the tests produce now.

use std::process::Command;

use crate::run;

/// Runs the tests so that they rewrite their snapshots, and shows which changed.
pub(crate) fn snapshots() -> Result<(), String> {
    run::run(run::cargo(["test", "--workspace"]).env("INSTA_UPDATE", "always").env("INSTA_FORCE_PASS", "1"))?;
    println!("Read the changes like code before you commit them:");
    run::run(Command::new("git").args(["status", "--short", "--", "*.snap"]).current_dir(run::root()))
}
