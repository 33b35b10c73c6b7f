//! `keywright sign`: the headers that make a request a signed one. Nothing is sent, and no store is opened.

mod holder;

use std::path::Path;

use keywright_crypto::random;
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::sign::{self, Parameters};
use keywright_crypto::scheme::{Body, Fault, Request, UriScheme, content_digest, tylt, yoti};
use keywright_domain::catalogue::Scheme;
use keywright_domain::limits;
use serde_json::{Value, json};

use self::holder::Holder;
use super::read_bytes;
use crate::cli::Sign;
use crate::clocks;
use crate::failure::Failure;
use crate::output::Output;

/// The label of the signature: its name among those of one request.
const LABEL: &str = "sig1";

/// What is signed, as it was typed.
struct Subject<'a> {
    method: &'a str,
    scheme: UriScheme,
    authority: &'a str,
    target: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    body: Option<&'a [u8]>,
}

/// What is to be sent.
struct Signed {
    /// Another one than was given, where the scheme puts something into it.
    url: Option<String>,
    headers: Vec<(&'static str, String)>,
}

pub(super) fn run(asked: &Sign) -> Result<Output, Failure> {
    let holder = Holder::read(&asked.credential)?;
    let body = asked.body.as_deref().map(read_body).transpose()?;
    let (scheme, authority, target) = address(&asked.url)?;
    let headers = asked.header.iter().map(|line| header(line)).collect::<Result<Vec<_>, Failure>>()?;
    let method = as_sent(&asked.method);
    let subject = Subject { method: &method, scheme, authority, target, headers, body: body.as_deref() };
    let signed = match asked.scheme {
        Scheme::HttpMessageSignatures => subject.http_message(&holder, asked.algorithm)?,
        Scheme::Tylt => subject.tylt(&holder)?,
        Scheme::Yoti => subject.yoti(&holder, &asked.base_path)?,
    };
    let url = signed.url.as_deref().unwrap_or(&asked.url);
    let members: serde_json::Map<String, Value> = signed.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let lines = signed.headers.iter().map(|(name, value)| format!("{name}: {value}"));
    // Headers alone, so that `curl --header @FILE` can take them. The address is said beside them where it is not the one that was given.
    let changed = (method != asked.method).then(|| format!("Signed as {method}, which is what is sent for {}.", asked.method));
    let moved = signed.url.as_deref().map(|url| format!("Send it to this address, which was signed: {url}"));
    let beside: Vec<String> = changed.into_iter().chain(moved).collect();
    let beside = (!beside.is_empty()).then(|| beside.join("\n"));
    Ok(Output::new(json!({ "method": method, "url": url, "headers": members }), lines.collect::<Vec<_>>().join("\n")).beside(beside))
}

/// The method as programs send it: the known ones in upper case, whatever case they were typed in. Others are case-sensitive (RFC 9110 section 9.1).
fn as_sent(method: &str) -> String {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(method)).unwrap_or(method).to_owned()
}

fn read_body(path: &Path) -> Result<Vec<u8>, Failure> {
    read_bytes(path, limits::SIGNED_BODY_BYTES_MAX)
}

