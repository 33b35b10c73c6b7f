//! Ways of signing that nearly fit. Whoever holds the key tries each and so finds what the client did.

use zeroize::Zeroizing;

use keywright_domain::catalogue::Scheme;

use super::super::request::{Body, Request};
use super::super::{http_message_signatures, tylt, yoti};
use super::{Ask, json, query};

/// What a client may have done instead of what the scheme says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trial {
    /// Just that.
    Exact,
    /// The secret with a line end, as files and `echo` give it.
    SecretWithNewline,
    /// The secret with the line end of another system.
    SecretWithCrLf,
    /// The secret with half of that.
    SecretWithCr,
    /// The secret with a space after it.
    SecretBeforeSpace,
    /// The secret with a space before it.
    SecretAfterSpace,
    /// The secret in `"`.
    SecretInDoubleQuotes,
    /// The secret in `'`.
    SecretInSingleQuotes,
    /// The secret without white space at its ends.
    SecretTrimmed,
    /// The text with a line end after it.
    TextWithNewline,
    /// Lines that end with CR LF.
    TextWithCrLf,
    /// The body as compact JSON.
    BodyCompact,
    /// The body as JSON with a space after commas and colons.
    BodySpaced,
    /// The body with a line end after it.
    BodyWithNewline,
    /// The body without the line end after it.
    BodyWithoutNewline,
    /// No body at all.
    BodyMissing,
    /// The query with percent-encoding undone.
    QueryDecoded,
    /// The query with its spaces in the other of the two forms, `+` and `%20`.
    QuerySpaces,
    /// Path and query with the hexadecimal digits of percent-encoding in the other case.
    PercentCase,
    /// The query's parameters in alphabetical order.
    QuerySorted,
    /// The query with its `?`, or without it, as the scheme does not have it.
    QueryMark,
    /// The query as compact JSON.
    QueryAsJson,
    /// The path with the service's base path.
    PathWithBase,
    /// The path with one `/` where it was sent with several in a row.
    SingleSlashes,
    /// The method in lower case.
    LowerMethod,
    /// The authority with the default port.
    AuthorityWithPort,
}

impl Trial {
    /// All of them, the most likely first.
    pub const ALL: [Self; 26] = [
        Self::Exact,
        Self::SecretWithNewline,
        Self::SecretWithCrLf,
        Self::SecretWithCr,
        Self::SecretBeforeSpace,
        Self::SecretAfterSpace,
        Self::SecretInDoubleQuotes,
        Self::SecretInSingleQuotes,
        Self::SecretTrimmed,
        Self::TextWithNewline,
        Self::TextWithCrLf,
        Self::BodyCompact,
        Self::BodySpaced,
        Self::BodyWithNewline,
        Self::BodyWithoutNewline,
        Self::BodyMissing,
        Self::QueryDecoded,
        Self::QuerySpaces,
        Self::PercentCase,
        Self::QuerySorted,
        Self::QueryMark,
        Self::QueryAsJson,
        Self::PathWithBase,
        Self::SingleSlashes,
        Self::LowerMethod,
        Self::AuthorityWithPort,
    ];

