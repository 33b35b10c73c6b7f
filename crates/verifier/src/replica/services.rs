//! What a verifier needs of the catalogue. Services are numbered once and keep their number for the life of the process, because rows and
//! counters name them by it.

use std::sync::Arc;

use keywright_domain::catalogue::{self as declared, BodyCheck, Catalogue, OnStale, Scheme, Tokens};
use keywright_domain::credential::secret_form::Brand;
use keywright_domain::credential::{Environment, RateLimit};

/// Brands and services.
#[derive(Clone, Default)]
pub(crate) struct Services {
    brands: Vec<Brand>,
    list: Vec<Service>,
}

#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) slug: Box<str>,
    /// For credentials that have none of their own.
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) serves_stale: bool,
    /// What access tokens are like.
    pub(crate) token: Tokens,
    /// What the catalogue says of signed requests; none: it does not declare the service.
    pub(crate) signing: Option<Arc<Signing>>,
}

/// How requests for a service are signed.
pub(crate) struct Signing {
    pub(crate) schemes: Vec<Scheme>,
    sandbox_authorities: Vec<String>,
    production_authorities: Vec<String>,
    pub(crate) base_paths: Vec<String>,
    pub(crate) body_check: BodyCheck,
}

impl Signing {
    /// Hosts under which the service is reached; empty: any.
    pub(crate) fn authorities(&self, environment: Environment) -> &[String] {
        match environment {
            Environment::Sandbox => &self.sandbox_authorities,
            Environment::Production => &self.production_authorities,
        }
    }
}

impl From<&declared::Service> for Signing {
    fn from(declared: &declared::Service) -> Self {
        Self {
            schemes: declared.schemes.clone(),
            sandbox_authorities: declared.sandbox_authorities.clone(),
            production_authorities: declared.production_authorities.clone(),
            base_paths: declared.base_paths.clone(),
            body_check: declared.body_check,
        }
    }
}

/// The number of no service: no resource server may ask about it, so what has it is never accepted.
pub(crate) const NO_SERVICE: u16 = u16::MAX;

/// The number of a slug in services that readers may share: copied only for a new one.
pub(crate) fn number(services: &mut Arc<Services>, slug: &str) -> u16 {
    services.number(slug).unwrap_or_else(|| Arc::make_mut(services).number_or_new(slug))
}

impl Services {
    pub(crate) fn brands(&self) -> &[Brand] {
        &self.brands
    }

    pub(crate) fn get(&self, service: u16) -> Option<&Service> {
        self.list.get(usize::from(service))
    }

    pub(crate) fn slug(&self, service: u16) -> Option<&str> {
        self.get(service).map(|s| s.slug.as_ref())
    }

    pub(crate) fn number(&self, slug: &str) -> Option<u16> {
        self.list.iter().position(|s| *s.slug == *slug).and_then(|at| u16::try_from(at).ok())
    }

    /// The number of a slug, a new one if it has none: rows may come before the catalogue that declares their service.
    fn number_or_new(&mut self, slug: &str) -> u16 {
        self.number(slug).unwrap_or_else(|| {
            let new = u16::try_from(self.list.len()).unwrap_or(NO_SERVICE);
            if new != NO_SERVICE {
                self.list.push(Service { slug: slug.into(), rate_limit: None, serves_stale: false, token: Tokens::default(), signing: None });
            }
            new
        })
    }

    pub(crate) fn any_serves_stale(&self) -> bool {
        self.list.iter().any(|s| s.serves_stale)
    }

    /// Takes over another catalogue.
    pub(crate) fn apply(&mut self, catalogue: &Catalogue) {
        self.brands.clone_from(&catalogue.brands);
        for known in &mut self.list {
            known.rate_limit = None;
            known.serves_stale = false;
            known.token = Tokens::default();
            known.signing = None;
        }
        for declared in &catalogue.services {
            let number = self.number_or_new(&declared.slug);
            if let Some(service) = self.list.get_mut(usize::from(number)) {
                service.rate_limit = declared.rate_limit;
                service.serves_stale = declared.on_stale == OnStale::Serve;
                service.token = declared.token;
                service.signing = Some(Arc::new(Signing::from(declared)));
            }
        }
    }
}
