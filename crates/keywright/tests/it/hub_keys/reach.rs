//! Who reaches what: strangers, operators, and what services there are.

use super::{ANN, Customer, OF_APPLICATION, OF_KEY, secret};
use crate::support::{Browser, stories, wait_until};

stories! {
    async fn deleting_asks_for_the_name_and_takes_the_keys_along(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        let application = ann.active("Shop").await;
        let (key, path) = ann.key(&application, "Backend").await;
        kw.settled().await;
        assert_eq!(kw.code(&key).await, "valid");
        let deactivate = format!("{application}/deactivate");
        let ask = ann.browser.get(&deactivate).await.is(200);
        ask.says("Its production key and all sandbox keys are refused at once");
        ann.browser.submit(&ask.form(&deactivate)).await.is(200).says("This application is deactivated");
        kw.settled().await;
        assert_eq!(kw.code(&key).await, "application_inactive");
        ann.browser.get(&path).await.says("Its application is deactivated");
        let delete = format!("{application}/delete");
        let ask = ann.browser.get(&delete).await.is(200);
        ask.says("We cannot recover this for you");
        let wrong = ann.browser.send_form(&ask.form(&delete).with("confirm", "shop")).await.is(400);
        wrong.says("Name of the application is another").says_not("--confirm");
        ann.browser.submit(&ask.form(&delete).with("confirm", "Shop")).await.is(200);
        kw.settled().await;
        assert_eq!(kw.code(&key).await, "unknown");
        for gone in [&application, &path] {
            ann.browser.get(gone).await.is(404);
        }
    }

    async fn a_stranger_finds_nothing_and_a_removed_member_keeps_an_empty_page(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        let application = ann.active("Shop").await;
        let (_, key) = ann.key(&application, "Backend").await;
        let eve = Customer::signed_in(&kw, "eve@other.example").await;
        let csrf = eve.browser.get(&eve.applications()).await.form("/sign-out").value("csrf").unwrap().to_owned();
        let never = eve.browser.get("/keys/key_00000000000000000000000000").await.is(404).text();
        let mut pages: Vec<String> = OF_APPLICATION.iter().map(|page| format!("{application}{page}")).collect();
        pages.extend(OF_KEY.iter().map(|page| format!("{key}{page}")));
        pages.push(ann.applications());
        pages.push(format!("{}/new", ann.applications()));
        pages.push(format!("/organisations/{}/settings/api-keys", ann.organisation));
        for path in &pages {
            assert_eq!(eve.browser.get(path).await.is(404).text(), never, "{path}");
        }
        for path in ["/edit", "/activate", "/deactivate", "/delete", "/keys/new"].map(|page| format!("{application}{page}")) {
            eve.browser.post(&path, &[("csrf", csrf.as_str()), ("name", "Mine"), ("confirm", "Shop"), ("service", "business-api"), ("expiry", "1y")]).await.is(404);
        }
        for path in ["/change", "/rotate", "/suspend", "/resume", "/revoke"].map(|page| format!("{key}{page}")) {
            eve.browser.post(&path, &[("csrf", csrf.as_str()), ("name", "Mine"), ("policy", "immediate")]).await.is(404);
        }
        // A form of nobody's session does nothing.
        let revoke = format!("{key}/revoke");
        let form = ann.browser.get(&revoke).await.form(&revoke);
        let forged = ann.browser.post_from_elsewhere(&revoke, &form.fields, &[("Origin", "https://evil.example")]).await;
        assert_eq!(forged.status, 403);
        ann.browser.send_form(&form.put("csrf", "00")).await.is(403);
        ann.browser.get(&key).await.is(200).says("Active");
    }

    async fn operators_end_keys_and_are_offered_nothing_else(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        let application = ann.active("Shop").await;
        let (secret, key) = ann.key(&application, "Backend").await;
        kw.done(&["operator", "add", "op@provider.example"]).await;
        let op = Browser::at(&kw);
        op.sign_in(kw.place(), "op@provider.example").await;
        op.get(&application).await.is(200).says("Acme Travel").says_not("Delete application").says_not("Create API key");
        op.get(&format!("{application}/keys")).await.is(200).says("Backend").says_not("Create API key");
        op.get(&key).await.is(200).says("Suspend key").says("Revoke key").says_not("Rotate key").says_not("Change key");
        for path in ["/rotate", "/change"].map(|page| format!("{key}{page}")).into_iter().chain([format!("{application}/keys/new"), format!("{application}/edit")]) {
            op.get(&path).await.is(403);
        }
        let revoke = format!("{key}/revoke");
        let ask = op.get(&revoke).await.is(200);
        op.submit(&ask.form(&revoke)).await.is(200).says("In effect on 1 of 1 verifier");
        kw.settled().await;
        assert_eq!(kw.code(&secret).await, "revoked");
        ann.browser.get(&key).await.says("The provider");
    }

    async fn the_organisations_own_keys_are_in_its_settings(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        let settings = format!("/organisations/{}/settings/api-keys", ann.organisation);
        let page = ann.browser.get(&settings).await.is(200);
        page.says("API keys").says("No production keys yet").says("Acme Travel as a whole").says_not("Activate application");
        let new = page.links().into_iter().find(|link| link.contains("/keys/new")).unwrap();
        let page = ann.browser.get(&new).await.is(200);
        let service = page.forms().into_iter().find(|form| form.choices.iter().any(|(name, _)| name == "service"));
        let page = match service {
            Some(form) => ann.browser.submit(&form.with("service", "business-api")).await.is(200),
            None => page,
        };
        let form = page.forms().into_iter().find(|form| form.action.ends_with("/keys/new") && form.method == "post").unwrap();
        let made = ann.browser.submit(&form.with("name", "Business")).await.is(200);
        kw.settled().await;
        assert_eq!(kw.code(&secret(&made)).await, "valid");
        let page = ann.browser.get(&settings).await.is(200);
        page.says("Business");
        assert_eq!(ann.browser.get(&settings).await.links().iter().filter(|link| link.starts_with("/keys/key_")).count(), 1);
        // The rail leads there, and the application itself is no page of its own.
        let own = new.split("/keys").next().unwrap();
        assert_eq!(ann.browser.get(own).await.leads_to(), Some(settings.clone()));
        ann.browser.get(&format!("{own}/delete")).await.is(200);
        let deleted = ann.browser.get(&format!("{own}/delete")).await;
        let refused = ann.browser.send_form(&deleted.form(&format!("{own}/delete")).with("confirm", "Acme Travel")).await;
        assert!(refused.status >= 400, "{refused:?}");
    }

    async fn services_that_cannot_be_had_say_why(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        let path = kw.directory().join("catalog.toml");
        let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
        let asked = shown.replace("name = \"Payments\"", "name = \"Payments\"\navailability = \"on_request\"");
        std::fs::write(&path, asked).unwrap();
        kw.done(&["catalog", "apply", path.to_str().unwrap()]).await;
        let new = format!("{}/new", ann.applications());
        wait_until("the pages know the catalogue", async || ann.browser.get(&new).await.text().contains("On request")).await;
        let page = ann.browser.get(&new).await.is(200);
        page.says("You get an API key").says("On request").says("Ask the provider to enable it");
        ann.browser.get(&format!("{new}?service=payments&step=2")).await.is(200).says("Service is not chosen");
        let form = ann.browser.get(&format!("{new}?service=business-api")).await.form(&new).with("service", "payments").with("name", "Sly");
        ann.browser.send_form(&form).await.is(400).says("on request");
        // The full form asks for everything. What comes next is the first credential of the service.
        let form = ann.browser.get(&format!("{new}?service=digital-id&step=2")).await.is(200).form(&new);
        let form = form.with("name", "Wallet").with("domain", "wallet.example.com").with("privacy_url", "https://wallet.example.com/privacy").with("description", "For ids");
        ann.browser.submit(&form).await.is(200).says("Wallet").says("Generate key pair");
        let form = ann.browser.get(&format!("{new}?service=rest-apis&step=2")).await.is(200).form(&new).with("name", "Portal");
        ann.browser.submit(&form).await.is(200).says("Generate keys");
    }
}
