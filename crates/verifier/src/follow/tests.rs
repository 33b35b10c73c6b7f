//! What is asked when, and what each answer does to the lease.

use keywright_domain::change::{CredentialRecord, Epoch, Place, Position, Record, Tag};
use keywright_domain::credential::{State, VersionState};
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use super::*;
use crate::Stale;
use crate::fixture::{Kit, key};
use crate::fixture::{LEASE_MS, NotSeen, TOKEN, at, boot, catalogue, credential, place, resource_server, service, version};
use keywright_domain::catalogue::OnStale;
use keywright_domain::credential::Environment;

fn head(position: u64) -> SnapshotHead {
    SnapshotHead { head: place(position), store_now: at(0), lease_ms: LEASE_MS, credentials: 0 }
}

fn page(from: u64, upto: u64, head: u64) -> Page {
    let tag_after = Some(place(from).tag);
    Page { head: place(head), tag_after, upto: place(upto), records: vec![], store_now: at(0), lease_ms: LEASE_MS, registered: true }
}

fn follower(known: Option<Place>) -> (Arc<Verifier>, Follower) {
    let verifier = Arc::new(Verifier::new());
    let mut follower = Follower::new(verifier.clone(), known);
    follower.registered(VerifierId::from_bits(1));
    (verifier, follower)
}

fn loaded(position: u64) -> (Arc<Verifier>, Follower) {
    let (verifier, mut follower) = follower(None);
    let loading = follower.loading(&head(position));
    follower.loaded(loading);
    (verifier, follower)
}

fn poll(follower: &mut Follower, ms: u64) -> Asked {
    match follower.next(boot(ms)) {
        Ask::Poll(asked) => asked,
        other => panic!("{other:?} at {ms}"),
    }
}

fn answer(follower: &mut Follower, asked: Asked, page: &Page, ms: u64) {
    follower.page(asked, page, boot(ms), at(0));
}

fn stale(verifier: &Verifier, ms: u64) -> Option<Stale> {
    verifier.read().fresh_at(boot(ms)).err()
}

#[test]
fn it_registers_then_loads_then_polls_and_only_then_answers() {
    let verifier = Arc::new(Verifier::new());
    let mut follower = Follower::new(verifier.clone(), None);
    assert_eq!(follower.next(boot(0)), Ask::Register { again: None });
    follower.registered(VerifierId::from_bits(1));
    assert_eq!(follower.next(boot(0)), Ask::Snapshot);
    assert_eq!(stale(&verifier, 1), Some(Stale::NotLoaded));
    let loading = follower.loading(&head(7));
    follower.loaded(loading);
    assert_eq!(stale(&verifier, 1), Some(Stale::NotProven));
    let asked = poll(&mut follower, 10);
    assert_eq!((asked.poll().after, asked.poll().report.applied), (place(7), place(7)));
    answer(&mut follower, asked, &page(7, 7, 7), 300);
    assert_eq!(stale(&verifier, 301), None);
}

#[test]
fn the_lease_counts_from_the_question_and_runs_one_per_cent_less_than_the_store_says() {
    let (verifier, mut follower) = loaded(7);
    let asked = poll(&mut follower, 1_000);
    answer(&mut follower, asked, &page(7, 7, 7), 2_900);
    assert_eq!(stale(&verifier, 2_979), None);
    assert_eq!(stale(&verifier, 2_980), Some(Stale::Expired { age_ms: 1_980 }));
    assert_eq!(verifier.health(boot(2_900)).lease_left_ms, 80);
}

#[test]
fn a_page_that_ends_before_the_head_is_applied_but_renews_nothing() {
    let (verifier, mut follower) = loaded(7);
    let asked = poll(&mut follower, 1_000);
    answer(&mut follower, asked, &page(7, 9, 10), 1_001);
    assert_eq!((stale(&verifier, 1_001), verifier.read().position()), (Some(Stale::NotProven), Position(9)));
    let asked = poll(&mut follower, 1_001);
    assert_eq!(asked.poll().after, place(9), "it asks again at once");
    answer(&mut follower, asked, &page(9, 10, 10), 1_002);
    assert_eq!(stale(&verifier, 1_003), None);
}

