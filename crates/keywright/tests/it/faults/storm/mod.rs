//! A storm: servers, writers and commands are killed with SIGKILL, and databases crash, again and again, in the middle of what they do. After each
//! restart everything acknowledged is there, nothing half-made is, and no revoked key is accepted.

mod checks;
mod known;
mod round;
mod writer;

use std::time::{Duration, Instant};

use keywright_store::testing::{self, TestPlace};

use crate::support::{Place, Server};
use known::Known;
use round::Round;

/// How long a storm lasts unless `KEYWRIGHT_STORM_S` says otherwise.
const STORM: Duration = Duration::from_secs(12);
/// Organisations whose keys are made: writes of one follow each other, those of several overlap.
const ORGANISATIONS: usize = 4;

/// What a round kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The server, while the writers go on.
    Server,
    /// The writers, while the server goes on.
    Writers,
    /// All of them, one right after the other.
    Everybody,
    /// Every connection to the database, from the database's side.
    Connections,
    /// The database.
    Database,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    let kw = Place::given(TestPlace::sqlite()).await;
    storm(kw, None, &[Fault::Everybody, Fault::Server, Fault::Writers]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_on_postgres() {
    let database = testing::Server::start();
    let kw = super::kit::place_on(&database, "storm").await;
    storm(kw, Some(&database), &[Fault::Database, Fault::Everybody, Fault::Connections, Fault::Writers, Fault::Server]).await;
}

async fn storm(kw: Place, database: Option<&testing::Server>, faults: &[Fault]) {
    let lasts = std::env::var("KEYWRIGHT_STORM_S").map_or(STORM, |s| Duration::from_secs(s.parse().expect("KEYWRIGHT_STORM_S is a number of seconds")));
    let mut server = kw.serve(&[]).await;
    super::kit::allow_many_keys(&kw).await;
    let mut applications = Vec::new();
    for _ in 0..ORGANISATIONS {
        applications.push(kw.application().await.id);
    }
    let token = kw.token().await.to_owned();
    let known = Known::default();
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < lasts || rounds < faults.len() {
        let fault = faults[rounds % faults.len()];
        rounds += 1;
        let round = Round { kw: &kw, database, token: &token, applications: &applications, known: &known };
        server = round.run(server, fault).await;
        let what = format!("after round {rounds}, {fault:?}");
        checks::acknowledged(&server, &token, &known, &what).await;
        checks::nothing_half_made(&kw, &what).await;
    }
    let (keys, revoked) = known.counts();
    eprintln!("storm on {}: {rounds} rounds, {keys} keys, {revoked} revoked", if database.is_some() { "PostgreSQL" } else { "SQLite" });
    assert!(keys > 20 * rounds && revoked > rounds, "a storm that hardly blows shows nothing: {keys} keys, {revoked} revoked in {rounds} rounds");
    still_works(&kw, &server, &applications[0]).await;
}

/// After all that it is a server like any other.
async fn still_works(kw: &Place, server: &Server, application: &str) {
    let made = kw.done(&writer::create(application)).await;
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    server.settled().await;
    assert_eq!(server.code(key).await, "valid");
    kw.done(&["key", "revoke", id, "--wait", "all"]).await;
    assert_eq!(server.code(key).await, "revoked");
}
