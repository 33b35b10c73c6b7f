//! What every call of the API and every page has in common.

use keywright_store::on_both_engines;
use serde_json::{Value, json};

use crate::support::{As, Office, machine};

on_both_engines! {
    async fn a_call_needs_a_token_that_is_accepted(place: TestPlace) {
        let office = Office::open(place).await;
        let path = format!("GET /api/v1/organisations/{}/applications", office.organisation);
        let nobody = office.send(As::Nobody, &path, &[], "").await;
        nobody.problem(401, "token_needed");
        assert_eq!(nobody.header("www-authenticate"), Some("Bearer realm=\"keywright\""));
        for bad in ["kw_at_0000000000000000000000000000000000000", "x", ""] {
            let refused = office.send(As::Bearer(bad), &path, &[], "").await;
            refused.problem(401, "token_needed");
            assert!(refused.header("www-authenticate").is_some());
        }
        office.send(As::Session("nonsense", &[]), &path, &[], "").await.problem(401, "token_needed");
        let ann = office.session("ann@example.com").await;
        let new = keywright_operations::credentials::NewCredential {
            service: "business-api".into(), environment: "production".into(), name: "k".into(), ..Default::default()
        };
        let key = office.operations.credential_create(&machine(), office.own_application, new).await.unwrap();
        let document = office.send(As::Bearer(key.handed.secret()), &path, &[], "").await.problem(401, "token_needed");
        assert_eq!(document["detail"], "this needs an access token, not an API key");
        let listed = office.send(As::Session(&ann, &[]), &path, &[], "").await;
        assert_eq!((listed.status, listed.json()["status"].as_str(), listed.header("cache-control")), (200, Some("success"), Some("no-store")));
    }

    async fn what_is_another_organisations_is_as_if_it_never_was(place: TestPlace) {
        let office = Office::open(place).await;
        office.operations.organisation_create(&machine(), "Other", "bob@example.com").await.unwrap();
        let bob = office.session("bob@example.com").await;
        let mut answers: Vec<Value> = Vec::new();
        for id in [office.organisation.to_string(), "org_01HX9KZMB3F7VNQP8R2WDGT4E5".into(), "app_01HX9KZMB3F7VNQP8R2WDGT4E5".into(), "x%20y".into(), "..".into()] {
            let reply = office.send(As::Session(&bob, &[]), &format!("GET /api/v1/organisations/{id}/applications"), &[], "").await;
            let mut document = reply.problem(404, "not_found");
            document["trace_id"].take();
            answers.push(document);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
    }

    async fn a_bad_body_is_named(place: TestPlace) {
        let office = Office::open(place).await;
        let ann = office.session("ann@example.com").await;
        let path = format!("POST /api/v1/organisations/{}/applications", office.organisation);
        let origin = format!("http://{}", office.address);
        let send = async |content_type: &str, body: &str| {
            office.send(As::Session(&ann, &[("origin", &origin)]), &path, &[("content-type", content_type)], body).await
        };
        send("text/plain", "{}").await.problem(415, "unsupported_media_type");
        send("application/json", &"x".repeat(17 * 1_024)).await.problem(413, "content_too_large");
        let cases = [
            ("", ""), ("{", ""), ("[1]", ""), ("7", ""), (r#"{"name":1}x"#, ""), (r#"{"name":1,"services":[]}"#, "name"), (r#"{"name":"a","services":[1]}"#, "services[0]"),
            (r#"{"name":"a","services":[],"owner":"me"}"#, "owner"), (r#"{"name":"a","name":"b","services":[]}"#, ""), (r#"{"name":"a","services":[]} x"#, ""),
        ];
        for (body, field) in cases {
            assert_eq!(send("application/json; charset=utf-8", body).await.fields(), [field], "{body}");
        }
        assert_eq!(send("application/json", "{}").await.fields(), ["name", "services"]);
        assert_eq!(send("application/json", r#"{"owner":"me","domain":7}"#).await.fields(), ["domain", "name", "services", "owner"]);
        let both = send("application/json", r#"{"name":"","services":["nothing-like-it"]}"#).await;
        assert!(both.fields().len() >= 2, "all bad fields at once: {}", both.body);
        let secret = send("application/json", r#"{"name":{"kw_live_0123456789ABCDEFGHIJabcdefghijklmnop":1},"services":[]}"#).await;
        assert!(!secret.body.contains("0123456789ABC"), "{}", secret.body);
    }

    async fn a_session_writes_from_our_own_pages_only(place: TestPlace) {
        let office = Office::open(place).await;
        let ann = office.session("ann@example.com").await;
        let path = format!("POST /api/v1/applications/{}/credentials", office.own_application);
        let body = json!({"service": "business-api", "environment": "sandbox", "name": "k"}).to_string();
        let ours = format!("http://{}", office.address);
        let cases: [(&[(&str, &str)], bool); 7] = [
            (&[], false), (&[("origin", &ours)], true), (&[("sec-fetch-site", "same-origin")], true),
            (&[("origin", "http://evil.example")], false), (&[("origin", "null")], false), (&[("sec-fetch-site", "cross-site")], false),
            (&[("origin", &ours), ("sec-fetch-site", "same-site")], false),
        ];
        for (headers, may) in cases {
            let reply = office.send(As::Session(&ann, headers), &path, &[("content-type", "application/json")], &body).await;
            if may { assert_eq!(reply.status, 201, "{headers:?}: {}", reply.body) } else { drop(reply.problem(403, "another_site")) }
        }
        let read = format!("GET /api/v1/organisations/{}/applications", office.organisation);
        assert_eq!(office.send(As::Session(&ann, &[]), &read, &[], "").await.status, 200);
    }

    async fn the_hub_answers_to_its_own_names_only(place: TestPlace) {
        let office = Office::open(place).await;
        let port = office.address.port();
        for path in ["GET /", "GET /api/v1/organisations/x/applications", "GET /api/docs", "GET /nothing"] {
            for host in ["evil.example", "127.0.0.1", &format!("evil.example:{port}"), &format!("127.0.0.1.evil.example:{port}")] {
                office.send_to(host, As::Nobody, path, &[], "").await.problem(421, "misdirected_request");
            }
            for host in [format!("localhost:{port}"), format!("[::1]:{port}"), format!("127.0.0.1:{port}")] {
                assert_ne!(office.send_to(&host, As::Nobody, path, &[], "").await.status, 421, "{host}");
            }
        }
        assert_eq!(office.send_to("evil.example", As::Nobody, "GET /livez", &[], "").await.status, 200);
    }

    async fn pages_are_guarded_and_lead_to_signing_in(place: TestPlace) {
        let office = Office::open(place).await;
        let home = office.send(As::Nobody, "GET /", &[], "").await;
        assert_eq!((home.status, home.header("location")), (303, Some("/sign-in")));
        let docs = office.send(As::Nobody, "GET /api/docs", &[], "").await;
        assert_eq!(docs.status, 200);
        let policy = docs.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'") && !policy.contains("unsafe"));
        for (name, value) in [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("cross-origin-opener-policy", "same-origin"), ("cache-control", "no-store")] {
            assert_eq!(docs.header(name), Some(value), "{name}");
        }
        assert!(!docs.body.contains("<script>") && !docs.body.contains(" style=") && !docs.body.contains(" onclick"));
        let nothing = office.send(As::Nobody, "GET /nothing", &[], "").await;
        assert_eq!((nothing.status, nothing.header("content-type")), (404, Some("text/html; charset=utf-8")));
        let mut client = crate::support::Client::to(office.address).await;
        client.send(format!("HEAD /api/docs HTTP/1.1\r\nhost: {}\r\n\r\nGET /livez HTTP/1.1\r\nhost: x\r\n\r\n", office.address).as_bytes()).await;
        let head = client.head().await;
        assert_eq!((head.status, head.header("content-length").unwrap()), (200, docs.header("content-length").unwrap()));
        assert_eq!(client.reply().await.json()["live"], true);
        let ann = office.session("ann@example.com").await;
        let home = office.send(As::Session(&ann, &[]), "GET /", &[], "").await;
        assert_eq!((home.status, home.header("location")), (303, Some(format!("/organisations/{}", office.organisation).as_str())));
    }

    async fn lists_come_in_pages(place: TestPlace) {
        let office = Office::open(place).await;
        let ann = office.session("ann@example.com").await;
        for i in 0..5 {
            let new = keywright_operations::credentials::NewCredential {
                service: "business-api".into(), environment: "sandbox".into(), name: format!("k{i}"), ..Default::default()
            };
            office.operations.credential_create(&machine(), office.own_application, new).await.unwrap();
        }
        let base = format!("http://{}", office.address);
        let mut next = Some(format!("/api/v1/applications/{}/credentials?limit=2", office.own_application));
        let mut sizes = Vec::new();
        let mut names: Vec<String> = Vec::new();
        while let Some(path) = next {
            let page = office.send(As::Session(&ann, &[]), &format!("GET {path}"), &[], "").await;
            let json = page.json();
            let rows = json["data"].as_array().unwrap_or_else(|| panic!("{}", page.body));
            sizes.push(rows.len());
            names.extend(rows.iter().map(|r| r["name"].as_str().unwrap().to_owned()));
            next = page.header("link").map(|link| {
                let (url, rel) = link.trim_start_matches('<').split_once('>').unwrap();
                assert_eq!(rel, "; rel=\"next\"");
                url.strip_prefix(&base).unwrap().to_owned()
            });
        }
        assert_eq!(sizes, [2, 2, 1]);
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 5);
        for bad in ["limit=0", "limit=201", "limit=x", "cursor=x"] {
            let reply = office.send(As::Session(&ann, &[]), &format!("GET /api/v1/applications/{}/credentials?{bad}", office.own_application), &[], "").await;
            assert_eq!(reply.fields(), [bad.split('=').next().unwrap()]);
        }
    }

    async fn statements_are_counted(place: TestPlace) {
        let office = Office::open(place).await;
        let ann = office.session("ann@example.com").await;
        let count = async |door: &str| -> u64 {
            let metrics = office.send(As::Nobody, "GET /metrics", &[], "").await.body;
            let line = format!("keywright_store_statements_total{{door=\"{door}\"}} ");
            metrics.lines().find_map(|l| l.strip_prefix(&line)).unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
        };
        let (gate, scope, write) = (count("gate").await, count("scope").await, count("write").await);
        assert_eq!(office.send(As::Session(&ann, &[]), &format!("GET /api/v1/organisations/{}/applications", office.organisation), &[], "").await.status, 200);
        assert!(count("gate").await > gate && count("scope").await > scope);
        let body = json!({"service": "business-api", "environment": "sandbox", "name": "k"});
        assert_eq!(office.post(&ann, &format!("/api/v1/applications/{}/credentials", office.own_application), &[], &body).await.status, 201);
        assert!(count("write").await > write);
    }
}
