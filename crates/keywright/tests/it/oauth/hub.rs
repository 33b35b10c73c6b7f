//! Consumer keys by clicking: made with a first access token, used by pasting, and looked after.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::signatures_hub::{copied, run};
use crate::support::{Browser, Page, Place, Reply, Server, stories};

const ANN: &str = "ann@acme.example";

/// The token of a resource server for the APIs.
async fn gateway(kw: &Place) -> String {
    let made = kw.done(&["resource-server", "create", "APIs", "--services", "rest-apis", "--environments", "production,sandbox"]).await;
    made["token"].as_str().unwrap().to_owned()
}

/// The verdict on an access token.
async fn verdict(kw: &Server, gateway: &str, token: &str) -> Value {
    kw.settled().await;
    kw.ask_as(gateway, json!({ "credential": token })).await.json()
}

/// The page that makes keys of an application in the sandbox.
async fn new_keys(ann: &Browser, action: &str) -> Page {
    ann.get(&format!("{action}?environment=sandbox")).await.is(200)
}

/// Makes keys, with these choices besides.
async fn generate(ann: &Browser, action: &str, choices: &[(&str, &str)]) -> Page {
    let form = new_keys(ann, action).await;
    let filled = choices.iter().fold(form.form(action), |form, (name, value)| form.with(name, value));
    ann.submit(&filled).await.is(200)
}

/// Somebody at a browser, and where they make keys of their application.
async fn ann(kw: &Server) -> (Browser, String) {
    let ann = Browser::at(kw);
    ann.sign_in(kw.place(), ANN).await;
    let organisation = ann.register("Acme Travel").await;
    let application = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", "rest-apis"]).await;
    let action = format!("/applications/{}/keys/new", application["id"].as_str().unwrap());
    (ann, action)
}

/// An API that asks about the bearer of each request, and says what it heard.
async fn api(verify: String, gateway: String, listener: TcpListener) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { break };
            head.push(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let token = head.lines().find_map(|line| line.strip_prefix("Authorization: Bearer ")).unwrap_or_default();
        let said = Reply::of(http.post(&verify).bearer_auth(&gateway).json(&json!({ "credential": token }))).await.json().to_string();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{said}", said.len());
        // Whoever asked may be gone by now.
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

stories! {
    async fn keys_come_with_an_access_token_and_the_sample_gets_another(kw: Server) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
        let declared = format!("name = \"REST APIs\"\nauthorities = {{ sandbox = [\"{}\"] }}", listener.local_addr().unwrap());
        let path = kw.directory().join("catalog.toml");
        std::fs::write(&path, shown.replace("name = \"REST APIs\"", &declared)).unwrap();
        kw.done(&["catalog", "apply", path.to_str().unwrap()]).await;
        let gateway = gateway(kw.place()).await;
        tokio::spawn(api(kw.url("/verify"), gateway.clone(), listener));
        let (ann, action) = ann(&kw).await;

        new_keys(&ann, &action).await.says("Generate keys").says("Consumer key and secret");
        let made = generate(&ann, &action, &[]).await;
        made.says("Consumer key").says("Your consumer secret").says("Your first access token").says("Copy it now").says("JWT").says("Token endpoint");
        made.says(&kw.url("/oauth2/token")).says("Expires").says("default");
        assert!(made.header("cache-control").unwrap().contains("no-store"), "{:?}", made.headers);
        let (secret, token) = (copied(&made, "secret"), copied(&made, "token"));
        assert!(secret.starts_with("kw_sk_test_") && token.starts_with("eyJ"), "{token}");
        assert_eq!((made.body.matches(&secret).count(), made.body.matches(&token).count()), (1, 1));
        let verdict = verdict(&kw, &gateway, &token).await;
        assert_eq!((&verdict["code"], &verdict["scope"], &verdict["version"]), (&json!("valid"), &json!("default"), &json!(1)), "{verdict}");
        made.says(verdict["jti"].as_str().unwrap());

        for (sample, program, file) in [("use-it-code-1", "bash", "oauth.sh"), ("use-it-code-2", "node", "oauth.mjs"), ("use-it-code-3", "python3", "oauth.py")] {
            let code = copied(&made, sample);
            let (ok, said) = run(&kw, program, file, &code, &secret).await;
            assert!(ok && said.replace(' ', "").contains("\"code\":\"valid\""), "{file}: {said}");
            let (ok, said) = run(&kw, program, file, &code, "another secret").await;
            assert!(!ok, "{file}: {said}");
        }
        let key = made.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap();
        let page = ann.get(&key).await.is(200);
        page.says("made an access token");
        assert!(!page.body.contains(&token) && !page.body.contains(&secret));
    }

    async fn keys_that_do_not_work_yet_come_without_a_token(kw: Server) {
        let (ann, action) = ann(&kw).await;
        let form = ann.get(&format!("{action}?environment=production")).await.is(200);
        let made = ann.submit(&form.form(&action)).await.is(200);
        made.says("Your consumer secret").says("does not work yet").says_not("Your first access token").says_not("There is no access token yet");
    }

    async fn the_form_of_tokens_and_their_scopes_are_chosen_with_the_keys(kw: Server) {
        let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
        let path = kw.directory().join("catalog.toml");
        let more = shown.replace("default = \"Call the APIs\"", "\"orders:read\" = \"See orders\", \"orders:write\" = \"Make orders\"");
        assert_ne!(more, shown);
        std::fs::write(&path, more).unwrap();
        kw.done(&["catalog", "apply", path.to_str().unwrap()]).await;
        let gateway = gateway(kw.place()).await;
        let (ann, action) = ann(&kw).await;
        let form = new_keys(&ann, &action).await;
        form.says("Access tokens").says("JWT").says("Opaque");
        let form = form.form(&action);
        assert_eq!(form.value("token_form"), Some("jwt"), "what the catalogue says");
        let wrong = ann.submit(&form.clone().put("token_form", "paper")).await;
        assert_eq!(wrong.status, 400, "{wrong:?}");
        wrong.says("Access tokens");

        let choices = [("token_form", "opaque"), ("permissions_which", "chosen"), ("permissions", "orders:read")];
        let made = generate(&ann, &action, &choices).await;
        let token = copied(&made, "token");
        assert!(token.starts_with("kw_at_"), "{token}");
        let verdict = verdict(&kw, &gateway, &token).await;
        assert_eq!((&verdict["code"], &verdict["scope"]), (&json!("valid"), &json!("orders:read")), "{verdict}");
        let key = made.links().into_iter().find(|link| link.starts_with("/keys/key_")).unwrap();
        ann.get(&key).await.is(200).says("Access tokens opaque");
    }
}
