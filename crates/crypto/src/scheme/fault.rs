//! Everything that can be wrong with a signed request before, and apart from, the check of its signature.

use keywright_domain::catalogue::Scheme;
use keywright_domain::text::without_secrets;

/// Which verdict a fault leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// There is nothing to check: `signature_missing`.
    Missing,
    /// The scheme signs a body that nobody has seen: `body_unavailable`.
    BodyUnavailable,
    /// The body is not the one that was signed: `digest_mismatch`.
    DigestMismatch,
    /// Read, and not enough or not right: `signature_invalid`.
    Invalid,
    /// Signed too long ago, or ahead of time: `timestamp_out_of_window`.
    OutOfWindow,
    /// Cannot be read: `malformed`.
    Malformed,
}

impl Kind {
    /// The verdict's code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "signature_missing",
            Self::BodyUnavailable => "body_unavailable",
            Self::DigestMismatch => "digest_mismatch",
            Self::Invalid => "signature_invalid",
            Self::OutOfWindow => "timestamp_out_of_window",
            Self::Malformed => "malformed",
        }
    }
}

/// What is wrong with a signed request. Its text is a sentence for people: what, where, and what to do. It repeats names, never values of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The header that carries the signature is not there.
    #[error("the request has no {header} header; sign it as {scheme} says and send the signature in that header", scheme = .scheme.as_str())]
    SignatureMissing {
        /// The scheme that was looked for.
        scheme: Scheme,
        /// Its header.
        header: &'static str,
    },
    /// Headers of two schemes: whichever was chosen, the other could have been meant.
    #[error("the request carries signature headers of {} and of {}; send those of one scheme only", .one.as_str(), .other.as_str())]
    SchemesMixed {
        /// The first.
        one: Scheme,
        /// The second.
        other: Scheme,
    },
    /// The signature was checked with the key and does not fit.
    #[error("the signature does not fit what the server received; compare the text that you signed with the one that the server builds")]
    SignatureWrong,
    /// What is presented as the signed text is one of another scheme, under the same secret.
    #[error("what {scheme} signs here is the signature base of an RFC 9421 signature; that signature proves the request that it was made for, and no other", scheme = .scheme.as_str())]
    TextOfAnother {
        /// The scheme that the request claims.
        scheme: Scheme,
    },
    /// The last part of the query could be the body just as well.
    #[error("the last part of the query could be read as a body in base64, as both follow an `&` in the signed text; give another parameter the last place")]
    BodyInQuery,
    /// The request target is not one that can be signed.
    #[error("the request target cannot be read: {0}")]
    Target(&'static str),
    /// `Host` or `:authority` is not one.
    #[error("the authority (the Host header) cannot be read: {0}")]
    Authority(&'static str),
    /// A header that cannot be read.
    #[error("the header {name} cannot be read: {why}")]
    Header {
        /// Its name.
        name: &'static str,
        /// What is wrong with its value.
        why: &'static str,
    },
    /// A header that may come once came more often.
    #[error("the header {name} is there more than once; send it once")]
    HeaderRepeated {
        /// Its name.
        name: &'static str,
    },
    /// A header, with all its lines, is longer than is read.
    #[error("the header {name} is longer than {max_bytes} bytes; make it shorter")]
    HeaderTooLong {
        /// Its name.
        name: &'static str,
        /// The most that is read.
        max_bytes: usize,
    },
    /// The signature is not written as the scheme writes it.
    #[error("the signature in {header} is not {wanted}")]
    SignatureForm {
        /// The header.
        header: &'static str,
        /// The form that is wanted.
        wanted: &'static str,
    },
    /// The scheme signs the body itself and only a digest of it, or nothing, is known.
    #[error("the signature covers the body, and whoever asked has not seen it; pass the body's bytes on with the question")]
    BodyUnavailable,
    /// There is a body, or the method asks for a digest, and no `Content-Digest` is there.
    #[error("the request has no Content-Digest header; send `Content-Digest: sha-256=:<base64 of the body's SHA-256>:`, of an empty body too, and cover it")]
    DigestMissing,
    /// `Content-Digest` has no algorithm that is known here.
    #[error("the header Content-Digest names neither sha-256 nor sha-512; send one of the two")]
    DigestUnknown,
    /// The body is not the one that was digested.
    #[error(
        "the body does not fit the {algorithm} in Content-Digest; it was changed after it was digested, or digested in another form (spaces, line ends, encoding)"
    )]
    DigestMismatch {
        /// `sha-256` or `sha-512`.
        algorithm: &'static str,
    },
    /// Signed too long ago, or ahead of time.
    #[error("the request was signed {} s {} the server's time, and {window_s} s are allowed; set the signer's clock, and sign each attempt anew", .ahead_s.unsigned_abs(), if *.ahead_s < 0 { "before" } else { "after" })]
    OutOfWindow {
        /// How far the signer's time is ahead of the server's, in seconds; negative when it is behind.
        ahead_s: i64,
        /// How far it may be either way, in seconds.
        window_s: u32,
    },
    /// The signature's own expiry has passed.
    #[error("the signature expired {ago_s} s ago by its own parameter `expires`; sign each attempt anew")]
    Expired {
        /// Seconds since then.
        ago_s: u64,
    },
    /// More of something than is read.
    #[error("there are more than {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The most that is read.
        max: usize,
    },
    /// A label of Signature-Input or Signature that cannot stand as it is.
    #[error("the signature with label {label:?}: {why}")]
    Label {
        /// As given, shortened.
        label: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A covered component that cannot be covered, or not like this.
    #[error("the covered component {component}: {why}")]
    Component {
        /// Its identifier, shortened.
        component: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A covered component that the request does not have.
    #[error("the signature covers {component}, and the request does not have it as the server received it; it was not sent, or a proxy took it away")]
    ComponentAbsent {
        /// Its identifier, shortened.
        component: String,
    },
    /// Components that the server wants covered and are not.
    #[error("the signature does not cover {components}; add what is missing to the covered components and sign again")]
    NotCovered {
        /// Their identifiers, with commas between.
        components: String,
    },
    /// A parameter of the signature that the server wants.
    #[error("the signature has no parameter `{name}`; add it and sign again")]
    ParameterMissing {
        /// Its name.
        name: &'static str,
    },
    /// A parameter of the signature that cannot be read.
    #[error("the signature's parameter `{name}` {why}")]
    Parameter {
        /// Its name, shortened.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Several signatures say that they are by the same key.
    #[error("several signatures name the same key in `keyid`; send one of them")]
    KeyTwice,
    /// A query parameter that the scheme needs.
    #[error("the query has no parameter `{name}`; add it before signing")]
    QueryMissing {
        /// Its name.
        name: &'static str,
    },
    /// A query parameter that may come once.
    #[error("the query has the parameter `{name}` more than once; send it once")]
    QueryRepeated {
        /// Its name.
        name: &'static str,
    },
    /// A query parameter that cannot be read.
    #[error("the query parameter `{name}` {why}")]
    Query {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nothing says which application signed.
    #[error("nothing names the application; send its SDK id in X-Yoti-Auth-Id, in the query as sdkId or appId, or in the path after /apps/")]
    IdMissing,
    /// Two places name two applications.
    #[error("two places name different applications; send the same SDK id in the header X-Yoti-Auth-Id, the query and the path, or in one of them only")]
    IdsDisagree,
    /// Nothing says which key signed.
    #[error("nothing names the key; send it in the header X-TLP-APIKEY")]
    KeyMissing,
    /// Two headers name two keys.
    #[error("X-TLP-APIKEY and Authorization name different keys; send the key in X-TLP-APIKEY only")]
    KeysDisagree,
}

impl Fault {
    /// Which verdict it leads to.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::SignatureMissing { .. } | Self::IdMissing | Self::KeyMissing => Kind::Missing,
            Self::BodyUnavailable => Kind::BodyUnavailable,
            Self::DigestMissing | Self::DigestUnknown | Self::DigestMismatch { .. } => Kind::DigestMismatch,
            Self::OutOfWindow { .. } | Self::Expired { .. } => Kind::OutOfWindow,
            Self::SignatureWrong
            | Self::TextOfAnother { .. }
            | Self::ComponentAbsent { .. }
            | Self::NotCovered { .. }
            | Self::ParameterMissing { .. }
            | Self::QueryMissing { .. }
            | Self::IdsDisagree
            | Self::KeysDisagree => Kind::Invalid,
            Self::SchemesMixed { .. }
            | Self::BodyInQuery
            | Self::Target(_)
            | Self::Authority(_)
            | Self::Header { .. }
            | Self::HeaderRepeated { .. }
            | Self::HeaderTooLong { .. }
            | Self::SignatureForm { .. }
            | Self::TooMany { .. }
            | Self::Label { .. }
            | Self::Component { .. }
            | Self::Parameter { .. }
            | Self::KeyTwice
            | Self::QueryRepeated { .. }
            | Self::Query { .. } => Kind::Malformed,
        }
    }
}

/// A client's text as faults name it: what could be a secret as `...`, what is not printable ASCII as `?`, at most 64 characters.
pub(super) fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 64;
    let text = &without_secrets(text).replace('…', "...");
    let mut out: String = text.chars().take(CHARS_MAX).map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        out.push_str("...");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_text_is_shortened_and_has_no_control_characters() {
        assert_eq!(shown("a\n\u{1b}é"), "a???");
        assert_eq!(shown(&"x y".repeat(10_000)).len(), 67);
        assert_eq!(shown(&format!("\"kw_sk_live_{}\";sf", "x".repeat(30))), "\"kw_sk_live_...\";sf", "no secret, wherever it was put");
    }

    #[test]
    fn clocks_are_told_apart_by_their_side() {
        let late = Fault::OutOfWindow { ahead_s: -412, window_s: 300 }.to_string();
        let early = Fault::OutOfWindow { ahead_s: 412, window_s: 300 }.to_string();
        assert!(late.contains("412 s before the server's time") && early.contains("412 s after the server's time"), "{late} {early}");
    }
}
