//! Following the change log: pages, full pages, what is gone, what was trimmed, and verifiers' rows.

use keywright_domain::change::{Change, Place, Poll, Position, Record, Report, Tag};
use keywright_domain::credential::VersionState;
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId, ResourceServerId};
use keywright_domain::limits;
use keywright_domain::time::{Span, Timestamp};
use keywright_store::{Done, StoreError, Tx, args, on_both_engines};

use crate::support::{Follower, make, operator, organisation_id, snapshot};

/// Does this and logs that.
async fn change(store: &keywright_store::Store, sql: &'static str, args: Vec<keywright_store::Val>, changes: Vec<Change>) -> Position {
    let job = async move |tx: &mut Tx<'_>| {
        tx.exec(sql, args.clone()).await?;
        Ok::<_, StoreError>(Done { value: (), audit: Vec::new(), changes: changes.clone() })
    };
    store.write(operator(), job).await.unwrap().place.position
}

/// An organisation with an application and a credential of so many retired versions and an active one.
async fn credential(store: &keywright_store::Store, retired: i64) -> (OrganisationId, ApplicationId, CredentialId) {
    let organisation = make(store).await.0;
    let application = ApplicationId::from_bits(organisation.bits());
    let credential = CredentialId::from_bits(organisation.bits());
    change(
        store,
        "INSERT INTO application (id, organisation_id, name, own, state, created_us) VALUES ($1, $2, 'Shop', $3, 'active', 0)",
        args![application, organisation, false],
        vec![Change::Application(application)],
    )
    .await;
    change(
        store,
        "INSERT INTO credential (id, organisation_id, application_id, kind, service, environment, name, permissions, networks, origins, rate_requests, \
         rate_per_us, state, expires_us, created_us) VALUES ($1, $2, $3, 'api_key', 'maps', 'production', 'k', 'a b', '192.0.2.0/24', '', 100, 1000000, \
         'active', 77, 0)",
        args![credential, organisation, application],
        vec![],
    )
    .await;
    for number in 1..=retired + 1 {
        let (state, until) = if number <= retired { ("retired", Some(number)) } else { ("active", None) };
        let mut digest = [number as u8; 32];
        digest[..16].copy_from_slice(&credential.bits().to_be_bytes());
        change(
            store,
            "INSERT INTO version (credential_id, number, state, until_us, digest, hint, created_us) VALUES ($1, $2, $3, $4, $5, 'abcd', 0)",
            args![credential, number, state, until, digest],
            vec![Change::Credential(credential)],
        )
        .await;
    }
    (organisation, application, credential)
}

