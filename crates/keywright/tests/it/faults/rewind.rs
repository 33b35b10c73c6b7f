//! A store that went back in time or another way is noticed by whoever has seen the newer one, until somebody says that it is meant.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use keywright_store::Location;
use keywright_store::testing::shared;

use super::kit::{does_not_serve, says};
use crate::support::{DEADLINE, Key, Place, Server, stories, wait_for, wait_until};

const BEHIND: &str = "gone back in time";
const FORKED: &str = "not the one that this node has seen";

/// A copy of a store that is not open.
enum Copy {
    Files(Vec<(String, Vec<u8>)>),
    Database(String),
}

impl Copy {
    /// Copies the store. Nobody has it open.
    fn take(kw: &Place) -> Self {
        match kw.store().location() {
            Location::Directory(data) => {
                let names = ["keywright.db", "keywright.db-wal"];
                Self::Files(names.iter().filter_map(|n| Some(((*n).to_owned(), fs::read(data.join(n)).ok()?))).collect())
            }
            Location::Postgres(url) => {
                let name = url.rsplit('/').next().unwrap();
                let copy = format!("{name}_copy");
                copied(name, &copy);
                Self::Database(copy)
            }
        }
    }

    /// Puts it in the store's place.
    fn put_back(&self, kw: &Place) {
        match (self, kw.store().location()) {
            (Self::Files(files), Location::Directory(data)) => {
                for name in ["keywright.db", "keywright.db-wal", "keywright.db-shm"] {
                    let _ = fs::remove_file(data.join(name));
                }
                files.iter().for_each(|(name, bytes)| fs::write(data.join(name), bytes).unwrap());
            }
            (Self::Database(copy), Location::Postgres(url)) => {
                let name = url.rsplit('/').next().unwrap();
                shared().sql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
                copied(copy, name);
            }
            _ => panic!("a copy of another engine"),
        }
    }
}

/// Copies a database of this name. PostgreSQL refuses that while somebody is in it, and what has just left may still be.
fn copied(name: &str, copy: &str) {
    let deadline = Instant::now() + DEADLINE;
    while let Err(error) = shared().try_sql("postgres", &format!("CREATE DATABASE {copy} TEMPLATE {name}")) {
        assert!(Instant::now() < deadline, "{error}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Self::Database(copy) = self {
            shared().sql("postgres", &format!("DROP DATABASE IF EXISTS {copy} WITH (FORCE)"));
        }
    }
}

/// How far the store was when the node noted it last.
fn noted(kw: &Place) -> u64 {
    let text = fs::read_to_string(kw.directory().join("data.place")).unwrap();
    text.split_whitespace().nth(2).unwrap().parse().unwrap()
}

/// A server with two keys; then a copy of the store, and one of the keys is revoked after it.
async fn revoked_after_the_copy(kw: &Place) -> (Server, Key, Key, Copy) {
    let mut server = kw.serve(&[]).await;
    let app = kw.application().await;
    let (revoked, kept) = (kw.key(&app, &[]).await, kw.key(&app, &[]).await);
    server.settled().await;
    assert_eq!(server.code(&revoked.key).await, "valid");
    server.terminate().await;
    let copy = Copy::take(kw);
    server.restart().await;
    kw.done(&["key", "revoke", &revoked.id, "--wait", "all"]).await;
    assert_eq!(server.code(&revoked.key).await, "revoked");
    (server, revoked, kept, copy)
}

/// Nothing starts; a command that accepts it helps, and what was lost is lost.
async fn only_accepting_helps(kw: &Place, server: &mut Server, revoked: &Key, kept: &Key, reason: &str) {
    for _ in 0..2 {
        says(&does_not_serve(kw, &[], &[], 5).await, &[reason, "restore --accept-rewind"]);
    }
    kw.done(&["restore", "--accept-rewind"]).await;
    server.restart().await;
    server.settled().await;
    assert_eq!(server.code(&kept.key).await, "valid");
    assert_eq!(server.code(&revoked.key).await, "valid", "the copy does not know of the revocation: that is what was accepted");
    kw.done(&["key", "revoke", &revoked.id, "--wait", "all"]).await;
    assert_eq!(server.code(&revoked.key).await, "revoked");
    // It goes on as any other store.
    server.restart().await;
    assert_eq!(server.code(&revoked.key).await, "revoked");
}

