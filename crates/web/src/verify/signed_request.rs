//! The member `request` of a question: a request as the resource server received it, for credentials that prove requests by a signature.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keywright_crypto::scheme::{Body, Request, UriScheme};
use keywright_domain::limits;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

use super::question::Text;

/// The members, for messages.
pub(super) const MEMBERS: &str = "method, url, headers, body_sha256, body_sha512, body_base64, body";
/// The members that tell the body; at most one may be there.
pub(super) const BODIES: [&str; 4] = ["body_sha256", "body_sha512", "body_base64", "body"];

/// A request as it came in.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked<'a> {
    #[serde(borrow)]
    method: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    headers: Headers<'a>,
    #[serde(borrow, default)]
    body_sha256: Option<Text<'a>>,
    #[serde(borrow, default)]
    body_sha512: Option<Text<'a>>,
    #[serde(borrow, default)]
    body_base64: Option<Text<'a>>,
    #[serde(borrow, default)]
    body: Option<Text<'a>>,
}

/// One whose every field is sound.
pub(super) struct Sound<'a> {
    asked: Asked<'a>,
    body: Seen,
}

/// What the resource server knows of the body.
pub(super) enum Seen {
    Unseen,
    None,
    Sha256([u8; 32]),
    Sha512([u8; 64]),
    Bytes(Vec<u8>),
}

impl<'a> Asked<'a> {
    /// None: some field is not sound.
    pub(super) fn check(self) -> Option<Sound<'a>> {
        let bodies = [&self.body_sha256, &self.body_sha512, &self.body_base64, &self.body];
        let mut seen = Seen::Unseen;
        for (name, text) in BODIES.iter().zip(bodies).filter_map(|(name, text)| Some((name, text.as_ref()?))) {
            if !matches!(seen, Seen::Unseen) {
                return None;
            }
            seen = body(name, &text.0).ok()?;
        }
        method(&self.method.0).ok()?;
        url(&self.url.0).ok()?;
        let sound = |(name, value): &(Text<'_>, Text<'_>)| header_name(&name.0).is_ok() && header_value(&value.0).is_ok();
        self.headers.0.iter().all(sound).then_some(Sound { asked: self, body: seen })
    }
}

impl Sound<'_> {
    /// Its headers, as [`request`](Self::request) takes them.
    pub(super) fn headers(&self) -> Vec<(&str, &[u8])> {
        self.asked.headers.0.iter().map(|(name, value)| (&*name.0, value.0.as_bytes())).collect()
    }

    /// The request with these headers of its.
    pub(super) fn request<'c>(&'c self, headers: &'c [(&'c str, &'c [u8])]) -> Request<'c> {
        let url = &*self.asked.url.0;
        let host = || headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).and_then(|(_, value)| std::str::from_utf8(value).ok());
        let (scheme, authority, target) = match apart(url) {
            Some((scheme, authority, target)) => (scheme, authority, if target.is_empty() { "/" } else { target }),
            None => (UriScheme::Https, host().unwrap_or_default(), url),
        };
        let body = match &self.body {
            Seen::Unseen => Body::Unseen,
            Seen::None => Body::None,
            Seen::Sha256(digest) => Body::Sha256(*digest),
            Seen::Sha512(digest) => Body::Sha512(*digest),
            Seen::Bytes(bytes) => Body::Bytes(bytes),
        };
        Request { method: &self.asked.method.0, scheme, authority, target, headers, body }
    }
}

/// Scheme, authority and target of an absolute URL.
fn apart(url: &str) -> Option<(UriScheme, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = match scheme {
        "https" => UriScheme::Https,
        "http" => UriScheme::Http,
        _ => return None,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    Some((scheme, &rest[..end], &rest[end..]))
}

/// RFC 9110 section 5.6.2
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

pub(super) fn method(text: &str) -> Result<(), String> {
    let ok = text.len() <= limits::METHOD_BYTES_MAX && is_token(text);
    if ok { Ok(()) } else { Err("is not a method: write it as it was sent, such as POST".into()) }
}

pub(super) fn url(text: &str) -> Result<(), String> {
    if text.len() > limits::REQUEST_URL_BYTES_MAX {
        return Err(format!("has {} bytes: at most {} are read", text.len(), limits::REQUEST_URL_BYTES_MAX));
    }
    let ok = text.starts_with('/') || apart(text).is_some_and(|(_, authority, _)| !authority.is_empty());
    if ok {
        Ok(())
    } else {
        Err("is not the address of a request: write it as it was sent, such as https://api.example.com/pay?x=1, or its path and query".into())
    }
}

pub(super) fn header_name(text: &str) -> Result<(), String> {
    if is_token(text) { Ok(()) } else { Err("is not the name of a header: write it without spaces and colons, such as Content-Digest".into()) }
}

/// What no server delivers, whoever stands behind could read in another way. Obsolete folding (RFC 9112 section 5.2) is delivered by some.
pub(super) fn header_value(text: &str) -> Result<(), String> {
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let folds = match (byte, bytes.peek()) {
            (b'\r', Some(b'\n')) | (b'\n', Some(b' ' | b'\t')) => true,
            (b'\r' | b'\n' | 0, _) => false,
            _ => continue,
        };
        if !folds {
            return Err("holds a line end or a NUL, which no value of a header has".into());
        }
    }
    Ok(())
}

/// What the member `name` says of the body.
pub(super) fn body(name: &str, text: &str) -> Result<Seen, String> {
    match name {
        "body_sha256" => digest(text).map(Seen::Sha256),
        "body_sha512" => digest(text).map(Seen::Sha512),
        "body_base64" => of_body().decode(text).map(Seen::Bytes).map_err(|_| "is not base64 with padding (RFC 4648 section 4)".into()),
        _ if text == "none" => Ok(Seen::None),
        _ => Err("says that the request has none: write \"none\", or one of body_sha256, body_sha512 and body_base64".into()),
    }
}

/// Bodies are long: they are read with the processor's vector instructions, where it has some.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn of_body() -> &'static impl Engine {
    use base64::engine::Simd;
    use base64::engine::general_purpose::PAD;
    use std::sync::LazyLock;
    static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));
    &*ENGINE
}

/// Elsewhere as everything is.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn of_body() -> &'static impl Engine {
    &BASE64_STANDARD
}

/// In hexadecimal digits or base64.
fn digest<const N: usize>(text: &str) -> Result<[u8; N], String> {
    let bytes = if text.len() == 2 * N { hex::decode(text).ok() } else { BASE64_STANDARD.decode(text).ok() };
    let digest = bytes.and_then(|bytes| bytes.try_into().ok());
    digest.ok_or_else(|| format!("is not a digest: write its {N} bytes as {} hexadecimal digits, or in base64", 2 * N))
}

/// Headers in the order in which they came.
struct Headers<'a>(Vec<(Text<'a>, Text<'a>)>);

struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = Headers<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of pairs of strings")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Headers<'de>, A::Error> {
        let mut headers = Vec::new();
        while let Some(header) = list.next_element()? {
            if headers.len() == limits::REQUEST_HEADERS_MAX {
                return Err(A::Error::custom("too many"));
            }
            headers.push(header);
        }
        Ok(Headers(headers))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Headers<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_seq(HeadersVisitor)
    }
}
