//! The catalogue: all services of the provider, as `catalog.toml` declares them.

mod built_in;
mod dropped;
mod faults;
mod fit;
mod parse;
mod read;
mod service;
#[cfg(test)]
mod tests;

pub use built_in::{BUILT_IN, built_in};
pub use dropped::{Dropped, diff_drops};
pub use faults::{Fault, Faults, Warning};
pub use parse::parse;

use crate::credential::rotation::PolicyName;
use crate::credential::secret_form::Brand;
use crate::credential::{Environment, Kind, Permissions, RateLimit, TokenForm, TokenSigning};
use crate::limits;
use crate::time::Span;
use crate::words::words;

/// A checked catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// The provider's brand first, then earlier ones, whose keys are still recognised. Never empty.
    pub brands: Vec<Brand>,
    /// In the order of the file; slugs are unique.
    pub services: Vec<Service>,
}

/// A product of the provider that applications integrate with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Lower-case letters, digits and `-`; names it in routes, questions and the store.
    pub slug: String,
    /// What people see.
    pub name: String,
    /// Where its documentation is.
    pub docs_url: Option<String>,
    /// Which kinds of credential it takes; the first is the default. Never empty.
    pub kinds: Vec<Kind>,
    /// Names with their explanations, in the order of the file.
    pub permissions: Vec<(String, String)>,
    /// What people see for the two environments.
    pub labels: Labels,
    /// Whether organisations have it without asking.
    pub availability: Availability,
    /// Which details an application is asked for.
    pub form: Form,
    /// What must be there before production works.
    pub production_requires: Vec<Requirement>,
    /// Live credentials per application in one environment.
    pub credentials_per_environment: u32,
    /// What a rotation does unless the caller says otherwise.
    pub rotation: (PolicyName, Span),
    /// How requests are signed, for the kinds that sign.
    pub schemes: Vec<Scheme>,
    /// Hosts under which it is reached in sandbox; empty: any.
    pub sandbox_authorities: Vec<String>,
    /// Hosts under which it is reached in production; empty: any.
    pub production_authorities: Vec<String>,
    /// Paths under which it is mounted; signatures of the `yoti` scheme are relative to one of them.
    pub base_paths: Vec<String>,
    /// Who compares the body's digest.
    pub body_check: BodyCheck,
    /// For credentials that have none of their own.
    pub rate_limit: Option<RateLimit>,
    /// What a verifier does that cannot prove that it is fresh.
    pub on_stale: OnStale,
    /// Whether a secret can be shown again after a fresh sign-in.
    pub secret_visibility: SecretVisibility,
    /// Secrets that one credential may hold at a time, each with a life of its own; 1: rotation instead.
    pub parallel_secrets: u32,
    /// The access tokens that its credentials get.
    pub token: Tokens,
    /// Attributes that scenarios choose from, with their explanations; empty: the service has no scenarios.
    pub attributes: Vec<(String, String)>,
    /// Shown beside a secret, in the provider's words.
    pub warning: Option<String>,
}

/// What access tokens of a service are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// How JWTs are signed.
    pub signing: TokenSigning,
    /// How long a token lives, unless its credential ends before.
    pub life: Span,
    /// The form for credentials that have none of their own.
    pub form: TokenForm,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { signing: TokenSigning::Es256, life: limits::TOKEN_LIFE_DEFAULT, form: TokenForm::Jwt }
    }
}

/// The words that people see for the environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Such as "Test".
    pub sandbox: String,
    /// Such as "Live".
    pub production: String,
}

/// Whether organisations have a service without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// `open`
    Open,
    /// `on_request`: an operator enables it per organisation.
    OnRequest,
}

/// Which details an application is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `full`
    Full,
    /// `condensed`: name and logo, and the first key in the same flow.
    Condensed,
}

/// What must be there before production works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// `details`
    Details,
    /// `credential`
    Credential,
    /// `billing`
    Billing,
    /// `verified_organisation`
    VerifiedOrganisation,
}

words! {
    /// How requests are signed.
    pub enum Scheme, SchemeError("a signature scheme") {
        /// RFC 9421 with RFC 9530 digests.
        HttpMessageSignatures = "http-message-signatures",
        /// Yoti's digest header.
        Yoti = "yoti",
        /// Tylt's headers.
        Tylt = "tylt",
    }
}

impl Scheme {
    /// From its word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// Who compares a body with its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyCheck {
    /// `strict`: a question without the body is refused.
    Strict,
    /// `upstream`: the API does, with the digest that it is handed.
    Upstream,
}

/// What a verifier does that cannot prove that it is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnStale {
    /// `refuse`: 503.
    Refuse,
    /// `serve`: answers from what it has and says how old that is. The promise about revocation is suspended then.
    Serve,
}

/// Whether a secret can be shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretVisibility {
    /// `once`
    Once,
    /// `retrievable`
    Retrievable,
}

impl Catalogue {
    /// The brand that new secrets get.
    #[must_use]
    pub fn brand(&self) -> &Brand {
        &self.brands[0]
    }

    /// The service of this slug.
    #[must_use]
    pub fn service(&self, slug: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.slug == slug)
    }

    /// All slugs, for messages that say what there is.
    #[must_use]
    pub fn slugs(&self) -> Vec<&str> {
        self.services.iter().map(|s| s.slug.as_str()).collect()
    }
}

/// What an operator has enabled of a service that is not open to everybody, for one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// Slug of the service.
    pub service: String,
    /// Permissions that the organisation has; none: all of the service's.
    pub permissions: Option<Permissions>,
}

impl Service {
    /// The kind that is made where nothing else is said: its first. A catalogue has no service without one.
    #[must_use]
    pub fn default_kind(&self) -> Kind {
        self.kinds.first().copied().unwrap_or(Kind::ALL[0])
    }

    /// The permissions that an organisation has for it, in the order of the file, by what was enabled for it; none: the service has to be asked for.
    #[must_use]
    pub fn offered(&self, allowances: &[Allowance]) -> Option<Vec<String>> {
        match (self.availability, allowances.iter().find(|a| a.service == self.slug)) {
            (Availability::Open, _) => Some(self.permission_names()),
            (Availability::OnRequest, None) => None,
            (Availability::OnRequest, Some(allowance)) => {
                let has = |name: &String| allowance.permissions.as_ref().is_none_or(|p| p.names().contains(name));
                Some(self.permission_names().into_iter().filter(has).collect())
            }
        }
    }

    /// The names of its permissions.
    #[must_use]
    pub fn permission_names(&self) -> Vec<String> {
        self.permissions.iter().map(|(name, _)| name.clone()).collect()
    }

    /// What people see for an environment.
    #[must_use]
    pub fn label(&self, environment: Environment) -> &str {
        match environment {
            Environment::Sandbox => &self.labels.sandbox,
            Environment::Production => &self.labels.production,
        }
    }
}

impl Requirement {
    /// The word in the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Details => "details",
            Self::Credential => "credential",
            Self::Billing => "billing",
            Self::VerifiedOrganisation => "verified_organisation",
        }
    }
}
