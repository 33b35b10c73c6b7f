//! What becomes of access tokens when the secret changes by which they were got.

use serde_json::json;

use super::{Client, client_of, declare_services, keyed};
use crate::support::{Server, stories, wait_until};

/// The client with the secret of its next version.
async fn rotated(kw: &Server, shop: &Client, flags: &[&str]) -> Client {
    let made = keyed(kw, &[&["key", "rotate", &shop.credential], flags].concat()).await;
    kw.settled().await;
    let text = |text: &str| text.to_owned();
    Client { credential: text(&shop.credential), id: text(&shop.id), secret: text(made["client_secret"].as_str().unwrap()), gateway: text(&shop.gateway) }
}

stories! {
    async fn tokens_outlive_an_overlap_and_nothing_that_somebody_ended(kw: Server) {
        declare_services(&kw).await;
        for form in ["jwt", "opaque"] {
            let first = client_of(&kw, "orders", &["--token-form", form]).await;
            kw.settled().await;
            let oldest = first.token(&kw).await;
            let second = rotated(&kw, &first, &["--policy", "overlap", "--overlap", "1s"]).await;
            // An overlap of a second may be over before anybody can ask.
            wait_until("the first secret's overlap is over", async || first.ask(&kw, &[]).await.status == 401).await;
            let shown = async || kw.done(&["key", "show", &first.credential]).await["versions"][0]["state"] == "retired";
            wait_until("commands say so, too", shown).await;
            let verdict = first.verify(&kw, &oldest).await;
            assert_eq!((&verdict["code"], &verdict["version"]), (&json!("valid"), &json!(1)), "it lives to its own expiry: {verdict}");
            assert_eq!(first.introspect(&kw, &oldest).await["active"], true);

            // The store writes down that the first has ended; its tokens do not notice.
            let old = second.token(&kw).await;
            let third = rotated(&kw, &second, &["--policy", "overlap", "--overlap", "1h"]).await;
            assert_eq!((first.code(&kw, &oldest).await.as_str(), first.code(&kw, &old).await.as_str()), ("valid", "valid"));
            let late = second.ask(&kw, &[]).await;
            assert_eq!((late.status, &late.json()["expires_in"]), (200, &json!(3_600)), "got within the overlap, and longer than it");

            // What is replaced takes its tokens along.
            let fourth = rotated(&kw, &third, &["--policy", "overlap", "--overlap", "1h", "--replace"]).await;
            assert_eq!((first.code(&kw, &oldest).await.as_str(), first.code(&kw, &old).await.as_str()), ("valid", "retired_version"));
            assert_eq!(first.introspect(&kw, &old).await, json!({ "active": false }));
            let got = [(oldest, "valid"), (old, "retired_version"), (third.token(&kw).await, "valid"), (fourth.token(&kw).await, "valid")];
            if form == "jwt" {
                let fifth = rotated(&kw, &fourth, &["--policy", "immediate"]).await;
                for (token, _) in &got {
                    assert_eq!(first.code(&kw, token).await, "retired_version", "nothing older is left");
                    assert_eq!(first.introspect(&kw, token).await, json!({ "active": false }));
                }
                assert_eq!(first.code(&kw, &fifth.token(&kw).await).await, "valid");
            } else {
                // A replica that is loaded anew knows the same. JWTs name the address, which is another then.
                kw.restart().await;
                kw.settled().await;
                for (token, code) in &got {
                    assert_eq!(first.code(&kw, token).await, *code);
                }
            }
        }
    }
}
