//! Signing in: the code that a person types, and where they may be led afterwards.

use crate::limits;

/// The characters of a code: capital letters and digits without those that look alike (0 O, 1 I L).
pub const CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// Characters of a code: 39 bits.
pub const CODE_CHARS: usize = 8;

/// A code as somebody typed it, in its one form: case, spaces and dashes do not count. None: it is no code.
#[must_use]
pub fn code(given: &str) -> Option<String> {
    let mut code = String::with_capacity(CODE_CHARS);
    for c in given.chars() {
        if c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{00AD}') {
            continue;
        }
        let c = c.to_ascii_uppercase();
        if code.len() == CODE_CHARS || !c.is_ascii() || !CODE_ALPHABET.contains(&(c as u8)) {
            return None;
        }
        code.push(c);
    }
    (code.len() == CODE_CHARS).then_some(code)
}

/// A code as people read it best: in two groups of four, with a hyphen between.
#[must_use]
pub fn shown_code(code: &str) -> String {
    match code.split_at_checked(CODE_CHARS / 2) {
        Some((first, rest)) => format!("{first}-{rest}"),
        None => code.to_owned(),
    }
}

/// Where to lead a person after they have signed in: a path of the hub. None: it leads elsewhere, or nowhere.
///
/// A browser takes `//host` and `/\host` for another site, and drops tabs and line ends before it looks (WHATWG URL, section 4.4).
#[must_use]
pub fn return_to(given: &str) -> Option<&str> {
    let rest = given.strip_prefix('/')?;
    let plain = |c: char| c.is_ascii_graphic() && c != '\\';
    if given.len() > limits::RETURN_TO_CHARS_MAX || !given.chars().all(plain) || given.contains("//") {
        return None;
    }
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    // A dot segment, written either way, would make another path of it than the one that is judged here.
    let is_dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(is_dots) || path.to_ascii_lowercase().contains("%2f") || path.to_ascii_lowercase().contains("%5c") {
        return None;
    }
    let first = path.split('/').next().unwrap_or_default();
    // Signing in again would go round in circles; the API has nothing to show but its pages.
    let of_the_hub = ["", "organisations", "applications", "keys", "invitations", "person", "provider"].contains(&first) || path == "api/docs";
    of_the_hub.then_some(given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_are_read_however_they_are_typed() {
        for typed in ["ABCD2345", "abcd-2345", " AbCd 2345 ", "A-B-C-D-2-3-4-5", "abcd\u{2011}2345", "abcd\u{2013}2345\n"] {
            assert_eq!(code(typed).as_deref(), Some("ABCD2345"), "{typed:?}");
        }
        for wrong in ["", "ABCD234", "ABCD23456", "ABCD234O", "ABCD2341", "ÄBCD2345", "ABCD_2345"] {
            assert_eq!(code(wrong), None, "{wrong:?}");
        }
        assert_eq!(shown_code("ABCD2345"), "ABCD-2345");
    }

    #[test]
    fn a_sign_in_returns_to_a_page_of_the_hub_only() {
        for good in
            ["/", "/person", "/keys/key_01HX/rotate?policy=overlap", "/organisations/org_1/settings/api-keys#new", "/invitations/inv_1", "/?a=b", "/api/docs"]
        {
            assert_eq!(return_to(good), Some(good));
        }
        let bad = [
            "",
            "person",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "/person\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "/sign-in?return_to=/person",
            "/api/v1/tokens",
            "/person//evil",
            "/keys/../sign-in",
            "/keys/%2e%2E/sign-in",
            "/keys/%2F/x",
            "/keys/%5cx",
            "/pers on",
            "/persön",
            "/metrics",
            "/?next=https://evil.example",
            "/verify",
            "/x",
        ];
        for bad in bad {
            assert_eq!(return_to(bad), None, "{bad:?}");
        }
        assert_eq!(return_to(&format!("/keys/{}", "x".repeat(300))), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            if let Some(code) = code(&text) { prop_assert_eq!(code.len(), CODE_CHARS); }
            if let Some(path) = return_to(&format!("/{text}")) { prop_assert!(path.starts_with('/') && !path.starts_with("//")); }
            let _ = shown_code(&text);
        }
    }
}
