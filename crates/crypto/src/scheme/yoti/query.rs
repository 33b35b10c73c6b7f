//! The query of a request signed as Yoti's SDKs sign.

use std::borrow::Cow;

use super::is_uuid;
use crate::scheme::fault::Fault;

/// What a query says.
pub(super) struct Query<'a> {
    /// A UUID.
    pub(super) nonce: &'a str,
    /// Milliseconds since 1970.
    pub(super) timestamp_ms: i64,
    /// Of `sdkId`, `sdkID` and `appId`, each a UUID.
    pub(super) ids: [Option<&'a str>; 3],
}

const NAMES: [&str; 5] = ["nonce", "timestamp", "sdkId", "sdkID", "appId"];

/// From here on a number of that many is milliseconds: as seconds it would lie beyond the year 5000, as milliseconds before 1974.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// More digits than the milliseconds of any year with four digits have.
const DIGITS_MAX: usize = 15;

/// Reads a query without its `?`. A name that is percent-encoded is known too: whoever stands behind would know it as well.
pub(super) fn read(query: &str) -> Result<Query<'_>, Fault> {
    let mut found: [Option<&str>; 5] = [None; 5];
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name);
        let Some(at) = NAMES.iter().position(|known| *known == name) else { continue };
        if found[at].replace(value).is_some() {
            return Err(Fault::QueryRepeated { name: NAMES[at] });
        }
    }
    for at in [0, 2, 3, 4] {
        if found[at].is_some_and(|value| !is_uuid(value)) {
            return Err(Fault::Query { name: NAMES[at], why: "is not a UUID" });
        }
    }
    let [nonce, timestamp, ids @ ..] = found;
    let nonce = nonce.ok_or(Fault::QueryMissing { name: NAMES[0] })?;
    let timestamp = timestamp.ok_or(Fault::QueryMissing { name: NAMES[1] })?;
    Ok(Query { nonce, timestamp_ms: milliseconds(timestamp)?, ids })
}

/// Yoti's documents say seconds and its SDKs send milliseconds, so the magnitude decides.
fn milliseconds(text: &str) -> Result<i64, Fault> {
    let why = "is not a whole number of seconds or milliseconds since 1970";
    if text.is_empty() || text.len() > DIGITS_MAX || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::Query { name: NAMES[1], why });
    }
    let number: i64 = text.parse().map_err(|_| Fault::Query { name: NAMES[1], why })?;
    Ok(if number < MILLISECONDS_FROM { number * 1_000 } else { number })
}

/// A name without percent-encoding; what is not encoded right stays as it is.
pub(super) fn decoded(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return name.into();
    }
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        match rest.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            // The names that matter are ASCII; anything else only has to stay different from them.
            Some(byte) if byte.is_ascii() => {
                out.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            _ => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out.into()
}