    /// What to do when this one fits.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Exact => {
                "the signature is right: it fits what was pasted. If the request was refused, then for something else, and the code of the verdict says for what: \
                 nonce_reused, network_not_allowed, origin_not_allowed, insufficient_permissions, rate_limited, wrong_service, or application_inactive; with \
                 digest_mismatch or signature_invalid the server received another body or address than this one, changed on the way"
            }
            Self::SecretWithNewline => {
                "the secret was used with a line end after it: read it from its file without the last line end (with printf or echo -n, not echo)"
            }
            Self::SecretWithCrLf => {
                "the secret was used with the line end CR LF after it, as a file of Windows has: read it from its file without the last line end"
            }
            Self::SecretWithCr => {
                "the secret was used with a carriage return after it, which is left of a line end of Windows: read it from its file without CR and LF"
            }
            Self::SecretBeforeSpace => "the secret was used with a space after it: use it exactly as it was shown",
            Self::SecretAfterSpace => "the secret was used with a space before it: use it exactly as it was shown",
            Self::SecretInDoubleQuotes | Self::SecretInSingleQuotes => {
                "the secret was used with the quotes around it, which not every reader of settings takes off: use it without them"
            }
            Self::SecretTrimmed => "the secret has white space at its ends and was used without it: use it exactly as it was shown",
            Self::TextWithNewline => "the signed text had a line end after its last line: leave it out",
            Self::TextWithCrLf => "the lines of the signed text ended with CR LF: end them with LF alone",
            Self::BodyCompact => "the body was signed as compact JSON and sent with spaces or line ends: sign the very bytes that are sent",
            Self::BodySpaced => "the body was signed as JSON with a space after commas and colons and sent without: sign the very bytes that are sent",
            Self::BodyWithNewline => "the body was signed with a line end after it and sent without: sign the very bytes that are sent",
            Self::BodyWithoutNewline => "the body was signed without the line end at its end: sign the very bytes that are sent",
            Self::BodyMissing => "the body was left out of the signed text: sign it too",
            Self::QueryDecoded => "the query was signed decoded: sign it percent-encoded, exactly as it is sent",
            Self::QuerySpaces => {
                "the query was signed with its spaces in the other form, + or %20, than it arrived with: sign the bytes that are sent, and see that no proxy encodes them anew"
            }
            Self::PercentCase => {
                "path or query were signed with the digits of percent-encoding in the other case, such as %2f for %2F: sign the bytes that are sent, and see that no proxy encodes them anew"
            }
            Self::QuerySorted => "the query's parameters were signed in alphabetical order: sign them in the order in which they are sent",
            Self::QueryMark => "the question mark before the query was signed where it does not belong, or left out where it does",
            Self::QueryAsJson => "the query was signed as JSON: sign it as it is sent, without its question mark",
            Self::PathWithBase => "the path was signed with the service's base path: sign only what follows it",
            Self::SingleSlashes => {
                "the path was sent with `//` and signed with one `/`: write the base URL without a `/` at its end where a path that begins with one follows"
            }
            Self::LowerMethod => "the method was signed in lower case: sign it in upper case, as it is sent",
            Self::AuthorityWithPort => "the authority was signed with its default port: leave the port out",
        }
    }

    /// Whether it is the secret that is used otherwise, and the text is the right one.
    #[must_use]
    pub const fn is_of_secret(self) -> bool {
        matches!(
            self,
            Self::SecretWithNewline
                | Self::SecretWithCrLf
                | Self::SecretWithCr
                | Self::SecretBeforeSpace
                | Self::SecretAfterSpace
                | Self::SecretInDoubleQuotes
                | Self::SecretInSingleQuotes
                | Self::SecretTrimmed
        )
    }

    /// The secret's bytes as this trial uses them. For all but those of the secret they are the secret itself.
    #[must_use]
    pub fn secret(self, secret: &[u8]) -> Zeroizing<Vec<u8>> {
        let between = |before: &[u8], after: &[u8]| Zeroizing::new([before, secret, after].concat());
        match self {
            Self::SecretWithNewline => between(b"", b"\n"),
            Self::SecretWithCrLf => between(b"", b"\r\n"),
            Self::SecretWithCr => between(b"", b"\r"),
            Self::SecretBeforeSpace => between(b"", b" "),
            Self::SecretAfterSpace => between(b" ", b""),
            Self::SecretInDoubleQuotes => between(b"\"", b"\""),
            Self::SecretInSingleQuotes => between(b"'", b"'"),
            Self::SecretTrimmed => Zeroizing::new(secret.trim_ascii().to_vec()),
            _ => between(b"", b""),
        }
    }

    /// The text that a client would have signed, where it differs from the right one; `None` where this trial does not apply. For [`Trial::Exact`] and
    /// those of the secret it is the right one, which [`Trial::text`] of [`Trial::Exact`] gives.
    #[must_use]
    pub fn text_beside(self, request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>, right: &[u8]) -> Option<Vec<u8>> {
        if self == Self::Exact || self.is_of_secret() {
            return Some(right.to_vec());
        }
        let other = match self {
            Self::TextWithNewline => [right, b"\n".as_slice()].concat(),
            Self::TextWithCrLf => std::str::from_utf8(right).ok()?.replace('\n', "\r\n").into_bytes(),
            Self::BodyCompact | Self::BodySpaced | Self::BodyWithNewline | Self::BodyWithoutNewline | Self::BodyMissing => {
                self.with_body(request, scheme, ask)?
            }
            Self::QueryDecoded | Self::QuerySpaces | Self::QuerySorted | Self::QueryMark | Self::QueryAsJson => self.with_query(request, scheme, right)?,
            Self::PercentCase => with_percent_case(request, scheme, right)?,
            Self::PathWithBase if scheme == Scheme::Yoti => yoti_text(request, &[])?,
            Self::SingleSlashes => with_path(request, scheme, ask, right, query::with_single_slashes)?,
            Self::LowerMethod => with_method(request, scheme, right)?,
            Self::AuthorityWithPort if scheme == Scheme::HttpMessageSignatures => with_port(request, right)?,
            _ => return None,
        };
        (other != right).then_some(other)
    }

    /// The same, with the right text made for it.
    #[must_use]
    pub fn text(self, request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>) -> Option<Vec<u8>> {
        self.text_beside(request, scheme, ask, &right(request, scheme, ask)?)
    }

    fn with_body(self, request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>) -> Option<Vec<u8>> {
        // By RFC 9421 the body is not in the signed text; its digest tells which form was signed.
        if scheme == Scheme::HttpMessageSignatures {
            return None;
        }
        let body = self.body(request.body.bytes().ok()?)?;
        right(&Request { body: Body::Bytes(&body), ..*request }, scheme, ask)
    }

    /// The body in the form of this trial.
    pub(super) fn body(self, body: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::BodyCompact => json::compact(body),
            Self::BodySpaced => json::spaced(body),
            Self::BodyWithNewline => Some([body, b"\n"].concat()),
            Self::BodyWithoutNewline => body.strip_suffix(b"\r\n").or_else(|| body.strip_suffix(b"\n")).map(<[u8]>::to_vec),
            Self::BodyMissing => Some(Vec::new()),
            _ => None,
        }
    }

    fn with_query(self, request: &Request<'_>, scheme: Scheme, right: &[u8]) -> Option<Vec<u8>> {
        let given = request.target().ok()?.query?;
        let other = match self {
            Self::QueryDecoded => query::decoded(given),
            Self::QuerySpaces => query::with_other_spaces(given),
            Self::QuerySorted => query::sorted(given),
            Self::QueryAsJson => query::as_json(given),
            _ => given.to_owned(),
        };
        let mark = self == Self::QueryMark;
        match scheme {
            Scheme::Tylt if request.body.bytes().ok()?.is_empty() => Some(if mark { format!("?{other}") } else { other }.into_bytes()),
            Scheme::Tylt => None,
            Scheme::Yoti => replaced(right, &format!("?{given}"), &if mark { other } else { format!("?{other}") }),
            Scheme::HttpMessageSignatures if mark => replaced(right, &format!("\"@query\": ?{given}\n"), &format!("\"@query\": {given}\n")),
            Scheme::HttpMessageSignatures => {
                edited(right, &["@query", "@target-uri", "@request-target"], |value| value.replacen(&format!("?{given}"), &format!("?{other}"), 1))
            }
        }
    }
}

