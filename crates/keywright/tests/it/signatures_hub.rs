//! A key and secret, made by clicking, used by pasting, and rotated while requests are signed with it.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keywright_crypto::mac::MacKey;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::support::{Browser, Page, Place, Reply, Server, stories, wait_for, wait_until};

const ANN: &str = "ann@acme.example";
const BODY: &str = r#"{"amount":"10.00"}"#;

/// The text of the element with this id, as it is copied.
#[track_caller]
pub(crate) fn copied(page: &Page, id: &str) -> String {
    let after = page.body.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} on {}: {}", page.path, page.text())).1;
    let text = after.split_once('>').unwrap().1.split('<').next().unwrap();
    text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
}

/// The public half that a page shows whole.
#[track_caller]
fn public_half(page: &Page) -> String {
    page.text().split_whitespace().find(|word| word.contains("_ak_") && word.len() > 30).unwrap_or_else(|| panic!("{}", page.text())).to_owned()
}

/// A request in Tylt's form, as a question about it.
fn signed(api_key: &str, secret: &str) -> Value {
    let mac = MacKey::new(secret.as_bytes()).unwrap().sign(&[BODY.as_bytes()]);
    json!({ "service": "payments", "environment": "sandbox", "source_ip": "127.0.0.1", "request": {
        "method": "POST", "url": "https://pay.example/orders", "body_base64": BASE64_STANDARD.encode(BODY),
        "headers": [["X-TLP-APIKEY", api_key], ["X-TLP-SIGNATURE", hex::encode(mac)]],
    }})
}

/// The token of a resource server for payments in both environments.
async fn token(kw: &Place) -> String {
    let made = kw.done(&["resource-server", "create", "Payments", "--services", "payments", "--environments", "production,sandbox"]).await;
    made["token"].as_str().unwrap().to_owned()
}

/// An API of this service behind a gateway that asks about each request as it came in, with its body, and says what it heard.
pub(crate) async fn gateway(verify: String, token: String, service: &'static str, listener: TcpListener) {
    let http = Arc::new(reqwest::Client::builder().no_proxy().build().unwrap());
    while let Ok((stream, _)) = listener.accept().await {
        let (http, verify, token) = (Arc::clone(&http), verify.clone(), token.clone());
        tokio::spawn(async move { answered(stream, &http, &verify, &token, service).await });
    }
}

async fn answered(mut stream: TcpStream, http: &reqwest::Client, verify: &str, token: &str, service: &str) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let (line, rest) = head.split_once("\r\n").unwrap();
    let headers: Vec<(&str, &str)> = rest.lines().filter_map(|line| line.split_once(": ")).collect();
    let of = |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
    let mut body = vec![0; of("content-length").map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let question = json!({ "service": service, "environment": "sandbox", "request": {
        "method": method, "url": format!("http://{}{target}", of("host")?), "headers": headers, "body_base64": BASE64_STANDARD.encode(&body),
    }});
    let verdict = Reply::of(http.post(verify).bearer_auth(token).json(&question)).await.json();
    let (status, text) = (if verdict["valid"] == true { "200 OK" } else { "401 Unauthorized" }, verdict.to_string());
    let answer = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len());
    stream.write_all(answer.as_bytes()).await.ok()
}

/// Runs a sample as somebody pasted it into a file, and gives what it printed.
pub(crate) async fn run(kw: &Place, program: &str, file: &str, code: &str, secret: &str) -> (bool, String) {
    let path = kw.directory().join(file);
    std::fs::write(&path, code).unwrap();
    let mut command = Command::new(program);
    command.arg(&path).env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("KEYWRIGHT_SECRET", secret).kill_on_drop(true);
    // A memory of nonces that is younger than a signature says so, in its first second: whoever runs a program by hand would run it again.
    wait_for("the server remembers nonces", async || {
        let output = command.output().await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let too_young = said.contains("verification_unavailable") || said.contains("temporarily_unavailable");
        (!too_young).then(|| (output.status.success(), said))
    })
    .await
}

