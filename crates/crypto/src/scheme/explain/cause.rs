//! What differences and faults commonly come from.

use keywright_domain::catalogue::Scheme;

use super::super::fault::{Fault, shown};
use super::super::request::{Request, trim};
use super::super::{Body, content_digest};
use super::{Trial, json, query};

/// A likely cause. Its text is a sentence: what was done, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The signature is by somebody else, or says so.
    #[error("the request names another key than the one that is looked at: send this credential's public half")]
    OtherKey,
    /// The texts are equal.
    #[error("both signed the same text, so the secret, the key or the algorithm differs, or the signature was encoded in another way")]
    SameText,
    /// CR LF.
    #[error("{}", Trial::TextWithCrLf.sentence())]
    LineEnds,
    /// A line end at the end.
    #[error("{}", Trial::TextWithNewline.sentence())]
    TrailingNewline,
    /// The same lines.
    #[error("the components were signed in another order than Signature-Input lists them: write the lines in the order of the list")]
    Order,
    /// Lines that one side has.
    #[error("{}", lines_differ(.missing, .extra))]
    Lines {
        /// What the client did not sign.
        missing: Vec<String>,
        /// What only the client signed.
        extra: Vec<String>,
    },
    /// `@signature-params`.
    #[error(
        "the last line differs from what Signature-Input says: copy the list and its parameters into it byte for byte, with their order, quotes and spaces"
    )]
    Parameters,
    /// The method's case.
    #[error("{}", Trial::LowerMethod.sentence())]
    MethodCase,
    /// Another method.
    #[error("another method was signed than was sent; a redirect or a library may have changed it")]
    Method,
    /// Another host.
    #[error(
        "another host was signed than the server was asked for: sign the Host header as it is sent, in lower case and without a default port; a proxy may have changed it"
    )]
    Authority,
    /// The base path.
    #[error("the path was signed with a part in front that does not belong there, or without one that does: a base path was added or left out")]
    PathPrefix,
    /// Two slashes in a row.
    #[error("{}", Trial::SingleSlashes.sentence())]
    Slashes,
    /// Another path.
    #[error("another path was signed than was sent; sign the path exactly as it stands in the request line")]
    Path,
    /// Percent-encoding.
    #[error(
        "path or query were encoded in another way: they are equal once percent-encoding is undone; sign the bytes that are sent, without decoding or encoding them again"
    )]
    Encoding,
    /// The order of the query.
    #[error("the query's parameters are in another order: sign them in the order in which they are sent")]
    QueryOrder,
    /// The question mark.
    #[error("{}", Trial::QueryMark.sentence())]
    QueryMark,
    /// Another query.
    #[error("another query was signed than was sent; sign it exactly as it stands in the request line")]
    Query,
    /// The digest of another body.
    #[error("another Content-Digest was signed than was sent: compute it once, over the bytes that are sent, and sign that header")]
    Digest,
    /// White space of a header.
    #[error("the value of the header {name} differs in white space only: take white space off its ends and join several lines with a comma and one space")]
    FieldSpace {
        /// Its name.
        name: String,
    },
    /// Another value of a header.
    #[error("the header {name} was signed with another value than was sent; a proxy or a library may have changed it")]
    Field {
        /// Its name.
        name: String,
    },
    /// The body in another form.
    #[error("{}", .0.sentence())]
    BodyForm(Trial),
    /// The body is in one text only.
    #[error("one text has the body and the other has none: sign the body exactly when one is sent")]
    BodyPresence,
    /// Another body.
    #[error("another body was signed than was sent: sign the very bytes that are sent")]
    Body,
    /// Milliseconds where seconds are wanted.
    #[error("`created` is in milliseconds and has to be in seconds since 1970")]
    Milliseconds,
    /// A time zone.
    #[error("the signer's time is off by about {hours} h: local time was taken for UTC; use seconds since 1970, which know no time zone")]
    TimeZone {
        /// Whole hours.
        hours: u64,
    },
    /// A clock.
    #[error("the signer's clock is off by {seconds} s, or the request waited before it was sent: set the clock by NTP, and sign each attempt anew")]
    Clock {
        /// Either way.
        seconds: u64,
    },
}

