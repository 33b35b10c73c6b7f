//! Tylt's scheme: an HMAC over the body, or over the query where there is no body.
//!
//! It covers no method, path, time or nonce, so a captured request can be sent again for ever; whoever answers says so.

use super::fault::Fault;
use super::request::Request;

/// The header with the signature.
pub const SIGNATURE: &str = "X-TLP-SIGNATURE";
/// The header with the API key. `Authorization` is read too, bare or as `Bearer`.
pub const API_KEY: &str = "X-TLP-APIKEY";

/// What a request says about its signature.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// The API key: the credential's public half.
    pub key: &'a str,
    /// HMAC-SHA256 as sent.
    pub signature: [u8; 32],
    /// What was signed.
    pub text: &'a [u8],
}

/// Reads key and signature and finds what was signed.
///
/// # Errors
/// [`Fault::SignatureMissing`], [`Fault::SignatureForm`], [`Fault::KeyMissing`], [`Fault::KeysDisagree`], [`Fault::BodyUnavailable`], and those of headers.
pub fn read<'a>(request: &Request<'a>) -> Result<Signed<'a>, Fault> {
    let scheme = keywright_domain::catalogue::Scheme::Tylt;
    let signature = request.only(SIGNATURE)?.ok_or(Fault::SignatureMissing { scheme, header: SIGNATURE })?;
    let signed = Signed { key: key(request)?, signature: from_hex(signature)?, text: text(request)? };
    // One secret signs by both schemes: what was signed by RFC 9421 must not be good as a body here.
    if holds_signature_base(signed.text) { Err(Fault::TextOfAnother { scheme }) } else { Ok(signed) }
}

/// Whether there is the line in it that each signature base ends with (RFC 9421 section 2.5). No JSON has it: after a name comes no parenthesis,
/// and within a text the quotes are escaped.
fn holds_signature_base(text: &[u8]) -> bool {
    const LINE: &[u8] = b"\"@signature-params\": (";
    text.windows(LINE.len()).any(|window| window == LINE)
}

/// The exact bytes of the body; where there are none, the query as sent, without its `?`.
///
/// An empty body counts as none: the signature of no bytes would fit every request without a body.
///
/// # Errors
/// [`Fault::BodyUnavailable`], [`Fault::Target`], [`Fault::Authority`]
pub fn text<'a>(request: &Request<'a>) -> Result<&'a [u8], Fault> {
    let body = request.body.bytes()?;
    if body.is_empty() { Ok(request.target()?.query.unwrap_or("").as_bytes()) } else { Ok(body) }
}

/// The API key that the request names.
///
/// # Errors
/// [`Fault::KeyMissing`], [`Fault::KeysDisagree`], and those of headers.
pub fn key<'a>(request: &Request<'a>) -> Result<&'a str, Fault> {
    let own = request.only(API_KEY)?.filter(|key| !key.is_empty());
    let authorization = request.only("Authorization")?.map(|value| match value.split_at_checked(7) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer ") => key.trim_start_matches(' '),
        _ if value.eq_ignore_ascii_case("bearer") => "",
        _ => value,
    });
    // What holds a space belongs to another way of authenticating, for whoever stands behind.
    match (own, authorization.filter(|key| !key.is_empty() && !key.contains(' '))) {
        (Some(one), Some(other)) if one != other => Err(Fault::KeysDisagree),
        (Some(key), _) | (None, Some(key)) => Ok(key),
        (None, None) => Err(Fault::KeyMissing),
    }
}

