//! The text of an HTTP/1.1 message (RFC 9112), with the liberties that pasting takes: line feeds alone, no blank line at the end, a line end too many.

use super::{NO_LENGTH, PasteFault, Pasted, absolute, chunks};
use crate::scheme::request::UriScheme;

pub(super) fn read(text: &str) -> Result<Pasted, PasteFault> {
    let mut lines = Lines { rest: text, number: 0 };
    let first = lines.find(|line| !line.trim().is_empty()).ok_or(PasteFault::Empty)?;
    let (method, target) = request_line(first).ok_or(PasteFault::Line {
        line: lines.number,
        why: "a request begins with a line such as `POST /v1/payouts?page=2 HTTP/1.1`, with one space between the parts",
    })?;
    let (mut headers, mut has_end): (Vec<(String, Vec<u8>)>, bool) = (Vec::new(), false);
    while let Some(line) = lines.next() {
        if line.is_empty() {
            has_end = true;
            break;
        }
        let bad = |why| PasteFault::Line { line: lines.number, why };
        if line.starts_with([' ', '\t']) {
            // Obsolete folding (RFC 9112 section 5.2) stays, for the base to undo.
            let (_, value) = headers.last_mut().ok_or(bad("the first header begins with white space"))?;
            value.extend_from_slice(b"\r\n");
            value.extend_from_slice(line.as_bytes());
            continue;
        }
        let (name, value) = line.split_once(':').filter(|(name, _)| !name.is_empty()).ok_or(bad("a header is a name, a colon and a value"))?;
        if name.contains(|c: char| c.is_whitespace() || c.is_control() || !c.is_ascii()) {
            return Err(bad("a header's name has no spaces, and none before the colon"));
        }
        headers.push((name.to_owned(), value.trim_matches([' ', '\t']).as_bytes().to_vec()));
    }
    let mut pasted = Pasted {
        method: method.to_owned(),
        scheme: UriScheme::Https,
        scheme_known: false,
        authority: String::new(),
        target: target.to_owned(),
        headers,
        body: None,
        other_bodies: Vec::new(),
        answered_at_s: None,
        notes: Vec::new(),
    };
    if let Some((scheme, authority, _)) = absolute(target) {
        (pasted.scheme, pasted.scheme_known) = (scheme, true);
        authority.clone_into(&mut pasted.authority);
    }
    let host = pasted.header("host").map(|host| String::from_utf8_lossy(host).into_owned());
    pasted.authority = host.unwrap_or(pasted.authority);
    if pasted.authority.is_empty() {
        return Err(PasteFault::NoHost);
    }
    pasted.body = if has_end { body(&mut pasted, lines.rest) } else { None };
    Ok(pasted)
}

fn request_line(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next());
    let right = version.is_none_or(|version| version.starts_with("HTTP/")) && words.next().is_none();
    (right && !method.is_empty() && method.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') && !target.is_empty())
        .then_some((method, target))
}

/// The body: of the ways in which a text can have been changed by pasting, the one that has as many bytes as `Content-Length` says.
fn body(pasted: &mut Pasted, rest: &str) -> Option<Vec<u8>> {
    if is_chunked(pasted)
        && let Some(whole) = chunks::put_together(rest)
    {
        pasted.notes.push("The body stands in chunks here (Transfer-Encoding: chunked); they were put together, as only what they hold is signed.");
        return Some(whole);
    }
    let length = pasted.header("content-length").map(<[u8]>::to_vec);
    let length: Option<usize> = length.and_then(|text| std::str::from_utf8(&text).ok()?.trim().parse().ok());
    let without_end = |text: &str| text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text).to_owned();
    let feeds = rest.replace("\r\n", "\n");
    let pairs = feeds.replace('\n', "\r\n");
    let ways = [rest.to_owned(), without_end(rest), feeds.clone(), without_end(&feeds), pairs.clone(), without_end(&pairs)];
    let Some(length) = length else {
        if rest.trim().is_empty() {
            return None;
        }
        pasted.notes.push(NO_LENGTH);
        let likely = without_end(rest);
        let mut others: Vec<Vec<u8>> = ways.into_iter().filter(|way| *way != likely).map(String::into_bytes).collect();
        others.dedup();
        pasted.other_bodies = others;
        return Some(likely.into_bytes());
    };
    if let Some(found) = ways.iter().position(|way| way.len() == length) {
        if found > 1 {
            pasted.notes.push("The line ends of the body were changed on the way here; those that fit Content-Length were taken.");
        }
        return Some(ways[found].as_bytes().to_vec());
    }
    // More lines than one may have been added at the end.
    if rest.trim_end_matches(['\r', '\n']).len() <= length && rest.len() > length && rest.is_char_boundary(length) {
        return Some(rest.as_bytes()[..length].to_vec());
    }
    pasted.notes.push("The body has another length than Content-Length says; it was taken without the line end at its very end.");
    Some(without_end(rest).into_bytes())
}

/// Whether the last transfer coding is `chunked` (RFC 9112 section 6.1).
fn is_chunked(pasted: &Pasted) -> bool {
    let coding = pasted.header("transfer-encoding").and_then(|value| std::str::from_utf8(value).ok());
    coding.and_then(|value| value.rsplit(',').next()).is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked"))
}

/// Lines with either kind of end, and what follows them.
struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.number += 1;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}
