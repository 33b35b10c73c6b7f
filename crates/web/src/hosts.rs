//! Which `Host` is ours.

use hyper::Request;
use hyper::header::HOST;
use hyper::http::uri::Authority;

/// Whether people can be sent to this URL: it is http or https, and names a host.
#[must_use]
pub fn is_public_url(url: &str) -> bool {
    PublicHost::of_url(url).is_some()
}

/// Host and port of the public URL, in lower case; the scheme's own port left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicHost {
    authority: String,
    default_port: &'static str,
}

impl PublicHost {
    /// None unless it is an http or https URL with a host.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let default_port = match scheme.to_ascii_lowercase().as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let parsed: Authority = authority.parse().ok()?;
        // Whatever else stands there is a port, or somebody's name and password.
        let port = authority.strip_prefix(parsed.host())?;
        if parsed.host().is_empty() || !(port.is_empty() || port.strip_prefix(':').is_some_and(|digits| digits.parse::<u16>().is_ok())) {
            return None;
        }
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority).to_owned();
        Some(Self { authority, default_port })
    }

    /// Whether the request names this host, once (RFC 9112 section 3.2).
    pub(crate) fn is_of<B>(&self, request: &Request<B>) -> bool {
        let mut hosts = request.headers().get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        let named = request.uri().authority().map_or(host.as_bytes(), |authority| authority.as_str().as_bytes());
        let named = named.to_ascii_lowercase();
        named.strip_suffix(self.default_port.as_bytes()).unwrap_or(&named) == self.authority.as_bytes()
    }

    /// For messages.
    pub(crate) fn as_str(&self) -> &str {
        &self.authority
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_host_in_other_spellings_is_ours_and_no_other() {
        let host = PublicHost::of_url("https://Keys.Acme.example/").unwrap();
        let named = |name: &str| host.is_of(&Request::get("/").header(HOST, name).body(()).unwrap());
        assert!(named("keys.acme.example") && named("KEYS.acme.example:443"));
        assert!(!named("keys.acme.example:8443") && !named("acme.example") && !named(""));
        assert!(!host.is_of(&Request::get("/").body(()).unwrap()));
        assert!(!host.is_of(&Request::get("http://evil.example/").header(HOST, "keys.acme.example").body(()).unwrap()));
    }

    #[test]
    fn a_url_without_a_host_is_no_public_one() {
        for url in [
            "https://",
            "https:///",
            "https:///path",
            "https://:8443",
            "https://?x",
            "https://a b",
            "https://a:x",
            "https://me@a",
            "keys.acme.example",
            "ftp://a",
            "",
        ] {
            assert!(!is_public_url(url), "{url}");
        }
        for url in ["https://keys.acme.example", "HTTP://localhost:8080/", "https://[2001:db8::1]:8443/keys", "http://192.0.2.1"] {
            assert!(is_public_url(url), "{url}");
        }
    }
}
