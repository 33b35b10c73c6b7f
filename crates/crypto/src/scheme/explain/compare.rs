//! Two texts side by side.

/// Two texts, line by line, and where they part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// In order; the shorter text has no line at the end.
    pub lines: Vec<Pair>,
    /// `None` when they are equal.
    pub first: Option<Difference>,
}

/// A line of each, as it can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What the server builds.
    pub server: Option<String>,
    /// What the client says it signed.
    pub client: Option<String>,
}

/// The first byte that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Counted from 1.
    pub line: usize,
    /// In bytes, counted from 1.
    pub column: usize,
    /// What both have just before it in this line.
    pub before: String,
    /// What the server has from there on; empty at the end of its text.
    pub server: String,
    /// What the client has from there on; empty at the end of its text.
    pub client: String,
}

/// Bytes that are shown on either side of a difference.
const CONTEXT: usize = 32;

/// Compares the server's text with the client's.
#[must_use]
pub fn compare(server: &[u8], client: &[u8]) -> Comparison {
    let (mut left, mut right) = (lines(server), lines(client));
    let mut pairs = Vec::new();
    loop {
        let pair = Pair { server: left.next().map(visible), client: right.next().map(visible) };
        if pair.server.is_none() && pair.client.is_none() {
            break;
        }
        pairs.push(pair);
    }
    Comparison { lines: pairs, first: first(server, client) }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| *b == b'\n')
}

fn first(server: &[u8], client: &[u8]) -> Option<Difference> {
    if server == client {
        return None;
    }
    let at = server.iter().zip(client).take_while(|(a, b)| a == b).count();
    let line_start = server[..at].iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    let from = |text: &[u8]| visible(&text[at..text.len().min(at + CONTEXT)]);
    Some(Difference {
        line: lines(&server[..at]).count(),
        column: at - line_start + 1,
        before: visible(&server[line_start.max(at.saturating_sub(CONTEXT))..at]),
        server: from(server),
        client: from(client),
    })
}

/// A text as it can be shown: what is not printable ASCII as an escape, a backslash as two.
#[must_use]
pub fn visible(text: &[u8]) -> String {
    text.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_has_its_line_and_column() {
        let at = |server: &str, client: &str| compare(server.as_bytes(), client.as_bytes()).first.map(|d| (d.line, d.column, d.before, d.server, d.client));
        let wanted = |line, column, before: &str, server: &str, client: &str| Some((line, column, before.into(), server.into(), client.into()));
        assert_eq!(at("a", "a"), None);
        assert_eq!(at("", "a"), wanted(1, 1, "", "", "a"));
        assert_eq!(at("a\nbc", "a\nbd"), wanted(2, 2, "b", "c", "d"));
        assert_eq!(at("a\nb", "a\r\nb"), wanted(1, 2, "a", "\\nb", "\\r\\nb"));
        assert_eq!(at("a\n", "a\nb"), wanted(2, 1, "", "", "b"));
        let long = "x".repeat(100);
        let shown = compare(format!("{long}a{long}").as_bytes(), format!("{long}b{long}").as_bytes()).first.unwrap();
        assert_eq!((shown.column, shown.before.len(), shown.server.len()), (101, CONTEXT, CONTEXT));
    }

    #[test]
    fn lines_stand_side_by_side_and_nothing_moves_the_terminal() {
        let both = compare(b"\"a\": 1\nb", "\"a\": 1\n\u{1b}[2Jé\\\nc".as_bytes());
        assert_eq!(both.lines.len(), 3);
        assert_eq!(both.lines[0].server.as_deref(), Some("\"a\": 1"));
        assert_eq!(both.lines[1].client.as_deref(), Some("\\x1b[2J\\xc3\\xa9\\\\"));
        assert_eq!((both.lines[2].server.as_deref(), both.lines[2].client.as_deref()), (None, Some("c")));
    }
}
