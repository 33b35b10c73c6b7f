//! The error codes that Yoti publishes for its own API, so that a client of Yoti's understands a refusal.

use super::{DIGEST, ID, KEY};
use crate::scheme::fault::Fault;

/// For a signature that does not fit.
pub const INVALID_SIGNATURE: (u16, &str) = (401, "INVALID_SIGNATURE");

const INVALID_DIGEST: (u16, &str) = (401, "INVALID_YOTI_AUTH_DIGEST");
const INVALID_ID: (u16, &str) = (401, "INVALID_X_YOTI_AUTH_ID");
const UNAUTHORIZED: (u16, &str) = (401, "UNAUTHORIZED");

/// HTTP status and code for a fault. A fault that Yoti has no code for is `UNAUTHORIZED`.
#[must_use]
pub fn code(fault: &Fault) -> (u16, &'static str) {
    match fault {
        Fault::SignatureWrong | Fault::TextOfAnother { .. } => INVALID_SIGNATURE,
        Fault::SignatureMissing { .. } | Fault::SignatureForm { .. } => INVALID_DIGEST,
        Fault::Header { name, .. } | Fault::HeaderRepeated { name } | Fault::HeaderTooLong { name, .. } => match *name {
            DIGEST => INVALID_DIGEST,
            ID => INVALID_ID,
            KEY => (401, "INVALID_PUBLIC_KEY_ENCODING"),
            _ => UNAUTHORIZED,
        },
        Fault::QueryMissing { name } | Fault::QueryRepeated { name } | Fault::Query { name, .. } => match *name {
            "nonce" => (401, "INVALID_NONCE"),
            "timestamp" => (401, "INVALID_TIMESTAMP"),
            _ => (400, "INVALID_APP_ID"),
        },
        Fault::OutOfWindow { .. } => (401, "INVALID_TIMESTAMP"),
        Fault::IdMissing => INVALID_ID,
        Fault::IdsDisagree => (400, "INVALID_APP_ID"),
        Fault::Target(_) | Fault::Authority(_) | Fault::BodyInQuery => (404, "INVALID_ENDPOINT"),
        Fault::SchemesMixed { .. }
        | Fault::BodyUnavailable
        | Fault::DigestMissing
        | Fault::DigestUnknown
        | Fault::DigestMismatch { .. }
        | Fault::Expired { .. }
        | Fault::TooMany { .. }
        | Fault::Label { .. }
        | Fault::Component { .. }
        | Fault::ComponentAbsent { .. }
        | Fault::NotCovered { .. }
        | Fault::ParameterMissing { .. }
        | Fault::Parameter { .. }
        | Fault::KeyTwice
        | Fault::KeyMissing
        | Fault::KeysDisagree => UNAUTHORIZED,
    }
}
