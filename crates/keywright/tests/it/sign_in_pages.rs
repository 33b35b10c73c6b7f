//! Signing in, staying signed in and being signed out: links, codes, cookies, and forms that come too late.

use keywright_web::routes::{Way, matrix};
use reqwest::Method;
use serde_json::json;

use crate::support::{Browser, Page, Place, stories, wait_for};

const ANN: &str = "ann@example.com";

/// Asks for a mail and gives the page that this leads to.
async fn ask(browser: &Browser, mail: &str) -> Page {
    browser.submit(&browser.get("/sign-in").await.form("/sign-in").with("mail", mail)).await.is(200)
}

/// What a page says, without what is another each time.
fn alike(page: &Page, mail: &str) -> (u16, String) {
    let body = page.body.replace(mail, "MAIL");
    (page.status, body)
}

fn set_cookies(page: &Page) -> Vec<String> {
    page.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap().to_owned()).collect()
}

/// Whether the browser is led to where one signs in.
async fn is_signed_out(browser: &Browser) -> bool {
    browser.get("/person").await.leads_to().is_some_and(|to| to == "/sign-in?return_to=%2Fperson")
}

stories! {
    async fn the_code_signs_in_once_and_the_cookie_is_kept_from_scripts_and_other_sites(kw: Server) {
        let ann = Browser::at(&kw);
        let sent = ask(&ann, ANN).await;
        sent.says(ANN).says("/data/outbox");
        assert_eq!(sent.path, "/sign-in/sent", "loading the page again sends no mail");
        let code = kw.mail(ANN).await.code();
        // As people type it.
        let form = sent.form("/sign-in/code").with("code", &format!(" {} ", code.to_lowercase().replace('-', " ")));
        let other = ann.twin();
        let entered = ann.send_form(&form).await.is(303);
        assert_eq!(entered.leads_to().as_deref(), Some("/"));
        let cookies = set_cookies(&entered);
        let session = cookies.iter().find(|c| c.starts_with("keywright=")).unwrap();
        for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
            assert!(session.contains(attribute), "{session}");
        }
        assert!(!session.contains("Secure") && !session.contains("Domain"), "{session}");
        assert!(cookies.iter().any(|c| c.starts_with("keywright-browser=;") && c.contains("Max-Age=0")), "{cookies:?}");
        let first = ann.follow(entered).await.is(200);
        assert_eq!(first.path, "/organisations/new");
        other.send_form(&form).await.is(400).says("was used already");
        assert!(other.session().is_none() && is_signed_out(&other).await);
    }

    async fn behind_https_cookies_are_bound_to_the_host(kw: Place) {
        let kw = kw.serve(&["--public-url", "https://keys.example.com"]).await;
        let ann = Browser::under(&kw, "https://keys.example.com");
        let asked = ann.send_form(&ann.get("/sign-in").await.form("/sign-in").with("mail", ANN)).await.is(303);
        assert!(set_cookies(&asked)[0].starts_with("__Host-keywright-browser="), "{asked:?}");
        let sent = ann.follow(asked).await;
        sent.says_not("outbox");
        let mail = kw.mail(ANN).await;
        assert!(mail.text.contains("https://keys.example.com/sign-in/link?token="), "{}", mail.text);
        let entered = ann.send_form(&sent.form("/sign-in/code").with("code", &mail.code())).await.is(303);
        let session = set_cookies(&entered).into_iter().find(|c| c.starts_with("__Host-keywright=")).unwrap();
        assert!(session.contains("; Secure") && session.contains("; Path=/") && !session.contains("Domain"), "{session}");
        // Another name leads nowhere, with or without the session.
        let mut stranger = ann.twin();
        stranger.origin = "https://evil.example".into();
        for path in ["/", "/sign-in", "/person"] {
            let refused = stranger.get(path).await;
            assert_eq!((refused.status, refused.body.contains("keys.example.com")), (421, true), "{refused:?}");
        }
        assert_eq!(stranger.post("/sign-in", &[("mail", ANN)]).await.status, 421);
    }

    async fn the_link_signs_in_the_browser_that_asked_and_scanners_use_nothing_up(kw: Server) {
        let (ann, elsewhere) = (Browser::at(&kw), Browser::at(&kw));
        ask(&ann, ANN).await;
        let mail = kw.mail(ANN).await;
        let link = mail.link();
        assert!(link.starts_with("/sign-in/link?token="), "{link}");
        for _ in 0..2 {
            elsewhere.get(&link).await.is(200).says("Enter the code where you asked");
            elsewhere.send(&link, elsewhere.request(Method::HEAD, &link)).await.is(200);
            ann.get(&link).await.is(200).says(ANN);
        }
        let token = link.split_once("token=").unwrap().1.to_owned();
        let refused = elsewhere.post("/sign-in/link", &[("token", &token)]).await.is(200);
        refused.says("Enter the code where you asked");
        assert!(elsewhere.session().is_none(), "{refused:?}");
        let page = ann.get(&link).await;
        let form = page.form("/sign-in/link");
        assert_eq!(form.value("token"), Some(token.as_str()));
        assert_eq!(ann.submit(&form).await.is(200).path, "/organisations/new");
        ann.get(&link).await.is(410).says("This link was used");
        // The code of the same mail went with it, and so did what ties the browser to it.
        let late = ann.twin();
        late.keep("keywright", None);
        assert_eq!(late.post("/sign-in/code", &[("code", mail.code())]).await.leads_to().as_deref(), Some("/sign-in"));
        elsewhere.post("/sign-in/link", &[("token", &token)]).await.is(410).says("This link was used");
        for unknown in ["/sign-in/link", "/sign-in/link?token=", "/sign-in/link?token=%00%ff", &format!("{link}x")] {
            ann.get(unknown).await.is(404).says("This link is not known");
        }
    }

    async fn a_code_is_tried_five_times(kw: Server) {
        let ann = Browser::at(&kw);
        let sent = ask(&ann, ANN).await;
        let mail = kw.mail(ANN).await;
        let form = sent.form("/sign-in/code");
        let wrong = |n: usize| format!("{}{}", &"2345678".repeat(2)[..7], ["A", "B", "C", "D", "E", "F"][n]);
        for n in 0..5 {
            let page = ann.send_form(&form.clone().with("code", &wrong(n))).await.is(400);
            page.says("This is not the code in the mail");
            assert_eq!(page.form("/sign-in/code").value("code"), Some(""), "a wrong code is not shown again");
        }
        ann.send_form(&form.clone().with("code", &wrong(5))).await.is(400).says("5 times");
        ann.send_form(&form.with("code", &mail.code())).await.is(400).says("5 times");
        ann.send_form(&ann.get(&mail.link()).await.form("/sign-in/link")).await;
        assert!(ann.session().is_none(), "neither the right code nor the link is accepted after that");
    }

    async fn of_two_requests_at_once_one_signs_in(kw: Server) {
        let ann = Browser::at(&kw);
        let sent = ask(&ann, ANN).await;
        let form = sent.form("/sign-in/code").with("code", &kw.mail(ANN).await.code());
        let twins: Vec<Browser> = (0..4).map(|_| ann.twin()).collect();
        let answers = futures_util::future::join_all(twins.iter().map(|twin| twin.send_form(&form))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|a| a.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 400, 400, 400], "{answers:?}");
        assert_eq!(twins.iter().filter(|twin| twin.session().is_some()).count(), 1);
    }

    async fn a_sign_in_gives_a_new_session_and_ends_the_one_before(kw: Server) {
        let ann = Browser::at(&kw);
        ann.keep("keywright", Some("planted-by-somebody-else-000000000000"));
        assert!(is_signed_out(&ann).await);
        ann.sign_in(&kw, ANN).await;
        let first = ann.session().unwrap();
        assert!(!first.contains("planted"));
        // By a link that is bound to no browser, while another session is there.
        let made = kw.done(&["sign-in-link", "bob@example.com"]).await;
        let path = std::fs::read_to_string(made["file"].as_str().unwrap_or_default()).ok();
        let link = made["link"].as_str().map(str::to_owned).or(path).unwrap_or_else(|| panic!("no link: {made}"));
        let link = link.trim().split_once("/sign-in").map(|(_, rest)| format!("/sign-in{rest}")).unwrap();
        ann.submit(&ann.get(&link).await.form("/sign-in/link")).await.is(200);
        assert_ne!(ann.session().unwrap(), first);
        ann.get("/person").await.is(200).says("bob@example.com");
        let before = ann.twin();
        before.keep("keywright", Some(&first));
        assert!(is_signed_out(&before).await, "the session before is over");
    }

    async fn signing_out_everywhere_ends_every_session(kw: Server) {
        let (desk, phone) = (Browser::at(&kw), Browser::at(&kw));
        desk.sign_in(&kw, ANN).await;
        phone.sign_in(&kw, ANN).await;
        let page = desk.get("/person").await.is(200);
        assert_eq!(page.text().matches("This one").count(), 1);
        assert_eq!(page.forms().iter().filter(|f| f.action == "/person/sessions").count(), 2);
        // One of them, which is not this one: the last in the list is the older.
        let kept = desk.twin();
        let (phone_was, desk_was) = (phone.twin(), desk.twin());
        let older = page.forms().into_iter().rfind(|f| f.action == "/person/sessions").unwrap();
        phone.submit(&phone.get("/person").await.form("/sign-out/everywhere")).await.is(200).says("Sign in");
        for browser in [&phone_was, &desk_was, &kept] {
            assert!(is_signed_out(browser).await);
        }
        assert!(phone.session().is_none());
        // A button on a page from before does no harm.
        desk.send_form(&older).await.is(401);
        desk.sign_in(&kw, ANN).await;
        phone.sign_in(&kw, ANN).await;
        let page = desk.get("/person").await;
        let ids: Vec<_> = page.forms().into_iter().filter(|f| f.action == "/person/sessions").collect();
        desk.submit(&ids[0]).await.is(200);
        assert!(is_signed_out(&phone).await && !is_signed_out(&desk).await, "one session was ended, and not this one");
        // Signing out here ends the session, not only the cookie.
        let was = desk.twin();
        desk.submit(&desk.get("/person").await.form("/sign-out")).await.is(200);
        assert!(desk.session().is_none() && is_signed_out(&was).await);
    }

    async fn a_sign_in_leads_back_to_pages_of_the_hub_and_nowhere_else(kw: Server) {
        let ann = Browser::at(&kw);
        let wanted = ann.get("/person").await.is(303).leads_to().unwrap();
        let sent = ann.submit(&ann.get(&wanted).await.form("/sign-in").with("mail", ANN)).await;
        let code = kw.mail(ANN).await.code();
        assert_eq!(ann.send_form(&sent.form("/sign-in/code").with("code", &code)).await.leads_to().as_deref(), Some("/person"));
        for evil in ["//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example", "/sign-in", "javascript:alert(1)"] {
            let bob = Browser::at(&kw);
            let given: String = evil.bytes().map(|b| format!("%{b:02x}")).collect();
            let page = bob.get(&format!("/sign-in?return_to={given}")).await.is(200);
            assert!(!page.body.contains("evil.example") && page.form("/sign-in").value("return_to").is_none(), "{evil}: {}", page.body);
            let mail = format!("bob{}@example.com", evil.len());
            let sent = bob.submit(&page.form("/sign-in").with("mail", &mail).put("return_to", evil)).await;
            let code = kw.mail(&mail).await.code();
            assert_eq!(bob.send_form(&sent.form("/sign-in/code").with("code", &code)).await.leads_to().as_deref(), Some("/"), "{evil}");
            assert_eq!(bob.get(&format!("/sign-in?return_to={given}")).await.leads_to().as_deref(), Some("/"), "{evil}");
        }
    }

    async fn an_unknown_address_is_answered_like_a_known_one(kw: Server) {
        Browser::at(&kw).sign_in(&kw, ANN).await;
        let mut answers = Vec::new();
        for mail in [ANN, "nobody@example.com"] {
            let browser = Browser::at(&kw);
            let asked = browser.send_form(&browser.get("/sign-in").await.form("/sign-in").with("mail", mail)).await;
            let names: Vec<String> = asked.headers.keys().map(ToString::to_string).collect();
            let sent = browser.follow(Page { path: asked.path.clone(), status: asked.status, headers: asked.headers.clone(), body: String::new() }).await;
            // The page may be there before the mail is, or after it.
            answers.push((asked.status, asked.body.clone(), names, alike(&sent, mail)));
            kw.mail(mail).await;
        }
        assert_eq!(answers[0], answers[1]);
        for bad in ["", "ann", "ann@", "a b@example.com", &format!("{}@example.com", "x".repeat(300)), "ann@example.com\r\nBcc: eve@example.com"] {
            let page = Browser::at(&kw).post("/sign-in", &[("mail", bad)]).await.is(400);
            assert_eq!(page.form("/sign-in").value("mail"), Some(bad), "what was typed stays");
        }
        assert!(kw.mails("eve@example.com").is_empty());
    }

    async fn a_form_of_an_ended_session_is_kept_while_its_owner_signs_in(kw: Server) {
        let ann = Browser::at(&kw);
        ann.sign_in(&kw, ANN).await;
        for by_link in [false, true] {
            let name = format!("Łódź & <Söhne> \"{by_link}\"");
            let form = ann.get("/organisations/new").await.form("/organisations/new").with("name", &name);
            let elsewhere = ann.twin();
            elsewhere.submit(&elsewhere.get("/person").await.form("/sign-out")).await;
            let ended = ann.send_form(&form).await.is(401);
            ended.says("What you typed is kept");
            let sent = ann.send_form(&ended.form("/sign-in").with("mail", ANN)).await.is(200);
            let mail = kw.mail(ANN).await;
            let again = if by_link {
                ann.submit(&ann.get(&mail.link()).await.form("/sign-in/link")).await.is(200);
                ann.send_form(&sent.form("/sign-in/sent")).await.is(200)
            } else {
                // A slip on the way loses nothing either.
                let slip = ann.send_form(&sent.form("/sign-in/code").with("code", "not it")).await.is(400);
                ann.send_form(&slip.form("/sign-in/code").with("code", &mail.code())).await.is(200)
            };
            again.says("You are signed in again").says(&name);
            let kept = again.form("/organisations/new");
            assert_eq!((kept.value("name"), kept.value("once")), (Some(name.as_str()), form.value("once")));
            ann.submit(&kept).await.is(200).says(&name);
        }
    }

    async fn a_form_is_taken_from_its_own_session_and_our_own_pages_only(kw: Server) {
        let (ann, eve) = (Browser::at(&kw), Browser::at(&kw));
        ann.sign_in(&kw, ANN).await;
        eve.sign_in(&kw, "eve@example.com").await;
        let form = ann.get("/organisations/new").await.form("/organisations/new").with("name", "Acme");
        let eves = eve.get("/organisations/new").await.form("/organisations/new").value("csrf").unwrap().to_owned();
        for forged in [form.clone().without("csrf"), form.clone().with("csrf", &eves), form.clone().with("csrf", "00"), form.clone().with("csrf", "")] {
            let kept = ann.send_form(&forged).await.is(403);
            assert_eq!(kept.form("/organisations/new").value("name"), Some("Acme"), "nothing typed is lost");
        }
        let address = kw.address.as_str();
        let elsewhere: [&[(&str, &str)]; 6] = [
            &[("Origin", "https://evil.example")],
            &[("Origin", "null")],
            &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")],
            &[("Origin", address), ("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site")],
        ];
        for headers in elsewhere {
            let refused = ann.post_from_elsewhere("/organisations/new", &form.fields, headers).await.is(403);
            assert!(refused.forms().iter().all(|f| f.action != "/organisations/new"), "{headers:?}: another site's form waits for a click");
            let refused = ann.post_from_elsewhere("/sign-out", &form.fields, headers).await;
            assert_eq!(refused.status, 403, "{headers:?}");
        }
        // Nor does a form without a token wait for one where the browser does not say where it comes from.
        let refused = ann.post_from_elsewhere("/organisations/new", &form.clone().without("csrf").fields, &[]).await.is(403);
        assert!(refused.forms().iter().all(|f| f.action != "/organisations/new"));
        assert_eq!(ann.get("/").await.leads_to().as_deref(), Some("/organisations/new"), "nothing was made by any of them");
        ann.post_from_elsewhere("/organisations/new", &form.fields, &[]).await.is(303);
        // Signing somebody else in from another site's page is refused as well.
        let plain = Browser::at(&kw);
        assert_eq!(plain.post_from_elsewhere("/sign-in", &[("mail", ANN)], &[("Origin", "https://evil.example")]).await.status, 403);
    }

    async fn every_page_keeps_to_itself(kw: Server) {
        let ann = Browser::at(&kw);
        ann.sign_in(&kw, ANN).await;
        let organisation = ann.register("Acme").await;
        let made = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", "business-api"]).await;
        let application = made["id"].as_str().unwrap().to_owned();
        let key = kw.done(&["key", "create", "--application", &application, "--service", "business-api", "--environment", "sandbox", "--name", "K"]).await;
        let key = key["id"].as_str().unwrap();
        let paths = matrix().into_iter().filter(|row| row.way == Way::Page && row.method == "GET");
        let paths: Vec<String> = paths.map(|row| row.path.replace("{organisation}", &organisation).replace("{application}", &application).replace("{credential}", key)).collect();
        assert!(paths.len() > 12, "{paths:?}");
        for browser in [&ann, &Browser::at(&kw)] {
            for path in paths.iter().map(String::as_str).chain(["/nothing/here", "/sign-in/link?token=x"]) {
                let page = browser.get(path).await;
                let of = |name: &str| page.header(name).unwrap_or_default().to_owned();
                let policy = of("content-security-policy");
                let images = policy.split("; ").find(|d| d.starts_with("img-src ")).unwrap_or_default().to_owned();
                let rest = policy.replace(&format!("{images}; "), "");
                assert_eq!(rest, "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", "{path}");
                assert!(images == "img-src 'self'" || images.starts_with("img-src 'self' http://127.0.0.1:"), "{path}: {images}");
                let headers = ["x-content-type-options", "referrer-policy", "cross-origin-opener-policy"].map(of);
                assert_eq!(headers, ["nosniff", "same-origin", "same-origin"], "{path}");
                assert_eq!(of("cache-control"), "no-store", "{path}");
                assert!(page.status < 500, "{path}: {page:?}");
                for inline in ["<script>", " style=\"", " onclick=", " onload=", "javascript:"] {
                    assert!(!page.body.contains(inline), "{path} has {inline}");
                }
            }
        }
    }

    async fn the_first_operator_says_who_they_are_and_is_the_only_first_one(kw: Server) {
        let link = wait_for("the link of the first operator", async || std::fs::read_to_string(kw.directory().join("data/first-operator-link")).ok()).await;
        let link = link.trim().strip_prefix(&kw.address).unwrap_or_else(|| panic!("{link}")).to_owned();
        let olga = Browser::at(&kw);
        let page = olga.get(&link).await.is(200);
        page.says("Become the first operator");
        let bad = olga.send_form(&page.form("/sign-in/link").with("mail", "olga")).await.is(400);
        assert_eq!(bad.form("/sign-in/link").value("mail"), Some("olga"));
        olga.submit(&bad.form("/sign-in/link").with("mail", "olga@provider.example")).await.is(200);
        olga.get("/provider/organisations").await.is(200);
        Browser::at(&kw).get(&link).await.is(410);
        let ann = Browser::at(&kw);
        ann.sign_in(&kw, ANN).await;
        assert_eq!(ann.get("/provider/organisations").await.status, 404, "to a customer there is no such page");
    }

    async fn a_person_has_a_name_and_typed_markup_stays_text(kw: Server) {
        let ann = Browser::at(&kw);
        ann.sign_in(&kw, ANN).await;
        let form = ann.get("/person").await.form("/person");
        ann.submit(&form.clone().with("name", "<b>Ann</b> & \u{1F511}")).await.is(200).says("<b>Ann</b> & \u{1F511}");
        for bad in ["\u{202E}nnA", "a\u{7}b", &"x".repeat(10_000)] {
            let page = ann.send_form(&form.clone().with("name", bad)).await.is(400);
            assert_eq!(page.form("/person").value("name"), Some(bad), "what was typed stays");
            let page = ann.send_form(&ann.get("/organisations/new").await.form("/organisations/new").with("name", bad)).await.is(400);
            assert_eq!(page.form("/organisations/new").value("name"), Some(bad));
        }
        let organisation = ann.register("<script>alert(1)</script>").await;
        let page = ann.get(&format!("/organisations/{organisation}")).await.is(200);
        page.says("<script>alert(1)</script>");
        assert!(!page.body.contains("<script>alert"));
        // Sent twice, as a double click does: it is made once.
        let form = ann.get("/organisations/new").await.form("/organisations/new").with("name", "Twice");
        let (one, two) = (ann.send_form(&form).await.is(303), ann.send_form(&form).await.is(303));
        assert_eq!(one.leads_to(), two.leads_to());
    }

    async fn an_invitation_is_for_its_address_and_once(kw: Server) {
        let (ann, bob, eve) = (Browser::at(&kw), Browser::at(&kw), Browser::at(&kw));
        ann.sign_in(&kw, ANN).await;
        let organisation = ann.register("Acme").await;
        let path = format!("/api/v1/organisations/{organisation}/invitations");
        let body = json!({"mail": "bob@example.com", "grants": ["create_applications"]});
        ann.send(&path, ann.request(Method::POST, &path).header("Origin", &kw.address).json(&body)).await.is(201);
        let link = kw.mail("bob@example.com").await.link();
        // Whoever follows the link signs in first, and comes back to it.
        let wanted = bob.get(&link).await.is(303).leads_to().unwrap();
        eve.sign_in(&kw, "eve@example.com").await;
        let strange = eve.get(&link).await.is(404);
        strange.says("eve@example.com").says_not("Acme");
        let token = strange.form("/sign-out").value("csrf").unwrap().to_owned();
        eve.post(&link, &[("csrf", &token)]).await.is(404).says_not("Acme");
        let never = eve.get("/invitations/inv_01M7Z04SD1G0QBRPBTYMRQB8NY").await.is(404);
        assert_eq!((never.text(), never.status), (strange.text(), strange.status), "alike to one that never was");
        let sent = bob.submit(&bob.get(&wanted).await.form("/sign-in").with("mail", "bob@example.com")).await;
        let page = bob.submit(&sent.form("/sign-in/code").with("code", &kw.mail("bob@example.com").await.code())).await.is(200);
        page.says("Acme").says(ANN).says("Create applications");
        let accept = page.form(&link);
        let overview = bob.submit(&accept).await.is(200);
        assert_eq!(overview.path, format!("/organisations/{organisation}"));
        let twice = bob.send_form(&accept).await;
        assert!([303, 404, 409].contains(&twice.status), "{twice:?}");
        assert_eq!(bob.get("/person").await.text().matches("Create applications").count(), 1);
    }
}

#[tokio::test]
async fn the_page_says_that_the_mail_is_late() {
    let place = Place::given(keywright_store::testing::TestPlace::sqlite()).await;
    // A port that nobody listens on any more.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("smtp://127.0.0.1:{free}?from=keys@example.com");
    let kw = place.serve(&["--smtp-url", &url]).await;
    let ann = Browser::at(&kw);
    ask(&ann, ANN).await.says_not("Mails are files");
    let late = wait_for("the page says that the mail is late", async || {
        let page = ann.get("/sign-in/sent").await;
        page.text().contains("The mail is late").then_some(page)
    })
    .await;
    late.says("leaves as soon as it answers");
    late.form("/sign-in/code");
}
