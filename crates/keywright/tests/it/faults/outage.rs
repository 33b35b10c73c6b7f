//! PostgreSQL goes away and comes back, alone or behind a network that loses everything; and poolers that lend one connection to many.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use keywright_domain::limits::LEASE_MS_DEFAULT;
use keywright_store::Location;
use keywright_store::testing::{self, TestPlace};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::sync::watch;

use super::askers::{Asked, Askers};
use super::kit::{detail, does_not_serve, place_on, says};
use crate::support::{Place, Server, wait_until};

const LEASE: Duration = Duration::from_millis(LEASE_MS_DEFAULT);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_nobody_is_called_bad_and_nobody_is_accepted_for_long() {
    let database = testing::Server::start();
    let kw = place_on(&database, "outage").await;
    let server = kw.serve(&[]).await;
    let app = kw.application().await;
    let key = kw.key(&app, &[]).await;
    server.settled().await;
    let token = kw.token().await.to_owned();
    for crash in [false, true] {
        let asked = Asked::new(&key.key);
        let askers = Askers::start(&server.address, &token, std::slice::from_ref(&asked), 2);
        askers.until_accepted(20).await;
        tokio::task::block_in_place(|| if crash { database.kill() } else { database.stop() });
        let away = Instant::now();
        // Freshness can be proven for a lease, and not for longer.
        wait_until("verdicts end", async || askers.tally().unavailable > 0).await;
        tokio::time::sleep(LEASE.saturating_sub(away.elapsed())).await;
        asked.is_dead();
        let reply = server.ask(serde_json::json!({ "credential": key.key })).await;
        assert_eq!((reply.problem(503), reply.header("retry-after")), ("verification_unavailable".to_owned(), Some("1")));
        says(&reply.body, &["the store has not confirmed the replica", "reachable"]);
        let forward = server.forward_key("service=business-api", &key.key).await;
        assert_eq!(forward.status, 503, "{forward:?}");
        let ready = server.get("/readyz").await;
        assert_eq!(ready.status, 503);
        says(&ready.body, &["cannot be reached", &format!("127.0.0.1:{}", database.port())]);
        assert_eq!(server.get("/livez").await.status, 200);
        for arguments in [
            &["key", "revoke", &key.id][..],
            &["org", "list"],
            &["key", "create", "--application", &app.id, "--service", "business-api", "--environment", "production", "--name", "X"],
        ] {
            let start = Instant::now();
            let ran = kw.cli(&[arguments, &["--json"]].concat()).await.exits(5);
            assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
            says(&detail(&ran), &["no answer from PostgreSQL", "is it running"]);
        }
        // It goes on knocking, without a word each time.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let tally = askers.finish().await;
        assert!(tally.unavailable > 0 && tally.lost == 0, "{tally:?}");
        tokio::task::block_in_place(|| database.up());
        // Nobody needs to do anything.
        wait_until("verdicts are given again", async || server.ask(serde_json::json!({ "credential": key.key })).await.status == 200).await;
        assert_eq!(server.code(&key.key).await, "valid", "what could not be revoked is not");
    }
    kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
    assert_eq!(server.code(&key.key).await, "revoked");
    let log = server.stderr();
    let warnings = log.lines().filter(|l| l.contains("WARN")).count();
    // Each of the six jobs that need the store says so at most once for an outage.
    assert!((2..=12).contains(&warnings), "{warnings} warnings for two outages:\n{log}");
    says(&log, &["works again"]);
}

#[tokio::test]
async fn a_server_whose_database_is_away_does_not_start_and_names_it() {
    let database = testing::Server::start();
    let kw = place_on(&database, "away").await;
    kw.serve(&[]).await.terminate().await;
    tokio::task::spawn_blocking(move || {
        database.stop();
        database
    })
    .await
    .map(|database| async move {
        let start = Instant::now();
        says(&does_not_serve(&kw, &[], &[], 5).await, &["no answer from PostgreSQL", &format!("127.0.0.1:{}/away", database.port()), "is it running"]);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    })
    .unwrap()
    .await;
}

/// A wire between a node and its database, which somebody can meddle with. What is held arrives later, as packets do.
struct Wire {
    port: u16,
    lets: watch::Sender<Lets>,
}

/// What a wire lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lets {
    Everything,
    /// All but the answers to COMMITs, and what comes behind them.
    NoCommits,
    /// The answers that were held, and nothing else.
    OnlyHeld,
    Nothing,
}

