//! `cargo xtask check`: what can be said about the code without running it.

use crate::{run, tidy};

/// Format, clippy, documentation, house rules.
pub(crate) fn check() -> Result<(), String> {
    run::run(&mut run::cargo(["fmt", "--all", "--check"]))?;
    run::run(&mut run::cargo(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    run::run(run::cargo(["doc", "--quiet", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    println!("tidy: the house rules");
    let findings = tidy::findings(&tidy::Tree::read(&run::root())?);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() { Ok(()) } else { Err(format!("{} findings against the house rules", findings.len())) }
}
