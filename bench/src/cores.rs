//! Who runs on which core: the server on the first, the load on the second.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The word that makes this program start another one on a core.
pub(crate) const ON_CORE: &str = "on-core";

/// The cores that this process may use.
///
/// # Errors
/// The system does not say.
pub(crate) fn allowed() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect())
}

/// Core of the server and core of the load; the same one where there is only one.
///
/// # Errors
/// The system does not say.
pub(crate) fn server_and_load() -> io::Result<(usize, usize)> {
    let cores = allowed()?;
    Ok((cores.first().copied().unwrap_or(0), cores.get(1).or(cores.first()).copied().unwrap_or(0)))
}

/// Keeps the calling thread on one core.
///
/// # Errors
/// The system refuses.
pub(crate) fn pin(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// A command that runs `program` on one core, and that ends when its parent does.
///
/// # Errors
/// This program's own file is gone.
pub(crate) fn command(core: usize, program: &std::path::Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program's file")?);
    command.arg(ON_CORE).arg(core.to_string()).arg(program);
    Ok(command)
}

/// Becomes another program, on one core: `on-core CORE PROGRAM ARGUMENTS…`.
///
/// # Errors
/// Whatever kept it from doing so.
pub(crate) fn become_program(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let core = arguments.next().context("no core")?.parse()?;
    let program = arguments.next().context("no program")?;
    pin(core)?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Err(Command::new(&program).args(arguments).exec()).with_context(|| format!("{program} does not start"))
}
