//! Signs a request with a secret key (RFC 9421, hmac-sha256) and sends it: `cargo add aws-lc-rs base64 ureq`.
//!
//! `read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET` (paste the secret key, press Enter)

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, hmac, rand};
use base64::prelude::{Engine, BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("KEYWRIGHT_SECRET")?;
    let url = "{{url}}";
    let keyid = "{{keyid}}";
    let body = r#"{"amount":"10.00","currency":"EUR"}"#; // this very text is signed and sent

    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let place = place.split_once("://").ok_or("the URL is not absolute")?.1;
    let (authority, path) = place.split_once('/').unwrap_or((place, "")); // in lower case, and without :443 or :80
    let content_digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(digest::digest(&digest::SHA256, body.as_bytes())));

    let created = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut random = [0; 16];
    rand::fill(&mut random)?;
    let nonce = BASE64_URL_SAFE_NO_PAD.encode(random);
    let names = r#""@method" "@authority" "@path" "@query" "content-digest""#;
    let params = format!(r#"({names});created={created};nonce="{nonce}";keyid="{keyid}""#);
    let signed = format!(
        "\"@method\": POST\n\"@authority\": {authority}\n\"@path\": /{path}\n\"@query\": ?{query}\n\"content-digest\": {content_digest}\n\"@signature-params\": {params}"
    );
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.trim().as_bytes()), signed.as_bytes());

    let mut answer = ureq::post(url)
        .header("Content-Digest", content_digest)
        .header("Signature-Input", format!("sig1={params}"))
        .header("Signature", format!("sig1=:{}:", BASE64_STANDARD.encode(mac)))
        .header("Content-Type", "application/json")
        .send(body)?;
    println!("{} {}", answer.status(), answer.body_mut().read_to_string()?);
    Ok(())
}
