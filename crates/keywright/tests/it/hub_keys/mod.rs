//! Applications and keys, as a person clicks through them.

mod forms;
mod reach;

use serde_json::json;

use crate::support::{Browser, Form, Page, Server, stories, wait_until};

const ANN: &str = "ann@acme.example";

/// Somebody who has signed in and registered an organisation.
struct Customer {
    browser: Browser,
    organisation: String,
}

impl Customer {
    async fn signed_in(kw: &Server, mail: &str) -> Self {
        let browser = Browser::at(kw);
        browser.sign_in(kw.place(), mail).await;
        let organisation = browser.register("Acme Travel").await;
        Self { browser, organisation }
    }

    fn applications(&self) -> String {
        format!("/organisations/{}/applications", self.organisation)
    }

    /// The page after an application was made: its first key.
    async fn application(&self, name: &str) -> Page {
        let new = format!("{}/new", self.applications());
        let chooser = self.browser.get(&new).await.is(200);
        let details = self.browser.submit(&chooser.form(&new).with("service", "business-api")).await.is(200);
        self.browser.submit(&details.form(&new).with("name", name)).await.is(200)
    }

    /// `/applications/app_…` of a new application.
    async fn application_path(&self, name: &str) -> String {
        let page = self.application(name).await;
        page.path.split("/keys").next().unwrap().to_owned()
    }

    /// `/applications/app_…` of an active one.
    async fn active(&self, name: &str) -> String {
        let path = self.application_path(name).await;
        let page = self.browser.get(&format!("{path}/activate")).await.is(200);
        self.browser.submit(&page.form(&format!("{path}/activate"))).await.is(200).says("Active");
        path
    }

    async fn new_key(&self, application: &str, environment: &str) -> Form {
        let new = format!("{application}/keys/new");
        self.browser.get(&format!("{new}?environment={environment}")).await.is(200).form(&new)
    }

    /// Makes a key, and gives it with its path.
    async fn key(&self, application: &str, name: &str) -> (String, String) {
        let made = self.browser.submit(&self.new_key(application, "production").await.with("name", name)).await.is(200);
        (secret(&made), key_path(&made))
    }
}

/// The key that the page shows.
#[track_caller]
fn secret(page: &Page) -> String {
    let shown = page.body.split_once("<pre id=\"secret\"").unwrap_or_else(|| panic!("no key on {}: {}", page.path, page.text())).1;
    shown.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()
}

/// Where the page with a new key leads: `/keys/key_…`.
#[track_caller]
fn key_path(page: &Page) -> String {
    page.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap_or_else(|| panic!("no key on {}: {}", page.path, page.text()))
}

/// Everything that a page shows only to whoever may see the thing.
const OF_APPLICATION: [&str; 9] = ["", "/edit", "/keys", "/keys/new", "/usage", "/activity", "/activate", "/deactivate", "/delete"];
const OF_KEY: [&str; 7] = ["", "/change", "/explain", "/rotate", "/suspend", "/resume", "/revoke"];

