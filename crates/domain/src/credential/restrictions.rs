//! Restrictions: where from and how often a credential may be used.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::limits;
use crate::time::Span;

/// What narrows a credential's use. Empty lists and a missing limit restrict nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Restrictions {
    /// The caller's address must lie in one of these.
    pub networks: Networks,
    /// The request's `Origin` must be one of these.
    pub origins: Origins,
    /// At most so many requests, counted by each node.
    pub rate_limit: Option<RateLimit>,
}

/// Networks in one canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Networks(Vec<IpNet>);

/// Origins in one canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Origins(Vec<String>);

/// So many requests in a period, as `100/1s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateLimit {
    requests: u32,
    per: Span,
}

/// Why a restriction is refused; the message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RestrictionError(String);

fn short(text: &str) -> String {
    format!("{:?}", crate::text::repeated(text))
}

impl Networks {
    /// Reads networks in CIDR form; an address alone is a network of one.
    ///
    /// # Errors
    /// Not a network, bits set beyond the prefix, or more than [`limits::NETWORKS_MAX`].
    pub fn parse<S: AsRef<str>>(given: &[S]) -> Result<Self, RestrictionError> {
        if given.len() > limits::NETWORKS_MAX {
            return Err(RestrictionError(format!("{} networks: at most {} are kept", given.len(), limits::NETWORKS_MAX)));
        }
        let mut networks = given.iter().map(|n| network(n.as_ref())).collect::<Result<Vec<_>, _>>()?;
        networks.sort_unstable();
        networks.dedup();
        Ok(Self(networks))
    }

    /// Whether an address is allowed; an IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`) counts as IPv4. No address is not allowed.
    #[must_use]
    pub fn allow(&self, address: Option<IpAddr>) -> bool {
        self.0.is_empty() || address.is_some_and(|a| self.0.iter().any(|n| n.contains(&a.to_canonical())))
    }

    /// The networks.
    #[must_use]
    pub fn list(&self) -> &[IpNet] {
        &self.0
    }

    /// Canonical text, separated by spaces.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.iter().map(IpNet::to_string).collect::<Vec<_>>().join(" ")
    }

    /// The networks of a canonical text.
    ///
    /// # Errors
    /// The text is not canonical.
    pub fn from_text(text: &str) -> Result<Self, RestrictionError> {
        Self::parse(&text.split(' ').filter(|n| !n.is_empty()).collect::<Vec<_>>())
    }
}

fn network(text: &str) -> Result<IpNet, RestrictionError> {
    let wrong = || RestrictionError(format!("{} is not a network: write one in CIDR form, such as 203.0.113.0/24 or 2001:db8::/32", short(text)));
    let parsed: IpNet = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().map_err(|_| wrong())?,
    };
    if parsed.trunc() != parsed {
        return Err(RestrictionError(format!("{} has bits set beyond its prefix: did you mean {}?", short(text), parsed.trunc())));
    }
    Ok(parsed)
}

impl Origins {
    /// Reads origins as browsers send them: scheme, host and, if not the default, port.
    ///
    /// # Errors
    /// Not an http or https origin, or more than [`limits::ORIGINS_MAX`].
    pub fn parse<S: AsRef<str>>(given: &[S]) -> Result<Self, RestrictionError> {
        if given.len() > limits::ORIGINS_MAX {
            return Err(RestrictionError(format!("{} origins: at most {} are kept", given.len(), limits::ORIGINS_MAX)));
        }
        let mut origins = given.iter().map(|o| origin(o.as_ref())).collect::<Result<Vec<_>, _>>()?;
        origins.sort_unstable();
        origins.dedup();
        Ok(Self(origins))
    }

    /// Whether a request with this `Origin` is allowed. No origin is not allowed. Compared byte for byte: browsers send the canonical form.
    #[must_use]
    pub fn allow(&self, origin: Option<&str>) -> bool {
        self.0.is_empty() || origin.is_some_and(|o| self.0.iter().any(|known| known == o))
    }

    /// The origins.
    #[must_use]
    pub fn list(&self) -> &[String] {
        &self.0
    }

    /// Canonical text, separated by spaces.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.join(" ")
    }

    /// The origins of a canonical text.
    ///
    /// # Errors
    /// The text is not canonical.
    pub fn from_text(text: &str) -> Result<Self, RestrictionError> {
        Self::parse(&text.split(' ').filter(|n| !n.is_empty()).collect::<Vec<_>>())
    }
}

