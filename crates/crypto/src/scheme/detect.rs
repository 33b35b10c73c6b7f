//! Which scheme's headers a request carries.

use super::fault::Fault;
use super::request::Request;
use super::{tylt, yoti};

/// A way of signing requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// RFC 9421 with RFC 9530 digests.
    HttpMessageSignatures,
    /// Yoti's digest header.
    Yoti,
    /// Tylt's headers.
    Tylt,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::HttpMessageSignatures, Self::Yoti, Self::Tylt];

    /// As the catalogue names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HttpMessageSignatures => "http-message-signatures",
            Self::Yoti => "yoti",
            Self::Tylt => "tylt",
        }
    }

    /// From the catalogue's name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == name)
    }

    /// The header that carries the signature.
    #[must_use]
    pub const fn signature_header(self) -> &'static str {
        match self {
            Self::HttpMessageSignatures => "Signature",
            Self::Yoti => yoti::DIGEST,
            Self::Tylt => tylt::SIGNATURE,
        }
    }

    /// Which scheme a header belongs to: the signature's own, and those that say what or who signed and mean nothing elsewhere.
    fn of_header(name: &str) -> Option<Self> {
        // The length first: this is asked of every header of every signed request.
        let names: &[(&str, Self)] = match name.len() {
            9 => &[("signature", Self::HttpMessageSignatures)],
            15 => &[("signature-input", Self::HttpMessageSignatures), (tylt::SIGNATURE, Self::Tylt)],
            18 => &[(yoti::DIGEST, Self::Yoti)],
            12 => &[(tylt::API_KEY, Self::Tylt)],
            _ => &[],
        };
        names.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, scheme)| *scheme)
    }
}

/// The scheme whose headers the request carries, or none.
///
/// # Errors
/// [`Fault::SchemesMixed`] when there are two: a request must not be read in two ways.
pub fn detect(request: &Request<'_>) -> Result<Option<Scheme>, Fault> {
    let mut found = None;
    for scheme in request.headers.iter().filter_map(|(name, _)| Scheme::of_header(name)) {
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
            assert_eq!(with(&[scheme.signature_header()]), Ok(Some(scheme)));
            assert_eq!(with(&[&scheme.signature_header().to_lowercase()]), Ok(Some(scheme)));
            assert_eq!(Scheme::from_name(scheme.as_str()), Some(scheme));
        }
        assert_eq!(with(&["x-tlp-apikey"]), Ok(Some(Scheme::Tylt)));
    }
}
