//! PostgreSQL away, and what becomes of a write whose connection is lost.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use keywright_domain::change::Position;
use keywright_store::testing::{Server, TestPlace, shared};
use keywright_store::{Done, Location, OpenError, OpenOptions, Purpose, Store, StoreError, Tx, args};

use crate::support::{Follower, counts, insert, make, operator, organisation_id};

/// What a [`Proxy`] does with the next COMMIT that it sees.
const PASS: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;
/// The same, and nobody is let in any more.
const CUT_AFTER_AND_CLOSE: u8 = 3;
const CLOSED: u8 = 4;

/// Stands between a store and its server, and cuts a connection at the worst moment.
struct Proxy {
    port: u16,
    mode: Arc<AtomicU8>,
}

impl Proxy {
    fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mode = Arc::new(AtomicU8::new(PASS));
        let cutting = Arc::clone(&mode);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if cutting.load(Ordering::SeqCst) == CLOSED {
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let (from_client, to_client) = (client.try_clone().unwrap(), client);
                let (from_server, to_server) = (server.try_clone().unwrap(), server);
                let mode = Arc::clone(&cutting);
                std::thread::spawn(move || carry_to_server(from_client, to_server, &mode));
                std::thread::spawn(move || carry(from_server, to_client));
            }
        });
        Self { port, mode }
    }

    fn set(&self, mode: u8) {
        self.mode.store(mode, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}

fn carry_to_server(mut client: TcpStream, mut server: TcpStream, mode: &AtomicU8) {
    let mut buffer = [0; 65_536];
    while let Ok(n @ 1..) = client.read(&mut buffer) {
        let commits = buffer[..n].windows(7).any(|w| w == b"COMMIT\0");
        let cut = if commits { mode.load(Ordering::SeqCst) } else { PASS };
        if matches!(cut, CUT_BEFORE | CUT_AFTER | CUT_AFTER_AND_CLOSE) {
            mode.store(if cut == CUT_AFTER_AND_CLOSE { CLOSED } else { PASS }, Ordering::SeqCst);
            // No answer gets through any more.
            client.shutdown(Shutdown::Both).unwrap();
            if cut != CUT_BEFORE {
                server.write_all(&buffer[..n]).unwrap();
                // The server's answer tells that it has worked the COMMIT off.
                let _ = server.read(&mut [0; 64]);
            }
            break;
        }
        if server.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
}

async fn behind_proxy(place: &TestPlace) -> (Proxy, Store) {
    let Location::Postgres(url) = place.location() else { unreachable!() };
    let proxy = Proxy::start(shared().port());
    let url = url.replace(&format!(":{}/", shared().port()), &format!(":{}/", proxy.port));
    let store = Store::open(OpenOptions::new(Location::Postgres(url), Purpose::Command)).await.unwrap();
    (proxy, store)
}

/// Writes once, and says how often the job ran.
async fn write(store: &Store, logged: bool) -> (Result<Position, StoreError>, u32) {
    let runs = Arc::new(AtomicU32::new(0));
    let id = organisation_id();
    let counted = Arc::clone(&runs);
    let job = async move |tx: &mut Tx<'_>| {
        counted.fetch_add(1, Ordering::SeqCst);
        let done = insert(tx, id).await?;
        Ok::<_, StoreError>(if logged { done } else { Done { changes: vec![], ..done } })
    };
    let written = store.write(operator(), job).await.map(|c| c.place.position);
    (written, runs.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_looked_up_and_not_run_again() {
    let place = TestPlace::postgres();
    let (proxy, store) = behind_proxy(&place).await;
    assert_eq!(write(&store, true).await, (Ok(Position(1)), 1));
    proxy.set(CUT_AFTER);
    assert_eq!(write(&store, true).await, (Ok(Position(2)), 1));
    proxy.set(CUT_AFTER);
    assert_eq!(write(&store, false).await, (Ok(Position(2)), 1), "without a log entry the transaction's number tells");
    assert_eq!(write(&store, true).await, (Ok(Position(3)), 1));
    assert_eq!(counts(&store).await, (4, 3, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_run_again() {
    let place = TestPlace::postgres();
    let (proxy, store) = behind_proxy(&place).await;
    proxy.set(CUT_BEFORE);
    assert_eq!(write(&store, true).await, (Ok(Position(1)), 2));
    proxy.set(CUT_BEFORE);
    assert_eq!(write(&store, false).await, (Ok(Position(1)), 2));
    assert_eq!(counts(&store).await, (2, 1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_cannot_be_looked_up_is_said_to_be_unsure() {
    let place = TestPlace::postgres();
    let (proxy, store) = behind_proxy(&place).await;
    make(&store).await;
    proxy.set(CUT_AFTER_AND_CLOSE);
    let (written, runs) = write(&store, true).await;
    assert!(matches!(written, Err(StoreError::Unsure { .. })), "{written:?}");
    assert_eq!(runs, 1, "never again blindly");
    let direct = place.open_for(Purpose::Command).await;
    assert_eq!(counts(&direct).await, (2, 2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_connection_dies_runs_again() {
    let place = TestPlace::postgres();
    let store = place.open().await;
    let runs = Arc::new(AtomicU32::new(0));
    let (id, counted) = (organisation_id(), Arc::clone(&runs));
    let job = async move |tx: &mut Tx<'_>| {
        let done = insert(tx, id).await?;
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            let pid: i64 = tx.one("SELECT pg_backend_pid()", args![]).await?;
            shared().sql("postgres", &format!("SELECT pg_terminate_backend({pid})"));
        }
        tx.exec("UPDATE organisation SET name = 'B' WHERE id = $1", args![id]).await?;
        Ok::<_, StoreError>(done)
    };
    assert_eq!(store.write(operator(), job).await.unwrap().place.position, Position(1));
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(counts(&store).await, (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_jobs_in_a_deadlock_both_come_through() {
    let place = TestPlace::postgres();
    let store = place.open().await;
    let (a, b) = (make(&store).await.0, make(&store).await.0);
    let met = Arc::new(tokio::sync::Barrier::new(2));
    let both = [(a, b), (b, a)].map(|(first, second)| {
        let (met, runs, store) = (Arc::clone(&met), Arc::new(AtomicU32::new(0)), store.clone());
        async move {
            let job = async move |tx: &mut Tx<'_>| {
                assert!(tx.lock_organisation(first).await?);
                if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                    met.wait().await;
                }
                assert!(tx.lock_organisation(second).await?);
                Ok::<_, StoreError>(Done::new(()).change(keywright_domain::change::Change::Organisation(first)))
            };
            store.write(operator(), job).await.unwrap()
        }
    });
    futures_util::future::join_all(both).await;
    assert_eq!(store.place(Position(0)).await.unwrap().0.position, Position(4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_is_told_at_once_and_comes_back_by_itself() {
    let server = Server::start();
    let location = Location::Postgres(server.url("postgres"));
    let store = Store::open(OpenOptions::new(location.clone(), Purpose::Serve)).await.unwrap();
    let mut follower = Follower::start(&store).await;
    make(&store).await;
    follower.step(&store).await;
    for end in [Server::stop, Server::kill] {
        end(&server);
        let start = Instant::now();
        let (written, _) = write(&store, true).await;
        assert!(matches!(written, Err(StoreError::Away { .. })), "{written:?}");
        assert!(matches!(store.verifiers().await, Err(StoreError::Away { .. })));
        assert!(matches!(follower.poll(&store).await, Err(StoreError::Away { .. })));
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        let error = Store::open(OpenOptions::new(location.clone(), Purpose::Serve)).await.err().unwrap();
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
        server.up();
        let mut wakeups = store.wakeups();
        assert_eq!(follower.step(&store).await.head.position, follower.at.position);
        make(&store).await;
        assert_eq!(follower.step(&store).await.records.len(), 1);
        tokio::time::timeout(Duration::from_secs(10), wakeups.next()).await.unwrap();
    }
    // A standby answers, and cannot prove anything.
    server.stop();
    server.demote();
    server.up();
    let polled = follower.poll(&store).await;
    assert!(matches!(polled, Err(StoreError::Away { .. })), "{polled:?}");
    let (written, _) = write(&store, true).await;
    assert!(matches!(written, Err(StoreError::Away { .. })), "{written:?}");
    let error = Store::open(OpenOptions::new(location, Purpose::Serve)).await.err().unwrap();
    assert!(matches!(error, OpenError::Standby { .. }) && error.to_string().contains("primary"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_hosts_only_the_primary_is_spoken_to() {
    let (standby, primary) = (Server::start(), shared());
    standby.stop();
    standby.demote();
    standby.up();
    primary.sql("postgres", "CREATE DATABASE two_hosts");
    let url = format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/two_hosts?target_session_attrs=any", standby.port(), primary.port());
    let store = Store::open(OpenOptions::new(Location::Postgres(url), Purpose::Serve)).await.unwrap();
    let mut follower = Follower::start(&store).await;
    for _ in 0..3 {
        make(&store).await;
        assert_eq!(follower.step(&store).await.records.len(), 1);
    }
    assert_eq!(store.verifiers().await.unwrap()[0].reported.position, Position(2));
    assert_eq!(standby.sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'keywright'"), "0", "no pool stays on the standby");
    drop(store);
    primary.sql("postgres", "DROP DATABASE two_hosts WITH (FORCE)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_takes_no_writes_any_more_is_left() {
    let server = Server::start();
    let store = Store::open(OpenOptions::new(Location::Postgres(server.url("postgres")), Purpose::Serve)).await.unwrap();
    let mut follower = Follower::start(&store).await;
    make(&store).await;
    follower.step(&store).await;
    let read_only = |on: &str| {
        server.sql("postgres", &format!("ALTER SYSTEM SET default_transaction_read_only = {on}"));
        server.sql("postgres", "SELECT pg_reload_conf()");
        let start = Instant::now();
        while server.sql("postgres", "SHOW default_transaction_read_only") != on {
            assert!(start.elapsed() < Duration::from_secs(20));
        }
    };
    read_only("on");
    let before = server.sql("postgres", "SELECT coalesce(max(backend_start), now()) FROM pg_stat_activity WHERE application_name = 'keywright'");
    let (written, _) = write(&store, true).await;
    assert!(matches!(written, Err(StoreError::Away { .. })), "{written:?}");
    let polled = follower.poll(&store).await;
    assert!(matches!(polled, Err(StoreError::Away { .. })), "{polled:?}");
    read_only("off");
    make(&store).await;
    assert_eq!(follower.step(&store).await.records.len(), 1);
    let newer = format!("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'keywright' AND backend_start > '{before}'");
    assert_eq!(server.sql("postgres", &newer), "t", "by another connection");
}
