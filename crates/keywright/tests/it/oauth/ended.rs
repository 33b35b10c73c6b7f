//! Tokens that end before their time, each within the promise about revocation.

use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::change::Change;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;
use keywright_domain::token::TokenId;
use keywright_store::{Done, Purpose, StoreError};
use serde_json::json;

use super::{Client, SendForm, client, client_of, declare_services, keyed};
use crate::support::{Browser, Place, Reply, Server, stories, wait_until};

/// Puts down that so many tokens of a client were ended.
async fn end_many(kw: &Place, owner: &Client, count: i64) {
    let allowed = allow(&Caller::Machine { user: "test".into() }, Right::Operate, &Facts::default()).unwrap();
    let (credential, until) = (owner.credential.parse().unwrap(), in_s(3_600));
    let bits: Vec<u128> = (0..count).map(|_| keywright_crypto::random::bits().unwrap()).collect();
    let store = kw.store().open_for(Purpose::Command).await;
    store
        .write(allowed, async move |tx| {
            for id in &bits {
                tx.token_end(TokenId(*id), credential, until).await?;
            }
            Ok::<_, StoreError>(Done { value: (), audit: Vec::new(), changes: bits.iter().map(|id| Change::Token(TokenId(*id))).collect() })
        })
        .await
        .unwrap();
}

async fn revoke(kw: &Server, shop: &Client, token: &str) {
    let reply = Reply::of(kw.http.post(kw.url("/oauth2/revoke")).basic_auth(&shop.id, Some(&shop.secret)).form(&[("token", token)])).await;
    assert_eq!((reply.status, reply.body.as_str(), reply.header("cache-control")), (200, "", Some("no-store")), "{reply:?}");
}

