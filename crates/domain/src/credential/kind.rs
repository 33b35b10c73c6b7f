//! The four kinds of credential.

use super::Environment;
use super::secret_form::Class;
use crate::words::words;

words! {
    /// How a credential proves a request.
    pub enum Kind, KindError("a kind of credential") {
        /// One opaque key, sent as a bearer token; its SHA-256 is stored.
        ApiKey = "api_key",
        /// An API key and a secret key; requests carry an HMAC-SHA256 signature.
        Hmac = "hmac",
        /// A consumer key and consumer secrets; requests carry an access token.
        OauthClient = "oauth_client",
        /// An SDK id and a private key; requests carry a public-key signature.
        KeyPair = "key_pair",
    }
}

/// What names a credential openly, beside its id. It stays the same over rotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicHalf {
    /// Nothing does: the secret is all there is.
    None,
    /// A text of this class, with check digits.
    Coined(Class),
    /// A UUID (RFC 9562).
    Uuid,
}

impl Kind {
    /// What names a credential of this kind in an environment.
    #[must_use]
    pub const fn public_half(self, environment: Environment) -> PublicHalf {
        match self {
            Self::ApiKey => PublicHalf::None,
            Self::Hmac => PublicHalf::Coined(Class::HmacApiKey(environment)),
            Self::OauthClient => PublicHalf::Coined(Class::ClientId(environment)),
            Self::KeyPair => PublicHalf::Uuid,
        }
    }
}
