//! What keeps a server or a command from starting: each says what is wrong, where, and what to do, and leaves the store as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use keywright_store::Purpose;
use keywright_store::testing::{TestPlace, shared};

use super::kit::{as_nobody, detail, does_not_serve, is_root, says, tamper, user_id, write_private};
use crate::support::{Place, stories};

const ANOTHER_KEY: &str = "4444444444444444444444444444444444444444444444444444444444444444";

stories! {
    async fn a_port_that_is_taken_is_named_and_nothing_is_left_behind(kw: Place) {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let ran = kw.run(kw.command(&["serve", "--listen", &address, "--json"]), b"", &[("KEYWRIGHT_LOG", "off")]).await.exits(6);
        says(&detail(&ran), &[&address, "--listen", "in use"]);
        if kw.store().is_postgres() {
            assert_eq!(kw.done(&["verifiers"]).await, serde_json::json!([]), "nobody waits for a verifier that never was");
        } else {
            assert!(!kw.directory().join("data").exists());
        }
        drop(taken);
        kw.serve(&["--listen", &address]).await;
    }

    async fn a_wrong_master_key_is_refused_before_anything_happens(kw: Place) {
        let mut server = kw.serve(&[]).await;
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        let wrong = kw.run(kw.command(&["key", "revoke", &key.id, "--wait", "all", "--json"]), b"", &[("KEYWRIGHT_MASTER_KEY", ANOTHER_KEY)]).await.exits(5);
        says(&detail(&wrong), &["not the one that the store was made with", "--master-key-file"]);
        server.settled().await;
        assert_eq!(server.code(&key.key).await, "valid", "a revocation that could not be proven was not begun");
        server.terminate().await;
        let said = does_not_serve(&kw, &[], &[("KEYWRIGHT_MASTER_KEY", ANOTHER_KEY)], 5).await;
        says(&said, &["not the one that the store was made with", "--master-key-file"]);
        assert!(!said.contains(ANOTHER_KEY));
        server.restart().await;
        assert_eq!(server.code(&key.key).await, "valid");
    }

    async fn a_store_that_is_newer_than_the_program_is_left_alone(kw: Place) {
        let store = kw.store().open_for(Purpose::Migrate).await;
        tamper(&store, "INSERT INTO schema_version (version, at_us) VALUES (1000, 0)").await;
        drop(store);
        let said = does_not_serve(&kw, &[], &[], 5).await;
        says(&said, &["1000", "newer"]);
        for command in [vec!["org", "list"], vec!["migrate"], vec!["org", "create", "Acme", "--owner", "ann@example.com"], vec!["restore", "--accept-rewind"]] {
            says(&detail(&kw.cli(&[command, vec!["--json"]].concat()).await.exits(5)), &["1000", "newer"]);
        }
    }
}

#[tokio::test]
async fn a_command_on_a_store_that_is_not_there_makes_none() {
    let kw = Place::given(TestPlace::sqlite()).await;
    for command in [vec!["org", "list"], vec!["org", "create", "Acme", "--owner", "ann@example.com"], vec!["restore", "--accept-rewind"]] {
        let said = detail(&kw.cli(&[command, vec!["--json"]].concat()).await.exits(5));
        says(&said, &["no store", "data", "keywright serve", "keywright migrate"]);
    }
    assert!(!kw.directory().join("data").exists(), "looking makes nothing");
    fs::create_dir(kw.directory().join("data")).unwrap();
    says(kw.refused(&["org", "list"], 5).await["detail"].as_str().unwrap(), &["no store"]);
    assert_eq!(fs::read_dir(kw.directory().join("data")).unwrap().count(), 0);

    let empty = super::kit::place_on(shared(), "keywright_missing").await;
    says(&detail(&empty.cli(&["org", "list", "--json"]).await.exits(5)), &["no store", "keywright_missing", "keywright migrate"]);
    let absent = Place::given(TestPlace::of(keywright_store::Location::Postgres(shared().url("keywright_absent")))).await;
    says(&detail(&absent.cli(&["org", "list", "--json"]).await.exits(5)), &["keywright_absent", "does not exist"]);
    shared().sql("postgres", "DROP DATABASE keywright_missing");
}

#[tokio::test]
async fn a_second_server_on_one_data_directory_is_refused() {
    let kw = Place::given(TestPlace::sqlite()).await;
    let server = kw.serve(&[]).await;
    says(&does_not_serve(&kw, &[], &[], 5).await, &["serve.lock", "only one", "stop"]);
    says(&detail(&kw.cli(&["migrate", "--json"]).await.exits(5)), &["serve.lock", "only one"]);
    // The first one goes on, and so do commands beside it.
    let app = kw.application().await;
    let key = kw.key(&app, &[]).await;
    server.settled().await;
    assert_eq!(server.code(&key.key).await, "valid");
}

