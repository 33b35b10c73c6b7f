//! A PostgreSQL server of our own, with the durability that it has by default, in a temporary directory.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::free_address;

/// A server that runs until this value goes.
pub(crate) struct Postgres {
    supervisor: Child,
    /// The supervisor ends the server when this closes, however this program ends.
    alive: Option<ChildStdin>,
    directory: tempfile::TempDir,
    port: u16,
}

impl Postgres {
    /// Starts one. None: it is not installed.
    ///
    /// # Errors
    /// It is there and does not start.
    pub(crate) fn start() -> Result<Option<Self>> {
        let (Some(initdb), Some(postgres)) = (binary("initdb"), binary("postgres")) else { return Ok(None) };
        let directory = tempfile::Builder::new().prefix("keywright-bench-").tempdir()?;
        if rustix::process::geteuid().is_root() {
            // The server refuses root.
            let Some((user, group)) = ids("postgres") else { return Ok(None) };
            chown(directory.path(), Some(user), Some(group))?;
        }
        let data = directory.path().join("data");
        let made = as_user(&initdb, directory.path()).args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "-D"]).arg(&data).output()?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        let port = free_address()?.port();
        let server = as_user(&postgres, directory.path());
        let mut supervisor = Command::new("sh");
        supervisor.args(["-c", r#""$@" >/dev/null 2>&1 & server=$!; read end; kill -INT $server; wait $server"#, "sh"]);
        supervisor.arg(server.get_program()).args(server.get_args()).current_dir(directory.path());
        supervisor.arg("-c").arg(format!("port={port}")).args(["-c", "listen_addresses=127.0.0.1", "-c"]);
        supervisor.arg(format!("unix_socket_directories={}", directory.path().display())).arg("-D").arg(&data);
        let mut child = supervisor.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let alive = child.stdin.take();
        let server = Self { supervisor: child, alive, directory, port };
        let since = Instant::now();
        while server.made().is_err() {
            if since.elapsed() > Duration::from_secs(30) {
                bail!("PostgreSQL does not answer");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Some(server))
    }

    /// The URL of its database.
    #[must_use]
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn made(&self) -> Result<()> {
        let ready = binary("pg_isready").context("pg_isready is missing")?;
        let port = self.port.to_string();
        let asked = Command::new(ready).args(["-q", "-h", "127.0.0.1", "-p", &port]).status()?;
        if asked.success() { Ok(()) } else { bail!("not yet") }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.alive = None;
        let _ = self.supervisor.wait();
        // What belongs to the other user is removed by the temporary directory, which root may do.
        let _ = fs::remove_dir_all(self.directory.path());
    }
}

fn as_user(program: &Path, directory: &Path) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(directory);
    command
}

/// The newest of Debian's places, or the path.
fn binary(name: &str) -> Option<PathBuf> {
    let mut places: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin").join(name)).collect();
    places.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(AsRef::<OsStr>::as_ref(&path)).map(|p| p.join(name)).collect();
    places.into_iter().rev().chain(on_path).find(|p| p.exists())
}

fn ids(user: &str) -> Option<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    let line = passwd.lines().find(|l| l.split(':').next() == Some(user))?;
    let mut fields = line.split(':').skip(2).map(str::parse::<u32>);
    let (uid, gid) = (fields.next()?.ok()?, fields.next()?.ok()?);
    Some((uid, gid))
}
