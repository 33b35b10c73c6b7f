//! The four kinds of credential.

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

impl Kind {
    /// The kinds that this release can make and check. The catalogue may name the others; making one is refused.
    pub const BUILT: [Self; 1] = [Self::ApiKey];
}
