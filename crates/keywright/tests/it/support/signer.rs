//! The client's side of signed requests: what a back end does with the credential that it was handed.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::Algorithm;
use keywright_crypto::random;
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::sign::{self, Parameters};
use keywright_crypto::scheme::{Body, Request, UriScheme};
use serde_json::{Value, json};

/// A credential that signs, as `key create --json` printed it.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) id: String,
    pub(crate) version: u64,
    /// The API key or the SDK id.
    pub(crate) public_id: String,
    secret: String,
}

/// A request that was signed.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

impl Signer {
    #[track_caller]
    pub(crate) fn of(shown: &Value) -> Self {
        let text = |name: &str| shown[name].as_str().map(str::to_owned);
        let public_id = text("api_key").or_else(|| text("sdk_id")).unwrap_or_else(|| panic!("it signs nothing: {shown}"));
        let secret = text("secret_key").or_else(|| text("private_key_pem")).unwrap();
        Self { id: text("id").unwrap(), version: shown["version"].as_u64().unwrap(), public_id, secret }
    }

    pub(crate) fn now_s() -> i64 {
        i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
    }

    /// Signs by RFC 9421, now and with a new nonce.
    pub(crate) fn sign(&self, method: &str, url: &str, body: Option<&[u8]>) -> Sent {
        self.sign_at(method, url, body, Self::now_s(), &hex::encode(random::bytes::<16>().unwrap()))
    }

    pub(crate) fn sign_at(&self, method: &str, url: &str, body: Option<&[u8]>, created_s: i64, nonce: &str) -> Sent {
        let mut sent = Sent { method: method.into(), url: url.into(), headers: vec![], body: body.map(<[u8]>::to_vec) };
        sent.headers.extend(sign::digest_header(method, body).map(|digest| ("Content-Digest".to_owned(), digest)));
        let parameters = Parameters { created_s, expires_s: None, nonce: Some(nonce), keyid: &self.public_id, alg: None, tag: None };
        let to_sign = sent.request(|request| sign::http_message(request, "sig1", &Coverage::STANDARD, &parameters).unwrap());
        sent.headers.push(("Signature-Input".into(), to_sign.input()));
        sent.headers.push(("Signature".into(), to_sign.signature(&self.make(&to_sign.base))));
        sent
    }

    fn make(&self, text: &[u8]) -> Vec<u8> {
        if self.secret.starts_with("-----BEGIN") {
            let pair = KeyPair::from_pem(&self.secret).unwrap_or_else(|e| panic!("{e}"));
            pair.sign(pair.key_type().default_algorithm(), text).unwrap()
        } else {
            MacKey::new(self.secret.as_bytes()).unwrap().sign(&[text]).to_vec()
        }
    }

    /// Signs as Tylt's clients do.
    pub(crate) fn tylt(&self, method: &str, url: &str, body: Option<&[u8]>) -> Sent {
        let text = body.map_or_else(|| url.split_once('?').map_or("", |(_, query)| query).as_bytes().to_vec(), <[u8]>::to_vec);
        let headers = vec![("X-TLP-APIKEY".to_owned(), self.public_id.clone()), ("X-TLP-SIGNATURE".to_owned(), hex::encode(self.make(&text)))];
        Sent { method: method.into(), url: url.into(), headers, body: body.map(<[u8]>::to_vec) }
    }

    /// Signs a request without a body, and says who signs it, as Yoti's SDKs do. The service has no base path.
    pub(crate) fn yoti(&self, method: &str, endpoint: &str) -> Sent {
        let to_sign = sign::yoti(method, "", endpoint, &random::uuid().unwrap(), Self::now_s() * 1_000, b"").unwrap();
        let digest = KeyPair::from_pem(&self.secret).unwrap().sign(Algorithm::RsaPkcs1Sha256, &to_sign.text).unwrap();
        let headers = vec![("X-Yoti-Auth-Digest".to_owned(), sign::yoti_header(&digest)), ("X-Yoti-Auth-Id".to_owned(), self.public_id.clone())];
        Sent { method: method.into(), url: format!("https://api.example.com{}", to_sign.target), headers, body: None }
    }

    /// Everything that is secret of it.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }
}

impl Sent {
    fn request<T>(&self, use_it: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let (scheme, rest) = self.url.split_once("://").unwrap();
        let (authority, target) = rest.split_at(rest.find('/').unwrap());
        let scheme = if scheme == "https" { UriScheme::Https } else { UriScheme::Http };
        let body = self.body.as_deref().map_or(Body::None, Body::Bytes);
        use_it(&Request { method: &self.method, scheme, authority, target, headers: &headers, body })
    }

    /// As a resource server asks about it.
    pub(crate) fn question(&self) -> Value {
        let mut request = json!({"method": self.method, "url": self.url, "headers": self.headers});
        match &self.body {
            Some(body) => request["body_base64"] = json!(BASE64_STANDARD.encode(body)),
            None => request["body"] = json!("none"),
        }
        json!({"request": request})
    }
}
