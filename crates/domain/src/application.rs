//! An application: its states, and what it needs before production works.

use crate::catalogue::{Form, Requirement, Service};
use crate::credential::Environment;
use crate::words::words;

words! {
    /// `inactive` (new) → `active` ↔ `deactivated`. A deleted application has no state: its row is gone.
    pub enum State, StateError("a state of an application") {
        /// New: sandbox credentials work.
        Inactive = "inactive",
        /// Both environments work.
        Active = "active",
        /// Nothing works; everything is kept.
        Deactivated = "deactivated",
    }
}

impl State {
    /// Whether credentials of this environment work in this state.
    #[must_use]
    pub const fn works_in(self, environment: Environment) -> bool {
        match (self, environment) {
            (Self::Active, _) | (Self::Inactive, Environment::Sandbox) => true,
            (Self::Inactive, Environment::Production) | (Self::Deactivated, _) => false,
        }
    }
}

/// One thing that the catalogue asks of an application before production works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckItem {
    /// What the catalogue calls it.
    pub requirement: Requirement,
    /// The field or the page where it is mended.
    pub field: &'static str,
    /// What is asked for, to stand after "asks for".
    pub sentence: &'static str,
    /// Slugs of the services that ask for it.
    pub services: Vec<String>,
    /// Whether it is there.
    pub done: bool,
}

impl CheckItem {
    /// What is asked, by whom, for messages.
    #[must_use]
    pub fn asked(&self) -> String {
        let verb = if self.services.len() == 1 { "asks" } else { "ask" };
        format!("{} {verb} for {}: {}", self.services.join(", "), self.requirement.as_str(), self.sentence)
    }
}

/// What is there of all that a catalogue may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// A domain.
    pub domain: bool,
    /// The address of a privacy policy.
    pub privacy_url: bool,
    /// A credential.
    pub credential: bool,
    /// All that bills need.
    pub billing: bool,
    /// The organisation is verified.
    pub verified: bool,
}

/// What these services ask for, each thing once, in the order in which it is best mended.
#[must_use]
pub fn checklist(services: &[&Service], known: Known) -> Vec<CheckItem> {
    let asks = |service: &Service, requirement| service.production_requires.contains(&requirement);
    let full = |service: &Service, requirement| asks(service, requirement) && service.form == Form::Full;
    type Asks<'a> = &'a dyn Fn(&Service, Requirement) -> bool;
    let items: [(Requirement, &'static str, &'static str, bool, Asks<'_>); 5] = [
        (Requirement::Details, "domain", "a domain, which users see the application under", known.domain, &asks),
        (Requirement::Details, "privacy_url", "the address of its privacy policy", known.privacy_url, &full),
        (Requirement::Credential, "credential", "a credential", known.credential, &asks),
        (Requirement::Billing, "billing", "the organisation's billing profile", known.billing, &asks),
        (Requirement::VerifiedOrganisation, "review", "the organisation's review", known.verified, &asks),
    ];
    let mut listed = Vec::new();
    for (requirement, field, sentence, done, asks) in items {
        let services: Vec<String> = services.iter().filter(|s| asks(s, requirement)).map(|s| s.slug.clone()).collect();
        if !services.is_empty() {
            listed.push(CheckItem { requirement, field, sentence, services, done });
        }
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn each_thing_is_asked_once_and_only_by_who_wants_it() {
        let catalogue = catalogue::built_in();
        let services: Vec<&Service> = ["digital-id", "doc-scan", "business-api"].iter().map(|s| catalogue.service(s).unwrap()).collect();
        let listed = checklist(&services, Known { privacy_url: true, ..Known::default() });
        let seen: Vec<_> = listed.iter().map(|i| (i.field, i.done, i.services.len())).collect();
        assert_eq!(seen, [("domain", false, 2), ("privacy_url", true, 1)]);
        assert_eq!(listed[0].asked(), "digital-id, doc-scan ask for details: a domain, which users see the application under");
        assert!(checklist(&services[2..], Known::default()).is_empty());
    }
}