on_both_engines! {
    async fn a_page_brings_the_current_rows_of_what_the_log_names(place: TestPlace) {
        let store = place.open().await;
        let mut follower = Follower::start(&store).await;
        assert_eq!(follower.at.position, Position(0));
        let quiet = follower.step(&store).await;
        assert_eq!((quiet.upto, quiet.records.len(), quiet.registered), (quiet.head, 0, true));
        let (organisation, application, id) = credential(&store, 11).await;
        change(&store, "UPDATE organisation SET suspended = $1", args![true], vec![Change::Organisation(organisation)]).await;
        let page = follower.step(&store).await;
        assert_eq!(page.upto, page.head);
        assert_eq!(page.lease_ms, limits::LEASE_MS_DEFAULT);
        assert_eq!(page.records.len(), 3, "each thing once: {:?}", page.records);
        let Record::Organisation(o) = &page.records[0] else { panic!("{:?}", page.records) };
        assert_eq!((o.id, o.suspended), (organisation, true), "the row as it is now, not as it was");
        let Record::Application(a) = &page.records[1] else { panic!("{:?}", page.records) };
        assert_eq!((a.id, a.organisation), (application, organisation));
        let Record::Credential(c) = &page.records[2] else { panic!("{:?}", page.records) };
        assert_eq!((c.id, c.application, c.expires_at, c.permissions.as_str()), (id, application, Some(Timestamp::from_us(77)), "a b"));
        assert_eq!(c.rate_limit.unwrap().to_string(), "100/1s");
        let numbers: Vec<u32> = c.versions.iter().map(|v| v.number).collect();
        assert_eq!(numbers, [4, 5, 6, 7, 8, 9, 10, 11, 12], "the eight newest retired ones and the active one");
        assert_eq!(c.versions[8].state, VersionState::Active);
        // The same page again changes nothing, and a snapshot says the same.
        let (head, records) = snapshot(&store).await;
        assert_eq!(head.unwrap().head, page.head);
        assert_eq!(head.unwrap().credentials, 1);
        assert_eq!(records, page.records);
        assert_eq!(follower.step(&store).await.records, []);
    }

    async fn what_is_gone_is_said_to_be_gone(place: TestPlace) {
        let store = place.open().await;
        let (_, application, id) = credential(&store, 0).await;
        let server = ResourceServerId::from_bits(9);
        let sql = "INSERT INTO resource_server (id, name, services, environments, created_us) VALUES ($1, 'api', 'maps ids', 'sandbox production', 0)";
        change(&store, sql, args![server], vec![]).await;
        let sql = "INSERT INTO resource_server_token (resource_server_id, digest, until_us, created_us) VALUES ($1, $2, NULL, 0)";
        change(&store, sql, args![server, [5u8; 32]], vec![Change::ResourceServer(server)]).await;
        let mut follower = Follower::start(&store).await;
        let (_, records) = snapshot(&store).await;
        let Some(Record::ResourceServer(r)) = records.iter().find(|r| matches!(r, Record::ResourceServer(_))) else { panic!("{records:?}") };
        assert_eq!((r.services.len(), r.environments.len(), r.tokens.as_slice()), (2, 2, [([5u8; 32], None)].as_slice()));
        change(&store, "DELETE FROM version", args![], vec![]).await;
        change(&store, "DELETE FROM credential", args![], vec![Change::Credential(id)]).await;
        change(&store, "DELETE FROM application", args![], vec![Change::Application(application)]).await;
        change(&store, "UPDATE resource_server SET revoked_us = 1", args![], vec![Change::ResourceServer(server)]).await;
        let page = follower.step(&store).await;
        assert_eq!(page.records, [Record::ApplicationGone(application), Record::ResourceServerGone(server), Record::CredentialGone(id)]);
    }

    async fn a_full_page_is_not_the_last_one(place: TestPlace) {
        let store = place.open().await;
        let mut follower = Follower::start(&store).await;
        let id = make(&store).await.0;
        let many = vec![Change::Organisation(id); limits::PAGE_ENTRIES_MAX];
        change(&store, "UPDATE organisation SET name = 'B'", args![], many).await;
        let page = follower.step(&store).await;
        assert_eq!(page.upto.position.0, limits::PAGE_ENTRIES_MAX as u64);
        assert_eq!(page.head.position.0, limits::PAGE_ENTRIES_MAX as u64 + 1);
        assert_eq!(page.records.len(), 1);
        let last = follower.step(&store).await;
        assert_eq!((last.upto, last.records.len()), (last.head, 1));
    }

    async fn a_poll_from_another_past_gets_no_records(place: TestPlace) {
        let store = place.open().await;
        let mut follower = Follower::start(&store).await;
        for _ in 0..3 { make(&store).await; }
        follower.step(&store).await;
        let good = follower.at;
        make(&store).await;
        let forked = Place { tag: Tag(good.tag.0 ^ 1), ..good };
        let ahead = Place { position: Position(99), ..good };
        let elsewhere = Place { epoch: keywright_domain::change::Epoch(1), ..good };
        for (at, tag) in [(forked, Some(good.tag)), (ahead, None), (elsewhere, Some(good.tag))] {
            follower.at = at;
            let page = follower.poll(&store).await.unwrap();
            assert_eq!((page.records.len(), page.tag_after, page.upto), (0, tag, at), "{at:?}");
        }
        follower.at = good;
        assert_eq!(follower.step(&store).await.records.len(), 1);
    }

    async fn trimming_keeps_the_last_entries_and_what_is_young(place: TestPlace) {
        let store = place.open().await;
        let mut follower = Follower::start(&store).await;
        let id = make(&store).await.0;
        let kept = limits::LOG_ENTRIES_KEPT as usize;
        change(&store, "UPDATE organisation SET name = 'B'", args![], vec![Change::Organisation(id); kept + 50]).await;
        let now = Timestamp::from_us(i64::MAX / 2);
        assert_eq!(store.trim_log(Timestamp::from_us(0), 1_000).await.unwrap(), 0, "they are young");
        assert_eq!(store.trim_log(now, 20).await.unwrap(), 20, "the limit holds");
        assert_eq!(store.trim_log(now, 1_000).await.unwrap(), 52 - 20, "positions 0 to 51 go");
        assert_eq!(store.trim_log(now, 1_000).await.unwrap(), 0);
        let page = follower.poll(&store).await.unwrap();
        assert_eq!((page.tag_after, page.records.len()), (None, 0), "the log no longer reaches back to this follower");
        follower.at = snapshot(&store).await.0.unwrap().head;
        assert_eq!(follower.step(&store).await.upto.position.0, kept as u64 + 51);
        // A follower exactly at the edge can go on.
        let (head, edge) = store.place(Position(52)).await.unwrap();
        follower.at = Place { position: Position(52), tag: edge.unwrap(), epoch: head.epoch };
        assert_eq!(follower.step(&store).await.records.len(), 1);
    }

    async fn a_clock_that_was_set_back_does_not_show_in_pages_and_snapshots(place: TestPlace) {
        let store = place.open().await;
        let follower = Follower::start(&store).await;
        let fresh = store.clock().await.unwrap();
        assert_eq!(fresh.seen, store.installation().await.unwrap().created_at, "a new store has seen when it was made");
        assert!(fresh.shown.since(fresh.seen).us() < 600_000_000, "{fresh:?}");
        let ahead = fresh.shown.plus(Span::from_h(1));
        store.keep_time(ahead).await.unwrap();
        store.keep_time(fresh.shown).await.unwrap();
        assert_eq!(store.clock().await.unwrap().seen, ahead, "it does not go back");
        assert_eq!(follower.poll(&store).await.unwrap().store_now, ahead);
        assert_eq!(snapshot(&store).await.0.unwrap().store_now, ahead);
        store.accept_rewind(operator()).await.unwrap();
        let accepted = store.clock().await.unwrap();
        assert!(accepted.seen < ahead && accepted.seen >= fresh.shown, "but by whoever stands for the clock: {accepted:?}");
        assert!(follower.poll(&store).await.unwrap().store_now < ahead);
    }

    async fn verifiers_are_listed_report_and_are_reaped(place: TestPlace) {
        let store = place.open().await;
        let mut follower = Follower::start(&store).await;
        make(&store).await;
        follower.step(&store).await;
        follower.step(&store).await;
        let listed = store.verifiers().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].node.as_str(), listed[0].role.as_str()), ("node-1", "all"));
        assert_eq!((listed[0].reported.position, listed[0].reported.epoch), (Position(1), follower.at.epoch));
        assert!(listed[0].reported.at >= listed[0].registered_at);
        assert_eq!(store.reap_verifiers().await.unwrap(), []);
        change(&store, "UPDATE verifier SET reported_us = reported_us - 21000000", args![], vec![]).await;
        assert_eq!(store.reap_verifiers().await.unwrap(), [follower.id]);
        assert!(!follower.poll(&store).await.unwrap().registered, "it registers again");
        let again = store.register("node-1", "all").await.unwrap();
        store.unregister(again).await.unwrap();
        assert_eq!(store.verifiers().await.unwrap(), []);
    }

    async fn a_report_from_another_past_counts_for_nothing(place: TestPlace) {
        let store = place.open().await;
        make(&store).await;
        let verifier = store.register("node", "all").await.unwrap();
        let (head, _) = store.place(Position(0)).await.unwrap();
        let other = Place { tag: Tag(head.tag.0 ^ 1), ..head };
        for (applied, counted) in [(head, head.position), (other, Position(0)), (head, head.position)] {
            let report = Report { verifier, applied };
            store.poll(&Poll { after: applied, report }).await.unwrap();
            store.report(&report).await.unwrap();
            assert_eq!(store.verifiers().await.unwrap()[0].reported.position, counted);
        }
    }

    async fn a_snapshot_shows_one_moment_while_others_write(place: TestPlace) {
        let store = place.open().await;
        let writing = { let store = store.clone(); tokio::spawn(async move { for _ in 0..60 { make(&store).await; } }) };
        while !writing.is_finished() {
            let (head, records) = snapshot(&store).await;
            assert_eq!(head.unwrap().head.position.0, records.len() as u64, "as many organisations as entries");
        }
        writing.await.unwrap();
        let _ = organisation_id();
    }
}
