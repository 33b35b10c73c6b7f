//! The provider's pages: customers, catalogue, resource servers, verifiers, leaked keys and the audit trail.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::COOKIE;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Browser, Page, Server, stories, wait_until};

const OLGA: &str = "olga@provider.example.com";

async fn olga(kw: &Server) -> Browser {
    kw.done(&["operator", "add", OLGA]).await;
    let browser = Browser::at(kw);
    browser.sign_in(kw, OLGA).await;
    browser
}

/// The secret that a page shows this once.
fn shown(page: &Page) -> String {
    let at = page.body.find("id=\"secret\"").unwrap_or_else(|| panic!("no secret is shown: {}", page.text()));
    let rest = &page.body[at..];
    let text = &rest[rest.find('>').unwrap() + 1..];
    text[..text.find('<').unwrap()].trim().to_owned()
}

const PAGES: [&str; 8] = [
    "/provider/organisations",
    "/provider/catalogue",
    "/provider/catalogue/edit",
    "/provider/resource-servers",
    "/provider/resource-servers/new",
    "/provider/verifiers",
    "/provider/leaks",
    "/provider/audit",
];

stories! {
    async fn to_everybody_else_there_is_nothing(kw: Server) {
        let made = kw.done(&["org", "create", "Acme Ltd", "--owner", "ann@example.com"]).await;
        let ann = Browser::at(&kw);
        ann.sign_in(&kw, "ann@example.com").await;
        let org = made["id"].as_str().unwrap();
        let own = [format!("/provider/organisations/{org}"), format!("/provider/organisations/{org}/suspend"), format!("/provider/organisations/{org}/resume")];
        let never = ann.get("/provider/nothing").await.is(404).text();
        for path in PAGES.iter().map(|path| (*path).to_owned()).chain(own) {
            assert_eq!(ann.get(&path).await.is(404).text(), never, "{path} is told apart from what never was");
        }
        ann.get("/person").await.says_not("Resource servers");
        let token = ann.get("/person").await.forms().iter().find_map(|form| form.value("csrf").map(str::to_owned)).unwrap();
        for path in ["/provider/leaks".to_owned(), "/provider/catalogue/apply".to_owned(), format!("/provider/organisations/{org}/verify"), format!("/provider/organisations/{org}/suspend")] {
            ann.post(&path, &[("csrf", token.as_str()), ("credential", "x"), ("text", "x")]).await.is(404);
        }
        let olga = olga(&kw).await;
        for path in PAGES {
            olga.get(path).await.is(200);
        }
    }

    async fn only_an_operators_body_is_waited_for(kw: Server) {
        let ann = Browser::at(&kw);
        ann.sign_in(&kw, "ann@example.com").await;
        for (path, media, status) in [("/provider/leaks", "application/x-www-form-urlencoded", "404"), ("/api/v1/provider/leaks", "application/json", "403")] {
            let request = ann.request(Method::POST, path).build().unwrap();
            let cookie = request.headers()[COOKIE].to_str().unwrap();
            let origin = &ann.origin;
            let host = origin.split_once("://").unwrap().1;
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\nContent-Type: {media}\r\n\
                 Content-Length: 1000000\r\n\r\n"
            );
            let mut stream = TcpStream::connect(("127.0.0.1", kw.port())).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut said = [0; 12];
            let answer = tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut said)).await;
            answer.expect("nothing more is waited for").unwrap();
            assert_eq!(std::str::from_utf8(&said).unwrap(), format!("HTTP/1.1 {status}"), "{path}");
        }
    }

    async fn a_customer_is_found_suspended_and_resumed(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        kw.settled().await;
        assert_eq!(kw.code(&key.key).await, "valid");
        let olga = olga(&kw).await;
        let list = olga.get("/provider/organisations").await;
        let search = list.form("/provider/organisations");
        olga.submit(&search.clone().with("text", "nobody at all")).await.says("No organisation is like this");
        olga.submit(&search.clone().with("state", "suspended")).await.says("No organisation is like this");
        olga.submit(&search.with("text", "acme")).await.says("Acme Ltd");
        let here = format!("/provider/organisations/{}", app.organisation);
        let page = olga.get(&here).await.is(200);
        page.says("Shop").says("business-api");
        let ask = olga.get(&format!("{here}/suspend")).await.is(200);
        ask.says("1 live production key").says("will be refused on every verifier within ").says_not("within a lease");
        let form = ask.form(&format!("{here}/suspend"));
        olga.submit(&form).await.is(200).says("Suspended");
        olga.submit(&form).await.is(200);
        wait_until("the key is refused", async || kw.code(&key.key).await == "organisation_suspended").await;
        let ask = olga.get(&format!("{here}/resume")).await.is(200);
        olga.submit(&ask.form(&format!("{here}/resume"))).await.is(200).says("Resumed");
        wait_until("the key is accepted", async || kw.code(&key.key).await == "valid").await;
    }

    async fn a_service_on_request_is_allowed_and_withdrawn(kw: Server) {
        let org = kw.organisation().await;
        let olga = olga(&kw).await;
        let text = kw.done(&["catalog", "show"]).await["text"].as_str().map(str::to_owned);
        let edit = olga.get("/provider/catalogue/edit").await.form("/provider/catalogue/check");
        let text = text.unwrap_or_else(|| edit.value("text").unwrap().to_owned());
        let text = text + "\n[service.maps]\nname = \"Maps\"\nkinds = [\"api_key\"]\npermissions = { \"tiles:read\" = \"Read map tiles\" }\navailability = \"on_request\"\n";
        let checked = olga.submit(&edit.put("text", &text)).await.is(200);
        checked.says("service maps");
        olga.submit(&checked.form("/provider/catalogue/apply")).await.is(200).says("Applied").says("Maps");
        let here = format!("/provider/organisations/{org}");
        let page = olga.get(&here).await;
        page.says("Not allowed");
        let form = page.form(&format!("{here}/services/allow"));
        olga.submit(&form).await.is(200).says("Allowed");
        let withdraw = olga.get(&here).await.form(&format!("{here}/services/withdraw"));
        olga.submit(&withdraw).await.is(200).says("Withdrawn").says("Not allowed");
        assert_eq!(olga.send_form(&form.put("service", "<b>no</b>")).await.status, 400);
    }

    async fn a_catalogue_is_checked_before_it_is_applied(kw: Server) {
        let app = kw.application().await;
        kw.key(&app, &["--permissions", "webhooks:write"]).await;
        let olga = olga(&kw).await;
        let edit = olga.get("/provider/catalogue/edit").await.form("/provider/catalogue/check");
        let text = edit.value("text").unwrap().to_owned();
        let wrong = olga.submit(&edit.clone().put("text", "brand = \"kw\"\n[service.x]\nname = \"X\"\nkinds = [\"nothing\"]\n")).await.is(400);
        wrong.says("line 4, column");
        assert!(wrong.form("/provider/catalogue/check").value("text").unwrap().contains("nothing"), "what was typed stays");
        let without = text.lines().filter(|line| !line.contains("webhooks:write")).collect::<Vec<_>>().join("\n");
        let (without, text_lines) = (without + "\n", text.lines().count());
        assert!(without.lines().count() < text_lines, "the permission stands in a line of its own");
        let checked = olga.submit(&edit.put("text", &without)).await.is(200);
        checked.says("It drops: permission webhooks:write of service business-api");
        let refused = olga.submit(&checked.form("/provider/catalogue/apply")).await.is(409);
        refused.says("Live credentials hold what this catalogue no longer has").says("key_");
        assert!(!kw.stderr().contains("panicked"), "{}", kw.stderr());
    }

    async fn a_resource_server_s_token_is_shown_once_and_asks(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        kw.settled().await;
        let olga = olga(&kw).await;
        let new = olga.get("/provider/resource-servers/new").await.form("/provider/resource-servers");
        olga.submit(&new).await.is(400).says("Name is empty").says("Tick at least one service");
        let form = new.with("name", "Edge <gateway>").and("services", "business-api");
        let made = olga.send_form(&form).await.is(200);
        let token = shown(&made);
        assert_eq!(shown(&olga.send_form(&form).await), token, "the same form, sent twice, made one");
        let asks = |token: String| {
            let question = json!({ "credential": key.key });
            let asked = kw.http.post(kw.url("/verify")).bearer_auth(token).json(&question);
            async move { asked.send().await.unwrap().status().as_u16() }
        };
        wait_until("the token asks", async || asks(token.clone()).await == 200).await;
        let list = olga.get("/provider/resource-servers").await;
        assert!(!list.body.contains(&token) && list.body.matches("/rotate\"").count() == 2, "{}", list.text());
        let rotate = list.links().into_iter().find(|link| link.ends_with("/rotate")).unwrap();
        let now = olga.submit(&olga.get(&rotate).await.form(&rotate).with("overlap", "0")).await.is(200);
        let newer = shown(&now);
        wait_until("the token before is refused", async || asks(token.clone()).await == 401).await;
        wait_until("the new token asks", async || asks(newer.clone()).await == 200).await;
        olga.submit(&olga.get(&rotate).await.form(&rotate).put("overlap", "for ever")).await.is(400);
        let revoke = rotate.replace("/rotate", "/revoke");
        let ask = olga.get(&revoke).await.is(200);
        ask.says("It cannot be undone");
        olga.submit(&ask.form(&revoke)).await.is(200).says("Revoked");
        wait_until("its token is refused", async || asks(newer.clone()).await == 401).await;
    }

    async fn the_page_of_leaked_keys_names_the_owner_and_never_shows_the_secret_again(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        let olga = olga(&kw).await;
        let find = olga.get("/provider/leaks").await.form("/provider/leaks");
        let line = format!("2026-11-21 GET /x HTTP/1.1 Authorization: Bearer {} <b>", key.key);
        let found = olga.submit(&find.clone().with("credential", &line)).await.is(200);
        found.says("This secret is live").says("Acme Ltd").says("Shop").says("Back end");
        assert!(found.links().contains(&format!("/keys/{}/revoke", key.id)), "{:?}", found.links());
        // A typo, a secret of another class, nonsense, and a well-formed key that never was.
        let mut typo = key.key.clone();
        typo.replace_range(12..13, if &key.key[12..13] == "x" { "y" } else { "x" });
        let server = kw.token().await.to_owned();
        for (pasted, status) in [(key.key.as_str(), 200), (&typo, 400), (&server, 400), ("nonsense", 400), ("", 400), ("\u{202E}<script>\u{0}", 400)] {
            let page = olga.submit(&find.clone().put("credential", pasted)).await.is(status);
            for secret in [key.key.as_str(), &typo, &server, "<script>\u{0}"] {
                assert!(!page.body.contains(secret), "the page shows what was pasted");
            }
            assert_eq!(page.path, "/provider/leaks", "it goes into no address");
        }
        olga.submit(&find.clone().put("credential", &key.key[..20])).await.says("This has not the right length for a secret").says_not("pasted it");
        kw.done(&["key", "rotate", &key.id, "--policy", "overlap"]).await;
        olga.submit(&find.clone().with("credential", &key.key)).await.is(200).says("Retiring");
        let revoked = kw.done(&["key", "revoke", &key.id]).await;
        assert_eq!(revoked["id"], json!(key.id));
        olga.submit(&find.with("credential", &key.key)).await.is(200).says("This secret has ended").says_not("Retiring");
        let shown = kw.done(&["key", "show", &key.id]).await;
        for version in shown["versions"].as_array().unwrap() {
            assert_eq!((&version["state"], &version["until"], &version["retired_at"]), (&json!("retired"), &json!(null), &shown["revoked_at"]));
        }
        assert!(!kw.stderr().contains(&key.key[8..]) && !kw.stdout().contains(&key.key[8..]), "the log has it");
    }

    async fn verifiers_and_the_audit_trail_are_told(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        kw.settled().await;
        let olga = olga(&kw).await;
        olga.get("/provider/verifiers").await.is(200).says("this node").says("Answers");
        let audit = olga.get("/provider/audit").await.is(200);
        audit.says("created the key").says("registered the organisation");
        let filter = audit.form("/provider/audit");
        olga.submit(&filter.clone().with("subject", &key.id)).await.says("created the key").says_not("registered the organisation");
        olga.submit(&filter.clone().with("organisation", "nonsense")).await.is(200).says("This is no id of an organisation");
        olga.submit(&filter.clone().with("organisation", "org_01HX9KZMB3F7VNQP8R2WDGT4E5")).await.is(200).says("There is no such organisation");
        olga.submit(&filter.with("actor", "'; DROP TABLE audit; --")).await.is(200).says("Nothing of this kind has happened");
    }
}
