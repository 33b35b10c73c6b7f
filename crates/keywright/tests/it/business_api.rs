//! The Business API as back ends use it: bad input, repeats, and what it never does.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Reply, Server, stories};

const KEYS: &str = "/api/v1/business/api-keys";

/// A back end with a management token of its organisation.
struct BackEnd<'a> {
    kw: &'a Server,
    token: String,
}

impl<'a> BackEnd<'a> {
    async fn of(kw: &'a Server, grants: &str) -> Self {
        let organisation = kw.organisation().await;
        let made = kw.done(&["token", "create", "--organisation", &organisation, "--name", "CI", "--grants", grants]).await;
        Self { kw, token: made["token"].as_str().unwrap().to_owned() }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Reply {
        let request = self.kw.http.request(method, format!("{}{path}", self.kw.address)).bearer_auth(&self.token);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Reply::of(body.into_iter().fold(request, |request, body| request.json(body))).await
    }

    async fn made(&self, body: &Value) -> Value {
        let reply = self.call(Method::POST, KEYS, Some(body), &[]).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json()["data"].clone()
    }
}

stories! {
    async fn each_wrong_field_of_a_key_is_named_and_nothing_is_made(kw: Server) {
        let back_end = BackEnd::of(&kw, "admin").await;
        let cases = [
            (json!({}), "name"),
            (json!({ "name": "" }), "name"),
            (json!({ "name": 7 }), "name"),
            (json!({ "name": "x".repeat(10_000) }), "name"),
            (json!({ "name": "a\u{202e}b" }), "name"),
            (json!({ "name": "a", "permissions": "payouts:write" }), "permissions"),
            (json!({ "name": "a", "permissions": ["payouts:wirte"] }), "permissions"),
            (json!({ "name": "a", "expires_at": "2027-01-01" }), "expires_at"),
            (json!({ "name": "a", "expires_at": "2027-01-01T00:00:00" }), "expires_at"),
            (json!({ "name": "a", "expires_at": "2020-01-01T00:00:00Z" }), "expires_at"),
            (json!({ "name": "a", "expiry": "2027-01-01T00:00:00Z" }), "expiry"),
        ];
        for (body, field) in cases {
            let refused = back_end.call(Method::POST, KEYS, Some(&body), &[]).await;
            assert_eq!(refused.problem(400), "invalid_request", "{body}");
            let errors = refused.json()["errors"].clone();
            let named = errors.as_array().unwrap().iter().any(|e| format!("{} {}", e["field"].as_str().unwrap(), e["message"].as_str().unwrap()).contains(field));
            assert!(named, "{body}: {errors}");
        }
        let shape = back_end.call(Method::POST, KEYS, Some(&json!({ "permissions": 5, "expires_at": "x" })), &[]).await;
        let told = json!([{ "field": "name", "message": "is missing" }, { "field": "permissions", "message": "is not a list of texts" }]);
        assert_eq!(shape.json()["errors"], told);
        let null = back_end.call(Method::POST, KEYS, Some(&json!({ "name": "a", "permissions": null })), &[]).await;
        let told = json!([{ "field": "permissions", "message": "is null: leave it out for all of them, or write [] for none" }]);
        assert_eq!((null.problem(400).as_str(), &null.json()["errors"]), ("invalid_request", &told));
        let both = back_end.call(Method::POST, KEYS, Some(&json!({ "name": "", "expires_at": "soon", "permissions": ["x"] })), &[]).await;
        assert_eq!(both.json()["errors"].as_array().unwrap().len(), 3, "every bad field at once: {both:?}");
        assert_eq!(back_end.call(Method::GET, KEYS, None, &[]).await.json()["data"], json!([]));
    }

    async fn permissions_are_all_none_or_those_named_and_dates_come_back_in_utc(kw: Server) {
        let back_end = BackEnd::of(&kw, "admin").await;
        let all = back_end.made(&json!({ "name": "All" })).await;
        assert!(all["permissions"].as_array().unwrap().len() >= 6, "{all}");
        assert!(all.get("expires_at").is_none() && all.get("last_used_at").is_none(), "what is not there is left out: {all}");
        let none = back_end.made(&json!({ "name": "None", "permissions": [] })).await;
        assert_eq!(none["permissions"], json!([]));
        let dated = back_end.made(&json!({ "name": "Dated", "permissions": ["payouts:write"], "expires_at": "2099-01-01T02:00:00+02:00" })).await;
        assert_eq!((&dated["permissions"], &dated["expires_at"]), (&json!(["payouts:write"]), &json!("2099-01-01T00:00:00Z")));
        assert_eq!(dated["key_prefix"].as_str().unwrap(), &dated["key"].as_str().unwrap()[..8]);
        let listed = back_end.call(Method::GET, KEYS, None, &[]).await.json()["data"].clone();
        let names: Vec<&str> = listed.as_array().unwrap().iter().map(|k| k["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Dated", "None", "All"], "newest first");
        assert!(listed.as_array().unwrap().iter().all(|k| k.get("key").is_none()), "{listed}");
        let sandbox = back_end.call(Method::POST, &format!("{KEYS}?environment=sandbox"), Some(&json!({ "name": "Try" })), &[]).await;
        assert!(sandbox.json()["data"]["key"].as_str().unwrap().contains("_test_"));
        assert_eq!(back_end.call(Method::GET, &format!("{KEYS}?environment=sandbox"), None, &[]).await.json()["data"].as_array().unwrap().len(), 1);
        kw.settled().await;
        assert_eq!(kw.code(all["key"].as_str().unwrap()).await, "valid");
    }

    async fn a_key_is_rotated_and_revoked_as_often_as_one_likes(kw: Server) {
        let back_end = BackEnd::of(&kw, "admin").await;
        let made = back_end.made(&json!({ "name": "Back end" })).await;
        let (id, first) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
        let rotated = back_end.call(Method::POST, &format!("{KEYS}/{id}/rotate"), None, &[]).await;
        assert_eq!(rotated.status, 201, "{rotated:?}");
        let second = rotated.json()["data"]["key"].as_str().unwrap().to_owned();
        kw.settled().await;
        assert_eq!((kw.code(first).await.as_str(), kw.code(&second).await.as_str()), ("valid", "valid"), "they overlap");
        for _ in 0..2 {
            let ended = back_end.call(Method::DELETE, &format!("{KEYS}/{id}"), None, &[]).await;
            assert_eq!((ended.status, &ended.json()["data"]["is_active"]), (200, &json!(false)), "{ended:?}");
            assert!(!ended.body.contains(&second));
        }
        kw.settled().await;
        assert_eq!(kw.code(&second).await, "revoked");
        assert_eq!(back_end.call(Method::POST, &format!("{KEYS}/{id}/rotate"), None, &[]).await.problem(409), "credential_ended");
        for unknown in ["key_01HX9KZMB3F7VNQP8R2WDGT4E6", "nonsense", "app_01HX9KZMB3F7VNQP8R2WDGT4E6"] {
            assert_eq!(back_end.call(Method::DELETE, &format!("{KEYS}/{unknown}"), None, &[]).await.problem(404), "not_found", "{unknown}");
        }
        let listed = back_end.call(Method::GET, KEYS, None, &[]).await.json()["data"].clone();
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["is_active"]), (1, &json!(false)), "ended keys are listed");
    }

    async fn an_api_key_is_no_access_token_and_other_applications_keys_are_not_there(kw: Server) {
        let back_end = BackEnd::of(&kw, "admin").await;
        let made = back_end.made(&json!({ "name": "Back end" })).await;
        let with_key = BackEnd { kw: &kw, token: made["key"].as_str().unwrap().to_owned() };
        let refused = with_key.call(Method::GET, KEYS, None, &[]).await;
        assert_eq!(refused.status, 401);
        assert!(refused.body.contains("this needs an access token, not an API key"), "{refused:?}");
        let stranger = BackEnd { kw: &kw, token: "kw_mgmt_nonsense".into() };
        assert_eq!(stranger.call(Method::GET, KEYS, None, &[]).await.status, 401);
        // A key of an ordinary application of another organisation.
        let other = kw.key(&kw.application().await, &[]).await;
        assert_eq!(back_end.call(Method::DELETE, &format!("{KEYS}/{}", other.id), None, &[]).await.problem(404), "not_found");
        let viewer = BackEnd::of(&kw, "view").await;
        assert_eq!(viewer.call(Method::GET, KEYS, None, &[]).await.status, StatusCode::OK.as_u16());
        assert_eq!(viewer.call(Method::POST, KEYS, Some(&json!({ "name": "x" })), &[]).await.problem(403), "forbidden");
    }

    async fn a_repeated_call_makes_one_key_and_shows_it_until_it_is_used(kw: Server) {
        let back_end = BackEnd::of(&kw, "admin").await;
        let (body, once) = (json!({ "name": "Once" }), [("Idempotency-Key", "0123456789abcdef0123")]);
        let first = back_end.call(Method::POST, KEYS, Some(&body), &once).await;
        let again = back_end.call(Method::POST, KEYS, Some(&body), &once).await;
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.json()["data"], again.json()["data"], "the same key, with its secret");
        let other = back_end.call(Method::POST, KEYS, Some(&json!({ "name": "Other" })), &once).await;
        assert_eq!(other.status, 422, "{other:?}");
        let short = back_end.call(Method::POST, KEYS, Some(&body), &[("Idempotency-Key", "short")]).await;
        assert_eq!(short.status, 400, "{short:?}");
        let key = first.json()["data"]["key"].as_str().unwrap().to_owned();
        kw.settled().await;
        assert_eq!(kw.code(&key).await, "valid");
        crate::support::wait_until("a repeat shows the secret no more", async || {
            let late = back_end.call(Method::POST, KEYS, Some(&body), &once).await;
            assert_eq!(late.json()["data"]["id"], first.json()["data"]["id"]);
            late.json()["data"].get("key").is_none() && late.body.contains("remedy")
        })
        .await;
        assert_eq!(back_end.call(Method::GET, KEYS, None, &[]).await.json()["data"].as_array().unwrap().len(), 1);
    }
}
