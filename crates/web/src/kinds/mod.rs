//! What pages and answers say of each kind of credential: what its halves are called, how it is used, and what its holder gets. Nothing else in this layer
//! asks which kind it is.

use keywright_domain::catalogue::{Scheme, Service};
use keywright_domain::credential::{Credential, Kind};

use self::files::File;

pub(crate) mod files;
mod handed;

pub(crate) use handed::HandedShape;

/// Words of a kind.
pub(crate) struct Words {
    /// A credential of it, at the beginning of a title: `API key`.
    pub(crate) credential: &'static str,
    /// What makes one: a verb and its object.
    pub(crate) create: &'static str,
    /// Its public half, where it has one: `API key` of a key and secret.
    pub(crate) public_half: Option<&'static str>,
    /// What is shown once, in a sentence: `secret key`.
    pub(crate) secret: &'static str,
    /// The same above the box that shows it.
    pub(crate) secret_title: &'static str,
    /// The same above a column that shows its end.
    pub(crate) column: &'static str,
    /// The ending of a file with it.
    pub(crate) file: &'static str,
    /// How requests are made with it.
    pub(crate) usage: &'static str,
    /// What somebody gets who chooses a service that takes it.
    pub(crate) offer: &'static str,
    /// Code that makes such requests.
    pub(crate) code: Code,
}

/// Where code comes from that uses a credential.
pub(crate) enum Code {
    /// It sends the secret as it is.
    Sends,
    /// It gets an access token for a secret first.
    GetsTokens,
    /// It gets an access token for an assertion that its private key signs first.
    GetsTokensByKey,
    /// It signs, in each of these ways.
    Signs(&'static [(Scheme, &'static [File])]),
}

/// What makes a credential where there are several kinds to choose from.
const CREATE_ANY: &str = "Create key";

pub(crate) const fn words(kind: Kind) -> Words {
    match kind {
        Kind::ApiKey => Words {
            credential: "API key",
            create: "Create API key",
            public_half: None,
            secret: "key",
            secret_title: "Your API key",
            column: "Key",
            file: "key",
            usage: "Send the key with every request in the Authorization header.",
            offer: "You get an API key: one secret that your back end sends with every request.",
            code: Code::Sends,
        },
        Kind::Hmac => Words {
            credential: "API key and secret key",
            create: "Generate API key",
            public_half: Some("API key"),
            secret: "secret key",
            secret_title: "Your secret key",
            column: "Secret key",
            file: "secret",
            usage: "Sign every request with the secret key, and name the API key in it. The secret key itself is never sent.",
            offer: "You get an API key and a secret key, with which your back end signs every request.",
            code: Code::Signs(&[(Scheme::HttpMessageSignatures, files::HTTP_MESSAGE_SIGNATURES_HMAC), (Scheme::Tylt, files::TYLT)]),
        },
        Kind::OauthClient => Words {
            credential: "Consumer key and secret",
            create: "Generate keys",
            public_half: Some("Consumer key"),
            secret: "consumer secret",
            secret_title: "Your consumer secret",
            column: "Consumer secret",
            file: "secret",
            usage: "Get an access token with the consumer key and secret, and send it with every request in the Authorization header.",
            offer: "You get a consumer key and a consumer secret, for access tokens (OAuth 2).",
            code: Code::GetsTokens,
        },
        Kind::KeyPair => Words {
            credential: "Key pair",
            create: "Generate key pair",
            public_half: Some("Client SDK ID"),
            secret: "private key",
            secret_title: "Your private key",
            column: "Public key",
            file: "pem",
            usage: "Sign every request with the private key, and name the Client SDK ID in it. The private key itself is never sent.",
            offer: "You get a key pair: your back end signs requests with its private key.",
            code: Code::Signs(&[(Scheme::HttpMessageSignatures, files::HTTP_MESSAGE_SIGNATURES_KEY_PAIR), (Scheme::Yoti, files::YOTI)]),
        },
    }
}

/// A client that proves itself by a key of its own (`private_key_jwt`, RFC 7523).
pub(crate) const CLIENT_WITH_KEY: Words = Words {
    credential: "Consumer key with your own key pair",
    create: "Create client",
    public_half: Some("Consumer key"),
    secret: "key pair",
    secret_title: "Your private key",
    column: "Public key",
    file: "pem",
    usage: "Sign an assertion with the private key (private_key_jwt, RFC 7523), get an access token for it, and send that with every request in the Authorization header.",
    offer: "You get a consumer key, for access tokens (OAuth 2): your back end proves itself by its own private key.",
    code: Code::GetsTokensByKey,
};

/// Words of a credential.
pub(crate) fn words_of(credential: &Credential) -> Words {
    if credential.kind.may_bring_key() && credential.holds_key() { CLIENT_WITH_KEY } else { words(credential.kind) }
}

/// The kinds of a service, the catalogue's first one first.
pub(crate) fn of(service: &Service) -> impl Iterator<Item = Kind> {
    service.kinds.iter().copied()
}

/// What the button says that makes a credential for one of these services.
pub(crate) fn create<'a>(services: impl Iterator<Item = &'a Service>) -> &'static str {
    let mut kinds = services.flat_map(of);
    match kinds.next() {
        Some(first) if kinds.all(|kind| kind == first) => words(first).create,
        _ => CREATE_ANY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_signing_has_its_samples() {
        for kind in Kind::ALL {
            let ways = if let Code::Signs(ways) = words(kind).code { ways } else { &[] };
            assert_eq!(ways.iter().map(|(scheme, _)| *scheme).collect::<Vec<_>>(), kind.schemes(), "{kind}");
        }
    }

    #[test]
    fn the_button_says_what_comes_of_it_where_that_is_known() {
        let catalogue = keywright_domain::catalogue::built_in();
        let button = |slugs: &[&str]| create(slugs.iter().filter_map(|slug| catalogue.service(slug)));
        assert_eq!(button(&["business-api"]), "Create API key");
        assert_eq!(button(&["payments"]), "Generate API key");
        assert_eq!(button(&["business-api", "payments"]), "Create key");
    }
}
