//! Requests that were refused, signed by the command line or nearly right by hand, and what is said about them.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keywright_crypto::mac::MacKey;
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::sign::{self, Parameters};
use keywright_crypto::scheme::{Body, Request, UriScheme};
use keywright_domain::time::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Browser, Place, Reply, Signer, stories, wait_for};

const ANN: &str = "ann@example.com";
const URL: &str = "https://pay.example/orders?note=a%20b&n=2";
const BODY: &str = r#"{"amount": "10.00"}"#;
/// In every request that is pasted, and afterwards nowhere.
const MARKER: &str = "planted-4711-marker";

/// Both halves, as `key create --json` printed them.
struct Pair {
    id: String,
    api_key: String,
    secret: String,
}

impl Pair {
    async fn made(kw: &Place) -> (String, Self) {
        let organisation = kw.organisation().await;
        let own = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", "payments"]).await;
        let pair = Self::of(kw, own["id"].as_str().unwrap(), "sandbox").await;
        (organisation, pair)
    }

    async fn of(kw: &Place, application: &str, environment: &str) -> Self {
        let made = kw.done(&["key", "create", "--application", application, "--service", "payments", "--environment", environment, "--name", "Backend"]).await;
        std::fs::write(kw.directory().join("credential.json"), made.to_string()).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self { id: text("id"), api_key: text("api_key"), secret: text("secret_key") }
    }
}

/// How a request is made wrong.
#[derive(Clone, Copy)]
struct Wrong<'a> {
    secret: &'a str,
    keyid: &'a str,
    ago_s: i64,
    /// What is sent in the place of what was signed.
    target: &'a str,
    body: &'a str,
    digest: bool,
}

/// A request by RFC 9421 as it was sent, which names the marker.
fn sent(wrong: Wrong<'_>) -> String {
    let digest = sign::digest_header("POST", Some(BODY.as_bytes())).unwrap();
    let headers: [(&str, &[u8]); 1] = [("Content-Digest", digest.as_bytes())];
    let request = Request {
        method: "POST",
        scheme: UriScheme::Https,
        authority: "pay.example",
        target: "/orders?note=a%20b&n=2",
        headers: &headers,
        body: Body::Bytes(BODY.as_bytes()),
    };
    let now_s = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let parameters = Parameters { created_s: now_s - wrong.ago_s, expires_s: None, nonce: Some("once"), keyid: wrong.keyid, alg: None, tag: None };
    let signed = sign::http_message(&request, "sig1", &Coverage::STANDARD, &parameters).unwrap();
    let signature = signed.signature(&MacKey::new(wrong.secret.as_bytes()).unwrap().sign(&[&signed.base]));
    let digest = if wrong.digest { format!("Content-Digest: {digest}\r\n") } else { String::new() };
    let (target, input, body) = (wrong.target, signed.input(), wrong.body);
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: pay.example\r\nX-Marker: {MARKER}\r\n{digest}Signature-Input: {input}\r\nSignature: {signature}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Every file below a directory that holds a text.
fn holding(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes())) {
            found.push(path.display().to_string());
        }
    }
    found
}

