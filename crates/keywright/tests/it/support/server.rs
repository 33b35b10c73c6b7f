//! A server of the real program.

use std::ops::Deref;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use keywright_store::testing::TestPlace;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::{Place, wait_for, wait_until};

/// A running server. It ends with this value.
pub(crate) struct Server {
    place: Place,
    node: String,
    flags: Vec<String>,
    variables: Vec<(String, String)>,
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub(crate) address: String,
    pub(crate) http: reqwest::Client,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Deref for Server {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Server {
    pub(crate) async fn given(store: TestPlace) -> Self {
        Place::given(store).await.serve(&[]).await
    }

    pub(super) async fn spawn(place: Place, node: &str, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let (stdout, stdout_file) = place.log_file("serve.out");
        let (stderr, stderr_file) = place.log_file("serve.err");
        let mut command = command(&place, node, flags, variables);
        let child = command.stdout(stdout_file).stderr(stderr_file).spawn().unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        let own = |text: &&str| (*text).to_owned();
        let mut server = Self {
            place,
            node: node.to_owned(),
            flags: flags.iter().map(own).collect(),
            variables: variables.iter().map(|(n, v)| (own(n), own(v))).collect(),
            child,
            address: String::new(),
            http,
            stdout,
            stderr,
        };
        server.address = server.listens().await;
        server
    }

    /// The address, from what the server says when it listens.
    async fn listens(&mut self) -> String {
        wait_for("the server says where it listens", async || {
            let said = self.stdout() + &self.stderr();
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status}:\n{said}");
            }
            let rest = said.lines().find_map(|line| line.split_once("http://127.0.0.1:"))?.1;
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            // The port may be half-written.
            (rest.len() > port.len()).then(|| format!("http://127.0.0.1:{port}"))
        })
        .await
    }

    pub(crate) async fn until_ready(&self) {
        wait_until("the server is ready", async || matches!(self.http.get(self.url("/readyz")).send().await, Ok(answer) if answer.status() == 200)).await;
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// What it has written so far.
    pub(crate) fn stdout(&self) -> String {
        std::fs::read_to_string(&self.stdout).unwrap()
    }

    /// What it has written so far; the log is there.
    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().expect("the server runs").cast_signed()).unwrap()
    }

    /// Resident memory.
    pub(crate) fn memory_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid().as_raw_nonzero())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends a signal, as `kill` does: `Signal::STOP`, `Signal::CONT`. After a stop no thread of it runs any more.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
        // The signal is on its way; on a busy machine another thread may answer a request meanwhile.
        let deadline = Instant::now() + super::DEADLINE;
        while signal == Signal::STOP && !self.is_stopped() {
            assert!(Instant::now() < deadline, "the server does not stop");
            std::thread::yield_now();
        }
    }

    fn is_stopped(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid().as_raw_nonzero())).unwrap();
        // The state follows the name in parentheses.
        threads.flatten().all(|t| std::fs::read_to_string(t.path().join("stat")).is_ok_and(|stat| stat.rsplit(") ").next().unwrap().starts_with('T')))
    }

    /// Ends it without warning, as a crash does.
    pub(crate) async fn kill_9(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().await.unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        tokio::time::timeout(super::DEADLINE, self.child.wait()).await.expect("the server ends when it is asked to").unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        tokio::time::timeout(super::DEADLINE, self.child.wait()).await.expect("the server ends").unwrap()
    }

    /// Starts it again, as it was started; the port is another.
    pub(crate) async fn restart(&mut self) {
        if self.child.id().is_some() {
            self.terminate().await;
        }
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let variables: Vec<(&str, &str)> = self.variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        *self = Self::spawn(self.place.clone(), &self.node, &flags, &variables).await;
        self.until_ready().await;
    }
}

fn command(place: &Place, node: &str, flags: &[&str], variables: &[(&str, &str)]) -> Command {
    let listen: &[&str] = if flags.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
    let mut command = place.command_as(node, &[&["serve"], listen, flags].concat());
    command.envs(variables.iter().copied());
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        // The child is ours, by its own id; a stopped one hears this too.
        let _ = self.child.start_kill();
    }
}
