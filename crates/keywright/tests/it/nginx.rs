//! nginx in front of an API, with the configuration of the documentation as it stands.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::PathBuf;
use std::process::Stdio;

use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_store::Purpose;
use keywright_store::testing::TestPlace;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::support::{Place, Reply, Sent, Signer, wait_for, wait_until};

/// The values that the documentation says are to be replaced.
const KEYWRIGHT: &str = "127.0.0.1:8080";
const API: &str = "127.0.0.1:9000";
const NGINX: &str = "127.0.0.1:8000";
const TOKEN: &str = "kw_rs_REPLACE_WITH_THE_TOKEN";
const QUESTION: &str = "service=business-api&environment=production&permissions=payouts:write";

fn documentation(name: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).unwrap()
}

/// Debian keeps it where only root's `PATH` looks.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = places.map(|p| p.join("nginx")).find(|p| p.exists());
    found.expect("nginx is not installed: `cargo xtask test` installs it (on Debian the package nginx)")
}

/// An API that answers each request with its own head, line by line.
pub(crate) async fn api() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => return,
                    }
                }
                let text = String::from_utf8(head.clone()).unwrap();
                let length = seen(&text, "content-length").first().map_or(0, |l| l.parse().unwrap());
                let mut body = vec![0; length];
                if stream.read_exact(&mut body).await.is_err() {
                    return;
                }
                let status = if head.starts_with(b"GET /broken ") { "500 Internal Server Error" } else { "200 OK" };
                let answer = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", head.len());
                let _ = stream.write_all(&[answer.as_bytes(), &head].concat()).await;
            });
        }
    });
    address
}

/// What the API saw of a header, by its name in lower case.
fn seen<'b>(body: &'b str, name: &str) -> Vec<&'b str> {
    body.lines().filter_map(|l| l.split_once(": ")).filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v).collect()
}

pub(crate) struct Nginx {
    child: Child,
    pub(crate) url: String,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM ends the workers too; killing the master would leave them.
        if let Some(id) = self.child.id() {
            let _ = rustix::process::kill_process(rustix::process::Pid::from_raw(id.cast_signed()).unwrap(), Signal::TERM);
        }
    }
}

