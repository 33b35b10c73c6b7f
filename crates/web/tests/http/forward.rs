//! Gateways: statuses, headers, and what a client cannot smuggle in.

use keywright_domain::application::State as ApplicationState;
use keywright_domain::credential::{RateLimit, State, VersionState};
use keywright_domain::time::Span;
use keywright_web::Settings;

use crate::support::{Reply, World, rfc3339, settings};

#[tokio::test]
async fn an_accepted_request_comes_back_with_who_it_is() {
    let mut world = World::new();
    let (key, id) = world.key(|c| {
        c.permissions = "customers:read payouts:write".into();
        c.rate_limit = Some(RateLimit::new(100, Span::from_us(1_500_000)).unwrap());
    });
    world.start(settings()).await;
    let bearer = format!("Bearer {}", key.expose());
    let query = "service=business-api&environment=production&permissions=payouts:write,customers%3Aread";
    let smuggled = [("authorization", bearer.as_str()), ("keywright-organisation-id", "org_forged"), ("keywright-extra", "forged"), ("ratelimit", "forged")];
    let reply = world.forward(query, &smuggled).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    assert_eq!(reply.header("keywright-credential-id"), Some(id.to_string().as_str()));
    assert_eq!(reply.header("keywright-application-id"), Some(world.application.to_string().as_str()));
    assert_eq!(reply.header("keywright-organisation-id"), Some(world.organisation.to_string().as_str()));
    assert_eq!(reply.header("keywright-service"), Some("business-api"));
    assert_eq!(reply.header("keywright-environment"), Some("production"));
    assert_eq!(reply.header("keywright-permissions"), Some("customers:read,payouts:write"));
    assert_eq!(reply.header("keywright-trace-id").unwrap().len(), 32);
    assert_eq!(reply.header("keywright-extra"), None);
    assert_eq!(reply.header("ratelimit-policy"), Some(r#""default";q=100;w=2"#));
    assert_eq!(reply.header("ratelimit"), Some(r#""default";r=99;t=1"#));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn any_method_is_answered_and_a_body_is_not_read() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let (token, bearer) = (world.token.expose().to_owned(), format!("Bearer {}", key.expose()));
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
        let headers = [("keywright-token", token.as_str()), ("authorization", bearer.as_str()), ("content-type", "text/plain")];
        let reply = world.connect().await.request(&format!("{method} /verify/forward"), &headers, b"not { json").await;
        assert_eq!(reply.status, 200, "{method}");
    }
}

#[tokio::test]
async fn each_refusal_has_its_status_and_tells_the_safe_part_only() {
    let mut world = World::new();
    let (inactive, _) = world.application(ApplicationState::Inactive, false);
    let (foreign, _) = world.key(|c| c.service = "payments".into());
    let (revoked, _) = world.key(|c| c.state = State::Revoked);
    let (retired, _) = world.key(|c| c.versions[0].state = VersionState::Retired { since: rfc3339(-1) });
    let (at_rest, _) = world.key(|c| c.application = inactive);
    let (bound, _) = world.key(|c| c.networks = "10.0.0.0/8".into());
    let (good, good_id) = world.key(|_| {});
    let (limited, _) = world.key(|c| c.rate_limit = Some(RateLimit::new(2, Span::from_s(60)).unwrap()));
    let stranger = World::new().key(|_| {}).0;
    world.start(settings()).await;

    let ask = async |credential: &str, query: &str| world.forward(query, &[("authorization", &format!("Bearer {credential}"))]).await;
    for (key, told) in [
        ("nonsense", "not well-formed"),
        (stranger.expose(), "is not accepted here"),
        (foreign.expose(), "is not accepted here"),
        (revoked.expose(), "was revoked"),
        (retired.expose(), "was rotated"),
    ] {
        let reply = ask(key, "").await;
        let document = reply.problem(401, "credential_refused");
        assert!(document["detail"].as_str().unwrap().contains(told), "{document}");
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.starts_with(r#"Bearer realm="api", error="invalid_token", error_description="The credential "#), "{challenge}");
        assert!(!reply.body.contains(key) && reply.header("keywright-credential-id").is_none());
    }
    // A key of another service and one of nobody are answered alike, but for the trace.
    let (a, b) = (ask(foreign.expose(), "").await, ask(stranger.expose(), "").await);
    let without_trace = |reply: &Reply| {
        let mut document = reply.json();
        document.as_object_mut().unwrap().remove("trace_id");
        (document, reply.header("www-authenticate").map(str::to_owned))
    };
    assert_eq!(without_trace(&a), without_trace(&b));

    for key in [at_rest.expose(), bound.expose()] {
        let reply = ask(key, "").await;
        reply.problem(403, "credential_not_allowed");
        assert_eq!(reply.header("www-authenticate"), None);
    }
    let reply = ask(good.expose(), "permissions=customers:read,payouts:write").await;
    reply.problem(403, "insufficient_permissions");
    let challenge = reply.header("www-authenticate").unwrap();
    assert!(challenge.contains(r#"error="insufficient_scope""#) && challenge.ends_with(r#"scope="customers:read payouts:write""#), "{challenge}");
    assert!(!reply.body.contains(&good_id.to_string()));

    assert_eq!(ask(limited.expose(), "").await.header("ratelimit"), Some(r#""default";r=1;t=30"#));
    assert_eq!(ask(limited.expose(), "").await.header("ratelimit"), Some(r#""default";r=0;t=60"#));
    let reply = ask(limited.expose(), "").await;
    let document = reply.problem(429, "rate_limited");
    assert_eq!(reply.header("keywright-trace-id"), document["trace_id"].as_str());
    assert_eq!(reply.header("retry-after"), Some("30"));
    assert_eq!((reply.header("ratelimit-policy"), reply.header("ratelimit")), (Some(r#""default";q=2;w=60"#), Some(r#""default";r=0;t=60"#)));
}

#[tokio::test]
async fn a_request_without_one_bearer_credential_is_401_without_an_error_code() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let bearer = format!("Bearer {}", key.expose());
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    for headers in [&[][..], &[("authorization", "Basic eDp5")], &[("authorization", "Bearer ")], &twice] {
        let reply = world.forward("", headers).await;
        reply.problem(401, "credential_missing");
        assert_eq!(reply.header("www-authenticate"), Some(r#"Bearer realm="api""#));
    }
}

#[tokio::test]
async fn the_gateway_needs_a_token_of_its_own_and_a_sound_question() {
    let mut world = World::new();
    let (key, _) = world.key(|_| {});
    world.start(settings()).await;
    let bearer = format!("Bearer {}", key.expose());
    let auth = ("authorization", bearer.as_str());
    // Each is the gateway's own mistake, and says so in a header that the gateway can look at.
    let own = |reply: &Reply| reply.header("keywright-gateway-problem").map(str::to_owned);
    for headers in [vec![auth], vec![auth, ("keywright-token", key.expose())]] {
        let reply = world.connect().await.request("GET /verify/forward", &headers, b"").await;
        reply.problem(401, "invalid_token");
        assert_eq!(own(&reply).as_deref(), Some("invalid_token"));
    }
    let reply = world.forward("service=business-api&scope=x&environment=live", &[auth]).await;
    assert_eq!((reply.fields(), own(&reply).as_deref()), (vec!["scope".into(), "environment".into()], Some("invalid_request")));
    let reply = world.forward("service=payments", &[auth]).await;
    assert_eq!(own(&reply).as_deref(), Some("beyond_resource_server"));
    // What is wrong with a client's request is not the gateway's mistake.
    assert_eq!(own(&world.forward("", &[]).await), None);
    assert_eq!(own(&world.forward("", &[("authorization", "Bearer x")]).await), None);
    assert_eq!(own(&world.forward("permissions=payouts:read", &[auth]).await), None);
    assert_eq!(own(&world.forward("", &[auth]).await), None);
    reply.problem(403, "beyond_resource_server");
    assert!(!reply.body.contains("business-api"), "what the resource server may ask is no business of its client: {}", reply.body);
}

#[tokio::test]
async fn the_address_is_the_peers_or_what_a_trusted_proxy_says() {
    let ask = async |trusted: &[&str], forwarded: &[&str], network: &str| {
        let mut world = World::new();
        let (key, _) = world.key(|c| c.networks = network.into());
        let trusted_proxies = trusted.iter().map(|t| t.parse().unwrap()).collect();
        world.start(Settings { trusted_proxies, ..settings() }).await;
        let bearer = format!("Bearer {}", key.expose());
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(forwarded.iter().map(|line| ("x-forwarded-for", *line)));
        world.forward("", &headers).await.status
    };
    assert_eq!(ask(&[], &[], "127.0.0.0/8").await, 200);
    assert_eq!(ask(&[], &["10.1.1.1"], "10.0.0.0/8").await, 403, "nobody trusts this peer");
    let proxy: &[&str] = &["127.0.0.1/32"];
    assert_eq!(ask(proxy, &["10.1.1.1"], "10.0.0.0/8").await, 200);
    assert_eq!(ask(proxy, &["10.1.1.1, 192.0.2.1"], "10.0.0.0/8").await, 403, "the client wrote the first entry");
    assert_eq!(ask(proxy, &["10.1.1.1", "192.0.2.1"], "10.0.0.0/8").await, 403, "two lines are one list");
    assert_eq!(ask(proxy, &["10.1.1.1, garbage"], "10.0.0.0/8").await, 403);
    assert_eq!(ask(proxy, &[], "127.0.0.0/8").await, 403, "the proxy's own address is not the client's");
}

#[tokio::test]
async fn the_origin_is_the_requests_own_and_stands_there_once() {
    let mut world = World::new();
    let (key, _) = world.key(|c| c.origins = "https://app.example.com".into());
    world.start(settings()).await;
    let bearer = format!("Bearer {}", key.expose());
    let (auth, origin) = (("authorization", bearer.as_str()), ("origin", "https://app.example.com"));
    assert_eq!(world.forward("", &[auth, origin]).await.status, 200);
    assert_eq!(world.forward("", &[auth]).await.status, 403);
    assert_eq!(world.forward("", &[auth, ("origin", "https://evil.example")]).await.status, 403);
    assert_eq!(world.forward("", &[auth, origin, ("origin", "https://evil.example")]).await.status, 403);
}
