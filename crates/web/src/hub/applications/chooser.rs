//! Which service an application is for, and what comes of choosing it.

use keywright_domain::catalogue::{Catalogue, Service};
use keywright_operations::organisations::Offered;

use crate::kinds;

/// A service to choose.
pub(crate) struct ServiceChoice {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) docs: Option<String>,
    /// What comes of choosing it.
    pub(crate) offer: &'static str,
    /// Whether the organisation has it.
    pub(crate) available: bool,
    pub(crate) chosen: bool,
}

impl ServiceChoice {
    fn of(service: &Service, offered: &[Offered]) -> Self {
        Self {
            slug: service.slug.clone(),
            name: service.name.clone(),
            docs: service.docs_url.clone(),
            offer: kinds::words(service.default_kind()).offer,
            available: offered.iter().any(|o| o.service == service.slug && o.permissions.is_some()),
            chosen: false,
        }
    }
}

/// All services, first those that the organisation has.
pub(crate) fn services(catalogue: &Catalogue, offered: &[Offered]) -> Vec<ServiceChoice> {
    let mut services: Vec<_> = catalogue.services.iter().map(|service| ServiceChoice::of(service, offered)).collect();
    services.sort_by_key(|service| !service.available);
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_works_comes_first_and_what_does_not_says_so() {
        let catalogue = keywright_domain::catalogue::built_in();
        let offered = |service: &Service| Offered { service: service.slug.clone(), permissions: (service.slug != "payments").then(Vec::new) };
        let offered: Vec<Offered> = catalogue.services.iter().map(offered).collect();
        let seen = services(&catalogue, &offered);
        assert_eq!((seen[0].slug.as_str(), seen[0].available, seen[0].offer.split(':').next()), ("digital-id", true, Some("You get a key pair")));
        let last = seen.last().unwrap();
        assert_eq!((last.slug.as_str(), last.available, last.offer.split(',').next()), ("payments", false, Some("You get an API key and a secret key")));
    }
}