stories! {
    async fn a_key_lives_from_the_chooser_of_services_to_its_proof(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        ann.browser.get(&ann.applications()).await.is(200).says("No applications yet").says("Create application");
        let first = ann.application("Shop").await;
        first.says("The application is there").says("Step 3 of 3").says("Sandbox");
        let application = first.path.split("/keys").next().unwrap().to_owned();
        let form = first.form(&format!("{application}/keys/new"));
        assert_eq!(form.value("environment"), Some("sandbox"));
        let made = ann.browser.submit(&form.with("name", "First key")).await.is(200);
        made.says("API key created").says("This is the only time").says("secrets manager").says("source control").says("Use it");
        assert!(made.header("cache-control").unwrap().contains("no-store"), "{:?}", made.headers);
        let sandbox = secret(&made);
        assert!(sandbox.starts_with("kw_test_"));
        // The line to paste has the key filled in; the title and all addresses have not.
        made.says(&format!("Authorization: Bearer {sandbox}"));
        let title = made.body.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        assert!(!title.contains(&sandbox) && !made.path.contains(&sandbox) && made.links().iter().all(|link| !link.contains(&sandbox)));
        assert!(made.links().contains(&application), "{:?}", made.links());
        kw.settled().await;
        assert_eq!(kw.code(&sandbox).await, "valid");

        let (early, _) = ann.key(&application, "Too early").await;
        kw.settled().await;
        assert_eq!(kw.code(&early).await, "application_inactive");
        ann.browser.get(&format!("{application}/keys")).await.is(200).says("These keys do not work yet");
        let page = ann.browser.get(&application).await.is(200);
        page.says("Inactive").says("Before production works").says("Activate application");
        let activate = format!("{application}/activate");
        let ask = ann.browser.get(&activate).await.is(200);
        ask.says("Its production key works from now on");
        ann.browser.submit(&ask.form(&activate)).await.is(200).says("Active");
        kw.settled().await;
        assert_eq!(kw.code(&early).await, "valid");

        let form = ann.new_key(&application, "production").await.with("name", "Production backend").with("permissions_which", "chosen");
        let form = form.and("permissions", "payouts:write").and("permissions", "transactions:read").with("expiry", "90d").with("networks", "127.0.0.0/8, 2001:db8::/32");
        let made = ann.browser.submit(&form).await.is(200);
        let (key, path) = (secret(&made), key_path(&made));
        assert!(key.starts_with("kw_live_"));
        kw.settled().await;
        let home = |extra: serde_json::Value| {
            let mut question = json!({"credential": key, "source_ip": "127.0.0.1"});
            question.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            question
        };
        assert_eq!(kw.verify(home(json!({"permissions": ["payouts:write"]}))).await["code"], "valid");
        assert_eq!(kw.verify(home(json!({"permissions": ["webhooks:write"]}))).await["code"], "insufficient_permissions");
        assert_eq!(kw.verify(home(json!({"source_ip": "198.51.100.7"}))).await["code"], "network_not_allowed");

        let keys = ann.browser.get(&format!("{application}/keys")).await.is(200);
        keys.says("Production backend").says(&key[key.len() - 4..]).says("payouts:write");
        assert!(!keys.text().contains(&key));
        ann.browser.get(&format!("{application}/keys?environment=sandbox")).await.is(200).says("First key").says_not("Production backend");

        let change = format!("{path}/change");
        let page = ann.browser.get(&change).await.is(200);
        let form = page.form(&change);
        assert_eq!(form.value("networks"), Some("127.0.0.0/8\n2001:db8::/32"));
        let form = form.and("permissions", "webhooks:write").with("rate_limit", "1000/1s").with("name", "Backend");
        ann.browser.submit(&form).await.is(200).says("Backend").says("webhooks:write").says("1 000 requests in 1 second");
        kw.settled().await;
        assert_eq!(kw.verify(home(json!({"permissions": ["webhooks:write"]}))).await["code"], "valid");

        let rotate = format!("{path}/rotate");
        let ask = ann.browser.get(&rotate).await.is(200);
        ask.says("version 2").says("Keep it for a while").says("Default of Business API").says("End it now");
        let made = ann.browser.submit(&ask.form(&rotate)).await.is(200);
        made.says("API key rotated").says("Both keys work for now");
        let second = secret(&made);
        kw.settled().await;
        for key in [&key, &second] {
            assert_eq!(kw.verify(json!({"credential": key, "source_ip": "127.0.0.1"})).await["code"], "valid");
        }
        // The use is counted a second later at most.
        wait_until("the page says who uses the old version", async || {
            ann.browser.get(&path).await.text().contains("An old version is still used")
        })
        .await;
        let page = ann.browser.get(&path).await.is(200);
        page.says("127.0.0.1").says("Retiring").says("created the key");
        ann.browser.get(&format!("{application}/keys")).await.is(200).says("Version 1 used");
        let again = ann.browser.get(&rotate).await.is(200);
        again.says("An old version still works").says("ends it at once").says("UTC (in ").says_not("until in ");

        let suspend = format!("{path}/suspend");
        let ask = ann.browser.get(&suspend).await.is(200);
        ask.says("The key was last used").says("from 127.0.0.1");
        ann.browser.submit(&ask.form(&suspend)).await.is(200).says("This key is suspended").says("Resume key");
        kw.settled().await;
        assert_eq!(kw.verify(json!({"credential": second, "source_ip": "127.0.0.1"})).await["code"], "suspended");
        let resume = format!("{path}/resume");
        let ask = ann.browser.get(&resume).await.is(200);
        ann.browser.submit(&ask.form(&resume)).await.is(200).says("Suspend key");
        kw.settled().await;
        assert_eq!(kw.verify(json!({"credential": second, "source_ip": "127.0.0.1"})).await["code"], "valid");

        let revoke = format!("{path}/revoke");
        let ask = ann.browser.get(&revoke).await.is(200);
        ask.says("from 127.0.0.1").says("Version 1 of the key is still used too").says("It cannot be undone");
        let proof = ann.browser.submit(&ask.form(&revoke)).await.is(200);
        proof.says("Revoked. In effect on 1 of 1 verifier after").says(" ms.").says("eyJ");
        // Without waiting for anything: that is what the page says.
        for key in [&key, &second] {
            assert_eq!(kw.verify(json!({"credential": key, "source_ip": "127.0.0.1"})).await["code"], "revoked");
        }
        let page = ann.browser.get(&path).await.is(200);
        page.says("This key is revoked").says_not("Rotate key").says_not("Revoke key").says("revoked the key");
        ann.browser.get(&format!("{application}/activity")).await.is(200).says("rotated the key").says("suspended the key").says("activated the application");
    }
}