#[test]
fn an_answer_that_another_has_overtaken_changes_nothing() {
    let (verifier, mut follower) = loaded(7);
    let early = poll(&mut follower, 1_000);
    let late = poll(&mut follower, 1_500);
    answer(&mut follower, late, &page(7, 9, 9), 1_501);
    answer(&mut follower, early, &page(7, 8, 8), 1_600);
    assert_eq!((follower.place(), verifier.health(boot(1_600)).lease_left_ms), (Some(place(9)), 1_880));
    // Two answers to the same question count by the question that each belongs to.
    let (first, second) = (poll(&mut follower, 2_000), poll(&mut follower, 2_500));
    answer(&mut follower, second, &page(9, 9, 9), 2_501);
    answer(&mut follower, first, &page(9, 9, 9), 2_502);
    assert_eq!(verifier.health(boot(2_502)).lease_left_ms, 1_978);
}

#[test]
fn polls_keep_their_pace() {
    let (_, mut follower) = loaded(7);
    let asked = poll(&mut follower, 1_000);
    answer(&mut follower, asked, &page(7, 7, 7), 1_001);
    assert_eq!(follower.next(boot(1_001)), Ask::Wait { until: boot(1_500) });
    follower.woken();
    assert_eq!(follower.next(boot(1_001)), Ask::Wait { until: boot(1_020) });
    let asked = poll(&mut follower, 1_020);
    follower.woken();
    answer(&mut follower, asked, &page(7, 7, 7), 1_021);
    assert_eq!(follower.next(boot(1_021)), Ask::Wait { until: boot(1_040) }, "woken while the poll was on its way");
    let asked = poll(&mut follower, 1_040);
    answer(&mut follower, asked, &page(7, 8, 8), 1_041);
    assert_eq!(follower.next(boot(1_041)), Ask::Wait { until: boot(1_060) }, "what was applied is reported soon");
    assert_eq!(poll(&mut follower, 1_060).poll().report.applied, place(8));
}

#[test]
fn failures_are_repeated_ever_more_slowly_and_shown() {
    let (verifier, mut follower) = loaded(7);
    let mut now = 1_000;
    let mut pauses = Vec::new();
    for _ in 0..7 {
        poll(&mut follower, now);
        follower.failed("the database is away", boot(now));
        let Ask::Wait { until } = follower.next(boot(now)) else { panic!() };
        pauses.push(until.ns() / 1_000_000 - now);
        now = until.ns() / 1_000_000;
    }
    assert_eq!(pauses, [25, 50, 100, 200, 400, 500, 500]);
    assert_eq!(verifier.health(boot(now)).last_failure.as_deref(), Some("the database is away"));
    let asked = poll(&mut follower, now);
    answer(&mut follower, asked, &page(7, 7, 7), now);
    assert_eq!(verifier.health(boot(now)).last_failure, None);
}

#[test]
fn a_verifier_that_the_store_forgot_registers_before_it_renews() {
    let (verifier, mut follower) = loaded(7);
    let asked = poll(&mut follower, 1_000);
    answer(&mut follower, asked, &Page { registered: false, ..page(7, 7, 7) }, 1_001);
    assert_eq!(stale(&verifier, 1_001), Some(Stale::NotProven));
    assert_eq!(follower.next(boot(1_002)), Ask::Register { again: Some(VerifierId::from_bits(1)) });
    follower.registered(VerifierId::from_bits(2));
    let asked = poll(&mut follower, 1_003);
    assert_eq!(asked.poll().report.verifier, VerifierId::from_bits(2));
    answer(&mut follower, asked, &page(7, 7, 7), 1_004);
    assert_eq!(stale(&verifier, 1_004), None);
}

