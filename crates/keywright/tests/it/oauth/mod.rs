//! The OAuth 2 server: clients and their secrets, tokens, and what is told about them.

mod attacks;
mod clients;
mod ended;
pub(crate) mod hub;
mod own_key;
mod real_client;
mod register;
mod roles;
mod rotation;
mod signing;
mod token;

use keywright_crypto::seal::MasterKey;
use keywright_crypto::signing_key::SigningKey;
use keywright_store::Purpose;
use serde_json::{Map, Value, json};

use crate::support::{Place, Reply, Server};

/// An `oauth_client`, and the token of a resource server for its service.
pub(crate) struct Client {
    pub(crate) credential: String,
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) gateway: String,
}

/// The parts of a form.
pub(crate) type Form<'a> = &'a [(&'a str, &'a str)];

/// Sends parameters as a form does.
pub(crate) trait SendForm {
    fn form(self, form: Form<'_>) -> Self;
}

impl SendForm for reqwest::RequestBuilder {
    fn form(self, form: Form<'_>) -> Self {
        let mut url = reqwest::Url::parse("http://form.invalid").unwrap();
        url.query_pairs_mut().extend_pairs(form);
        self.header("Content-Type", "application/x-www-form-urlencoded").body(url.query().unwrap_or_default().to_owned())
    }
}

/// A production client of an active application for the service `rest-apis`, made with these flags of `key create` besides.
pub(crate) async fn client(kw: &Place, flags: &[&str]) -> Client {
    client_of(kw, "rest-apis", flags).await
}

/// The same for another service.
pub(crate) async fn client_of(kw: &Place, service: &str, flags: &[&str]) -> Client {
    let organisation = kw.organisation().await;
    let made = kw.done(&["app", "create", "--organisation", &organisation, "--name", "Shop", "--service", service]).await;
    let application = made["id"].as_str().unwrap();
    kw.done(&["app", "activate", application]).await;
    let create = ["key", "create", "--application", application, "--service", service, "--environment", "production", "--name", "Shop"];
    let made = keyed(kw, &[&create, flags].concat()).await;
    let server = kw.done(&["resource-server", "create", "APIs", "--services", service, "--environments", "production,sandbox"]).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Client { credential: text(&made["id"]), id: text(&made["client_id"]), secret: text(&made["client_secret"]), gateway: text(&server["token"]) }
}

/// Services whose clients have one secret at a time; their tokens are signed in each way.
const SERVICES: &str = r#"
[service.orders]
name = "Orders"
kinds = ["oauth_client"]
permissions = { "orders:read" = "See orders", "orders:write" = "Make orders" }
credentials_per_environment = 5

[service.tickets]
name = "Tickets"
kinds = ["oauth_client"]
permissions = { "tickets:read" = "See tickets" }
token = { signing = "RS256" }

[service.rooms]
name = "Rooms"
kinds = ["oauth_client"]
permissions = { "rooms:read" = "See rooms" }
token = { signing = "EdDSA" }
"#;

/// Adds these services to the catalogue.
pub(crate) async fn declare_services(kw: &Place) {
    let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
    let file = kw.directory().join("services.toml");
    std::fs::write(&file, shown + SERVICES).unwrap();
    kw.done(&["catalog", "apply", file.to_str().unwrap()]).await;
}

/// A command that needs the master key; gives what it printed.
pub(crate) async fn keyed(kw: &Place, arguments: &[&str]) -> Value {
    kw.run(kw.command(&[arguments, &["--json"]].concat()), b"", &[("KEYWRIGHT_MASTER_KEY", &kw.master_key())]).await.exits(0).json()
}

impl Client {
    /// Asks for a token with these parameters besides.
    pub(crate) async fn ask(&self, kw: &Server, more: Form<'_>) -> Reply {
        let form = [&[("grant_type", "client_credentials")], more].concat();
        Reply::of(kw.http.post(kw.url("/oauth2/token")).basic_auth(&self.id, Some(&self.secret)).form(&form)).await
    }

    /// A token.
    pub(crate) async fn token(&self, kw: &Server) -> String {
        let reply = self.ask(kw, &[]).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// The verdict on a token.
    pub(crate) async fn verify(&self, kw: &Server, token: &str) -> Value {
        let reply = kw.ask_as(&self.gateway, json!({ "credential": token })).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// Its code.
    pub(crate) async fn code(&self, kw: &Server, token: &str) -> String {
        self.verify(kw, token).await["code"].as_str().unwrap().to_owned()
    }

    /// The status by which a gateway is told of a request with this token.
    pub(crate) async fn forwarded(&self, kw: &Server, token: &str) -> u16 {
        let asked = kw.http.get(kw.url("/verify/forward")).header("Keywright-Token", &self.gateway).bearer_auth(token);
        Reply::of(asked).await.status
    }

    /// Introspection by the resource server.
    pub(crate) async fn introspect(&self, kw: &Server, token: &str) -> Value {
        let reply = Reply::of(kw.http.post(kw.url("/oauth2/introspect")).bearer_auth(&self.gateway).form(&[("token", token)])).await;
        assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")), "{reply:?}");
        reply.json()
    }

    /// What every JWT for it says, expiring in an hour.
    pub(crate) fn claims(&self, kw: &Server) -> Map<String, Value> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({
            "iss": kw.address, "sub": self.id, "client_id": self.id, "aud": format!("{}/services/rest-apis", kw.address), "iat": now, "exp": now + 3_600,
            "jti": "0123456789abcdef0123456789abcdef", "version": 1, "scope": "default",
        });
        claims.as_object().unwrap().clone()
    }
}

/// The server's own signing key, as only somebody with its store and master key gets it.
pub(crate) async fn signing_key(kw: &Place) -> SigningKey {
    let row = kw.store().open_for(Purpose::Command).await.signing_keys().await.unwrap().swap_remove(0);
    SigningKey::open(&MasterKey::from_hex(&kw.master_key()).unwrap(), &row.id, &row.sealed).ok().unwrap()
}
