//! `Content-Digest` (RFC 9530): what ties a body to a signature that covers header fields only.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use subtle::ConstantTimeEq;

use super::fault::Fault;
use super::request::{Body, Request};
use super::structured_field::{Item, Reader, Why};
use crate::digest::{self, sha256};

/// The header.
pub const HEADER: &str = "Content-Digest";

/// The value of `Want-Content-Digest` (RFC 9530 section 4) for a refusal: both are taken, the shorter is enough.
pub const WANT: &str = "sha-256=10, sha-512=9";

use keywright_domain::limits::DIGEST_HEADER_BYTES_MAX as HEADER_BYTES_MAX;

/// What a `Content-Digest` header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// `sha-256`
    pub sha256: Option<[u8; 32]>,
    /// `sha-512`
    pub sha512: Option<[u8; 64]>,
}

/// What is known about the body after the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checked {
    /// It is the one that was digested. A request without a body whose digest is that of no bytes counts too.
    Verified,
    /// There is none, and none was digested.
    None,
    /// Nobody has seen it: it may be another one.
    Unchecked,
}

/// Reads the header; `None` when there is none.
///
/// # Errors
/// [`Fault::Header`], [`Fault::HeaderTooLong`], [`Fault::DigestUnknown`] when it has no algorithm that is known here.
pub fn read(request: &Request<'_>) -> Result<Option<Digests>, Fault> {
    let Some(text) = request.combined(HEADER, HEADER_BYTES_MAX)? else { return Ok(None) };
    let digests = parse(&text).map_err(|why| Fault::Header { name: HEADER, why })?;
    if digests.sha256.is_none() && digests.sha512.is_none() { Err(Fault::DigestUnknown) } else { Ok(Some(digests)) }
}

/// Compares the header with the body. `required`: the method or the profile asks for a digest, of an empty body too.
///
/// # Errors
/// Those of [`read`], [`Fault::DigestMissing`], [`Fault::DigestMismatch`]
pub fn check(request: &Request<'_>, required: bool) -> Result<Checked, Fault> {
    match (read(request)?, request.body) {
        (Some(digests), body) => digests.check(body),
        (None, Body::None) if !required => Ok(Checked::None),
        (None, Body::Unseen) if !required => Ok(Checked::Unchecked),
        (None, _) => Err(Fault::DigestMissing),
    }
}

impl Digests {
    /// Compares with a body. Where there are both digests, each that can be compared must fit.
    ///
    /// # Errors
    /// [`Fault::DigestMismatch`], [`Fault::BodyUnavailable`] where only the digest by another algorithm is known
    pub fn check(&self, body: Body<'_>) -> Result<Checked, Fault> {
        let bytes = match body {
            Body::Unseen => return Ok(Checked::Unchecked),
            // Who says a digest believes that it is compared: by the other algorithm's it cannot be.
            Body::Sha256(seen) => return fits(Some(digest::equal(&self.sha256.ok_or(Fault::BodyUnavailable)?, &seen)), None),
            Body::Sha512(seen) => return fits(None, Some(bool::from(self.sha512.ok_or(Fault::BodyUnavailable)?.ct_eq(&seen)))),
            Body::None => &[],
            Body::Bytes(bytes) => bytes,
        };
        fits(self.sha256.map(|given| digest::equal(&given, &sha256(bytes))), self.sha512.map(|given| bool::from(given.ct_eq(&sha512(bytes)))))
    }
}

fn fits(sha256: Option<bool>, sha512: Option<bool>) -> Result<Checked, Fault> {
    match (sha256, sha512) {
        (Some(false), _) => Err(Fault::DigestMismatch { algorithm: "sha-256" }),
        (_, Some(false)) => Err(Fault::DigestMismatch { algorithm: "sha-512" }),
        (None, None) => Ok(Checked::Unchecked),
        _ => Ok(Checked::Verified),
    }
}

/// The header's value for a body: its SHA-256.
#[must_use]
pub fn value(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64_STANDARD.encode(sha256(body)))
}

/// The header's value with both algorithms.
#[must_use]
pub fn value_of_both(body: &[u8]) -> String {
    format!("{}, sha-512=:{}:", value(body), BASE64_STANDARD.encode(sha512(body)))
}

fn sha512(bytes: &[u8]) -> [u8; 64] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, bytes);
    let mut out = [0; 64];
    out.copy_from_slice(digest.as_ref());
    out
}

fn parse(text: &str) -> Result<Digests, Why> {
    let mut digests = Digests { sha256: None, sha512: None };
    let mut reader = Reader::new(text);
    loop {
        let algorithm = reader.key()?;
        let item = if reader.takes(b'=') { reader.item()? } else { Item::Boolean(true) };
        reader.parameters(|_, _| ())?;
        match algorithm {
            "sha-256" => put(&mut digests.sha256, item)?,
            "sha-512" => put(&mut digests.sha512, item)?,
            // Other algorithms may stand beside the known ones (RFC 9530 section 2).
            _ => {}
        }
        if !reader.another()? {
            return Ok(digests);
        }
    }
}

