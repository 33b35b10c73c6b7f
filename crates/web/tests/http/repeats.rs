//! Calls that are repeated with their key.

use keywright_crypto::secret::Secret;
use keywright_operations::Error;
use keywright_operations::calls::{Begun, Keyed, body_digest};
use keywright_operations::credentials::NewCredential;
use keywright_operations::members::GrantsGiven;
use keywright_store::{StoreError, on_both_engines};
use serde_json::{Value, json};

use crate::support::{As, Office, machine};

const KEY: &str = "0123456789abcdef-repeat";

fn form(name: &str) -> Value {
    json!({"service": "business-api", "environment": "sandbox", "name": name})
}

fn path(office: &Office) -> String {
    format!("/api/v1/applications/{}/credentials", office.own_application)
}

on_both_engines! {
    async fn a_repeat_gives_the_same_answer_and_makes_nothing(place: TestPlace) {
        let office = Office::open(place).await;
        let session = office.session("ann@example.com").await;
        let path = path(&office);
        let keyed: &[(&str, &str)] = &[("idempotency-key", KEY)];
        let first = office.post(&session, &path, keyed, &form("one")).await;
        assert_eq!(first.status, 201, "{}", first.body);
        let again = office.post(&session, &path, keyed, &form("one")).await;
        assert_eq!((again.status, again.json(), again.header("location")), (201, first.json(), first.header("location")));
        assert_eq!(office.credentials().await, 1);

        office.post(&session, &path, keyed, &form("two")).await.problem(422, "idempotency_key_reused");
        for short in ["short", "has a blank in the middle", &"x".repeat(256)] {
            assert_eq!(office.post(&session, &path, &[("idempotency-key", short)], &form("one")).await.fields(), ["Idempotency-Key"]);
        }
        assert_eq!(office.credentials().await, 1);

        // Without a key each call is a call of its own.
        assert_eq!(office.post(&session, &path, &[], &form("one")).await.status, 201);
        assert_eq!(office.credentials().await, 2);
    }

    async fn a_secret_is_not_shown_again_once_it_was_used_or_after_ten_minutes(place: TestPlace) {
        let office = Office::open(place).await;
        let session = office.session("ann@example.com").await;
        let path = path(&office);
        let keys = ["used-before-the-repeat", "left-for-ten-minutes-x"];
        let mut made = Vec::new();
        for key in keys {
            made.push(office.post(&session, &path, &[("idempotency-key", key)], &form(key)).await.json());
        }
        office.used(made[0]["data"]["id"].as_str().unwrap().parse().unwrap(), 1).await;
        let used = office.post(&session, &path, &[("idempotency-key", keys[0])], &form(keys[0])).await;
        let left = office.post(&session, &path, &[("idempotency-key", keys[1])], &form(keys[1])).await;
        assert_eq!(left.json()["data"]["key"], made[1]["data"]["key"]);
        office.pass_s(601);
        let late = office.post(&session, &path, &[("idempotency-key", keys[1])], &form(keys[1])).await;
        for (reply, made) in [(used, &made[0]), (late, &made[1])] {
            assert_eq!((reply.status, &reply.json()["data"]["id"]), (201, &made["data"]["id"]), "{}", reply.body);
            assert!(reply.json()["data"]["key"].is_null(), "{}", reply.body);
            assert!(reply.json()["data"]["remedy"].as_str().unwrap().contains("rotate"));
            assert!(!reply.body.contains(made["data"]["key"].as_str().unwrap()));
        }
        assert_eq!(office.credentials().await, 2);
    }

    async fn of_many_at_once_one_does_the_work(place: TestPlace) {
        let office = Office::open(place).await;
        let session = office.session("ann@example.com").await;
        let (path, body) = (path(&office), form("one"));
        let calls = (0..8).map(|_| office.post(&session, &path, &[("idempotency-key", KEY)], &body));
        let replies = futures_util::future::join_all(calls).await;
        let made = replies.iter().filter(|r| r.status == 201);
        let ids: std::collections::BTreeSet<String> = made.map(|r| r.json()["data"]["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), 1);
        for reply in replies.iter().filter(|r| r.status != 201) {
            reply.problem(409, "still_running");
            assert_eq!(reply.header("retry-after"), Some("1"));
        }
        assert_eq!(office.credentials().await, 1);
    }

    async fn a_refused_call_may_be_made_again(place: TestPlace) {
        let office = Office::open(place).await;
        let session = office.session("ann@example.com").await;
        let path = path(&office);
        let keyed: &[(&str, &str)] = &[("idempotency-key", KEY)];
        assert_eq!(office.post(&session, &path, keyed, &form("")).await.fields(), ["name"]);
        assert_eq!(office.post(&session, &path, keyed, &form("one")).await.status, 201);
    }

    async fn whoever_goes_away_finds_the_answer_at_the_repeat(place: TestPlace) {
        let office = Office::open(place).await;
        let session = office.session("ann@example.com").await;
        let origin = format!("http://{}", office.address);
        let headers = [("content-type", "application/json"), ("origin", origin.as_str()), ("idempotency-key", KEY)];
        office.send_and_leave(As::Session(&session, &[]), &format!("POST {}", path(&office)), &headers, &form("one").to_string()).await;
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        let found = loop {
            let reply = office.post(&session, &path(&office), &[("idempotency-key", KEY)], &form("one")).await;
            if reply.status == 201 {
                break reply;
            }
            reply.problem(409, "still_running");
            assert!(tokio::time::Instant::now() < deadline);
        };
        assert!(found.json()["data"]["key"].as_str().unwrap().starts_with("kw_test_"));
        assert_eq!(office.credentials().await, 1);
    }

    async fn a_crash_between_commit_and_answer_makes_no_second_credential(place: TestPlace) {
        let office = Office::open(place).await;
        let session = office.session("ann@example.com").await;
        let path = path(&office);
        let caller = office.operations.session_of(&Secret::new(session.clone())).await.unwrap().unwrap().caller;
        let body = form("one");
        let keyed = || Keyed::new(&caller, format!("POST {path}"), Secret::new(KEY.to_owned()));
        let Ok(Begun::First(mark)) = office.operations.call_begin(&keyed(), body_digest(body.to_string().as_bytes())).await else { panic!("it is the first") };
        let new = NewCredential { service: "business-api".into(), environment: "sandbox".into(), name: "one".into(), ..NewCredential::default() };
        let made = office.operations.once(mark).credential_create(&caller, office.own_application, new).await.unwrap();

        // Nobody keeps its answer.
        office.post(&session, &path, &[("idempotency-key", KEY)], &body).await.problem(409, "still_running");
        office.pass_s(61);
        let lost = office.post(&session, &path, &[("idempotency-key", KEY)], &body).await.problem(409, "answer_lost");
        assert!(lost["detail"].as_str().unwrap().contains(&made.id.to_string()), "{lost}");
        assert_eq!(office.credentials().await, 1);
    }

    async fn a_call_that_was_left_is_taken_over_and_its_first_owner_writes_nothing_any_more(place: TestPlace) {
        let office = Office::open(place).await;
        let session = office.session("ann@example.com").await;
        let path = path(&office);
        let caller = office.operations.session_of(&Secret::new(session.clone())).await.unwrap().unwrap().caller;
        let body = form("one");
        let keyed = Keyed::new(&caller, format!("POST {path}"), Secret::new(KEY.to_owned()));
        let Ok(Begun::First(mark)) = office.operations.call_begin(&keyed, body_digest(body.to_string().as_bytes())).await else { panic!("it is the first") };
        office.pass_s(61);
        assert_eq!(office.post(&session, &path, &[("idempotency-key", KEY)], &body).await.status, 201);
        let new = NewCredential { service: "business-api".into(), environment: "sandbox".into(), name: "one".into(), ..NewCredential::default() };
        let late = office.operations.once(mark).credential_create(&caller, office.own_application, new).await;
        assert!(matches!(late, Err(Error::Store(StoreError::Busy { .. }))));
        assert_eq!(office.credentials().await, 1);
    }

    async fn a_key_belongs_to_its_caller(place: TestPlace) {
        let office = Office::open(place).await;
        let ann = office.session("ann@example.com").await;
        let other = office.operations.organisation_create(&machine(), "Other", "bob@example.com").await.unwrap();
        let bob = office.session("bob@example.com").await;
        assert_eq!(office.post(&ann, &path(&office), &[("idempotency-key", KEY)], &form("one")).await.status, 201);
        let theirs = format!("/api/v1/applications/{}/credentials", other.own_application);
        assert_eq!(office.post(&bob, &theirs, &[("idempotency-key", KEY)], &form("one")).await.status, 201);
        office.post(&bob, &path(&office), &[("idempotency-key", KEY)], &form("one")).await.problem(404, "not_found");
    }

    async fn a_key_belongs_to_one_organisation_of_a_person(place: TestPlace) {
        let office = Office::open(place).await;
        office.operations.organisation_create(&machine(), "Second", "ann@example.com").await.unwrap();
        let session = office.session("ann@example.com").await;
        let caller = office.operations.session_of(&Secret::new(session)).await.unwrap().unwrap();
        let mut made = std::collections::BTreeSet::new();
        for membership in &caller.memberships {
            let token = office.access_token("ann@example.com", membership.organisation).await;
            let path = "POST /api/v1/business/api-keys";
            let headers = [("content-type", "application/json"), ("idempotency-key", KEY)];
            for _ in 0..2 {
                let reply = office.send(As::Bearer(&token), path, &headers, &json!({"name": "one"}).to_string()).await;
                assert_eq!(reply.status, 201, "{}", reply.body);
                made.insert(reply.json()["data"]["api_key"]["id"].as_str().unwrap_or(&reply.body).to_owned());
            }
        }
        assert_eq!((caller.memberships.len(), made.len()), (2, 2), "{made:?}");
    }

    async fn who_has_lost_the_right_is_not_answered_again(place: TestPlace) {
        let office = Office::open(place).await;
        let on_own = |grants: &[&str]| GrantsGiven {
            organisation: Some(Vec::new()),
            applications: Some(vec![(office.own_application.to_string(), grants.iter().map(|g| (*g).to_owned()).collect())]),
        };
        let invitation = office.operations.invitation_create(&machine(), office.organisation, "bob@example.com", on_own(&["edit"])).await.unwrap();
        let bob = office.session("bob@example.com").await;
        let caller = office.operations.session_of(&Secret::new(bob.clone())).await.unwrap().unwrap().caller;
        let member = office.operations.invitation_accept(&caller, invitation.id).await.unwrap().member;
        let (path, keyed) = (path(&office), [("idempotency-key", KEY)]);
        let made = office.post(&bob, &path, &keyed, &form("one")).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
        let rotate = format!("/api/v1/credentials/{id}/rotate");
        assert_eq!(office.post(&bob, &rotate, &keyed, &json!({})).await.status, 201);
        for after_s in [0, 601] {
            office.pass_s(after_s);
            office.operations.member_change(&machine(), member, on_own(&["edit"])).await.unwrap();
            assert_eq!(office.post(&bob, &path, &keyed, &form("one")).await.status, 201);
            office.operations.member_change(&machine(), member, on_own(&["view"])).await.unwrap();
            office.post(&bob, &path, &keyed, &form("one")).await.problem(403, "forbidden");
            office.post(&bob, &rotate, &keyed, &json!({})).await.problem(403, "forbidden");
        }
        office.operations.member_remove(&machine(), member).await.unwrap();
        office.post(&bob, &path, &keyed, &form("one")).await.problem(404, "not_found");
        assert_eq!(office.credentials().await, 1);
    }
}
