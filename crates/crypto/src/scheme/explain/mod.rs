//! For people: why a signature does not fit.
//!
//! From a request that somebody pasted: the text that the server builds, what is wrong with it before any key is used, and, beside the text that the client
//! says it signed, where the two part and what that commonly comes from. Whoever holds the key can then go through [`Trial::ALL`]. No MAC is ever
//! made or shown here.

use keywright_domain::catalogue::Scheme;

use super::detect::detect;
use super::fault::Fault;
use super::http_message_signatures::{self, Coverage, Signature, Signatures};
use super::request::Request;
use super::{content_digest, tylt, yoti};

mod cause;
mod change;
mod compare;
mod json;
pub mod paste;
mod query;
mod sent;
#[cfg(test)]
mod tests;
mod trial;

pub use cause::Cause;
pub use change::Change;
pub use compare::{Comparison, Difference, Pair, compare, visible};
pub use paste::Pasted;
pub use sent::{Sent, sent};
pub use trial::Trial;

/// What is asked about a request.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The scheme, or whichever one's headers the request carries.
    pub scheme: Option<Scheme>,
    /// The public half of the key whose signature is looked at, or the first signature.
    pub keyid: Option<&'a str>,
    /// What must be covered by RFC 9421.
    pub coverage: Coverage<'a>,
    /// The service's base paths, for Yoti's scheme.
    pub base_paths: &'a [&'a str],
    /// Milliseconds since 1970; `None` for a request of another time, whose age says nothing.
    pub now_ms: Option<i64>,
    /// Seconds that a request may be old.
    pub window_s: u32,
    /// The text that the client says it signed, byte for byte: what came through a form of a browser has CR LF at its line ends and has to be mended first.
    pub signed_text: Option<&'a [u8]>,
}

impl Ask<'_> {
    /// The signature that is asked about.
    pub(super) fn signature<'s, 'r>(&self, all: &'s Signatures<'r>) -> Result<Signature<'s, 'r>, Fault> {
        let ours = match self.keyid {
            Some(keyid) => all.of(keyid)?,
            None => None,
        };
        ours.or_else(|| all.iter().next()).ok_or(Fault::SignatureMissing { scheme: Scheme::HttpMessageSignatures, header: http_message_signatures::INPUT })
    }
}

/// What can be said about a request's signature without its key.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The scheme that was looked at.
    pub scheme: Scheme,
    /// The text that the server builds, where it can.
    pub text: Option<Vec<u8>>,
    /// All that is wrong, in the order in which a server would find it.
    pub faults: Vec<Fault>,
    /// The server's text beside the client's.
    pub comparison: Option<Comparison>,
    /// What it commonly comes from, the most likely first.
    pub causes: Vec<Cause>,
}

impl Explanation {
    /// The one sentence to begin with.
    #[must_use]
    pub fn sentence(&self) -> String {
        match (self.causes.first(), self.faults.first()) {
            (Some(cause), _) => cause.to_string(),
            (None, Some(fault)) => fault.to_string(),
            (None, None) => {
                "nothing is wrong that can be seen without the key; if the signature is refused, it was made with another secret or key, or over another text"
                    .to_owned()
            }
        }
    }

    /// The server's text, line by line, as it can be shown.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.text.iter().flat_map(|text| text.split(|b| *b == b'\n').map(visible))
    }
}

/// The scheme that is asked about, or whichever one's headers the request carries.
///
/// # Errors
/// [`Fault::SchemesMixed`], and [`Fault::SignatureMissing`] where no scheme is asked for and the request carries none.
pub fn scheme(request: &Request<'_>, ask: &Ask<'_>) -> Result<Scheme, Fault> {
    let found = match ask.scheme {
        Some(scheme) => Some(scheme),
        None => detect(request)?.or_else(|| meant(request)),
    };
    found.ok_or(Fault::SignatureMissing { scheme: Scheme::HttpMessageSignatures, header: http_message_signatures::INPUT })
}

/// The scheme whose signature is left out, by what else the request has of it.
fn meant(request: &Request<'_>) -> Option<Scheme> {
    let has = |start: &str| request.headers.iter().any(|(name, _)| name.get(..start.len()).is_some_and(|given| given.eq_ignore_ascii_case(start)));
    if has("X-Yoti-Auth-") {
        return Some(Scheme::Yoti);
    }
    if has("X-TLP-") {
        return Some(Scheme::Tylt);
    }
    let query = request.target().ok()?.query?;
    let asks = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    (asks("nonce") && asks("timestamp")).then_some(Scheme::Yoti)
}

/// Whether the signature that is asked about covers `http` or `https`, which a pasted message does not tell.
#[must_use]
pub fn covers_uri_scheme(request: &Request<'_>, ask: &Ask<'_>) -> bool {
    let Ok(all) = http_message_signatures::read(request) else { return false };
    ask.signature(&all).is_ok_and(|one| one.components().any(|component| component.starts_with("\"@target-uri\"") || component.starts_with("\"@scheme\"")))
}

