//! The four kinds of credential.

use std::fmt;
use std::str::FromStr;

/// How a credential proves a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// One opaque key, sent as a bearer token; its SHA-256 is stored.
    ApiKey,
    /// An API key and a secret key; requests carry an HMAC-SHA256 signature.
    Hmac,
    /// A consumer key and consumer secrets; requests carry an access token.
    OauthClient,
    /// An SDK id and a private key; requests carry a public-key signature.
    KeyPair,
}

/// Why a text is not a kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a kind of credential: write api_key, hmac, oauth_client or key_pair")]
pub struct KindError(String);

impl Kind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::ApiKey, Self::Hmac, Self::OauthClient, Self::KeyPair];

    /// The kinds that this release can make and check. The catalogue may name the others; making one is refused.
    pub const BUILT: [Self; 1] = [Self::ApiKey];

    /// The word in routes, the catalogue and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Hmac => "hmac",
            Self::OauthClient => "oauth_client",
            Self::KeyPair => "key_pair",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = KindError;
    fn from_str(text: &str) -> Result<Self, KindError> {
        Self::ALL.into_iter().find(|k| k.as_str() == text).ok_or_else(|| KindError(text.chars().take(40).collect()))
    }
}
