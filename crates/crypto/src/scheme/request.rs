//! A request as the schemes see it: borrowed, and with the bytes that travelled.

use std::borrow::Cow;

use super::fault::Fault;

/// `http` or `https` (RFC 9110 section 4.2), as the client addressed the server; behind a proxy that is not what the connection shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UriScheme {
    /// `https`, default port 443.
    Https,
    /// `http`, default port 80.
    Http,
}

impl UriScheme {
    /// As it stands in a URI.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// The port that an authority leaves out (RFC 9110 sections 4.2.1 and 4.2.2).
    #[must_use]
    pub const fn default_port(self) -> &'static str {
        match self {
            Self::Https => "443",
            Self::Http => "80",
        }
    }
}

/// What is known about a request's body. A body of zero bytes is a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// Nobody looked: there may be one.
    Unseen,
    /// The request has none.
    None,
    /// All its bytes.
    Bytes(&'a [u8]),
    /// Their SHA-256.
    Sha256([u8; 32]),
    /// Their SHA-512.
    Sha512([u8; 64]),
}

impl<'a> Body<'a> {
    /// The bytes, for schemes that sign the body itself; none at all where the request has no body.
    ///
    /// # Errors
    /// [`Fault::BodyUnavailable`] when only a digest is known, or nothing.
    pub const fn bytes(&self) -> Result<&'a [u8], Fault> {
        match self {
            Self::None => Ok(&[]),
            Self::Bytes(bytes) => Ok(bytes),
            Self::Unseen | Self::Sha256(_) | Self::Sha512(_) => Err(Fault::BodyUnavailable),
        }
    }
}

/// A request whose signature is asked about. It cannot be printed: its headers may hold keys.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// As sent; methods are case-sensitive (RFC 9110 section 9.1).
    pub method: &'a str,
    /// As the client addressed the server.
    pub scheme: UriScheme,
    /// As in `Host` or `:authority`; [`Request::authority`] gives its normal form.
    pub authority: &'a str,
    /// The request target as sent: path and, after a `?`, the query, never decoded or encoded again. An absolute URI is taken too.
    pub target: &'a str,
    /// Names (in any case) and values in the order in which they came.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// What is known about the body.
    pub body: Body<'a>,
}

