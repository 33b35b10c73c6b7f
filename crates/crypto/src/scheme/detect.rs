//! Which scheme's headers a request carries.

use keywright_domain::catalogue::Scheme;

use super::fault::Fault;
use super::request::Request;
use super::{tylt, yoti};

/// The header that carries the signature.
#[must_use]
pub const fn signature_header(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::HttpMessageSignatures => "Signature",
        Scheme::Yoti => yoti::DIGEST,
        Scheme::Tylt => tylt::SIGNATURE,
    }
}

/// Which scheme a header belongs to: the signature's own, and those that say what or who signed and mean nothing elsewhere.
fn of_header(name: &str) -> Option<Scheme> {
    // The length first: this is asked of every header of every signed request.
    let names: &[(&str, Scheme)] = match name.len() {
        9 => &[("signature", Scheme::HttpMessageSignatures)],
        15 => &[("signature-input", Scheme::HttpMessageSignatures), (tylt::SIGNATURE, Scheme::Tylt)],
        18 => &[(yoti::DIGEST, Scheme::Yoti)],
        12 => &[(tylt::API_KEY, Scheme::Tylt)],
        _ => &[],
    };
    names.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, scheme)| *scheme)
}

/// The scheme whose headers the request carries, or none.
///
/// # Errors
/// [`Fault::SchemesMixed`] when there are two: a request must not be read in two ways.
pub fn detect(request: &Request<'_>) -> Result<Option<Scheme>, Fault> {
    let mut found = None;
    for scheme in request.headers.iter().filter_map(|(name, _)| of_header(name)) {
        match found {
            None => found = Some(scheme),
            Some(one) if one == scheme => {}
            Some(one) => return Err(Fault::SchemesMixed { one, other: scheme }),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{Body, UriScheme};

    fn with(names: &[&str]) -> Result<Option<Scheme>, Fault> {
        let headers: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, b"x".as_slice())).collect();
        detect(&Request { method: "GET", scheme: UriScheme::Https, authority: "h", target: "/", headers: &headers, body: Body::None })
    }

    #[test]
    fn headers_of_two_schemes_are_refused() {
        let mixed = with(&["Signature", "accept", "x-yoti-auth-digest"]);
        assert_eq!(mixed, Err(Fault::SchemesMixed { one: Scheme::HttpMessageSignatures, other: Scheme::Yoti }));
        assert!(with(&["X-TLP-APIKEY", "signature-input"]).is_err());
    }

    #[test]
    fn each_scheme_is_known_by_its_headers_in_any_case() {
        assert_eq!(with(&["accept", "authorization"]), Ok(None));
        assert_eq!(with(&["SIGNATURE-INPUT", "signature"]), Ok(Some(Scheme::HttpMessageSignatures)));
        for scheme in Scheme::ALL {
            assert_eq!(with(&[signature_header(scheme)]), Ok(Some(scheme)));
            assert_eq!(with(&[&signature_header(scheme).to_lowercase()]), Ok(Some(scheme)));
        }
        assert_eq!(with(&["x-tlp-apikey"]), Ok(Some(Scheme::Tylt)));
    }
}
