//! What a replica costs: bytes for each live credential, nanoseconds for each verdict, microseconds for each change.
//!
//! `cargo run --release -p keywright-verifier --example measure`
//!
//! Memory is the growth of the process's resident size over loading; times are CPU time of the one thread, so that other work on the machine
//! disturbs them little (though it takes caches away). 10 applications in 100 credentials, 1 organisation in
//! 10 applications, 8 sets of permissions; every credential has one version.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use keywright_crypto::digest;
use keywright_domain::application;
use keywright_domain::catalogue::{Availability, BodyCheck, Catalogue, Form, Labels, OnStale, SecretVisibility, Service};
use keywright_domain::change::{
    ApplicationRecord, CredentialRecord, Epoch, OrganisationRecord, Page, Place, Position, Record, ResourceServerRecord, SnapshotHead, Tag, VersionRecord,
};
use keywright_domain::credential::rotation::PolicyName;
use keywright_domain::credential::secret_form::{self, Brand, DIGITS};
use keywright_domain::credential::{Environment, Kind, Material, State, VersionState};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId, ResourceServerId, VerifierId};
use keywright_domain::time::{Boot, Span, Timestamp};
use keywright_domain::verdict::Code;
use keywright_verifier::{Ask, Follower, Question, Verifier, decide};

const TOKEN: &[u8] = b"kw_rs_0000000000000000000000000000000000000";
const QUESTIONS: u64 = 2_000_000;
const PERMISSIONS: [&str; 8] = ["a:read", "a:write", "b:read", "b:write", "c:read", "c:write", "d:read", "d:write"];

/// Mixes bits (SplitMix64), so that keys and ids are in no order and can be made again from their number.
fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

fn id(kind: u64, n: u64) -> u128 {
    u128::from(1_800_000_000_000 + n) << 80 | u128::from(mixed(n << 3 | kind)) << 16
}

fn write_key(n: u64, into: &mut String) {
    into.clear();
    into.push_str("kw_live_");
    let (mut a, mut b) = (mixed(n), mixed(!n));
    for _ in 0..15 {
        into.push(char::from(DIGITS[(a % 62) as usize]));
        into.push(char::from(DIGITS[(b % 62) as usize]));
        (a, b) = (a / 62 + (b << 40), b / 62 + (a << 40));
    }
    secret_form::complete(into);
}

fn credential(n: u64, applications: u64, key: &mut String) -> CredentialRecord {
    write_key(n, key);
    CredentialRecord {
        id: CredentialId::from_bits(id(1, n)),
        application: ApplicationId::from_bits(id(2, n % applications)),
        kind: Kind::ApiKey,
        public_id: None,
        service: "maps".into(),
        environment: Environment::Production,
        permissions: PERMISSIONS[..1 + n as usize % 8].join(" "),
        networks: String::new(),
        origins: String::new(),
        rate_limit: None,
        state: State::Active,
        expires_at: None,
        revoked_at: None,
        token_form: None,
        tokens_not_before: None,
        versions: vec![VersionRecord {
            number: 1,
            state: VersionState::Active,
            digest: digest::sha256(key.as_bytes()),
            material: Material::Digest,
            expires_at: None,
            ran_out: false,
        }],
    }
}

fn catalogue() -> Catalogue {
    let service = Service {
        slug: "maps".into(),
        name: "Maps".into(),
        docs_url: None,
        kinds: vec![Kind::ApiKey],
        permissions: PERMISSIONS.iter().map(|p| ((*p).to_owned(), String::new())).collect(),
        labels: Labels { sandbox: "Sandbox".into(), production: "Production".into() },
        availability: Availability::Open,
        form: Form::Full,
        production_requires: vec![],
        credentials_per_environment: 20,
        rotation: (PolicyName::Overlap, Span::from_h(24)),
        schemes: vec![],
        sandbox_authorities: vec![],
        production_authorities: vec![],
        base_paths: vec![],
        body_check: BodyCheck::Strict,
        rate_limit: None,
        on_stale: OnStale::Refuse,
        secret_visibility: SecretVisibility::Once,
        parallel_secrets: 1,
        token: keywright_domain::catalogue::Tokens::default(),
        attributes: vec![],
        warning: None,
    };
    Catalogue { brands: vec![Brand::default()], services: vec![service] }
}

fn place(position: u64) -> Place {
    Place { epoch: Epoch(1), position: Position(position), tag: Tag(u128::from(position)) }
}

/// CPU time that this thread has had.
struct Cpu(f64);

impl Cpu {
    fn now() -> Self {
        let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        Self(schedstat.split(' ').next().unwrap().parse().unwrap())
    }

    fn ns(&self) -> f64 {
        Self::now().0 - self.0
    }
}

const STORE_NOW: Timestamp = Timestamp::from_us(1_800_000_000_000_000);

