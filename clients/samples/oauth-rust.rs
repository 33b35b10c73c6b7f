//! Fetches an access token (client_credentials, client_secret_basic) and calls the API with it: `cargo add base64 serde_json` and
//! `cargo add ureq --features json`.
//!
//! `read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET` (paste the consumer secret, press Enter)

use std::error::Error;
use std::time::{Duration, Instant};

use base64::prelude::{Engine, BASE64_STANDARD};

/// Gives the token and the time until which it may be used: it is good for many calls, so keep it.
fn token(token_url: &str, client_id: &str, client_secret: &str) -> Result<(String, Instant), Box<dyn Error>> {
    let asked = Instant::now();
    let basic = BASE64_STANDARD.encode(format!("{client_id}:{client_secret}")); // letters, digits, - and _ only: nothing to encode
    let mut answer = ureq::post(token_url)
        .config()
        .max_redirects(0) // the secret goes nowhere else
        .build()
        .header("Authorization", format!("Basic {basic}"))
        .send_form([("grant_type", "client_credentials")])?;
    let said: serde_json::Value = answer.body_mut().read_json()?;
    let token = said["access_token"].as_str().ok_or("the answer has no token")?;
    let life_s = said["expires_in"].as_u64().unwrap_or(0);
    Ok((token.to_owned(), asked + Duration::from_secs(life_s.saturating_sub(30))))
}

fn main() -> Result<(), Box<dyn Error>> {
    let client_secret = std::env::var("KEYWRIGHT_SECRET")?;
    let (token, _until) = token("{{token_url}}", "{{keyid}}", client_secret.trim())?;
    let mut answer = ureq::get("{{url}}").header("Authorization", format!("Bearer {token}")).call()?;
    println!("{} {}", answer.status(), answer.body_mut().read_to_string()?);
    Ok(())
}
