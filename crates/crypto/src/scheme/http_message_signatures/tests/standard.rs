//! The examples of RFC 9421 itself.

use aws_lc_rs::{hmac, signature};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::super::vectors::{self, ALL, Key};
use super::*;

#[test]
fn the_bases_of_appendix_b_2_are_built_byte_for_byte_and_their_signatures_fit() {
    let key = |base64| BASE64_STANDARD.decode(base64).unwrap();
    for vector in ALL {
        vectors::with_request(vector.input, vector.signature, |request| {
            let all = read(request).unwrap();
            let one = all.iter().next().unwrap();
            let base = one.base().unwrap();
            assert_eq!(String::from_utf8_lossy(&base), vector.base, "{}", vector.section);
            let bytes = one.bytes().unwrap();
            match vector.key {
                Key::Shared => hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key(vectors::SHARED_SECRET)), &base, &bytes).unwrap(),
                Key::Ed25519 => signature::UnparsedPublicKey::new(&signature::ED25519, key(vectors::ED25519_PUBLIC)).verify(&base, &bytes).unwrap(),
                Key::RsaPss => {
                    let public = signature::UnparsedPublicKey::new(&signature::RSA_PSS_2048_8192_SHA512, key(vectors::RSA_PSS_PUBLIC));
                    public.verify(&base, &bytes).unwrap();
                }
            }
            assert_eq!(one.check_body().is_ok(), vector.section != "B.2.1" && vector.section < "B.2.5", "{}", vector.section);
        });
    }
}

#[test]
fn the_fields_of_section_2_1() {
    let story = story()
        .header("Host", "www.example.com")
        .header("Date", "Tue, 20 Apr 2021 02:07:56 GMT")
        .header("X-OWS-Header", "   Leading and trailing whitespace.   ")
        .header("X-Obs-Fold-Header", "Obsolete\r\n    line folding.")
        .header("Cache-Control", "max-age=60")
        .header("Cache-Control", "   must-revalidate")
        .header("Example-Dict", " a=1,    b=2;x=1;y=2,   c=(a   b   c)")
        .header("X-Empty-Header", "")
        .covering(r#"("host" "date" "x-ows-header" "x-obs-fold-header" "cache-control" "example-dict" "x-empty-header")"#);
    let wanted = "\"host\": www.example.com\n\"date\": Tue, 20 Apr 2021 02:07:56 GMT\n\"x-ows-header\": Leading and trailing whitespace.\n\
        \"x-obs-fold-header\": Obsolete line folding.\n\"cache-control\": max-age=60, must-revalidate\n\
        \"example-dict\": a=1,    b=2;x=1;y=2,   c=(a   b   c)\n\"x-empty-header\": ";
    assert_eq!(story.lines().unwrap(), wanted);
}

#[test]
fn the_parameters_of_sections_2_1_1_to_2_1_3() {
    let dictionary = || story().header("Priority", " a=1,    b=2;x=1;y=2,   c=(a   b   c), d");
    assert_eq!(dictionary().covering(r#"("priority";sf)"#).lines().unwrap(), "\"priority\";sf: a=1, b=2;x=1;y=2, c=(a b c), d");
    let keys = dictionary().covering(r#"("priority";key="a" "priority";key="d" "priority";key="b" "priority";key="c")"#);
    let wanted = "\"priority\";key=\"a\": 1\n\"priority\";key=\"d\": ?1\n\"priority\";key=\"b\": 2;x=1;y=2\n\"priority\";key=\"c\": (a b c)";
    assert_eq!(keys.lines().unwrap(), wanted);
    let two = || story().header("Example-Header", "value, with, lots").header("Example-Header", "of, commas");
    assert_eq!(two().covering(r#"("example-header")"#).lines().unwrap(), "\"example-header\": value, with, lots, of, commas");
    assert_eq!(two().covering(r#"("example-header";bs)"#).lines().unwrap(), "\"example-header\";bs: :dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:");
    let one = story().header("Example-Header", "value, with, lots, of, commas");
    assert_eq!(one.covering(r#"("example-header";bs)"#).lines().unwrap(), "\"example-header\";bs: :dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:");
}

#[test]
fn the_derived_components_of_section_2_2() {
    let at = |target: &str, list: &str| story().target(target).covering(list).lines().unwrap();
    assert_eq!(
        at("/path?param=value", r#"("@method" "@target-uri" "@authority" "@scheme")"#),
        "\"@method\": GET\n\"@target-uri\": https://www.example.com/path?param=value\n\"@authority\": www.example.com\n\"@scheme\": https"
    );
    assert_eq!(at("/path?param=value", r#"("@request-target")"#), "\"@request-target\": /path?param=value");
    assert_eq!(
        at("https://www.example.com/path?param=value", r#"("@request-target" "@path")"#),
        "\"@request-target\": https://www.example.com/path?param=value\n\"@path\": /path"
    );
    assert_eq!(at("/path?param=value&foo=bar&baz=bat%2Dman", r#"("@query")"#), "\"@query\": ?param=value&foo=bar&baz=bat%2Dman");
    assert_eq!(at("/path?queryString", r#"("@query")"#), "\"@query\": ?queryString");
    assert_eq!(at("/path", r#"("@query")"#), "\"@query\": ?");
    assert_eq!(at("/path?", r#"("@query" "@target-uri")"#), "\"@query\": ?\n\"@target-uri\": https://www.example.com/path?");
    let query = "/path?param=value&foo=bar&baz=batman&qux=";
    let list = r#"("@query-param";name="baz" "@query-param";name="qux" "@query-param";name="param")"#;
    assert_eq!(at(query, list), "\"@query-param\";name=\"baz\": batman\n\"@query-param\";name=\"qux\": \n\"@query-param\";name=\"param\": value");
    let query = "/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something";
    let list = r#"("@query-param";name="var" "@query-param";name="bar" "@query-param";name="fa%C3%A7ade%22%3A%20")"#;
    let wanted = "\"@query-param\";name=\"var\": this%20is%20a%20big%0Amultiline%20value\n\"@query-param\";name=\"bar\": with%20plus%20whitespace\n\
        \"@query-param\";name=\"fa%C3%A7ade%22%3A%20\": something";
    assert_eq!(at(query, list), wanted);
}
