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

    /// Whether the secret itself is sent with each request, as a bearer key.
    #[must_use]
    pub const fn is_bearer(self) -> bool {
        match self {
            Self::ApiKey => true,
            Self::Hmac | Self::OauthClient | Self::KeyPair => false,
        }
    }

    /// Whether requests carry a signature that its holder makes.
    #[must_use]
    pub const fn signs(self) -> bool {
        match self {
            Self::Hmac | Self::KeyPair => true,
            Self::ApiKey | Self::OauthClient => false,
        }
    }

    /// Whether its holder is a client of the OAuth 2 server, and gets access tokens.
    #[must_use]
    pub const fn gets_tokens(self) -> bool {
        match self {
            Self::OauthClient | Self::KeyPair => true,
            Self::ApiKey | Self::Hmac => false,
        }
    }

    /// Whether it may have several secrets side by side, and such as can be shown again, where its service says so.
    #[must_use]
    pub const fn has_client_secrets(self) -> bool {
        match self {
            Self::OauthClient => true,
            Self::ApiKey | Self::Hmac | Self::KeyPair => false,
        }
    }

    /// Whether its material is always a public key, whose private half its holder has.
    #[must_use]
    pub const fn is_key_pair(self) -> bool {
        match self {
            Self::KeyPair => true,
            Self::ApiKey | Self::Hmac | Self::OauthClient => false,
        }
    }
}