/// A verifier with `count` credentials, and the seconds of its loading beyond the making of the records.
fn load(count: u64) -> (Arc<Verifier>, Follower, f64) {
    let verifier = Arc::new(Verifier::new());
    let mut follower = Follower::new(verifier.clone(), None);
    follower.registered(VerifierId::from_bits(1));
    let applications = count.div_ceil(10);
    let organisations = applications.div_ceil(10);
    let mut loading = follower.loading(&SnapshotHead { head: place(1), store_now: STORE_NOW, lease_ms: 10_000, credentials: count });
    loading.add(&Record::Catalogue(Arc::new(catalogue())));
    loading.add(&Record::ResourceServer(ResourceServerRecord {
        id: ResourceServerId::from_bits(1),
        services: vec!["maps".into()],
        environments: vec![Environment::Production],
        tokens: vec![(digest::sha256(TOKEN), None)],
    }));
    for n in 0..organisations {
        loading.add(&Record::Organisation(OrganisationRecord { id: OrganisationId::from_bits(id(3, n)), suspended: false }));
    }
    for n in 0..applications {
        let organisation = OrganisationId::from_bits(id(3, n % organisations));
        loading.add(&Record::Application(ApplicationRecord { id: ApplicationId::from_bits(id(2, n)), organisation, state: application::State::Active }));
    }
    let (mut key, mut seconds) = (String::with_capacity(64), 0.0);
    for start in (0..count).step_by(1_000) {
        let records: Vec<Record> = (start..count.min(start + 1_000)).map(|n| Record::Credential(credential(n, applications, &mut key))).collect();
        let began = Cpu::now();
        records.iter().for_each(|record| loading.add(record));
        seconds += began.ns() / 1e9;
    }
    let began = Cpu::now();
    follower.loaded(loading);
    seconds += began.ns() / 1e9;
    (verifier, follower, seconds)
}

fn page(follower: &mut Follower, position: u64, records: Vec<Record>, now: Boot) {
    let Ask::Poll(asked) = follower.next(now) else { panic!("a poll is due") };
    let tag_after = Some(asked.poll().after.tag);
    let page = Page { head: place(position), tag_after, upto: place(position), records, store_now: STORE_NOW, lease_ms: 10_000, registered: true };
    follower.page(asked, &page, now, STORE_NOW);
}

/// Nanoseconds for one question, from the bytes of the key to the confirmed answer.
///
/// The third figure is the cost of reporting one use.
fn decide_ns(verifier: &Verifier, count: u64, known: bool, code: Code) -> (f64, f64, f64) {
    let now = Boot::default().plus_ms(1_000);
    let mut keys: Vec<String> = Vec::new();
    for i in 0..QUESTIONS.min(500_000) {
        let mut key = String::with_capacity(44);
        write_key(if known { mixed(i) % count } else { count + mixed(i) % count }, &mut key);
        keys.push(key);
    }
    let [mut deciding, mut confirming, mut reporting] = [0.0, 0.0, 0.0];
    for round in 0..QUESTIONS / keys.len() as u64 {
        for confirm in [false, true] {
            let began = Cpu::now();
            for key in &keys {
                let reading = verifier.read();
                let calendar = reading.calendar(now);
                let asker = reading.asker(TOKEN, calendar).unwrap();
                let question = Question { credential: key.as_bytes(), service: Some("maps"), ..Question::default() };
                let verdict = decide(&reading, &asker, &question, calendar, now).unwrap().done().unwrap();
                if confirm {
                    let fresh = reading.confirm(verdict, now).unwrap_or_else(|_| panic!("the lease runs"));
                    assert_eq!(fresh.answer().code, code);
                } else {
                    black_box(&verdict);
                }
            }
            let ns = began.ns() / keys.len() as f64;
            if confirm { confirming += ns } else { deciding += ns }
        }
        black_box(round);
        let began = Cpu::now();
        let uses = black_box(verifier.take_report()).uses.len().max(1);
        reporting += began.ns() / uses as f64;
    }
    let rounds = (QUESTIONS / keys.len() as u64) as f64;
    (deciding / rounds, confirming / rounds, reporting / rounds)
}

fn resident_bytes() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4_096.0
}

fn measure(count: u64) {
    let before = resident_bytes();
    let (verifier, mut follower, load_s) = load(count);
    let bytes = (resident_bytes() - before) / count as f64;
    page(&mut follower, 1, vec![], Boot::default().plus_ms(1_000));
    let (decide, confirm, report) = decide_ns(&verifier, count, true, Code::Valid);
    let (unknown, _, _) = decide_ns(&verifier, count, false, Code::Unknown);
    let (mut key, changes) = (String::new(), 2_000);
    let records: Vec<CredentialRecord> = (0..changes).map(|n| credential(mixed(n) % count, count.div_ceil(10), &mut key)).collect();
    let began = Cpu::now();
    for (i, record) in records.into_iter().enumerate() {
        let revoked = CredentialRecord { state: State::Revoked, revoked_at: Some(STORE_NOW), ..record };
        page(&mut follower, 2 + i as u64, vec![Record::Credential(revoked)], Boot::default().plus_ms(2_000 + 500 * i as u64));
    }
    let change_us = began.ns() / 1e3 / changes as f64;
    let began = Cpu::now();
    (0..1_000_000).for_each(|_| {
        black_box(digest::sha256(black_box(TOKEN)));
    });
    let sha_ns = began.ns() / 1e6;
    let confirm = confirm - decide;
    println!("{count:>9} {bytes:>10.0} {load_s:>9.2} {decide:>12.0} {confirm:>13.0} {report:>11.0} {unknown:>11.0} {change_us:>10.1} {sha_ns:>9.0}");
}

/// Each size in a process of its own, so that memory that one has left behind does not hide what the next takes.
fn main() {
    if let Some(count) = std::env::args().nth(1) {
        return measure(count.parse().unwrap());
    }
    let head = ["keys", "bytes/key", "load s", "decide ns", "+ confirm ns", "+ report ns", "unknown ns", "change us", "sha256 ns"];
    let [keys, bytes, load, decide, confirm, report, unknown, change, sha] = head;
    println!("{keys:>9} {bytes:>10} {load:>9} {decide:>12} {confirm:>13} {report:>11} {unknown:>11} {change:>10} {sha:>9}");
    for count in ["1000", "1000000"] {
        let done = std::process::Command::new(std::env::current_exe().unwrap()).arg(count).status().unwrap();
        assert!(done.success());
    }
}
