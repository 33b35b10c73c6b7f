//! Clients that register themselves (RFC 7591), and look after their registration (RFC 7592).

use std::process::Stdio;

use keywright_crypto::key_pair::KeyPair;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use super::own_key::{ask, fresh};
use super::{Client, keyed};
use crate::browser::scripts;
use crate::support::{Reply, Server, stories};

/// An initial access token, and what it is for.
struct Initial {
    application: String,
    id: String,
    token: String,
    warning: Option<String>,
}

/// A new application for the service `rest-apis`.
async fn application(kw: &Server) -> String {
    let organisation = kw.organisation().await;
    let made = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", "rest-apis"]).await;
    made["id"].as_str().unwrap().to_owned()
}

/// A token for it, made with these flags besides.
async fn initial_for(kw: &Server, application: &str, environment: &str, flags: &[&str]) -> Initial {
    let create =
        ["app", "registration-token", "create", "--application", application, "--name", "Tills", "--service", "rest-apis", "--environment", environment];
    let made = kw.done(&[&create, flags].concat()).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let warning = made["warning"].as_str().map(str::to_owned);
    Initial { application: application.to_owned(), id: text(&made["id"]), token: text(&made["token"]), warning }
}

async fn initial(kw: &Server, flags: &[&str]) -> Initial {
    initial_for(kw, &application(kw).await, "sandbox", flags).await
}

async fn call(kw: &Server, method: Method, path: &str, token: &str, body: &Value) -> Reply {
    let request = kw.http.request(method, kw.url(path)).bearer_auth(token);
    Reply::of(if body.is_null() { request } else { request.json(body) }).await
}

async fn register(kw: &Server, token: &str, body: &Value) -> Reply {
    call(kw, Method::POST, "/oauth2/register", token, body).await
}

fn own_path(made: &Value) -> String {
    format!("/oauth2/register/{}", made["client_id"].as_str().unwrap())
}