fn from_hex(text: &str) -> Result<[u8; 32], Fault> {
    let form = Fault::SignatureForm { header: SIGNATURE, wanted: "an HMAC-SHA256 as 64 hexadecimal digits in lower case" };
    // One spelling only, or one signature would have many.
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(form);
    }
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out).map(|()| out).map_err(|_| form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{Body, UriScheme};

    const MAC: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn read_of(headers: &[(&'static str, &'static str)], target: &'static str, body: Body<'static>) -> Result<(String, Vec<u8>), Fault> {
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        read(&Request { method: "POST", scheme: UriScheme::Https, authority: "h", target, headers: &headers, body })
            .map(|s| (s.key.to_owned(), s.text.to_vec()))
    }

    #[test]
    fn what_is_missing_or_double_is_named() {
        let body = Body::Bytes(b"{}");
        assert!(matches!(read_of(&[(API_KEY, "k")], "/", body), Err(Fault::SignatureMissing { .. })));
        assert_eq!(read_of(&[(SIGNATURE, MAC)], "/", body), Err(Fault::KeyMissing));
        assert_eq!(read_of(&[(SIGNATURE, MAC), (API_KEY, " ")], "/", body), Err(Fault::KeyMissing));
        assert_eq!(read_of(&[(SIGNATURE, MAC), ("authorization", "Bearer  ")], "/", body), Err(Fault::KeyMissing));
        assert_eq!(read_of(&[(SIGNATURE, MAC), (API_KEY, "k"), ("authorization", "Bearer other")], "/", body), Err(Fault::KeysDisagree));
        assert_eq!(read_of(&[(SIGNATURE, MAC), (SIGNATURE, MAC), (API_KEY, "k")], "/", body), Err(Fault::HeaderRepeated { name: SIGNATURE }));
        assert_eq!(read_of(&[(SIGNATURE, MAC), (API_KEY, "k"), (API_KEY, "k")], "/", body), Err(Fault::HeaderRepeated { name: API_KEY }));
    }

    #[test]
    fn a_signature_has_one_spelling() {
        for signature in ["", "00", &MAC.to_uppercase(), &MAC[1..], &format!("{MAC}0"), &MAC.replace('0', "g"), "é"] {
            assert!(matches!(from_hex(signature), Err(Fault::SignatureForm { .. })), "{signature}");
        }
        assert_eq!(from_hex(MAC).map(hex::encode).as_deref(), Ok(MAC));
    }

    #[test]
    fn the_signature_base_of_another_scheme_is_no_body() {
        let headers = [(SIGNATURE, MAC), (API_KEY, "k")];
        let base = b"\"@method\": GET\n\"@signature-params\": (\"@method\");created=1;keyid=\"k\"";
        assert_eq!(read_of(&headers, "/", Body::Bytes(base)), Err(Fault::TextOfAnother { scheme: keywright_domain::catalogue::Scheme::Tylt }));
        let quoted: &[u8] = br#"{"text": "\"@signature-params\": (", "@signature-params": "("}"#;
        assert!(read_of(&headers, "/", Body::Bytes(quoted)).is_ok());
    }

    #[test]
    fn a_body_that_was_not_seen_is_not_guessed() {
        for body in [Body::Unseen, Body::Sha256([0; 32]), Body::Sha512([0; 64])] {
            assert_eq!(read_of(&[(SIGNATURE, MAC), (API_KEY, "k")], "/?a=1", body), Err(Fault::BodyUnavailable));
        }
    }

    #[test]
    fn the_body_is_signed_and_the_query_only_where_there_is_none() {
        let headers = [(SIGNATURE, MAC), (API_KEY, "k")];
        for (target, body, text) in [
            ("/p?a=1", Body::Bytes(b"{ }\n"), "{ }\n"),
            ("/p?b=%20&a=1", Body::None, "b=%20&a=1"),
            ("/p?b=%20&a=1", Body::Bytes(b""), "b=%20&a=1"),
            ("/p", Body::None, ""),
        ] {
            assert_eq!(read_of(&headers, target, body), Ok(("k".into(), text.into())), "{target}");
        }
    }

    #[test]
    fn the_key_is_found_in_each_of_its_places() {
        for headers in [
            [("authorization", "k"), ("a", "b")],
            [("Authorization", "bearer  k"), ("a", "b")],
            [("x-tlp-apikey", "k"), ("authorization", "Bearer k")],
            [("x-tlp-apikey", "k"), ("authorization", "Basic eDp5")],
        ] {
            let headers = [headers[0], headers[1], ("x-tlp-signature", MAC)];
            assert_eq!(read_of(&headers, "/", Body::Bytes(b"{}")), Ok(("k".into(), b"{}".to_vec())));
        }
    }
}
