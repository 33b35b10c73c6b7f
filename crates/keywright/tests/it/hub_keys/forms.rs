//! What is typed into forms: twice, wrongly, and oddly.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, ORIGIN};

use super::{ANN, Customer, OF_APPLICATION, OF_KEY, key_path, secret};
use crate::support::{Browser, Form, Page, stories, wait_until};

/// A form with a file, as browsers send it.
async fn upload(browser: &Browser, form: &Form, file: (&str, &[u8])) -> Page {
    let mut body = Vec::new();
    for (name, value) in &form.fields {
        if name != file.0 {
            body.extend_from_slice(format!("--7e4b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
        }
    }
    body.extend_from_slice(
        format!("--7e4b\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"logo.png\"\r\nContent-Type: image/png\r\n\r\n", file.0).as_bytes(),
    );
    body.extend_from_slice(file.1);
    body.extend_from_slice(b"\r\n--7e4b--\r\n");
    let request = browser.request(Method::POST, &form.action).header(CONTENT_TYPE, "multipart/form-data; boundary=7e4b");
    let page = browser.send(&form.action, request.header(ORIGIN, &browser.origin).header("Sec-Fetch-Site", "same-origin").body(body)).await;
    browser.follow(page).await
}

/// A PNG of one pixel.
const PIXEL: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\x0dIDATx\x9cc\xe0N\x8b\xfb\x0f\x00\x03\x1e\x01\xcf\xac\xe2\x81\xdd\x00\x00\x00\x00IEND\xaeB`\x82";

stories! {
    async fn a_form_sent_twice_makes_one_key_and_shows_it_until_it_is_used(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        let application = ann.active("Shop").await;
        let form = ann.new_key(&application, "production").await.with("name", "Once");
        let (first, second) = (ann.browser.send_form(&form).await.is(200), ann.browser.send_form(&form).await.is(200));
        let key = secret(&first);
        assert_eq!(secret(&second), key);
        assert_eq!(ann.browser.get(&format!("{application}/keys")).await.links().iter().filter(|l| l.starts_with("/keys/")).count(), 1);
        kw.settled().await;
        assert_eq!(kw.code(&key).await, "valid");
        wait_until("its first use is known", async || ann.browser.send_form(&form).await.status == 303).await;
        let late = ann.browser.send_form(&form).await;
        assert_eq!(late.leads_to(), Some(key_path(&first)));
        assert!(!late.body.contains(&key));

        let rotate = format!("{}/rotate", key_path(&first));
        let form = ann.browser.get(&rotate).await.form(&rotate).with("policy", "immediate");
        let (first, second) = (ann.browser.send_form(&form).await.is(200), ann.browser.send_form(&form).await.is(200));
        first.says("The earlier keys are refused");
        assert_eq!(secret(&first), secret(&second));
        kw.settled().await;
        assert_eq!(kw.code(&key).await, "retired_version");

        let new = format!("{}/new", ann.applications());
        let form = ann.browser.get(&format!("{new}?service=business-api")).await.form(&new).with("name", "Twice");
        let (first, second) = (upload(&ann.browser, &form, ("logo", b"")).await, upload(&ann.browser, &form, ("logo", b"")).await);
        assert_eq!(first.path, second.path);
        assert_eq!(ann.browser.get(&format!("{}?search=twice", ann.applications())).await.body.matches(">Twice</a>").count(), 1);
    }

    async fn each_bad_field_is_named_and_what_was_typed_stays(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        let application = ann.active("Shop").await;
        let good = ann.new_key(&application, "production").await.with("name", "Kept name").with("networks", "192.0.2.0/24");
        let long = "x".repeat(10_000);
        for (field, value, says) in [
            ("name", "", "Name is empty"),
            ("name", long.as_str(), "Name "),
            ("name", "a\u{202e}b", "Name "),
            ("name", "a\u{0}b", "Name "),
            ("networks", "192.0.2.7/24", "did you mean 192.0.2.0/24?"),
            ("networks", "everywhere", "Networks "),
            ("expiry", "", "Expiry is not chosen"),
            ("expiry", "tomorrow", "Expiry is not chosen"),
            ("expiry", "none", "Why it never expires is empty"),
            ("permissions_which", "chosen", "Permissions are not chosen"),
        ] {
            let page = ann.browser.send_form(&good.clone().put(field, value)).await.is(400);
            page.says(says).says("There is a problem");
            let form = page.form(&format!("{application}/keys/new"));
            assert_eq!(form.value(field).unwrap_or_default(), if value == "tomorrow" || (field == "expiry" && value.is_empty()) { "" } else { value }, "{field}");
            if field != "name" {
                assert_eq!(form.value("name"), Some("Kept name"));
            }
            assert_eq!(page.form(&format!("{application}/keys/new")).value("service"), Some("business-api"));
        }
        // All at once, and a day that is none.
        let bad = good.clone().put("name", "").put("networks", "x").put("expiry", "date").put("expires_on", "31.12.2030");
        ann.browser.send_form(&bad).await.is(400).says("There are 3 problems").says("Name is empty").says("Last day is not a day").says("Networks");
        let unknown = good.clone().put("permissions_which", "chosen").and("permissions", "no:such").and("permissions", "payouts:write");
        let page = ann.browser.send_form(&unknown).await.is(400);
        page.says("no:such");
        assert_eq!(page.form(&format!("{application}/keys/new")).value("permissions"), Some("payouts:write"));
        ann.browser.get(&format!("{application}/keys")).await.says("No production keys yet");

        // A reason is asked for, kept and shown.
        let made = ann.browser.submit(&good.clone().put("expiry", "none").put("reason", "A printer <b>nobody</b> updates")).await.is(200);
        ann.browser.get(&key_path(&made)).await.says("A printer <b>nobody</b> updates");

        let change = format!("{}/change", key_path(&made));
        let good = ann.browser.get(&change).await.form(&change);
        for (field, value, says) in [
            ("name", "", "Name is empty"),
            ("networks", "x", "Networks "),
            ("origins", "app.example.com", "Origins "),
            ("rate_limit", "fast", "Rate limit "),
        ] {
            let page = ann.browser.send_form(&good.clone().put(field, value)).await.is(400);
            page.says(says);
            assert_eq!(page.form(&change).value(field), Some(value), "{field}");
        }
        let past = good.clone().put("expiry", "date").put("expires_on", "2020-01-01");
        ann.browser.send_form(&past).await.is(400).says("Expiry").says("1 January 2020 is over");

        let new = format!("{}/new", ann.applications());
        let form = ann.browser.get(&format!("{new}?service=business-api")).await.form(&new).with("name", "");
        let page = ann.browser.send_form(&form).await.is(400);
        page.says("Name is empty");
        let page = upload(&ann.browser, &form.clone().put("name", "Kept"), ("logo", b"GIF89a")).await.is(400);
        page.says("Logo is no PNG");
        assert_eq!(page.form(&new).value("name"), Some("Kept"));
        upload(&ann.browser, &form.clone().put("name", "Kept"), ("logo", &[0; 200_001])).await.is(400).says("Logo has 200001 bytes");
        upload(&ann.browser, &form.clone().put("name", ""), ("logo", &[0; 200_001])).await.is(400).says("There are 2 problems");
        let made = upload(&ann.browser, &form.put("name", "With logo"), ("logo", PIXEL)).await.is(200);
        let application = made.path.split("/keys").next().unwrap().to_owned();
        assert!(ann.browser.get(&application).await.body.contains("/images/"), "the logo is shown");
        let edit = format!("{application}/edit");
        let good = ann.browser.get(&edit).await.form(&edit);
        for (field, value, says) in [
            ("name", "", "Name is empty"),
            ("domain", "shop.test", "Domain "),
            ("privacy_url", "http://shop.example.com", "Privacy policy "),
            ("internal_name", "a\u{7}b", "Internal name "),
            ("description", long.as_str(), "Description "),
        ] {
            let page = ann.browser.send_form(&good.clone().put(field, value)).await.is(400);
            page.says(says);
            assert_eq!(page.form(&edit).value(field), Some(value), "{field}");
        }
        let good = good.put("domain", "Shop.Example.com").put("description", "Two\nlines").put("remove_logo", "yes");
        let page = ann.browser.submit(&good).await.is(200);
        page.says("shop.example.com").says("Two lines");
        assert!(!page.body.contains("/images/"), "the logo is gone");
    }

    async fn a_form_without_end_is_refused(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        let token = ann.browser.get("/person").await.form("/person").value("csrf").unwrap().to_owned();
        let sent = |count: usize| {
            let mut fields: Vec<(String, String)> = vec![("a".to_owned(), "1".to_owned()); count - 2];
            fields.extend([("name".to_owned(), "Ann".to_owned()), ("csrf".to_owned(), token.clone())]);
            fields
        };
        ann.browser.post("/person", &sent(2_001)).await.is(400).says("more than 2000 fields were sent");
        ann.browser.post("/person", &sent(1_200)).await.is(303);
        let query = "a&".repeat(2_001);
        ann.browser.get(&format!("{}?{query}", ann.applications())).await.is(400).says("more than 2000 fields were sent");
    }

    async fn whatever_is_typed_is_shown_as_text(kw: Server) {
        let ann = Customer::signed_in(&kw, ANN).await;
        let odd = "<script>alert(1)</script> & \"quotes\" 'n' 🔑 مفتاح";
        let application = ann.active(odd).await;
        let (_, key) = ann.key(&application, odd).await;
        let mut pages: Vec<String> = OF_APPLICATION.iter().map(|page| format!("{application}{page}")).collect();
        pages.extend(OF_KEY.iter().map(|page| format!("{key}{page}")));
        pages.push(ann.applications());
        pages.push(format!("{}?search=%3Cscript%3E", ann.applications()));
        for path in pages {
            let page = ann.browser.open(&path).await.is(200);
            assert!(!page.body.contains("<script>alert"), "{path}");
            page.says(odd);
        }
        ann.browser.get(&format!("{}?search=%25", ann.applications())).await.is(200).says("No application has this in its name");
    }
}
