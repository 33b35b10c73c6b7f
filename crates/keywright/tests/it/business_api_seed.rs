//! The examples of the page that the Business API is made after, as they stand but for host, token and key: curl against the API, axios behind nginx.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::browser::scripts;
use crate::nginx::{api, nginx};
use crate::support::{Place, Ran, Reply, stories};

/// The page itself, where it lies beside the repository.
const PAGE: &str = "../../../shared/seeds/yativo-api-keys.md";

const LIST: &str = r"curl -X GET 'https://api.yativo.com/api/v1/business/api-keys' \
    -H 'Authorization: Bearer YOUR_ACCESS_TOKEN'";

const CREATE: &str = r#"curl -X POST 'https://api.yativo.com/api/v1/business/api-keys' \
    -H 'Authorization: Bearer YOUR_ACCESS_TOKEN' \
    -H 'Content-Type: application/json' \
    -d '{
      "name": "Production Backend",
      "permissions": ["transactions:read", "payouts:write", "customers:read"]
    }'"#;

const REVOKE: &str = r"curl -X DELETE 'https://api.yativo.com/api/v1/business/api-keys/key_01HX9KZMB3F7VNQP8R2WDGT4E6' \
    -H 'Authorization: Bearer YOUR_ACCESS_TOKEN'";

const AXIOS: &str = r"const axios = require('axios');

const client = axios.create({
  baseURL: 'https://api.yativo.com/api',
  headers: {
    Authorization: `Bearer ${process.env.YATIVO_API_KEY}`,
    'Content-Type': 'application/json',
  },
});

const { data } = await client.get('/business/transactions/index');";

/// What of the page is replaced.
const HOST: &str = "https://api.yativo.com";
const ACCESS_TOKEN: &str = "YOUR_ACCESS_TOKEN";
const ID: &str = "key_01HX9KZMB3F7VNQP8R2WDGT4E6";

/// Members of `ApiKey`; those that may be missing are `last_used_at` and `expires_at`.
const ALWAYS: [&str; 6] = ["id", "name", "key_prefix", "permissions", "is_active", "created_at"];
const SOMETIMES: [&str; 2] = ["last_used_at", "expires_at"];

#[test]
fn the_examples_are_those_of_the_page() {
    let Ok(page) = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)) else { return };
    let plain = |text: &str| text.lines().map(|line| line.trim()).collect::<Vec<_>>().join("\n");
    for example in [LIST, CREATE, REVOKE, AXIOS] {
        assert!(plain(&page).contains(&plain(example)), "the page has no such lines:\n{example}");
    }
}

