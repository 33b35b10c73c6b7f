//! Words that only the fault stories need.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;

use keywright_domain::caller::{Allowed, Caller, Facts, Right, allow};
use keywright_domain::catalogue::BUILT_IN;
use keywright_store::testing::{self, TestPlace};
use keywright_store::{Location, Store};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{DEADLINE, Place, Ran, Reply, Server};

/// A place in a new, empty database of a server of the story's own, which it may stop and kill.
pub(crate) async fn place_on(server: &testing::Server, database: &str) -> Place {
    server.sql("postgres", &format!("CREATE DATABASE {database}"));
    Place::given(TestPlace::of(Location::Postgres(server.url(database)))).await
}

/// Lets an application have as many keys as a story makes.
pub(crate) async fn allow_many_keys(place: &Place) {
    let file = place.directory().join("many.toml");
    let section = "[service.business-api]\n";
    assert!(BUILT_IN.contains(section));
    std::fs::write(&file, BUILT_IN.replace(section, &format!("{section}credentials_per_environment = 100000\n"))).unwrap();
    place.done(&["catalog", "apply", &file.display().to_string()]).await;
}

/// Starts a server that must end by itself with this exit code; gives what it says.
#[track_caller]
pub(crate) fn does_not_serve(place: &Place, flags: &[&str], variables: &[(&str, &str)], exit: i32) -> impl Future<Output = String> {
    let command = place.command(&[&["serve", "--listen", "127.0.0.1:0", "--json"], flags].concat());
    let place = place.clone();
    // Only the problem document: what the log says beside it is another matter.
    let variables = [variables, &[("KEYWRIGHT_LOG", "off")]].concat().iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>();
    async move {
        let variables: Vec<(&str, &str)> = variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        detail(&place.run(command, b"", &variables).await.exits(exit))
    }
}

/// The sentence of a problem document on standard error.
#[track_caller]
pub(crate) fn detail(ran: &Ran) -> String {
    ran.problem()["detail"].as_str().unwrap().to_owned()
}

/// All of these words are in the sentence.
#[track_caller]
pub(crate) fn says(sentence: &str, words: &[&str]) {
    for word in words {
        assert!(sentence.contains(word), "{word:?} is not said in {sentence:?}");
    }
}

/// The right to write to the store past the operations.
fn operator() -> Allowed {
    allow(&Caller::Machine { user: "test".into() }, Right::Operate, &Facts::default()).unwrap()
}

/// Runs a statement on the store past the operations.
pub(crate) async fn tamper(store: &Store, sql: &'static str) {
    use keywright_store::{Done, StoreError, Tx};
    store.write(operator(), async move |tx: &mut Tx<'_>| Ok::<_, StoreError>(Done::new(tx.exec(sql, Vec::new()).await?))).await.unwrap();
}

/// The first number that a statement on the store gives.
pub(crate) async fn count(store: &Store, sql: &'static str) -> i64 {
    use keywright_store::{Done, StoreError, Tx};
    store.write(operator(), async move |tx: &mut Tx<'_>| Ok::<_, StoreError>(Done::new(tx.one::<i64>(sql, Vec::new()).await?))).await.unwrap().value
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, text: &str) {
    use std::io::Write;
    let mut file = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Whether this runs as root, which some faults need; says so where not.
pub(crate) fn is_root(story: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("{story}: needs root, so it was not told");
    }
    root
}

/// A number of the system's user of this name.
pub(crate) fn user_id(name: &str) -> u32 {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|l| l.split(':').next() == Some(name)).unwrap();
    line.split(':').nth(2).unwrap().parse().unwrap()
}

/// The same command, run by the user `nobody`.
pub(crate) fn as_nobody(command: &Command) -> Command {
    let given = command.as_std();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--"]).arg(given.get_program()).args(given.get_args());
    command.env_clear().kill_on_drop(true).stdin(std::process::Stdio::null());
    for (name, value) in given.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    if let Some(directory) = given.get_current_dir() {
        command.current_dir(directory);
    }
    command
}

/// Asks under this token; None where no answer comes.
pub(crate) async fn try_ask(server: &Server, token: &str, key: &str) -> Option<Reply> {
    let request = server.http.post(server.url("/verify")).bearer_auth(token).json(&json!({ "credential": key }));
    Reply::try_of(request).await.ok()
}

/// The codes of many keys, in their order. Waits while the server cannot prove that it is fresh.
pub(crate) async fn codes(server: &Server, token: &str, keys: &[&str]) -> Vec<String> {
    let mut codes = Vec::with_capacity(keys.len());
    for part in keys.chunks(500) {
        let questions: Vec<Value> = part.iter().map(|key| json!({ "credential": key })).collect();
        let deadline = Instant::now() + DEADLINE;
        let reply = loop {
            let request = server.http.post(server.url("/verify/batch")).bearer_auth(token).json(&json!({ "questions": questions }));
            let reply = Reply::of(request).await;
            if reply.status == 200 {
                break reply.json();
            }
            assert!(reply.status == 503 && Instant::now() < deadline, "{reply:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        codes.extend(reply["verdicts"].as_array().unwrap().iter().map(|v| v["code"].as_str().unwrap().to_owned()));
    }
    codes
}
