//! Each code, and which goes before which.

use keywright_domain::application;
use keywright_domain::change::{CredentialRecord, Record};
use keywright_domain::credential::secret_form;
use keywright_domain::credential::{Environment, Kind, State, VersionState};
use keywright_domain::ids::ApplicationId;
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use crate::fixture::{Kit, NotSeen, application, at, catalogue, credential, key, names, organisation, resource_server, sandbox, service, version};
use crate::{Beyond, Question};

const DAY_S: i64 = 86_400;

fn record(credential: CredentialRecord) -> Record {
    Record::Credential(credential)
}

fn question(key: &str) -> Question<'_> {
    Question { credential: key.as_bytes(), ..Question::default() }
}

#[test]
fn a_good_key_is_valid_and_says_whose_it_is() {
    let kit = Kit::with(credential(1));
    let reading = kit.verifier.read();
    let now = reading.calendar(crate::fixture::boot(kit.ms));
    let asker = reading.asker(crate::fixture::TOKEN, now).unwrap();
    let (key, asked) = (key(1, Environment::Production), names(&["tiles:read"]));
    let question = Question { permissions: &asked, service: Some("maps"), environment: Some(Environment::Production), ..question(&key) };
    let verdict = super::decide(&reading, &asker, &question, now, crate::fixture::boot(kit.ms)).unwrap().done().unwrap();
    let fresh = reading.confirm(verdict, crate::fixture::boot(kit.ms)).unwrap_or_else(|_| panic!("stale"));
    let (answer, found) = (fresh.answer(), fresh.answer().found.unwrap());
    assert_eq!((answer.code, answer.position.0, fresh.stale_s()), (Code::Valid, 5, None));
    assert_eq!((found.credential, found.version, found.kind), (credential(1).id, 1, Kind::ApiKey));
    assert_eq!((found.service, found.environment), ("maps", Environment::Production));
    assert_eq!((found.application.bits(), found.organisation.bits()), (1, 1));
    assert_eq!(found.permissions.json(), r#"["routes:plan","tiles:read"]"#);
    assert_eq!((found.expires_at, found.rate_limit), (None, None));
}

#[test]
fn what_is_no_key_of_this_installation_is_malformed() {
    let kit = Kit::with(credential(1));
    let good = key(1, Environment::Production);
    let mut wrong_class = format!("kw_sk_live_{:030}", 1);
    secret_form::complete(&mut wrong_class);
    let mut token = format!("kw_rs_{:030}", 1);
    secret_form::complete(&mut token);
    for bad in ["", "x", &good[1..], &good[..good.len() - 1], &good.replace("kw_", "zz_"), &wrong_class, &token, &"kw_live_".repeat(2_000)] {
        assert_eq!(kit.code_of(bad), Code::Malformed, "{bad}");
    }
    assert_eq!(kit.ask(&Question { credential: &[0xFF, 0, 0xC3], ..Question::default() }).unwrap().code, Code::Malformed);
    assert_eq!(kit.ask(&question(&good)).unwrap().credential, Some(credential(1).id));
}

#[test]
fn the_prefix_tells_another_environment_and_the_index_an_unknown_key() {
    let mut kit = Kit::new(&[record(credential(1)), record(sandbox(2)), resource_server(&["maps"], &[Environment::Production])]);
    assert_eq!(kit.code_of(&key(2, Environment::Sandbox)), Code::WrongEnvironment);
    assert_eq!(kit.code_of(&key(99, Environment::Sandbox)), Code::WrongEnvironment, "without a look-up");
    assert_eq!(kit.code(99), Code::Unknown);
    kit.page(vec![resource_server(&["maps"], &Environment::ALL)]);
    assert_eq!(kit.code_of(&key(2, Environment::Sandbox)), Code::Valid);
    let key = key(2, Environment::Sandbox);
    let asked = Question { environment: Some(Environment::Production), ..question(&key) };
    assert_eq!(kit.ask(&asked).unwrap().code, Code::WrongEnvironment);
}

#[test]
fn a_key_of_another_service_is_not_told_apart_further() {
    let mut kit = Kit::with(CredentialRecord { service: "payments".into(), state: State::Revoked, revoked_at: Some(at(1)), ..credential(1) });
    let seen = kit.ask(&question(&key(1, Environment::Production))).unwrap();
    assert_eq!((seen.code, seen.credential), (Code::WrongService, None));
    kit.page(vec![resource_server(&["maps", "payments"], &Environment::ALL)]);
    assert_eq!(kit.code(1), Code::Revoked);
    let key = key(1, Environment::Production);
    assert_eq!(kit.ask(&Question { service: Some("maps"), ..question(&key) }).unwrap().code, Code::WrongService);
}

#[test]
fn a_question_beyond_the_resource_server_is_refused_by_name() {
    let kit = Kit::new(&[record(credential(1)), resource_server(&["maps"], &[Environment::Production])]);
    let key = key(1, Environment::Production);
    let beyond = |q: Question<'_>| kit.ask(&q).unwrap_err();
    let service = Beyond::Service { asked: "payments".into(), may: vec!["maps".into()] };
    assert_eq!(service.to_string(), "this resource server may not ask about the service \"payments\", only about: maps");
    assert_eq!(beyond(Question { service: Some("payments"), ..question(&key) }), NotSeen::Beyond(service));
    assert!(matches!(beyond(Question { service: Some("no such"), ..question("x") }), NotSeen::Beyond(Beyond::Service { .. })));
    let environment = Beyond::Environment { asked: Environment::Sandbox, may: vec![Environment::Production] };
    assert_eq!(environment.to_string(), "this resource server may not ask about the environment sandbox, only about: production");
    assert_eq!(beyond(Question { environment: Some(Environment::Sandbox), ..question(&key) }), NotSeen::Beyond(environment));
}

#[test]
fn versions_overlap_lapse_and_retire() {
    let [old, new] = [1, 2].map(|n| key(n, Environment::Production));
    let versions = |old_state, new_state| vec![version(&old, 1, old_state), version(&new, 2, new_state)];
    let mut kit = Kit::with(CredentialRecord { versions: versions(VersionState::Retiring { until: at(100) }, VersionState::Active), ..credential(1) });
    assert_eq!((kit.code(1), kit.code(2)), (Code::Valid, Code::Valid));
    kit.pass(100);
    assert_eq!((kit.code(1), kit.code(2)), (Code::RetiredVersion, Code::Valid));
    let seen = kit.ask(&question(&old)).unwrap();
    assert_eq!((seen.credential, seen.version), (Some(credential(1).id), Some(1)));
    kit.put(CredentialRecord { versions: versions(VersionState::Active, VersionState::Pending { until: at(200) }), ..credential(1) });
    assert_eq!((kit.code(1), kit.code(2)), (Code::Valid, Code::Valid));
    kit.pass(100);
    assert_eq!((kit.code(1), kit.code(2)), (Code::Valid, Code::RetiredVersion));
}

#[test]
fn an_ended_credential_is_told_for_90_days() {
    let mut kit = Kit::new(&[
        record(CredentialRecord { state: State::Revoked, revoked_at: Some(at(0)), ..credential(1) }),
        record(CredentialRecord { expires_at: Some(at(100)), ..credential(2) }),
        record(CredentialRecord {
            versions: vec![
                version(&key(3, Environment::Production), 1, VersionState::Retired { since: at(0) }),
                version(&key(4, Environment::Production), 2, VersionState::Active),
            ],
            ..credential(3)
        }),
    ]);
    assert_eq!((kit.code(1), kit.code(2), kit.code(3)), (Code::Revoked, Code::Valid, Code::RetiredVersion));
    kit.pass(100);
    assert_eq!(kit.code(2), Code::Expired);
    kit.pass((89 * DAY_S) as u64);
    assert_eq!((kit.code(1), kit.code(2), kit.code(3)), (Code::Revoked, Code::Expired, Code::RetiredVersion));
    kit.pass(DAY_S as u64);
    assert_eq!((kit.code(1), kit.code(2), kit.code(3), kit.code(4)), (Code::Unknown, Code::Unknown, Code::Unknown, Code::Valid));
}

#[test]
fn a_suspended_credential_comes_back() {
    let mut kit = Kit::with(CredentialRecord { state: State::Suspended, ..credential(1) });
    assert_eq!(kit.code(1), Code::Suspended);
    kit.put(credential(1));
    assert_eq!(kit.code(1), Code::Valid);
}

#[test]
fn the_states_of_application_and_organisation_count_by_environment() {
    use application::State::{Active, Deactivated, Inactive};
    let mut kit = Kit::new(&[record(credential(1)), record(sandbox(2))]);
    let codes = |kit: &Kit| (kit.code(1), kit.code_of(&key(2, Environment::Sandbox)));
    kit.page(vec![application(Inactive)]);
    assert_eq!(codes(&kit), (Code::ApplicationInactive, Code::Valid));
    kit.page(vec![application(Deactivated)]);
    assert_eq!(codes(&kit), (Code::ApplicationInactive, Code::ApplicationInactive));
    kit.page(vec![application(Active), organisation(true)]);
    assert_eq!(codes(&kit), (Code::OrganisationSuspended, Code::Valid));
    kit.page(vec![organisation(false), Record::ApplicationGone(ApplicationId::from_bits(1))]);
    assert_eq!(codes(&kit), (Code::Unknown, Code::Unknown));
}

#[test]
fn restrictions_fail_closed() {
    let restricted = CredentialRecord { networks: "203.0.113.0/24".into(), origins: "https://app.example.com".into(), ..credential(1) };
    let mut kit = Kit::with(restricted.clone());
    let key = key(1, Environment::Production);
    let ask = |kit: &Kit, ip: Option<&str>, origin| kit.ask(&Question { source_ip: ip.map(|ip| ip.parse().unwrap()), origin, ..question(&key) }).unwrap().code;
    assert_eq!(ask(&kit, Some("203.0.113.7"), Some("https://app.example.com")), Code::Valid);
    assert_eq!(ask(&kit, Some("::ffff:203.0.113.7"), Some("https://app.example.com")), Code::Valid);
    assert_eq!(ask(&kit, Some("203.0.114.7"), None), Code::NetworkNotAllowed);
    assert_eq!(ask(&kit, None, Some("https://app.example.com")), Code::NetworkNotAllowed);
    assert_eq!(ask(&kit, Some("203.0.113.7"), None), Code::OriginNotAllowed);
    assert_eq!(ask(&kit, Some("203.0.113.7"), Some("https://evil.example.com")), Code::OriginNotAllowed);
    kit.put(CredentialRecord { networks: "what a newer release may write".into(), ..restricted });
    assert_eq!(ask(&kit, Some("203.0.113.7"), Some("https://app.example.com")), Code::NetworkNotAllowed);
    kit.put(credential(1));
    assert_eq!(ask(&kit, None, None), Code::Valid);
}

#[test]
fn all_asked_permissions_must_be_held() {
    let mut kit = Kit::with(credential(1));
    let key = key(1, Environment::Production);
    let ask = |kit: &Kit, asked: &[&str]| kit.ask(&Question { permissions: &names(asked), ..question(&key) }).unwrap().code;
    assert_eq!(ask(&kit, &["tiles:read", "routes:plan"]), Code::Valid);
    assert_eq!(ask(&kit, &["tiles:read", "no:such"]), Code::InsufficientPermissions);
    kit.put(CredentialRecord { permissions: String::new(), ..credential(1) });
    assert_eq!(ask(&kit, &["tiles:read"]), Code::InsufficientPermissions);
    assert_eq!(ask(&kit, &[]), Code::Valid);
}

#[test]
fn a_limit_is_its_own_or_the_services_and_is_taken_by_valid_requests_only() {
    let limited = CredentialRecord { rate_limit: Some("2/1s".parse().unwrap()), ..credential(1) };
    let mut kit = Kit::new(&[record(limited.clone()), record(credential(2))]);
    let key = key(1, Environment::Production);
    let refused = Question { permissions: &names(&["no:such"]), ..question(&key) };
    for _ in 0..5 {
        let seen = kit.ask(&refused).unwrap();
        assert_eq!((seen.code, seen.rate_limit), (Code::InsufficientPermissions, None));
    }
    assert_eq!((kit.code(1), kit.code(1), kit.code(1), kit.code(2)), (Code::Valid, Code::Valid, Code::RateLimited, Code::Valid));
    // A rotation, a change of another credential and one of its own leave the count alone.
    let both = vec![version(&key, 1, VersionState::Retiring { until: at(999) }), version("other", 2, VersionState::Active)];
    let asked_at = kit.ms;
    kit.page(vec![record(CredentialRecord { versions: both, ..limited }), record(CredentialRecord { state: State::Suspended, ..credential(2) })]);
    kit.ms = asked_at;
    assert_eq!(kit.code(1), Code::RateLimited);
    kit.pass(1);
    assert_eq!(kit.ask(&question(&key)).unwrap().rate_limit.unwrap().remaining, 1);
    let mut maps = service("maps");
    maps.rate_limit = Some("1/1h".parse().unwrap());
    kit.page(vec![catalogue(vec![maps]), record(credential(2))]);
    assert_eq!((kit.code(2), kit.code(2)), (Code::Valid, Code::RateLimited));
    assert_eq!(kit.ask(&question(&key)).unwrap().rate_limit.unwrap().limit, 2, "its own limit goes before the service's");
}

#[test]
fn only_api_keys_are_bearer_keys() {
    let kit = Kit::with(CredentialRecord { kind: Kind::Hmac, ..credential(1) });
    assert_eq!(kit.code(1), Code::Unknown);
}

/// Everything is wrong with the credential; then one fault after the other is mended, and each time the next code in order shows.
#[test]
fn the_codes_come_in_their_order() {
    let old = key(1, Environment::Production);
    let network = CredentialRecord {
        networks: "192.0.2.0/24".into(),
        origins: "https://a.example.com".into(),
        rate_limit: Some("1/1h".parse().unwrap()),
        ..credential(1)
    };
    let suspended = CredentialRecord { state: State::Suspended, ..network.clone() };
    let expired = CredentialRecord { expires_at: Some(at(1)), ..suspended.clone() };
    let revoked = CredentialRecord { state: State::Revoked, revoked_at: Some(at(2)), ..expired.clone() };
    let retired = CredentialRecord {
        versions: vec![version(&old, 1, VersionState::Retired { since: at(0) }), version("new", 2, VersionState::Active)],
        ..revoked.clone()
    };
    let wrong_service = CredentialRecord { service: "payments".into(), ..retired.clone() };
    let forgotten = CredentialRecord { revoked_at: Some(Timestamp::from_us(1)), ..wrong_service.clone() };
    let mut kit = Kit::new(&[record(forgotten), application(application::State::Inactive), organisation(true)]);
    let asked = names(&["no:such"]);
    let mut question = Question { permissions: &asked, ..question(&old) };
    let sandbox_key = key(1, Environment::Sandbox);
    let production = Some(Environment::Production);
    let mut seen = vec![kit.ask(&Question { credential: &sandbox_key.as_bytes()[1..], environment: production, ..question }).unwrap().code];
    seen.push(kit.ask(&Question { credential: sandbox_key.as_bytes(), environment: production, ..question }).unwrap().code);
    seen.push(kit.ask(&question).unwrap().code);
    for next in [wrong_service, retired, revoked, expired, suspended, network] {
        kit.put(next);
        seen.push(kit.ask(&question).unwrap().code);
    }
    kit.page(vec![application(application::State::Active)]);
    seen.push(kit.ask(&question).unwrap().code);
    kit.page(vec![organisation(false)]);
    seen.push(kit.ask(&question).unwrap().code);
    question.source_ip = Some("192.0.2.1".parse().unwrap());
    seen.push(kit.ask(&question).unwrap().code);
    question.origin = Some("https://a.example.com");
    seen.push(kit.ask(&question).unwrap().code);
    question.permissions = &[];
    let (first, second) = (kit.ask(&question).unwrap().code, kit.ask(&question).unwrap().code);
    seen.extend([second, first]);
    // Codes of signatures and tokens have tests of their own: an API key is proved by itself.
    let of_keys = |code: &Code| !(Code::SignatureMissing..=Code::TokenIssuerUnknown).contains(code);
    assert_eq!(seen, Code::ALL.into_iter().filter(of_keys).collect::<Vec<_>>());
}