#[test]
fn another_store_is_refused_until_the_end() {
    let other_tag = Place { tag: Tag(99), ..place(7) };
    let other_epoch = Place { epoch: Epoch(2), ..place(9) };
    let cases = [
        (page(7, 6, 6), "an older copy was put back"),
        (Page { tag_after: Some(Tag(99)), ..page(7, 9, 9) }, "the store went another way"),
        (Page { head: other_tag, upto: other_tag, tag_after: None, ..page(7, 7, 7) }, "the store went another way"),
        (Page { head: other_epoch, ..page(7, 9, 9) }, "restart this node"),
    ];
    for (bad, message) in cases {
        let (verifier, mut follower) = loaded(7);
        let asked = poll(&mut follower, 1_000);
        answer(&mut follower, asked, &page(7, 7, 7), 1_001);
        let asked = poll(&mut follower, 1_500);
        answer(&mut follower, asked, &bad, 1_501);
        let why = stale(&verifier, 1_502).expect("refused although the lease was running").to_string();
        assert!(why.contains(message), "{why}");
        answer(&mut follower, asked, &page(7, 7, 7), 1_503);
        assert!(matches!(follower.next(boot(2_000)), Ask::Wait { .. }) && stale(&verifier, 2_000).is_some());
    }
}

#[test]
fn a_trimmed_log_leads_to_a_reload_beside_the_old_replica() {
    let (verifier, mut follower) = loaded(7);
    let asked = poll(&mut follower, 1_000);
    answer(&mut follower, asked, &page(7, 7, 7), 1_001);
    let asked = poll(&mut follower, 1_500);
    answer(&mut follower, asked, &Page { tag_after: None, ..page(7, 7, 9_000) }, 1_501);
    assert_eq!(follower.next(boot(1_501)), Ask::Snapshot);
    assert_eq!((stale(&verifier, 2_979), verifier.health(boot(2_979)).lease_left_ms), (None, 1), "the old one answers, and is not renewed");
    let loading = follower.loading(&head(9_001));
    follower.loaded(loading);
    assert_eq!((verifier.read().position(), stale(&verifier, 2_979).is_some(), stale(&verifier, 2_980).is_some()), (Position(9_001), false, true));
    let asked = poll(&mut follower, 3_000);
    answer(&mut follower, asked, &page(9_001, 9_001, 9_001), 3_001);
    assert_eq!(stale(&verifier, 3_002), None);
    // A snapshot that is older than what was applied is an older store.
    let asked = poll(&mut follower, 3_500);
    answer(&mut follower, asked, &Page { tag_after: None, ..page(9_001, 9_001, 9_900) }, 3_501);
    let loading = follower.loading(&head(9_000));
    follower.loaded(loading);
    assert!(matches!(stale(&verifier, 3_502), Some(Stale::Rewound { .. })));
}

#[test]
fn what_the_node_knew_when_it_last_ran_is_compared_first() {
    // The same store, further on: load.
    let (_, mut same) = follower(Some(place(7)));
    let asked = poll(&mut same, 1_000);
    assert_eq!((asked.poll().after, asked.poll().report.applied), (place(7), Place::default()), "nothing is published that could be reported");
    answer(&mut same, asked, &page(7, 9, 9), 1_001);
    assert_eq!(same.next(boot(1_001)), Ask::Snapshot);
    // Behind, or another way: refuse.
    for bad in [page(7, 6, 6), Page { tag_after: Some(Tag(5)), ..page(7, 9, 9) }] {
        let (verifier, mut other) = follower(Some(place(7)));
        let asked = poll(&mut other, 1_000);
        answer(&mut other, asked, &bad, 1_001);
        assert!(matches!(stale(&verifier, 1_002), Some(Stale::Rewound { .. } | Stale::Forked { .. })));
    }
    // A new epoch: somebody accepted it.
    let (_, mut accepted) = follower(Some(place(7)));
    let asked = poll(&mut accepted, 1_000);
    let new = Place { epoch: Epoch(2), ..place(3) };
    answer(&mut accepted, asked, &Page { head: new, upto: new, ..page(7, 3, 3) }, 1_001);
    assert_eq!(accepted.next(boot(1_001)), Ask::Snapshot);
    let loading = accepted.loading(&SnapshotHead { head: new, ..head(3) });
    accepted.loaded(loading);
    assert_eq!(accepted.place(), Some(new));
}

