//! A rendered page on its way out: compressed where that is safe, with the headers that keep it to itself.

use bytes::Bytes;
use flate2::Compression;
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};

use crate::hub::static_files::gzip;

/// Pages below this size travel as they are.
const GZIP_BYTES_MIN: usize = 1_024;

/// A page's body as this browser takes it, with `Content-Encoding` set where it is compressed. Never call it for a page that shows a secret:
/// with what somebody else can put on the page, its compressed length would say something about it.
pub(crate) fn compressed(request: &HeaderMap, answer: &mut HeaderMap, body: Bytes) -> Bytes {
    answer.append(VARY, HeaderValue::from_static("accept-encoding"));
    if body.len() < GZIP_BYTES_MIN || !accepts_gzip(request) {
        return body;
    }
    answer.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    gzip(&body, Compression::new(5))
}

/// The headers that keep a page from being framed, sniffed, or made to load or send anything elsewhere. `share_url` serves uploaded images.
pub(crate) fn protect(headers: &mut HeaderMap, share_url: Option<&str>) {
    headers.insert(CONTENT_SECURITY_POLICY, policy(share_url));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
}

fn policy(share_url: Option<&str>) -> HeaderValue {
    let images = share_url.and_then(origin).map(|origin| format!(" {origin}")).unwrap_or_default();
    let text =
        format!("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'{images}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    HeaderValue::try_from(text).expect("an origin has no character that a header has not")
}

/// Scheme, host and port of a URL (RFC 6454 section 6.2), where they can stand in a policy.
fn origin(url: &str) -> Option<&str> {
    let authority = url.find("://")? + 3;
    let end = url[authority..].find('/').map_or(url.len(), |at| authority + at);
    let origin = &url[..end];
    origin.bytes().all(|b| b.is_ascii_alphanumeric() || b":/.-[]".contains(&b)).then_some(origin)
}

/// Whether the browser takes gzip (RFC 9110 section 12.5.3): it names it, and not with a weight of zero.
pub(crate) fn accepts_gzip(request: &HeaderMap) -> bool {
    let named = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut gzip = named.filter_map(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()).unwrap_or(1.0);
        name.trim().eq_ignore_ascii_case("gzip").then_some(weight > 0.0)
    });
    gzip.next().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_is_sent_to_whom_takes_it() {
        assert!(accepts_gzip(&accepting("gzip, deflate, br, zstd")));
        assert!(accepts_gzip(&accepting("br;q=1.0, GZIP;q=0.5")));
        assert!(!accepts_gzip(&accepting("gzip;q=0, br")));
        assert!(!accepts_gzip(&accepting("br")));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn small_bodies_travel_as_they_are() {
        let mut answer = HeaderMap::new();
        let small = compressed(&accepting("gzip"), &mut answer, Bytes::from_static(b"ok"));
        assert_eq!((&small[..], answer.get(CONTENT_ENCODING)), (&b"ok"[..], None));
        let large = compressed(&accepting("gzip"), &mut answer, "a".repeat(4_000).into());
        assert!(large.len() < 100 && answer[CONTENT_ENCODING] == "gzip");
    }

    #[test]
    fn the_policy_allows_images_of_the_share_origin_and_nothing_smuggled_in_with_it() {
        assert!(policy(Some("https://share.example:8443/images")).to_str().unwrap().contains("img-src 'self' https://share.example:8443; form-action"));
        assert!(!policy(Some("https://x; script-src *")).to_str().unwrap().contains("script-src *"));
    }
}
