//! The test mode: a question as one JSON object on standard input, the headers to add as JSON on standard output. ../README.md has its form.

use std::error::Error;
use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use keywright_client::{Algorithm, Headers, Key, Proof, Request, TokenAnswer, TokenRequest, TokenSource, sign_request, sign_request_at, sign_tylt};
use serde_json::{Value, json};
use ureq::Agent;
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    match answer() {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("keywright: {why}");
            ExitCode::FAILURE
        }
    }
}

fn answer() -> Outcome<Value> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let asked: Value = serde_json::from_str(&text)?;
    if let (Some("text"), Some(text)) = (asked["scheme"].as_str(), asked["text"].as_str()) {
        return Ok(json!({"signature": BASE64_STANDARD.encode(key(&asked)?.sign(text.as_bytes())?)}));
    }
    Ok(json!({"headers": headers(&asked)?}))
}

fn headers(asked: &Value) -> Outcome<Headers> {
    let word = |name: &str| asked[name].as_str().unwrap_or_default();
    let body = asked["body_base64"].as_str().map(|text| BASE64_STANDARD.decode(text)).transpose()?;
    match word("scheme") {
        "http-message-signatures" => {
            let pairs: Vec<(String, String)> = serde_json::from_value(asked.get("headers").cloned().unwrap_or_else(|| json!([])))?;
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let request = Request { method: word("method"), url: word("url"), headers: &pairs, body: body.as_deref() };
            let key = key(asked)?;
            Ok(match (asked["created"].as_u64(), asked["nonce"].as_str()) {
                (Some(created_s), Some(nonce)) => sign_request_at(&request, word("keyid"), &key, created_s, nonce)?,
                _ => sign_request(&request, word("keyid"), &key)?,
            })
        }
        "tylt" => Ok(sign_tylt(word("url"), body.as_deref(), word("api_key"), &key(asked)?)?),
        "oauth2" => {
            let proof = match asked["secret"].as_str() {
                Some(secret) => Proof::Secret(Zeroizing::new(secret.to_owned())),
                None => Proof::Key { key: key(asked)?, issuer: word("issuer").to_owned() },
            };
            let source = TokenSource::new(word("token_url"), word("client_id"), proof, post)?;
            let source = match asked["scope"].as_str() {
                Some(scope) => source.scope(scope),
                None => source,
            };
            Ok(vec![("Authorization", format!("Bearer {}", *source.token()?)), ("Again", source.token()?.to_string())])
        }
        _ => Err("scheme is http-message-signatures, tylt, oauth2 or text".into()),
    }
}

fn key(asked: &Value) -> Outcome<Key> {
    if let Some(pem) = asked["pem"].as_str() {
        let key = Key::pem(pem)?;
        return match asked["algorithm"].as_str() {
            Some(name) => Ok(key.with(Algorithm::named(name).ok_or("no such algorithm")?)?),
            None => Ok(key),
        };
    }
    match asked["secret"].as_str() {
        Some(secret) => Ok(Key::secret(secret)?),
        None => Ok(Key::secret_bytes(&BASE64_STANDARD.decode(asked["secret_base64"].as_str().unwrap_or_default())?)?),
    }
}

/// Sends a token request with ureq; any other HTTP client does as well.
fn post(request: TokenRequest) -> Outcome<TokenAnswer> {
    let settings = Agent::config_builder().max_redirects(0).http_status_as_error(false).timeout_global(Some(Duration::from_secs(10)));
    let mut post = Agent::from(settings.build()).post(&request.url);
    for (name, value) in &request.headers {
        post = post.header(*name, value.as_str());
    }
    let mut answer = post.send(request.body.as_str())?;
    Ok(TokenAnswer { status: answer.status().as_u16(), body: answer.body_mut().read_to_vec()? })
}
