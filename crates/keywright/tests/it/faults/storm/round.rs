//! One round: a server, two writing processes, commands and questions; then somebody dies.

use std::process::Stdio;
use std::time::Duration;

use keywright_domain::limits::LEASE_MS_DEFAULT;
use keywright_store::testing;

use super::known::{Known, Op, below};
use super::{Fault, writer};
use crate::faults::kit::try_ask;
use crate::support::{Place, Server, wait_until};

pub(super) struct Round<'a> {
    pub(super) kw: &'a Place,
    pub(super) database: Option<&'a testing::Server>,
    pub(super) token: &'a str,
    pub(super) applications: &'a [String],
    pub(super) known: &'a Known,
}

impl Round<'_> {
    /// Runs until the fault has struck and everybody is dead; gives a server that was started afterwards and has seen everything.
    pub(super) async fn run(&self, mut server: Server, fault: Fault) -> Server {
        let database_breaks = matches!(fault, Fault::Database | Fault::Connections);
        let mut writers = [writer::start(self.kw, self.applications), writer::start(self.kw, self.applications)];
        let pids = writers.each_ref().map(|w| w.id().unwrap());
        let (one, two) = writers.split_at_mut(1);
        let stop = tokio::sync::watch::Sender::new(false);
        let strike = async {
            self.blows(&pids, fault, &server).await;
            stop.send_replace(true);
        };
        tokio::join!(
            writer::listen(&mut one[0], self.known, database_breaks),
            writer::listen(&mut two[0], self.known, database_breaks),
            self.commands(stop.subscribe(), database_breaks),
            self.questions(&server, stop.subscribe()),
            strike,
        );
        for writer in &mut writers {
            writer.wait().await.unwrap();
        }
        // Whoever is still there saw the fault and must have come through it.
        if matches!(fault, Fault::Writers | Fault::Connections) {
            self.caught_up(&server).await;
            super::checks::acknowledged(&server, self.token, self.known, "the server that went on").await;
        }
        server.kill_9().await;
        let server = self.kw.serve(&[]).await;
        self.caught_up(&server).await;
        server
    }

    /// Lets them work, then strikes.
    async fn blows(&self, pids: &[u32], fault: Fault, server: &Server) {
        let pause = async |ms: usize| tokio::time::sleep(Duration::from_millis(ms as u64)).await;
        let writers = || pids.iter().for_each(|pid| kill(*pid));
        let serving = || server.signal(rustix::process::Signal::KILL);
        // Starting takes a while; the storm is what comes after.
        let before = self.known.counts().0;
        wait_until("the writers make keys", async || self.known.counts().0 >= before + 20).await;
        pause(200 + below(700)).await;
        match fault {
            Fault::Server => {
                serving();
                pause(300).await;
                writers();
            }
            Fault::Writers => writers(),
            Fault::Everybody if below(2) == 0 => {
                serving();
                pause(below(20)).await;
                writers();
            }
            Fault::Everybody => {
                writers();
                serving();
            }
            Fault::Connections => {
                let database = self.database.expect("only with a database");
                for _ in 0..3 {
                    database.sql("postgres", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'keywright'");
                    pause(150).await;
                }
                writers();
            }
            Fault::Database => {
                let database = self.database.expect("only with a database");
                tokio::task::block_in_place(|| database.kill());
                pause(below(200)).await;
                tokio::task::block_in_place(|| database.up());
                // Some answers to COMMITs were lost on the way: those that ask what became of them need a moment.
                pause(400).await;
                writers();
                serving();
            }
        }
    }

    /// Commands beside the others; half of them are killed on their way.
    async fn commands(&self, mut stop: tokio::sync::watch::Receiver<bool>, may_fail: bool) {
        while !*stop.borrow_and_update() {
            let op = [None, Some(Op::Immediate), Some(Op::Revoke)][below(3)].and_then(|op| Some((op, self.known.claim(op)?)));
            let arguments: Vec<String> = match &op {
                None => writer::create(&self.applications[below(self.applications.len())]).map(str::to_owned).to_vec(),
                Some((Op::Revoke, id)) => ["key", "revoke", id].map(str::to_owned).to_vec(),
                Some((_, id)) => ["key", "rotate", id, "--policy", "immediate"].map(str::to_owned).to_vec(),
            };
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let mut command = self.kw.command(&[&arguments[..], &["--json"]].concat());
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let pid = child.id().unwrap();
            let ended = tokio::spawn(child.wait_with_output());
            let doomed = below(2) == 0;
            if doomed {
                tokio::time::sleep(Duration::from_millis(below(40) as u64)).await;
                kill(pid);
            }
            let output = ended.await.unwrap().unwrap();
            match output.status.code() {
                Some(0) => self.acknowledged(op, &serde_json::from_slice(&output.stdout).unwrap()),
                Some(code) => {
                    let said = String::from_utf8_lossy(&output.stderr);
                    assert!(may_fail && code == 5, "exit {code}: {said}");
                    if let Some((_, id)) = op.filter(|_| !said.contains("commit_unsure")) {
                        self.known.refused(&id);
                    }
                }
                None => assert!(doomed, "somebody else killed a command"),
            }
        }
    }

    fn acknowledged(&self, op: Option<(Op, String)>, printed: &serde_json::Value) {
        let word = |name: &str| printed[name].as_str().unwrap();
        match op {
            None => self.known.created(word("id"), word("key"), false),
            Some((Op::Revoke, id)) => self.known.revoked(&id),
            Some((op, id)) => {
                self.known.rotated(op, &id, word("key"), printed["version"].as_u64().unwrap());
                self.known.released(&id);
            }
        }
    }

    /// Asks for keys that were revoked more than a lease ago, while everything happens: no server may accept one.
    async fn questions(&self, server: &Server, mut stop: tokio::sync::watch::Receiver<bool>) {
        let lease = Duration::from_millis(LEASE_MS_DEFAULT);
        while !*stop.borrow_and_update() {
            // The two cores are for those who write.
            tokio::time::sleep(Duration::from_millis(5)).await;
            let Some(secret) = self.known.long_revoked(lease) else { continue };
            if let Some(reply) = try_ask(server, self.token, &secret).await {
                // A rotation whose answer was lost may have retired this secret before the revocation, and that is told first.
                assert!(matches!((reply.status, &*reply.code()), (200, "revoked" | "retired_version") | (503, _)), "{reply:?}");
            }
        }
    }

    /// Until the server answers from everything that is in the store.
    async fn caught_up(&self, server: &Server) {
        let head = self.kw.head().await;
        wait_until("the server catches up with the store", async || {
            let ready = server.get("/readyz").await;
            ready.status == 200 && ready.json()["verifier"]["position"].as_u64() >= Some(head)
        })
        .await;
    }
}

/// Kills a process that this story has started.
fn kill(pid: u32) {
    // It may have ended by itself, and is then still ours until it is waited for.
    let _ = rustix::process::kill_process(rustix::process::Pid::from_raw(pid.cast_signed()).unwrap(), rustix::process::Signal::KILL);
}