/// A request target taken apart; all parts are bytes of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// Begins with `/`; an empty path is `/` (RFC 9110 section 4.2.3).
    pub path: &'a str,
    /// What follows the first `?`; `Some("")` when nothing does.
    pub query: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// The target's path and query.
    ///
    /// # Errors
    /// [`Fault::Target`] for anything but a path or an absolute URI that fits the request's scheme and authority.
    pub fn target(&self) -> Result<Target<'a>, Fault> {
        if !self.target.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
            return Err(Fault::Target("it holds a space, a '#', or something that is not printable ASCII; such characters travel percent-encoded"));
        }
        let rest = if self.target.starts_with('/') { self.target } else { self.after_authority()? };
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        Ok(Target { path: if path.is_empty() { "/" } else { path }, query })
    }

    /// What follows the authority of an absolute URI. It must name this very server, or a signature could be read in two ways.
    fn after_authority(&self) -> Result<&'a str, Fault> {
        if self.target == "*" {
            return Err(Fault::Target("it is `*`; only requests for a path can be signed here"));
        }
        let Some((scheme, rest)) = self.target.split_once("://") else {
            return Err(Fault::Target("it is neither a path that begins with `/` nor an absolute URI"));
        };
        if !scheme.eq_ignore_ascii_case(self.scheme.as_str()) {
            return Err(Fault::Target("its scheme is not the one that the request came by"));
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if normal_authority(authority, self.scheme)? != self.authority()? {
            return Err(Fault::Target("its authority is not that of the request"));
        }
        Ok(rest)
    }

    /// The authority in lower case and without a default port (RFC 9421 section 2.2.3).
    ///
    /// # Errors
    /// [`Fault::Authority`]
    pub fn authority(&self) -> Result<Cow<'a, str>, Fault> {
        normal_authority(self.authority, self.scheme)
    }

    /// The values of a header in their order. `name` in any case.
    pub fn values<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.headers.iter().filter(move |(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The text of a header that may come once: visible ASCII and single spaces between, without white space at its ends.
    ///
    /// # Errors
    /// [`Fault::HeaderRepeated`], [`Fault::Header`]
    pub(super) fn only(&self, name: &'static str) -> Result<Option<&'a str>, Fault> {
        let mut values = self.values(name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Fault::HeaderRepeated { name });
        }
        text(value).map(Some).ok_or(Fault::Header { name, why: NOT_ASCII })
    }

    /// All lines of a structured field as one text, with ", " between them (RFC 9651 section 4.2); copied only where there are several.
    ///
    /// # Errors
    /// [`Fault::Header`], [`Fault::HeaderTooLong`]
    pub(super) fn combined(&self, name: &'static str, max_bytes: usize) -> Result<Option<Cow<'a, str>>, Fault> {
        let mut all: Option<Cow<'a, str>> = None;
        for value in self.values(name) {
            if value.len() + all.as_ref().map_or(0, |text| text.len()) > max_bytes {
                return Err(Fault::HeaderTooLong { name, max_bytes });
            }
            let line = text(value).ok_or(Fault::Header { name, why: NOT_ASCII })?;
            all = Some(match all {
                None => Cow::Borrowed(line),
                Some(before) => Cow::Owned(format!("{before}, {line}")),
            });
        }
        Ok(all)
    }
}

const NOT_ASCII: &str = "it holds something that is not printable ASCII";

/// A field value as text, trimmed, if it is printable ASCII.
pub(super) fn text(value: &[u8]) -> Option<&str> {
    let value = trim(value);
    // Without a way out in the middle, so that it is done sixteen bytes at a time.
    let printable = value.iter().fold(true, |all, b| all & matches!(b, b' '..=b'~' | b'\t'));
    if printable { std::str::from_utf8(value).ok() } else { None }
}

/// Without spaces and tabs at both ends (RFC 9110 section 5.5).
pub(super) const fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn normal_authority(authority: &str, scheme: UriScheme) -> Result<Cow<'_, str>, Fault> {
    if authority.is_empty() {
        return Err(Fault::Authority("there is none"));
    }
    if !authority.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(&b)) {
        return Err(Fault::Authority("it may hold a host and a port only"));
    }
    // In an IPv6 literal the last colon may stand inside the brackets.
    let kept = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            if host.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Fault::Authority("what follows its colon is not a port, or there is no host"));
            }
            if port.is_empty() || port == scheme.default_port() { host } else { authority }
        }
        _ => authority,
    };
    Ok(if kept.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(kept.to_ascii_lowercase()) } else { Cow::Borrowed(kept) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(scheme: UriScheme, authority: &'static str, target: &'static str) -> Request<'static> {
        Request { method: "GET", scheme, authority, target, headers: &[], body: Body::None }
    }

    #[test]
    fn a_target_that_could_be_read_in_two_ways_is_refused() {
        for target in [
            "",
            "*",
            "pay",
            "/a b",
            "/a#b",
            "/ä",
            "/a\n",
            "example.com:443",
            "http://example.com/",
            "https://other.example/",
            "https://a@example.com/",
            "https:///x",
        ] {
            assert!(matches!(at(UriScheme::Https, "example.com", target).target(), Err(Fault::Target(_) | Fault::Authority(_))), "{target}");
        }
    }

    #[test]
    fn a_target_is_taken_apart_without_a_changed_byte() {
        for (target, path, query) in [
            ("/", "/", None),
            ("/a%2Fb/../c?x=%20&y=+", "/a%2Fb/../c", Some("x=%20&y=+")),
            ("/a?", "/a", Some("")),
            ("/a?b?c", "/a", Some("b?c")),
            ("HTTPS://EXAMPLE.com:443", "/", None),
            ("https://example.com?q", "/", Some("q")),
            ("https://example.com/p?u=http://x/", "/p", Some("u=http://x/")),
        ] {
            assert_eq!(at(UriScheme::Https, "Example.com", target).target(), Ok(Target { path, query }), "{target}");
        }
    }

    #[test]
    fn an_authority_loses_its_default_port_and_its_capitals() {
        for (scheme, authority, normal) in [
            (UriScheme::Https, "WWW.Example.com", "www.example.com"),
            (UriScheme::Https, "example.com:443", "example.com"),
            (UriScheme::Https, "example.com:80", "example.com:80"),
            (UriScheme::Https, "example.com:", "example.com"),
            (UriScheme::Http, "example.com:80", "example.com"),
            (UriScheme::Http, "[2001:DB8::1]:8080", "[2001:db8::1]:8080"),
            (UriScheme::Https, "[2001:db8::1]", "[2001:db8::1]"),
            (UriScheme::Https, "[2001:db8::1]:443", "[2001:db8::1]"),
        ] {
            assert_eq!(at(scheme, authority, "/").authority().as_deref(), Ok(normal), "{authority}");
        }
        for authority in ["", "a b", "a/b", "u@h", "h:x", ":443", "h\n", "é.example"] {
            assert!(matches!(at(UriScheme::Https, authority, "/").authority(), Err(Fault::Authority(_))), "{authority:?}");
        }
    }

    #[test]
    fn a_header_that_may_come_once_is_found_in_any_case_and_trimmed() {
        let headers: [(&str, &[u8]); 4] = [("x-one", b"\t a b "), ("X-Two", b"1"), ("x-TWO", b"2"), ("X-Odd", b"\xff")];
        let request = Request { headers: &headers, ..at(UriScheme::Https, "h", "/") };
        assert_eq!(request.only("X-One"), Ok(Some("a b")));
        assert_eq!(request.only("X-None"), Ok(None));
        assert_eq!(request.only("X-Two"), Err(Fault::HeaderRepeated { name: "X-Two" }));
        assert!(matches!(request.only("X-Odd"), Err(Fault::Header { name: "X-Odd", .. })));
    }
}