#[test]
fn a_lease_that_no_release_allows_is_not_taken() {
    let (verifier, mut follower) = loaded(7);
    let asked = poll(&mut follower, 1_000);
    answer(&mut follower, asked, &Page { lease_ms: 3_600_000, ..page(7, 7, 7) }, 1_001);
    assert_eq!(stale(&verifier, 1_002), Some(Stale::NotProven));
    assert!(verifier.health(boot(1_002)).last_failure.unwrap().contains("3600000 ms"));
}

#[test]
fn a_verifier_that_leaves_answers_nothing_more() {
    let (verifier, mut follower) = loaded(7);
    let asked = poll(&mut follower, 1_000);
    answer(&mut follower, asked, &page(7, 7, 7), 1_001);
    follower.leave();
    assert_eq!(stale(&verifier, 1_002), Some(Stale::NotProven));
    assert!(matches!(follower.next(boot(1_500)), Ask::Wait { .. }));
}

#[test]
fn the_calendar_is_the_stores_and_waits_for_it_when_it_goes_back_a_little() {
    let (verifier, mut follower) = loaded(7);
    let mut answer_at = |asked_ms: u64, store_now: Timestamp| {
        let asked = poll(&mut follower, asked_ms);
        follower.page(asked, &Page { store_now, ..page(7, 7, 7) }, boot(asked_ms + 100), at(30));
    };
    answer_at(1_000, at(50));
    assert_eq!(verifier.read().calendar(boot(3_000)), at(52));
    assert_eq!(verifier.health(boot(3_000)).clock_offset_us, Some(-20_050_000));
    assert!(verifier.health(boot(3_000)).clock_alarm);
    // The store's clock was set back: time stands still until it has caught up.
    answer_at(4_000, at(49));
    let then = Timestamp::from_us(at(53).us() + 100_000);
    assert_eq!((verifier.read().calendar(boot(4_100)), verifier.read().calendar(boot(8_000))), (then, then));
    assert_eq!(verifier.read().calendar(boot(9_000)), at(54));
    assert_eq!((verifier.health(boot(9_000)).store_clock_back, follower.clock_back()), (None, None));
}

#[test]
fn a_jump_of_the_stores_clock_does_no_lasting_harm() {
    const DAY_S: i64 = 86_400;
    let lasting = |n, days: i64| Record::Credential(CredentialRecord { expires_at: Some(at(days * DAY_S)), ..credential(n) });
    let overlap = vec![
        version(&key(3, Environment::Production), 1, VersionState::Retiring { until: at(DAY_S) }),
        version(&key(4, Environment::Production), 2, VersionState::Active),
    ];
    let mut kit = Kit::new(&[lasting(1, 50), lasting(2, 1), Record::Credential(CredentialRecord { versions: overlap, ..credential(3) })]);
    let codes = |kit: &Kit| [1, 2, 3, 4].map(|n| kit.code(n));
    for (jump_d, meanwhile) in
        [(60, [Code::Expired, Code::Expired, Code::RetiredVersion, Code::Valid]), (400, [Code::Unknown, Code::Unknown, Code::Unknown, Code::Valid])]
    {
        assert_eq!(codes(&kit), [Code::Valid; 4]);
        // A poll for each half second of the jump, so that rounds of clearing away are over within it.
        for _ in 0..4 {
            kit.ms += 500;
            kit.page_at(at(kit.ms as i64 / 1_000 + jump_d * DAY_S));
        }
        assert_eq!((codes(&kit), kit.follower.clock_back()), (meanwhile, None));
        let health = kit.verifier.health(boot(kit.ms));
        assert_eq!(health.versions, 4, "nothing is taken away because of the time");
        kit.pass(1);
        assert_eq!(codes(&kit), [Code::Valid; 4], "after {jump_d} days forward and back");
        let back = kit.verifier.health(boot(kit.ms)).store_clock_back.unwrap();
        assert_eq!((back.us() + 500_000) / (DAY_S * 1_000_000), jump_d, "{back}");
        assert_eq!((kit.follower.clock_back(), kit.follower.clock_back()), (Some(back), None));
        assert_eq!(kit.verifier.health(boot(kit.ms + 3_599_000)).store_clock_back, Some(back));
        assert_eq!(kit.verifier.health(boot(kit.ms + 3_600_000)).store_clock_back, None);
    }
}

