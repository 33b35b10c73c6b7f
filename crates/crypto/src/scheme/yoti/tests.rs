use proptest::prelude::*;

use super::*;
use crate::scheme::{Body, UriScheme};

const SDK: &str = "c31f2d9e-2f0b-4b6e-8d0a-0d5a7d6e4f11";
const OTHER: &str = "00000000-2f0b-4b6e-8d0a-0d5a7d6e4f11";
const NONCE: &str = "8F1C7A3E-93D1-0B5A-F00D-2A6C1E4B7D90";

fn target(path: &str, more: &str) -> String {
    format!("{path}?nonce={NONCE}&timestamp=1732190400123{more}")
}

fn read_of(headers: &[(&str, &str)], target: &str, body: Body<'_>) -> Result<(Option<String>, i64, String), Fault> {
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Request { method: "POST", scheme: UriScheme::Https, authority: "h", target, headers: &headers, body };
    let signed = read(&request, &["/api", "/api/v1/", "/share"])?;
    Ok((signed.id.map(str::to_owned), signed.timestamp_ms, String::from_utf8(signed.text()?).unwrap()))
}

fn fault(headers: &[(&str, &str)], target: &str) -> (Fault, (u16, &'static str)) {
    let fault = read_of(headers, target, Body::None).unwrap_err();
    let code = code(&fault);
    (fault, code)
}

#[test]
fn each_missing_or_broken_part_is_named_with_yotis_code() {
    let right = target("/p", "");
    let both = [(DIGEST, "AAAA"), (ID, SDK)];
    assert_eq!(fault(&[(ID, SDK)], &right).1, (401, "INVALID_YOTI_AUTH_DIGEST"));
    for broken in ["", "AAA", "A-_A", "not base64!", &"A".repeat(4_096)] {
        assert_eq!(fault(&[(DIGEST, broken), (ID, SDK)], &right).1, (401, "INVALID_YOTI_AUTH_DIGEST"), "{broken}");
    }
    assert_eq!(fault(&[(DIGEST, "AAAA"), ("x-yoti-auth-digest", "AAAA"), (ID, SDK)], &right).0, Fault::HeaderRepeated { name: DIGEST });
    for (query, wanted) in [
        (String::new(), "INVALID_NONCE"),
        ("?timestamp=1".into(), "INVALID_NONCE"),
        ("?nonce=1&timestamp=1".into(), "INVALID_NONCE"),
        (format!("?nonce={NONCE}&nonce={NONCE}&timestamp=1"), "INVALID_NONCE"),
        (format!("?nonce={NONCE}&%6eonce={NONCE}&timestamp=1"), "INVALID_NONCE"),
        (format!("?nonce={}&timestamp=1", "x".repeat(10_000)), "INVALID_NONCE"),
        (format!("?nonce={NONCE}"), "INVALID_TIMESTAMP"),
        (format!("?nonce={NONCE}&timestamp="), "INVALID_TIMESTAMP"),
        (format!("?nonce={NONCE}&timestamp=-5"), "INVALID_TIMESTAMP"),
        (format!("?nonce={NONCE}&timestamp=1e3"), "INVALID_TIMESTAMP"),
        (format!("?nonce={NONCE}&timestamp=1732190400123456"), "INVALID_TIMESTAMP"),
        (format!("?nonce={NONCE}&timestamp=1&timestamp=1"), "INVALID_TIMESTAMP"),
    ] {
        assert_eq!(fault(&both, &format!("/p{query}")).1, (401, wanted), "{query}");
    }
    assert_eq!(fault(&[(DIGEST, "AAAA"), (ID, SDK), (KEY, "é")], &right).1, (401, "INVALID_PUBLIC_KEY_ENCODING"));
    assert_eq!(fault(&both, "*").1, (404, "INVALID_ENDPOINT"));
}

#[test]
fn an_application_that_is_named_in_two_ways_is_refused() {
    let digest = (DIGEST, "AAAA");
    assert_eq!(fault(&[digest], &target("/p", "")).0, Fault::IdMissing);
    assert_eq!(fault(&[digest, (ID, "mine")], &target("/p", "")).1, (401, "INVALID_X_YOTI_AUTH_ID"));
    assert_eq!(fault(&[digest], &target("/p", "&appId=mine")).1, (400, "INVALID_APP_ID"));
    for (id, path, more) in [(SDK, "/p".to_owned(), format!("&sdkId={OTHER}")), (SDK, format!("/apps/{OTHER}/tokens"), String::new())] {
        assert_eq!(fault(&[digest, (ID, id)], &target(&path, &more)).0, Fault::IdsDisagree);
    }
    assert_eq!(fault(&[digest], &target("/p", &format!("&sdkId={SDK}&appId={OTHER}"))).0, Fault::IdsDisagree);
    assert_eq!(fault(&[digest], &target(&format!("/apps/{OTHER}"), &format!("&appId={SDK}"))).0, Fault::IdsDisagree);
}

#[test]
fn the_application_is_found_wherever_an_sdk_names_it() {
    let digest = (DIGEST, "AAAA");
    for (headers, path, more) in [
        (vec![digest, ("x-yoti-auth-id", SDK)], "/v2/sessions".to_owned(), format!("&sdkID={}", SDK.to_uppercase())),
        (vec![digest], "/aml-check".to_owned(), format!("&appId={SDK}")),
        (vec![digest], format!("/qrcodes/apps/{SDK}"), String::new()),
        (vec![digest], "/sessions".to_owned(), format!("&sdkId={SDK}")),
        // A session's id is nobody's SDK id.
        (vec![digest], format!("/sessions/{OTHER}"), format!("&sdkId={SDK}")),
    ] {
        assert_eq!(read_of(&headers, &target(&path, &more), Body::None).unwrap().0.as_deref(), Some(SDK), "{path}");
    }
    assert_eq!(read_of(&[digest, (KEY, "MIIB")], &target("/profile/x", ""), Body::None).unwrap().0, None);
}

#[test]
fn the_text_has_the_relative_path_the_raw_query_and_a_body_only_where_there_is_one() {
    let headers = [(DIGEST, "AAAA"), (ID, SDK)];
    let text = |path: &str, more: &str, body| read_of(&headers, &target(path, more), body).unwrap().2;
    let query = format!("nonce={NONCE}&timestamp=1732190400123");
    assert_eq!(text("/api/v1/profile/a%2Fb", "&x=%7e", Body::None), format!("POST&/profile/a%2Fb?{query}&x=%7e"));
    assert_eq!(text("/api/v2", "", Body::None), format!("POST&/v2?{query}"));
    assert_eq!(text("/apifoo", "", Body::Bytes(b"")), format!("POST&/apifoo?{query}"));
    assert_eq!(text("/share", "", Body::None), format!("POST&/share?{query}"));
    assert_eq!(text("/share/v2/sessions", "", Body::Bytes(b"{}")), format!("POST&/v2/sessions?{query}&e30="));
    for body in [Body::Unseen, Body::Sha256([0; 32]), Body::Sha512([0; 64])] {
        assert_eq!(read_of(&headers, &target("/p", ""), body), Err(Fault::BodyUnavailable));
    }
}

#[test]
fn a_body_is_never_taken_for_a_part_of_the_query() {
    let headers = [(DIGEST, "AAAA"), (ID, SDK)];
    let signed = read_of(&headers, &target("/p", ""), Body::Bytes(b"evil")).unwrap().2;
    assert!(signed.ends_with("&ZXZpbA=="));
    for part in ["ZXZpbA==", "ZXZp", "e30="] {
        assert_eq!(read_of(&headers, &target("/p", &format!("&{part}")), Body::None), Err(Fault::BodyInQuery), "{part}");
        assert!(read_of(&headers, &target("/p", &format!("&{part}")), Body::Bytes(b"{}")).is_ok());
    }
    assert!(read_of(&headers, &target("/p", "&page=&q=ZXZpbA=="), Body::None).is_ok());
}

#[test]
fn an_id_in_the_path_is_not_hidden_by_percent_encoding() {
    let headers = [(DIGEST, "AAAA"), (ID, SDK)];
    for path in [format!("/%61pps/{OTHER}"), format!("/apps/%30{}", &OTHER[1..]), format!("/%61pps/{SDK}")] {
        assert!(matches!(read_of(&headers, &target(&path, ""), Body::None), Err(Fault::Target(_) | Fault::IdsDisagree)), "{path}");
    }
    assert!(read_of(&headers, &target("/profile/a%2Fb", ""), Body::None).is_ok());
}

#[test]
fn seconds_and_milliseconds_are_told_apart_by_their_size() {
    let at = |timestamp: &str| read_of(&[(DIGEST, "AAAA"), (ID, SDK)], &format!("/p?nonce={NONCE}&timestamp={timestamp}"), Body::None).unwrap().1;
    assert_eq!(at("1732190400"), 1_732_190_400_000);
    assert_eq!(at("1732190400123"), 1_732_190_400_123);
    assert_eq!(at("99999999999"), 99_999_999_999_000);
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(digest in "[A-Za-z0-9+/=é]{0,12}", path in "[!-~]{0,20}", query in "((nonce|timestamp|sdkId|%6eonce|a)(=[!-~]{0,8})?&?){0,4}") {
        let _ = read_of(&[(DIGEST, &digest), (ID, SDK)], &format!("/{path}?{query}"), Body::Bytes(b"x"));
    }

    #[test]
    fn a_relative_path_is_the_end_of_the_path(path in "/[a-c/]{0,8}", base in "/?[a-c/]{0,6}") {
        let rest = relative(&path, &[&base]);
        prop_assert!(path.ends_with(rest) && rest.starts_with('/'));
    }
}
