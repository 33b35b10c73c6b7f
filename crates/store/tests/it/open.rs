//! Opening a store, and all that can be wrong with one.

use std::os::unix::fs::{PermissionsExt, chown};
use std::time::{Duration, Instant};

use keywright_store::installation::LeaseError;
use keywright_store::testing::{TestPlace, shared};
use keywright_store::{Done, StoreError, Tx};
use keywright_store::{Location, OpenError, OpenOptions, Purpose, Store, args, on_both_engines};

use crate::support::{counts, make, operator};

async fn refused(location: Location, purpose: Purpose) -> OpenError {
    Store::open(OpenOptions::new(location, purpose)).await.err().unwrap()
}

on_both_engines! {
    async fn a_store_of_a_later_release_is_refused_and_one_of_an_earlier_release_waits_for_a_server(place: TestPlace) {
        let store = place.open().await;
        let set = async |store: &Store, sql: &'static str| {
            store.write(operator(), async move |tx: &mut Tx<'_>| { tx.exec(sql, args![]).await?; Ok::<_, StoreError>(Done::new(())) }).await.unwrap();
        };
        set(&store, "INSERT INTO schema_version (version, at_us) VALUES (9999, 0)").await;
        drop(store);
        for purpose in [Purpose::Serve, Purpose::Command, Purpose::Migrate] {
            let error = refused(place.location(), purpose).await;
            assert!(matches!(error, OpenError::Newer { found: 9999, .. }), "{error:?}");
            assert!(error.to_string().contains("newer release"), "{error}");
        }
    }

    async fn an_unmigrated_store_is_made_by_a_server_and_not_by_a_command(place: TestPlace) {
        let empty = match place.location() {
            Location::Directory(path) => { std::fs::create_dir_all(&path).unwrap(); Location::Directory(path) }
            Location::Postgres(_) => { shared().sql("postgres", "CREATE DATABASE keywright_empty"); Location::Postgres(shared().url("keywright_empty")) }
        };
        let error = refused(empty.clone(), Purpose::Command).await;
        assert!(matches!(error, OpenError::Missing { .. }) && error.to_string().contains("keywright serve"), "{error}");
        // Nodes that start together make it once.
        let opened = futures_util::future::join_all((0..4).map(|_| Store::open(OpenOptions::new(empty.clone(), Purpose::Migrate)))).await;
        let made: Vec<Store> = opened.into_iter().filter_map(Result::ok).collect();
        assert!(!made.is_empty());
        drop(made);
        let store = Store::open(OpenOptions::new(empty, Purpose::Command)).await.unwrap();
        assert_eq!(counts(&store).await, (0, 0, 0));
        assert_eq!(store.schema_version().await.unwrap(), 4);
    }

    async fn another_lease_is_refused_while_a_verifier_is_registered(place: TestPlace) {
        let store = place.open().await;
        assert_eq!(store.ensure_lease(2_000).await, Ok(()));
        assert_eq!(store.ensure_lease(3_000).await, Ok(()), "nobody relies on the old one");
        let id = store.register("n", "all").await.unwrap();
        assert_eq!(store.ensure_lease(2_000).await, Err(LeaseError::Differs { store_ms: 3_000, wanted_ms: 2_000 }));
        assert_eq!(store.ensure_lease(3_000).await, Ok(()));
        assert_eq!(store.ensure_lease(500).await, Err(LeaseError::Range { wanted_ms: 500 }));
        store.unregister(id).await.unwrap();
        assert_eq!(store.ensure_lease(1_000).await, Ok(()));
        assert_eq!(store.installation().await.unwrap().lease_ms, 1_000);
    }

    async fn keys_of_the_installation_are_kept_once(place: TestPlace) {
        let store = place.open().await;
        assert_eq!(store.installation().await.unwrap().master_key_check, None);
        assert_eq!(store.keep_master_key_check([1; 16]).await.unwrap(), [1; 16]);
        assert_eq!(store.keep_master_key_check([2; 16]).await.unwrap(), [1; 16]);
        assert_eq!(store.keep_proof_key(vec![1, 2], [3; 32]).await.unwrap(), (vec![1, 2], [3; 32]));
        assert_eq!(store.keep_proof_key(vec![9, 9], [4; 32]).await.unwrap(), (vec![1, 2], [3; 32]));
    }
}

#[tokio::test]
async fn one_server_holds_a_directory_and_commands_work_beside_it() {
    let place = TestPlace::sqlite();
    let store = place.open().await;
    for purpose in [Purpose::Serve, Purpose::Migrate] {
        let error = refused(place.location(), purpose).await;
        assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    }
    let command = place.open_for(Purpose::Command).await;
    make(&command).await;
    assert_eq!(counts(&store).await, (1, 1, 1));
    drop(store);
    drop(place.open().await);
}

#[tokio::test]
async fn a_missing_or_foreign_or_read_only_directory_is_named() {
    let place = TestPlace::sqlite();
    let error = refused(place.location(), Purpose::Command).await;
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
    let file = place.directory().join("file");
    std::fs::write(&file, "").unwrap();
    let error = refused(Location::Directory(file.join("data")), Purpose::Serve).await;
    assert!(matches!(error, OpenError::NotWritable { .. }), "{error:?}");
    let Location::Directory(path) = place.location() else { unreachable!() };
    drop(place.open().await);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(std::fs::metadata(path.join("keywright.db")).unwrap().permissions().mode() & 0o777, 0o600);
    if rustix::process::geteuid().is_root() {
        // Root could write there, and would leave files behind that the owner cannot use.
        chown(&path, Some(1), None).unwrap();
        for purpose in [Purpose::Serve, Purpose::Command, Purpose::Migrate] {
            let error = refused(place.location(), purpose).await;
            let OpenError::Owner { owner, user, .. } = &error else { panic!("{error:?}") };
            assert_eq!((owner.as_str(), user.as_str()), ("daemon", "root"));
        }
    } else {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o500)).unwrap();
        let error = refused(place.location(), Purpose::Serve).await;
        assert!(matches!(error, OpenError::NotWritable { .. }), "{error:?}");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_no_store_is_not_touched() {
    let place = TestPlace::sqlite();
    let Location::Directory(path) = place.location() else { unreachable!() };
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join("keywright.db"), "this is not a database, but somebody's notes".repeat(100)).unwrap();
    let error = refused(place.location(), Purpose::Serve).await;
    assert!(matches!(&error, OpenError::Store { cause: StoreError::Corrupt { .. }, .. }), "{error:?}");
    assert!(std::fs::read_to_string(path.join("keywright.db")).unwrap().starts_with("this is not"));
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_told_within_the_time_to_connect() {
    let start = Instant::now();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url = format!("postgres://kw:hunter2@127.0.0.1:{}/keys", silent.local_addr().unwrap().port());
    let error = refused(Location::Postgres(silent_url), Purpose::Serve).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    let closed = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
    let error = refused(Location::Postgres(format!("postgres://kw:hunter2@127.0.0.1:{closed}/keys")), Purpose::Serve).await;
    let OpenError::Unreachable { at, .. } = &error else { panic!("{error:?}") };
    assert_eq!(at, &format!("127.0.0.1:{closed}/keys"));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let error = refused(Location::Postgres(shared().url("no_such_database")), Purpose::Serve).await;
    assert!(matches!(error, OpenError::RefusedByServer { .. }), "{error:?}");
    let error = refused(Location::Postgres("postgres://kw:hunter2@:x/keys".into()), Purpose::Serve).await;
    assert!(matches!(error, OpenError::Url { .. }) && !format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}