fn put<const N: usize>(slot: &mut Option<[u8; N]>, item: Item<'_>) -> Result<(), Why> {
    const FORM: Why = "a digest is not the base64 of as many bytes as its algorithm gives, between two colons";
    let Item::Bytes(base64) = item else { return Err(FORM) };
    let mut bytes = [0; N];
    // Padding is looked at as RFC 4648 section 3.2 wants it: what is not the one right form is refused.
    let length = BASE64_STANDARD.decode_slice(base64, &mut bytes).map_err(|_| FORM)?;
    if length != N {
        return Err(FORM);
    }
    if slot.replace(bytes).is_some() { Err("an algorithm is there twice") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scheme::UriScheme;

    // RFC 9530 appendix B: digests of `{"hello": "world"}` and a line feed, and of no bytes.
    const HELLO: &[u8] = b"{\"hello\": \"world\"}\n";
    const HELLO_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
    const HELLO_512: &str = "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";
    const EMPTY_256: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

    fn checked(lines: &[&str], body: Body<'_>, required: bool) -> Result<Checked, Fault> {
        let headers: Vec<(&str, &[u8])> = lines.iter().map(|line| ("content-digest", line.as_bytes())).collect();
        check(&Request { method: "POST", scheme: UriScheme::Https, authority: "h", target: "/", headers: &headers, body }, required)
    }

    #[test]
    fn a_body_that_was_changed_is_found_by_either_digest() {
        for body in [Body::Bytes(b"{\"hello\":\"world\"}\n"), Body::Bytes(b""), Body::None, Body::Sha256([0; 32])] {
            assert_eq!(checked(&[HELLO_256], body, true), Err(Fault::DigestMismatch { algorithm: "sha-256" }));
        }
        assert_eq!(checked(&[HELLO_512], Body::Sha512([0; 64]), true), Err(Fault::DigestMismatch { algorithm: "sha-512" }));
        let both = format!("{HELLO_256}, sha-512=:{}:", BASE64_STANDARD.encode([0; 64]));
        assert_eq!(checked(&[&both], Body::Bytes(HELLO), true), Err(Fault::DigestMismatch { algorithm: "sha-512" }));
    }

    #[test]
    fn a_header_that_says_nothing_is_refused() {
        assert_eq!(checked(&["md5=:ZGln:, unixsum=:MTA=:"], Body::Bytes(HELLO), false), Err(Fault::DigestUnknown));
        for lines in [
            &["sha-256"] as &[&str],
            &[""],
            &["sha-256=RK/0"],
            &["sha-256=:RK/0:"],
            &["sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:"],
            &["SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"],
            &[HELLO_256, HELLO_256],
            &["sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:,"],
            &["sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDh=:"],
            &["sha-256=(:RK/0:)"],
        ] {
            assert!(matches!(checked(lines, Body::Bytes(HELLO), false), Err(Fault::Header { .. })), "{lines:?}");
        }
        assert!(matches!(checked(&[&"a, ".repeat(1_000)], Body::None, false), Err(Fault::HeaderTooLong { .. })));
        assert!(matches!(checked(&[&"a, ".repeat(500), &"a, ".repeat(500)], Body::None, false), Err(Fault::HeaderTooLong { .. })));
    }

    #[test]
    fn a_body_without_a_digest_is_refused_and_no_body_needs_none() {
        for body in [Body::Bytes(b""), Body::Bytes(HELLO), Body::Sha256([0; 32]), Body::Sha512([0; 64])] {
            assert_eq!(checked(&[], body, false), Err(Fault::DigestMissing));
        }
        for body in [Body::None, Body::Unseen] {
            assert_eq!(checked(&[], body, true), Err(Fault::DigestMissing));
        }
        assert_eq!(checked(&[], Body::None, false), Ok(Checked::None));
        assert_eq!(checked(&[], Body::Unseen, false), Ok(Checked::Unchecked));
    }

    #[test]
    fn the_digests_of_rfc_9530_are_verified() {
        assert_eq!(checked(&[HELLO_256], Body::Bytes(HELLO), true), Ok(Checked::Verified));
        assert_eq!(checked(&[HELLO_512], Body::Bytes(HELLO), true), Ok(Checked::Verified));
        assert_eq!(checked(&["md5=:ZGln:;q=1", HELLO_512, HELLO_256], Body::Bytes(HELLO), true), Ok(Checked::Verified));
        assert_eq!(checked(&[EMPTY_256], Body::None, true), Ok(Checked::Verified));
        assert_eq!(checked(&[EMPTY_256], Body::Bytes(b""), true), Ok(Checked::Verified));
        assert_eq!(checked(&[HELLO_256], Body::Sha256(sha256(HELLO)), true), Ok(Checked::Verified));
        assert_eq!(checked(&[HELLO_512], Body::Sha512(sha512(HELLO)), true), Ok(Checked::Verified));
        assert_eq!(value_of_both(HELLO), format!("{HELLO_256}, {HELLO_512}"));
    }

    #[test]
    fn a_body_that_was_not_seen_is_not_taken_for_verified() {
        assert_eq!(checked(&[HELLO_256], Body::Unseen, true), Ok(Checked::Unchecked));
        // Seen, but by the other algorithm.
        assert_eq!(checked(&[HELLO_512], Body::Sha256(sha256(HELLO)), true), Err(Fault::BodyUnavailable));
        assert_eq!(checked(&[HELLO_256], Body::Sha512(sha512(HELLO)), true), Err(Fault::BodyUnavailable));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let headers: [(&str, &[u8]); 1] = [("Content-Digest", &line)];
            let request = Request { method: "GET", scheme: UriScheme::Http, authority: "h", target: "/", headers: &headers, body: Body::None };
            prop_assert_ne!(check(&request, false), Ok(Checked::Verified));
        }

        #[test]
        fn what_is_written_is_verified_for_these_bytes_only(body in proptest::collection::vec(any::<u8>(), 0..80), bit in any::<proptest::sample::Index>()) {
            let line = value_of_both(&body);
            prop_assert_eq!(checked(&[&line], Body::Bytes(&body), true), Ok(Checked::Verified));
            if !body.is_empty() {
                let mut other = body.clone();
                let bit = bit.index(body.len() * 8);
                other[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(checked(&[&line], Body::Bytes(&other), true).is_err());
            }
        }
    }
}
