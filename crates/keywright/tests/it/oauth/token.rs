//! The token endpoint, answers and refusals line by line (RFC 6749 sections 5.1 and 5.2).

use serde_json::{Value, json};

use super::{Client, SendForm, client};
use crate::support::{Reply, Server, stories};

fn refused(reply: &Reply, status: u16, error: &str) {
    assert_eq!((reply.status, reply.header("cache-control"), reply.header("content-type")), (status, Some("no-store"), Some("application/json")), "{reply:?}");
    let body = reply.json();
    assert_eq!(body["error"], error, "{reply:?}");
    let description = body["error_description"].as_str().unwrap();
    assert!(description.bytes().all(|b| (0x20..0x7f).contains(&b) && !matches!(b, b'"' | b'\\')) && !description.contains('?'), "{description}");
}

async fn post(kw: &Server, form: &[(&str, &str)]) -> Reply {
    Reply::of(kw.http.post(kw.url("/oauth2/token")).form(form)).await
}

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

stories! {
    async fn a_token_is_got_in_each_way_and_says_what_the_standards_want(kw: Server) {
        let shop = client(&kw, &[]).await;
        kw.settled().await;
        let reply = shop.ask(&kw, &[("scope", "default"), ("resource", &format!("{}/services/rest-apis", kw.address))]).await;
        assert_eq!((reply.status, reply.header("cache-control"), reply.header("pragma")), (200, Some("no-store"), Some("no-cache")), "{reply:?}");
        let body = reply.json();
        assert_eq!((&body["token_type"], &body["expires_in"], &body["scope"]), (&json!("Bearer"), &json!(3_600), &json!("default")));
        let token = body["access_token"].as_str().unwrap();
        let part = |n: usize| -> Value {
            use base64::Engine;
            serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap()).unwrap()
        };
        let (header, claims) = (part(0), part(1));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("ES256")));
        assert_eq!((&claims["iss"], &claims["sub"], &claims["client_id"]), (&json!(kw.address), &json!(shop.id), &json!(shop.id)));
        assert_eq!((&claims["aud"], &claims["scope"]), (&json!(format!("{}/services/rest-apis", kw.address)), &json!("default")));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);

        let set = kw.get("/oauth2/jwks").await;
        assert_eq!(set.header("cache-control"), Some("public, max-age=300"));
        assert!(set.json()["keys"].as_array().unwrap().iter().any(|key| key["kid"] == header["kid"] && key["alg"] == "ES256" && key.get("d").is_none()));

        let verdict = shop.verify(&kw, token).await;
        assert_eq!((&verdict["code"], &verdict["kind"], &verdict["version"]), (&json!("valid"), &json!("oauth_client"), &json!(1)));
        assert_eq!((&verdict["jti"], &verdict["scope"], &verdict["permissions"]), (&claims["jti"], &json!("default"), &json!(["default"])));
        assert_eq!(verdict, shop.verify(&kw, token).await, "a token that is remembered says the same");

        let by_post = post(&kw, &[GRANT, ("client_id", &shop.id), ("client_secret", &shop.secret), ("scope", ""), ("unknown", "x")]).await;
        assert_eq!((by_post.status, &by_post.json()["scope"]), (200, &json!("default")));

        let reply = kw.forward("service=rest-apis", &[("Authorization", &format!("Bearer {token}"))]).await;
        assert_eq!(reply.status, 403, "the place's own gateway is for another service: {reply:?}");
    }

    async fn an_opaque_token_is_short_and_good_for_the_same(kw: Server) {
        let shop = client(&kw, &["--token-form", "opaque"]).await;
        kw.settled().await;
        let token = shop.token(&kw).await;
        assert!(token.starts_with("kw_at_") && token.len() <= 512, "{token}");
        let verdict = shop.verify(&kw, &token).await;
        assert_eq!((&verdict["code"], &verdict["scope"], &verdict["public_id"]), (&json!("valid"), &json!("default"), &json!(shop.id)));
        let told = shop.introspect(&kw, &token).await;
        assert_eq!((&told["active"], &told["client_id"], &told["jti"]), (&json!(true), &json!(shop.id), &verdict["jti"]));
        let mut changed = token.clone();
        changed.replace_range(20..21, if &token[20..21] == "a" { "b" } else { "a" });
        assert_eq!(shop.code(&kw, &changed).await, "malformed");
        assert_eq!(shop.introspect(&kw, &changed).await, json!({"active": false}));
        kw.done(&["key", "change", &shop.credential, "--permissions", ""]).await;
        kw.settled().await;
        let verdict = shop.verify(&kw, &token).await;
        assert_eq!((&verdict["code"], &verdict["permissions"]), (&json!("valid"), &json!([])), "the narrower of token and credential now");
    }

    async fn what_is_not_as_the_rfc_wants_it_is_refused_by_name(kw: Server) {
        let shop = client(&kw, &[]).await;
        kw.settled().await;
        let Client { id, secret, .. } = &shop;
        let (id, secret) = (id.as_str(), secret.as_str());
        let named = [("client_id", id), ("client_secret", secret)];
        refused(&post(&kw, &named).await, 400, "invalid_request");
        refused(&post(&kw, &[GRANT, GRANT, named[0], named[1]]).await, 400, "invalid_request");
        refused(&post(&kw, &[GRANT, named[0], named[0], named[1]]).await, 400, "invalid_request");
        refused(&post(&kw, &[GRANT, named[1]]).await, 400, "invalid_request");
        refused(&post(&kw, &[("grant_type", "password"), named[0], named[1]]).await, 400, "unsupported_grant_type");
        refused(&post(&kw, &[GRANT, named[0], named[1], ("scope", "default admin")]).await, 400, "invalid_scope");
        refused(&post(&kw, &[GRANT, named[0], named[1], ("scope", "default  default")]).await, 400, "invalid_scope");
        refused(&post(&kw, &[GRANT, named[0], named[1], ("resource", "https://elsewhere.example")]).await, 400, "invalid_target");
        let uri = format!("{}/services/rest-apis", kw.address);
        refused(&post(&kw, &[GRANT, named[0], named[1], ("resource", &uri), ("resource", &uri)]).await, 400, "invalid_target");
        refused(&post(&kw, &[GRANT, named[0], named[1], ("client_assertion", "x"), ("client_assertion_type", "y")]).await, 400, "invalid_request");
        refused(&post(&kw, &[GRANT, ("client_assertion", "x"), ("client_assertion_type", "y")]).await, 400, "invalid_request");
        refused(&shop.ask(&kw, &[("client_secret", secret)]).await, 400, "invalid_request");
        refused(&shop.ask(&kw, &[("client_id", "another")]).await, 400, "invalid_request");
        let in_query = kw.url(&format!("/oauth2/token?client_id={id}&client_secret={secret}"));
        refused(&Reply::of(kw.http.post(in_query).form(&[GRANT])).await, 400, "invalid_request");
        refused(&Reply::of(kw.http.post(kw.url("/oauth2/token")).json(&json!({"grant_type": "client_credentials"}))).await, 400, "invalid_request");
        refused(&Reply::of(kw.http.post(kw.url("/oauth2/token")).body("grant_type=client_credentials")).await, 400, "invalid_request");
        assert_eq!(kw.get("/oauth2/token").await.problem(405), "method_not_allowed");
        assert_eq!(post(&kw, &[GRANT, ("client_secret", &"x".repeat(40_000))]).await.status, 413);
        let shown = kw.done(&["key", "show", &shop.credential]).await;
        assert!(!shown.to_string().contains(secret));
    }

    async fn who_does_not_prove_itself_is_told_nothing_and_challenged(kw: Server) {
        let shop = client(&kw, &[]).await;
        kw.settled().await;
        let basic = async |id: &str, secret: &str| Reply::of(kw.http.post(kw.url("/oauth2/token")).basic_auth(id, Some(secret)).form(&[GRANT])).await;
        let wrong = basic(&shop.id, "kw_sk_live_x").await;
        refused(&wrong, 401, "invalid_client");
        assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic "));
        let nobody = basic("kw_ci_live_0123456789ABCDEFGHIJKLMNOPQRST000000", "kw_sk_live_x").await;
        assert_eq!((wrong.body, wrong.status), (nobody.body, nobody.status), "an unknown client looks the same");
        let by_post = post(&kw, &[GRANT, ("client_id", &shop.id), ("client_secret", "x")]).await;
        refused(&by_post, 401, "invalid_client");
        assert!(by_post.header("www-authenticate").unwrap().starts_with("Basic "), "each 401 says how to do better");
        refused(&post(&kw, &[GRANT]).await, 401, "invalid_client");
        let bearer = Reply::of(kw.http.post(kw.url("/oauth2/token")).bearer_auth("x").form(&[GRANT])).await;
        refused(&bearer, 401, "invalid_client");
        assert!(bearer.header("www-authenticate").unwrap().starts_with("Basic "));
        // Only the client's own state is told, and only to itself.
        kw.done(&["key", "suspend", &shop.credential]).await;
        kw.settled().await;
        refused(&shop.ask(&kw, &[]).await, 400, "unauthorized_client");
        refused(&basic(&shop.id, "kw_sk_live_x").await, 401, "invalid_client");
        kw.done(&["key", "revoke", &shop.credential]).await;
        kw.settled().await;
        refused(&shop.ask(&kw, &[]).await, 401, "invalid_client");
    }

    async fn guessing_is_slowed_down_for_one_client_and_source_only(kw: Server) {
        let (shop, other) = (client(&kw, &[]).await, client(&kw, &[]).await);
        kw.settled().await;
        let mut last = 0;
        for _ in 0..400 {
            last = post(&kw, &[GRANT, ("client_id", &shop.id), ("client_secret", "x")]).await.status;
            if last == 429 {
                break;
            }
        }
        assert_eq!(last, 429);
        // The right secret is never refused: nobody locks a client out, not even from where it calls.
        assert_eq!((other.ask(&kw, &[]).await.status, shop.ask(&kw, &[]).await.status), (200, 200));
    }

    async fn the_server_says_where_its_parts_are(kw: Server) {
        let reply = kw.get("/.well-known/oauth-authorization-server").await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
        let said = reply.json();
        assert_eq!(said["issuer"], kw.address);
        for (member, path) in [("token_endpoint", "token"), ("introspection_endpoint", "introspect"), ("revocation_endpoint", "revoke"), ("jwks_uri", "jwks")] {
            assert_eq!(said[member], format!("{}/oauth2/{path}", kw.address));
        }
        assert_eq!(said["token_endpoint_auth_methods_supported"], json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]));
    }
}
