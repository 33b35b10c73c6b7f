//! What a resource server asks.

use std::borrow::Cow;
use std::net::IpAddr;

use keywright_crypto::scheme::Request;
use keywright_domain::credential::Environment;

use crate::nonces::{NonceAnswer, NonceClaim};

/// A question about one credential. What is left out means what the resource server was made for.
///
/// It has no `Debug`: it holds a secret.
#[derive(Clone, Copy, Default)]
pub struct Question<'a> {
    /// The credential as it was presented, any bytes; not looked at where there is a request.
    pub credential: &'a [u8],
    /// The request itself, for credentials that prove it by a signature. One with a bearer credential instead counts as that credential.
    pub request: Option<&'a Request<'a>>,
    /// What the memory that all nodes share says of the nonce that an earlier [`Step::Need`](crate::Step::Need) asked for.
    pub nonce: Option<(NonceClaim, NonceAnswer)>,
    /// Slug of the service that was called; none: any that the resource server may ask about.
    pub service: Option<&'a str>,
    /// The environment that was called; none: any that the resource server may ask about.
    pub environment: Option<Environment>,
    /// Permissions that the request needs, all of them.
    pub permissions: &'a [Cow<'a, str>],
    /// Where the request came from; without it, credentials that are bound to networks are refused.
    pub source_ip: Option<IpAddr>,
    /// The request's `Origin`; without it, credentials that are bound to origins are refused.
    pub origin: Option<&'a str>,
}

/// The question goes beyond what its resource server was made for. The answer is 403 and says nothing about the credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Beyond {
    /// It names another service.
    #[error("this resource server may not ask about the service {asked:?}, only about: {}", may.join(", "))]
    Service {
        /// What was asked, as far as a message may repeat it.
        asked: String,
        /// Slugs that it may ask about.
        may: Vec<String>,
    },
    /// It names another environment.
    #[error("this resource server may not ask about the environment {asked}, only about: {}", may.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(", "))]
    Environment {
        /// What was asked.
        asked: Environment,
        /// Environments that it may ask about.
        may: Vec<Environment>,
    },
}
