//! What a clock that may be wrong does not do: destroy anything, or end tokens that it should not.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId, PersonId, SessionId, SignInId};
use keywright_domain::limits;
use keywright_domain::time::{Boot, Span, Timestamp};
use keywright_domain::token::TokenId;
use keywright_operations::scheduled::Round;
use keywright_operations::scheduled::trust::{Doubt, News, Trust};
use keywright_operations::{Clocks, Keys, Operations};
use keywright_store::{Done, Store, StoreError, Tx, Val, args, on_both_engines};

fn boot() -> Boot {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Boot::default().plus_ms(1_000 + u64::try_from(START.elapsed().as_millis()).unwrap())
}

/// An hour passed for the machine, and none for the store: its clock was set back.
fn an_hour_later() -> Boot {
    boot().plus_ms(3_600_000)
}

/// This machine's calendar is years ahead, which must not matter.
fn wrong_wall() -> Timestamp {
    Timestamp::from_us(4_000_000_000_000_000)
}

/// Gives how many rows the statement changes.
async fn run(store: &Store, sql: &'static str, args: Vec<Val>) -> u64 {
    let allowed = allow(&Caller::Machine { user: "test".into() }, Right::Operate, &Facts::default()).unwrap();
    let job = async move |tx: &mut Tx<'_>| Ok::<_, StoreError>(Done::new(tx.exec(sql, args.clone()).await?));
    store.write(allowed, job).await.unwrap().value
}

async fn operations(store: &Store, boot: fn() -> Boot) -> Operations {
    let keys = Keys::without_master(store).await.unwrap();
    Operations::new(store.clone(), Clocks { wall: wrong_wall, boot }, Arc::new(keys), None)
}

/// A store with a credential that expires then, and a verifier that was silent since 1970.
async fn furnish(store: &Store, expires: Timestamp) {
    let (organisation, application) = (OrganisationId::from_bits(5), ApplicationId::from_bits(6));
    run(store, "INSERT INTO organisation (id, name, review, suspended, created_us) VALUES ($1, 'Acme', 'draft', $2, 0)", args![organisation, false]).await;
    let sql = "INSERT INTO application (id, organisation_id, name, own, state, created_us) VALUES ($1, $2, 'Shop', $3, 'active', 0)";
    run(store, sql, args![application, organisation, false]).await;
    let sql = "INSERT INTO credential (id, organisation_id, application_id, kind, service, environment, name, permissions, networks, origins, state, \
               expires_us, created_us) VALUES ($1, $2, $3, 'api_key', 'maps', 'production', 'k', '', '', '', 'active', $4, 0)";
    run(store, sql, args![CredentialId::from_bits(7), organisation, application, expires]).await;
    store.register("silent", "all").await.unwrap();
    run(store, "UPDATE verifier SET reported_us = 0", args![]).await;
}