/// The text that the scheme says.
pub(super) fn right(request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>) -> Option<Vec<u8>> {
    match scheme {
        Scheme::HttpMessageSignatures => ask.signature(&http_message_signatures::read(request).ok()?).ok()?.base().ok(),
        Scheme::Yoti => yoti_text(request, ask.base_paths),
        Scheme::Tylt => tylt::text(request).ok().map(<[u8]>::to_vec),
    }
}

fn yoti_text(request: &Request<'_>, base_paths: &[&str]) -> Option<Vec<u8>> {
    let target = request.target().ok()?;
    Some(yoti::text(request.method, yoti::relative(target.path, base_paths), target.query.unwrap_or(""), request.body.bytes().ok()?))
}

fn with_method(request: &Request<'_>, scheme: Scheme, right: &[u8]) -> Option<Vec<u8>> {
    let lower = request.method.to_ascii_lowercase();
    match scheme {
        Scheme::Tylt => None,
        Scheme::Yoti => Some([lower.as_bytes(), right.strip_prefix(request.method.as_bytes())?].concat()),
        Scheme::HttpMessageSignatures => edited(right, &["@method"], |_| lower.clone()),
    }
}

fn with_percent_case(request: &Request<'_>, scheme: Scheme, right: &[u8]) -> Option<Vec<u8>> {
    match scheme {
        // Where there is a body, neither is signed.
        Scheme::Tylt if request.body.bytes().ok()?.is_empty() => Some(query::with_other_case(request.target().ok()?.query?).into_bytes()),
        Scheme::Tylt => None,
        // The body stands in it as base64, which has no percent sign.
        Scheme::Yoti => Some(query::with_other_case(std::str::from_utf8(right).ok()?).into_bytes()),
        Scheme::HttpMessageSignatures => edited(right, &["@path", "@query", "@target-uri", "@request-target"], query::with_other_case),
    }
}

/// With another path: by Yoti's scheme, another rest of it behind the base path.
pub(super) fn with_path(request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>, right: &[u8], change: impl Fn(&str) -> String) -> Option<Vec<u8>> {
    match scheme {
        Scheme::Tylt => None,
        Scheme::Yoti => {
            let target = request.target().ok()?;
            let path = change(yoti::relative(target.path, ask.base_paths));
            Some(yoti::text(request.method, &path, target.query.unwrap_or(""), request.body.bytes().ok()?))
        }
        Scheme::HttpMessageSignatures => edited(right, &["@path", "@target-uri", "@request-target"], |value| {
            // Of a whole URI, the path begins behind the authority.
            let authority = value.find("://").filter(|_| !value.starts_with('/')).map_or(0, |at| at + 3);
            let start = if authority == 0 { 0 } else { value[authority..].find(['/', '?']).map_or(value.len(), |at| authority + at) };
            let (start, rest) = value.split_at(start);
            let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
            format!("{start}{}{query}", change(path))
        }),
    }
}

fn with_port(request: &Request<'_>, right: &[u8]) -> Option<Vec<u8>> {
    let authority = request.authority().ok()?;
    let with_port = format!("{authority}:{}", request.scheme.default_port());
    edited(right, &["@authority", "@target-uri"], |value| value.replacen(&*authority, &with_port, 1))
}

/// A base with other values for some components.
fn edited(base: &[u8], names: &[&str], edit: impl Fn(&str) -> String) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(base).ok()?;
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| match line.split_once("\": ") {
            Some((name, value)) if names.contains(&name.trim_start_matches('"')) => format!("{name}\": {}", edit(value)),
            _ => line.to_owned(),
        })
        .collect();
    Some(lines.join("\n").into_bytes())
}

fn replaced(text: &[u8], from: &str, to: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    text.contains(from).then(|| text.replacen(from, to, 1).into_bytes())
}