stories! {
    async fn an_older_copy_is_noticed_at_start_until_it_is_accepted(kw: Place) {
        let (mut server, revoked, kept, copy) = revoked_after_the_copy(&kw).await;
        server.terminate().await;
        copy.put_back(&kw);
        only_accepting_helps(&kw, &mut server, &revoked, &kept, BEHIND).await;
    }

    async fn an_older_copy_is_noticed_after_a_crash_too(kw: Place) {
        let (mut server, revoked, kept, copy) = revoked_after_the_copy(&kw).await;
        // What a node has seen is noted at most once a second, so a crash may forget the last second of it; this is older.
        let head = kw.head().await;
        wait_until("the place is noted", async || noted(&kw) >= head).await;
        server.kill_9().await;
        copy.put_back(&kw);
        only_accepting_helps(&kw, &mut server, &revoked, &kept, BEHIND).await;
    }

    async fn a_hub_without_a_verifier_notices_an_older_copy_too(kw: Place) {
        let mut hub = kw.serve(&["--role", "hub"]).await;
        kw.organisation().await;
        hub.terminate().await;
        let copy = Copy::take(&kw);
        hub.restart().await;
        kw.organisation().await;
        // A command made it: the node notes only what it has seen itself.
        hub.settled().await;
        hub.terminate().await;
        copy.put_back(&kw);
        for _ in 0..2 {
            says(&does_not_serve(&kw, &["--role", "hub"], &[], 5).await, &[BEHIND, "restore --accept-rewind"]);
        }
        kw.done(&["restore", "--accept-rewind"]).await;
        hub.restart().await;
    }

    async fn a_copy_that_went_another_way_is_noticed_at_start(kw: Place) {
        let (mut server, revoked, kept, copy) = revoked_after_the_copy(&kw).await;
        server.terminate().await;
        copy.put_back(&kw);
        // Written to until it is no longer behind.
        for _ in 0..4 {
            kw.done(&["org", "create", "Elsewhere", "--owner", "eve@example.com"]).await;
        }
        says(&does_not_serve(&kw, &[], &[], 5).await, &[FORKED, "restore --accept-rewind"]);
        kw.done(&["restore", "--accept-rewind"]).await;
        server.restart().await;
        server.settled().await;
        assert_eq!((server.code(&kept.key).await, server.code(&revoked.key).await), ("valid".into(), "valid".into()));
    }

    async fn an_older_copy_under_a_running_server_stops_its_verdicts(kw: Place) {
        let (mut server, revoked, kept, copy) = revoked_after_the_copy(&kw).await;
        let token = kw.token().await.to_owned();
        copy.put_back(&kw);
        // On PostgreSQL another database of the same name; on SQLite another file of the same name: the server may still hold the one that was removed.
        if kw.store().is_postgres() {
            let reply = wait_for("the server notices", async || {
                let reply = server.ask_as(&token, serde_json::json!({ "credential": revoked.key })).await;
                assert!(matches!((reply.status, &*reply.code()), (200, "revoked") | (503, "verification_unavailable")), "{reply:?}");
                (reply.status == 503 && reply.body.contains("older copy")).then_some(reply)
            })
            .await;
            says(reply.json()["detail"].as_str().unwrap(), &["behind", "older copy was put back", "restore --accept-rewind", "restart every node"]);
            assert_eq!(reply.header("retry-after"), Some("1"));
            let ready = server.get("/readyz").await;
            assert_eq!(ready.status, 503);
            says(&ready.body, &["older copy was put back"]);
        } else {
            // It has the file open that has lost its name: nothing that commands do now reaches it, so it must not go on for longer than a lease.
            let written = kw.cli(&["key", "suspend", &kept.id, "--json"]).await.exits(0);
            assert_eq!(written.json()["state"], "suspended", "the copy can be written to");
            let reply = wait_for("the server notices", async || {
                let reply = server.ask_as(&token, serde_json::json!({ "credential": kept.key })).await;
                assert!(matches!((reply.status, &*reply.code()), (200, "valid") | (503, "verification_unavailable")), "{reply:?}");
                (reply.status == 503).then_some(reply)
            })
            .await;
            assert_eq!(reply.header("retry-after"), Some("1"));
            let ready = server.get("/readyz").await;
            assert_eq!(ready.status, 503);
            says(&ready.body, &["keywright.db", "another file was put in its place", "restore --accept-rewind"]);
            says(&server.stderr(), &["another file was put in its place"]);
            kw.done(&["key", "resume", &kept.id]).await;
        }
        server.terminate().await;
        only_accepting_helps(&kw, &mut server, &revoked, &kept, if kw.store().is_postgres() { BEHIND } else { FORKED }).await;
    }
}

/// A copy of the whole directory goes back too: what the node has seen stands beside it.
#[tokio::test]
async fn an_older_copy_of_the_whole_directory_is_noticed() {
    let kw = Place::given(keywright_store::testing::TestPlace::sqlite()).await;
    let mut server = kw.serve(&[]).await;
    let app = kw.application().await;
    let (revoked, kept) = (kw.key(&app, &[]).await, kw.key(&app, &[]).await);
    server.terminate().await;
    let (data, copy) = (kw.directory().join("data"), kw.directory().join("copy"));
    copy_directory(&data, &copy);
    server.restart().await;
    kw.done(&["key", "revoke", &revoked.id, "--wait", "all"]).await;
    server.terminate().await;
    fs::remove_dir_all(&data).unwrap();
    fs::rename(&copy, &data).unwrap();
    only_accepting_helps(&kw, &mut server, &revoked, &kept, BEHIND).await;
}

fn copy_directory(from: &Path, to: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|e| e.unwrap()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