fn own_token(made: &Value) -> String {
    made["registration_access_token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn refused(reply: &Reply, status: u16, error: &str) {
    assert_eq!((reply.status, reply.header("cache-control"), reply.header("content-type")), (status, Some("no-store"), Some("application/json")), "{reply:?}");
    assert_eq!(reply.json()["error"], error, "{reply:?}");
    let challenge = reply.header("www-authenticate").unwrap_or_default();
    assert_eq!(challenge.starts_with("Bearer "), status == 401, "{reply:?}");
}

/// It is made, with all that the RFC wants.
#[track_caller]
fn made(reply: &Reply) -> Value {
    assert_eq!((reply.status, reply.header("cache-control")), (201, Some("no-store")), "{reply:?}");
    reply.json()
}

stories! {
    async fn a_client_registers_itself_gets_tokens_changes_and_ends_itself(kw: Server) {
        let initial = initial(&kw, &[]).await;
        assert!(initial.token.starts_with("kw_ia_") && initial.id.starts_with("rgt_"));
        let metadata = Reply::of(kw.http.get(kw.url("/.well-known/oauth-authorization-server"))).await.json();
        assert_eq!(metadata["registration_endpoint"], format!("{}/oauth2/register", kw.address));
        let body = json!({ "client_name": "Till 7", "scope": "default", "software_id": "till", "unheard_of": [1], "redirect_uris": [] });
        let client = made(&register(&kw, &initial.token, &body).await);
        assert_eq!((&client["client_name"], &client["scope"], &client["grant_types"]), (&json!("Till 7"), &json!("default"), &json!(["client_credentials"])));
        assert_eq!((&client["token_endpoint_auth_method"], &client["client_secret_expires_at"]), (&json!("client_secret_basic"), &json!(0)));
        assert!(client.get("software_id").is_none() && client["client_id_issued_at"].is_u64(), "{client}");
        let (id, own) = (client["client_id"].as_str().unwrap(), own_token(&client));
        assert!(id.starts_with("kw_ci_test_") && own.starts_with("kw_ra_"));
        assert_eq!(client["registration_client_uri"], format!("{}/oauth2/register/{id}", kw.address));

        let server = kw.done(&["resource-server", "create", "APIs", "--services", "rest-apis", "--environments", "sandbox"]).await;
        let listed = kw.done(&["key", "list", "--application", &initial.application]).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let till = Client { credential: text(&listed[0]["id"]), id: id.to_owned(), secret: text(&client["client_secret"]), gateway: text(&server["token"]) };
        kw.settled().await;
        let token = till.token(&kw).await;
        assert_eq!(till.code(&kw, &token).await, "valid");
        for not_a_key in [&initial.token, &own] {
            assert_ne!(till.code(&kw, not_a_key).await, "valid");
        }

        let path = own_path(&client);
        let shown = call(&kw, Method::GET, &path, &own, &Value::Null).await;
        assert_eq!((shown.status, shown.header("cache-control")), (200, Some("no-store")), "{shown:?}");
        let mut expected = client.clone();
        for gone in ["client_secret", "client_secret_expires_at"] {
            expected.as_object_mut().unwrap().remove(gone);
        }
        assert_eq!(shown.json(), expected, "all but the secret, which is shown once");

        let change = json!({ "client_id": id, "client_secret": till.secret, "client_name": "Till 8", "scope": "", "token_endpoint_auth_method": "client_secret_post" });
        let changed = call(&kw, Method::PUT, &path, &own, &change).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let changed = changed.json();
        assert_eq!((&changed["client_name"], &changed["scope"], &changed["token_endpoint_auth_method"]), (&json!("Till 8"), &json!(""), &json!("client_secret_post")));
        assert_eq!(call(&kw, Method::GET, &path, &own, &Value::Null).await.json(), changed);
        for bad in [
            json!({}), json!({ "client_id": "another" }), json!({ "client_id": id, "scope": "default" }), json!({ "client_id": id, "client_secret": "guessed" }),
            json!({ "client_id": id, "registration_access_token": own }), json!({ "client_id": id, "token_endpoint_auth_method": "private_key_jwt" }),
        ] {
            refused(&call(&kw, Method::PUT, &path, &own, &bad).await, 400, "invalid_client_metadata");
        }

        let ended = call(&kw, Method::DELETE, &path, &own, &Value::Null).await;
        assert_eq!((ended.status, ended.header("cache-control"), ended.body.as_str()), (204, Some("no-store"), ""), "{ended:?}");
        kw.settled().await;
        assert_eq!((till.ask(&kw, &[]).await.json()["error"].as_str(), till.code(&kw, &token).await.as_str()), (Some("invalid_client"), "revoked"));
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            refused(&call(&kw, method, &path, &own, &Value::Null).await, 401, "invalid_token");
        }
    }

    async fn what_is_wrong_with_a_registration_is_told_as_the_rfc_has_it(kw: Server) {
        let initial = initial(&kw, &[]).await;
        let url = || kw.url("/oauth2/register");
        refused(&Reply::of(kw.http.post(url()).json(&json!({}))).await, 401, "invalid_token");
        refused(&Reply::of(kw.http.post(url()).basic_auth("a", Some("b")).json(&json!({}))).await, 401, "invalid_token");
        for wrong in ["x", "kw_ia_0000000000000000000000000000000000aa", &initial.id] {
            refused(&register(&kw, wrong, &json!({})).await, 401, "invalid_token");
        }
        refused(&Reply::of(kw.http.post(url()).bearer_auth(&initial.token).body("{}")).await, 400, "invalid_request");
        for bad in [
            json!([]), json!({ "client_name": "" }), json!({ "scope": "default admin" }), json!({ "grant_types": ["authorization_code"] }),
            json!({ "token_endpoint_auth_method": "none" }), json!({ "token_endpoint_auth_method": "private_key_jwt" }), json!({ "jwks_uri": "https://example.com" }),
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [] } }), json!({ "response_types": ["code"] }),
        ] {
            refused(&register(&kw, &initial.token, &bad).await, 400, "invalid_client_metadata");
        }
        refused(&register(&kw, &initial.token, &json!({ "redirect_uris": ["https://example.com"] })).await, 400, "invalid_redirect_uri");
        let client = made(&register(&kw, &initial.token, &json!({})).await);
        refused(&call(&kw, Method::GET, "/oauth2/register/kw_ci_test_other", &own_token(&client), &Value::Null).await, 403, "access_denied");
        refused(&call(&kw, Method::GET, &own_path(&client), &initial.token, &Value::Null).await, 401, "invalid_token");
        refused(&register(&kw, &own_token(&client), &json!({})).await, 401, "invalid_token");
    }

    async fn an_initial_access_token_is_for_one_application_so_many_clients_and_so_long(kw: Server) {
        let two = initial(&kw, &["--clients-max", "2"]).await;
        assert!(two.warning.as_deref().is_some_and(|warning| warning.contains("allows one live client for each environment")), "{:?}", two.warning);
        let first = made(&register(&kw, &two.token, &json!({})).await);
        // The catalogue allows one live client an environment; a refused registration does not count.
        let full = register(&kw, &two.token, &json!({})).await;
        refused(&full, 403, "access_denied");
        assert!(full.body.contains("registration_client_uri") && !full.body.contains("rotate"), "{full:?}");
        assert_eq!(call(&kw, Method::DELETE, &own_path(&first), &own_token(&first), &Value::Null).await.status, 204);
        let second = made(&register(&kw, &two.token, &json!({})).await);
        assert_eq!(call(&kw, Method::DELETE, &own_path(&second), &own_token(&second), &Value::Null).await.status, 204);
        refused(&register(&kw, &two.token, &json!({})).await, 401, "invalid_token");
        let listed = kw.done(&["app", "registration-token", "list", "--application", &two.application]).await;
        assert_eq!((&listed[0]["clients"], &listed[0]["clients_max"]), (&json!(2), &json!(2)));
        assert!(!listed.to_string().contains(&two.token));

        // What the catalogue asks for before production works is not passed by.
        let production = initial_for(&kw, &two.application, "production", &[]).await;
        refused(&register(&kw, &production.token, &json!({})).await, 403, "access_denied");
        kw.done(&["app", "activate", &two.application]).await;
        let client = made(&register(&kw, &production.token, &json!({})).await);
        assert!(client["client_id"].as_str().unwrap().starts_with("kw_ci_live_"));

        let revoked = initial_for(&kw, &two.application, "sandbox", &[]).await;
        let revoke = ["app", "registration-token", "revoke", "--application", &revoked.application, &revoked.id];
        assert!(kw.done(&revoke).await["revoked_at"].is_string());
        assert_eq!(kw.done(&revoke).await["id"], revoked.id.as_str());
        refused(&register(&kw, &revoked.token, &json!({})).await, 401, "invalid_token");
        let soon = (std::time::SystemTime::now() + std::time::Duration::from_secs(5)).duration_since(std::time::UNIX_EPOCH).unwrap();
        let soon = keywright_domain::time::Timestamp::from_us(i64::try_from(soon.as_micros()).unwrap()).to_string();
        let expired = initial_for(&kw, &two.application, "sandbox", &["--expires-at", &soon]).await;
        crate::support::wait_until("the token has expired", async || register(&kw, &expired.token, &json!([])).await.status == 401).await;

        let elsewhere = initial_for(&kw, &two.application, "sandbox", &[]).await;
        kw.done(&["app", "delete", &two.application, "--confirm", "Shop"]).await;
        refused(&register(&kw, &elsewhere.token, &json!({})).await, 401, "invalid_token");
        refused(&call(&kw, Method::GET, &own_path(&client), &own_token(&client), &Value::Null).await, 401, "invalid_token");
    }

    async fn initial_access_tokens_are_made_listed_and_revoked_by_the_api(kw: Server) {
        let application = application(&kw).await;
        let organisation = kw.done(&["app", "create", "--organisation", &kw.organisation().await, "--name", "x", "--service", "business-api"]).await;
        let owner = crate::rights::signed_in(&kw, "ann", false, None).await;
        let path = format!("/api/v1/applications/{application}/registration-tokens");
        let send = async |method: Method, path: &str, body: &Value| {
            let request = owner.browser.request(method, path).header("Origin", &owner.browser.origin);
            owner.browser.send(path, if body.is_null() { request } else { request.json(body) }).await
        };
        let read = |page: &crate::support::Page| serde_json::from_str::<Value>(&page.body).unwrap();
        let body = json!({ "name": "Tills", "service": "rest-apis", "environment": "sandbox" });
        let page = send(Method::POST, &path, &body).await;
        assert_eq!(page.status, 201, "{page:?}");
        let made_here = read(&page)["data"].clone();
        assert!(made_here["token"].as_str().unwrap().starts_with("kw_ia_"));
        for (field, value) in [("service", json!("business-api")), ("environment", json!("x")), ("clients_max", json!(0)), ("clients_max", json!(1_001)), ("expires_at", json!("2199-01-01T00:00:00Z")), ("name", json!(""))] {
            let mut bad = body.clone();
            bad[field] = value;
            let refused = send(Method::POST, &path, &bad).await;
            assert_eq!((refused.status, &read(&refused)["errors"][0]["field"]), (400, &json!(field)), "{refused:?}");
        }
        let client = made(&register(&kw, made_here["token"].as_str().unwrap(), &json!({})).await);
        let listed = read(&send(Method::GET, &path, &Value::Null).await)["data"].clone();
        assert_eq!((&listed[0]["id"], &listed[0]["clients"]), (&made_here["id"], &json!(1)));
        assert!(listed[0]["person_id"].as_str().unwrap().starts_with("prs_"));
        let id = made_here["id"].as_str().unwrap();
        let others = format!("/api/v1/applications/{}/registration-tokens/{id}", organisation["id"].as_str().unwrap());
        assert_eq!(send(Method::DELETE, &others, &Value::Null).await.status, 404, "it is another application's");
        assert!(read(&send(Method::DELETE, &format!("{path}/{id}"), &Value::Null).await)["data"]["revoked_at"].is_string());
        // The clients that it registered stay.
        assert_eq!(call(&kw, Method::GET, &own_path(&client), &own_token(&client), &Value::Null).await.status, 200);
        let listed = kw.done(&["key", "list", "--application", &application]).await;
        assert!(keyed(&kw, &["key", "revoke", listed[0]["id"].as_str().unwrap()]).await["id"].is_string());
        refused(&call(&kw, Method::GET, &own_path(&client), &own_token(&client), &Value::Null).await, 401, "invalid_token");

        // What a management token has made ends with it.
        let owner = listed[0]["organisation_id"].as_str().unwrap();
        let manager = kw.done(&["token", "create", "--organisation", owner, "--name", "Roll-out", "--grants", "edit"]).await;
        let mut two = body.clone();
        two["clients_max"] = json!(2);
        let page = call(&kw, Method::POST, &path, manager["token"].as_str().unwrap(), &two).await;
        assert_eq!(page.status, 201, "{page:?}");
        let of_manager = page.json()["data"].clone();
        made(&register(&kw, of_manager["token"].as_str().unwrap(), &json!({})).await);
        kw.done(&["token", "revoke", manager["id"].as_str().unwrap()]).await;
        refused(&register(&kw, of_manager["token"].as_str().unwrap(), &json!({})).await, 401, "invalid_token");
        let listed = kw.done(&["app", "registration-token", "list", "--application", &application]).await;
        assert_eq!((&listed[0]["id"], listed[0]["revoked_at"].is_string()), (&of_manager["id"], true), "{listed}");
        // Each caller reads the name that their own form has for a field.
        let none = send(Method::POST, &format!("/api/v1/organisations/{owner}/applications"), &json!({ "name": "x", "services": ["nothing"] })).await;
        assert_eq!((none.status, &read(&none)["errors"][0]["field"]), (400, &json!("services")), "{none:?}");
    }

    async fn a_client_replaces_its_key_by_its_own_word(kw: Server) {
        let (first, second, third) = (fresh(), fresh(), fresh());
        let jwks = |pair: &KeyPair| json!({ "keys": [pair.public().to_jwk()] });
        let with_key = async |pair: &KeyPair| {
            let body = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(pair) });
            made(&register(&kw, &initial(&kw, &[]).await.token, &body).await)
        };
        let client = with_key(&first).await;
        let (id, own, path) = (client["client_id"].as_str().unwrap(), own_token(&client), own_path(&client));
        kw.settled().await;
        assert_eq!(ask(&kw, id, &first).await.status, 200);

        let put = async |pair: &KeyPair| call(&kw, Method::PUT, &path, &own, &json!({ "client_id": id, "client_name": "Till", "jwks": jwks(pair) })).await;
        let changed = put(&second).await;
        assert_eq!((changed.status, &changed.json()["jwks"], &changed.json()["client_name"]), (200, &jwks(&second), &json!("Till")), "{changed:?}");
        kw.settled().await;
        // The old one goes on for as long as the service says.
        for pair in [&first, &second] {
            assert_eq!(ask(&kw, id, pair).await.status, 200);
        }
        assert_eq!(put(&second).await.status, 200, "the same again changes nothing");
        refused(&put(&third).await, 403, "access_denied");
        assert_eq!(call(&kw, Method::GET, &path, &own, &Value::Null).await.json()["jwks"], jwks(&second));

        // A key is one credential's for ever, and nothing of a refused change is kept.
        let other = with_key(&third).await;
        let take = json!({ "client_id": other["client_id"], "client_name": "Thief", "jwks": jwks(&first) });
        refused(&call(&kw, Method::PUT, &own_path(&other), &own_token(&other), &take).await, 403, "access_denied");
        let shown = call(&kw, Method::GET, &own_path(&other), &own_token(&other), &Value::Null).await.json();
        assert_eq!((&shown["jwks"], &shown["client_name"]), (&jwks(&third), &other["client_name"]));

        let with_secret = made(&register(&kw, &initial(&kw, &[]).await.token, &json!({})).await);
        let body = json!({ "client_id": with_secret["client_id"], "jwks": jwks(&fresh()) });
        refused(&call(&kw, Method::PUT, &own_path(&with_secret), &own_token(&with_secret), &body).await, 400, "invalid_client_metadata");
    }

    async fn openid_client_registers_itself_with_a_secret_and_with_a_key(kw: Server) {
        let (one, other) = (initial(&kw, &[]).await, initial(&kw, &["--clients-max", "2"]).await);
        let mut command = Command::new("node");
        let given = json!({ "base": kw.address, "secret": one.token, "key": other.token });
        command.arg(scripts().join("client-register.mjs")).env("GIVEN", given.to_string()).stdin(Stdio::null()).kill_on_drop(true);
        let told = kw.run(command, b"", &[]).await.exits(0).json();
        assert_eq!((&told["secret"]["method"], &told["key"]["method"]), (&json!("client_secret_post"), &json!("private_key_jwt")), "{told}");
        for way in ["secret", "key"] {
            assert_eq!((&told[way]["type"], &told[way]["active"]), (&json!("bearer"), &json!(true)), "{told}");
        }
        assert_eq!((&told["key"]["has_secret"], &told["refused"]), (&json!(false), &json!({ "error": "invalid_token", "status": 401 })), "{told}");
        // A key is one credential's for ever.
        let body = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": told["key"]["jwks"] });
        let third = initial_for(&kw, &application(&kw).await, "sandbox", &[]).await;
        refused(&register(&kw, &third.token, &body).await, 403, "access_denied");
    }
}