#[tokio::test]
async fn the_master_key_must_be_there_once_and_be_kept_private() {
    let kw = Place::given(TestPlace::sqlite()).await;
    let file = kw.directory().join("given.key");
    let flag = ["--master-key-file", &file.display().to_string()].map(str::to_owned);
    let flag: Vec<&str> = flag.iter().map(String::as_str).collect();
    says(&does_not_serve(&kw, &flag, &[], 2).await, &["given.key", "No such file"]);
    write_private(&file, "hello\n");
    says(&does_not_serve(&kw, &flag, &[], 2).await, &["given.key", "64"]);
    write_private(&file, ANOTHER_KEY);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    says(&does_not_serve(&kw, &flag, &[], 2).await, &["given.key", "644", "chmod 600"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let both = "the master key is given more than once";
    says(&does_not_serve(&kw, &flag, &[("KEYWRIGHT_MASTER_KEY", ANOTHER_KEY)], 2).await, &[both]);
    says(&does_not_serve(&kw, &[&flag[..], &["--master-key-command", "echo"]].concat(), &[], 2).await, &[both]);
    says(&does_not_serve(&kw, &["--master-key-command", "exit 3"], &[], 2).await, &["--master-key-command", "3"]);
    says(&does_not_serve(&kw, &[], &[("KEYWRIGHT_MASTER_KEY", "44")], 2).await, &["KEYWRIGHT_MASTER_KEY", "64"]);

    let mut server = kw.serve(&flag).await;
    assert!(!kw.directory().join("data/master.key").exists(), "none is made where one was given");
    server.terminate().await;
    let said = does_not_serve(&kw, &[], &[], 2).await;
    says(&said, &["made under a master key", "data/master.key", "KEYWRIGHT_MASTER_KEY"]);
    assert!(!kw.directory().join("data/master.key").exists(), "another one would not open the store");
    let print = format!("cat {}", file.display());
    kw.serve(&["--master-key-command", &print]).await;
}

#[tokio::test]
async fn a_store_in_postgres_asks_for_a_master_key() {
    let kw = Place::given(TestPlace::postgres()).await;
    let mut command = kw.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
    command.env_remove("KEYWRIGHT_MASTER_KEY");
    says(&detail(&kw.run(command, b"", &[("KEYWRIGHT_LOG", "off")]).await.exits(2)), &["needs a master key", "openssl rand -hex 32", "KEYWRIGHT_MASTER_KEY"]);
    let store = kw.store().open_for(Purpose::Command).await;
    assert_eq!(store.installation().await.unwrap().master_key_check, None, "nothing was put down");
}

#[tokio::test]
async fn a_directory_of_another_user_is_refused_to_root_too() {
    if !is_root("a directory of another user") {
        return;
    }
    let kw = Place::given(TestPlace::sqlite()).await;
    kw.serve(&[]).await.terminate().await;
    let data = kw.directory().join("data");
    let before = contents(&data);
    std::os::unix::fs::chown(&data, Some(user_id("nobody")), None).unwrap();
    says(&does_not_serve(&kw, &[], &[], 5).await, &["data", "belongs to the user nobody", "this is root", "as nobody"]);
    says(&detail(&kw.cli(&["org", "list", "--json"]).await.exits(5)), &["belongs to the user nobody"]);
    assert_eq!(contents(&data), before);
}

#[tokio::test]
async fn what_cannot_be_written_is_named() {
    if !is_root("a directory that cannot be written") {
        return;
    }
    let kw = Place::given(TestPlace::sqlite()).await;
    kw.serve(&[]).await.terminate().await;
    // The whole place becomes nobody's, so that modes bind whoever runs the program.
    let nobody = Some(user_id("nobody"));
    let data = kw.directory().join("data");
    let inside = fs::read_dir(&data).unwrap().map(|e| e.unwrap().path());
    for path in inside.chain([kw.directory().to_owned(), data.clone()]) {
        std::os::unix::fs::chown(path, nobody, None).unwrap();
    }
    let place = kw.directory().join("data.place");
    std::os::unix::fs::chown(&place, nobody, None).unwrap();
    let run = async |arguments: &[&str]| kw.run(as_nobody(&kw.command(&[arguments, &["--json"]].concat())), b"", &[("KEYWRIGHT_LOG", "off")]).await;
    run(&["org", "list"]).await.exits(0);

    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let mode = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&data, 0o500);
    for arguments in [&serve[..], &["org", "create", "Acme", "--owner", "ann@example.com"]] {
        says(&detail(&run(arguments).await.exits(5)), &["data", "Permission denied", "writ"]);
    }
    mode(&data, 0o700);
    mode(&data.join("keywright.db"), 0o400);
    for arguments in [&serve[..], &["org", "create", "Acme", "--owner", "ann@example.com"]] {
        says(&detail(&run(arguments).await.exits(5)), &["keywright.db", "Permission denied"]);
    }
    mode(&data.join("keywright.db"), 0o600);
    // A node that cannot remember how far the store was would not notice an older copy.
    mode(&place, 0o000);
    says(&detail(&run(&serve).await.exits(5)), &["data.place", "Permission denied", "readable and writable"]);
    mode(&place, 0o600);
    run(&["org", "create", "Acme", "--owner", "ann@example.com"]).await.exits(0);
}

#[tokio::test]
async fn a_database_that_is_away_is_named_within_seconds() {
    // A port where nobody listens, and one that takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for port in [closed, silent.local_addr().unwrap().port()] {
        let url = format!("postgres://kw:hunter2@127.0.0.1:{port}/keys");
        let kw = Place::given(TestPlace::sqlite()).await;
        for arguments in [&["serve", "--listen", "127.0.0.1:0", "--json"][..], &["org", "list", "--json"]] {
            let start = Instant::now();
            let variables = [("KEYWRIGHT_DATABASE_URL", url.as_str()), ("KEYWRIGHT_MASTER_KEY", ANOTHER_KEY)];
            let ran = kw.run(kw.bare_command(arguments), b"", &variables).await.exits(5);
            assert!(start.elapsed() < Duration::from_secs(8), "{:?}: {ran:?}", start.elapsed());
            says(&detail(&ran), &["no answer from PostgreSQL", &format!("127.0.0.1:{port}/keys"), "is it running"]);
            assert!(!ran.stderr.contains("hunter2"));
        }
    }
}

/// Names and bytes of what is in a directory.
fn contents(directory: &std::path::Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(directory).unwrap().map(|e| e.unwrap()).map(|e| (e.file_name(), fs::read(e.path()).unwrap())).collect();
    all.sort();
    all
}
