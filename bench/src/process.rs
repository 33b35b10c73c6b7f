//! Servers as processes of their own, and what the system says they cost.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::cores;

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that this program started and ends.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// Where programs of this build lie: beside this one.
///
/// # Errors
/// There is no such program.
pub(crate) fn sibling(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if !path.exists() {
        bail!("{} is not built: run the benchmark by `cargo xtask bench`", path.display());
    }
    Ok(path)
}

/// A port of loopback that nobody uses.
///
/// # Errors
/// There is none.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Server {
    /// Starts `keywright serve` on a data directory; on any core where none is given. It may not listen yet.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn keywright(data: &Path, core: Option<usize>) -> Result<Self> {
        Self::keywright_with(data, core, &[])
    }

    /// The same with further arguments.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn keywright_with(data: &Path, core: Option<usize>, arguments: &[&str]) -> Result<Self> {
        let (program, address) = (sibling("keywright")?, free_address()?);
        let cores = cores::allowed()?;
        let mut command = match core {
            Some(core) => cores::command(core, &program)?,
            None => {
                debug_assert!(!cores.is_empty());
                Command::new(&program)
            }
        };
        command.args(["serve", "--listen", &address.to_string(), "--data"]).arg(data).args(arguments);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KEYWRIGHT_")) {
            command.env_remove(name);
        }
        // Verdicts are not logged at any level; what loops say is left out.
        command.env("KEYWRIGHT_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { child: command.spawn().context("keywright does not start")?, address })
    }

    /// Starts the bare server, which gives `answer` to everybody.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn bare(answer: &[u8], core: usize) -> Result<Self> {
        let address = free_address()?;
        let mut command = cores::command(core, &std::env::current_exe()?)?;
        command.args([crate::bare::BARE, &address.to_string()]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().context("the bare server does not start")?;
        let mut input = child.stdin.take().context("the bare server takes no answer")?;
        std::io::Write::write_all(&mut input, answer)?;
        drop(input);
        let server = Self { child, address };
        server.listens()?;
        Ok(server)
    }

    /// Starts the program of another project, which is told its port before these arguments, and waits until it listens.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn peer(program: &Path, script: &Path, arguments: &[&str], core: usize) -> Result<Self> {
        let address = free_address()?;
        let mut command = cores::command(core, program)?;
        command.arg(script).arg(address.port().to_string()).args(arguments);
        command.env("NODE_ENV", "production").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { child: command.spawn().with_context(|| format!("{} does not start", program.display()))?, address };
        server.listens()?;
        Ok(server)
    }

    /// Waits until it listens.
    ///
    /// # Errors
    /// It does not, for a minute.
    pub(crate) fn listens(&self) -> Result<()> {
        let since = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if since.elapsed() > PATIENCE {
                bail!("the server on {} does not listen", self.address);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Processor time that it has used, in microseconds: user and system, all threads, those that ended too.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn cpu_us(&self) -> Result<f64> {
        let stat = self.proc("stat")?;
        // The name in parentheses may hold anything; after it, fields 14 and 15 are the twelfth and thirteenth.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).context("a field of stat is missing");
        Ok((ticks(11)? + ticks(12)?) * 1e6 / rustix::param::clock_ticks_per_second() as f64)
    }

    /// Memory of it that is resident, in bytes.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn resident_bytes(&self) -> Result<f64> {
        resident_bytes(&self.child.id().to_string())
    }

    fn proc(&self, file: &str) -> Result<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).context("a server has ended")
    }
}

/// Memory of a process that is resident, in bytes: of one with this number, or of this one (`self`).
///
/// # Errors
/// It has ended.
pub(crate) fn resident_bytes(process: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).context("a process has ended")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("status has no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024.0)
}

impl Drop for Server {
    /// Asks it to end, and ends it after three seconds.
    fn drop(&mut self) {
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let since = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && since.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
