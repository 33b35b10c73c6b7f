//! The four kinds of credential, and everything in which they differ as far as the rules go. Other modules ask here what a kind can do, never which one
//! it is; each layer above has one that names them (`ARCHITECTURE.md`, "A new kind, a new scheme").

use super::Environment;
use super::secret_form::Class;
use crate::catalogue::Scheme;
use crate::words::{listed, words};

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

/// Whether a credential proves itself by a key of which only its holder has the private half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnKey {
    /// It has none.
    Never,
    /// Its holder may bring one, in the place of a secret.
    Brought,
    /// Always: it is brought, or made here and handed over.
    Always,
}

impl Kind {
    /// What the Business API makes and shows.
    pub const OF_BUSINESS_API: Self = Self::ApiKey;
    /// What programs register for themselves (RFC 7591).
    pub const REGISTERED: Self = Self::OauthClient;

    /// The words of the kinds of which this holds: `hmac and key_pair`.
    #[must_use]
    pub fn those(holds: impl Fn(Self) -> bool) -> String {
        listed(&Self::ALL.into_iter().filter(|kind| holds(*kind)).map(Self::as_str).collect::<Vec<_>>(), "and")
    }

    /// What the public half is called on the command line; none: there is none. Pages have words of their own.
    #[must_use]
    pub const fn public_half_called(self) -> Option<&'static str> {
        match self {
            Self::ApiKey => None,
            Self::Hmac => Some("API key"),
            Self::OauthClient => Some("client id"),
            Self::KeyPair => Some("SDK id"),
        }
    }

    /// What proves it is called, where a signature is explained. Pages have words of their own.
    #[must_use]
    pub const fn secret_called(self) -> &'static str {
        match self {
            Self::ApiKey | Self::KeyPair => "key",
            Self::Hmac => "secret key",
            Self::OauthClient => "client secret",
        }
    }

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

    /// The ways in which its holder can sign requests.
    #[must_use]
    pub const fn schemes(self) -> &'static [Scheme] {
        match self {
            Self::Hmac => &[Scheme::HttpMessageSignatures, Scheme::Tylt],
            Self::KeyPair => &[Scheme::HttpMessageSignatures, Scheme::Yoti],
            Self::ApiKey | Self::OauthClient => &[],
        }
    }

    /// Whether requests carry a signature that its holder makes.
    #[must_use]
    pub const fn signs(self) -> bool {
        !self.schemes().is_empty()
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

    /// Whether it proves itself by a key of its own.
    #[must_use]
    pub const fn own_key(self) -> OwnKey {
        match self {
            Self::ApiKey | Self::Hmac => OwnKey::Never,
            Self::OauthClient => OwnKey::Brought,
            Self::KeyPair => OwnKey::Always,
        }
    }

    /// Whether its holder may bring a key in the place of a secret.
    #[must_use]
    pub const fn may_bring_key(self) -> bool {
        matches!(self.own_key(), OwnKey::Brought)
    }

    /// Whether its material is always a public key, whose private half its holder has.
    #[must_use]
    pub const fn is_key_pair(self) -> bool {
        matches!(self.own_key(), OwnKey::Always)
    }
}
