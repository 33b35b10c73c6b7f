//! OAuth 2 access tokens by client_credentials (RFC 6749, section 4.4), kept until shortly before they end.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::sign::random_text;
use crate::url::Parts;
use crate::{Fault, Key};

/// Life of a signed client assertion, in seconds. It is sent at once, so a minute is plenty.
const ASSERTION_LIFE_S: u64 = 60;
/// A token is thrown away this many seconds before it ends, or a tenth of its life if that is less.
const MARGIN_S: f64 = 30.0;
/// Longest life of a token that is believed, in seconds: about thirty years.
const LIFE_S_MAX: f64 = 1e9;

/// Why a request was not answered.
pub type Failure = Box<dyn Error + Send + Sync>;

/// How a client proves who it is.
pub enum Proof {
    /// `client_secret_basic`.
    Secret(Zeroizing<String>),
    /// `private_key_jwt` (RFC 7523): the key, and the authorisation server's issuer as audience.
    Key {
        /// A private key, not with RSA PSS.
        key: Key,
        /// The server's issuer, as its metadata has it.
        issuer: String,
    },
}

/// A POST to send: over TLS, without following redirects, which would carry the secret to somebody else, and within some seconds.
pub struct TokenRequest {
    /// Where to.
    pub url: String,
    /// `Content-Type`, `Accept`, and `Authorization` where there is one.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// A form.
    pub body: Zeroizing<String>,
}

/// What came back, whatever its status.
pub struct TokenAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no token.
#[derive(Debug)]
pub enum TokenFault {
    /// No request could be made.
    Request(Fault),
    /// The request was not answered.
    Transport(Failure),
    /// The server gave none: status, `error` and `error_description`.
    Refused(u16, String),
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(fault) => fault.fmt(f),
            Self::Transport(why) => write!(f, "no token: the server did not answer: {why}"),
            Self::Refused(status, what) => write!(f, "no token: {status}{what}"),
        }
    }
}

impl Error for TokenFault {}

type Sender = dyn Fn(TokenRequest) -> Result<TokenAnswer, Failure> + Send + Sync;

/// Tokens of one client. Threads may share one.
pub struct TokenSource {
    url: String,
    client_id: String,
    scope: Option<String>,
    proof: Proof,
    send: Box<Sender>,
    kept: Mutex<Option<(Zeroizing<String>, Instant)>>,
}

impl TokenSource {
    /// `send` carries out a [`TokenRequest`] with an HTTP client of the caller's. Fails where the token URL is neither https nor this machine.
    pub fn new(
        token_url: &str,
        client_id: &str,
        proof: Proof,
        send: impl Fn(TokenRequest) -> Result<TokenAnswer, Failure> + Send + Sync + 'static,
    ) -> Result<Self, Fault> {
        if !Parts::of(token_url)?.is_private() {
            return Err(Fault::TokenUrl);
        }
        if let Proof::Key { key, .. } = &proof {
            key.algorithm().jwa().ok_or(Fault::WrongKey)?;
        }
        Ok(Self { url: token_url.into(), client_id: client_id.into(), scope: None, proof, send: Box::new(send), kept: Mutex::new(None) })
    }

    /// Asks for these permissions, separated by spaces; without it, for all that the client holds.
    pub fn scope(mut self, scope: &str) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// A token that is valid for a while yet. Threads that ask at the same time wait for one request.
    pub fn token(&self) -> Result<Zeroizing<String>, TokenFault> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, until)) = kept.as_ref() {
            if Instant::now() < *until {
                return Ok(token.clone());
            }
        }
        let asked = Instant::now();
        let request = self.request().map_err(TokenFault::Request)?;
        let (token, life_s) = read((self.send)(request).map_err(TokenFault::Transport)?)?;
        let until = asked + Duration::from_secs_f64(life_s - MARGIN_S.min(life_s / 10.0));
        *kept = Some((token.clone(), until));
        Ok(token)
    }

    /// Throws the kept token away: call it after a 401, then ask once more.
    pub fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn request(&self) -> Result<TokenRequest, Fault> {
        let mut body = Zeroizing::new("grant_type=client_credentials".to_owned());
        let mut headers =
            vec![("Content-Type", Zeroizing::new("application/x-www-form-urlencoded".to_owned())), ("Accept", Zeroizing::new("application/json".to_owned()))];
        if let Some(scope) = &self.scope {
            body.push_str("&scope=");
            body.push_str(&form_encoded(scope));
        }
        match &self.proof {
            Proof::Secret(secret) => {
                let pair = Zeroizing::new(format!("{}:{}", *form_encoded(&self.client_id), *form_encoded(secret))); // RFC 6749, section 2.3.1
                headers.push(("Authorization", Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())))));
            }
            Proof::Key { key, issuer } => {
                body.push_str("&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=");
                body.push_str(&client_assertion(&self.client_id, issuer, key)?);
            }
        }
        Ok(TokenRequest { url: self.url.clone(), headers, body })
    }
}