stories! {
    async fn what_the_command_signs_is_accepted_and_each_way_of_being_wrong_is_told_apart(kw: Server) {
        let (organisation, pair) = Pair::made(kw.place()).await;
        let server = kw.done(&["resource-server", "create", "Payments", "--services", "payments", "--environments", "sandbox"]).await;
        let token = server["token"].as_str().unwrap().to_owned();
        let file = |name: &str, text: &str| {
            std::fs::write(kw.directory().join(name), text).unwrap();
            name.to_owned()
        };
        let body = file("body.json", BODY);
        kw.settled().await;
        for scheme in ["http-message-signatures", "tylt"] {
            let verdict = wait_for("the server remembers nonces", async || {
                let signed = kw.run(kw.bare_command(&["sign", "--credential", "credential.json", "POST", URL, "--body", &body, "--scheme", scheme, "--json"]), b"", &[]).await.exits(0).json();
                let mut headers: Vec<Value> = signed["headers"].as_object().unwrap().iter().map(|(name, value)| json!([name, value])).collect();
                headers.push(json!(["Host", "pay.example"]));
                let request = json!({ "method": "POST", "url": URL, "headers": headers, "body_base64": BASE64_STANDARD.encode(BODY) });
                let reply = Reply::of(kw.http.post(kw.url("/verify")).bearer_auth(&token).json(&json!({ "service": "payments", "environment": "sandbox", "request": request }))).await;
                (reply.status == 200).then(|| reply.json())
            })
            .await;
            assert_eq!((&verdict["code"], &verdict["credential_id"]), (&json!("valid"), &json!(pair.id)), "{scheme}: {verdict}");
        }

        let right = Wrong { secret: &pair.secret, keyid: &pair.api_key, ago_s: 0, target: "/orders?note=a%20b&n=2", body: BODY, digest: true };
        let (newline, carriage) = (format!("{}\n", pair.secret), format!("{}\r\n", pair.secret));
        let cases = [
            ("right", right, true, "the signature is right"),
            ("newline", Wrong { secret: &newline, ..right }, false, "line end after it"),
            ("carriage return", Wrong { secret: &carriage, ..right }, false, "the line end CR LF after it"),
            ("other secret", Wrong { secret: "another", ..right }, false, "fits the secret key of the version of this credential in no way"),
            // Nobody says when it was sent, so it may be pasted later.
            ("later", Wrong { ago_s: 412, ..right }, true, "the signature is right"),
            ("ahead", Wrong { ago_s: -412, ..right }, false, "the signer's clock is off by 41"),
            ("later and other", Wrong { ago_s: 412, secret: "another", ..right }, false, "fits the secret key of the version of this credential in no way"),
            ("twice a slash", Wrong { target: "//orders?note=a%20b&n=2", ..right }, false, "signed with one `/`"),
            ("body", Wrong { body: r#"{"amount":"10.00"}"#, ..right }, false, "JSON with a space after commas and colons"),
            ("other body", Wrong { body: "changed", ..right }, false, "digest"),
            ("query", Wrong { target: "/orders?note=a+b&n=2", ..right }, false, "its spaces in the other form"),
            ("other query", Wrong { target: "/orders?n=2", ..right }, false, "fits the secret key of the version of this credential in no way"),
            ("public half", Wrong { secret: &pair.api_key, ..right }, false, "the API key was used in the place of the secret key"),
            ("header", Wrong { digest: false, ..right }, false, "content-digest"),
        ];
        for (name, wrong, fits, says) in cases {
            let pasted = sent(wrong);
            let ran = kw.cli_with_stdin(&["explain-signature", "--json"], &pasted).await.exits(0);
            let told = ran.json();
            assert_eq!((told["fits"].as_bool(), told["id"].as_str()), (Some(fits), Some(pair.id.as_str())), "{name}: {told}");
            let all = format!("{} {}", told["sentence"], told["also"]);
            assert!(told["sentence"].as_str().unwrap().contains(says), "{name}: {all}");
            assert_eq!(all.contains("you paste it later"), name.starts_with("later"), "{name}: {all}");
            assert!(!all.contains("set the signer's clock") || name.starts_with("later"), "said twice: {all}");
            // What the server builds is shown; what it would sign it with is not.
            let server: Vec<&str> = told["server_text"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
            let mac = MacKey::new(pair.secret.as_bytes()).unwrap().sign(&[server.join("\n").as_bytes()]);
            assert!(!ran.stdout.contains(&BASE64_STANDARD.encode(mac)) && !ran.stdout.contains(&hex::encode(mac)), "{name}");
            assert!(!ran.stdout.contains(&pair.secret), "{name}");
        }

        // Whoever says when it was sent is told about the clock, and once.
        let now_us = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
        let at = Timestamp::from_us(i64::try_from(now_us).unwrap()).to_string();
        let told = kw.cli_with_stdin(&["explain-signature", "--at", &at, "--json"], &sent(Wrong { ago_s: 412, ..right })).await.exits(0).json();
        assert!(told["sentence"].as_str().unwrap().contains("the signer's clock is off by 41") && told["also"] == json!([]), "{told}");

        // What curl shows, with the body below; and what names nobody says what it lacks.
        let shown = sent(right).split("\r\n\r\n").next().unwrap().lines().map(|line| format!("> {line}\n")).collect::<String>();
        let told = kw.cli_with_stdin(&["explain-signature", "--json"], &format!("* Connected\n{shown}>\n{BODY}\n< HTTP/1.1 401 Unauthorized\n")).await.exits(0).json();
        assert_eq!(told["fits"], json!(true), "{told}");
        let mistyped = pair.api_key.replace("kw_ak_", "kw_ka_");
        for (pasted, status, says) in [
            ("", 2, "paste a request"),
            ("hello", 2, "a request begins with a line such as"),
            ("GET / HTTP/1.1\nHost: h\n", 2, "no Signature-Input header"),
            ("bash <<'X'\ncurl h\nX\n", 2, "run it with curl -v"),
            (&*format!("{shown}>\n"), 2, "does not show the body"),
            (&*format!("GET / HTTP/1.1\nHost: h\nX: {}\n", "y".repeat(40_000)), 2, "more than 32768 bytes"),
            (&*sent(Wrong { keyid: &mistyped, ..right }), 3, "it is mistyped, or of another installation"),
        ] {
            let problem = kw.cli_with_stdin(&["explain-signature", "--json"], pasted).await.exits(status).problem();
            assert!(problem.to_string().contains(says), "{pasted}: {problem}");
        }

        // A secret that was sent is told before all else, and is not repeated.
        for pasted in [sent(Wrong { keyid: &pair.secret, ..right }), format!("curl https://pay.example/ -H 'Authorization: Bearer {}'", pair.secret)] {
            let ran = kw.cli_with_stdin(&["explain-signature", "--json"], &pasted).await.exits(0);
            let told = ran.json();
            assert_eq!((told["fits"].as_bool(), told["id"].as_str()), (Some(false), Some(pair.id.as_str())), "{told}");
            assert!(told["sentence"].as_str().unwrap().contains("Rotate it") && !ran.stdout.contains(&pair.secret), "{told}");
        }

        // The client's own text beside the server's, to the byte; the same by the API, whose repeat is not kept.
        let pasted = sent(Wrong { target: "/orders?note=a+b&n=2", ..right });
        let mut told = kw.cli_with_stdin(&["explain-signature", &pair.id, "--json"], &sent(right)).await.exits(0).json();
        let client: Vec<&str> = told["server_text"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let question = json!({ "request": pasted, "signed_text": client.join("\n") });
        let made = kw.done(&["token", "create", "--organisation", &organisation, "--name", "CI", "--grants", "view"]).await;
        let ask = || kw.http.post(kw.url(&format!("/api/v1/credentials/{}/explain-signature", pair.id))).bearer_auth(made["token"].as_str().unwrap());
        let reply = Reply::of(ask().header("Idempotency-Key", "0123456789abcdef-explain").json(&question)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        told = reply.json()["data"].clone();
        assert!(told["sentence"].as_str().unwrap().contains("encoded in another way"), "{told}");
        assert_eq!((&told["first_difference"]["server"].as_str().unwrap()[..1], told["found_out"].as_bool()), ("+", Some(false)), "{told}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let bad = Reply::of(ask().json(&json!({ "request": "planted-4711-marker", "at": "soon", "scheme": "sshsig" }))).await;
        assert_eq!(bad.problem(400), "invalid_request");
        for field in ["request", "at", "scheme"] {
            assert!(bad.body.contains(&format!("\"field\":\"{field}\"")), "{bad:?}");
        }
        assert!(!bad.body.contains(MARKER), "{bad:?}");

        // An older secret is told as such, and a pair that is not this one.
        let rotated = kw.done(&["key", "rotate", &pair.id, "--policy", "immediate"]).await;
        assert_eq!(rotated["api_key"], json!(pair.api_key));
        let told = kw.cli_with_stdin(&["explain-signature", &pair.id, "--json"], &sent(right)).await.exits(0).json();
        assert!(told["sentence"].as_str().unwrap().contains("version 1 signed, which was rotated away"), "{told}");
        let app = kw.done(&["app", "list", "--organisation", &organisation]).await[0]["id"].as_str().unwrap().to_owned();
        let other = Pair::of(kw.place(), &app, "production").await;
        let told = kw.cli_with_stdin(&["explain-signature", &other.id, "--json"], &sent(right)).await.exits(0).json();
        assert!(told["sentence"].as_str().unwrap().contains("names another key"), "{told}");
        // The secret of one with the public half of the other.
        let mixed = sent(Wrong { secret: rotated["secret_key"].as_str().unwrap(), keyid: &other.api_key, ..right });
        let told = kw.cli_with_stdin(&["explain-signature", "--json"], &mixed).await.exits(0).json();
        assert!(told["sentence"].as_str().unwrap().contains("was made with the secret key of \"Backend\" (sandbox)"), "{told}");
        // That it has ended goes before its age.
        kw.done(&["key", "revoke", &pair.id]).await;
        let old = sent(Wrong { secret: rotated["secret_key"].as_str().unwrap(), ago_s: 412, ..right });
        let told = kw.cli_with_stdin(&["explain-signature", "--json"], &old).await.exits(0).json();
        assert!(told["sentence"].as_str().unwrap().contains("the credential is revoked") && told["also"][0].as_str().unwrap().contains("paste it later"), "{told}");

        assert_eq!(holding(kw.directory(), MARKER), Vec::<String>::new());
    }

    async fn requests_that_a_private_key_signs_are_signed_and_explained_too(kw: Server) {
        let organisation = kw.organisation().await;
        let app = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Wallet", "--service", "digital-id"]).await;
        let create = ["key", "create", "--service", "digital-id", "--environment", "sandbox", "--name", "Back end", "--application", app["id"].as_str().unwrap()];
        let made = kw.done(&create).await;
        let (id, signer) = (made["id"].as_str().unwrap(), Signer::of(&made));
        std::fs::write(kw.directory().join("pair.json"), made.to_string()).unwrap();
        std::fs::write(kw.directory().join("body.json"), BODY).unwrap();
        let server = kw.done(&["resource-server", "create", "Digital ID", "--services", "digital-id", "--environments", "sandbox"]).await;
        kw.settled().await;
        for scheme in ["http-message-signatures", "yoti"] {
            let (raw, verdict) = wait_for("the server remembers nonces", async || {
                let command = ["sign", "--credential", "pair.json", "POST", "https://api.example/sessions?a=%20", "--body", "body.json", "--scheme", scheme, "--json"];
                let signed = kw.run(kw.bare_command(&command), b"", &[]).await.exits(0).json();
                let url = signed["url"].as_str().unwrap();
                let mut headers: Vec<(String, String)> = signed["headers"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
                headers.push(("Host".into(), "api.example".into()));
                let request = json!({ "method": "POST", "url": url, "headers": headers, "body_base64": BASE64_STANDARD.encode(BODY) });
                let question = json!({ "service": "digital-id", "environment": "sandbox", "request": request });
                let reply = kw.ask_as(server["token"].as_str().unwrap(), question).await;
                let head: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let raw = format!("POST {} HTTP/1.1\r\n{head}\r\n", url.strip_prefix("https://api.example").unwrap());
                (reply.status == 200).then(|| (raw, reply.json()))
            })
            .await;
            assert_eq!((&verdict["code"], &verdict["credential_id"]), (&json!("valid"), &json!(id)), "{scheme}: {verdict}");
            let explain = async |body: &str| kw.cli_with_stdin(&["explain-signature", "--json"], &format!("{raw}{body}")).await.exits(0).json();
            let told = explain(BODY).await;
            assert_eq!((told["fits"].as_bool(), told["id"].as_str(), told["version"].as_u64()), (Some(true), Some(id), Some(1)), "{scheme}: {told}");
            let told = explain(&BODY.replace(": ", ":")).await;
            assert!(told["sentence"].as_str().unwrap().contains("JSON with a space after commas and colons"), "{scheme}: {told}");
            // What was changed on the way, whose key it is not, and whose it was.
            for (from, to, says) in [
                ("POST", "PUT", "the method was signed as POST and arrived as PUT"),
                ("/sessions", "/idverify/v1/sessions", "the path was signed without `/idverify/v1`"),
                ("/sessions", "/orders", "fits the key of the version of this credential in no way"),
            ] {
                let told = kw.cli_with_stdin(&["explain-signature", "--json"], &format!("{}{BODY}", raw.replacen(from, to, 1))).await.exits(0).json();
                assert!(told["sentence"].as_str().unwrap().contains(says), "{scheme}: {told}");
            }
        }
        // On standard output stand headers alone; the address, which was signed too, is said beside them.
        let yoti = ["sign", "--credential", "pair.json", "GET", "https://api.example/sessions", "--scheme", "yoti"];
        let ran = kw.run(kw.bare_command(&yoti), b"", &[]).await.exits(0);
        let names: Vec<&str> = ran.stdout.lines().map(|line| line.split_once(": ").unwrap().0).collect();
        assert_eq!(names, ["X-Yoti-Auth-Id", "X-Yoti-Auth-Digest"], "{ran:?}");
        assert!(ran.stderr.contains("https://api.example/sessions?nonce="), "{ran:?}");
        let sent = signer.sign("GET", "https://api.example/sessions", None);
        kw.done(&["key", "rotate", id, "--policy", "immediate", "--key-type", "p-256"]).await;
        let head: String = sent.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let told = kw.cli_with_stdin(&["explain-signature", "--json"], &format!("GET /sessions HTTP/1.1\r\nHost: api.example\r\n{head}\r\n")).await.exits(0).json();
        assert!(told["sentence"].as_str().unwrap().contains("version 1 signed, which was rotated away: give this program the key of version 2"), "{told}");
    }

    async fn the_page_explains_what_is_pasted_and_forgets_it(kw: Server) {
        let (_, pair) = Pair::made(kw.place()).await;
        let ann = Browser::at(&kw);
        ann.sign_in(kw.place(), ANN).await;
        let key = ann.get(&format!("/keys/{}", pair.id)).await.is(200);
        key.says("A request was refused?");
        let explain = format!("/keys/{}/explain", pair.id);
        assert!(key.links().contains(&explain), "{:?}", key.links());
        let form = ann.get(&explain).await.is(200).form(&explain);
        // As a browser sends it.
        let tylt = |body: &str, signed: &str| {
            let mac = hex::encode(MacKey::new(pair.secret.as_bytes()).unwrap().sign(&[signed.as_bytes()]));
            format!("curl https://pay.example/orders \\\r\n  -H 'X-TLP-APIKEY: {}' -H 'X-TLP-SIGNATURE: {mac}' -H 'X-Marker: {MARKER}' \\\r\n  --data-raw '{body}'", pair.api_key)
        };
        let page = ann.send_form(&form.clone().with("request", &tylt(BODY, BODY))).await.is(200);
        page.says("This signature fits").says("Version that signed 1");
        assert!(page.header("cache-control").unwrap().contains("no-store"), "{:?}", page.headers);
        // Without a length, the line ends that a browser sends are not held against the body.
        for lines in ["{\n  \"amount\": 1\n}", "{\n  \"amount\": 1\n}\n", "{\r\n}\r\n"] {
            let mac = hex::encode(MacKey::new(pair.secret.as_bytes()).unwrap().sign(&[lines.as_bytes()]));
            let raw = format!("POST /orders HTTP/1.1\nHost: pay.example\nX-TLP-APIKEY: {}\nX-TLP-SIGNATURE: {mac}\n\n{}", pair.api_key, lines.replace("\r\n", "\n"));
            ann.send_form(&form.clone().with("request", &raw.replace('\n', "\r\n"))).await.is(200).says("This signature fits").says("the one that was signed was taken");
            let told = kw.cli_with_stdin(&["explain-signature", "--json"], &raw).await.exits(0).json();
            assert_eq!(told["fits"], json!(true), "{lines:?}: {told}");
        }
        let compact = BODY.replace(": ", ":");
        let page = ann.send_form(&form.clone().with("request", &tylt(BODY, &compact))).await.is(200);
        page.says("What to fix").says("The body was signed as compact JSON and sent with spaces").says("found out by trying").says("line 1, byte 11");
        page.says("The two texts").says(&compact).says("Server Client");
        let right = hex::encode(MacKey::new(pair.secret.as_bytes()).unwrap().sign(&[BODY.as_bytes()]));
        assert!(!page.body.contains(&right) && !page.body.contains(&pair.secret));
        let page = ann.send_form(&form.clone().with("request", &tylt("<script>x</script>", BODY)).with("signed_text", "<b>")).await.is(200);
        assert!(!page.body.contains("<script>x") && !page.body.contains("<b>x"), "{}", page.body);
        let bad = ann.send_form(&form.clone().with("request", "").with("at", "yesterday")).await.is(400);
        bad.says("Paste a request").says("The time");

        let nobody = Browser::at(&kw);
        assert_eq!(nobody.request(Method::GET, &explain).send().await.unwrap().status(), 303);
        let stranger = Browser::at(&kw);
        stranger.sign_in(kw.place(), "eve@elsewhere.example").await;
        stranger.get(&explain).await.is(404);

        let app = kw.application().await;
        let plain = kw.key(&app, &[]).await;
        kw.done(&["operator", "add", "op@example.com"]).await;
        let op = Browser::at(&kw);
        op.sign_in(kw.place(), "op@example.com").await;
        op.get(&format!("/keys/{}/explain", plain.id)).await.is(200).says("There is no signature to explain");
        op.get(&format!("/keys/{}", plain.id)).await.is(200).says_not("A request was refused?");
        let refused = kw.cli_with_stdin(&["explain-signature", &plain.id, "--json"], "GET / HTTP/1.1\nHost: h\n").await.exits(4).problem();
        assert_eq!(refused["code"], "signs_nothing");
        assert_eq!(holding(kw.directory(), MARKER), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_cannot_be_signed_is_refused_and_no_secret_is_repeated() {
    let kw = Place::given(keywright_store::testing::TestPlace::sqlite()).await;
    let write = |name: &str, text: &str| std::fs::write(kw.directory().join(name), text).unwrap();
    write("pair.json", r#"{"api_key": "kw_ak_test_a", "secret_key": "kw_sk_test_hidden"}"#);
    write("key.json", r#"{"key": "kw_live_hidden"}"#);
    write("broken.json", "kw_sk_test_hidden");
    let pair = ["sign", "--credential", "pair.json"];
    let cases: [(&[&str], &str); 9] = [
        (&["sign", "--credential", "key.json", "GET", URL], "only these sign"),
        (&["sign", "--credential", "broken.json", "GET", URL], "not the JSON"),
        (&["sign", "--credential", "nowhere.json", "GET", URL], "nowhere.json"),
        (&[&pair[..], &["GET", "pay.example/x"]].concat(), "scheme"),
        (&[&pair[..], &["GET", "https://pay.example/x y"]].concat(), "percent-encoded"),
        (&[&pair[..], &["GET", URL, "--scheme", "yoti"]].concat(), "RSA"),
        (&[&pair[..], &["GET", URL, "--scheme", "ssh"]].concat(), "tylt"),
        (&[&pair[..], &["GET", URL, "--scheme", "tylt", "--header", "A: b"]].concat(), "signs no headers"),
        (&[&pair[..], &["GET", URL, "--algorithm", "ed25519"]].concat(), "HMAC-SHA-256 only"),
    ];
    for (arguments, says) in cases {
        let ran = kw.run(kw.bare_command(&[arguments, &["--json"]].concat()), b"", &[]).await.exits(2);
        assert!(ran.stderr.contains(says) && !ran.stderr.contains("hidden") && ran.stdout.is_empty(), "{ran:?}");
    }
    // For people: headers as they are sent. A header that is given is covered.
    let ran = kw.run(kw.bare_command(&[&pair[..], &["GET", URL, "--header", "X-Tenant: 7"]].concat()), b"", &[]).await.exits(0);
    let names: Vec<&str> = ran.stdout.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    assert_eq!(names, ["Signature-Input", "Signature"], "{ran:?}");
    assert!(ran.stdout.contains("\"@query\" \"x-tenant\")") && !ran.stdout.contains("hidden"), "{ran:?}");
    // From a pipe, as the API answers.
    let piped = r#"{"status": "success", "data": {"api_key": "kw_ak_test_a", "secret_key": "kw_sk_test_hidden"}}"#;
    let ran = kw.run(kw.bare_command(&["sign", "--credential", "-", "POST", URL, "--json"]), piped.as_bytes(), &[]).await.exits(0);
    assert!(ran.json()["headers"]["Content-Digest"].as_str().unwrap().starts_with("sha-256=:47DEQpj8"), "{ran:?}");
}
