//! The signature that was sent, read as kindly as it can be, so that a wrong encoding is told apart from a wrong signature.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use keywright_domain::catalogue::Scheme;

use super::super::detect::signature_header;
use super::super::http_message_signatures;
use super::super::request::Request;
use super::Ask;

/// A signature as it was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its bytes: to be compared, not to be shown.
    pub bytes: Vec<u8>,
    /// What is wrong with its encoding, if anything is.
    pub encoding: Option<&'static str>,
}

/// The signature of a request; `None` where there is none that can be read in any way.
#[must_use]
pub fn sent(request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>) -> Option<Sent> {
    if scheme == Scheme::HttpMessageSignatures {
        let bytes = ask.signature(&http_message_signatures::read(request).ok()?).ok()?.bytes().ok()?;
        return Some(match hex_inside(&bytes) {
            Some(inside) => Sent { bytes: inside, encoding: Some("the signature is base64 of hexadecimal digits: encode the signature's bytes themselves") },
            None => Sent { bytes, encoding: None },
        });
    }
    let value = request.values(signature_header(scheme)).next()?;
    let text = std::str::from_utf8(value).ok()?.trim();
    let (hexadecimal, base64) = (hex::decode(text).ok().filter(|bytes| !bytes.is_empty()), from_base64(text));
    Some(match (scheme, hexadecimal, base64) {
        (Scheme::Tylt, Some(bytes), _) if text.bytes().any(|b| b.is_ascii_uppercase()) => {
            Sent { bytes, encoding: Some("the signature has capital letters: write it with lower-case hexadecimal digits") }
        }
        (Scheme::Tylt, Some(bytes), _) => Sent { bytes, encoding: None },
        (Scheme::Tylt, None, Some((bytes, _))) => Sent { bytes, encoding: Some("the signature is in base64: write it with lower-case hexadecimal digits") },
        (_, Some(bytes), _) => Sent { bytes, encoding: Some("the signature is in hexadecimal digits: write it in base64 with padding") },
        (_, None, Some((bytes, true))) => Sent { bytes, encoding: None },
        (_, None, Some((bytes, false))) => {
            Sent { bytes, encoding: Some("the signature is in base64url or without padding: write it in base64 with `+`, `/` and padding") }
        }
        (_, None, None) => return None,
    })
}

/// Of either alphabet, with or without padding; whether it is the standard form.
fn from_base64(text: &str) -> Option<(Vec<u8>, bool)> {
    if let Ok(bytes) = BASE64_STANDARD.decode(text) {
        return Some((bytes, true)).filter(|(bytes, _)| !bytes.is_empty());
    }
    let url_safe = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    BASE64_URL_SAFE_NO_PAD.decode(url_safe).ok().filter(|bytes| !bytes.is_empty()).map(|bytes| (bytes, false))
}

/// An HMAC-SHA256 or longer whose digits were encoded once more.
fn hex_inside(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() < 64 { None } else { hex::decode(bytes).ok() }
}
