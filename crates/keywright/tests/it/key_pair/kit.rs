//! A service whose credentials are key pairs, and what signs for one.

use std::time::{SystemTime, UNIX_EPOCH};

use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::public_key::{Algorithm, KeyType};
use keywright_crypto::random;
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::sign::{self, Parameters};
use keywright_crypto::scheme::{Body, Request, UriScheme};
use serde_json::{Value, json};

use crate::support::{Server, wait_until};

/// A service as Yoti's are, without the limit of one credential.
const MAPS: &str = r#"
[service.maps]
name = "Maps"
kinds = ["key_pair"]
permissions = { "tiles:read" = "Read tiles" }
production_requires = []
schemes = ["http-message-signatures", "yoti"]
base_paths = ["/maps/v1"]

[service.routes]
name = "Routes"
kinds = ["key_pair"]
permissions = { "routes:plan" = "Plan routes" }
production_requires = []
"#;

/// A server with these services, an application that uses them, and a resource server that asks.
pub(super) struct Kit {
    pub(super) kw: Server,
    pub(super) app: String,
    pub(super) token: String,
}

/// A key pair that an application has, as its holder has it.
pub(super) struct Holder {
    pub(super) id: String,
    pub(super) sdk_id: String,
    pub(super) pem: String,
    pub(super) pair: KeyPair,
}

impl Holder {
    #[track_caller]
    pub(super) fn of(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("{name} in {made}")).to_owned();
        let pem = text("private_key_pem");
        // A rotation does not tell what stayed the same otherwise than by the public half.
        Self { id: text("id"), sdk_id: text("sdk_id"), pair: KeyPair::from_pem(&pem).unwrap(), pem }
    }

    /// The same credential, signed for by another key.
    pub(super) fn with(&self, pair: KeyPair) -> Self {
        Self { id: self.id.clone(), sdk_id: self.sdk_id.clone(), pem: String::new(), pair }
    }
}

impl Kit {
    pub(super) async fn of(kw: Server) -> Self {
        let catalogue = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned() + MAPS;
        let file = kw.directory().join("catalog.toml");
        std::fs::write(&file, catalogue).unwrap();
        kw.done(&["catalog", "apply", file.to_str().unwrap()]).await;
        let app = Self::application_of(&kw).await;
        let gateway = ["resource-server", "create", "Maps", "--services", "maps,routes", "--environments", "production,sandbox"];
        let token = kw.done(&gateway).await["token"].as_str().unwrap().to_owned();
        let kit = Self { app, token, kw };
        // The memory that all nodes share begins with the first claim, and refuses what was signed before that.
        let first = kit.made(&["--key-type", "ed25519"]).await;
        kit.settled().await;
        let ask = async || kit.kw.ask_as(&kit.token, json!({ "request": signed(&first, "GET", "/", b"", How::default()) })).await;
        wait_until("the memory of nonces has begun", async || ask().await.status == 200).await;
        kit
    }

