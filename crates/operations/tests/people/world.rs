//! An installation with a few persons.

use std::sync::{Arc, LazyLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use keywright_crypto::seal::MasterKey;
use keywright_domain::caller::{Caller, Facts, Person, Right, allow};
use keywright_domain::ids::{ApplicationId, MemberId, OrganisationId, PersonId};
use keywright_domain::time::{Boot, Timestamp};
use keywright_operations::applications::NewApplication;
use keywright_operations::credentials::NewCredential;
use keywright_operations::members::GrantsGiven;
use keywright_operations::{Clocks, Error, Keys, Operations, Rule};
use keywright_store::testing::TestPlace;
use keywright_store::{Done, Store, StoreError, Tx, Val};

pub(crate) fn boot() -> Boot {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Boot::default().plus_ms(1_000 + u64::try_from(START.elapsed().as_millis()).unwrap())
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_us(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap())
}

fn in_three_days() -> Timestamp {
    Timestamp::from_us(now().us() + 3 * 86_400_000_000)
}

fn next_week() -> Timestamp {
    Timestamp::from_us(now().us() + 7 * 86_400_000_000 + 1)
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) now: Operations,
    /// The same installation, three days later.
    pub(crate) in_three_days: Operations,
    /// The same installation, seven days later.
    pub(crate) later: Operations,
}

/// Who works at the machine.
pub(crate) fn machine() -> Caller {
    Caller::Machine { user: "test".into() }
}

pub(crate) fn id_of(caller: &Caller) -> PersonId {
    let Caller::Person(person) = caller else { panic!("{caller} is no person") };
    person.id
}

pub(crate) fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|w| (*w).to_owned()).collect()
}

/// Grants over the organisation, and over applications.
pub(crate) fn grants(organisation: &[&str], applications: &[(ApplicationId, &[&str])]) -> GrantsGiven {
    GrantsGiven {
        organisation: Some(words(organisation)),
        applications: Some(applications.iter().map(|(id, grants)| (id.to_string(), words(grants))).collect()),
    }
}

/// The rule that refused.
#[track_caller]
pub(crate) fn rule<T>(result: Result<T, Error>) -> Rule {
    match result {
        Err(Error::Rule(rule)) => rule,
        Err(other) => panic!("not a rule: {other}"),
        Ok(_) => panic!("nothing refused it"),
    }
}

#[track_caller]
pub(crate) fn is_not_found<T>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::NotFound { .. })), "it was found, or refused otherwise");
}

#[track_caller]
pub(crate) fn is_forbidden<T>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::Right(_))), "it was not forbidden");
}

/// The bad fields.
#[track_caller]
pub(crate) fn bad<T>(result: Result<T, Error>) -> String {
    match result {
        Err(error @ Error::Invalid(_)) => error.to_string(),
        Err(other) => panic!("not about fields: {other}"),
        Ok(_) => panic!("nothing was bad"),
    }
}

impl World {
    pub(crate) async fn at(place: &TestPlace) -> Self {
        let store = place.open().await;
        let keys = Arc::new(Keys::open(&store, &MasterKey::generate().unwrap(), true).await.unwrap());
        let at = |wall| Operations::new(store.clone(), Clocks { wall, boot }, Arc::clone(&keys), None).reached_at("https://keys.example.com");
        Self { now: at(now), in_three_days: at(in_three_days), later: at(next_week), store }
    }

    /// Runs a statement.
    pub(crate) async fn run(&self, sql: &'static str, args: Vec<Val>) {
        let allowed = allow(&machine(), Right::Operate, &Facts::default()).unwrap();
        let job = async move |tx: &mut Tx<'_>| Ok::<_, StoreError>(Done::new(tx.exec(sql, args.clone()).await?));
        self.store.write(allowed, job).await.unwrap();
    }

    /// Somebody who has signed in, by the name of their mail address.
    pub(crate) async fn person(&self, name: &str) -> Caller {
        let mail = format!("{name}@example.com");
        let new = PersonId::from_parts(now().ms(), keywright_crypto::random::bits().unwrap());
        let allowed = allow(&machine(), Right::Operate, &Facts::default()).unwrap();
        let job = async move |tx: &mut Tx<'_>| Ok::<_, StoreError>(Done::new(tx.person_of_mail(&mail, new, Timestamp::from_us(0)).await?));
        let id = self.store.write(allowed, job).await.unwrap().value;
        Caller::Person(Person { id, operator: false, only: None })
    }

    /// Somebody who works for the provider.
    pub(crate) async fn operator(&self, name: &str) -> Caller {
        let Caller::Person(person) = self.person(name).await else { unreachable!() };
        Caller::Person(Person { operator: true, ..person })
    }

    /// An organisation of this person.
    pub(crate) async fn organisation(&self, admin: &Caller) -> OrganisationId {
        self.now.organisation_register(admin, "Acme").await.unwrap().id
    }

    /// Makes somebody a member by an invitation.
    pub(crate) async fn joined(&self, by: &Caller, organisation: OrganisationId, name: &str, grants: GrantsGiven) -> (Caller, MemberId) {
        let invitation = self.now.invitation_create(by, organisation, &format!("{name}@example.com"), grants).await.unwrap();
        let person = self.person(name).await;
        let accepted = self.now.invitation_accept(&person, invitation.id).await.unwrap();
        (person, accepted.member)
    }

    pub(crate) async fn member_of(&self, caller: &Caller, organisation: OrganisationId) -> MemberId {
        let listed = self.now.member_list(caller, organisation, None, 200).await.unwrap();
        listed.iter().find(|m| m.person == id_of(caller)).unwrap().id
    }

    pub(crate) async fn application(&self, by: &Caller, organisation: OrganisationId, name: &str) -> ApplicationId {
        let new = NewApplication { name: name.into(), services: words(&["business-api"]), ..NewApplication::default() };
        self.now.application_create(by, organisation, new).await.unwrap().id
    }
}

/// A production key of the Business API.
pub(crate) fn key(name: &str) -> NewCredential {
    NewCredential { service: "business-api".into(), environment: "production".into(), name: name.into(), ..NewCredential::default() }
}