on_both_engines! {
    async fn a_live_credential_outlives_this_machines_wrong_calendar(place: TestPlace) {
        let store = place.open().await;
        let operations = operations(&store, boot).await;
        let clock = store.clock().await.unwrap();
        furnish(&store, clock.shown.plus(Span::from_d(30))).await;
        let mut trust = Trust::default();
        assert_eq!(operations.housekeeping(&mut trust).await.unwrap(), Round::default());
        let round = operations.housekeeping(&mut trust).await.unwrap();
        assert_eq!(round, Round { verifiers: 1, ..Round::default() }, "by the second look it is known that the clock goes");
        assert_eq!(trust.news(), None);
    }

    async fn ended_tokens_are_counted_and_ended_by_the_stores_clock(place: TestPlace) {
        let store = place.open().await;
        furnish(&store, Timestamp::from_us(5_000_000_000_000_000)).await;
        let (operations, credential) = (operations(&store, boot).await, CredentialId::from_bits(7));
        let before = store.clock().await.unwrap().now();
        for number in 0..=u128::try_from(limits::ENDED_TOKENS_MAX).unwrap() {
            operations.token_end(credential, TokenId(number), before.plus(limits::TOKEN_LIFE_MAX)).await.unwrap();
        }
        let after = store.clock().await.unwrap().now().plus(Span::from_us(1));
        let ended = "UPDATE credential SET name = name WHERE tokens_not_before_us BETWEEN $1 AND $2";
        assert_eq!(run(&store, ended, args![before, after]).await, 1, "all that were issued so far have ended, and none that is issued next");
        assert_eq!(run(&store, "DELETE FROM ended_token", args![]).await, 0, "the list is empty");

        // While the store's clock stands behind what it has shown, replicas go on from there; and no end moves back.
        let ahead = after.plus(Span::from_s(3_600));
        run(&store, "UPDATE installation SET seen_us = $1", args![ahead]).await;
        let allowed = allow(&Caller::Machine { user: "test".into() }, Right::Operate, &Facts::default()).unwrap();
        let end_all = || store.write(allowed.clone(), async move |tx: &mut Tx<'_>| Ok::<_, StoreError>(Done::new(tx.tokens_end_all(credential).await?)));
        end_all().await.unwrap();
        assert_eq!(run(&store, ended, args![ahead.plus(Span::from_s(2)), ahead.plus(Span::from_s(60))]).await, 1);
        run(&store, "UPDATE installation SET seen_us = 0", args![]).await;
        end_all().await.unwrap();
        assert_eq!(run(&store, ended, args![ahead.plus(Span::from_s(2)), ahead.plus(Span::from_s(60))]).await, 1);
    }

    async fn what_people_left_behind_is_forgotten_when_it_is_over(place: TestPlace) {
        let store = place.open().await;
        let now = store.clock().await.unwrap().shown;
        let operations = operations(&store, boot).await;
        run(&store, "INSERT INTO person (id, mail, name, created_us) VALUES ($1, 'ann@example.com', '', 0)", args![PersonId::from_bits(1)]).await;
        let ago = |hours| Timestamp::from_us(now.us() - Span::from_h(hours).us());
        let ahead = now.plus(Span::from_h(1));
        for (i, over) in [ago(25), ago(23)].into_iter().enumerate() {
            let sql = "INSERT INTO sign_in (id, tries, operator, created_us, until_us) VALUES ($1, 0, $2, 0, $3)";
            run(&store, sql, args![SignInId::from_bits(i as u128), false, over]).await;
            let sql = "INSERT INTO idempotency (caller, route, key_digest, body_digest, state, created_us) VALUES ('c', 'r', $1, $1, 'done', $2)";
            run(&store, sql, args![[i as u8; 32], over]).await;
        }
        let sql = "INSERT INTO session (id, digest, person_id, access_token, agent, signed_in_us, seen_us, until_us) VALUES ($1, $2, $3, $4, '', 0, $5, $6)";
        for (i, seen, until) in [(1, ago(0), ago(1)), (2, ago(13), ahead), (3, ago(11), ahead)] {
            run(&store, sql, args![SessionId::from_bits(i), [i as u8; 32], PersonId::from_bits(1), false, seen, until]).await;
        }
        let mut trust = Trust::default();
        operations.housekeeping(&mut trust).await.unwrap();
        operations.housekeeping(&mut trust).await.unwrap();
        let left = async |sql| run(&store, sql, args![]).await;
        assert_eq!(left("UPDATE sign_in SET tries = 1").await, 1);
        assert_eq!(left("UPDATE idempotency SET state = 'seen'").await, 1);
        assert_eq!(left("UPDATE session SET agent = 'seen'").await, 1);
    }

    async fn a_store_clock_that_may_be_wrong_destroys_nothing(place: TestPlace) {
        let store = place.open().await;
        let operations = operations(&store, boot).await;
        furnish(&store, Timestamp::from_us(77)).await;
        let now = store.clock().await.unwrap().shown;
        let long_ago = Timestamp::from_us(now.us() - Span::from_d(100).us());
        run(&store, "UPDATE installation SET seen_us = $1", args![long_ago]).await;
        let mut trust = Trust::default();
        assert_eq!(operations.housekeeping(&mut trust).await.unwrap(), Round::default());
        assert!(matches!(trust.news(), Some(News::Distrusted(Doubt::AtStart(by_us))) if by_us >= Span::from_d(100).us()));
        let round = operations.housekeeping(&mut trust).await.unwrap();
        assert_eq!(round, Round { verifiers: 1, ..Round::default() }, "silence is measured by how the clock goes");
        assert_eq!(store.clock().await.unwrap().seen, long_ago, "a time that is not trusted is not put down");
        // The next server finds that a trusted time was near.
        let near = Timestamp::from_us(now.us() - Span::from_h(2).us());
        run(&store, "UPDATE installation SET seen_us = $1", args![near]).await;
        let round = operations.housekeeping(&mut Trust::default()).await.unwrap();
        assert_eq!(round, Round { credentials: 1, ..Round::default() });
        assert_eq!(store.clock().await.unwrap().seen, near, "one look is not enough to put a time down");
    }

    async fn a_clock_that_jumps_while_serving_stops_the_forgetting(place: TestPlace) {
        let store = place.open().await;
        let (before, after) = (operations(&store, boot).await, operations(&store, an_hour_later).await);
        let mut trust = Trust::default();
        before.housekeeping(&mut trust).await.unwrap();
        before.housekeeping(&mut trust).await.unwrap();
        furnish(&store, Timestamp::from_us(77)).await;
        assert_eq!(after.housekeeping(&mut trust).await.unwrap(), Round::default(), "neither credentials nor verifiers");
        assert!(matches!(trust.news(), Some(News::Distrusted(Doubt::Jumped(by_us))) if by_us < -Span::from_s(3_500).us()));
        assert_eq!(after.housekeeping(&mut trust).await.unwrap(), Round { verifiers: 1, ..Round::default() });
        assert_eq!(trust.news(), None, "told once");
    }
}
