//! The packages that tests bring along themselves: pinned in the repository, put beside it or under the build directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// What the stories in a browser and the examples of real clients import.
pub(crate) fn install() -> Result<(), String> {
    node_packages(&browser_tests())?;
    python_packages()
}

/// What the benchmark measures Keywright beside. Where it cannot be installed, the benchmark leaves it out and says so.
pub(crate) fn install_peers() {
    if let Err(why) = node_packages(&run::root().join("bench/peers/oidc-provider")) {
        println!("oidc-provider is not installed ({why}), so nothing is measured beside it.");
    }
}

/// `npm ci` wherever the lock file is another than at the last time.
fn node_packages(place: &Path) -> Result<(), String> {
    unless_done(&place.join("package-lock.json"), &place.join("node_modules/.installed"), || {
        run::run(Command::new("npm").args(["ci", "--loglevel=error"]).current_dir(place))
    })
}

/// A virtual environment wherever the requirements are others than at the last time.
fn python_packages() -> Result<(), String> {
    let environment = run::target().join("python");
    let requirements = browser_tests().join("requirements.txt");
    unless_done(&requirements, &environment.join(".installed"), || {
        run::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let quietly = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
        run::run(Command::new(environment.join("bin/python")).args(quietly).arg(&requirements))
    })
}

fn browser_tests() -> PathBuf {
    run::root().join("crates/keywright/tests/browser")
}

/// Runs `install` unless `note` says that it was done for this very `list`.
fn unless_done(list: &Path, note: &Path, install: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let wanted = std::fs::read(list).map_err(|why| format!("{} cannot be read: {why}", list.display()))?;
    if std::fs::read(note).is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    install()?;
    std::fs::write(note, wanted).map_err(|why| format!("{} cannot be written: {why}", note.display()))
}
