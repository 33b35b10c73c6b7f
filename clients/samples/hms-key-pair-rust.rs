//! Signs a request with a private key (RFC 9421) and sends it: `cargo add aws-lc-rs base64 ureq`. The key: private-key.pem, readable by you only.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use aws_lc_rs::{digest, rand};
use base64::prelude::{Engine, BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pem = std::fs::read_to_string(std::env::var("KEYWRIGHT_PRIVATE_KEY_FILE").unwrap_or("private-key.pem".into()))?;
    let der = BASE64_STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>())?;
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
    let signature = sign(&der, signed.as_bytes()).ok_or("private-key.pem holds no Ed25519, P-256, P-384 or RSA key")?;

    let mut answer = ureq::post(url)
        .header("Content-Digest", content_digest)
        .header("Signature-Input", format!("sig1={params}"))
        .header("Signature", format!("sig1=:{}:", BASE64_STANDARD.encode(signature)))
        .header("Content-Type", "application/json")
        .send(body)?;
    println!("{} {}", answer.status(), answer.body_mut().read_to_string()?);
    Ok(())
}

fn sign(der: &[u8], signed: &[u8]) -> Option<Vec<u8>> {
    let random = rand::SystemRandom::new();
    if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return Some(key.sign(signed).as_ref().to_vec());
    }
    for curve in [&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &signature::ECDSA_P384_SHA384_FIXED_SIGNING] {
        if let Ok(key) = EcdsaKeyPair::from_private_key_der(curve, der) {
            return Some(key.sign(&random, signed).ok()?.as_ref().to_vec());
        }
    }
    let key = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der)).ok()?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&signature::RSA_PKCS1_SHA256, &random, signed, &mut signature).ok()?;
    Some(signature)
}