/// Runs an example with curl, quietly; the answer as it came, and the status under it.
async fn curl(place: &Place, base: &str, token: &str, example: &str) -> (u16, String) {
    assert_eq!((example.matches(HOST).count(), example.matches(ACCESS_TOKEN).count()), (1, 1));
    let line = example.replacen("curl ", "curl -sS -w '\\n%{http_code}' ", 1).replace(HOST, base).replace(ACCESS_TOKEN, token);
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(place.directory()).env("NO_PROXY", "*").stdin(Stdio::null()).kill_on_drop(true);
    let ran = place.run(command, b"", &[]).await.exits(0);
    let (body, status) = ran.stdout.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

#[track_caller]
fn data(answer: &(u16, String), status: u16) -> Value {
    assert_eq!(answer.0, status, "{}", answer.1);
    let body: Value = serde_json::from_str(&answer.1).unwrap();
    assert_eq!(body["status"], "success", "{body}");
    body["data"].clone()
}

/// It has the members of the page's `ApiKey`, and no others but these.
#[track_caller]
fn is_api_key(shown: &Value, besides: &[&str]) {
    let members = shown.as_object().unwrap();
    assert!(ALWAYS.iter().all(|name| members.contains_key(*name)), "{shown}");
    let known = |name: &String| [&ALWAYS[..], &SOMETIMES, besides].concat().contains(&name.as_str());
    assert!(members.keys().all(known) && members.values().all(|value| !value.is_null()), "{shown}");
}

/// A program of the page's lines, which prints what it got, or the status that it was refused with.
fn axios_program(place: &Place, base: &str) -> PathBuf {
    assert_eq!(AXIOS.matches(HOST).count(), 1);
    let packages = serde_json::to_string(&scripts().join("package.json")).unwrap();
    let (before, asks) = AXIOS.replace(HOST, base).split_once("\n\nconst { data }").map(|(b, a)| (b.to_owned(), format!("const {{ data }}{a}"))).unwrap();
    let program = format!(
        "import {{ createRequire }} from 'node:module';\nconst require = createRequire({packages});\n{before}\n\
         try {{\n{asks}\nconsole.log(data);\n}} catch (error) {{\nconsole.log(error.response?.status ?? error.message);\n}}\n"
    );
    let file = place.directory().join("example.mjs");
    std::fs::write(&file, program).unwrap();
    file
}

async fn axios(place: &Place, program: &Path, key: &str) -> String {
    let mut command = Command::new("node");
    command.arg(program).env("NO_PROXY", "*").env("YATIVO_API_KEY", key).stdin(Stdio::null()).kill_on_drop(true);
    let ran: Ran = place.run(command, b"", &[]).await.exits(0);
    assert_eq!(ran.stderr, "");
    ran.stdout
}

stories! {
    async fn the_examples_of_the_page_work_as_they_stand(place: Place) {
        let kw = place.serve(&["--trusted-proxy", "127.0.0.1/32"]).await;
        kw.organisation().await;
        let base = kw.address.clone();
        // The access token, as a back end gets it.
        let json = |path: &str, body: Value| kw.http.post(kw.url(path)).json(&body);
        let asked = Reply::of(json("/api/v1/auth/magic-link", serde_json::json!({ "email": "ann@example.com" }))).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        let answer = asked.json();
        let request_id = if answer["request_id"].is_string() { &answer["request_id"] } else { &answer["data"]["request_id"] };
        let code = kw.mail("ann@example.com").await.code();
        let got = Reply::of(json("/api/v1/auth/token", serde_json::json!({ "request_id": request_id, "code": code }))).await;
        assert_eq!(got.status, 200, "{}", got.status);
        let answer = got.json();
        let token = answer["access_token"].as_str().or_else(|| answer["data"]["access_token"].as_str()).unwrap().to_owned();

        // List, create, list.
        assert_eq!(data(&curl(&kw, &base, &token, LIST).await, 200), serde_json::json!([]));
        let made = data(&curl(&kw, &base, &token, CREATE).await, 201);
        is_api_key(&made, &["key"]);
        let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
        assert!(id.starts_with("key_") && key.starts_with(made["key_prefix"].as_str().unwrap()), "{id}");
        assert_eq!(made["key_prefix"].as_str().unwrap().len(), 8);
        // A set: its order is that of the alphabet.
        assert_eq!(made["permissions"], serde_json::json!(["customers:read", "payouts:write", "transactions:read"]));
        let listed = data(&curl(&kw, &base, &token, LIST).await, 200);
        is_api_key(&listed[0], &[]);
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"], &listed[0]["is_active"]), (1, &made["id"], &Value::Bool(true)));
        assert!(!listed.to_string().contains(key), "the key is in the list");

        // The API behind nginx answers the axios example, and knows who asks.
        let gateway = kw.done(&["resource-server", "create", "gateway", "--services", "business-api"]).await;
        kw.settled().await;
        let front = nginx(&place, base.strip_prefix("http://").unwrap(), api().await, gateway["token"].as_str().unwrap()).await;
        let program = axios_program(&place, &front.url);
        let seen = axios(&kw, &program, key).await;
        assert!(seen.starts_with("GET /api/business/transactions/index HTTP/1.1"), "{seen}");
        assert!(seen.to_lowercase().contains(&format!("keywright-credential-id: {}", id.to_lowercase())), "{seen}");
        assert!(!seen.contains(key));

        // Revoked, it is refused behind nginx too, and stays in the list as not active.
        let revoke = REVOKE.replace(ID, id);
        let (status, body) = curl(&kw, &base, &token, &revoke).await;
        assert!(status == 200 || status == 204, "{status} {body}");
        kw.settled().await;
        assert_eq!(axios(&kw, &program, key).await.trim(), "401");
        let listed = data(&curl(&kw, &base, &token, LIST).await, 200);
        assert!(listed.as_array().unwrap().iter().all(|shown| shown["id"] != made["id"] || shown["is_active"] == false), "{listed}");
    }
}
