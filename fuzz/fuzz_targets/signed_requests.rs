//! No request makes a scheme's reader fail, whatever its headers are, and what it reads holds together.
#![no_main]

use keywright_crypto::scheme::explain::{self, Ask, paste};
use keywright_crypto::scheme::http_message_signatures::{self, Coverage};
use keywright_crypto::scheme::{Body, Request, UriScheme, content_digest, detect, tylt, yoti};

const BASE_PATHS: [&str; 2] = ["/api/v1", "/idverify/v1"];
const NOW_MS: i64 = 1_763_700_000_000;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(pasted) = paste::read(text)
    {
        let keyid = Some("k1");
        let ask = Ask { scheme: None, keyid, coverage: Coverage::STANDARD, base_paths: &BASE_PATHS, now_ms: Some(NOW_MS), window_s: 300, signed_text: None };
        if let Ok(explained) = explain::explain(&pasted, &ask) {
            assert!(!explained.sentence().is_empty());
        }
    }
    raw(bytes);
});

/// The same bytes as a gateway would tell them: a line for the method and target, one for each header, an empty one, and the body.
fn raw(bytes: &[u8]) {
    let (head, body) = match bytes.windows(2).position(|two| two == b"\n\n") {
        Some(at) => (&bytes[..at], Body::Bytes(&bytes[at + 2..])),
        None => (bytes, Body::None),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let Some(Ok(start)) = lines.next().map(std::str::from_utf8) else { return };
    let (method, target) = start.split_once(' ').unwrap_or(("POST", start));
    let header = |line: &'_ [u8]| -> Option<(String, Vec<u8>)> {
        let at = line.iter().position(|byte| *byte == b':')?;
        Some((String::from_utf8(line[..at].to_vec()).ok()?, line[at + 1..].to_vec()))
    };
    let headers: Vec<(String, Vec<u8>)> = lines.filter_map(header).collect();
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    let request = Request { method, scheme: UriScheme::Https, authority: "api.example.com", target, headers: &headers, body };
    let _ = detect::detect(&request);
    let _ = content_digest::check(&request, true);
    if let Ok(signatures) = http_message_signatures::read(&request) {
        for signature in signatures.iter() {
            let _ = (signature.keyid(), signature.bytes(), signature.check_time(NOW_MS, 300), signature.check_body());
            // What passes the server's profile names its key and can be told apart from a repeat.
            if signature.check(&Coverage::STANDARD).is_ok() {
                assert!(signature.keyid().is_some() && signature.nonce().is_some() && signature.base().is_ok());
            }
            let _ = signature.base();
        }
    }
    if let Ok(signed) = yoti::read(&request, &BASE_PATHS) {
        let _ = (signed.text(), signed.check_time(NOW_MS, 300));
    }
    if tylt::read(&request).is_ok() {
        assert!(tylt::text(&request).is_ok() && tylt::key(&request).is_ok());
    }
}