/// The page of the own application's keys, and the form that makes one for payments in the sandbox.
async fn generate(browser: &Browser, organisation: &str) -> Page {
    let keys = browser.get(&format!("/organisations/{organisation}/settings/api-keys?environment=sandbox")).await.is(200);
    let new = keys.links().into_iter().find(|link| link.contains("/keys/new")).unwrap();
    let chooser = browser.get(&new).await.is(200);
    chooser.says("Which service is the key for?").says("API key and secret key").says("One for each environment");
    let action = new.split('?').next().unwrap();
    browser.submit(&chooser.form(action).with("service", "payments")).await.is(200)
}

/// The catalogue as it stands, with this address for payments in the sandbox.
async fn payments_at(kw: &Server, address: SocketAddr) {
    let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
    let path = kw.directory().join("catalog.toml");
    std::fs::write(&path, shown.replace("name = \"Payments\"", &format!("name = \"Payments\"\nauthorities = {{ sandbox = [\"{address}\"] }}"))).unwrap();
    kw.done(&["catalog", "apply", path.to_str().unwrap()]).await;
}

stories! {
    async fn a_pair_is_made_by_clicking_and_its_samples_work_as_pasted(kw: Server) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        payments_at(&kw, listener.local_addr().unwrap()).await;
        tokio::spawn(gateway(kw.url("/verify"), token(kw.place()).await, "payments", listener));
        let ann = Browser::at(&kw);
        ann.sign_in(kw.place(), ANN).await;
        let organisation = ann.register("Acme Travel").await;

        let form = generate(&ann, &organisation).await;
        form.says("Sandbox (Demo)").says("API key and secret key").says("Generate API key").says("never sent");
        let action = form.path.split('?').next().unwrap().to_owned();
        let form = form.form(&action);
        assert_eq!(form.value("name"), Some("Payments"));
        let made = ann.submit(&form).await.is(200);
        made.says("API key and secret key created").says("Your secret key").says("This is the only time").says("secrets manager").says("front end").says("update all integrations");
        made.says("HTTP message signatures").says("Tylt’s form").says("can be replayed by design").says("A captured request can be sent again");
        assert!(made.header("cache-control").unwrap().contains("no-store"), "{:?}", made.headers);
        let (api_key, secret) = (public_half(&made), copied(&made, "secret"));
        assert!(api_key.starts_with("kw_ak_test_") && secret.starts_with("kw_sk_test_"), "{api_key}");
        // The box is the only place that has the secret; the samples read it from the environment.
        assert_eq!(made.body.matches(&secret).count(), 1);
        kw.settled().await;
        for (sample, program, file) in [
            ("tylt-code-1", "bash", "tylt.sh"), ("tylt-code-2", "node", "tylt.mjs"), ("tylt-code-3", "python3", "tylt.py"),
            ("http-message-signatures-code-1", "bash", "hms.sh"), ("http-message-signatures-code-2", "node", "hms.mjs"), ("http-message-signatures-code-3", "python3", "hms.py"),
        ] {
            let code = copied(&made, sample);
            let (ok, said) = run(&kw, program, file, &code, &secret).await;
            assert!(ok && said.replace(' ', "").contains("\"code\":\"valid\""), "{file}: {said}");
            assert!(said.contains(if sample.starts_with("tylt") { "\"replay_scope\":\"none\"" } else { "\"body\":\"verified\"" }), "{file}: {said}");
            let (_, said) = run(&kw, program, file, &code, "another secret").await;
            assert!(said.contains("signature_invalid") || said.contains("401"), "{file}: {said}");
        }

        let keys = ann.get(&format!("/organisations/{organisation}/settings/api-keys?environment=sandbox")).await.is(200);
        keys.says("secret key kw_sk_test_").says("kw_ak_te…");
        assert!(!keys.text().contains(&secret));
    }

    async fn generating_again_is_a_rotation_that_says_what_happens_to_the_previous_secret(kw: Server) {
        let token = token(kw.place()).await;
        let ask = async |api_key: &str, secret: &str| Reply::of(kw.http.post(kw.url("/verify")).bearer_auth(&token).json(&signed(api_key, secret))).await.code();
        let ann = Browser::at(&kw);
        ann.sign_in(kw.place(), ANN).await;
        let organisation = ann.register("Acme Travel").await;
        let form = generate(&ann, &organisation).await;
        let action = form.path.split('?').next().unwrap().to_owned();
        let made = ann.submit(&form.form(&action)).await.is(200);
        let (api_key, first) = (public_half(&made), copied(&made, "secret"));
        kw.settled().await;
        assert_eq!(ask(&api_key, &first).await, "valid");

        let chooser = ann.get(&action).await.is(200);
        let again = ann.submit(&chooser.form(&action).with("service", "payments").put("environment", "sandbox")).await.is(200);
        assert!(again.path.starts_with("/keys/key_") && again.path.ends_with("/rotate"), "{}", again.path);
        again.says("There is one for each environment").says("what happens to the previous secret key").says("Update all integrations");
        again.says(&format!("The API key {api_key} stays the same"));
        let key = again.path.trim_end_matches("/rotate").to_owned();
        let rotated = ann.submit(&again.form(&again.path).with("policy", "overlap")).await.is(200);
        rotated.says("API key and secret key rotated").says("The secret key before it is accepted until");
        let second = copied(&rotated, "secret");
        assert_eq!(public_half(&rotated), api_key);
        kw.settled().await;
        for secret in [&first, &second] {
            assert_eq!(ask(&api_key, secret).await, "valid");
        }
        wait_until("the page says who uses the old secret", async || ann.get(&key).await.text().contains("An old version is still used")).await;
        ann.get(&key).await.is(200).says("from 127.0.0.1").says("Secret key").says("API key").says("Retiring");

        // The other environment is another credential; it is offered and not rotated.
        let chooser = ann.get(&action).await.is(200);
        let other = ann.submit(&chooser.form(&action).with("service", "payments").put("environment", "production")).await.is(200);
        other.says("Generate API key").says_not("There is one for each environment");
        // A form that was open all along makes no second one.
        let late = ann.send_form(&form.form(&action).put("once", "another-key-of-its-own")).await;
        assert!(late.status >= 400 && late.text().contains("rotate it instead"), "{late:?}");

        wait_until("the version in use is named", async || ann.get(&format!("{key}/rotate")).await.text().contains("version 2, which you use now?")).await;
        let ask_now = ann.get(&format!("{key}/rotate")).await.is(200);
        let third = ann.submit(&ask_now.form(&ask_now.path).with("policy", "immediate")).await.is(200);
        third.says("all integrations have to be updated");
        kw.settled().await;
        assert_eq!((ask(&api_key, &first).await.as_str(), ask(&api_key, &second).await.as_str()), ("retired_version", "retired_version"));
        assert_eq!(ask(&api_key, &copied(&third, "secret")).await, "valid");
        // Who still comes with what has ended is told version by version.
        assert_eq!(ask(&api_key, &first).await, "retired_version");
        wait_until("the page says who was refused", async || ann.get(&key).await.text().contains("Version 1 has ended. Since then 2 calls with it were refused")).await;
        let page = ann.get(&key).await.is(200);
        page.says("Somebody still uses an ended version").says("Version 2 has ended. Since then 1 call with it was refused").says("from 127.0.0.1");
        page.says("2 refused since, last just now from 127.0.0.1").says("1 refused since");
        let never_used = ann.submit(&ann.get(&format!("{key}/rotate")).await.form(&format!("{key}/rotate")).with("policy", "immediate")).await.is(200);
        drop(never_used);
        ann.get(&format!("{key}/rotate")).await.is(200).says("What happens to version 4, which nobody has used yet?");
    }
}
