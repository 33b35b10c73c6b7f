//! What can be wrong with a key or a request.

use std::fmt;

/// Why nothing was signed. Its text says what to do, and repeats neither keys nor secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The secret is empty.
    SecretEmpty,
    /// The secret has white space around it.
    SecretPadded,
    /// No private key as PEM.
    NotPem,
    /// A private key of a kind or size that is not signed with.
    KeyKind,
    /// The algorithm that was asked for is of another kind of key.
    AlgorithmOfAnotherKey,
    /// Tylt's form wants a secret, client assertions want a private key with an algorithm of RFC 7518.
    WrongKey,
    /// The request carries a signature or a digest already.
    AlreadySigned,
    /// The method is not written in capitals.
    Method,
    /// The URL is not absolute, of another scheme, or has a fragment.
    Url,
    /// The host cannot be signed as it is.
    Host,
    /// The path has characters that must be percent-encoded.
    Path,
    /// The path has a segment `.` or `..`.
    DotSegment,
    /// The query has characters that must be percent-encoded.
    Query,
    /// Nonce, key id or API key has characters that it cannot have.
    Text,
    /// The token URL is not https.
    TokenUrl,
    /// The cryptography library gave no signature or no random bytes.
    Library,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecretEmpty => "the secret is empty",
            Self::SecretPadded => "the secret begins or ends with white space: it was probably read from a file with its line break; trim it",
            Self::NotPem => "this is no private key as PEM (PKCS#8, PKCS#1 or SEC1, not encrypted)",
            Self::KeyKind => "this key is none of Ed25519, P-256, P-384 and RSA of 2048 bits or more",
            Self::AlgorithmOfAnotherKey => "this key does not sign with the algorithm that was asked for",
            Self::WrongKey => "Tylt's form is signed with a secret; client assertions with a private key, and not with RSA PSS",
            Self::AlreadySigned => "the request has a signature or a content-digest already: sign it once, with the headers as they were before",
            Self::Method => "the method is written in capitals, as it is sent",
            Self::Url => "the URL must be absolute, http or https, and have no fragment",
            Self::Host => "the URL has no host that can be signed: no user name, and other scripts as xn--",
            Self::Path => "the path has characters that must be percent-encoded",
            Self::DotSegment => "the path has a segment . or .., which many programs remove on the way",
            Self::Query => "the query has characters that must be percent-encoded",
            Self::Text => "nonce, key id and API key are printable ASCII, and the API key has no spaces",
            Self::TokenUrl => "the token URL must be https: over http the secret and the token could be read on the way",
            Self::Library => "the cryptography library gave no signature",
        })
    }
}

impl std::error::Error for Fault {}
