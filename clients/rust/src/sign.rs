//! Signed requests: RFC 9421 as Keywright's profile wants it, and Tylt's form.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, rand};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};

use crate::url::Parts;
use crate::{Algorithm, Fault, Key};

/// Names and values of the headers to add.
pub type Headers = Vec<(&'static str, String)>;

/// Methods whose requests have a digest of their body also when the body is empty.
const WITH_BODY: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// A request before it is signed.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// In capitals.
    pub method: &'a str,
    /// Absolute, percent-encoded, without a fragment.
    pub url: &'a str,
    /// What the request has already: a `Host` among them is what is signed as the authority.
    pub headers: &'a [(&'a str, &'a str)],
    /// Exactly the bytes that are sent; none where none are.
    pub body: Option<&'a [u8]>,
}

/// The headers to add so that a request is signed (RFC 9421): Content-Digest (RFC 9530), Signature-Input, Signature. The key id is the
/// credential's public half. Fails where method, URL or headers cannot be signed as they are.
pub fn sign_request(request: &Request<'_>, keyid: &str, key: &Key) -> Result<Headers, Fault> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    sign_request_at(request, keyid, key, now, &random_text()?)
}

/// [`sign_request`] at a given time, in seconds since 1970, UTC, and with a given nonce, which must never come twice.
pub fn sign_request_at(request: &Request<'_>, keyid: &str, key: &Key, created_s: u64, nonce: &str) -> Result<Headers, Fault> {
    let signed_already = |name: &str| ["content-digest", "signature-input", "signature"].iter().any(|own| name.eq_ignore_ascii_case(own));
    if request.headers.iter().any(|(name, _)| signed_already(name)) {
        return Err(Fault::AlreadySigned);
    }
    if request.method.is_empty() || !request.method.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Fault::Method);
    }
    let parts = Parts::of(request.url)?;
    let host = request.headers.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case("host")).map_or(parts.host, |(_, value)| value.trim());
    let mut lines = vec![
        ("@method", request.method.to_owned()),
        ("@authority", parts.authority(host)?),
        ("@path", parts.path.to_owned()),
        ("@query", format!("?{}", parts.query.unwrap_or_default())),
    ];
    let mut added = Headers::new();
    if WITH_BODY.contains(&request.method) || request.body.is_some() {
        let digest = digest::digest(&digest::SHA256, request.body.unwrap_or_default());
        let value = format!("sha-256=:{}:", BASE64_STANDARD.encode(digest));
        added.push(("Content-Digest", value.clone()));
        lines.push(("content-digest", value));
    }
    let covered: Vec<String> = lines.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let params = format!("({});created={created_s};nonce={};keyid={}", covered.join(" "), quoted(nonce)?, quoted(keyid)?);
    let mut base: String = lines.iter().map(|(name, value)| format!("\"{name}\": {value}\n")).collect();
    base.push_str(&format!("\"@signature-params\": {params}"));
    let signature = key.sign(base.as_bytes())?;
    added.push(("Signature-Input", format!("sig1={params}")));
    added.push(("Signature", format!("sig1=:{}:", BASE64_STANDARD.encode(signature))));
    Ok(added)
}

/// The headers to add in Tylt's form: the hex HMAC of the exact body, or of the raw query string where there is none, or an
/// empty one. Fails where the key is no secret, or the URL or the API key cannot be sent as it is.
pub fn sign_tylt(url: &str, body: Option<&[u8]>, api_key: &str, key: &Key) -> Result<Headers, Fault> {
    if key.algorithm() != Algorithm::HmacSha256 {
        return Err(Fault::WrongKey);
    }
    if api_key.is_empty() || !api_key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Fault::Text);
    }
    let mac = match body {
        Some(body) if !body.is_empty() => key.sign(body)?,
        _ => key.sign(Parts::of(url)?.query.unwrap_or_default().as_bytes())?,
    };
    let hex = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(vec![("X-TLP-APIKEY", api_key.to_owned()), ("X-TLP-SIGNATURE", hex)])
}

/// 16 random bytes as 22 base64url digits.
pub(crate) fn random_text() -> Result<String, Fault> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| Fault::Library)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// A string of a structured field (RFC 9651, section 3.3.3).
fn quoted(text: &str) -> Result<String, Fault> {
    if text.is_empty() || !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Err(Fault::Text);
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(request: &Request<'_>) -> Result<Headers, Fault> {
        sign_request_at(request, "key-id", &Key::secret("secret").unwrap(), 1_618_884_473, "nonce")
    }

    #[test]
    fn what_cannot_be_signed_is_refused_by_name() {
        let request = Request { method: "POST", url: "https://api.example.com/", headers: &[], body: None };
        assert_eq!(signed(&Request { method: "post", ..request }).err(), Some(Fault::Method));
        for name in ["Signature", "signature-input", "Content-Digest"] {
            assert_eq!(signed(&Request { headers: &[(name, "x")], ..request }).err(), Some(Fault::AlreadySigned));
        }
        let key = Key::secret("secret").unwrap();
        for text in ["", "a\nb", "ä"] {
            assert_eq!(sign_request_at(&request, text, &key, 1, "nonce").err(), Some(Fault::Text));
            assert_eq!(sign_request_at(&request, "key-id", &key, 1, text).err(), Some(Fault::Text));
        }
        assert_eq!(sign_tylt(request.url, None, "a b", &key).err(), Some(Fault::Text));
    }

    #[test]
    fn a_body_is_covered_where_one_is_and_where_one_could_be() {
        let get = Request { method: "GET", url: "https://api.example.com/", headers: &[], body: None };
        let names = |headers: Headers| headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
        assert_eq!(names(signed(&get).unwrap()), "Signature-Input Signature");
        for request in [Request { method: "DELETE", ..get }, Request { body: Some(b"x"), ..get }] {
            assert_eq!(names(signed(&request).unwrap()), "Content-Digest Signature-Input Signature");
        }
        let empty = signed(&Request { method: "POST", ..get }).unwrap();
        assert_eq!(empty[0].1, "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
        let expected = r#"sig1=("@method" "@authority" "@path" "@query" "content-digest");created=1618884473;nonce="nonce";keyid="key-id""#;
        assert_eq!(empty[1].1, expected);
    }

    #[test]
    fn two_signatures_have_two_nonces() {
        let get = Request { method: "GET", url: "https://api.example.com/", headers: &[], body: None };
        let key = Key::secret("secret").unwrap();
        assert_ne!(sign_request(&get, "key-id", &key), sign_request(&get, "key-id", &key));
        assert_eq!(random_text().unwrap().len(), 22);
    }
}
