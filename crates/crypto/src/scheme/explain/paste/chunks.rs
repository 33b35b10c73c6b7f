//! Bodies in chunks (RFC 9112 section 7.1), with either line end: tools that record what travelled show them so.

/// What the chunks hold; none where the text is not whole chunks, as of a body that is shown without them.
pub(super) fn put_together(text: &str) -> Option<Vec<u8>> {
    // A form or a terminal may have changed every line end, those in the chunks too; their sizes tell.
    let feeds = text.replace("\r\n", "\n");
    let pairs = feeds.replace('\n', "\r\n");
    [text, &feeds, &pairs].into_iter().find_map(|text| whole(text.as_bytes()))
}

fn whole(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (line, after) = line(rest)?;
        let size = size(line)?;
        if size == 0 {
            return is_trailer(after).then_some(body);
        }
        let (chunk, after) = after.split_at_checked(size)?;
        body.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n"))?;
    }
}

/// A line without its end, and what follows. The last one may have lost its end.
fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    let end = text.iter().position(|b| *b == b'\n');
    let (line, rest) = end.map_or((text, &text[text.len()..]), |end| (&text[..end], &text[end + 1..]));
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// In hexadecimal digits, with extensions after a semicolon.
fn size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|b| *b == b';').next()?.trim_ascii();
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    usize::from_str_radix(digits, 16).ok()
}

/// Fields, and a line end or several.
fn is_trailer(mut rest: &[u8]) -> bool {
    while let Some((line, after)) = line(rest) {
        if !line.is_empty() && !line.contains(&b':') {
            return false;
        }
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_chunks_are_put_together_and_what_is_none_stays() {
        let of = |text: &str| put_together(text).map(|body| String::from_utf8(body).unwrap());
        for text in ["5\r\n{\"a\":\r\n4;x=y\r\n 1}\n\r\n0\r\n\r\n", "4\n{\"a\"\n5\n: 1}\n\n0\nExpires: x\n\n", "9\n{\"a\": 1}\n\n0"] {
            assert_eq!(of(text).as_deref(), Some("{\"a\": 1}\n"), "{text:?}");
        }
        assert_eq!(of("6\na\nb\n0\n\n"), None);
        assert_eq!(of("4\na\nb\n0\n\n"), Some("a\r\nb".to_owned()), "line ends that were changed on the way");
        for text in ["", "{\"a\": 1}", "5\r\nabc", "3\r\nabcd\r\n0\r\n", "3\r\nabc\r\n0\r\nmore", "3\r\nabc\r\n", "ffffffffffffffff\r\nabc"] {
            assert_eq!(of(text), None, "{text:?}");
        }
    }
}