impl Subject<'_> {
    fn request<'r>(&'r self, headers: &'r [(&'r str, &'r [u8])]) -> Request<'r> {
        let body = self.body.map_or(Body::None, Body::Bytes);
        Request { method: self.method, scheme: self.scheme, authority: self.authority, target: self.target, headers, body }
    }

    /// RFC 9421 over what the server wants covered, and over the headers that were given.
    fn http_message(&self, holder: &Holder, algorithm: Option<keywright_crypto::public_key::Algorithm>) -> Result<Signed, Failure> {
        let given = |name: &str| self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let digest = sign::digest_header(self.method, self.body).filter(|_| !given(content_digest::HEADER));
        let mut headers = self.headers.clone();
        headers.extend(digest.as_deref().map(|value| (content_digest::HEADER, value.as_bytes())));
        let mut components: Vec<String> = Coverage::STANDARD.components(self.method).map(str::to_owned).collect();
        for name in headers.iter().map(|(name, _)| name.to_ascii_lowercase()) {
            if !components.contains(&name) {
                components.push(name);
            }
        }
        let components: Vec<&str> = components.iter().map(String::as_str).collect();
        let nonce = random::uuid()?;
        let created_s = clocks::wall().us().div_euclid(1_000_000);
        let parameters = Parameters { created_s, expires_s: None, nonce: Some(&nonce), keyid: holder.public_half(), alg: None, tag: None };
        let to_sign = sign::http_message_over(&self.request(&headers), LABEL, &components, &parameters).map_err(fault)?;
        let signature = holder.sign(&to_sign.base, algorithm)?;
        let mut signed: Vec<(&'static str, String)> = digest.into_iter().map(|value| ("Content-Digest", value)).collect();
        signed.extend([("Signature-Input", to_sign.input()), ("Signature", to_sign.signature(&signature))]);
        Ok(Signed { url: None, headers: signed })
    }

    fn tylt(&self, holder: &Holder) -> Result<Signed, Failure> {
        self.refuse_headers(Scheme::Tylt)?;
        let request = self.request(&[]);
        let mac = holder.mac(sign::tylt(&request, self.body.unwrap_or_default()).map_err(fault)?)?;
        Ok(Signed { url: None, headers: vec![(tylt::API_KEY, holder.public_half().to_owned()), (tylt::SIGNATURE, sign::tylt_header(&mac))] })
    }

    fn yoti(&self, holder: &Holder, base_path: &str) -> Result<Signed, Failure> {
        self.refuse_headers(Scheme::Yoti)?;
        let base = base_path.trim_end_matches('/');
        let endpoint = self.target.strip_prefix(base).filter(|rest| rest.starts_with('/'));
        let endpoint = endpoint.ok_or_else(|| Failure::usage(format!("--base-path {base_path}: the path of the address does not begin with it")))?;
        let now_ms = clocks::wall().us().div_euclid(1_000);
        let to_sign = sign::yoti(self.method, base, endpoint, &random::uuid()?, now_ms, self.body.unwrap_or_default()).map_err(fault)?;
        let signature = holder.rsa(&to_sign.text)?;
        Ok(Signed {
            url: Some(format!("{}://{}{}", self.scheme.as_str(), self.authority, to_sign.target)),
            headers: vec![("X-Yoti-Auth-Id", holder.public_half().to_owned()), (yoti::DIGEST, sign::yoti_header(&signature))],
        })
    }

    /// Only RFC 9421 signs headers: signing none of those that were given would be a surprise.
    fn refuse_headers(&self, scheme: Scheme) -> Result<(), Failure> {
        if self.headers.is_empty() {
            return Ok(());
        }
        Err(Failure::usage(format!("--header: {} signs no headers, so leave it out and send them beside those that are printed", scheme.as_str())))
    }
}

/// Scheme, authority and target of an address, byte for byte.
fn address(url: &str) -> Result<(UriScheme, &str, &str), Failure> {
    let wrong = |why: &str| Failure::usage(format!("the address {why}: write it as it is sent, such as https://api.example.com/orders?page=2"));
    let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("has no scheme"))?;
    let known = [UriScheme::Https, UriScheme::Http].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(scheme));
    let scheme = known.ok_or_else(|| wrong("is neither http nor https"))?;
    let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.is_empty() || authority.contains('@') {
        return Err(wrong("has no host, or a user in front of it"));
    }
    if target.contains('#') {
        return Err(wrong("has a fragment, which is not sent"));
    }
    Ok((scheme, authority, if target.is_empty() { "/" } else { target }))
}

/// `Name: value`
fn header(line: &str) -> Result<(&str, &[u8]), Failure> {
    let (name, value) =
        line.split_once(':').ok_or_else(|| Failure::usage("--header: write a name, a colon and a value, such as 'Content-Type: application/json'"))?;
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(Failure::usage("--header: the name holds a character that no name of a header has"));
    }
    Ok((name, value.trim().as_bytes()))
}

fn fault(fault: Fault) -> Failure {
    Failure::usage(fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_not_changed() {
        let parts = |url| address(url).map(|(scheme, authority, target)| (scheme.as_str(), authority, target)).ok();
        assert_eq!(parts("https://API.example.com:443/a%2Fb?x=%20&y"), Some(("https", "API.example.com:443", "/a%2Fb?x=%20&y")));
        assert_eq!(parts("HTTP://h"), Some(("http", "h", "/")));
        assert_eq!(parts("http://h?q"), Some(("http", "h", "?q")));
        for bad in ["", "h/p", "ftp://h/", "https:///p", "https://ann:x@h/", "https://h/#top"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }

    #[test]
    fn known_methods_are_signed_as_they_are_sent() {
        assert_eq!(["post", "Get", "PATCH", "purge"].map(as_sent), ["POST", "GET", "PATCH", "purge"]);
    }

    #[test]
    fn a_header_has_a_name() {
        assert_eq!(header("Content-Type:  text/plain ").ok(), Some(("Content-Type", b"text/plain".as_slice())));
        for bad in ["Content-Type", ": x", "a b: c"] {
            assert!(header(bad).is_err(), "{bad}");
        }
    }
}
