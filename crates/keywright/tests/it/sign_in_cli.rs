//! The way in for operators, at the machine.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Browser, Server, stories, wait_for};

/// The link in a file that only its user can read, as path and query.
fn link_in(path: &str, base_url: &str) -> String {
    let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{path}");
    let link = std::fs::read_to_string(path).unwrap();
    link.trim().strip_prefix(base_url).unwrap_or_else(|| panic!("{path} does not lead to {base_url}")).to_owned()
}

/// The path that a server without a terminal tells.
async fn told(kw: &Server) -> String {
    let path = wait_for("it says where the link is", async || {
        let said = kw.stderr();
        let rest = said.split_once("open the link in ")?.1;
        Some(rest.split_once(" (")?.0.to_owned())
    })
    .await;
    assert!(!kw.stderr().contains("token="), "a link is in the log");
    path
}

stories! {
    async fn the_first_operator_comes_in_by_a_link_that_only_the_machine_has(place: Place) {
        let mut kw = place.serve(&[]).await;
        let first = told(&kw).await;
        let address = kw.address.clone();
        // A link that is asked for meanwhile takes the place of none.
        let asked = kw.done(&["sign-in-link", "bob@example.com"]).await;
        assert_ne!(link_in(asked["file"].as_str().unwrap(), &address), link_in(&first, &address));
        let link = link_in(&first, &address);
        let browser = Browser::at(&kw);
        for _ in 0..2 {
            browser.get(&link).await.is(200);
        }
        let page = browser.get(&link).await;
        let form = page.form("/sign-in/link").with("mail", "ann@example.com");
        browser.submit(&form).await.is(200);
        assert!(browser.session().is_some());
        let listed = place.done(&["operator", "list"]).await;
        assert_eq!(listed[0]["email"], "ann@example.com");
        browser.open("/provider/organisations").await.is(200);
        std::fs::remove_file(&first).unwrap();
        kw.restart().await;
        assert!(!kw.stderr().contains("first operator"), "there is one: {}", kw.stderr());
        assert!(!std::path::Path::new(&first).exists());
    }

    async fn the_first_operators_address_may_be_given_at_the_start(place: Place) {
        let kw = place.serve(&["--operator", "Ann@Example.com"]).await;
        let link = link_in(&told(&kw).await, &kw.address);
        let browser = Browser::at(&kw);
        let page = browser.get(&link).await;
        page.says("ann@example.com");
        browser.submit(&page.form("/sign-in/link")).await.is(200);
        assert_eq!(place.done(&["operator", "list"]).await[0]["email"], "ann@example.com");
    }

    async fn operators_are_added_and_removed_at_the_machine(kw: Server) {
        assert_eq!(kw.done(&["operator", "add", "ann@example.com"]).await["added"], true);
        assert_eq!(kw.done(&["operator", "add", "Ann@example.com"]).await["added"], false);
        kw.refused(&["operator", "add", "ann"], 2).await;
        let made = kw.done(&["sign-in-link", "ann@example.com"]).await;
        let browser = Browser::at(&kw);
        let page = browser.get(&link_in(made["file"].as_str().unwrap(), &kw.address)).await;
        browser.submit(&page.form("/sign-in/link")).await.is(200);
        browser.open("/provider/organisations").await.is(200);
        kw.done(&["operator", "remove", "ann@example.com"]).await;
        assert_eq!(kw.done(&["operator", "list"]).await, json!([]));
        browser.open("/provider/organisations").await.is(404);
        assert_eq!(kw.refused(&["operator", "remove", "ann@example.com"], 3).await["code"], "not_found");
    }

    async fn a_link_from_the_machine_works_once_in_any_browser(kw: Server) {
        let ran = kw.cli(&["sign-in-link", "bob@example.com"]).await.exits(0);
        assert!(!ran.stdout.contains("token=") && !ran.stderr.contains("token="), "{ran:?}");
        let path = ran.stdout.trim().rsplit(" is in ").next().unwrap().to_owned();
        let link = link_in(&path, &kw.address);
        let (one, other) = (Browser::at(&kw), Browser::at(&kw));
        let (page, late) = (one.get(&link).await, other.get(&link).await);
        one.submit(&page.form("/sign-in/link")).await.is(200);
        assert!(one.session().is_some());
        let refused = other.submit(&late.form("/sign-in/link")).await;
        assert!(refused.status >= 400 && other.session().is_none(), "{refused:?}");
        let elsewhere = kw.done(&["sign-in-link", "bob@example.com", "--public-url", "https://keys.example.com"]).await;
        link_in(elsewhere["file"].as_str().unwrap(), "https://keys.example.com/sign-in/link?token=");
        kw.refused(&["sign-in-link", "bob"], 2).await;
        kw.refused(&["sign-in-link", "bob@example.com", "--public-url", "keys.example.com"], 2).await;
    }
}
