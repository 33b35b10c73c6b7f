//! A place for one store, and the command line on it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keywright_crypto::random;
use keywright_domain::change::Position;
use keywright_store::Purpose;
use keywright_store::testing::TestPlace;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::{Ran, Server};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_keywright");

/// A place for one store; clones are the same place, which goes away with the last of them.
#[derive(Clone)]
pub(crate) struct Place(Arc<Inner>);

struct Inner {
    store: TestPlace,
    /// Given to every command on PostgreSQL; the embedded store makes its own.
    master_key: Option<String>,
    token: OnceCell<String>,
    processes: AtomicUsize,
}

impl Place {
    pub(crate) async fn given(store: TestPlace) -> Self {
        let master_key = store.is_postgres().then(|| hex::encode(random::bytes::<32>().unwrap()));
        std::fs::create_dir(store.directory().join("logs")).unwrap();
        Self(Arc::new(Inner { store, master_key, token: OnceCell::new(), processes: AtomicUsize::new(0) }))
    }

    /// The store's place itself.
    pub(crate) fn store(&self) -> &TestPlace {
        &self.0.store
    }

    /// A directory for files of the story; on SQLite the store is `data` in it.
    pub(crate) fn directory(&self) -> &Path {
        self.0.store.directory()
    }

    /// Where the standard output and standard error of servers and commands are kept.
    pub(crate) fn logs(&self) -> PathBuf {
        self.directory().join("logs")
    }

    /// The master key, in hexadecimal digits. On SQLite there is one after the first start.
    pub(crate) fn master_key(&self) -> String {
        let beside = || std::fs::read_to_string(self.directory().join("data/master.key")).unwrap().trim().to_owned();
        self.0.master_key.clone().unwrap_or_else(beside)
    }

    /// Starts a server with these flags and waits until it is ready.
    pub(crate) async fn serve(&self, flags: &[&str]) -> Server {
        self.serve_as("data", flags, &[]).await
    }

    /// The same for another node: its own files are in a directory of this name; and with these variables.
    pub(crate) async fn serve_as(&self, node: &str, flags: &[&str], variables: &[(&str, &str)]) -> Server {
        let server = self.spawn(node, flags, variables).await;
        server.until_ready().await;
        server
    }

    /// Starts a server and waits until it listens, no longer. Panics with what it said when it ends before that.
    pub(crate) async fn spawn(&self, node: &str, flags: &[&str], variables: &[(&str, &str)]) -> Server {
        Server::spawn(self.clone(), node, flags, variables).await
    }

    /// A command on this store that has not been given anything yet: no variable of ours, no settings file.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_as("data", arguments)
    }

    /// The same for a node whose own files are in a directory of this name.
    pub(crate) fn command_as(&self, node: &str, arguments: &[&str]) -> Command {
        let mut command = self.bare_command(arguments);
        let mut flags = self.store().flags();
        let data = flags.iter().position(|f| f == "--data").unwrap() + 1;
        if node != "data" {
            flags[data] = self.directory().join(node).display().to_string();
        }
        command.args(flags);
        if let Some(key) = &self.0.master_key {
            command.env("KEYWRIGHT_MASTER_KEY", key);
        }
        command
    }

    /// The program with these arguments and nothing else, in an empty environment, in the place's directory.
    pub(crate) fn bare_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(self.directory());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// A new file in [`logs`](Self::logs).
    pub(crate) fn log_file(&self, name: &str) -> (PathBuf, File) {
        let number = self.0.processes.fetch_add(1, Ordering::Relaxed);
        let path = self.logs().join(format!("{number}.{name}"));
        let file = File::create(&path).unwrap();
        (path, file)
    }

    /// Runs a command on this store.
    pub(crate) async fn cli(&self, arguments: &[&str]) -> Ran {
        self.run(self.command(arguments), b"", &[]).await
    }

    /// Runs a command on this store that reads `stdin`.
    pub(crate) async fn cli_with_stdin(&self, arguments: &[&str], stdin: &str) -> Ran {
        self.run(self.command(arguments), stdin.as_bytes(), &[]).await
    }

    /// Runs a prepared command with these variables.
    pub(crate) async fn run(&self, mut command: Command, stdin: &[u8], variables: &[(&str, &str)]) -> Ran {
        let line = command.as_std().get_args().map(|a| a.to_string_lossy()).collect::<Vec<_>>().join(" ");
        command.envs(variables.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // Who does not read its input may end before all of it is written.
        let _ = input.write_all(stdin).await;
        drop(input);
        let output = tokio::time::timeout(super::DEADLINE * 2, child.wait_with_output()).await.unwrap_or_else(|_| panic!("{line} does not end")).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran = Ran { line, exit: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) };
        // Secrets may be on the standard output of the commands that make them, and nowhere else.
        std::fs::write(self.log_file("command.err").0, &ran.stderr).unwrap();
        ran
    }

    /// Runs a command with `--json`, which must succeed, and gives what it printed.
    pub(crate) async fn done(&self, arguments: &[&str]) -> Value {
        let ran = self.cli(&[arguments, &["--json"]].concat()).await.exits(0);
        assert_eq!(ran.stderr, "", "{ran:?}");
        ran.json()
    }

    /// Runs a command with `--json`, which must end with this code, and gives its problem document.
    pub(crate) async fn refused(&self, arguments: &[&str], exit: i32) -> Value {
        self.cli(&[arguments, &["--json"]].concat()).await.exits(exit).problem()
    }

    /// The newest position of the store's log.
    pub(crate) async fn head(&self) -> u64 {
        let store = self.store().open_for(Purpose::Command).await;
        store.place(Position(0)).await.unwrap().0.position.0
    }

    /// The token of a resource server for the Business API in both environments; made when it is first asked for.
    pub(crate) async fn token(&self) -> &str {
        let make = async || {
            let made = self.done(&["resource-server", "create", "Gateway", "--services", "business-api", "--environments", "production,sandbox"]).await;
            made["token"].as_str().unwrap().to_owned()
        };
        self.0.token.get_or_init(make).await
    }
}
