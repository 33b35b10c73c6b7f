use super::*;
use crate::scheme::content_digest;
use crate::scheme::detect::signature_header;

pub(super) const BODY: &str = "{\"amount\": 5}";
const NONCE: &str = "8f1c7a3e-93d1-4b5a-a00d-2a6c1e4b7d90";

pub(super) fn ask<'a>() -> Ask<'a> {
    Ask { scheme: None, keyid: None, coverage: Coverage::STANDARD, base_paths: &["/api/v1"], now_ms: Some(1_763_700_000_000), window_s: 300, signed_text: None }
}

pub(super) fn signed(created: &str, digest_of: &str, body: &str) -> Pasted {
    let list = format!(r#"("@method" "@authority" "@path" "@query" "content-digest" "x-note");created={created};nonce="n";keyid="k""#);
    let digest = content_digest::value(digest_of.as_bytes());
    let text = format!(
        "POST /v1/p%7Ea?b=1&a=%20 HTTP/1.1\nHost: api.example.com\nX-Note: a, b\nContent-Digest: {digest}\nSignature-Input: sig={list}\nSignature: sig=:AAAA:\nContent-Length: {}\n\n{body}",
        body.len()
    );
    paste::read(&text).unwrap()
}

fn cause(pasted: &Pasted, signed_text: &str) -> Cause {
    let explained = explain(pasted, &Ask { signed_text: Some(signed_text.as_bytes()), ..ask() }).unwrap();
    assert_eq!(explained.comparison.unwrap().first.is_none(), explained.causes[0] == Cause::SameText);
    explained.causes[0].clone()
}

#[test]
fn each_common_mistake_in_a_base_is_named() {
    let pasted = signed("1763700000", BODY, BODY);
    let right = String::from_utf8(explain(&pasted, &ask()).unwrap().text.unwrap()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(right.contains(from), "{from}\n{right}");
        cause(&pasted, &right.replacen(from, to, 1))
    };
    assert_eq!(cause(&pasted, &right), Cause::SameText);
    assert_eq!(cause(&pasted, &right.replace('\n', "\r\n")), Cause::LineEnds);
    assert_eq!(cause(&pasted, &format!("{right}\n")), Cause::TrailingNewline);
    assert_eq!(with("\"@method\": POST\n\"@authority\": api.example.com\n", "\"@authority\": api.example.com\n\"@method\": POST\n"), Cause::Order);
    assert_eq!(with("\"@method\": POST\n", ""), Cause::Lines { missing: vec!["\"@method\"".into()], extra: vec![] });
    assert_eq!(with("\"@path\"", "\"@scheme\": https\n\"@path\""), Cause::Lines { missing: vec![], extra: vec!["\"@scheme\"".into()] });
    assert_eq!(with(";nonce", "; nonce"), Cause::Parameters);
    assert_eq!(with("POST", "post"), Cause::MethodCase);
    assert_eq!(with("POST", "PUT"), Cause::Method);
    assert_eq!(with("api.example.com", "api.example.com:443"), Cause::Authority);
    assert_eq!(with("/v1/p%7Ea", "/p%7Ea"), Cause::PathPrefix);
    assert_eq!(with("/v1/p%7Ea", "/v1/p~a"), Cause::Encoding);
    assert_eq!(with("/v1/p%7Ea", "/v1/q"), Cause::Path);
    assert_eq!(with("?b=1&a=%20", "?b=1&a=+"), Cause::Encoding);
    assert_eq!(with("?b=1&a=%20", "?a=%20&b=1"), Cause::QueryOrder);
    assert_eq!(with("?b=1&a=%20", "b=1&a=%20"), Cause::QueryMark);
    assert_eq!(with("?b=1&a=%20", "?b=2"), Cause::Query);
    assert_eq!(with("sha-256=:", "sha-512=:"), Cause::Digest);
    assert_eq!(with("a, b", "a,b"), Cause::FieldSpace { name: "x-note".into() });
    assert_eq!(with("a, b", "c"), Cause::Field { name: "x-note".into() });
}

#[test]
fn the_form_of_the_body_that_was_digested_is_found() {
    for (digested, sent, trial) in [
        ("{\"amount\":5}", BODY, Trial::BodyCompact),
        (BODY, "{\"amount\":5}", Trial::BodySpaced),
        ("{\"amount\":5}\n", "{\"amount\":5}", Trial::BodyWithNewline),
        ("a=1", "a=1\n", Trial::BodyWithoutNewline),
        ("", "a=1", Trial::BodyMissing),
    ] {
        let explained = explain(&signed("1763700000", digested, sent), &ask()).unwrap();
        assert_eq!(explained.causes, [Cause::BodyForm(trial)], "{digested:?} {sent:?}");
        assert_eq!(explained.faults, [Fault::DigestMismatch { algorithm: "sha-256" }]);
        assert_eq!(explained.sentence(), trial.sentence());
    }
    let explained = explain(&signed("1763700000", "other", BODY), &ask()).unwrap();
    assert!(explained.causes.is_empty() && explained.sentence().contains("Content-Digest"));
}

#[test]
fn a_clock_is_told_apart_from_a_time_zone_and_from_milliseconds() {
    for (created, cause) in [
        ("1763699000", Cause::Clock { seconds: 1_000 }),
        ("1763705000", Cause::Clock { seconds: 5_000 }),
        ("1763707201", Cause::TimeZone { hours: 2 }),
        ("1763681998", Cause::TimeZone { hours: 5 }),
        ("1763700000123", Cause::Milliseconds),
    ] {
        assert_eq!(explain(&signed(created, BODY, BODY), &ask()).unwrap().causes, [cause], "{created}");
    }
    let another_time = Ask { now_ms: None, ..ask() };
    assert!(explain(&signed("1763699000", BODY, BODY), &another_time).unwrap().faults.is_empty());
}

#[test]
fn another_key_than_the_one_that_is_looked_at_is_said_first() {
    let causes = |pasted: &Pasted, keyid: &'static str| explain(pasted, &Ask { keyid: Some(keyid), ..ask() }).unwrap().causes;
    let tylt = paste::read("GET /p HTTP/1.1\nHost: h\nX-TLP-APIKEY: k\nX-TLP-SIGNATURE: \n").unwrap();
    assert!(causes(&tylt, "other").is_empty(), "without a signature there is nothing to say about keys");
    let tylt = paste::read(&format!("GET /p HTTP/1.1\nHost: h\nX-TLP-APIKEY: k\nX-TLP-SIGNATURE: {}\n", "ab".repeat(32))).unwrap();
    for (pasted, own) in [(signed("1763700000", BODY, BODY), "k"), (yoti_request(BODY), NONCE), (tylt, "k")] {
        assert_eq!(causes(&pasted, "other"), [Cause::OtherKey]);
        assert_eq!(causes(&pasted, own), []);
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let text = "POST /p HTTP/1.1\nHost: h\nSignature-Input: sig=(\"@method\" \"x-gone\");created=1\nSignature: sig=:A:\n\n{}";
    let explained = explain(&paste::read(text).unwrap(), &ask()).unwrap();
    let kinds: Vec<&str> = explained.faults.iter().map(|fault| fault.kind().as_str()).collect();
    assert_eq!(kinds, ["signature_invalid", "timestamp_out_of_window", "malformed", "signature_invalid"]);
    assert!(matches!(explained.faults[3], Fault::ComponentAbsent { .. }));
    let none = explain(&paste::read("GET / HTTP/1.1\nHost: h\n").unwrap(), &ask());
    assert!(matches!(none, Err(Fault::SignatureMissing { .. })));
}

#[test]
fn nothing_wrong_is_said_to_be_so_with_the_text_line_by_line() {
    let explained = explain(&signed("1763700000", BODY, BODY), &ask()).unwrap();
    assert!(explained.faults.is_empty() && explained.sentence().contains("without the key"));
    let lines: Vec<String> = explained.lines().collect();
    assert_eq!((lines.len(), lines[0].as_str(), lines[3].as_str()), (7, "\"@method\": POST", "\"@query\": ?b=1&a=%20"));
}

fn yoti_request(body: &str) -> Pasted {
    let target = format!("/api/v1/p?b=%20&a=1&nonce={NONCE}&timestamp=1763700000000");
    paste::read(&format!("POST {target} HTTP/1.1\nHost: h\nX-Yoti-Auth-Digest: AAAA\nX-Yoti-Auth-Id: {NONCE}\nContent-Length: {}\n\n{body}", body.len()))
        .unwrap()
}

#[test]
fn each_common_mistake_in_yotis_text_is_named() {
    let pasted = yoti_request(BODY);
    let right = String::from_utf8(explain(&pasted, &ask()).unwrap().text.unwrap()).unwrap();
    assert!(right.starts_with("POST&/p?b=%20&a=1&nonce="), "{right}");
    let with = |from: &str, to: &str| cause(&pasted, &right.replacen(from, to, 1));
    let body = right.rsplit_once('&').unwrap().1.to_owned();
    assert_eq!(with("POST", "post"), Cause::MethodCase);
    assert_eq!(with("/p", "/api/v1/p"), Cause::PathPrefix);
    assert_eq!(with("/p", "/p%2f"), Cause::Path);
    assert_eq!(with("%20", " "), Cause::Encoding);
    assert_eq!(with("b=%20&a=1", "a=1&b=%20"), Cause::QueryOrder);
    assert_eq!(with(&format!("&{body}"), ""), Cause::BodyPresence);
    assert_eq!(with(&body, "e30="), Cause::Body);
}

#[test]
fn each_trial_gives_the_text_that_the_mistake_gives() {
    let text = |pasted: &Pasted, scheme, trial: Trial| pasted.see(|request| trial.text(request, scheme, &ask())).map(|text| String::from_utf8(text).unwrap());
    let yoti = yoti_request(BODY);
    let right = text(&yoti, Scheme::Yoti, Trial::Exact).unwrap();
    let of = |trial| text(&yoti, Scheme::Yoti, trial);
    assert_eq!(of(Trial::PathWithBase), Some(right.replace("&/p?", "&/api/v1/p?")));
    assert_eq!((of(Trial::LowerMethod), of(Trial::SingleSlashes)), (Some(right.replace("POST", "post")), None));
    assert_eq!(of(Trial::QueryDecoded), Some(right.replace("%20", " ")));
    assert_eq!(of(Trial::QueryMark), Some(right.replace('?', "")));
    assert_eq!(of(Trial::BodyMissing), Some(right.rsplit_once('&').unwrap().0.to_owned()));
    assert!(of(Trial::BodyCompact).unwrap().ends_with("&eyJhbW91bnQiOjV9"));
    assert_eq!((of(Trial::BodySpaced), of(Trial::AuthorityWithPort)), (None, None));

    let base = signed("1763700000", BODY, BODY);
    let of = |trial| text(&base, Scheme::HttpMessageSignatures, trial);
    let right = of(Trial::SecretTrimmed).unwrap();
    assert_eq!(of(Trial::TextWithNewline), Some(format!("{right}\n")));
    assert_eq!(of(Trial::TextWithCrLf), Some(right.replace('\n', "\r\n")));
    assert_eq!(of(Trial::LowerMethod), Some(right.replace("POST", "post")));
    assert_eq!(of(Trial::AuthorityWithPort), Some(right.replace("example.com", "example.com:443")));
    assert_eq!(of(Trial::QuerySorted), Some(right.replace("b=1&a=%20", "a=%20&b=1")));
    assert_eq!(of(Trial::QueryMark), Some(right.replace("?b", "b")));
    assert_eq!(of(Trial::QuerySpaces), Some(right.replace("%20", "+")));
    assert_eq!(of(Trial::PercentCase), Some(right.replace("%7E", "%7e")));
    assert_eq!((of(Trial::BodyCompact), of(Trial::PathWithBase)), (None, None));

    let tylt = paste::read("GET /p?orderId=a%20b HTTP/1.1\nHost: h\nX-TLP-APIKEY: k\nX-TLP-SIGNATURE: 00\n").unwrap();
    let of = |trial| text(&tylt, Scheme::Tylt, trial).unwrap();
    assert_eq!(
        [of(Trial::Exact), of(Trial::QueryAsJson), of(Trial::QueryMark), of(Trial::QueryDecoded), of(Trial::QuerySpaces)],
        ["orderId=a%20b", "{\"orderId\":\"a b\"}", "?orderId=a%20b", "orderId=a b", "orderId=a+b"]
    );
    assert_eq!(cause(&tylt, "{\"orderId\":\"a b\"}"), Cause::BodyForm(Trial::QueryAsJson));
    assert_eq!(cause(&tylt, "orderId=a+b"), Cause::Encoding);
}

#[test]
fn two_slashes_that_a_base_url_made_are_found() {
    // What yoti_python_sdk sends when its base URL ends with a slash.
    let text = |path: &str| format!("POST {path}?nonce={NONCE}&timestamp=1763700000000 HTTP/1.1\nHost: h\nX-Yoti-Auth-Digest: AAAA\nX-Yoti-Auth-Id: {NONCE}\n");
    for base in ["", "/api/v1"] {
        let pasted = paste::read(&text(&format!("{base}//orders"))).unwrap();
        let signed = format!("POST&/orders?nonce={NONCE}&timestamp=1763700000000");
        let tried = pasted.see(|request| Trial::SingleSlashes.text(request, Scheme::Yoti, &ask())).unwrap();
        assert_eq!(String::from_utf8(tried).unwrap(), signed);
        assert_eq!(cause(&pasted, &signed), Cause::Slashes);
    }
    let pasted = paste::read("GET //a/b?x=// HTTP/1.1\nHost: h\nSignature-Input: sig=(\"@path\" \"@query\" \"@target-uri\")\nSignature: sig=:AAAA:\n").unwrap();
    let tried = pasted.see(|request| Trial::SingleSlashes.text(request, Scheme::HttpMessageSignatures, &ask())).unwrap();
    assert!(String::from_utf8(tried).unwrap().starts_with("\"@path\": /a/b\n\"@query\": ?x=//\n\"@target-uri\": https://h/a/b?x=//\n"));
}

#[test]
fn a_body_that_was_written_again_is_named_for_tylt() {
    let pasted = paste::read(&format!("POST /p HTTP/1.1\nHost: h\nX-TLP-APIKEY: k\nX-TLP-SIGNATURE: 00\nContent-Length: {}\n\n{BODY}", BODY.len())).unwrap();
    assert_eq!(cause(&pasted, "{\"amount\":5}"), Cause::BodyForm(Trial::BodyCompact));
    assert_eq!(cause(&pasted, "{\"amount\":6}"), Cause::Body);
}

#[test]
fn secrets_are_changed_by_their_trials_only() {
    for trial in Trial::ALL {
        let secret = trial.secret(b" s ");
        let wanted: &[u8] = match trial {
            Trial::SecretWithNewline => b" s \n",
            Trial::SecretWithCrLf => b" s \r\n",
            Trial::SecretWithCr => b" s \r",
            Trial::SecretBeforeSpace => b" s  ",
            Trial::SecretAfterSpace => b"  s ",
            Trial::SecretInDoubleQuotes => b"\" s \"",
            Trial::SecretInSingleQuotes => b"' s '",
            Trial::SecretTrimmed => b"s",
            _ => b" s ",
        };
        assert_eq!(secret.as_slice(), wanted, "{trial:?}");
        assert_eq!(trial.is_of_secret(), wanted != b" s ", "{trial:?}");
        assert!(trial.sentence().len() > 20);
    }
}

#[test]
fn a_request_without_its_signature_is_known_by_what_else_it_has() {
    let missing = |head: &str| {
        let pasted = paste::read(&format!("GET {head}\n")).unwrap();
        match explain(&pasted, &ask()) {
            Ok(explained) => explained.faults[0].to_string(),
            Err(fault) => fault.to_string(),
        }
    };
    for head in ["/p HTTP/1.1\nHost: h\nX-Yoti-Auth-Id: x", "/p?nonce=1&timestamp=2 HTTP/1.1\nHost: h"] {
        assert!(missing(head).contains("no X-Yoti-Auth-Digest header"), "{head}");
    }
    assert!(missing("/p HTTP/1.1\nHost: h\nx-tlp-other: x").contains("no X-TLP-SIGNATURE header"));
    assert!(missing("/p?nonce=1 HTTP/1.1\nHost: h").contains("no Signature-Input header"));
}

#[test]
fn a_parameter_that_cannot_be_read_is_not_missing_too() {
    let explained = explain(&signed("\"1763700000\"", BODY, BODY), &ask()).unwrap();
    let told: Vec<String> = explained.faults.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|text| text.contains("`created`")) && !told.iter().any(|text| text.contains("has no parameter")), "{told:?}");
}

#[test]
fn a_signature_in_the_wrong_encoding_is_read_and_its_encoding_named() {
    let mac = [0xab_u8; 32];
    let read = |scheme: Scheme, value: &str| {
        let pasted = paste::read(&format!("GET /p HTTP/1.1\nHost: h\n{}: {value}\n", signature_header(scheme))).unwrap();
        pasted.see(|request| sent(request, scheme, &ask())).map(|sent| (sent.bytes == mac, sent.encoding.is_some()))
    };
    let hexadecimal = "ab".repeat(32);
    let base64 = "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=";
    assert_eq!(read(Scheme::Tylt, &hexadecimal), Some((true, false)));
    assert_eq!(read(Scheme::Tylt, &hexadecimal.to_uppercase()), Some((true, true)));
    assert_eq!(read(Scheme::Tylt, base64), Some((true, true)));
    assert_eq!(read(Scheme::Yoti, base64), Some((true, false)));
    assert_eq!(read(Scheme::Yoti, base64.trim_end_matches('=')), Some((true, true)));
    assert_eq!(read(Scheme::Yoti, &hexadecimal), Some((true, true)));
    assert_eq!(read(Scheme::Yoti, "?"), None);
}
