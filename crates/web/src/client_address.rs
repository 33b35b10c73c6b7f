//! Where a request came from.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use ipnet::IpNet;

/// The peer or, behind a trusted proxy, the right-most untrusted address of `X-Forwarded-For`.
///
/// None where a trusted proxy does not say it: an entry that is no address, no untrusted entry, no header at all. Restrictions on networks
/// then fail closed. The header of an untrusted peer is not looked at.
#[must_use]
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let trusts = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer.to_canonical();
    if !trusts(&peer) {
        return Some(peer);
    }
    // Several lines are one list (RFC 9110 section 5.3), so the last entry of the last line is the nearest.
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    for line in lines.into_iter().rev() {
        for entry in line.to_str().ok()?.rsplit(',') {
            let address = address(entry.trim())?;
            if !trusts(&address) {
                return Some(address);
            }
        }
    }
    None
}

/// An address, with or without a port: some proxies add one.
fn address(text: &str) -> Option<IpAddr> {
    let unbracketed = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let parsed = unbracketed.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|s| s.ip()));
    parsed.ok().map(|a| a.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn from(peer: &str, lines: &[&str], trusted: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).map(|a| a.to_string())
    }

    #[test]
    fn an_untrusted_peer_is_itself_whatever_it_says() {
        assert_eq!(from("203.0.113.9", &["10.1.1.1"], &["10.0.0.0/8"]).as_deref(), Some("203.0.113.9"));
        assert_eq!(from("::ffff:203.0.113.9", &[], &[]).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn behind_proxies_the_right_most_untrusted_address_counts() {
        let proxies = &["10.0.0.0/8", "fd00::/8"];
        let cases: [(&[&str], Option<&str>); 10] = [
            (&["198.51.100.7"], Some("198.51.100.7")),
            (&["192.0.2.66, 198.51.100.7"], Some("198.51.100.7")),
            (&["192.0.2.66, 198.51.100.7, 10.2.2.2"], Some("198.51.100.7")),
            (&["192.0.2.66", "198.51.100.7, fd00::1"], Some("198.51.100.7")),
            (&["198.51.100.7:4711"], Some("198.51.100.7")),
            (&["[2001:db8::1]:4711"], Some("2001:db8::1")),
            (&["198.51.100.7, unknown"], None),
            (&["198.51.100.7,"], None),
            (&["10.2.2.2"], None),
            (&[], None),
        ];
        for (lines, expected) in cases {
            assert_eq!(from("10.0.0.1", lines, proxies).as_deref(), expected, "{lines:?}");
        }
        assert_eq!(from("::ffff:10.0.0.1", &["198.51.100.7"], proxies).as_deref(), Some("198.51.100.7"));
    }

    proptest! {
        #[test]
        fn what_the_client_writes_to_the_left_never_counts(forged in "[ -~]{0,60}") {
            let line = format!("{forged}, 198.51.100.7");
            prop_assert_eq!(from("10.0.0.1", &[&line], &["10.0.0.0/8"]), Some("198.51.100.7".to_owned()));
        }
    }
}
