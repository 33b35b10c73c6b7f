//! Tokens that end before their time, each within the promise about revocation.

use serde_json::json;

use super::{Client, SendForm, client, keyed};
use crate::support::{Reply, Server, stories, wait_until};

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

    async fn what_ends_a_credential_ends_its_tokens(kw: Server) {
        let (shop, opaque) = (client(&kw, &[]).await, client(&kw, &["--token-form", "opaque"]).await);
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
        let shop = client(&kw, &[]).await;
        kw.settled().await;
        let token = shop.token(&kw).await;
        keyed(&kw, &["key", "rotate", &shop.credential, "--policy", "overlap", "--overlap", "1h"]).await;
        kw.settled().await;
        assert_eq!(shop.code(&kw, &token).await, "valid");
        keyed(&kw, &["key", "revoke", &shop.credential, "--wait", "all"]).await;
        assert_eq!(shop.code(&kw, &token).await, "revoked");
    }

    async fn a_token_never_outlives_its_credential(kw: Server) {
        let end = kw_time(4);
        let shop = client(&kw, &["--expires-at", &end]).await;
        kw.settled().await;
        let reply = shop.ask(&kw, &[]).await;
        if reply.status == 200 {
            assert!(reply.json()["expires_in"].as_i64().unwrap() <= 4, "{reply:?}");
            let token = reply.json()["access_token"].as_str().unwrap().to_owned();
            wait_until("the token expires", async || matches!(shop.code(&kw, &token).await.as_str(), "token_expired" | "expired")).await;
        }
        wait_until("the client expires", async || shop.ask(&kw, &[]).await.status == 401).await;
    }
}

/// A moment so many seconds from now.
fn kw_time(s: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64;
    keywright_domain::time::Timestamp::from_us(now + s * 1_000_000).to_string()
}