impl Wire {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Self { port: listener.local_addr().unwrap().port(), lets: watch::Sender::new(Lets::Everything) };
        let lets = wire.lets.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let (near, far) = (near.into_split(), far.into_split());
                tokio::spawn(carry(near.0, far.1, lets.clone(), |_| false));
                tokio::spawn(carry(far.0, near.1, lets.clone(), |bytes| bytes.windows(7).any(|w| w == b"COMMIT\0")));
            }
        });
        wire
    }
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut lets: watch::Receiver<Lets>, commits: fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..n];
        let held = commits(bytes) && *lets.borrow() == Lets::NoCommits;
        let passes = |lets: &Lets| match lets {
            Lets::Everything => true,
            Lets::NoCommits => !held,
            Lets::OnlyHeld => held,
            Lets::Nothing => false,
        };
        if lets.wait_for(passes).await.is_err() || to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_accepts_nothing_that_others_revoke() {
    let kw = Place::given(TestPlace::postgres()).await;
    let Location::Postgres(url) = kw.store().location() else { panic!("not PostgreSQL") };
    let wire = Wire::to(testing::shared().port()).await;
    let near = kw.serve(&[]).await;
    let far = node_behind(&kw, &url.replace(&format!(":{}/", testing::shared().port()), &format!(":{}/", wire.port))).await;
    let app = kw.application().await;
    let token = kw.token().await.to_owned();
    for held in [false, true] {
        let key = kw.key(&app, &[]).await;
        let asked = Asked::new(&key.key);
        wait_until("both nodes know the key", async || {
            let code = async |node: &Server| node.ask_as(&token, serde_json::json!({ "credential": key.key })).await.code();
            code(&near).await == "valid" && code(&far).await == "valid"
        })
        .await;
        let askers = Askers::start(&far.address, &token, std::slice::from_ref(&asked), 4);
        askers.until_accepted(50).await;
        let reported = async || {
            let all = kw.done(&["verifiers"]).await;
            let far = all.as_array().unwrap().iter().find(|v| v["node"].as_str().unwrap().ends_with(&format!(":{}", far.port()))).unwrap().clone();
            far["reported_at"].as_str().unwrap().to_owned()
        };
        if held {
            // The database has committed a poll of the far node, which does not hear of it yet.
            wire.lets.send_replace(Lets::NoCommits);
            let before = reported().await;
            wait_until("the far node has asked", async || reported().await != before).await;
        } else {
            wire.lets.send_replace(Lets::Nothing);
        }
        let answer = kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
        asked.is_dead();
        let effects = answer["verifiers"].as_array().unwrap();
        assert!(effects.len() == 2 && effects.iter().any(|v| v["lease_expired"] == true), "{answer}");
        assert_eq!(near.ask_as(&token, serde_json::json!({ "credential": key.key })).await.code(), "revoked");
        wait_until("the far node gives no verdicts", async || askers.tally().unavailable > 20).await;
        if held {
            // The answer to a poll that was asked before the revocation arrives after it: it proves nothing about now.
            wire.lets.send_replace(Lets::OnlyHeld);
            let before = askers.tally().unavailable;
            wait_until("the far node still gives no verdicts", async || askers.tally().unavailable > before + 200).await;
        }
        wire.lets.send_replace(Lets::Everything);
        wait_until("the far node knows of the revocation", async || askers.tally().refused > 20).await;
        askers.finish().await;
    }
}

/// A node of the place that reaches the database by another address.
async fn node_behind(kw: &Place, url: &str) -> Server {
    let place = Place::given(TestPlace::of(Location::Postgres(url.to_owned()))).await;
    let key = kw.master_key();
    place.serve_as("data", &[], &[("KEYWRIGHT_MASTER_KEY", &key)]).await
}

#[tokio::test]
async fn a_transaction_pooler_is_refused_with_the_reason() {
    let Some(program) = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|p| Path::new(p).exists()) else {
        return eprintln!("a transaction pooler: pgbouncer is not installed, so this was not told");
    };
    let kw = Place::given(TestPlace::postgres()).await;
    let Location::Postgres(url) = kw.store().location() else { panic!("not PostgreSQL") };
    let name = url.rsplit('/').next().unwrap();
    for (mode, refused) in [("transaction", true), ("session", false)] {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = tempfile::tempdir().unwrap();
        let (file, users) = (directory.path().join("pgbouncer.ini"), directory.path().join("users"));
        std::fs::write(&users, "\"postgres\" \"\"\n").unwrap();
        let text = format!(
            "[databases]\n{name} = host=127.0.0.1 port={} dbname={name}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = trust\n\
             pool_mode = {mode}\ndefault_pool_size = 60\nunix_socket_dir =\nauth_file = {}\nignore_startup_parameters = extra_float_digits\n",
            testing::shared().port(),
            users.display(),
        );
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(program);
        command.arg(&file);
        if rustix::process::geteuid().is_root() {
            // It refuses root, as PostgreSQL does.
            for path in [directory.path(), &file, &users] {
                std::os::unix::fs::chown(path, Some(super::kit::user_id("nobody")), None).unwrap();
            }
            command = Command::new("setpriv");
            command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--", program]).arg(&file);
        }
        let mut pooler = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        wait_until("the pooler listens", async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        let through = Place::given(TestPlace::of(Location::Postgres(format!("postgres://postgres@127.0.0.1:{port}/{name}")))).await;
        if refused {
            for _ in 0..3 {
                says(&does_not_serve(&through, &[], &[], 5).await, &["pooler", "transaction"]);
                says(&detail(&through.cli(&["org", "list", "--json"]).await.exits(5)), &["pooler", "transaction"]);
            }
        } else {
            let server = through.serve(&[]).await;
            let app = through.application().await;
            let key = through.key(&app, &[]).await;
            server.settled().await;
            assert_eq!(server.code(&key.key).await, "valid", "a session pooler lends nothing to two");
        }
        pooler.kill().await.unwrap();
    }
}
