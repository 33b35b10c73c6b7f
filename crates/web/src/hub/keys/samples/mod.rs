//! Code that uses a key, to paste: one set for each way in which the service takes it.

use keywright_domain::catalogue::{Scheme, Service};
use keywright_domain::credential::Environment;

use crate::hub::parts::Sample;
use crate::kinds::files::{File, OAUTH};
use crate::kinds::{Code, Words};

mod assertion;
mod bearer;
mod filled;
#[cfg(test)]
mod tests;

/// In the place of an address that the catalogue does not say.
pub(super) const PLACEHOLDER: &str = "api.example.com";

/// Where requests with a key go.
pub(super) struct Target {
    /// The host.
    pub(super) host: String,
    /// The catalogue says so.
    pub(super) declared: bool,
    url: String,
    /// How the service takes signatures, in the catalogue's order.
    schemes: Vec<Scheme>,
    /// The catalogue says below which paths the service is.
    has_base_paths: bool,
}

/// What the samples are filled in with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill<'a> {
    /// The public half; empty where there is none.
    pub(super) public_half: &'a str,
    /// The whole of an `api_key`. No other secret stands in a sample: those read it from the environment.
    pub(super) key: &'a str,
    /// Where clients get access tokens.
    pub(super) token_url: &'a str,
    /// What the private key's file is called.
    pub(super) pem_file: &'a str,
    /// The key pair is one that Yoti's SDKs take.
    pub(super) rsa: bool,
}

/// Code for one way of using a credential.
pub(super) struct Set {
    /// Unique on the page, and a word of ours.
    pub(super) name: &'static str,
    /// What the way is called; none: it is the only one of its kind.
    pub(super) title: Option<&'static str>,
    /// What to know before choosing it.
    pub(super) note: Option<&'static str>,
    /// Whether what was signed once can be sent again: the note is a warning then.
    pub(super) replayable: bool,
    /// What to know of the address to which requests go.
    pub(super) address: Option<&'static str>,
    /// A language each.
    pub(super) samples: Vec<Sample>,
}

impl Target {
    pub(super) fn of(service: Option<&Service>, environment: Environment) -> Self {
        let hosts = service.map(|s| match environment {
            Environment::Production => &s.production_authorities,
            Environment::Sandbox => &s.sandbox_authorities,
        });
        let host = hosts.and_then(|hosts| hosts.first());
        let path = service.and_then(|s| s.base_paths.first()).map_or("/", String::as_str);
        let declared = host.is_some();
        let host = host.map_or(PLACEHOLDER, String::as_str).to_owned();
        // A name that never leaves the machine has no certificate.
        let bare = host.split(':').next().unwrap_or_default();
        let scheme = if bare == "localhost" || bare.ends_with(".localhost") || bare.starts_with("127.") { "http" } else { "https" };
        let schemes = service.map_or_else(Vec::new, |s| s.schemes.clone());
        let has_base_paths = service.is_some_and(|s| !s.base_paths.is_empty());
        Self { url: format!("{scheme}://{host}{path}"), host, declared, schemes, has_base_paths }
    }

    /// Lines that call the service with an access token.
    pub(super) fn with_token(&self) -> Sample {
        bearer::with_token(&self.url)
    }

    /// How a client gets an access token: with its secret, or `by_key` with an assertion that its private key signs (RFC 7523 section 2.2).
    pub(super) fn getting_tokens(&self, by_key: bool, issuer: &str, fill: Fill<'_>) -> Vec<Sample> {
        if by_key { assertion::samples(&self.url, issuer, fill) } else { filled::filled(OAUTH, &self.url, fill) }
    }

    /// In each set curl or the like comes first: it works as pasted where the address is declared.
    pub(super) fn samples(&self, words: &Words, issuer: &str, fill: Fill<'_>) -> Vec<Set> {
        let only = |name, samples| vec![Set { name, title: None, note: None, replayable: false, address: None, samples }];
        match words.code {
            Code::Sends => only("use-it", bearer::samples(&self.url, fill.key)),
            Code::GetsTokens => only("use-it", self.getting_tokens(false, issuer, fill)),
            Code::GetsTokensByKey => only("use-it", self.getting_tokens(true, issuer, fill)),
            Code::Signs(ways) => {
                let ways = self.schemes.iter().filter_map(|scheme| ways.iter().find(|(way, _)| way == scheme));
                // Yoti's SDKs take RSA keys only.
                ways.filter(|(scheme, _)| *scheme != Scheme::Yoti || fill.rsa).map(|(scheme, files)| self.signed(*scheme, files, fill)).collect()
            }
        }
    }
}

impl Target {
    /// The samples of a scheme.
    fn signed(&self, scheme: Scheme, files: &[File], fill: Fill<'_>) -> Set {
        let (name, title, note) = match scheme {
            Scheme::HttpMessageSignatures => (
                "http-message-signatures",
                "HTTP message signatures",
                "RFC 9421. The signature covers method, address, query and body, a time and a nonce: a captured request is good for nothing else, and not twice.",
            ),
            Scheme::Tylt => (
                "tylt",
                "Tylt’s form",
                "Tylt’s form can be replayed by design: it covers the body, or the query where there is no body, and neither method, path, time nor nonce. \
             Whoever captures one request can send it again, as often as they like and to any path, until the secret key is rotated. \
             Use HTTP message signatures unless a client that you cannot change needs this form.",
            ),
            Scheme::Yoti => ("yoti", "Yoti’s form", "What Yoti’s SDKs do, unmodified. The signature covers method, path, query and body, a time and a nonce."),
        };
        // Yoti's SDKs put a path that begins with `/` behind it, and sign that path alone.
        let url = if scheme == Scheme::Yoti { self.url.trim_end_matches('/') } else { &self.url };
        let address =
            "The base URL of the SDK has no path: SDKs leave the path of their base URL out of what they sign, and the provider has declared none here.";
        Set {
            name,
            title: Some(title),
            note: Some(note),
            replayable: scheme == Scheme::Tylt,
            address: (scheme == Scheme::Yoti && !self.has_base_paths).then_some(address),
            samples: filled::filled(files, url, fill),
        }
    }
}
