//! Splits Rust source into code, texts and comments, so that a rule about code is not broken by a sentence about it.

/// What a piece of source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Code,
    Text,
    Comment,
}

/// A piece of source and the line on which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'s> {
    pub(super) part: Part,
    pub(super) line: usize,
    pub(super) text: &'s str,
}

/// The pieces of a source in order. Quotes and comment marks belong to their pieces.
pub(super) fn pieces(source: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < source.len() {
        let (part, end) = next(source, at);
        let text = &source[at..end];
        pieces.push(Piece { part, line, text });
        line += text.matches('\n').count();
        at = end;
    }
    pieces
}

/// The source without what tests alone contain: everything from a `#[cfg(test)]` that opens a module to the end.
pub(super) fn without_tests(source: &str) -> &str {
    source.match_indices("#[cfg(test)]\n").find(|(at, found)| opens_module(&source[at + found.len()..])).map_or(source, |(at, _)| &source[..at])
}

fn opens_module(code: &str) -> bool {
    let line = code.lines().next().unwrap_or_default();
    line.strip_prefix("pub(crate) ").unwrap_or(line).starts_with("mod ") && line.trim_end().ends_with('{')
}

/// The part that begins at `at`, and where it ends.
fn next(source: &str, at: usize) -> (Part, usize) {
    let rest = &source[at..];
    if rest.starts_with("//") {
        return (Part::Comment, at + rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Part::Comment, at + block_comment(rest));
    }
    if let Some(length) = text_literal(rest, previous(source, at)) {
        return (Part::Text, at + length);
    }
    // Code runs until something else begins.
    let mut end = at;
    let mut chars = rest.char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let here = &rest[i..];
        let stops = here.starts_with("//") || here.starts_with("/*") || text_literal(here, previous(source, at + i)).is_some();
        if stops && i > 0 {
            break;
        }
        let skip = if c == '\'' { character(here) } else { c.len_utf8() };
        end = at + i + skip;
        while chars.peek().is_some_and(|(j, _)| at + j < end) {
            chars.next();
        }
    }
    (Part::Code, end)
}

fn previous(source: &str, at: usize) -> Option<char> {
    source[..at].chars().next_back()
}

/// The length of `'x'` or `'\n'`; one for the mark of a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    let Some((_, first)) = chars.next() else { return 1 };
    if first == '\\' {
        return rest[2..].char_indices().skip(1).find(|(_, c)| *c == '\'').map_or(1, |(i, _)| i + 3);
    }
    match chars.next() {
        Some((i, '\'')) => i + 1,
        _ => 1,
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of the text literal that begins here, if one does: `"…"`, `b"…"`, `r#"…"#` and their like.
fn text_literal(rest: &str, before: Option<char>) -> Option<usize> {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|p| {
        let after = rest.strip_prefix(p).unwrap_or("");
        let hashes = after.trim_start_matches('#');
        after.starts_with('"') || (p.ends_with('r') && after.starts_with('#') && hashes.starts_with('"'))
    })?;
    if in_word && !prefix.is_empty() {
        return None;
    }
    let after = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        let close = format!("\"{}", "#".repeat(hashes));
        let start = prefix.len() + hashes + 1;
        return Some(rest[start..].find(&close).map_or(rest.len(), |i| start + i + close.len()));
    }
    let mut escaped = false;
    for (i, c) in after.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(prefix.len() + i + 1),
            _ => {}
        }
    }
    Some(rest.len())
}
