//! What people sign in with, and what programs get from the hub, is in no log, no other answer, and in no file or column of the store.

use reqwest::Method;
use serde_json::{Value, json};

use crate::secrets::{Planted, written};
use crate::support::{Browser, Reply, Server, stories};

/// A call of the management API, which is understood.
async fn api(kw: &Server, method: Method, path: &str, token: Option<&str>, body: Option<Value>, headers: &[(&str, &str)]) -> Value {
    let request = kw.http.request(method, kw.url(path));
    let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let reply = Reply::of(body.iter().fold(request, |request, body| request.json(body))).await;
    assert!(reply.status < 300, "{path}: {}", reply.status);
    reply.json()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned()
}

/// The value of `token` in a link.
fn token_of(link: &str) -> String {
    link.split_once("token=").expect("a link has a token").1.split('&').next().unwrap().to_owned()
}

stories! {
    async fn what_people_sign_in_with_is_found_nowhere_but_in_their_mails(kw: Place) {
        let mut kw = kw.serve_as("data", &[], &[("KEYWRIGHT_LOG", "trace"), ("KEYWRIGHT_LOG_FORMAT", "json")]).await;
        let mut planted = Planted::default();
        let browser = Browser::at(&kw);
        // By the link, with the code of the same mail.
        let sent = browser.submit(&browser.get("/sign-in").await.form("/sign-in").with("mail", "ann@example.com")).await;
        planted.add("what binds a sign-in to its browser", &browser.cookie("keywright-browser").unwrap_or_else(|| panic!("{sent:?}")));
        let mail = kw.mail("ann@example.com").await;
        let path = mail.link().split_once(&kw.address).map_or_else(|| mail.link(), |(_, path)| path.to_owned());
        planted.add("the secret of a link", &token_of(&mail.link()));
        let page = browser.get(&path).await;
        browser.submit(&page.form("/sign-in/link")).await.is(200);
        planted.add("a session", &browser.session().unwrap());
        // A link that is opened elsewhere, and one from the machine.
        Browser::at(&kw).get(&path).await;
        let made = kw.done(&["sign-in-link", "bob@example.com"]).await;
        let file = made["file"].as_str().unwrap().to_owned();
        planted.add("the secret of a link from the machine", &token_of(std::fs::read_to_string(&file).unwrap().trim()));
        // Tokens of programs.
        let organisation = browser.register("Acme").await;
        let asked = api(&kw, Method::POST, "/api/v1/auth/magic-link", None, Some(json!({ "email": "ann@example.com" })), &[]).await;
        let code = kw.mail("ann@example.com").await.code();
        let got = api(&kw, Method::POST, "/api/v1/auth/token", None, Some(json!({ "request_id": asked["data"]["request_id"], "code": code })), &[]).await;
        let access = text(&got["data"], "access_token");
        planted.add("an access token", &access);
        let managing = text(&kw.done(&["token", "create", "--organisation", &organisation, "--name", "CI", "--grants", "admin"]).await, "token");
        planted.add("a management token", &managing);
        // Keys, whose answers are kept sealed for a repeat.
        for (token, name) in [(&access, "by access token"), (&managing, "by management token")] {
            let once = [("Idempotency-Key", "0123456789abcdef0123")];
            let made = api(&kw, Method::POST, "/api/v1/business/api-keys", Some(token), Some(json!({ "name": name })), &once).await;
            planted.add("a key whose answer is kept", &text(&made["data"], "key"));
            let rotated = api(&kw, Method::POST, &format!("/api/v1/business/api-keys/{}/rotate", text(&made["data"], "id")), Some(token), None, &once).await;
            planted.add("a rotated key", &text(&rotated["data"], "key"));
        }
        // Put where they do not belong, at addresses that are there.
        api(&kw, Method::GET, "/api/v1/organisations?limit=1", Some(&managing), None, &[]).await;
        let mut answers = String::new();
        for (_, secret) in &planted.0 {
            let secret = String::from_utf8(secret.clone()).unwrap();
            for path in [
                format!("/{secret}"),
                format!("/sign-in?return_to=/{secret}"),
                format!("/sign-in/link?token={secret}"),
                format!("/applications/{secret}"),
                format!("/api/v1/organisations/{secret}"),
                format!("/api/v1/organisations?cursor={secret}"),
            ] {
                let visitor = Browser::at(&kw).get(&path).await;
                // The page of a link has it in its form, and a way back is a way back.
                if !path.starts_with("/sign-in") && visitor.leads_to().is_none() {
                    answers += &format!("{:?} {}\n", visitor.headers, visitor.body);
                }
            }
            for body in [json!({ "email": secret }), json!({ "request_id": secret, "code": secret }), json!({ secret.as_str(): 1 })] {
                let refused = Reply::of(kw.http.post(kw.url("/api/v1/auth/token")).json(&body)).await;
                assert_eq!(refused.status, 400, "{refused:?}");
                answers += &format!("{refused:?}\n");
            }
            answers += &format!("{:?}\n", Reply::of(kw.http.get(kw.url("/api/v1/organisations")).bearer_auth(format!("{secret}x"))).await);
        }
        for path in ["/metrics", "/readyz", "/api/v1/openapi.json"] {
            answers += &kw.get(path).await.body;
        }
        for path in [format!("/organisations/{organisation}/settings/api-keys"), format!("/organisations/{organisation}/settings/activity"), "/person".into()] {
            answers += &browser.open(&path).await.is(200).body;
        }
        assert!(kw.terminate().await.success());
        planted.are_not_in("an answer", answers.as_bytes());
        for (place, bytes) in written(&kw) {
            // Mails and the files with a link have it for a purpose, and are their user's alone.
            if !place.contains("/outbox/") && place != file {
                planted.are_not_in(&place, &bytes);
            }
        }
    }
}
