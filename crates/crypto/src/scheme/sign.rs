//! The signer's side: what to sign and which headers to send. The key itself is used elsewhere, between the two.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::fault::{Fault, shown};
use super::http_message_signatures::{self, Coverage, LABELS_MAX, TEXT_BYTES_MAX};
use super::request::{Body, Request};
use super::{content_digest, tylt, yoti};

/// Parameters of a signature by RFC 9421, in the order in which they are written.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'p> {
    /// Now, in seconds since 1970.
    pub created_s: i64,
    /// Until when it is good, in seconds since 1970.
    pub expires_s: Option<i64>,
    /// Never used before under this key; 16 random bytes in base64url or a UUID will do.
    pub nonce: Option<&'p str>,
    /// The public half of the credential.
    pub keyid: &'p str,
    /// The algorithm's name in RFC 9421 section 6.2. The server goes by the key and compares.
    pub alg: Option<&'p str>,
    /// What the signature is for.
    pub tag: Option<&'p str>,
}

/// What is to be signed by RFC 9421.
pub struct ToSign {
    label: String,
    list: String,
    /// The bytes to sign.
    pub base: Vec<u8>,
}

impl ToSign {
    /// The value of `Signature-Input`.
    #[must_use]
    pub fn input(&self) -> String {
        format!("{}={}", self.label, self.list)
    }

    /// The value of `Signature`.
    #[must_use]
    pub fn signature(&self, signature: &[u8]) -> String {
        format!("{}=:{}:", self.label, BASE64_STANDARD.encode(signature))
    }
}

/// Prepares a signature by RFC 9421 over what the server wants covered. Where `Content-Digest` is wanted, the request already has it
/// ([`digest_header`]).
///
/// # Errors
/// [`Fault::ComponentAbsent`], [`Fault::Parameter`] and the others of a base.
pub fn http_message(request: &Request<'_>, label: &str, coverage: &Coverage<'_>, parameters: &Parameters<'_>) -> Result<ToSign, Fault> {
    let mut components: Vec<&str> = coverage.components(request.method).collect();
    let has_digest = components.contains(&"content-digest");
    if !has_digest && request.values(content_digest::HEADER).next().is_some() {
        components.push("content-digest");
    }
    http_message_over(request, label, &components, parameters)
}

/// Prepares a signature by RFC 9421 over these components in this order: names such as `@method`, or whole identifiers such as
/// `"@query-param";name="page"`.
///
/// # Errors
/// As [`http_message`]; [`Fault::Component`]
pub fn http_message_over(request: &Request<'_>, label: &str, components: &[&str], parameters: &Parameters<'_>) -> Result<ToSign, Fault> {
    let identifiers: Vec<String> = components.iter().map(|c| if c.starts_with('"') { (*c).to_owned() } else { format!("\"{c}\"") }).collect();
    let mut list = format!("({});created={}", identifiers.join(" "), parameters.created_s);
    if let Some(expires_s) = parameters.expires_s {
        list.push_str(&format!(";expires={expires_s}"));
    }
    let texts = [("nonce", parameters.nonce), ("keyid", Some(parameters.keyid)), ("alg", parameters.alg), ("tag", parameters.tag)];
    for (name, text) in texts.into_iter().filter_map(|(name, text)| text.map(|text| (name, text))) {
        list.push_str(&format!(";{name}={}", quoted(name, text)?));
    }
    // Read back as the server reads it, so that both sides have one way to the base.
    let input = format!("{label}={list}");
    let placeholder = format!("{label}=:AA==:");
    let headers: Vec<(&str, &[u8])> = request
        .headers
        .iter()
        .copied()
        .filter(|(name, _)| !name.eq_ignore_ascii_case(http_message_signatures::INPUT) && !name.eq_ignore_ascii_case(http_message_signatures::SIGNATURE))
        .chain([(http_message_signatures::INPUT, input.as_bytes()), (http_message_signatures::SIGNATURE, placeholder.as_bytes())])
        .collect();
    let read = http_message_signatures::read(&Request { headers: &headers, ..*request })?;
    let signature = read.labelled(label).ok_or(Fault::TooMany { what: "signatures", max: LABELS_MAX })?;
    Ok(ToSign { label: label.to_owned(), list: signature.parameters().to_owned(), base: signature.base()? })
}

