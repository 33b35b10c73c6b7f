//! The replica beside a naive model: a map of whole records, searched from end to end.

use std::collections::BTreeMap;

use keywright_crypto::digest;
use keywright_domain::application;
use keywright_domain::change::{ApplicationRecord, CredentialRecord, OrganisationRecord, VersionRecord};
use keywright_domain::credential::{Environment, Kind, Material, State, VersionState};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use proptest::prelude::*;

use super::*;
use crate::fixture::at;

const APPLICATIONS: u8 = 4;
const SECRETS: u8 = 40;

#[derive(Default)]
struct Model {
    credentials: BTreeMap<CredentialId, CredentialRecord>,
    applications: BTreeMap<ApplicationId, ApplicationRecord>,
    organisations: BTreeMap<OrganisationId, bool>,
}

/// What a digest leads to.
type Found = (CredentialId, u32, State, ApplicationId, application::State, bool, String, Option<(String, String, Option<RateLimit>)>);

impl Model {
    fn apply(&mut self, record: &Record) {
        match record {
            Record::Credential(c) => drop(self.credentials.insert(c.id, c.clone())),
            Record::CredentialGone(id) => drop(self.credentials.remove(id)),
            Record::Application(a) => drop(self.applications.insert(a.id, *a)),
            Record::ApplicationGone(id) => {
                self.applications.remove(id);
                self.credentials.retain(|_, c| c.application != *id);
            }
            Record::Organisation(o) => drop(self.organisations.insert(o.id, o.suspended)),
            other => panic!("{other:?}"),
        }
    }

    fn find(&self, digest: &[u8; 32]) -> Option<Found> {
        let of_kind = self.credentials.values().filter(|c| c.kind == Kind::ApiKey);
        let (c, v) = of_kind.flat_map(|c| c.versions.iter().map(move |v| (c, v))).find(|(_, v)| v.digest == *digest)?;
        let application = self.applications.get(&c.application)?;
        let suspended = *self.organisations.get(&application.organisation)?;
        let bounds = (!c.networks.is_empty() || c.rate_limit.is_some()).then(|| (c.networks.clone(), c.origins.clone(), c.rate_limit));
        Some((c.id, v.number, c.state, c.application, application.state, suspended, c.permissions.clone(), bounds))
    }
}

fn find(view: &View, digest: &[u8; 32]) -> Option<Found> {
    let row = view.find(digest)?;
    let owner = view.owner(row)?;
    let state = match row.standing(at(0)) {
        keywright_domain::credential::Standing::Suspended => State::Suspended,
        keywright_domain::credential::Standing::Revoked => State::Revoked,
        _ => State::Active,
    };
    let bounds = view.bounds(row).ok().unwrap();
    let bounds = bounds.map(|b| (b.networks.as_ref().unwrap().to_text(), b.origins.as_ref().unwrap().to_text(), b.rate_limit));
    Some((row.credential(), row.number, state, owner.application, owner.state, owner.suspended, view.permissions(row).names().join(" "), bounds))
}

fn secret(n: u8) -> [u8; 32] {
    digest::sha256(&[n])
}

/// Secrets belong to one credential each: credential `n` has some of the secrets 5n to 5n + 4.
fn credential() -> impl Strategy<Value = Record> {
    let parts = (0..SECRETS / 5, 0..APPLICATIONS, prop::collection::vec(any::<bool>(), 5), 0u8..3, 0usize..4, 0u8..10);
    parts.prop_map(|(n, application, has, state, permissions, odd)| {
        let versions = has.iter().enumerate().filter(|(_, has)| **has).map(|(i, _)| VersionRecord {
            number: i as u32 + 1,
            state: VersionState::Active,
            digest: secret(5 * n + i as u8),
            material: Material::Digest,
            expires_at: None,
            ran_out: false,
        });
        Record::Credential(CredentialRecord {
            id: CredentialId::from_bits(u128::from(n) + 1),
            application: ApplicationId::from_bits(u128::from(application) + 1),
            kind: if odd == 0 { Kind::Hmac } else { Kind::ApiKey },
            public_id: None,
            service: "maps".into(),
            environment: Environment::Production,
            permissions: ["", "a", "a b", "b"][permissions].into(),
            networks: if odd == 1 { "192.0.2.0/24".into() } else { String::new() },
            origins: String::new(),
            rate_limit: if odd == 2 { Some("3/1s".parse().unwrap()) } else { None },
            state: [State::Active, State::Suspended, State::Revoked][usize::from(state)],
            expires_at: None,
            revoked_at: Some(at(0)),
            token_form: None,
            tokens_not_before: None,
            versions: versions.collect(),
        })
    })
}

fn record() -> impl Strategy<Value = Record> {
    let application = (0..APPLICATIONS, 0u8..3, 0u8..2).prop_map(|(n, state, organisation)| {
        let state = [application::State::Inactive, application::State::Active, application::State::Deactivated][usize::from(state)];
        let organisation = OrganisationId::from_bits(u128::from(organisation) + 1);
        Record::Application(ApplicationRecord { id: ApplicationId::from_bits(u128::from(n) + 1), organisation, state })
    });
    prop_oneof![
        6 => credential(),
        1 => (0..SECRETS / 5).prop_map(|n| Record::CredentialGone(CredentialId::from_bits(u128::from(n) + 1))),
        3 => application,
        1 => (0..APPLICATIONS).prop_map(|n| Record::ApplicationGone(ApplicationId::from_bits(u128::from(n) + 1))),
        1 => (0u8..2, any::<bool>()).prop_map(|(n, suspended)| Record::Organisation(OrganisationRecord { id: OrganisationId::from_bits(u128::from(n) + 1), suspended })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// After each record, both say the same of every secret; applying a record twice changes nothing; and what was pinned stays as it was.
    #[test]
    fn it_finds_what_the_model_finds(records in prop::collection::vec((record(), any::<bool>(), 0u32..60), 0..80)) {
        let (mut replica, mut model) = (Replica::default(), Model::default());
        let mut pinned: Vec<(View, Vec<Option<Found>>)> = Vec::new();
        for (record, twice, sweep) in records {
            for _ in 0..=usize::from(twice) {
                replica.apply(&record);
                replica.sweep(sweep);
                model.apply(&record);
            }
            let view = replica.view();
            let found: Vec<Option<Found>> = (0..SECRETS).map(|n| find(&view, &secret(n))).collect();
            let known: Vec<Option<Found>> = (0..SECRETS).map(|n| model.find(&secret(n))).collect();
            prop_assert_eq!(&found, &known);
            pinned.push((view, found));
        }
        for (view, found) in pinned.iter().step_by(7) {
            let still: Vec<Option<Found>> = (0..SECRETS).map(|n| find(view, &secret(n))).collect();
            prop_assert_eq!(&still, found);
        }
        // Two whole rounds clear away everything that the model does not have.
        (0..4).for_each(|_| replica.sweep(u32::MAX));
        let versions = model.credentials.values().filter(|c| c.kind == Kind::ApiKey).map(|c| c.versions.len()).sum::<usize>();
        prop_assert_eq!(replica.rows.used(), versions);
    }
}
