//! Signing in through the front door: what scanners, strangers, guessers and impatient people do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Browser, Page, Reply, Server, stories, wait_until};

const ANN: &str = "ann@example.com";

/// Asks for a mail, and gives the page that follows.
async fn ask(browser: &Browser, mail: &str) -> Page {
    browser.submit(&browser.get("/sign-in").await.form("/sign-in").with("mail", mail)).await.is(200)
}

/// A well-formed code that is not this one.
fn another(code: &str) -> String {
    let first = if code.starts_with('A') { 'B' } else { 'A' };
    format!("{first}{}", &code[1..])
}

async fn call(kw: &Server, path: &str, body: Value) -> Reply {
    Reply::of(kw.http.post(kw.url(path)).json(&body)).await
}

stories! {
    async fn a_link_is_harmless_to_scanners_and_useless_elsewhere(kw: Server) {
        let (browser, elsewhere) = (Browser::at(&kw), Browser::at(&kw));
        ask(&browser, ANN).await;
        let link = kw.mail(ANN).await.link();
        for scanner in [&elsewhere, &elsewhere, &browser, &browser] {
            scanner.get(&link).await.is(200);
        }
        assert!(browser.session().is_none() && elsewhere.session().is_none(), "looking at it signs nobody in");
        let page = elsewhere.get(&link).await;
        page.says("enter").says("code");
        assert!(!page.forms().iter().any(|form| form.action == "/sign-in/link"), "no button elsewhere: {}", page.text());
        // Whoever forges the form gets no further.
        let form = browser.get(&link).await.form("/sign-in/link");
        let token = form.value("token").unwrap().to_owned();
        let forged = elsewhere.get("/sign-in").await.form("/sign-in").put("token", &token);
        let refused = elsewhere.post("/sign-in/link", &forged.fields).await;
        assert!(elsewhere.session().is_none(), "{refused:?}");
        refused.says("Enter the code where you asked");
        browser.submit(&form).await.is(200);
        assert!(browser.session().is_some());
        let used = Browser::at(&kw).get(&link).await.is(410);
        used.says("used");
        let again = browser.post("/sign-in/link", &form.fields).await;
        assert!(!again.body.contains(&token), "{again:?}");
    }

    async fn a_code_takes_five_tries_where_it_was_asked_for(kw: Server) {
        let browser = Browser::at(&kw);
        let sent = ask(&browser, ANN).await;
        let code = kw.mail(ANN).await.code();
        let form = sent.form("/sign-in/code");
        for _ in 0..5 {
            browser.submit(&form.clone().with("code", &another(&code))).await.is(400).says("not the code in the mail");
        }
        for tried in [another(&code), code] {
            browser.submit(&form.clone().with("code", &tried)).await.is(400).says("5 times");
        }
        assert!(browser.session().is_none());
    }

    async fn of_two_requests_at_once_one_signs_in(kw: Server) {
        let browser = Browser::at(&kw);
        let sent = ask(&browser, ANN).await;
        let form = sent.form("/sign-in/code").with("code", &kw.mail(ANN).await.code());
        let (one, other) = (browser.twin(), browser.twin());
        let (a, b) = tokio::join!(one.post(&form.action, &form.fields), other.post(&form.action, &form.fields));
        assert_eq!([&one, &other].iter().filter(|b| b.session().is_some()).count(), 1, "{a:?} {b:?}");
    }

    async fn a_session_that_somebody_planted_is_none(kw: Server) {
        let (attacker, victim) = (Browser::at(&kw), Browser::at(&kw));
        attacker.sign_in(kw.place(), "eve@example.com").await;
        let planted = attacker.session().unwrap();
        victim.keep("keywright", Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        victim.sign_in(kw.place(), ANN).await;
        let first = victim.session().unwrap();
        assert_ne!(first, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        victim.submit(&victim.open("/person").await.form("/sign-out")).await;
        assert!(victim.session().is_none());
        victim.sign_in(kw.place(), ANN).await;
        assert_ne!(victim.session().unwrap(), first, "each sign-in has a secret of its own");
        victim.keep("keywright", Some(&first));
        assert!(victim.get("/person").await.status >= 300, "what was signed out stays so");
        victim.keep("keywright", Some(&planted));
        victim.open("/person").await.is(200).says("eve@example.com");
    }

    async fn signing_out_everywhere_ends_every_session_and_access_token(kw: Server) {
        let (here, there) = (Browser::at(&kw), Browser::at(&kw));
        here.sign_in(kw.place(), ANN).await;
        there.sign_in(kw.place(), ANN).await;
        let token = access_token(&kw).await;
        let organisations = kw.url("/api/v1/organisations");
        assert_eq!(Reply::of(kw.http.get(&organisations).bearer_auth(&token)).await.status, 200);
        here.submit(&here.open("/person").await.form("/sign-out/everywhere")).await;
        for browser in [&here, &there] {
            assert!((300..404).contains(&browser.get("/person").await.status));
        }
        assert_eq!(Reply::of(kw.http.get(&organisations).bearer_auth(&token)).await.status, 401);
    }

    async fn nobody_is_led_to_another_site(kw: Server) {
        for (wanted, led) in [("/person", "/person"), ("//evil.example", ""), ("/\\evil.example", ""), ("https://evil.example", ""), ("/%09/evil.example", "")] {
            let browser = Browser::at(&kw);
            let query = wanted.replace('%', "%25").replace('\\', "%5C");
            let page = browser.get(&format!("/sign-in?return_to={query}")).await.is(200);
            assert!(!page.body.contains("evil.example"), "{wanted}");
            // Nor does a form that somebody has changed.
            let mail = format!("p{}@example.com", wanted.len());
            let sent = browser.submit(&page.form("/sign-in").with("mail", &mail).put("return_to", wanted)).await;
            let form = sent.form("/sign-in/code").with("code", &kw.mail(&mail).await.code());
            let answer = browser.send_form(&form).await;
            let to = answer.leads_to().unwrap_or_else(|| panic!("{wanted} leads out: {answer:?}"));
            assert!(!to.contains("evil") && (led.is_empty() || to == led), "{wanted} leads to {to}");
        }
    }

    async fn known_and_unknown_addresses_are_answered_alike(kw: Server) {
        Browser::at(&kw).sign_in(kw.place(), ANN).await;
        let mut answers = Vec::new();
        for mail in [ANN, "zoe@example.com"] {
            let browser = Browser::at(&kw);
            let page = browser.get("/sign-in").await;
            let csrf = page.form("/sign-in").value("csrf").unwrap_or("no csrf").to_owned();
            let answer = browser.send_form(&page.form("/sign-in").with("mail", mail)).await;
            let sent = browser.follow(answer).await;
            kw.mail(mail).await;
            let csrf_then = sent.form("/sign-in/code").value("csrf").unwrap_or("no csrf").to_owned();
            answers.push((sent.status, sent.body.replace(mail, "MAIL").replace(&csrf, "CSRF").replace(&csrf_then, "CSRF")));
        }
        assert_eq!(answers[0], answers[1]);
        let shape = |reply: &Reply| {
            let json = reply.json();
            (reply.status, json["data"].as_object().unwrap().keys().cloned().collect::<Vec<_>>(), json["data"]["request_id"].as_str().unwrap().len())
        };
        let (known, unknown) = (
            call(&kw, "/api/v1/auth/magic-link", json!({ "email": ANN })).await,
            call(&kw, "/api/v1/auth/magic-link", json!({ "email": "yan@example.com" })).await,
        );
        assert_eq!(shape(&known), shape(&unknown));
        assert_eq!(known.status, 202);
    }

    async fn a_program_gets_an_access_token_by_the_code(kw: Server) {
        let asked = call(&kw, "/api/v1/auth/magic-link", json!({ "email": ANN })).await;
        let request = asked.json()["data"]["request_id"].as_str().unwrap().to_owned();
        let code = kw.mail(ANN).await.code();
        let wrong = call(&kw, "/api/v1/auth/token", json!({ "request_id": request, "code": another(&code) })).await;
        assert!((400..500).contains(&wrong.status), "{wrong:?}");
        for (request, code) in [("sgn_01HX9KZMB3F7VNQP8R2WDGT4E5", code.as_str()), ("nothing", &code), (request.as_str(), "")] {
            let refused = call(&kw, "/api/v1/auth/token", json!({ "request_id": request, "code": code })).await;
            assert!((400..500).contains(&refused.status), "{refused:?}");
        }
        let one = kw.done(&["org", "create", "One", "--owner", ANN]).await["id"].clone();
        let two = kw.done(&["org", "create", "Two", "--owner", ANN]).await["id"].clone();
        let undecided = call(&kw, "/api/v1/auth/token", json!({ "request_id": request, "code": code })).await;
        assert!((400..500).contains(&undecided.status) && undecided.body.contains(one.as_str().unwrap()), "{undecided:?}");
        let given = call(&kw, "/api/v1/auth/token", json!({ "request_id": request, "code": code, "organisation": two })).await;
        assert_eq!(given.status, 200, "{given:?}");
        let given = given.json()["data"].clone();
        assert_eq!((given["token_type"].as_str(), given["expires_in"].as_i64()), (Some("Bearer"), Some(3_600)));
        let token = given["access_token"].as_str().unwrap();
        assert!(token.starts_with("kw_at_"));
        let reach = |id: &Value| kw.http.get(kw.url(&format!("/api/v1/organisations/{}", id.as_str().unwrap()))).bearer_auth(token);
        assert_eq!(Reply::of(reach(&two)).await.status, 200);
        assert_eq!(Reply::of(reach(&one)).await.status, 404, "an access token is for one organisation");
        let again = call(&kw, "/api/v1/auth/token", json!({ "request_id": request, "code": code, "organisation": two })).await;
        assert!((400..500).contains(&again.status), "{again:?}");
    }

    async fn under_a_public_url_the_link_is_there_and_other_hosts_are_refused(place: Place) {
        let url = "https://keys.example.com";
        let kw = place.serve(&["--public-url", url]).await;
        let browser = Browser::under(&kw, url);
        let sent = ask(&browser, ANN).await;
        sent.says_not("outbox");
        let mail = kw.mail(ANN).await;
        assert!(mail.text.contains("https://keys.example.com/sign-in/link?token="), "{}", mail.text);
        browser.submit(&browser.get(&mail.link()).await.form("/sign-in/link")).await.is(200);
        assert!(browser.cookie("__Host-keywright").is_some());
        let stranger = Browser::under(&kw, "https://evil.example");
        for path in ["/sign-in", "/person", &mail.link()] {
            stranger.get(path).await.is(421);
        }
        let asked = stranger.send("/sign-in", stranger.request(Method::POST, "/sign-in").body("mail=ann%40example.com")).await;
        assert_eq!(asked.status, 421);
    }

    async fn many_mails_to_one_address_are_five(kw: Server) {
        for _ in 0..7 {
            ask(&Browser::at(&kw), ANN).await;
        }
        ask(&Browser::at(&kw), "zoe@example.com").await;
        kw.mail("zoe@example.com").await;
        wait_until("five mails have left", async || kw.mails(ANN).len() == 5).await;
    }
}

/// An access token of Ann's.
async fn access_token(kw: &Server) -> String {
    let asked = call(kw, "/api/v1/auth/magic-link", json!({ "email": ANN })).await;
    let code = kw.mail(ANN).await.code();
    let given = call(kw, "/api/v1/auth/token", json!({ "request_id": asked.json()["data"]["request_id"], "code": code })).await;
    given.json()["data"]["access_token"].as_str().unwrap_or_else(|| panic!("{given:?}")).to_owned()
}
