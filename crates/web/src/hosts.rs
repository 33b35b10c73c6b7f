//! Which `Host` is ours.

use hyper::Request;
use hyper::header::HOST;

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
        let authority = authority.strip_suffix(default_port).unwrap_or(&authority).to_owned();
        (!authority.is_empty()).then_some(Self { authority, default_port })
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
        assert_eq!(PublicHost::of_url("https://"), None);
        assert_eq!(PublicHost::of_url("keys.acme.example"), None);
    }
}
