//! What the pages call the halves of each kind of credential.

use keywright_domain::credential::Kind;

/// Words of a kind.
pub(super) struct Words {
    /// A credential of it, at the beginning of a title: `API key`.
    pub(super) credential: &'static str,
    /// Its public half, where it has one: `API key` of a key and secret.
    pub(super) public_half: Option<&'static str>,
    /// What is shown once: `secret key`.
    pub(super) secret: &'static str,
    /// The ending of a file with it.
    pub(super) file: &'static str,
}

pub(super) const fn words(kind: Kind) -> Words {
    match kind {
        Kind::ApiKey => Words { credential: "API key", public_half: None, secret: "API key", file: "key" },
        Kind::Hmac => Words { credential: "API key and secret key", public_half: Some("API key"), secret: "secret key", file: "secret" },
        Kind::OauthClient => Words { credential: "Consumer key and secret", public_half: Some("Consumer key"), secret: "consumer secret", file: "secret" },
        Kind::KeyPair => Words { credential: "Key pair", public_half: Some("Client SDK ID"), secret: "private key", file: "pem" },
    }
}
