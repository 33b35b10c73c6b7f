//! Every code over HTTP, and the exact bytes of a verdict.

use keywright_domain::application::State as ApplicationState;
use keywright_domain::credential::{Environment, RateLimit, State, VersionState};
use keywright_domain::time::Span;
use keywright_domain::verdict::Code;
use serde_json::{Value, json};

use crate::support::{World, rfc3339, settings};

#[tokio::test]
async fn a_verdict_has_exactly_the_members_of_the_contract_in_their_order() {
    let mut world = World::new();
    let (plain, plain_id) = world.key(|c| c.versions[0].number = 2);
    let (full, full_id) = world.key(|c| {
        c.permissions = "customers:read payouts:write".into();
        c.expires_at = Some(rfc3339(3_600));
        c.rate_limit = Some(RateLimit::new(100, Span::from_s(1)).unwrap());
    });
    world.start(settings()).await;
    let (app, org) = (world.application, world.organisation);

    let reply = world.verify(&json!({"credential": plain.expose()})).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    assert_eq!(
        reply.body,
        format!(
            r#"{{"valid":true,"code":"valid","credential_id":"{plain_id}","public_id":null,"version":2,"kind":"api_key","service":"business-api","environment":"production","application_id":"{app}","organisation_id":"{org}","permissions":["payouts:write"],"expires_at":null,"rate_limit":null,"position":88121}}"#
        )
    );
    let reply = world.verify(&json!({"credential": full.expose(), "service": "business-api", "environment": null, "permissions": ["payouts:write"]})).await;
    assert_eq!(
        reply.body,
        format!(
            r#"{{"valid":true,"code":"valid","credential_id":"{full_id}","public_id":null,"version":1,"kind":"api_key","service":"business-api","environment":"production","application_id":"{app}","organisation_id":"{org}","permissions":["customers:read","payouts:write"],"expires_at":"2027-01-15T09:00:00Z","rate_limit":{{"limit":100,"remaining":99,"reset_s":1}},"position":88121}}"#
        )
    );
    let reply = world.verify(&json!({"credential": "nonsense"})).await;
    assert_eq!(reply.body, r#"{"valid":false,"code":"malformed","position":88121}"#);
}

#[tokio::test]
async fn each_code_is_told_and_only_a_proven_credential_is_described() {
    let mut world = World::new();
    let (inactive, _) = world.application(ApplicationState::Inactive, false);
    let (suspended_organisation, _) = world.application(ApplicationState::Active, true);
    let mut asked: Vec<(Code, Value)> = Vec::new();
    let ask = |key: &keywright_crypto::secret::Secret| json!({"credential": key.expose()});

    let (key, _) = world.key(|_| {});
    let mut typo = key.expose().to_owned();
    typo.pop();
    typo.push('!');
    asked.push((Code::Malformed, json!({"credential": typo})));
    let (key, _) = world.key(|c| c.environment = Environment::Sandbox);
    asked.push((Code::WrongEnvironment, ask(&key)));
    let stranger = World::new().key(|_| {}).0;
    asked.push((Code::Unknown, ask(&stranger)));
    let (key, _) = world.key(|c| c.service = "payments".into());
    asked.push((Code::WrongService, ask(&key)));
    let (key, _) = world.key(|c| c.versions[0].state = VersionState::Retired { since: rfc3339(-10) });
    asked.push((Code::RetiredVersion, ask(&key)));
    let (key, _) = world.key(|c| {
        c.state = State::Revoked;
        c.revoked_at = Some(rfc3339(-10));
        c.expires_at = Some(rfc3339(-5));
    });
    asked.push((Code::Revoked, ask(&key)));
    let (key, _) = world.key(|c| {
        c.state = State::Suspended;
        c.expires_at = Some(rfc3339(-5));
    });
    asked.push((Code::Expired, ask(&key)));
    let (key, _) = world.key(|c| {
        c.state = State::Suspended;
        c.application = inactive;
    });
    asked.push((Code::Suspended, ask(&key)));
    let (key, _) = world.key(|c| {
        c.application = inactive;
        c.networks = "10.0.0.0/8".into();
    });
    asked.push((Code::ApplicationInactive, ask(&key)));
    let (key, _) = world.key(|c| c.application = suspended_organisation);
    asked.push((Code::OrganisationSuspended, ask(&key)));
    let (key, _) = world.key(|c| {
        c.networks = "10.0.0.0/8".into();
        c.origins = "https://app.example.com".into();
    });
    asked.push((Code::NetworkNotAllowed, ask(&key)));
    asked.push((Code::OriginNotAllowed, json!({"credential": key.expose(), "source_ip": "10.1.2.3", "permissions": ["customers:read"]})));
    asked.push((
        Code::InsufficientPermissions,
        json!({"credential": key.expose(), "source_ip": "::ffff:10.1.2.3", "origin": "https://app.example.com", "permissions": ["payouts:write", "customers:read"]}),
    ));
    asked.push((
        Code::Valid,
        json!({"credential": key.expose(), "source_ip": "10.1.2.3", "origin": "https://app.example.com", "permissions": ["payouts:write"]}),
    ));
    let (limited, _) = world.key(|c| c.rate_limit = Some(RateLimit::new(1, Span::from_h(1)).unwrap()));
    world.start(settings()).await;
    assert_eq!(world.verify(&ask(&limited)).await.code(), "valid");
    asked.push((Code::RateLimited, ask(&limited)));

    let mut seen: Vec<Code> = asked.iter().map(|(code, _)| *code).collect();
    seen.sort_unstable();
    // Codes of signatures and tokens belong to questions of another form.
    let of_keys = |code: &Code| !(Code::SignatureMissing..=Code::TokenIssuerUnknown).contains(code);
    assert_eq!(seen, Code::ALL.into_iter().filter(of_keys).collect::<Vec<_>>(), "a code has no question");
    for (code, question) in &asked {
        let reply = world.verify(question).await;
        let verdict = reply.json();
        assert_eq!((reply.status, verdict["code"].as_str()), (200, Some(code.as_str())), "{verdict}");
        assert_eq!(verdict["valid"], *code == Code::Valid);
        let members: Vec<&String> = verdict.as_object().unwrap().keys().collect();
        let described = *code >= Code::RetiredVersion;
        assert_eq!(members.len(), if described { 14 } else { 3 }, "{code:?}: {members:?}");
    }
    let limit = world.verify(&ask(&limited)).await.json()["rate_limit"].clone();
    assert_eq!(limit, json!({"limit": 1, "remaining": 0, "reset_s": 3600}));
}

#[tokio::test]
async fn a_change_shows_in_the_next_verdict_with_its_position() {
    let mut world = World::new();
    let mut kept = None;
    let (key, _) = world.key(|c| kept = Some(c.clone()));
    world.start(settings()).await;
    assert_eq!(world.verify(&json!({"credential": key.expose()})).await.code(), "valid");
    let mut revoked = kept.unwrap();
    revoked.versions[0].digest = key.digest();
    revoked.state = State::Revoked;
    revoked.revoked_at = Some(rfc3339(0));
    world.change(keywright_domain::change::Record::Credential(revoked));
    world.renew();
    let verdict = world.verify(&json!({"credential": key.expose()})).await.json();
    assert_eq!((verdict["code"].as_str(), verdict["position"].as_u64()), (Some("revoked"), Some(88_122)));
}
