//! A node for the hub and one for verdicts, beside one database: the hub gives tokens and tells about them, the other takes them.

use keywright_store::testing::TestPlace;
use serde_json::json;

use super::{Client, SendForm, client, keyed};
use crate::support::{Place, Reply, Server};

impl Client {
    /// Introspection by the client itself.
    async fn about_its_own(&self, kw: &Server, token: &str) -> Reply {
        Reply::of(kw.http.post(kw.url("/oauth2/introspect")).basic_auth(&self.id, Some(&self.secret)).form(&[("token", token)])).await
    }

    async fn end(&self, kw: &Server, token: &str) {
        let reply = Reply::of(kw.http.post(kw.url("/oauth2/revoke")).basic_auth(&self.id, Some(&self.secret)).form(&[("token", token)])).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_a_hub_node_is_good_at_a_verifier_node_until_it_is_ended() {
    let kw = Place::given(TestPlace::postgres()).await;
    let hub = kw.serve(&["--role", "hub"]).await;
    let key = keyed(&kw, &["verification-key"]).await["verification_key"].as_str().unwrap().to_owned();
    let mut verifier = kw.serve_as("second", &["--role", "verifier"], &[("KEYWRIGHT_MASTER_KEY", ""), ("KEYWRIGHT_VERIFICATION_KEY", &key)]).await;
    let (jwt, opaque) = (client(&kw, &[]).await, client(&kw, &["--token-form", "opaque"]).await);
    hub.settled().await;
    verifier.settled().await;

    for shop in [&jwt, &opaque] {
        let (ended, kept) = (shop.token(&hub).await, shop.token(&hub).await);
        for token in [&ended, &kept] {
            assert_eq!(shop.code(&verifier, token).await, "valid");
            for node in [&hub, &verifier] {
                assert_eq!(shop.introspect(node, token).await["active"], true);
            }
        }
        assert_eq!(shop.about_its_own(&hub, &kept).await.json()["client_id"], json!(shop.id));
        assert_eq!(hub.ask_as(&shop.gateway, json!({ "credential": kept })).await.problem(404), "not_found");
        shop.end(&hub, &ended).await;
        hub.settled().await;
        verifier.settled().await;
        assert_eq!((shop.code(&verifier, &ended).await.as_str(), shop.code(&verifier, &kept).await.as_str()), ("token_invalid", "valid"));
        assert_eq!(shop.introspect(&hub, &ended).await, json!({ "active": false }));

        // The answer means that the hub, too, has seen the revocation.
        let revoked = keyed(&kw, &["key", "revoke", &shop.credential, "--wait", "all"]).await;
        assert_eq!(revoked["verifiers"].as_array().unwrap().len(), 2, "{revoked}");
        assert_eq!(shop.introspect(&hub, &kept).await, json!({ "active": false }));
        assert_eq!(shop.ask(&hub, &[]).await.json()["error"], "invalid_client");
        assert_eq!(shop.code(&verifier, &kept).await, "revoked");
    }
    // What the hub saw of a secret counts as its use.
    crate::support::wait_until("the use is written down", async || kw.done(&["key", "show", &jwt.credential]).await["last_used_at"].is_string()).await;

    // Who only verifies answers resource servers and gives nothing.
    let other = client(&kw, &[]).await;
    assert_eq!(other.ask(&verifier, &[]).await.status, 404);
    assert!(verifier.terminate().await.success());
}