fn lines_differ(missing: &[String], extra: &[String]) -> String {
    let list = |names: &[String]| names.join(", ");
    match (missing, extra) {
        (missing, []) => format!("these components are in Signature-Input and were not signed: {}", list(missing)),
        ([], extra) => format!("these components were signed and are not in Signature-Input: {}", list(extra)),
        (missing, extra) => {
            format!("these components are in Signature-Input and were not signed: {}; these were signed and are not in it: {}", list(missing), list(extra))
        }
    }
}

impl Cause {
    /// Whether it says of a fault all that the fault says of itself, and more.
    #[must_use]
    pub const fn explains(&self, fault: &Fault) -> bool {
        match fault {
            Fault::OutOfWindow { .. } => matches!(self, Self::Clock { .. } | Self::TimeZone { .. } | Self::Milliseconds),
            Fault::DigestMismatch { .. } => matches!(self, Self::BodyForm(_)),
            _ => false,
        }
    }
}

/// What faults come from, where more can be said than the fault itself says.
pub(super) fn of_faults(request: &Request<'_>, faults: &[Fault]) -> Vec<Cause> {
    faults
        .iter()
        .filter_map(|fault| match fault {
            Fault::DigestMismatch { .. } => body_form(request).map(Cause::BodyForm),
            Fault::OutOfWindow { ahead_s, .. } => Some(clock(*ahead_s)),
            _ => None,
        })
        .collect()
}

/// The form of the body whose digest was sent.
fn body_form(request: &Request<'_>) -> Option<Trial> {
    let digests = content_digest::read(request).ok()??;
    let body = request.body.bytes().ok()?;
    let fits = |trial: &Trial| trial.body(body).is_some_and(|other| digests.check(Body::Bytes(&other)) == Ok(content_digest::Checked::Verified));
    [Trial::BodyCompact, Trial::BodySpaced, Trial::BodyWithNewline, Trial::BodyWithoutNewline, Trial::BodyMissing].into_iter().find(fits)
}

fn clock(ahead_s: i64) -> Cause {
    const MILLENNIUM_S: i64 = 31_556_952_000;
    const HOUR_S: u64 = 3_600;
    let seconds = ahead_s.unsigned_abs();
    let hours = (seconds + HOUR_S / 2) / HOUR_S;
    if ahead_s > MILLENNIUM_S {
        Cause::Milliseconds
    } else if (1..=14).contains(&hours) && seconds.abs_diff(hours * HOUR_S) <= 60 {
        Cause::TimeZone { hours }
    } else {
        Cause::Clock { seconds }
    }
}

/// What the difference of two texts comes from.
pub(super) fn of_texts(scheme: Scheme, server: &[u8], client: &[u8]) -> Option<Cause> {
    if server == client {
        return Some(Cause::SameText);
    }
    let (server, client) = (std::str::from_utf8(server).ok()?, std::str::from_utf8(client).ok()?);
    let unified = client.replace("\r\n", "\n");
    if unified.trim_end_matches('\n') == server.trim_end_matches('\n') && unified.len() != client.len() {
        return Some(Cause::LineEnds);
    }
    if client.trim_end_matches('\n') == server {
        return Some(Cause::TrailingNewline);
    }
    Some(match scheme {
        Scheme::HttpMessageSignatures => http_message(server, &unified),
        Scheme::Yoti => yoti(server, client),
        Scheme::Tylt => tylt(server, client),
    })
}

