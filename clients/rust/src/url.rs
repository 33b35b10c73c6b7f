//! URLs as they travel. What a program would rewrite on the way is refused, because its signature would not fit what arrives.

use crate::Fault;

/// The parts of a URL that are signed.
pub(crate) struct Parts<'a> {
    is_https: bool,
    /// Host and port, as written.
    pub(crate) host: &'a str,
    /// Never empty.
    pub(crate) path: &'a str,
    /// Without its question mark; none where there is none.
    pub(crate) query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Reads an absolute URL (RFC 3986). Path and query are percent-encoded already.
    pub(crate) fn of(url: &'a str) -> Result<Self, Fault> {
        let (scheme, rest) = url.split_once("://").ok_or(Fault::Url)?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !(is_https || scheme.eq_ignore_ascii_case("http")) || rest.contains('#') {
            return Err(Fault::Url);
        }
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let (host, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        if !is_encoded(path, b"'/") {
            return Err(Fault::Path);
        }
        // `'` is left out: browsers and fetch write it as %27.
        if !is_encoded(query.unwrap_or_default(), b"/?[]") {
            return Err(Fault::Query);
        }
        let is_dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        if path.split('/').any(is_dots) {
            return Err(Fault::DotSegment);
        }
        Ok(Self { is_https, host, path: if path.is_empty() { "/" } else { path }, query })
    }

    /// The host in lower case, without the scheme's own port (RFC 9421, section 2.2.3). `host` stands in for the URL's own.
    pub(crate) fn authority(&self, host: &str) -> Result<String, Fault> {
        let lower = host.to_ascii_lowercase();
        let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let is_address = |inside: &str| !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_hexdigit() || b":.".contains(&b));
        let fits = match lower.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((inside, "")) => is_address(inside),
            Some((inside, rest)) => is_address(inside) && rest.strip_prefix(':').is_some_and(is_port),
            None => lower.split_once(':').map_or_else(|| is_name(&lower), |(name, port)| is_name(name) && is_port(port)),
        };
        if !fits {
            return Err(Fault::Host);
        }
        let own_port = if self.is_https { ":443" } else { ":80" };
        Ok(lower.strip_suffix(own_port).unwrap_or(&lower).to_owned())
    }

    /// Whether nobody between can read what is sent: https, or this machine itself.
    pub(crate) fn is_private(&self) -> bool {
        let name = self.host.rsplit_once(':').map_or(self.host, |(name, _)| name);
        self.is_https || ["localhost", "127.0.0.1", "[::1]"].contains(&name) || self.host == "[::1]"
    }
}

/// Whether all characters may stand in a URL: unreserved, `%` with two digits, `!$&()*+,;=:@`, and those of `also`.
fn is_encoded(text: &str, also: &[u8]) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@".contains(&byte) || also.contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_rewritten_on_the_way_is_refused() {
        for (url, fault) in [
            ("api.example.com/x", Fault::Url),
            ("ftp://api.example.com/x", Fault::Url),
            ("https://api.example.com/x#part", Fault::Url),
            ("https://api.example.com/a b", Fault::Path),
            ("https://api.example.com/ä", Fault::Path),
            ("https://api.example.com/%4", Fault::Path),
            ("https://api.example.com/a/../b", Fault::DotSegment),
            ("https://api.example.com/a/%2E", Fault::DotSegment),
            ("https://api.example.com/a?q='x'", Fault::Query),
            ("https://api.example.com/a?q=a b", Fault::Query),
        ] {
            assert_eq!(Parts::of(url).err(), Some(fault), "{url}");
        }
        for host in ["", "user@api.example.com", "exämple.com", "api.example.com:", "api.example.com:x", "[::1", "[]", "a:1:2"] {
            let url = format!("https://{host}/");
            assert_eq!(Parts::of(&url).and_then(|parts| parts.authority(parts.host)).err(), Some(Fault::Host), "{host}");
        }
    }

    #[test]
    fn a_host_is_signed_in_lower_case_and_without_the_schemes_own_port() {
        for (url, authority) in [
            ("https://API.Example.com:443/", "api.example.com"),
            ("http://api.example.com:80", "api.example.com"),
            ("https://api.example.com:80?x", "api.example.com:80"),
            ("http://[::1]:8080/x", "[::1]:8080"),
        ] {
            let parts = Parts::of(url).unwrap();
            assert_eq!(parts.authority(parts.host).unwrap(), authority);
        }
    }
}
