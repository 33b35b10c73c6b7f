//! Yoti's scheme: a digest header over method, path, query and body, with a nonce and a timestamp in the query.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::fault::Fault;
use super::request::{Request, Target};
use super::window;

mod codes;
mod query;

pub use codes::{INVALID_SIGNATURE, code};

/// The header with the signature.
pub const DIGEST: &str = "X-Yoti-Auth-Digest";
/// The header with the SDK id.
pub const ID: &str = "X-Yoti-Auth-Id";
/// The header with the public key, as base64 of its SubjectPublicKeyInfo.
pub const KEY: &str = "X-Yoti-Auth-Key";

use keywright_domain::limits::YOTI_KEY_BYTES_MAX as KEY_BYTES_MAX;
use keywright_domain::limits::YOTI_SIGNATURE_BYTES_MAX as SIGNATURE_BYTES_MAX;

/// What a request says about its signature.
#[derive(Clone)]
pub struct Signed<'a> {
    /// The SDK id, a UUID in any case, from header, query or path; `None` where the public key alone says who signed.
    pub id: Option<&'a str>,
    /// The public key that the client says it signed with, as SubjectPublicKeyInfo: to be compared with the one on record, never to be trusted.
    pub key: Option<Vec<u8>>,
    /// The nonce, a UUID in any case.
    pub nonce: &'a str,
    /// When it was signed, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// The signature.
    pub signature: Vec<u8>,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    body: super::Body<'a>,
}

/// Reads the signature, who made it and when. `base_paths`: the paths under which the service is reachable, such as `/api/v1`; they are no part of
/// what is signed.
///
/// # Errors
/// All faults but those of components and parameters.
pub fn read<'a>(request: &Request<'a>, base_paths: &[&str]) -> Result<Signed<'a>, Fault> {
    let scheme = keywright_domain::catalogue::Scheme::Yoti;
    let signature = request.only(DIGEST)?.ok_or(Fault::SignatureMissing { scheme, header: DIGEST })?;
    let form = Fault::SignatureForm { header: DIGEST, wanted: "base64 with padding" };
    let signature = from_base64(signature, SIGNATURE_BYTES_MAX).ok_or(form)?;
    let target = request.target()?;
    let query = query::read(target.query.unwrap_or(""))?;
    let key =
        request.only(KEY)?.map(|text| from_base64(text, KEY_BYTES_MAX).ok_or(Fault::Header { name: KEY, why: "it is not base64 with padding" })).transpose()?;
    let id = id(request, &target, query.ids)?;
    if id.is_none() && key.is_none() {
        return Err(Fault::IdMissing);
    }
    let path = relative(target.path, base_paths);
    let (nonce, timestamp_ms) = (query.nonce, query.timestamp_ms);
    Ok(Signed { id, key, nonce, timestamp_ms, signature, method: request.method, path, query: target.query.unwrap_or(""), body: request.body })
}

impl Signed<'_> {
    /// The bytes that were signed: `METHOD&path?query`, and `&` with the body in base64 where there is one. A body of no bytes counts as none:
    /// that is what Yoti's SDKs send for a request without one.
    ///
    /// # Errors
    /// [`Fault::BodyUnavailable`], [`Fault::BodyInQuery`]
    pub fn text(&self) -> Result<Vec<u8>, Fault> {
        let body = self.body.bytes()?;
        // Both follow an `&`, so a body could be taken for a part of the query that is not there.
        if body.is_empty() && self.query.rsplit('&').next().is_some_and(could_be_body) {
            return Err(Fault::BodyInQuery);
        }
        Ok(text(self.method, self.path, self.query, body))
    }

    /// Whether it was signed at most `window_s` seconds before or after `now_ms`.
    ///
    /// # Errors
    /// [`Fault::OutOfWindow`]
    pub fn check_time(&self, now_ms: i64, window_s: u32) -> Result<(), Fault> {
        window::check(self.timestamp_ms, now_ms, window_s)
    }
}

/// The signed text from its parts; `path` is relative to the base path, `query` without its `?`.
pub(super) fn text(method: &str, path: &str, query: &str, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(method.len() + path.len() + query.len() + 3 + body.len().div_ceil(3) * 4);
    for part in [method, "&", path, "?", query] {
        out.extend_from_slice(part.as_bytes());
    }
    if !body.is_empty() {
        out.push(b'&');
        out.extend_from_slice(BASE64_STANDARD.encode(body).as_bytes());
    }
    out
}

/// Whether a query has what the scheme needs, in the form that it needs.
pub(super) fn check_query(query: &str) -> Result<(), Fault> {
    query::read(query).map(|_| ())
}

/// What follows the longest base path that ends at a segment's end; the path as it is where none fits.
pub(super) fn relative<'a>(path: &'a str, base_paths: &[&str]) -> &'a str {
    let after = |base: &str| path.strip_prefix(base.trim_end_matches('/')).filter(|rest| rest.starts_with('/'));
    base_paths.iter().filter_map(|base| after(base)).min_by_key(|rest| rest.len()).unwrap_or(path)
}

/// The SDK id, if all places that have one agree.
fn id<'a>(request: &Request<'a>, target: &Target<'a>, in_query: [Option<&'a str>; 3]) -> Result<Option<&'a str>, Fault> {
    let in_header = request.only(ID)?;
    if in_header.is_some_and(|id| !is_uuid(id)) {
        return Err(Fault::Header { name: ID, why: "it is not an SDK id (a UUID)" });
    }
    let mut found: Option<&str> = None;
    for id in [in_header].into_iter().chain(in_query).flatten().chain(in_path(target.path)?) {
        match found {
            None => found = Some(id),
            Some(first) if first.eq_ignore_ascii_case(id) => {}
            Some(_) => return Err(Fault::IdsDisagree),
        }
    }
    Ok(found)
}

/// SDK ids after a segment `apps`, as in `/qrcodes/apps/{id}`. Other UUIDs in paths are those of sessions. What is percent-encoded there without
/// need is refused: whoever stands behind could read an id that is not looked at here.
fn in_path(path: &str) -> Result<impl Iterator<Item = &str>, Fault> {
    let pairs = || path.split('/').zip(path.split('/').skip(1));
    if path.contains('%') && pairs().any(|(before, id)| format!("{before}/{id}").contains('%') && is_apps(&query::decoded(before), &query::decoded(id))) {
        return Err(Fault::Target("the SDK id in the path is percent-encoded; write it and the segment before it as they are"));
    }
    Ok(pairs().filter(|(before, id)| is_apps(before, id)).map(|(_, id)| id))
}

fn is_apps(before: &str, id: &str) -> bool {
    before == "apps" && is_uuid(id)
}

/// Whether it is what the body's segment of a signed text looks like.
fn could_be_body(part: &str) -> bool {
    !part.is_empty() && BASE64_STANDARD.decode(part).is_ok()
}

/// Whether it has the shape of a UUID (RFC 9562 section 4), of any version and case.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().enumerate().all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

fn from_base64(text: &str, bytes_max: usize) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > bytes_max.div_ceil(3) * 4 { None } else { BASE64_STANDARD.decode(text).ok() }
}

#[cfg(test)]
mod tests;
