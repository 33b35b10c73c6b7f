//! What `curl -v` shows of a request: its lines begin with `> `, among those that tell what curl does (`* `) and what was answered (`< `).

use super::{PasteFault, date};
use crate::scheme::request::UriScheme;

/// Whether a text is that.
pub(super) fn is(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    lines.find(|line| !is_told(line)).is_some_and(|line| line.starts_with("> "))
}

/// The request in it, with a body that somebody put below its lines.
///
/// # Errors
/// [`PasteFault::NoBody`] where there has to be one and is none.
pub(super) fn request(text: &str) -> Result<String, PasteFault> {
    let (mut head, mut body, mut has_end) = (String::new(), String::new(), false);
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\r', '\n']);
        // Of several attempts, the first counts.
        if let Some(sent) = content.strip_prefix('>').filter(|_| !has_end) {
            let sent = sent.strip_prefix(' ').unwrap_or(sent);
            has_end = sent.is_empty();
            head.push_str(sent);
            head.push_str("\r\n");
        } else if content.starts_with("< ") || (has_end && content.starts_with("> ")) {
            break;
        } else if has_end && !is_told(content) {
            body.push_str(line);
        }
    }
    if !has_end {
        head.push_str("\r\n");
    }
    if body.trim().is_empty() && has_length(&head) { Err(PasteFault::NoBody) } else { Ok(head + &body) }
}

/// Whether curl tells that it spoke TLS; none where it tells nothing of the connection.
pub(super) fn scheme(text: &str) -> Option<UriScheme> {
    let told = || text.lines().filter_map(|line| line.trim_start().strip_prefix("* "));
    let is_tls = |line: &str| ["SSL connection", "TLSv1", "ALPN", "SSL certificate"].iter().any(|start| line.starts_with(start));
    if told().any(is_tls) {
        return Some(UriScheme::Https);
    }
    // Without a port one cannot tell a shortened trace from one of plain HTTP.
    told().any(|line| line.starts_with("Connected to ") && line.contains(" port 80 ")).then_some(UriScheme::Http)
}

/// When the server answered, by its header `Date`.
pub(super) fn answered_at_s(text: &str) -> Option<i64> {
    let headers = text.lines().filter_map(|line| line.trim_start().strip_prefix("< ")?.split_once(':'));
    headers.filter(|(name, _)| name.eq_ignore_ascii_case("date")).find_map(|(_, value)| date::seconds(value))
}

/// What curl tells of itself: `* Connected to …`, `{ [5 bytes data]`.
fn is_told(line: &str) -> bool {
    line.starts_with("* ") || line.trim().is_empty() || ((line.starts_with("{ [") || line.starts_with("} [")) && line.ends_with(']'))
}

fn has_length(head: &str) -> bool {
    let lengths = head.lines().filter_map(|line| line.split_once(':')).filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.map(|(_, value)| value.trim()).any(|value| value != "0")
}
