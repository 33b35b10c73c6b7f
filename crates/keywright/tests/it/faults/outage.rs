//! PostgreSQL goes away and comes back, alone or behind a network that loses everything; and poolers that lend one connection to many.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use keywright_domain::limits::LEASE_MS_DEFAULT;
use keywright_store::Location;
use keywright_store::testing::{self, TestPlace};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::sync::watch;

use super::askers::{Asked, Askers};
use super::kit::{detail, does_not_serve, place_on, says};
use crate::support::{Place, Server, wait_for, wait_until};

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
    assert!((2..=8).contains(&warnings), "{warnings} warnings for two outages:\n{log}");
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

/// A wire between a node and its database, which can be cut and mended: what was sent meanwhile arrives later, as packets do.
struct Wire {
    port: u16,
    cut: watch::Sender<bool>,
}

impl Wire {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Self { port: listener.local_addr().unwrap().port(), cut: watch::Sender::new(false) };
        let cut = wire.cut.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let (near, far) = (near.into_split(), far.into_split());
                tokio::spawn(carry(near.0, far.1, cut.clone()));
                tokio::spawn(carry(far.0, near.1, cut.clone()));
            }
        });
        wire
    }
}

async fn carry(mut from: impl tokio::io::AsyncRead + Unpin, mut to: impl tokio::io::AsyncWrite + Unpin, mut cut: watch::Receiver<bool>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if cut.wait_for(|cut| !*cut).await.is_err() || to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_accepts_nothing_that_others_revoke() {
    let kw = Place::given(TestPlace::postgres()).await;
    let Location::Postgres(url) = kw.store().location() else { panic!("not PostgreSQL") };
    let wire = Wire::to(testing::shared().port()).await;
    let server = kw.serve_as("data", &["--lease", "1s"], &[]).await;
    let beyond = url.replace(&format!(":{}/", testing::shared().port()), &format!(":{}/", wire.port));
    let far = kw.serve_as("node-b", &[], &[("KEYWRIGHT_DATABASE_URL", &url)]).await;
    drop(far);
    let cut_off = node_behind(&kw, &beyond).await;
    let app = kw.application().await;
    let key = kw.key(&app, &[]).await;
    let token = kw.token().await.to_owned();
    let asked = Asked::new(&key.key);
    wait_until("the far node knows the key", async || {
        cut_off.ask_as(&token, serde_json::json!({ "credential": key.key })).await.body.contains(r#""valid":true"#)
    })
    .await;
    let askers = Askers::start(&cut_off.address, &token, std::slice::from_ref(&asked), 4);
    askers.until_accepted(50).await;

    wire.cut.send_replace(true);
    let answer = kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
    asked.is_dead();
    let effects = answer["verifiers"].as_array().unwrap();
    assert!(effects.iter().any(|v| v["lease_expired"] == true), "{answer}");
    assert_eq!(server.code(&key.key).await, "revoked");
    wait_until("the far node gives no verdicts", async || askers.tally().unavailable > 20).await;
    // What was under way is delivered now: answers to polls that were asked before the revocation must not count as fresh.
    wire.cut.send_replace(false);
    wait_for("the far node knows of the revocation", async || (askers.tally().refused > 20).then_some(())).await;
    askers.finish().await;
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
