//! JSON written again without changing anything but white space: what many clients do between signing a body and sending it.

/// With nothing between its parts, as `JSON.stringify` writes.
pub(super) fn compact(text: &[u8]) -> Option<Vec<u8>> {
    rewritten(text, b"")
}

/// With a space after each comma and colon, as Python's `json.dumps` writes.
pub(super) fn spaced(text: &[u8]) -> Option<Vec<u8>> {
    rewritten(text, b" ")
}

/// `None` for what is no JSON object or array.
fn rewritten(text: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice::<serde_json::Value>(text).ok()?;
    if !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        if in_string {
            out.push(*byte);
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
        } else if !byte.is_ascii_whitespace() {
            out.push(*byte);
            in_string = *byte == b'"';
            if matches!(byte, b',' | b':') {
                out.extend_from_slice(after);
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_outside_of_texts_changes() {
        let text = b" { \"b\" : [1.50 ,2],\n\"a\\\" ,: \\\\\":\"x , y\" } \n";
        assert_eq!(compact(text).as_deref(), Some(b"{\"b\":[1.50,2],\"a\\\" ,: \\\\\":\"x , y\"}".as_slice()));
        assert_eq!(spaced(text).as_deref(), Some(b"{\"b\": [1.50, 2], \"a\\\" ,: \\\\\": \"x , y\"}".as_slice()));
        for text in [b"".as_slice(), b"1", b"\"a\"", b"{", b"a=1"] {
            assert_eq!(compact(text), None);
        }
    }
}
