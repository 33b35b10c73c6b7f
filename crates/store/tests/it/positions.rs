//! Positions: without gaps, in the order of commit, each write's its own.

use std::collections::HashSet;

use keywright_domain::change::Position;
use keywright_store::{Done, StoreError, Tx, args, on_both_engines};

use crate::support::{Follower, counts, insert, make, operator, organisation_id};

on_both_engines! {
    async fn a_write_gives_rows_audit_and_position_in_one_commit(place: TestPlace) {
        let store = place.open().await;
        let (first, committed) = make(&store).await;
        assert_eq!(committed.place.position, Position(1));
        assert_eq!(make(&store).await.1.place.position, Position(2));
        assert_eq!(counts(&store).await, (2, 2, 2));
        let audit: String = store.write(operator(), async |tx: &mut Tx<'_>| {
            let text = tx.one::<String>("SELECT actor || ' ' || action || ' ' || subject || ' ' || detail FROM audit ORDER BY id LIMIT 1", args![]).await?;
            Ok::<_, StoreError>(Done::new(text))
        }).await.unwrap().value;
        assert_eq!(audit, format!("cli:test organisation.created {first} {{}}"));
    }

    async fn personal_values_stand_in_a_side_row(place: TestPlace) {
        let store = place.open().await;
        let entry = || keywright_store::AuditEntry::new("person.signed_in", "prs_x").with_personal(serde_json::json!({"mail": "a@example.com"}));
        store.write(operator(), async move |_: &mut Tx<'_>| Ok::<_, StoreError>(Done::new(()).audit(entry()).audit(entry()))).await.unwrap();
        let joined: i64 = store.write(operator(), async |tx: &mut Tx<'_>| {
            let sql = "SELECT count(*) FROM audit a JOIN audit_personal p ON p.audit_id = a.id WHERE p.value LIKE '%a@example.com%' AND a.detail = '{}'";
            Ok::<_, StoreError>(Done::new(tx.one::<i64>(sql, args![]).await?))
        }).await.unwrap().value;
        assert_eq!(joined, 2);
    }

    async fn sixty_four_writers_leave_no_gap_and_a_follower_sees_every_write_in_order(place: TestPlace) {
        const WRITERS: usize = 64;
        const EACH: usize = 12;
        let store = place.open().await;
        let mut follower = Follower::start(&store).await;
        let mut writers = tokio::task::JoinSet::new();
        for n in 0..WRITERS {
            let store = store.clone();
            writers.spawn(async move {
                let mut positions = Vec::new();
                for i in 0..EACH {
                    let id = organisation_id();
                    let refuse = (n + i) % 7 == 0;
                    let written = store.write(operator(), async move |tx: &mut Tx<'_>| {
                        let done = insert(tx, id).await?;
                        if refuse { Err(StoreError::Door { door: "refused" }) } else { Ok(done) }
                    }).await;
                    match written {
                        Ok(committed) => positions.push(committed.place.position.0),
                        Err(error) => assert_eq!(error, StoreError::Door { door: "refused" }),
                    }
                }
                positions
            });
        }
        // What a follower has seen once never changes behind its back.
        let mut seen = 0;
        while !writers.is_empty() && seen < 100_000 {
            let page = follower.step(&store).await;
            seen += page.records.len();
            while let Some(done) = writers.try_join_next() {
                let positions = done.unwrap();
                assert!(positions.is_sorted());
            }
        }
        let end = follower.step(&store).await;
        assert_eq!(end.upto, end.head);
        let (rows, log, audit) = counts(&store).await;
        assert_eq!((rows, rows), (log, audit));
        assert_eq!(end.head.position.0, log as u64, "positions have no gaps");
        assert_eq!(seen + end.records.len(), rows as usize, "the follower saw each write once");
    }

    async fn positions_given_to_writers_are_distinct(place: TestPlace) {
        let store = place.open().await;
        let writes = (0..200).map(|_| make(&store));
        let positions: HashSet<u64> = futures_util::future::join_all(writes).await.into_iter().map(|(_, c)| c.place.position.0).collect();
        assert_eq!(positions, (1..=200).collect());
    }

    async fn an_error_of_the_job_comes_back_as_itself_and_undoes_it(place: TestPlace) {
        #[derive(Debug, PartialEq)]
        enum Own { Refused(u32), Store(StoreError) }
        impl From<StoreError> for Own { fn from(e: StoreError) -> Self { Self::Store(e) } }
        let store = place.open().await;
        let id = organisation_id();
        let refused = store.write(operator(), async move |tx: &mut Tx<'_>| {
            insert(tx, id).await?;
            Err::<Done<()>, _>(Own::Refused(7))
        }).await;
        assert_eq!(refused.unwrap_err(), Own::Refused(7));
        assert_eq!(counts(&store).await, (0, 0, 0));
        make(&store).await;
    }

    async fn a_failed_statement_ends_its_job_on_both_engines_alike(place: TestPlace) {
        let store = place.open().await;
        let (id, _) = make(&store).await;
        let swallowed = store.write(operator(), async move |tx: &mut Tx<'_>| {
            let taken = insert(tx, id).await;
            assert!(matches!(taken, Err(StoreError::Taken { .. })), "{taken:?}");
            assert_eq!(tx.exec("DELETE FROM organisation", args![]).await, Err(StoreError::Aborted));
            Ok::<_, StoreError>(Done::new(()))
        }).await;
        assert!(matches!(swallowed, Err(StoreError::Taken { .. })), "{swallowed:?}");
        let reference = store.write(operator(), async move |tx: &mut Tx<'_>| {
            tx.exec("INSERT INTO application_service (application_id, service) VALUES ('app_none', 'maps')", args![]).await?;
            Ok::<_, StoreError>(Done::new(()))
        }).await;
        assert!(matches!(reference, Err(StoreError::Reference { .. })), "{reference:?}");
        assert_eq!(counts(&store).await, (1, 1, 1));
    }

    async fn wake_ups_come_after_a_commit_here_and_after_one_elsewhere(place: TestPlace) {
        let store = place.open().await;
        let elsewhere = place.open_for(keywright_store::Purpose::Command).await;
        let mut wakeups = store.wakeups();
        make(&store).await;
        tokio::time::timeout(std::time::Duration::from_secs(5), wakeups.next()).await.unwrap();
        // Whatever else rings for that first commit has rung once this follower has been quiet for a while.
        while tokio::time::timeout(std::time::Duration::from_millis(200), wakeups.next()).await.is_ok() {}
        make(&elsewhere).await;
        tokio::time::timeout(std::time::Duration::from_secs(5), wakeups.next()).await.unwrap();
    }
}