    async fn application_of(kw: &Server) -> String {
        let organisation = kw.organisation().await;
        let made = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Atlas", "--service", "maps,routes"]).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Another application, of another organisation.
    pub(super) async fn stranger(&self) -> String {
        Self::application_of(&self.kw).await
    }

    pub(super) fn create<'a>(app: &'a str, flags: &[&'a str]) -> Vec<&'a str> {
        [&["key", "create", "--application", app, "--service", "maps", "--environment", "sandbox", "--name", "Back end"], flags].concat()
    }

    /// A key pair that is made by the server's side, with these flags.
    pub(super) async fn made(&self, flags: &[&str]) -> Holder {
        Holder::of(&self.kw.done(&Self::create(&self.app, flags)).await)
    }

    pub(super) async fn rotated(&self, holder: &Holder, flags: &[&str]) -> Holder {
        Holder::of(&self.kw.done(&[&["key", "rotate", &holder.id], flags].concat()).await)
    }

    /// The verdict on a request.
    pub(super) async fn verdict(&self, request: &Value) -> Value {
        self.verdict_of(json!({ "request": request, "service": null })).await
    }

    pub(super) async fn verdict_of(&self, question: Value) -> Value {
        let reply = self.kw.ask_as(&self.token, question).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    pub(super) async fn code(&self, request: &Value) -> String {
        self.verdict(request).await["code"].as_str().unwrap().to_owned()
    }

    pub(super) async fn settled(&self) {
        self.kw.settled().await;
    }
}

pub(super) fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

/// How a request is signed by RFC 9421; what is left out is as it should be.
#[derive(Clone, Copy, Default)]
pub(super) struct How<'a> {
    /// Seconds from now.
    pub(super) at: i64,
    pub(super) nonce: Option<&'a str>,
    /// The name that is told.
    pub(super) alg: Option<&'a str>,
    /// The algorithm that is used; none: the key's default.
    pub(super) by: Option<Algorithm>,
    pub(super) keyid: Option<&'a str>,
}

/// A request to `https://api.example.com`, signed by RFC 9421, as the member `request` of a question has it.
pub(super) fn signed(holder: &Holder, method: &str, target: &str, body: &[u8], how: How<'_>) -> Value {
    let own = random::uuid().unwrap();
    let digest = sign::digest_header(method, (!body.is_empty()).then_some(body));
    let mut headers: Vec<(&str, &[u8])> = vec![("host", b"api.example.com")];
    headers.extend(digest.as_deref().map(|value| ("content-digest", value.as_bytes())));
    let seen = if body.is_empty() { Body::None } else { Body::Bytes(body) };
    let request = Request { method, scheme: UriScheme::Https, authority: "api.example.com", target, headers: &headers, body: seen };
    let (nonce, keyid) = (Some(how.nonce.unwrap_or(&own)), how.keyid.unwrap_or(&holder.sdk_id));
    let parameters = Parameters { created_s: now_s() + how.at, expires_s: None, nonce, keyid, alg: how.alg, tag: None };
    let to_sign = sign::http_message(&request, "sig", &Coverage::STANDARD, &parameters).unwrap();
    let signature = holder.pair.sign(how.by.unwrap_or(holder.pair.key_type().default_algorithm()), &to_sign.base).unwrap();
    let mut sent: Vec<(String, String)> = headers.iter().map(|(name, value)| ((*name).to_owned(), String::from_utf8_lossy(value).into_owned())).collect();
    sent.extend([("signature-input".to_owned(), to_sign.input()), ("signature".to_owned(), to_sign.signature(&signature))]);
    request_of(method, target, &sent, body)
}

/// A request as the member `request` of a question has it.
pub(super) fn request_of(method: &str, target: &str, headers: &[(String, String)], body: &[u8]) -> Value {
    let mut request = json!({ "method": method, "url": format!("https://api.example.com{target}"), "headers": headers });
    if body.is_empty() {
        request["body"] = json!("none");
    } else {
        request["body_base64"] = json!(sign::yoti_header(body));
    }
    request
}

/// A request under the base path, signed as Yoti's SDKs sign: `endpoint` is path and query after it. `names` are headers that say who signs.
pub(super) fn signed_for_yoti(holder: &Holder, method: &str, endpoint: &str, names: &[(&str, &str)], body: &[u8], at_ms: i64) -> Value {
    let nonce = random::uuid().unwrap();
    let to_sign = sign::yoti(method, "/maps/v1", endpoint, &nonce, now_s() * 1_000 + at_ms, body).unwrap();
    let signature = sign::yoti_header(&holder.pair.sign(Algorithm::RsaPkcs1Sha256, &to_sign.text).unwrap());
    let mut headers = vec![("X-Yoti-Auth-Digest".to_owned(), signature), ("X-Yoti-SDK".to_owned(), "Node".to_owned())];
    headers.extend(names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    request_of(method, &to_sign.target, &headers, body)
}

/// A key pair that nobody knows.
pub(super) fn fresh(key_type: KeyType) -> KeyPair {
    KeyPair::generate(key_type).unwrap()
}