/// The value of `Content-Digest` for a request of this method: of the body, of an empty one too where the method may have one.
#[must_use]
pub fn digest_header(method: &str, body: Option<&[u8]>) -> Option<String> {
    match body {
        Some(body) => Some(content_digest::value(body)),
        None => http_message_signatures::wants_digest(method).then(|| content_digest::value(b"")),
    }
}

fn quoted(name: &str, text: &str) -> Result<String, Fault> {
    let why = "must be 1 to 256 characters of printable ASCII";
    if text.is_empty() || text.len() > TEXT_BYTES_MAX || !text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Err(Fault::Parameter { name: shown(name), why });
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// What is to be signed by Yoti's scheme.
pub struct YotiToSign {
    /// The request target to send: with `nonce` and `timestamp` at the end of its query.
    pub target: String,
    /// The bytes to sign.
    pub text: Vec<u8>,
}

/// Prepares a signature by Yoti's scheme. `endpoint` is path and query relative to `base_path`, such as `/sessions?sdkId=…` under `/idverify/v1`;
/// `nonce` is a UUID.
///
/// # Errors
/// [`Fault::Query`] for a nonce that is no UUID, or [`Fault::QueryRepeated`] when the endpoint has its own.
pub fn yoti(method: &str, base_path: &str, endpoint: &str, nonce: &str, timestamp_ms: i64, body: &[u8]) -> Result<YotiToSign, Fault> {
    let (path, query) = endpoint.split_once('?').unwrap_or((endpoint, ""));
    let joint = if query.is_empty() { "" } else { "&" };
    let query = format!("{query}{joint}nonce={nonce}&timestamp={timestamp_ms}");
    yoti::check_query(&query)?;
    Ok(YotiToSign { target: format!("{}{path}?{query}", base_path.trim_end_matches('/')), text: yoti::text(method, path, &query, body) })
}

/// The value of Yoti's digest header.
#[must_use]
pub fn yoti_header(signature: &[u8]) -> String {
    BASE64_STANDARD.encode(signature)
}

/// What is to be signed by Tylt's scheme: the body, or the query of the target where the body is empty.
///
/// # Errors
/// [`Fault::Target`]
pub fn tylt<'a>(request: &Request<'a>, body: &'a [u8]) -> Result<&'a [u8], Fault> {
    tylt::text(&Request { body: Body::Bytes(body), ..*request })
}

/// The value of Tylt's signature header: lower-case hexadecimal digits.
#[must_use]
pub fn tylt_header(mac: &[u8; 32]) -> String {
    hex::encode(mac)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scheme::UriScheme;

    const PARAMETERS: Parameters<'static> = Parameters { created_s: 1_618_884_473, expires_s: None, nonce: Some("n"), keyid: "k", alg: None, tag: None };
    const NONCE: &str = "8f1c7a3e-93d1-4b5a-a00d-2a6c1e4b7d90";

    fn at<'a>(method: &'a str, target: &'a str, headers: &'a [(&'a str, &'a [u8])], body: &'a [u8]) -> Request<'a> {
        Request { method, scheme: UriScheme::Https, authority: "api.example.com", target, headers, body: Body::Bytes(body) }
    }

    #[test]
    fn what_cannot_be_signed_is_refused() {
        let request = at("POST", "/", &[], b"x");
        assert!(matches!(http_message(&request, "sig", &Coverage::STANDARD, &PARAMETERS), Err(Fault::ComponentAbsent { .. })));
        for keyid in ["", "é", "a\nb", &"x".repeat(257)] {
            let parameters = Parameters { keyid, ..PARAMETERS };
            assert!(matches!(http_message_over(&request, "sig", &["@method"], &parameters), Err(Fault::Parameter { .. })), "{keyid:?}");
        }
        assert!(http_message_over(&request, "Sig", &["@method"], &PARAMETERS).is_err());
        assert!(http_message_over(&request, "sig", &["a\" \"b"], &PARAMETERS).is_err());
        assert!(http_message_over(&request, "sig", &["@status"], &PARAMETERS).is_err());
        assert!(matches!(yoti("GET", "/api", "/p", "n", 1, b""), Err(Fault::Query { name: "nonce", .. })));
        assert!(matches!(yoti("GET", "/api", "/p?nonce=1", NONCE, 1, b""), Err(Fault::QueryRepeated { name: "nonce" })));
    }

    #[test]
    fn a_header_that_signs_already_is_replaced() {
        let headers: [(&str, &[u8]); 2] = [("signature-input", b"sig=(\"broken"), ("signature", b"x")];
        let signed = http_message_over(&at("GET", "/", &headers, b""), "sig", &["@method"], &PARAMETERS).unwrap();
        assert_eq!(signed.input(), r#"sig=("@method");created=1618884473;nonce="n";keyid="k""#);
        assert_eq!(signed.signature(&[1, 2]), "sig=:AQI=:");
    }

    proptest! {
        #[test]
        fn what_is_signed_is_read_back_to_the_same_base(
            method in "GET|POST|PUT|DELETE|X",
            target in "/[a-z%/]{0,8}(\\?[!-\"$-~]{0,12})?",
            body in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
            keyid in "[ -~]{1,20}", nonce in "[ -~]{1,20}", tag in proptest::option::of("[ -~]{1,8}"), expires_s in proptest::option::of(0_i64..1_000_000),
        ) {
            let digest = digest_header(&method, body.as_deref());
            let mut headers: Vec<(&str, &[u8])> = vec![("Host", b"api.example.com")];
            headers.extend(digest.as_deref().map(|value| ("content-digest", value.as_bytes())));
            let seen = body.as_deref().map_or(Body::None, Body::Bytes);
            let request = Request { body: seen, ..at(&method, &target, &headers, b"") };
            let parameters = Parameters { expires_s, nonce: Some(&nonce), keyid: &keyid, tag: tag.as_deref(), ..PARAMETERS };
            let signed = http_message(&request, "my-sig", &Coverage::STANDARD, &parameters).unwrap();
            let (input, signature) = (signed.input(), signed.signature(b"bytes"));
            let mut sent = headers.clone();
            sent.extend([("Signature-Input", input.as_bytes()), ("Signature", signature.as_bytes())]);
            let all = http_message_signatures::read(&Request { headers: &sent, ..request }).unwrap();
            let one = all.of(&keyid).unwrap().unwrap();
            prop_assert_eq!(one.check(&Coverage::STANDARD), Ok(()));
            prop_assert!(one.check_body().is_ok());
            prop_assert_eq!(one.base().unwrap(), signed.base);
            prop_assert_eq!(one.bytes().unwrap(), b"bytes");
            prop_assert_eq!(one.nonce().unwrap(), nonce.as_str());
        }

        #[test]
        fn what_is_signed_for_yoti_is_read_back_to_the_same_text(
            path in "/[a-z%]{1,6}(/[a-z]{0,3})?", query in "([a-c]=[!-%'-~]{0,4}(&[a-c]=[a-z]{0,4})?)?", body in proptest::collection::vec(any::<u8>(), 0..20), ms in 0_i64..4_000_000_000_000,
        ) {
            prop_assume!(!query.contains('#'));
            let signed = yoti("POST", "/api/v1", &format!("{path}{}{query}", if query.is_empty() { "" } else { "?" }), NONCE, ms, &body).unwrap();
            let value = yoti_header(b"bytes");
            let headers: [(&str, &[u8]); 2] = [("X-Yoti-Auth-Digest", value.as_bytes()), ("X-Yoti-Auth-Id", NONCE.as_bytes())];
            let request = at("POST", &signed.target, &headers, &body);
            let read = yoti::read(&request, &["/api/v1"]).unwrap();
            prop_assert_eq!(read.text().unwrap(), signed.text);
            prop_assert_eq!(read.signature, b"bytes");
        }

        #[test]
        fn what_is_signed_for_tylt_is_read_back_to_the_same_text(query in "[a-z=&]{0,12}", body in proptest::collection::vec(any::<u8>(), 0..20)) {
            let value = tylt_header(&[7; 32]);
            let headers: [(&str, &[u8]); 2] = [("X-TLP-SIGNATURE", value.as_bytes()), ("X-TLP-APIKEY", b"k")];
            let target = format!("/p?{query}");
            let request = at("POST", &target, &headers, &body);
            let read = tylt::read(&request).unwrap();
            prop_assert_eq!(read.text, tylt(&request, &body).unwrap());
            prop_assert_eq!(read.signature, [7; 32]);
        }
    }
}
