//! What must be covered, when, and the body.

use super::*;
use crate::scheme::content_digest::{self, Checked};

const PARAMETERS: &str = r#";created=1618884473;nonce="n";keyid="k""#;

fn check(method: &'static str, body: Body<'static>, list: &str, parameters: &str) -> Result<(), Fault> {
    Story { method, body, ..story().covering(&format!("{list}{parameters}")) }.seen(|all| all?.labelled("sig").unwrap().check(&Coverage::STANDARD))
}

#[test]
fn all_that_is_not_covered_is_named_at_once() {
    let missing = |method, body, list: &str| match check(method, body, list, PARAMETERS) {
        Err(Fault::NotCovered { components }) => components,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing("GET", Body::None, "()"), r#""@method", "@authority", "@path", "@query""#);
    assert_eq!(missing("POST", Body::None, r#"("@method" "@target-uri")"#), r#""content-digest""#);
    assert_eq!(missing("DELETE", Body::None, r#"("@method" "@authority" "@request-target")"#), r#""content-digest""#);
    assert_eq!(missing("post", Body::Unseen, r#"("@method" "@target-uri")"#), r#""content-digest""#);
    assert_eq!(missing("GET", Body::Bytes(b"x"), r#"("@method" "@target-uri")"#), r#""content-digest""#);
    assert_eq!(missing("GET", Body::Sha256([0; 32]), r#"("@method" "@target-uri")"#), r#""content-digest""#);
    // One parameter of the query, or one digest of two, is not the whole.
    assert_eq!(missing("GET", Body::None, r#"("@method" "@authority" "@path" "@query-param";name="a")"#), r#""@query""#);
    assert_eq!(missing("PUT", Body::None, r#"("@method" "@target-uri" "content-digest";key="sha-256")"#), r#""content-digest""#);
}

#[test]
fn each_way_of_covering_counts() {
    for list in [r#"("@method" "@authority" "@path" "@query")"#, r#"("@target-uri" "@method")"#, r#"("@request-target" "@authority" "@method")"#] {
        assert_eq!(check("GET", Body::None, list, PARAMETERS), Ok(()), "{list}");
        assert_eq!(check("GET", Body::Unseen, list, PARAMETERS), Ok(()), "{list}");
    }
    for list in [r#"("@method" "@target-uri" "content-digest")"#, r#"("@method" "@target-uri" "content-digest";sf)"#] {
        assert_eq!(check("PATCH", Body::Bytes(b""), list, PARAMETERS), Ok(()), "{list}");
    }
}

#[test]
fn parameters_that_are_missing_are_named() {
    let list = r#"("@method" "@target-uri")"#;
    for (parameters, name) in [(r#";nonce="n";keyid="k""#, "created"), (r#";created=1;keyid="k""#, "nonce"), (r#";created=1;nonce="n""#, "keyid")] {
        assert_eq!(check("GET", Body::None, list, parameters), Err(Fault::ParameterMissing { name }));
    }
}

#[test]
fn a_service_may_want_more_fields() {
    let story = story().header("X-Tenant", "1").covering(&format!(r#"("@method" "@target-uri"){PARAMETERS}"#));
    let coverage = Coverage { fields: &["x-tenant"] };
    story.seen(|all| assert_eq!(all.unwrap().labelled("sig").unwrap().check(&coverage), Err(Fault::NotCovered { components: r#""x-tenant""#.into() })));
    assert_eq!(coverage.accept_signature("POST"), r#"sig=("@method" "@authority" "@path" "@query" "content-digest" "x-tenant");created"#);
    assert_eq!(Coverage::STANDARD.accept_signature("GET"), r#"sig=("@method" "@authority" "@path" "@query");created"#);
}

#[test]
fn a_time_outside_its_window_is_refused_by_either_parameter() {
    let at = |parameters: &str, now_s: i64| {
        story().covering(&format!("(){parameters}")).seen(|all| all.unwrap().labelled("sig").unwrap().check_time(now_s * 1_000, 300))
    };
    assert_eq!(at("", 1), Err(Fault::ParameterMissing { name: "created" }));
    assert_eq!(at(";created=1000", 1_301), Err(Fault::OutOfWindow { ahead_s: -301, window_s: 300 }));
    assert_eq!(at(";created=1000", 699), Err(Fault::OutOfWindow { ahead_s: 301, window_s: 300 }));
    assert_eq!(at(";created=1000;expires=1010", 1_012), Err(Fault::Expired { ago_s: 2 }));
    assert!(matches!(at(";created=-999999999999999", 1), Err(Fault::OutOfWindow { .. })));
    assert!(matches!(at(";created=999999999999999", 1), Err(Fault::OutOfWindow { .. })));
    assert_eq!(at(";created=1000;expires=1010", 1_010), Ok(()));
    assert_eq!(at(";created=1000", 1_300), Ok(()));
}

#[test]
fn a_digest_counts_only_where_it_is_covered() {
    let digest = content_digest::value(b"x");
    let body = |method, body, list: &str| {
        let story = Story { method, body, ..story().header("Content-Digest", &digest).covering(list) };
        story.seen(|all| all.unwrap().labelled("sig").unwrap().check_body())
    };
    assert!(matches!(body("GET", Body::Bytes(b"x"), "()"), Err(Fault::NotCovered { .. })));
    assert!(matches!(body("POST", Body::Unseen, "()"), Err(Fault::NotCovered { .. })));
    assert!(matches!(body("POST", Body::None, r#"("content-digest";key="sha-256")"#), Err(Fault::NotCovered { .. })));
    assert_eq!(body("POST", Body::None, r#"("content-digest")"#), Err(Fault::DigestMismatch { algorithm: "sha-256" }));
    assert_eq!(body("POST", Body::Bytes(b"y"), r#"("content-digest")"#), Err(Fault::DigestMismatch { algorithm: "sha-256" }));
    assert_eq!(body("POST", Body::Unseen, r#"("content-digest")"#), Ok(Checked::Unchecked));
    assert_eq!(body("POST", Body::Bytes(b"x"), r#"("content-digest")"#), Ok(Checked::Verified));
    assert_eq!(body("GET", Body::Unseen, "()"), Ok(Checked::Unchecked));
    assert_eq!(body("GET", Body::None, "()"), Ok(Checked::None));
}
