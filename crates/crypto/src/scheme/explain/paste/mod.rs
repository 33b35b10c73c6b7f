//! Requests as people paste them: the text of an HTTP/1.1 message, or a `curl` command line.

use super::super::request::{Body, Request, UriScheme};

mod chunks;
mod curl;
mod date;
mod http;
mod script;
mod shell;
#[cfg(test)]
mod tests;
mod trace;

/// Said of a body whose end nothing tells.
const NO_LENGTH: &str = "There is no Content-Length, so what follows the blank line was taken for the body, without the line end at its very end.";

pub use keywright_domain::limits::PASTED_BYTES_MAX as TEXT_BYTES_MAX;
use keywright_domain::limits::{HEAD_BYTES_MAX, PASTED_HEADERS_MAX as HEADERS_MAX};

/// A request that somebody pasted.
#[derive(Clone)]
pub struct Pasted {
    /// As sent.
    pub method: String,
    /// `https` where the text does not say.
    pub scheme: UriScheme,
    /// Whether the text says so.
    pub scheme_known: bool,
    /// As in `Host`.
    pub authority: String,
    /// Path and query, as sent.
    pub target: String,
    /// Names and values in their order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// `None` where the request has no body.
    pub body: Option<Vec<u8>>,
    /// What the body can have been before it was pasted, where no `Content-Length` tells: with other line ends, or with the last one. See [`Self::settle`].
    pub other_bodies: Vec<Vec<u8>>,
    /// When it was answered by the server's clock, in seconds since 1970, where the text says that.
    pub answered_at_s: Option<i64>,
    /// What had to be guessed, a sentence each.
    pub notes: Vec<&'static str>,
}

/// Why a text is not a request: a sentence for whoever pasted it, without a part of what they pasted but an option's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasteFault {
    /// There is none.
    #[error("paste a request: the text of an HTTP/1.1 message, or a curl command line")]
    Empty,
    /// More than is read.
    #[error("the text is longer than {TEXT_BYTES_MAX} bytes; shorten the body")]
    TooLong,
    /// More headers than are read.
    #[error("the request has more than {HEADERS_MAX} headers")]
    TooManyHeaders,
    /// A longer head than servers take.
    #[error("the request line and the headers have more than {HEAD_BYTES_MAX} bytes together, which servers refuse with 431: shorten the headers")]
    HeadTooLong,
    /// A line that is not one of a request.
    #[error("line {line}: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A program, and not what it sends.
    #[error(
        "this is a script or a program, and what it sends is known only once it runs: run it with curl -v and paste the lines that begin with `>`, with the body \
         after them; or paste the request as your program sends it"
    )]
    Program,
    /// What `curl -v` shows of a request with a body.
    #[error("curl -v does not show the body, and Content-Length says that there is one: put it below the lines that begin with `>`")]
    NoBody,
    /// Nothing says which host the request is for.
    #[error("the request has no Host header; add the one that was sent")]
    NoHost,
    /// The command line is not one that can be understood.
    #[error("the command line: {0}")]
    Command(&'static str),
    /// An option of curl that cannot be followed.
    #[error("the option {option} of curl: {why}")]
    Option {
        /// Its name.
        option: String,
        /// Why not.
        why: &'static str,
    },
}

/// Reads what somebody pasted.
///
/// # Errors
/// [`PasteFault`]
pub fn read(text: &str) -> Result<Pasted, PasteFault> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(PasteFault::TooLong);
    }
    // The prompt of a shell is pasted along easily.
    let start = text.trim_start();
    let start = start.strip_prefix("$ ").unwrap_or(start);
    if start.is_empty() {
        return Err(PasteFault::Empty);
    }
    let pasted = if start.strip_prefix("curl").is_some_and(|rest| rest.starts_with(char::is_whitespace)) {
        curl::read(&start.replace("\r\n", "\n"))?
    } else if trace::is(start) {
        let mut pasted = http::read(&trace::request(start)?)?;
        if let Some(scheme) = trace::scheme(start).filter(|_| !pasted.scheme_known) {
            (pasted.scheme, pasted.scheme_known) = (scheme, true);
        }
        pasted.answered_at_s = trace::answered_at_s(start);
        pasted
    } else if script::is(start) {
        return Err(PasteFault::Program);
    } else {
        http::read(text)?
    };
    if pasted.headers.len() > HEADERS_MAX {
        return Err(PasteFault::TooManyHeaders);
    }
    let head = pasted.method.len() + pasted.target.len() + pasted.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    if head > HEAD_BYTES_MAX { Err(PasteFault::HeadTooLong) } else { Ok(pasted) }
}

impl Pasted {
    /// Shows it as the schemes see requests.
    pub fn see<T>(&self, see: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let body = self.body.as_deref().map_or(Body::None, Body::Bytes);
        see(&Request { method: &self.method, scheme: self.scheme, authority: &self.authority, target: &self.target, headers: &headers, body })
    }

    /// Decides which of the forms that the body can have had it is: the first one for which `fits` holds, which sees the request with each. Where none does,
    /// the likely one stays.
    pub fn settle(&mut self, mut fits: impl FnMut(&Request<'_>) -> bool) {
        if self.other_bodies.is_empty() || self.see(&mut fits) {
            return;
        }
        for other in std::mem::take(&mut self.other_bodies) {
            let likely = self.body.replace(other);
            if self.see(&mut fits) {
                self.notes.retain(|note| *note != NO_LENGTH);
                self.notes.push("There is no Content-Length; of the forms that pasting can have given the body, the one that was signed was taken.");
                return;
            }
            self.body = likely;
        }
    }

    /// When it was sent by the client's clock, in seconds since 1970: the header `Date` (RFC 9110 section 6.6.1).
    #[must_use]
    pub fn date_s(&self) -> Option<i64> {
        date::seconds(std::str::from_utf8(self.header("date")?).ok()?)
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }
}

/// Takes an absolute URI apart into scheme, authority and the rest.
fn absolute(uri: &str) -> Option<(UriScheme, &str, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    let scheme = [UriScheme::Https, UriScheme::Http].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(scheme))?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    Some((scheme, authority, rest))
}
