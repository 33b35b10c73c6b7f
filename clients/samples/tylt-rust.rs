//! Signs a request in Tylt's form and sends it: `cargo add aws-lc-rs ureq`.
//!
//! `read -rs KEYWRIGHT_SECRET; export KEYWRIGHT_SECRET` (paste the secret key, press Enter)

use aws_lc_rs::hmac;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("KEYWRIGHT_SECRET")?;
    let url = "{{url}}";
    let api_key = "{{keyid}}";
    let body = r#"{"amount":"10.00","currency":"EUR"}"#; // this very text is signed and sent

    // A GET has no body: its raw query string, what follows the `?`, is signed instead.
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.trim().as_bytes());
    let mac = hmac::sign(&key, body.as_bytes());
    let signature: String = mac.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();

    let mut answer = ureq::post(url)
        .header("X-TLP-APIKEY", api_key)
        .header("X-TLP-SIGNATURE", signature)
        .header("Content-Type", "application/json")
        .send(body)?;
    println!("{} {}", answer.status(), answer.body_mut().read_to_string()?);
    Ok(())
}
