//! Whether it lives, whether it can do its work, its figures, and under which name it answers.

use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_store::Purpose;
use serde_json::json;

use crate::support::{Reply, stories, wait_until};

stories! {
    async fn health_says_who_it_is_and_how_far_and_the_figures_count_verdicts(kw: Server) {
        let live = kw.get("/livez").await;
        assert_eq!((live.status, live.json()), (200, json!({"live": true})));
        let key = kw.key(&kw.application().await, &[]).await;
        kw.settled().await;
        assert_eq!(kw.code(&key.key).await, "valid");
        assert_eq!(kw.code("nonsense").await, "malformed");
        assert_eq!(kw.code("nonsense").await, "malformed");
        let ready = kw.get("/readyz").await;
        let body = ready.json();
        assert_eq!((ready.status, &body["ready"], &body["hub"]["ready"], &body["verifier"]["ready"]), (200, &json!(true), &json!(true), &json!(true)));
        let verifier = &body["verifier"];
        assert!(verifier["id"].as_str().unwrap().starts_with("vrf_") && verifier["lease_left_ms"].as_u64().unwrap() <= 2_000, "{body}");
        assert_eq!((verifier["position"].as_u64(), &verifier["warnings"]), (Some(kw.head().await), &json!([])), "{body}");

        let metrics = kw.get("/metrics").await;
        assert_eq!((metrics.status, metrics.header("content-type")), (200, Some("application/openmetrics-text; version=1.0.0; charset=utf-8")));
        let figure = |name: &str| {
            let line = metrics.body.lines().find(|l| l.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("no {name} in\n{}", metrics.body));
            line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
        };
        assert_eq!(figure(r#"keywright_verdicts_total{service="business-api",code="valid"}"#), 1.0);
        assert_eq!(metrics.body.lines().filter(|l| l.starts_with("keywright_verdicts_total{") && l.contains(r#"code="malformed""#)).count(), 1);
        assert_eq!(figure("keywright_verdict_duration_seconds_count"), 3.0);
        assert_eq!(figure("keywright_position") as u64, kw.head().await);
        assert_eq!((figure("keywright_lag"), figure("keywright_stale"), figure("keywright_clock_alarm")), (0.0, 0.0, 0.0));
        assert_eq!((figure("keywright_lease_seconds"), figure("keywright_replica_versions")), (2.0, 1.0));
        assert!(figure("keywright_lease_left_seconds") > 0.0 && figure("process_resident_memory_bytes") > 1e6 && figure("keywright_usage_backlog") >= 0.0);
        assert!(metrics.body.ends_with("# EOF\n"));
        // What the operator's page names is there.
        let operations = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md")).unwrap();
        let section = operations.split_once("## Health and figures").unwrap().1;
        let named: Vec<&str> = section.split('`').filter(|name| name.starts_with("keywright_")).collect();
        assert!(named.len() >= 5, "{named:?}");
        for name in named {
            let name = name.split('{').next().unwrap();
            assert!(metrics.body.lines().any(|l| l.starts_with(name)), "the operator's page names {name}, which is not in\n{}", metrics.body);
        }
    }

    /// An older copy of the store was put back, as far as this server can tell: from then on it says nothing about any credential.
    async fn a_node_that_cannot_prove_that_it_is_fresh_says_so_and_never_calls_a_credential_bad(kw: Server) {
        let key = kw.key(&kw.application().await, &[]).await;
        kw.settled().await;
        assert_eq!(kw.code(&key.key).await, "valid");
        // As the command does it; the command itself refuses while a server follows the store.
        let embedded = !kw.store().is_postgres();
        let refused = kw.refused(&["restore", "--accept-rewind"], if embedded { 5 } else { 4 }).await;
        assert_eq!(refused["code"], if embedded { "store_not_opened" } else { "verifiers_running" });
        let allowed = allow(&Caller::Machine { user: "test".into() }, Right::Operate, &Facts::default()).unwrap();
        kw.store().open_for(Purpose::Command).await.accept_rewind(allowed).await.unwrap();
        let mut seen = Vec::new();
        wait_until("the server sees the new epoch", async || {
            let reply = kw.ask(json!({"credential": key.key})).await;
            seen.push((reply.status, reply.code()));
            reply.status == 503
        })
        .await;
        assert!(seen[..seen.len() - 1].iter().all(|s| *s == (200, "valid".to_owned())), "{seen:?}");
        let asked = kw.bare_command(&["verify", "--url", &kw.address, "--json"]);
        let problem = kw.run(asked, key.key.as_bytes(), &[("KEYWRIGHT_TOKEN", kw.token().await)]).await.exits(6).problem();
        assert_eq!((&problem["code"], &problem["status"]), (&json!("verification_unavailable"), &json!(503)));
        for reply in [kw.ask(json!({"credential": "nonsense"})).await, kw.forward_key("service=business-api", &key.key).await] {
            assert_eq!(reply.problem(503), "verification_unavailable");
            assert_eq!(reply.header("retry-after"), Some("1"));
        }
        let batch = kw.http.post(kw.url("/verify/batch")).bearer_auth(kw.token().await).json(&json!({"questions": [{"credential": key.key}]}));
        assert_eq!(Reply::of(batch).await.problem(503), "verification_unavailable");
        let ready = kw.get("/readyz").await;
        let reason = ready.json()["verifier"]["reason"].as_str().unwrap_or_default().to_owned();
        assert!(ready.status == 503 && reason.len() > 20, "{ready:?}");
        assert!(kw.get("/metrics").await.body.contains("\nkeywright_stale 1\n"));
        kw.restart().await;
        assert_eq!(kw.code(&key.key).await, "valid");
    }

    async fn another_host_is_refused_but_not_where_machines_call_by_address(kw: Place) {
        let kw = kw.serve(&["--public-url", "https://Keys.Example.com"]).await;
        kw.settled().await;
        let as_host = async |path: &str, host: &str| Reply::of(kw.http.get(kw.url(path)).header("Host", host)).await;
        for ours in ["keys.example.com", "KEYS.example.com:443"] {
            assert_eq!(as_host("/.well-known/keywright.json", ours).await.status, 200, "{ours}");
        }
        for other in ["evil.example", "keys.example.com.evil.example", "keys.example.com:80", "127.0.0.1"] {
            assert_eq!(as_host("/.well-known/keywright.json", other).await.problem(421), "misdirected_request", "{other}");
            assert_eq!(as_host("/elsewhere", other).await.status, 421);
            for path in ["/livez", "/readyz", "/metrics"] {
                assert_eq!(as_host(path, other).await.status, 200, "{path} as {other}");
            }
        }
        assert_eq!(kw.code("nonsense").await, "malformed", "gateways ask by address");
        let published = as_host("/.well-known/keywright.json", "keys.example.com").await.json();
        assert_eq!(published["proof_keys"]["keys"][0]["kty"], "OKP", "{published}");
    }
}