#[test]
fn a_snapshot_that_is_read_during_a_jump_is_whole() {
    let (verifier, mut follower) = follower(None);
    let jumped = SnapshotHead { store_now: at(400 * 86_400), ..head(7) };
    let mut loading = follower.loading(&jumped);
    loading.add(&Record::Credential(CredentialRecord { expires_at: Some(at(86_400)), ..credential(1) }));
    follower.loaded(loading);
    assert_eq!(verifier.health(boot(0)).versions, 1);
}

#[test]
fn a_service_may_be_served_over_an_expired_lease_and_says_so() {
    let mut serving = service("maps");
    serving.on_stale = OnStale::Serve;
    let mut kit = Kit::new(&[Record::Credential(credential(1)), catalogue(vec![serving, service("payments")])]);
    kit.ms += 4_000;
    let key = key(1, Environment::Production);
    let question = crate::Question { credential: key.as_bytes(), ..crate::Question::default() };
    let seen = kit.ask(&question).unwrap();
    assert_eq!((seen.code, seen.stale_s), (Code::Valid, Some(4)));
    assert!(kit.verifier.read().serves_stale());
    kit.page(vec![catalogue(vec![service("maps"), service("payments")])]);
    kit.ms += 4_000;
    assert!(matches!(kit.ask(&question), Err(NotSeen::Stale(Stale::Expired { .. }))));
    assert!(!kit.verifier.read().serves_stale());
}

#[test]
fn a_pinned_reading_keeps_its_state_and_its_lease() {
    let mut kit = Kit::with(credential(1));
    let verifier = kit.verifier.clone();
    let pinned = verifier.read();
    let lease_over = kit.ms + LEASE_MS;
    kit.ms += 1_000;
    kit.put(CredentialRecord { state: State::Revoked, revoked_at: Some(at(1)), ..credential(1) });
    assert_eq!(kit.code(1), Code::Revoked);
    let now = pinned.calendar(boot(kit.ms));
    let (asker, key) = (pinned.asker(TOKEN, now).unwrap(), key(1, Environment::Production));
    let question = crate::Question { credential: key.as_bytes(), ..crate::Question::default() };
    let decide = || crate::decide(&pinned, &asker, &question, now, boot(kit.ms)).unwrap().done().unwrap();
    assert_eq!(pinned.confirm(decide(), boot(kit.ms)).map(|f| f.answer().code), Ok(Code::Valid), "sent before, and the lease runs");
    assert!(pinned.confirm(decide(), boot(lease_over)).is_err(), "the newer lease does not count for the older state");
}

#[test]
fn tokens_of_resource_servers_overlap_and_end() {
    let mut kit = Kit::new(&[]);
    let with = |tokens: Vec<(&[u8], Option<Timestamp>)>| {
        let Record::ResourceServer(mut record) = resource_server(&["maps"], &Environment::ALL) else { panic!() };
        record.tokens = tokens.into_iter().map(|(token, until)| (keywright_crypto::digest::sha256(token), until)).collect();
        Record::ResourceServer(record)
    };
    let accepted = |kit: &Kit, token: &[u8], s| kit.verifier.read().asker(token, at(s)).is_some();
    kit.page(vec![with(vec![(b"old", Some(at(100))), (b"new", None)])]);
    assert_eq!([accepted(&kit, b"old", 99), accepted(&kit, b"old", 100), accepted(&kit, b"new", 100), accepted(&kit, TOKEN, 0)], [true, false, true, false]);
    assert!(!accepted(&kit, b"", 0) && !accepted(&kit, &[b'x'; 10_000], 0));
    kit.page(vec![Record::ResourceServerGone(keywright_domain::ids::ResourceServerId::from_bits(1))]);
    assert!(!accepted(&kit, b"new", 100));
}
