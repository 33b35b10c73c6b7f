//! A process of many tasks that make, rotate and revoke keys through the operations, and say on standard output what they try and what was
//! acknowledged. It is this test program again, told by its environment what to be.

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;

use keywright::clocks;
use keywright_domain::caller::Caller;
use keywright_domain::ids::CredentialId;
use keywright_operations::credentials::{NewCredential, Rotation};
use keywright_operations::{Error, Keys, Operations};
use keywright_store::{Location, OpenOptions, Purpose, Store, StoreError};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::known::{Known, Op, below};
use crate::support::Place;

const LOCATION: &str = "STORM_LOCATION";
const APPLICATIONS: &str = "STORM_APPLICATIONS";
const TASKS: usize = 8;

/// The arguments that make a key.
pub(super) fn create(application: &str) -> [&str; 10] {
    ["key", "create", "--application", application, "--service", "business-api", "--environment", "production", "--name", "Storm"]
}

/// Starts one.
pub(super) fn start(kw: &Place, applications: &[String]) -> Child {
    let location = match kw.store().location() {
        Location::Directory(path) => path.display().to_string(),
        Location::Postgres(url) => url,
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "faults::storm::writer::process", "--ignored", "--nocapture", "--test-threads", "1"]);
    command.env(LOCATION, location).env(APPLICATIONS, applications.join(",")).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true).spawn().unwrap()
}

/// Reads what one says until it is gone. `may_fail`: the store may be away meanwhile.
pub(super) async fn listen(writer: &mut Child, known: &Known, may_fail: bool) {
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["try", op, id] => known.tried(Op::of(op), id),
            ["created", id, secret] => known.created(id, secret, true),
            ["rotated", op, id, secret, version] => known.rotated(Op::of(op), id, secret, version.parse().unwrap()),
            ["revoked", id] => known.revoked(id),
            ["left", id] => known.released(id),
            ["refused", id, ..] => {
                assert!(may_fail, "{line}");
                known.refused(id);
            }
            ["failed", ..] => assert!(may_fail, "{line}"),
            _ => {}
        }
    }
}

fn say(line: &str) {
    // One call: what is said is said whole or not at all.
    std::io::stdout().lock().write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[test]
#[ignore = "a process of the storm, which starts it"]
fn process() {
    let Ok(location) = std::env::var(LOCATION) else { return };
    say("");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let location = if location.starts_with("postgres:") { Location::Postgres(location) } else { Location::Directory(location.into()) };
        let store = match Store::open(OpenOptions::new(location, Purpose::Command)).await {
            Ok(store) => store,
            Err(error) => return say(&format!("failed {error}")),
        };
        let keys = match Keys::without_master(&store).await {
            Ok(keys) => keys,
            Err(error) => return say(&format!("failed {error}")),
        };
        let operations = Operations::new(store, clocks::real(), Arc::new(keys), None);
        let applications: Vec<String> = std::env::var(APPLICATIONS).unwrap().split(',').map(str::to_owned).collect();
        let tasks: Vec<_> = (0..TASKS)
            .map(|n| {
                let (operations, application) = (operations.clone(), applications[n % applications.len()].clone());
                tokio::spawn(async move {
                    loop {
                        if let Err(error) = one_life(&operations, &application).await {
                            say(&format!("failed {error}"));
                            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                        }
                    }
                })
            })
            .collect();
        futures_util::future::join_all(tasks).await;
    });
}

/// Makes a key and does something or nothing to it.
async fn one_life(operations: &Operations, application: &str) -> Result<(), Error> {
    let caller = Caller::Machine { user: "storm".into() };
    let new = NewCredential { service: "business-api".into(), environment: "production".into(), name: "Storm".into(), ..NewCredential::default() };
    let made = operations.credential_create(&caller, application.parse().unwrap(), new).await?;
    let id = made.id;
    say(&format!("created {id} {}", made.handed.secret()));
    for policy in [&["immediate", "immediate"][..], &["immediate", "overlap"], &["on_first_use"], &[]][below(4)] {
        say(&format!("try {policy} {id}"));
        let rotation = Rotation { policy: Some((*policy).into()), overlap: None, replace: false, ..Rotation::default() };
        let rotated = operations.credential_rotate(&caller, id, rotation).await.inspect_err(|error| refused(id, error))?;
        say(&format!("rotated {policy} {id} {} {}", rotated.handed.secret(), rotated.version));
    }
    if below(2) == 0 {
        say(&format!("try revoke {id}"));
        operations.credential_revoke(&caller, id).await.inspect_err(|error| refused(id, error))?;
        say(&format!("revoked {id}"));
    }
    say(&format!("left {id}"));
    Ok(())
}

/// An error means that nothing was kept, unless it says that nobody knows.
fn refused(id: CredentialId, error: &Error) {
    if !matches!(error, Error::Store(StoreError::Unsure { .. })) {
        say(&format!("refused {id} {error}"));
    }
}