/// A JWT by which a client proves who it is (RFC 7523, section 3), valid for a minute; `audience` is the authorisation server's issuer.
pub fn client_assertion(client_id: &str, audience: &str, key: &Key) -> Result<String, Fault> {
    let alg = key.algorithm().jwa().ok_or(Fault::WrongKey)?;
    let iat = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    let claims = json!({"iss": client_id, "sub": client_id, "aud": audience, "iat": iat, "exp": iat + ASSERTION_LIFE_S, "jti": random_text()?});
    let encoded = |part: Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encoded(json!({"alg": alg, "typ": "JWT"})), encoded(claims));
    let signature = key.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}

/// Token and life in seconds; 0 where the server does not say, so that it is used once.
fn read(answer: TokenAnswer) -> Result<(Zeroizing<String>, f64), TokenFault> {
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match said["access_token"].as_str() {
        Some(token) if answer.status == 200 => {
            let life_s = said["expires_in"].as_f64().filter(|life| (0.0..=LIFE_S_MAX).contains(life)).unwrap_or(0.0);
            Ok((Zeroizing::new(token.to_owned()), life_s))
        }
        _ => {
            let what = ["error", "error_description"].iter().filter_map(|name| said[name].as_str()).map(|text| format!(", {text}")).collect();
            Err(TokenFault::Refused(answer.status, what))
        }
    }
}

/// `application/x-www-form-urlencoded`.
fn form_encoded(text: &str) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(String::with_capacity(text.len() * 3));
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b if b.is_ascii_alphanumeric() || b"-._*".contains(&b) => encoded.push(char::from(b)),
            b => encoded.push_str(&format!("%{b:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn source(status: u16, body: &'static str) -> (TokenSource, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&asked);
        let send = move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(TokenAnswer { status, body: body.into() })
        };
        let proof = Proof::Secret(Zeroizing::new("a secret/".into()));
        (TokenSource::new("https://id.example.com/oauth2/token", "client:1", proof, send).unwrap(), asked)
    }

    #[test]
    fn a_refusal_names_the_servers_error_and_no_secret() {
        let (refused, _) = source(401, r#"{"error":"invalid_client"}"#);
        assert_eq!(refused.token().unwrap_err().to_string(), "no token: 401, invalid_client");
        let (html, _) = source(200, "<html>");
        assert_eq!(html.token().unwrap_err().to_string(), "no token: 200");
    }

    #[test]
    fn a_token_is_kept_until_it_is_forgotten_and_one_of_unknown_life_is_used_once() {
        let (hour, asked) = source(200, r#"{"access_token":"t","expires_in":3600}"#);
        assert_eq!((hour.token().unwrap().as_str(), hour.token().unwrap().as_str()), ("t", "t"));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        hour.forget();
        hour.token().unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        for body in [r#"{"access_token":"t"}"#, r#"{"access_token":"t","expires_in":-5}"#, r#"{"access_token":"t","expires_in":1e300}"#] {
            let (unknown, asked) = source(200, body);
            unknown.token().unwrap();
            unknown.token().unwrap();
            assert_eq!(asked.load(Ordering::Relaxed), 2, "{body}");
        }
    }

    #[test]
    fn secrets_travel_encoded_and_only_over_tls() {
        let (source, _) = source(200, "{}");
        let request = source.scope("a b").request().unwrap();
        assert_eq!(request.body.as_str(), "grant_type=client_credentials&scope=a+b");
        assert_eq!(request.headers[2].1.as_str(), format!("Basic {}", BASE64_STANDARD.encode("client%3A1:a+secret%2F")));
        let proof = || Proof::Secret(Zeroizing::new("secret".into()));
        let never = |_| Err("not sent".into());
        assert_eq!(TokenSource::new("http://id.example.com/token", "client", proof(), never).err(), Some(Fault::TokenUrl));
        assert!(TokenSource::new("http://127.0.0.1:8080/token", "client", proof(), never).is_ok());
        let proof = Proof::Key { key: Key::secret("secret").unwrap(), issuer: "https://id.example.com".into() };
        assert_eq!(TokenSource::new("https://id.example.com/token", "client", proof, never).err(), Some(Fault::WrongKey));
    }
}
