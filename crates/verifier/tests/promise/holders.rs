//! What the holders of credentials have: a key, a token that was got for a secret, or a secret that signs. A third of the credentials each.

use std::sync::{Arc, LazyLock};

use keywright_crypto::access_token::Content;
use keywright_crypto::digest;
use keywright_crypto::keyring::Keyring;
use keywright_crypto::mac::MacKey;
use keywright_crypto::scheme::{Body, Request, UriScheme, sign};
use keywright_crypto::seal::MasterKey;
use keywright_domain::credential::secret_form::{self, Brand};
use keywright_domain::credential::{Kind, Material};
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_verifier::Question;

use crate::store::CREDENTIALS;

/// Services of the built-in catalogue, one for each kind here.
pub(crate) const SERVICES: [&str; 3] = ["business-api", "rest-apis", "payments"];
const QUERY: &str = "amount=5";
const YEAR_US: i64 = 365 * 86_400_000_000;

/// A credential, and what its holder sends.
pub(crate) struct Holder {
    pub(crate) kind: Kind,
    pub(crate) service: &'static str,
    pub(crate) public_id: Option<String>,
    pub(crate) digest: [u8; 32],
    pub(crate) material: Material,
    sent: Sent,
}

enum Sent {
    /// A key or a token.
    Credential(String),
    /// The headers of a signed request. Its scheme knows no nonces, so it can be sent again.
    Signed(Vec<(&'static str, String)>),
}

/// Made once: thousands of worlds use them.
static HOLDERS: LazyLock<Vec<Holder>> = LazyLock::new(|| (0..CREDENTIALS).map(Holder::made).collect());
/// Opens what is sealed.
pub(crate) static KEYRING: LazyLock<Arc<Keyring>> = LazyLock::new(|| Arc::new(Keyring::of(&MasterKey::from_hex(&"5a".repeat(32)).unwrap())));

pub(crate) fn id(n: usize) -> CredentialId {
    CredentialId::from_bits(n as u128 + 1)
}

pub(crate) fn holder(n: usize) -> &'static Holder {
    &HOLDERS[n]
}

fn text(start: &str, n: usize) -> String {
    let mut text = format!("{start}{n:030}");
    secret_form::complete(&mut text);
    text
}

impl Holder {
    fn made(n: usize) -> Self {
        let service = SERVICES[n % SERVICES.len()];
        let secret = text("kw_sk_live_", n);
        let digest = digest::sha256(secret.as_bytes());
        match n % SERVICES.len() {
            0 => {
                let key = text("kw_live_", n);
                let digest = digest::sha256(key.as_bytes());
                Self { kind: Kind::ApiKey, service, public_id: None, digest, material: Material::Digest, sent: Sent::Credential(key) }
            }
            1 => {
                let (issued_at, expires_at) = (Timestamp::from_us(1_800_000_000_000_000), Timestamp::from_us(1_800_000_000_000_000 + YEAR_US));
                let (audience, scopes) = (service.to_owned(), String::new());
                let content = Content { credential: id(n), version: 1, token_id: n as u128, issued_at, expires_at, audience, scopes };
                let token = KEYRING.token_keys().mint(&Brand::new("kw").unwrap(), &content).unwrap();
                let sent = Sent::Credential(token.expose().to_owned());
                Self { kind: Kind::OauthClient, service, public_id: Some(text("kw_ci_live_", n)), digest, material: Material::Digest, sent }
            }
            _ => {
                let api_key = text("kw_ak_live_", n);
                let mac = MacKey::new(secret.as_bytes()).unwrap().sign(&[QUERY.as_bytes()]);
                let material = Material::Sealed(KEYRING.seal(id(n), &digest, secret.as_bytes()).unwrap());
                let sent = Sent::Signed(vec![("X-TLP-APIKEY", api_key.clone()), ("X-TLP-SIGNATURE", sign::tylt_header(&mac))]);
                Self { kind: Kind::Hmac, service, public_id: Some(api_key), digest, material, sent }
            }
        }
    }

    /// What a gateway asks about a request of this holder.
    pub(crate) fn asked<T>(&self, ask: impl FnOnce(&Question<'_>) -> T) -> T {
        match &self.sent {
            Sent::Credential(text) => ask(&Question { credential: text.as_bytes(), ..Question::default() }),
            Sent::Signed(headers) => {
                let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
                let target = format!("/pay?{QUERY}");
                let request =
                    Request { method: "GET", scheme: UriScheme::Https, authority: "api.example.com", target: &target, headers: &headers, body: Body::None };
                ask(&Question { request: Some(&request), ..Question::default() })
            }
        }
    }
}