fn http_message(server: &str, client: &str) -> Cause {
    let read = |text: &'_ str| -> Vec<(String, String)> {
        text.trim_end_matches('\n')
            .split('\n')
            .map(|line| line.split_once(": ").map_or((line.to_owned(), String::new()), |(id, value)| (id.to_owned(), value.to_owned())))
            .collect()
    };
    let (ours, theirs) = (read(server), read(client));
    let without = |all: &[(String, String)], other: &[(String, String)]| -> Vec<String> {
        all.iter().map(|(id, _)| id).filter(|id| !other.iter().any(|(known, _)| known == *id)).map(|id| shown(id)).collect()
    };
    let (missing, extra) = (without(&ours, &theirs), without(&theirs, &ours));
    if !missing.is_empty() || !extra.is_empty() {
        return Cause::Lines { missing, extra };
    }
    let different = ours
        .iter()
        .find_map(|(id, value)| theirs.iter().find(|(other, _)| other == id).filter(|(_, other)| other != value).map(|(_, other)| (id, value, other)));
    let Some((id, server, client)) = different else { return Cause::Order };
    let name = id.split(';').next().unwrap_or(id).trim_matches('"');
    match name {
        "@signature-params" => Cause::Parameters,
        "@method" if server.eq_ignore_ascii_case(client) => Cause::MethodCase,
        "@method" => Cause::Method,
        "@authority" => Cause::Authority,
        "@path" | "@query" | "@query-param" | "@target-uri" | "@request-target" => target(server, client),
        "content-digest" => Cause::Digest,
        _ if squeezed(server) == squeezed(client) => Cause::FieldSpace { name: shown(name) },
        _ => Cause::Field { name: shown(name) },
    }
}

/// Path and query, or one of them.
fn target(server: &str, client: &str) -> Cause {
    let split = |text: &str| -> (String, Option<String>) {
        text.split_once('?').map_or((text.to_owned(), None), |(path, query)| (path.to_owned(), Some(query.to_owned())))
    };
    if query::decoded(server) == query::decoded(client) {
        return Cause::Encoding;
    }
    if server.replacen('?', "", 1) == client.replacen('?', "", 1) {
        return Cause::QueryMark;
    }
    let ((path, given), (other_path, other)) = (split(server), split(client));
    if path != other_path {
        if query::with_single_slashes(&path) == other_path {
            return Cause::Slashes;
        }
        let longer = path.strip_suffix(&*other_path).or_else(|| other_path.strip_suffix(&*path));
        return if longer.is_some_and(|prefix| !prefix.is_empty()) && given == other { Cause::PathPrefix } else { Cause::Path };
    }
    let sorted = |query: &Option<String>| query.as_deref().map(query::sorted);
    if sorted(&given) == sorted(&other) { Cause::QueryOrder } else { Cause::Query }
}

fn yoti(server: &str, client: &str) -> Cause {
    let (method, rest) = server.split_once('&').unwrap_or((server, ""));
    let (other_method, other) = client.split_once('&').unwrap_or((client, ""));
    if method != other_method {
        return if method.eq_ignore_ascii_case(other_method) { Cause::MethodCase } else { Cause::Method };
    }
    if rest.strip_prefix(other).or_else(|| other.strip_prefix(rest)).is_some_and(|body| body.starts_with('&')) {
        return Cause::BodyPresence;
    }
    // The body is what follows the last `&`, where that is no parameter of the query.
    let split = |text: &str| -> (String, String) {
        match text.rsplit_once('&') {
            Some((target, body)) if !body.trim_end_matches('=').contains('=') => (target.to_owned(), body.to_owned()),
            _ => (text.to_owned(), String::new()),
        }
    };
    let ((given, body), (other, other_body)) = (split(rest), split(other));
    if given == other {
        return if body.is_empty() || other_body.is_empty() { Cause::BodyPresence } else { Cause::Body };
    }
    target(&given, &other)
}

fn tylt(server: &str, client: &str) -> Cause {
    let compact = |text: &str| json::compact(text.as_bytes());
    if let (Some(ours), Some(theirs)) = (compact(server), compact(client)) {
        if ours != theirs {
            return Cause::Body;
        }
        let as_sent = |trial: Trial| trial.body(server.as_bytes()).as_deref() == Some(client.as_bytes());
        return [Trial::BodyCompact, Trial::BodySpaced].into_iter().find(|trial| as_sent(*trial)).map_or(Cause::Body, Cause::BodyForm);
    }
    if server.trim_end() == client.trim_end() {
        return Cause::BodyForm(if server.len() > client.len() { Trial::BodyWithoutNewline } else { Trial::BodyWithNewline });
    }
    if query::as_json(server) == client {
        return Cause::BodyForm(Trial::QueryAsJson);
    }
    if server.contains('=') && client.contains('=') { target(&format!("?{server}"), &format!("?{client}")) } else { Cause::Body }
}

fn squeezed(text: &str) -> String {
    String::from_utf8_lossy(trim(text.as_bytes())).split_ascii_whitespace().collect()
}
