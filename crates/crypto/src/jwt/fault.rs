//! Why a text is no token that is taken.

/// Why a token is refused. No fault repeats anything of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Above [`JWT_BYTES_MAX`](keywright_domain::limits::JWT_BYTES_MAX).
    #[error("the token is longer than 8 KiB")]
    TooLong,
    /// Not three parts.
    #[error("the token is not a compact JWS: it has not three parts with dots between them")]
    Parts,
    /// A part is not base64url in its one form (RFC 7515 section 2).
    #[error("a part of the token is not base64url without padding")]
    Base64,
    /// Header or claims are no JSON object, or have a member twice.
    #[error("header or claims of the token are not a JSON object in which each member is there once")]
    Json,
    /// A header that is refused, or of the wrong type.
    #[error("the header of the token has a member that is not taken: {0}")]
    Header(&'static str),
    /// No algorithm, an unknown one such as `none` or `HS256`, or one that does not belong to the key.
    #[error("the algorithm of the token is not one of its key")]
    Algorithm,
    /// A registered claim of the wrong type.
    #[error("a claim of the token has the wrong type: {0}")]
    Claim(&'static str),
    /// The signature does not fit.
    #[error("the signature of the token does not fit")]
    Signature,
}
