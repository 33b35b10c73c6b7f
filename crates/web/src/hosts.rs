//! Which `Host` is ours.

use hyper::Uri;
use hyper::header::{HOST, HeaderMap};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use crate::problem::{Kind, Problem};
use crate::routes::Way;

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
    pub(crate) fn is_named_by(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        let named = uri.authority().map_or(host.as_bytes(), |authority| authority.as_str().as_bytes());
        let named = named.to_ascii_lowercase();
        named.strip_suffix(self.default_port.as_bytes()).unwrap_or(&named) == self.authority.as_bytes()
    }

    /// For messages.
    pub(crate) fn as_str(&self) -> &str {
        &self.authority
    }
}

/// Which names this installation answers to.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    public: Option<PublicHost>,
    /// Without a public URL, the hub answers to this machine's own names only: another name that leads here is somebody's trick
    /// (DNS rebinding).
    own: Vec<PublicHost>,
}

impl Hosts {
    /// `base_url` is where the hub is reached.
    pub(crate) fn new(public_url: Option<&str>, base_url: Option<&str>) -> Self {
        let port = base_url.and_then(|url| url.rsplit_once(':')).map_or("80", |(_, port)| port.trim_end_matches('/'));
        let own = ["127.0.0.1", "localhost", "[::1]"].iter().filter_map(|name| PublicHost::of_url(&format!("http://{name}:{port}")));
        Self { public: public_url.and_then(PublicHost::of_url), own: own.collect() }
    }

    /// # Errors
    /// 421 when the request names another host.
    pub(crate) fn check(&self, way: Way, parts: &Parts) -> Result<(), Problem> {
        let wrong = |ours: &str| Problem::new(Kind::MisdirectedRequest, format!("This installation answers as {ours}."));
        match (way, &self.public) {
            (Way::Machine, _) | (Way::Open, None) => Ok(()),
            (Way::Open | Way::Api | Way::Page, Some(host)) if host.is_named_by(&parts.headers, &parts.uri) => Ok(()),
            (Way::Open | Way::Api | Way::Page, Some(host)) => Err(wrong(host.as_str())),
            (Way::Api | Way::Page, None) if self.own.iter().any(|host| host.is_named_by(&parts.headers, &parts.uri)) => Ok(()),
            (Way::Api | Way::Page, None) => Err(wrong(self.own.first().map_or("127.0.0.1", PublicHost::as_str))),
        }
    }

    /// Whether a page of this origin is ours (RFC 6454 section 6.1).
    pub(crate) fn is_origin(&self, origin: &[u8]) -> bool {
        let Some(origin) = std::str::from_utf8(origin).ok().and_then(PublicHost::of_url) else { return false };
        match &self.public {
            Some(host) => *host == origin,
            None => self.own.contains(&origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    #[test]
    fn the_same_host_in_other_spellings_is_ours_and_no_other() {
        let host = PublicHost::of_url("https://Keys.Acme.example/").unwrap();
        let is_of = |request: Request<()>| host.is_named_by(request.headers(), request.uri());
        let named = |name: &str| is_of(Request::get("/").header(HOST, name).body(()).unwrap());
        assert!(named("keys.acme.example") && named("KEYS.acme.example:443"));
        assert!(!named("keys.acme.example:8443") && !named("acme.example") && !named(""));
        assert!(!is_of(Request::get("/").body(()).unwrap()));
        assert!(!is_of(Request::get("http://evil.example/").header(HOST, "keys.acme.example").body(()).unwrap()));
    }

    #[test]
    fn without_a_public_url_the_hub_answers_to_this_machines_own_names() {
        let hosts = Hosts::new(None, Some("http://127.0.0.1:8080"));
        let check = |way, name: &str| hosts.check(way, &Request::get("/").header(HOST, name).body(()).unwrap().into_parts().0).is_ok();
        for ours in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"] {
            assert!(check(Way::Page, ours) && check(Way::Api, ours), "{ours}");
        }
        for other in ["evil.example:8080", "localhost", "127.0.0.1:80", ""] {
            assert!(!check(Way::Page, other) && !check(Way::Api, other) && check(Way::Machine, other) && check(Way::Open, other), "{other}");
        }
        assert!(hosts.is_origin(b"http://localhost:8080") && !hosts.is_origin(b"https://localhost:8080") && !hosts.is_origin(b"null"));
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