fn origin(text: &str) -> Result<String, RestrictionError> {
    let wrong = || RestrictionError(format!("{} is not an origin: write scheme and host without a path, such as https://app.example.com", short(text)));
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return Err(wrong()),
    };
    if text.chars().count() > limits::ORIGIN_CHARS_MAX {
        return Err(wrong());
    }
    let host = match rest.strip_prefix('[') {
        // An IPv6 literal: RFC 5952 gives its one canonical spelling.
        Some(v6) => {
            let (address, port) = v6.split_once(']').ok_or_else(wrong)?;
            let address: std::net::Ipv6Addr = address.parse().map_err(|_| wrong())?;
            let port_ok = port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok_and(|p| p > 0));
            if !port_ok {
                return Err(wrong());
            }
            format!("[{address}]{port}")
        }
        None => crate::text::host(rest).map_err(|_| wrong())?,
    };
    Ok(format!("{scheme}://{}", host.strip_suffix(default_port).unwrap_or(&host)))
}

impl RateLimit {
    /// # Errors
    /// No requests, more than [`limits::RATE_REQUESTS_MAX`], a period under a millisecond or above [`limits::RATE_PERIOD_MAX`], or a rate above one
    /// request in a nanosecond.
    pub fn new(requests: u32, per: Span) -> Result<Self, RestrictionError> {
        let in_range = (1..=limits::RATE_REQUESTS_MAX).contains(&requests) && per >= Span::from_us(1_000) && per <= limits::RATE_PERIOD_MAX;
        if !in_range || per.us().saturating_mul(1_000) < i64::from(requests) {
            return Err(RestrictionError(format!(
                "{requests} requests per {per} is out of range: 1 to {} requests per 1ms to {}",
                limits::RATE_REQUESTS_MAX,
                limits::RATE_PERIOD_MAX
            )));
        }
        Ok(Self { requests, per })
    }
    /// Requests in a period, which is also the largest burst.
    #[must_use]
    pub const fn requests(self) -> u32 {
        self.requests
    }
    /// The period.
    #[must_use]
    pub const fn per(self) -> Span {
        self.per
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.requests, self.per)
    }
}

impl FromStr for RateLimit {
    type Err = RestrictionError;
    fn from_str(text: &str) -> Result<Self, RestrictionError> {
        let wrong = || RestrictionError(format!("{} is not a rate limit: write requests and period, such as 100/1s", short(text)));
        let (requests, per) = text.split_once('/').ok_or_else(wrong)?;
        let requests = if requests.bytes().all(|b| b.is_ascii_digit()) { requests.parse().map_err(|_| wrong())? } else { return Err(wrong()) };
        Self::new(requests, per.parse().map_err(|_| wrong())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn networks_are_canonical_and_fail_closed_without_an_address() {
        let networks = Networks::parse(&["203.0.113.0/24", "2001:db8::/32", "198.51.100.7", "203.0.113.0/24"]).unwrap();
        assert_eq!(networks.to_text(), "198.51.100.7/32 203.0.113.0/24 2001:db8::/32");
        assert!(networks.allow(Some("203.0.113.9".parse().unwrap())));
        assert!(networks.allow(Some("::ffff:203.0.113.9".parse().unwrap())));
        assert!(!networks.allow(Some("203.0.114.9".parse().unwrap())));
        assert!(!networks.allow(None));
        assert!(Networks::default().allow(None));
    }

    #[test]
    fn bad_networks_say_what_to_write() {
        assert_eq!(
            Networks::parse(&["203.0.113.7/24"]).unwrap_err().to_string(),
            "\"203.0.113.7/24\" has bits set beyond its prefix: did you mean 203.0.113.0/24?"
        );
        for bad in ["", "example.com", "1.2.3.4/33", "1.2.3/8", "::/129"] {
            assert!(Networks::parse(&[bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn origins_are_canonical() {
        let origins = Origins::parse(&["HTTPS://App.Example.com:443", "http://localhost:3000", "https://[2001:DB8::1]:8443"]).unwrap();
        assert_eq!(origins.to_text(), "http://localhost:3000 https://[2001:db8::1]:8443 https://app.example.com");
        assert!(!origins.allow(None));
        for bad in ["app.example.com", "https://app.example.com/", "ftp://x.com", "https://", "null", "https://a b", "https://[::1"] {
            assert!(Origins::parse(&[bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn rate_limits_have_a_range() {
        assert_eq!("100/1s".parse::<RateLimit>().unwrap().to_string(), "100/1s");
        for bad in ["", "100", "0/1s", "100/0s", "100/2d", "-1/1s", "100/s", "+5/1s", "1000000000/1ms"] {
            assert!(bad.parse::<RateLimit>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn restrictions_survive_their_text(addresses in prop::collection::vec((any::<u32>(), 0u8..=32), 0..8)) {
            let texts: Vec<String> = addresses.into_iter().map(|(a, p)| ipnet::Ipv4Net::new(a.into(), p).unwrap().trunc().to_string()).collect();
            let networks = Networks::parse(&texts).unwrap();
            prop_assert_eq!(Networks::from_text(&networks.to_text()), Ok(networks));
        }
        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = (Networks::parse(&[&text]), Origins::parse(&[&text]), text.parse::<RateLimit>());
        }
    }
}