/// The file of the documentation with its five values replaced, and with nginx's own files in the place's directory.
pub(crate) async fn nginx(place: &Place, keywright: &str, api: SocketAddr, token: &str) -> Nginx {
    let text = documentation("nginx.conf");
    let manual = documentation("nginx.md");
    let free = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut configuration = text.clone();
    for (value, with) in [(KEYWRIGHT, keywright), (API, &api.to_string()), (NGINX, &free.to_string()), (TOKEN, token), (QUESTION, QUESTION)] {
        assert!(manual.contains(&format!("| `{value}` |")), "the page does not say that {value} is to be replaced");
        assert_eq!(text.matches(value).count(), 1, "{value}");
        configuration = configuration.replace(value, with);
    }
    let file = place.directory().join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    let prefix = place.directory().join("nginx");
    std::fs::create_dir_all(&prefix).unwrap();
    let own = |name: &str| format!("{name} {}; ", prefix.join(name).display());
    let globals = format!("daemon off; worker_processes 1; pid {}; error_log {} info;", prefix.join("pid").display(), prefix.join("error.log").display());
    let temporary: String = ["client_body_temp_path", "proxy_temp_path", "fastcgi_temp_path", "uwsgi_temp_path", "scgi_temp_path"].map(own).concat();
    // Where temporary files go can only be said inside `http`, which the file opens.
    let text =
        std::fs::read_to_string(&file).unwrap().replacen("http {", &format!("http {{ access_log {}; {temporary}", prefix.join("access.log").display()), 1);
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(program());
    command.arg("-p").arg(&prefix).arg("-c").arg(&file).arg("-g").arg(globals).stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.stderr(place.log_file("nginx.err").1).spawn().unwrap();
    let nginx = Nginx { child, url: format!("http://{free}") };
    wait_until("nginx listens", async || tokio::net::TcpStream::connect(free).await.is_ok()).await;
    nginx
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_reaches_the_client_behind_nginx_as_documented() {
    let place = Place::given(TestPlace::sqlite()).await;
    let kw = place.serve(&["--trusted-proxy", "127.0.0.1/32"]).await;
    let app = kw.application().await;
    let key = kw.key(&app, &["--permissions", "payouts:write,customers:read", "--rate-limit", "1000/1s"]).await;
    let narrow = kw.key(&app, &["--permissions", "customers:read"]).await;
    let elsewhere = kw.key(&app, &["--network", "198.51.100.0/24"]).await;
    let seldom = kw.key(&app, &["--rate-limit", "1/1h"]).await;
    let made = kw.done(&["resource-server", "create", "gateway", "--services", "business-api"]).await;
    kw.settled().await;
    let token = made["token"].as_str().unwrap();
    let nginx = nginx(&place, kw.address.strip_prefix("http://").unwrap(), api().await, token).await;
    let ask = async |path: &str, key: &str, headers: &[(&str, &str)]| {
        let request = kw.http.get(format!("{}{path}", nginx.url)).bearer_auth(key);
        Reply::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    };

    // Accepted: the API learns who it is from Keywright, and from nobody else.
    let spoofed = [
        ("Keywright-Organisation-Id", "org_spoofed"),
        ("keywright-application-id", "app_spoofed"),
        ("KEYWRIGHT-CREDENTIAL-ID", "key_spoofed"),
        ("Keywright-Permissions", "everything"),
        ("Keywright-Permissions", "and:more"),
        ("Keywright-Service", "spoofed"),
        ("Keywright-Environment", "sandbox"),
        ("Keywright-Trace-Id", "spoofed"),
        ("Keywright-Token", "kw_rs_spoofed"),
        ("Keywright_Credential_Id", "key_spoofed"),
        ("X-Forwarded-For", "198.51.100.7"),
    ];
    let accepted = ask("/payouts?x=1", &key.key, &spoofed).await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    assert!(accepted.body.starts_with("GET /payouts?x=1 HTTP/1.1"), "{accepted:?}");
    for (name, value) in [
        ("keywright-organisation-id", app.organisation.as_str()),
        ("keywright-application-id", &app.id),
        ("keywright-credential-id", &key.id),
        ("keywright-service", "business-api"),
        ("keywright-environment", "production"),
        ("keywright-permissions", "customers:read,payouts:write"),
        ("x-forwarded-for", "127.0.0.1"),
    ] {
        assert_eq!(seen(&accepted.body, name), [value], "{name}");
    }
    assert_eq!(seen(&accepted.body, "keywright-trace-id")[0].len(), 32);
    assert!(!accepted.body.contains("spoofed") && !accepted.body.contains(&key.key) && !accepted.body.contains(token), "{}", accepted.body);
    assert!(accepted.header("ratelimit").is_some() && accepted.header("ratelimit-policy") == Some(r#""default";q=1000;w=1"#), "{accepted:?}");
    assert_eq!(ask("/broken", &key.key, &[]).await.status, 500, "the API's own failures are its own");
    let posted = kw.http.post(format!("{}/payouts", nginx.url)).bearer_auth(&key.key).body("x".repeat(100_000));
    assert_eq!(Reply::of(posted).await.status, 200, "a body goes to the API and not to Keywright");

    // 401 with the challenge, 403 with the reason.
    let refused = ask("/", "kw_live_nonsense", &[]).await;
    assert_eq!(refused.problem(401), "credential_refused");
    assert!(refused.header("www-authenticate").unwrap().starts_with(r#"Bearer realm="api", error="invalid_token""#), "{refused:?}");
    let bare = Reply::of(kw.http.get(&nginx.url)).await;
    assert_eq!(bare.problem(401), "credential_refused");
    assert_eq!(bare.header("www-authenticate"), Some(r#"Bearer realm="api""#));
    let refused = ask("/", &narrow.key, &spoofed).await;
    assert_eq!(refused.problem(403), "credential_not_allowed");
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.contains(r#"error="insufficient_scope""#) && challenge.contains(r#"scope="payouts:write""#), "{challenge}");
    let refused = ask("/", &elsewhere.key, &[("X-Forwarded-For", "198.51.100.7")]).await;
    assert_eq!(refused.problem(403), "credential_not_allowed", "a client cannot say where it is");

    // 429 with when to come back.
    assert_eq!(ask("/", &seldom.key, &[]).await.status, 200);
    let refused = ask("/", &seldom.key, &[]).await;
    assert_eq!(refused.problem(429), "rate_limited");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3_000..=3_600).contains(&wait), "{refused:?}");
    assert_eq!(refused.header("ratelimit-policy"), Some(r#""default";q=1;w=3600"#));
    assert!(refused.header("ratelimit").unwrap().starts_with(r#""default";r=0;t="#), "{refused:?}");

    // A revoked key is refused at the next request.
    kw.done(&["key", "revoke", &narrow.id, "--wait", "all"]).await;
    assert_eq!(ask("/", &narrow.key, &[]).await.problem(401), "credential_refused");

    // 503 where Keywright cannot say: it does not answer, it says itself that it is stale, it is gone.
    let unavailable = async || {
        let refused = ask("/", &key.key, &[]).await;
        assert_eq!(refused.problem(503), "verification_unavailable");
        assert_eq!(refused.header("retry-after"), Some("1"));
    };
    kw.signal(Signal::STOP);
    unavailable().await;
    kw.signal(Signal::CONT);
    wait_until("it answers again", async || ask("/", &key.key, &[]).await.status == 200).await;
    // As the command does it; the command itself refuses while a server follows the store.
    let allowed = allow(&Caller::Machine { user: "test".into() }, Right::Operate, &Facts::default()).unwrap();
    kw.store().open_for(Purpose::Command).await.accept_rewind(allowed).await.unwrap();
    wait_until("it is stale", async || kw.forward_key(QUESTION, &key.key).await.status == 503).await;
    unavailable().await;
    drop(kw);
    let gone = Reply::of(reqwest::Client::builder().no_proxy().build().unwrap().get(&nginx.url).bearer_auth(&key.key)).await;
    assert_eq!(gone.problem(503), "verification_unavailable");
}

/// A signature covers the request as it was sent, and nginx tells it byte for byte; the body goes to the API with the digest that was signed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_requests_pass_nginx_and_the_api_learns_which_body_was_signed() {
    let place = Place::given(TestPlace::sqlite()).await;
    let catalogue = place.directory().join("catalog.toml");
    let text = "brand = \"kw\"\n[service.business-api]\nname = \"Business API\"\nkinds = [\"hmac\"]\nproduction_requires = []\nbody_check = \"upstream\"\n\
                permissions = { \"payouts:write\" = \"Start payouts\" }\n";
    std::fs::write(&catalogue, text).unwrap();
    let kw = place.serve(&["--catalog", catalogue.to_str().unwrap()]).await;
    let app = kw.application().await;
    let create = ["key", "create", "--application", &app.id, "--service", "business-api", "--environment", "production", "--name", "Shop"];
    let signer = Signer::of(&kw.done(&create).await);
    let token = kw.token().await.to_owned();
    kw.settled().await;
    let nginx = nginx(&place, kw.address.strip_prefix("http://").unwrap(), api().await, &token).await;
    let send = async |sent: &Sent, more: &[(&str, &str)]| {
        let request = kw.http.request(sent.method.parse().unwrap(), &sent.url).body(sent.body.clone().unwrap_or_default());
        let request = sent.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        Reply::of(more.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    };
    let url = format!("{}/pay%2Fout?x=%20&y=+", nginx.url);
    let accepted = wait_for("the memory of nonces is old enough", async || {
        let reply = send(&signer.sign("POST", &url, Some(b"{}")), &[("Keywright-Content-Digest", "spoofed")]).await;
        (reply.status != 503).then_some(reply)
    })
    .await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    let digest = seen(&accepted.body, "content-digest");
    assert_eq!((seen(&accepted.body, "keywright-content-digest"), digest.len()), (digest, 1));
    assert_eq!(seen(&accepted.body, "keywright-credential-id"), [signer.id.as_str()]);
    let accepted = send(&signer.sign("GET", &url, None), &[]).await;
    assert_eq!(
        seen(&accepted.body, "keywright-content-digest"),
        ["sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"],
        "a request without a body must stay one"
    );
    // In pieces, as a client sends what it does not know the length of.
    let body = r#"{"in": "pieces"}"#;
    let sent = signer.sign("POST", &url, Some(body.as_bytes()));
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--fail-with-body", "-X", "POST", "-H", "Transfer-Encoding: chunked", "--data-binary", body, &sent.url]);
    sent.headers.iter().for_each(|(name, value)| {
        curl.args(["-H", &format!("{name}: {value}")]);
    });
    let accepted = kw.run(curl, b"", &[]).await.exits(0).stdout;
    assert_eq!(seen(&accepted, "keywright-content-digest"), seen(&accepted, "content-digest"), "{accepted}");
    // What was not signed like this is refused, with what to cover.
    let sent = signer.sign("GET", &url, None);
    let other = Sent { url: format!("{}/pay/out?x=%20&y=+", nginx.url), ..sent.clone() };
    assert_eq!(send(&other, &[]).await.problem(401), "credential_refused");
    let partly = Sent { headers: sent.headers.iter().map(|(n, v)| (n.clone(), v.replace("\"@path\" ", ""))).collect(), ..sent };
    let refused = send(&partly, &[]).await;
    assert_eq!((refused.status, refused.header("accept-signature")), (401, Some(r#"sig=("@method" "@authority" "@path" "@query");created"#)), "{refused:?}");
    // A client that tells its own story of the request is not believed.
    let spoofed = [("X-Original-URI", "/pay"), ("X-Forwarded-Uri", "/pay"), ("X-Forwarded-Method", "PUT"), ("X-Original-Host", "other.example")];
    assert_eq!(send(&signer.sign("GET", &url, None), &spoofed).await.status, 200);
}

/// The gateway's own mistake is the provider's matter, and no customer's key is blamed for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_set_up_wrongly_answers_503_and_neither_401_nor_403() {
    let place = Place::given(TestPlace::sqlite()).await;
    let kw = place.serve(&[]).await;
    let key = kw.key(&kw.application().await, &[]).await;
    // A token for another environment than the one that the gateway asks about.
    let made = kw.done(&["resource-server", "create", "gateway", "--services", "business-api", "--environments", "sandbox"]).await;
    kw.settled().await;
    for token in ["kw_rs_wrong", made["token"].as_str().unwrap()] {
        let nginx = nginx(&place, kw.address.strip_prefix("http://").unwrap(), api().await, token).await;
        let refused = Reply::of(kw.http.get(&nginx.url).bearer_auth(&key.key)).await;
        assert_eq!(refused.problem(503), "verification_unavailable", "{token}");
        assert_eq!(refused.header("retry-after"), Some("1"));
    }
}