stories! {
    async fn a_client_ends_its_own_token_and_nobody_elses(kw: Server) {
        let (shop, opaque) = (client(&kw, &[]).await, client(&kw, &["--token-form", "opaque"]).await);
        kw.settled().await;
        for (owner, other) in [(&shop, &opaque), (&opaque, &shop)] {
            let (ended, kept) = (owner.token(&kw).await, owner.token(&kw).await);
            revoke(&kw, other, &ended).await;
            kw.settled().await;
            assert_eq!(owner.code(&kw, &ended).await, "valid");
            revoke(&kw, owner, &ended).await;
            kw.settled().await;
            assert_eq!((owner.code(&kw, &ended).await.as_str(), owner.code(&kw, &kept).await.as_str()), ("token_invalid", "valid"));
            assert_eq!(owner.introspect(&kw, &ended).await, json!({"active": false}));
            revoke(&kw, owner, &ended).await;
            revoke(&kw, owner, "rubbish").await;
            // Who is told about a token: resource servers of its service, and its own client.
            let about = async |asker: &Client| {
                let form = [("token", kept.as_str())];
                Reply::of(kw.http.post(kw.url("/oauth2/introspect")).basic_auth(&asker.id, Some(&asker.secret)).form(&form)).await.json()
            };
            assert_eq!((about(owner).await["active"].clone(), about(other).await), (json!(true), json!({"active": false})));
            let stranger = Reply::of(kw.http.post(kw.url("/oauth2/introspect")).bearer_auth(kw.token().await).form(&[("token", &kept)])).await;
            assert_eq!(stranger.json(), json!({"active": false}));
        }
        let nobody = Reply::of(kw.http.post(kw.url("/oauth2/introspect")).bearer_auth("x").form(&[("token", "x")])).await;
        assert_eq!((nobody.status, &nobody.json()["error"]), (401, &json!("invalid_token")));
    }

    async fn a_leaked_token_names_its_credential_and_is_ended_alone(kw: Server) {
        let (shop, opaque) = (client(&kw, &[]).await, client(&kw, &["--token-form", "opaque"]).await);
        kw.done(&["operator", "add", "op@example.com"]).await;
        let op = Browser::at(&kw);
        op.sign_in(kw.place(), "op@example.com").await;
        kw.settled().await;
        for (owner, form) in [(&shop, "jwt"), (&opaque, "opaque")] {
            let (leaked, kept) = (owner.token(&kw).await, owner.token(&kw).await);
            let find = async |flags: &[&str], text: &str| kw.cli_with_stdin(&[&["key", "find", "--json"], flags].concat(), text).await;
            let line = format!("GET /x \"Authorization: Bearer {leaked}\" client={}", owner.id);
            let found = find(&[], &line).await.exits(0).json();
            assert_eq!((&found["id"], &found["version"], &found["accepted"]), (&json!(owner.credential), &json!(1), &json!(true)), "{found}");
            assert_eq!((&found["token"]["form"], &found["token"]["revoked"]), (&json!(form), &json!(false)), "{found}");
            assert!(kw.cli_with_stdin(&["key", "find"], &line).await.exits(0).stdout.contains("key find --end-token"));
            let ended = find(&["--end-token"], &line).await.exits(0).json();
            assert_eq!((&ended["accepted"], &ended["token"]["revoked"]), (&json!(false), &json!(true)), "{ended}");
            kw.settled().await;
            assert_eq!((owner.code(&kw, &leaked).await.as_str(), owner.code(&kw, &kept).await.as_str()), ("token_invalid", "valid"));
            // Found again, it has ended; the trail has its jti once, and never the token.
            let again = find(&["--end-token"], &leaked).await.exits(0).json();
            assert_eq!((&again["accepted"], &again["token"]["id"]), (&json!(false), &ended["token"]["id"]), "{again}");
            let trail = op.get("/provider/audit").await.is(200);
            assert_eq!(trail.text().matches(ended["token"]["id"].as_str().unwrap()).count(), 1);
            // By a click, which sends the token nowhere again.
            let leaks = op.get("/provider/leaks").await.form("/provider/leaks");
            let page = op.submit(&leaks.clone().with("credential", &kept)).await.is(200);
            page.says("This access token is live").says("End this token");
            assert!(!page.body.contains(&kept));
            op.submit(&page.form("/provider/leaks")).await.is(200).says("The access token is ended").says("an API that checks it by itself goes on taking it");
            kw.settled().await;
            assert_eq!(owner.code(&kw, &kept).await, "token_invalid");
            op.submit(&leaks.with("credential", &kept)).await.is(200).says("This access token has ended").says_not("End this token");
        }
        let mut changed = shop.token(&kw).await;
        changed.replace_range(changed.len() - 20..changed.len() - 19, "_");
        for text in [changed.as_str(), "eyJhbGciOiJub25lIn0.e30.", "kw_at_short"] {
            let refused = kw.cli_with_stdin(&["key", "find", "--json"], text).await.exits(2).problem();
            assert!(!refused.to_string().contains(text), "{refused}");
        }
        let key = kw.cli_with_stdin(&["key", "find", "--end-token", "--json"], &shop.secret).await.exits(2).problem();
        assert!(key["detail"].as_str().unwrap().contains("no access token"), "{key}");
    }

    async fn what_ends_a_credential_ends_its_tokens(kw: Server) {
        declare_services(&kw).await;
        let (shop, opaque) = (client_of(&kw, "orders", &[]).await, client_of(&kw, "orders", &["--token-form", "opaque"]).await);
        kw.settled().await;
        for owner in [&shop, &opaque] {
            let token = owner.token(&kw).await;
            kw.done(&["key", "suspend", &owner.credential]).await;
            kw.settled().await;
            assert_eq!(owner.code(&kw, &token).await, "suspended");
            assert_eq!(owner.introspect(&kw, &token).await, json!({"active": false}));
            kw.done(&["key", "resume", &owner.credential]).await;
            keyed(&kw, &["key", "rotate", &owner.credential, "--policy", "immediate"]).await;
            kw.settled().await;
            assert_eq!(owner.code(&kw, &token).await, "retired_version");
            assert_eq!(owner.ask(&kw, &[]).await.json()["error"], "invalid_client");
        }
        let shop = client_of(&kw, "orders", &[]).await;
        kw.settled().await;
        let token = shop.token(&kw).await;
        keyed(&kw, &["key", "rotate", &shop.credential, "--policy", "overlap", "--overlap", "1h"]).await;
        kw.settled().await;
        assert_eq!((shop.code(&kw, &token).await.as_str(), shop.forwarded(&kw, &token).await), ("valid", 200));
        keyed(&kw, &["key", "revoke", &shop.credential, "--wait", "all"]).await;
        assert_eq!((shop.code(&kw, &token).await.as_str(), shop.forwarded(&kw, &token).await), ("revoked", 401), "at /verify and at gateways");
    }

    async fn beyond_a_thousand_ended_tokens_all_that_were_issued_before_end(kw: Server) {
        let (shop, opaque) = (client(&kw, &[]).await, client(&kw, &["--token-form", "opaque"]).await);
        kw.settled().await;
        for owner in [&shop, &opaque] {
            let (kept, last, beyond) = (owner.token(&kw).await, owner.token(&kw).await, owner.token(&kw).await);
            end_many(kw.place(), owner, limits::ENDED_TOKENS_MAX - 1).await;
            revoke(&kw, owner, &last).await;
            kw.settled().await;
            assert_eq!((owner.code(&kw, &last).await.as_str(), owner.code(&kw, &kept).await.as_str()), ("token_invalid", "valid"), "there is room for a thousand");
            revoke(&kw, owner, &beyond).await;
            kw.settled().await;
            for token in [&kept, &last, &beyond] {
                assert_eq!(owner.code(&kw, token).await, "token_invalid");
                assert_eq!(owner.introspect(&kw, token).await, json!({ "active": false }));
            }
            assert_eq!(owner.code(&kw, &owner.token(&kw).await).await, "valid", "what is got afterwards is good, also within the same second");
        }
        // The list is short again.
        let other = client(&kw, &[]).await;
        kw.settled().await;
        let token = other.token(&kw).await;
        revoke(&kw, &other, &token).await;
        let store = kw.store().open_for(Purpose::Command).await;
        assert_eq!(crate::faults::kit::count(&store, "SELECT count(*) FROM ended_token").await, 1);
    }

    async fn a_token_never_outlives_its_credential(kw: Server) {
        let end = in_s(6).to_string();
        let shop = client(&kw, &["--expires-at", &end]).await;
        kw.settled().await;
        let reply = shop.ask(&kw, &[]).await;
        assert!(reply.json()["expires_in"].as_i64().is_some_and(|s| s <= 6), "{reply:?}");
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        wait_until("the token expires", async || matches!(shop.code(&kw, &token).await.as_str(), "token_expired" | "expired")).await;
        wait_until("the client expires", async || shop.ask(&kw, &[]).await.status == 401).await;
    }
}

/// A moment so many seconds from now.
fn in_s(s: i64) -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64;
    Timestamp::from_us(now + s * 1_000_000)
}
