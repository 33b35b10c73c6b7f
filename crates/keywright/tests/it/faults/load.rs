//! Revocation under load: no question that is sent after the answer is accepted, whoever else is busy, stops or leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use keywright::cli::{Cli, Command};
use keywright::settings::Settings;
use keywright_domain::caller::Caller;
use keywright_operations::credentials::NewCredential;
use keywright_store::testing::TestPlace;

use super::askers::{Asked, Askers};
use crate::support::{Place, stories};

stories! {
    async fn a_server_that_stops_accepts_nothing_that_is_revoked_while_it_drains(kw: Place) {
        let mut server = kw.serve(&[]).await;
        let app = kw.application().await;
        let token = kw.token().await.to_owned();
        for _ in 0..2 {
            let key = kw.key(&app, &[]).await;
            server.settled().await;
            let asked = Asked::new(&key.key);
            let askers = Askers::start(&server.address, &token, std::slice::from_ref(&asked), 8);
            askers.until_accepted(50).await;
            server.signal(rustix::process::Signal::TERM);
            kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
            asked.is_dead();
            assert!(server.ends().await.success());
            askers.finish().await;
            server.restart().await;
        }
    }
}

/// Keys that are revoked.
const REVOKED: usize = 500;
/// By so many at a time.
const REVOKERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_serving_process_accepts_nothing_after_its_own_revocations_on_sqlite() {
    revoke_under_load(Place::given(TestPlace::sqlite()).await, REVOKED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_serving_process_accepts_nothing_after_its_own_revocations_on_postgres() {
    revoke_under_load(Place::given(TestPlace::postgres()).await, REVOKED / 2).await;
}

/// As the management API revokes: through the operation inside the process that serves.
async fn revoke_under_load(kw: Place, keys: usize) {
    let running = start_here(&kw).await;
    let (operations, caller) = (&running.operations, Caller::Machine { user: "test".into() });
    super::kit::allow_many_keys(&kw).await;
    let app = kw.application().await;
    // The token comes first: until all keys are made, its server has heard of it.
    let token = kw.token().await.to_owned();
    let mut made = Vec::new();
    for _ in 0..keys {
        let new = NewCredential { service: "business-api".into(), environment: "production".into(), name: "Load".into(), ..NewCredential::default() };
        made.push(operations.credential_create(&caller, app.id.parse().unwrap(), new).await.unwrap());
    }
    let asked: Vec<_> = made.iter().map(|m| Asked::new(m.handed.secret())).collect();
    let address = format!("http://{}", running.address);
    let askers = Askers::start(&address, &token, &asked, 6);
    askers.until_accepted(100).await;
    let revoking = made.chunks(keys.div_ceil(REVOKERS)).zip(asked.chunks(keys.div_ceil(REVOKERS))).map(|(made, asked)| {
        let (askers, address, token, caller) = (&askers, &address, &token, &caller);
        async move {
            let mut took = Vec::new();
            for (made, asked) in made.iter().zip(asked) {
                let start = Instant::now();
                let revoked = operations.credential_revoke(caller, made.id).await.unwrap();
                operations.revocation_effective(&revoked).await.unwrap();
                asked.is_dead();
                took.push(start.elapsed());
                // Each dead key is asked for at once too, not only when its turn comes.
                assert_eq!(askers.once(address, token, asked).await, "revoked");
            }
            took
        }
    });
    let took = futures_util::future::join_all(revoking).await.concat();
    let tally = askers.finish().await;
    assert!(tally.accepted > 0 && tally.refused > 0 && tally.lost == 0, "{tally:?}");
    // A single one may be held up on a busy machine; that most are waited for by the clock would be a fault.
    assert!(median(took) < Duration::from_secs(1), "most revocations wait for a lease");
    running.stop().await.unwrap();
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

/// A server in this process.
async fn start_here(kw: &Place) -> keywright::serve::Running {
    let mut words = vec!["keywright".to_owned(), "serve".into(), "--listen".into(), "127.0.0.1:0".into()];
    words.extend(kw.store().flags());
    let key = kw.directory().join("given.key");
    super::kit::write_private(&key, &if kw.store().is_postgres() { kw.master_key() } else { "5".repeat(64) });
    words.extend(["--master-key-file".into(), key.display().to_string()]);
    let cli = Cli::parse_from(words);
    let Command::Serve(serve) = &cli.command else { panic!("not serve") };
    keywright::serve::start(&Settings::read(&cli.common).unwrap(), serve).await.unwrap()
}

/// Commands that run at the same time, beside a server that writes as well.
const COMMANDS_AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_beside_a_busy_server_are_never_told_that_the_store_is_busy() {
    let kw = Place::given(TestPlace::sqlite()).await;
    // The server writes through its own operations: rotations and creations in a row, and the counts of use of all keys.
    let running = start_here(&kw).await;
    super::kit::allow_many_keys(&kw).await;
    let app = kw.application().await;
    let caller = Caller::Machine { user: "test".into() };
    let busy = Arc::new(AtomicBool::new(true));
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (operations, caller, app, busy) = (running.operations.clone(), caller.clone(), app.id.parse().unwrap(), Arc::clone(&busy));
            tokio::spawn(async move {
                let mut written = 0u32;
                while busy.load(Ordering::Relaxed) {
                    let new =
                        NewCredential { service: "business-api".into(), environment: "production".into(), name: "Busy".into(), ..NewCredential::default() };
                    operations.credential_create(&caller, app, new).await.unwrap();
                    written += 1;
                }
                written
            })
        })
        .collect();
    let commands: Vec<_> = (0..COMMANDS_AT_ONCE)
        .map(|_| {
            let (kw, app) = (kw.clone(), app.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                for _ in 0..6 {
                    let key = kw.key(&app, &[]).await;
                    kw.done(&["key", "rotate", &key.id, "--policy", "immediate"]).await;
                    // `start_here` gave a key of its own.
                    let given = kw.directory().join("given.key").display().to_string();
                    let start = Instant::now();
                    let revoked = kw.done(&["key", "revoke", &key.id, "--wait", "all", "--master-key-file", &given]).await;
                    took.push(start.elapsed());
                    assert_eq!(revoked["verifiers"].as_array().unwrap().len(), 1, "{revoked}");
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for command in commands {
        took.extend(command.await.unwrap());
    }
    busy.store(false, Ordering::Relaxed);
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    assert!(written > 100, "a server that hardly writes shows nothing: {written}");
    // Process start, store, revocation, report and proof, four at a time.
    assert!(median(took.clone()) < Duration::from_secs(1), "revoke --wait all beside a busy server: {took:?}");
    running.stop().await.unwrap();
}
