//! `cargo xtask start`: from a fresh checkout to a running server.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::run;

/// Builds the server and becomes `keywright serve`.
pub(crate) fn start(arguments: &[String]) -> Result<(), String> {
    if !run::is_installed("cc", &[]) && !run::is_installed("gcc", &[]) && !run::is_installed("clang", &[]) {
        return Err("a C compiler is needed for SQLite and the cryptography library: install one, on Debian and Ubuntu with `apt-get install gcc`".into());
    }
    let binary = run::target().join("release").join("keywright");
    if binary.exists() {
        println!("Building Keywright: a moment, or about a minute where much has changed.");
    } else {
        println!("Building Keywright: about 5 minutes the first time on 2 cores, with downloads; seconds after that.");
    }
    run::run(&mut run::cargo(["build", "--release", "--package", "keywright", "--bin", "keywright"]))?;
    let mut server = Command::new(&binary);
    server.arg("serve").args(arguments);
    println!("To call keywright by its name in another terminal: PATH=\"{}:$PATH\"", run::target().join("release").display());
    println!("$ {}", run::shown(&server));
    // Signals and the exit code are the server's own from here on.
    Err(format!("{} could not be started: {}", binary.display(), server.exec()))
}
