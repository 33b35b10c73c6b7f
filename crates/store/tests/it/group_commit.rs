//! Many writes in one commit: what one of them does wrong is its own affair, unless the commit itself fails.

use keywright_store::testing::TestPlace;
use keywright_store::{Done, on_both_engines};
use keywright_store::{Location, OpenOptions, Purpose, Store, StoreError, Tx, args};

use crate::support::{counts, insert, make, operator, organisation_id};

on_both_engines! {
    async fn a_failing_and_a_panicking_job_harm_nobody_else(place: TestPlace) {
        let store = place.open().await;
        let mut jobs = tokio::task::JoinSet::new();
        for n in 0..120u32 {
            let store = store.clone();
            jobs.spawn(async move {
                let id = organisation_id();
                let written = store.write(operator(), async move |tx: &mut Tx<'_>| {
                    let done = insert(tx, id).await?;
                    match n % 4 {
                        0 => Err(StoreError::Door { door: "refused" }),
                        1 => panic!("a job that breaks off"),
                        2 => { tx.exec("INSERT INTO no_such_table VALUES (1)", args![]).await?; Ok(done) }
                        _ => Ok(done),
                    }
                }).await;
                (n % 4, written.map(|_| ()))
            });
        }
        while let Some(job) = jobs.join_next().await {
            match job.unwrap() {
                (0, result) => assert_eq!(result, Err(StoreError::Door { door: "refused" })),
                (1, result) => assert_eq!(result, Err(StoreError::Panicked)),
                (2, result) => assert!(matches!(result, Err(StoreError::Sql { .. })), "{result:?}"),
                (_, result) => assert_eq!(result, Ok(())),
            }
        }
        assert_eq!(counts(&store).await, (30, 30, 30));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_ends_the_transaction_fails_its_whole_batch_and_the_writer_goes_on() {
    let place = TestPlace::sqlite();
    let store = place.open().await;
    // The first job holds the writer until the others wait, so that they come into one batch.
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let (runs, running) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new((held, runs));
    let holding = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write(operator(), async move |_: &mut Tx<'_>| {
                    let held = held.lock().unwrap();
                    held.1.send(()).unwrap();
                    let _ = held.0.recv_timeout(std::time::Duration::from_secs(10));
                    Ok::<_, StoreError>(Done::new(()))
                })
                .await
        }
    });
    tokio::task::spawn_blocking(move || running.recv().unwrap()).await.unwrap();
    let mut batch = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = store.clone();
        batch.spawn(async move {
            let id = organisation_id();
            store
                .write(operator(), async move |tx: &mut Tx<'_>| {
                    let done = insert(tx, id).await?;
                    if n == 3 {
                        tx.exec("ROLLBACK", args![]).await?;
                    }
                    Ok::<_, StoreError>(done)
                })
                .await
        });
    }
    while store.waiting_writes() < 8 {
        tokio::task::yield_now().await;
    }
    hold.send(()).unwrap();
    holding.await.unwrap().unwrap();
    for result in batch.join_all().await {
        assert!(matches!(result, Err(StoreError::Sql { .. })), "nobody in the batch is acknowledged: {result:?}");
    }
    assert_eq!(counts(&store).await, (0, 0, 0));
    make(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_writing_goes_on_when_there_is_room() {
    let place = TestPlace::sqlite();
    let Location::Directory(_) = place.location() else { unreachable!() };
    drop(place.open().await);
    let open = async |pages_max| Store::open(OpenOptions { pages_max, ..OpenOptions::new(place.location(), Purpose::Serve) }).await.unwrap();
    let store = open(Some(90)).await;
    let fill = async |store: &Store| {
        let id = organisation_id();
        store
            .write(operator(), async move |tx: &mut Tx<'_>| {
                let done = insert(tx, id).await?;
                tx.exec("INSERT INTO usage_segment (node, folded, data, at_us) VALUES ('n', 0, $1, 0)", args![vec![7u8; 4_000]]).await?;
                Ok::<_, StoreError>(done)
            })
            .await
    };
    let mut kept = 0;
    let error = loop {
        match futures_util::future::join(fill(&store), fill(&store)).await {
            (Ok(_), Ok(_)) => kept += 2,
            (Ok(_), Err(e)) | (Err(e), Ok(_)) => break (kept + 1, e),
            (Err(e), _) => break (kept, e),
        }
        assert!(kept < 1_000, "the limit holds");
    };
    assert!(matches!(error.1, StoreError::Full { .. }), "{:?}", error.1);
    assert!(error.1.to_string().contains("make room"));
    assert_eq!(counts(&store).await, (error.0, error.0, error.0), "what was acknowledged is there, nothing else");
    drop(store);
    let store = open(None).await;
    fill(&store).await.unwrap();
    // The same process recovers too: room is made by erasing.
    drop(store);
    let store = open(Some(90)).await;
    assert!(matches!(fill(&store).await, Err(StoreError::Full { .. })));
    store
        .write(operator(), async |tx: &mut Tx<'_>| {
            tx.exec("DELETE FROM usage_segment", args![]).await?;
            Ok::<_, StoreError>(Done::new(()))
        })
        .await
        .unwrap();
    fill(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_gets_its_turn_beside_a_writer_that_never_stops() {
    let place = TestPlace::sqlite();
    let store = place.open().await;
    let command = place.open_for(Purpose::Command).await;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut storm = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (store, stop) = (store.clone(), std::sync::Arc::clone(&stop));
        storm.spawn(async move {
            let mut written = 0i64;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                make(&store).await;
                written += 1;
            }
            written
        });
    }
    let mut slowest = std::time::Duration::ZERO;
    for _ in 0..40 {
        let start = std::time::Instant::now();
        make(&command).await;
        slowest = slowest.max(start.elapsed());
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let written: i64 = storm.join_all().await.into_iter().sum();
    assert!(slowest < std::time::Duration::from_secs(5), "{slowest:?}");
    assert_eq!(counts(&store).await, (written + 40, written + 40, written + 40));
}