/// The algorithm that the signature that is asked about names; none also where it is by another scheme than RFC 9421.
#[must_use]
pub fn algorithm(request: &Request<'_>, ask: &Ask<'_>) -> Option<String> {
    let all = http_message_signatures::read(request).ok()?;
    Some(ask.signature(&all).ok()?.alg()?.into_owned())
}

/// Whether the body is the one that the request's `Content-Digest` says.
#[must_use]
pub fn is_digested(request: &Request<'_>) -> bool {
    matches!(content_digest::check(request, true), Ok(content_digest::Checked::Verified))
}

/// Whether the request says whose signature it carries.
#[must_use]
pub fn names_a_key(request: &Request<'_>, scheme: Scheme) -> bool {
    match scheme {
        Scheme::HttpMessageSignatures => http_message_signatures::read(request).is_ok_and(|all| all.iter().any(|one| one.keyid().is_some())),
        Scheme::Yoti => yoti::read(request, &[]).is_ok_and(|signed| signed.id.is_some()),
        Scheme::Tylt => tylt::read(request).is_ok(),
    }
}

/// Explains a request.
///
/// # Errors
/// [`Fault::SchemesMixed`], and [`Fault::SignatureMissing`] where no scheme is asked for and the request carries none.
pub fn explain(pasted: &Pasted, ask: &Ask<'_>) -> Result<Explanation, Fault> {
    pasted.see(|request| of(request, ask))
}

/// Explains a request that is there already.
///
/// # Errors
/// As [`explain`]
pub fn of(request: &Request<'_>, ask: &Ask<'_>) -> Result<Explanation, Fault> {
    let scheme = scheme(request, ask)?;
    let mut faults = Vec::new();
    let text = match scheme {
        Scheme::HttpMessageSignatures => http_message(request, ask, &mut faults),
        Scheme::Yoti => yoti(request, ask, &mut faults),
        Scheme::Tylt => tylt::read(request).map_err(|fault| faults.push(fault)).ok().map(|signed| signed.text.to_vec()),
    };
    // What is there and cannot be read is not missing.
    let unread: Vec<String> = faults.iter().filter_map(|fault| if let Fault::Parameter { name, .. } = fault { Some(name.clone()) } else { None }).collect();
    faults.retain(|fault| !matches!(fault, Fault::ParameterMissing { name } if unread.iter().any(|known| known == name)));
    // A text can often be built although something else is wrong.
    let text = text.or_else(|| trial::right(request, scheme, ask));
    let comparison = ask.signed_text.zip(text.as_deref()).map(|(client, server)| compare(server, client));
    let mut causes = Vec::new();
    if names_another_key(request, scheme, ask) {
        causes.push(Cause::OtherKey);
    }
    causes.extend(cause::of_faults(request, &faults));
    causes.extend(ask.signed_text.zip(text.as_deref()).and_then(|(client, server)| cause::of_texts(scheme, server, client)));
    Ok(Explanation { scheme, text, faults, comparison, causes })
}

fn names_another_key(request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>) -> bool {
    let Some(keyid) = ask.keyid else { return false };
    match scheme {
        Scheme::HttpMessageSignatures => http_message_signatures::read(request).is_ok_and(|all| all.of(keyid).is_ok_and(|ours| ours.is_none())),
        Scheme::Yoti => yoti::read(request, ask.base_paths).is_ok_and(|signed| signed.id.is_some_and(|id| !id.eq_ignore_ascii_case(keyid))),
        Scheme::Tylt => tylt::read(request).is_ok_and(|signed| signed.key != keyid),
    }
}

/// Goes on after a fault, so that all are told at once.
fn kept<T>(result: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(fault) => {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
            None
        }
    }
}

fn http_message(request: &Request<'_>, ask: &Ask<'_>, faults: &mut Vec<Fault>) -> Option<Vec<u8>> {
    let all = kept(http_message_signatures::read(request), faults)?;
    let one = kept(ask.signature(&all), faults)?;
    let _ = kept(one.check(&ask.coverage), faults);
    if let Some(now_ms) = ask.now_ms {
        let _ = kept(one.check_time(now_ms, ask.window_s), faults);
    }
    let _ = kept(one.bytes(), faults);
    let text = kept(one.base(), faults);
    let body = one.check_body();
    // What is not covered was said already.
    if !matches!(body, Err(Fault::NotCovered { .. })) {
        let _ = kept(body, faults);
    }
    text
}

fn yoti(request: &Request<'_>, ask: &Ask<'_>, faults: &mut Vec<Fault>) -> Option<Vec<u8>> {
    let signed = kept(yoti::read(request, ask.base_paths), faults)?;
    if let Some(now_ms) = ask.now_ms {
        let _ = kept(signed.check_time(now_ms, ask.window_s), faults);
    }
    kept(signed.text(), faults)
}
