//! `cargo xtask test`: everything that must pass, on a machine that may have nothing but Rust yet.

use std::process::Command;

use crate::{check, run, tools};

/// A program that tests run, the directories beside `PATH` where Debian puts it, and the package that has it.
struct Needed {
    program: &'static str,
    also: &'static [&'static str],
    package: &'static str,
}

const NEEDED: [Needed; 9] = [
    Needed { program: "nginx", also: &["/usr/sbin", "/usr/local/sbin"], package: "nginx" },
    Needed { program: "curl", also: &[], package: "curl" },
    Needed { program: "python3", also: &[], package: "python3" },
    Needed { program: "pgbouncer", also: &["/usr/sbin"], package: "pgbouncer" },
    Needed { program: "cc", also: &[], package: "gcc" },
    // Chromium without windows takes about half of the processor time that it takes with them. `CHROMIUM` names another program in its place.
    Needed { program: "chromium-headless-shell", also: &[], package: "chromium-headless-shell" },
    Needed { program: "node", also: &[], package: "nodejs" },
    Needed { program: "npm", also: &[], package: "npm" },
    Needed { program: "openssl", also: &[], package: "openssl" },
];

/// Installs, checks, tests.
pub(crate) fn test() -> Result<(), String> {
    install_what_is_missing()?;
    tools::install()?;
    check::check()?;
    // The stories wait for servers, leases and browsers for half of their time: twice as many at a time as there are processors.
    let threads = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    let mut tests = run::cargo(["test", "--workspace"]);
    if std::env::var_os("RUST_TEST_THREADS").is_none() {
        tests.env("RUST_TEST_THREADS", threads.to_string());
    }
    run::run(&mut tests)?;
    clients()?;
    println!("All tests passed.");
    Ok(())
}

/// The reference clients, which are programs of their own.
fn clients() -> Result<(), String> {
    let target = run::target();
    run::run(Command::new(run::root().join("clients/test.sh")).env("CLIENTS_TARGET", target.join("clients")).env("CARGO_TARGET_DIR", target))
}

/// Debian packages; a hint about other systems where there is no `apt-get`.
pub(crate) fn install_what_is_missing() -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    println!("The tests need these packages, which are missing: {packages}. They are installed now.");
    let by_hand = format!("install them by hand (on Debian and Ubuntu: apt-get install {packages}) and start this again");
    if !run::is_installed("apt-get", &[]) {
        return Err(format!("there is no apt-get here to install {packages}: {by_hand}"));
    }
    let sudo = if is_root() {
        false
    } else if run::succeeds(Command::new("sudo").args(["-n", "true"])) {
        true
    } else {
        return Err(format!("installing {packages} needs root, or sudo without a password: {by_hand}"));
    };
    run::run(&mut apt_get(sudo, &["update"]))?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(&missing);
    run::run(&mut apt_get(sudo, &install))?;
    match self::missing().as_slice() {
        [] => Ok(()),
        still => Err(format!("{} cannot be found after the installation: {by_hand}", still.join(" "))),
    }
}

fn missing() -> Vec<&'static str> {
    let mut packages: Vec<&str> = NEEDED.iter().filter(|n| !run::is_installed(n.program, n.also) && !is_replaced(n)).map(|n| n.package).collect();
    if !postgresql_is_there() {
        packages.push("postgresql");
    }
    if !std::fs::read_dir("/usr/share/fonts").is_ok_and(|mut fonts| fonts.next().is_some()) {
        packages.push("fonts-liberation");
    }
    // Debian splits what a virtual environment is filled with from Python itself.
    if run::is_installed("python3", &[]) && !run::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
        packages.push("python3-venv");
    }
    packages
}

/// Whether somebody has given another browser for the one that is needed.
fn is_replaced(needed: &Needed) -> bool {
    needed.program.starts_with("chromium") && std::env::var_os("CHROMIUM").is_some()
}

/// Debian keeps the programs of each PostgreSQL version in a directory of its own, outside `PATH`.
fn postgresql_is_there() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    run::is_installed("initdb", &[]) || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}

fn apt_get(sudo: bool, arguments: &[&str]) -> Command {
    let mut command = if sudo {
        let mut command = Command::new("sudo");
        command.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    } else {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    command.args(arguments);
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
