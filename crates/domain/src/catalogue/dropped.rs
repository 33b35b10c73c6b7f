//! What a new catalogue no longer has: the question before it is applied is who still holds that.

use std::fmt;

use super::Catalogue;
use crate::credential::Kind;
use crate::credential::secret_form::Brand;

/// Something of the old catalogue that the new one does not declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// A brand that is not among the earlier ones either: every key that begins with it would be `malformed`.
    Brand(Brand),
    /// A service, by its slug, with all that it had.
    Service(String),
    /// A kind of credential of a service that stays.
    Kind {
        /// The service's slug.
        service: String,
        /// What it no longer takes.
        kind: Kind,
    },
    /// A permission of a service that stays.
    Permission {
        /// The service's slug.
        service: String,
        /// What it no longer declares.
        permission: String,
    },
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brand(brand) => write!(f, "brand {brand}"),
            Self::Service(service) => write!(f, "service {service}"),
            Self::Kind { service, kind } => write!(f, "kind {kind} of service {service}"),
            Self::Permission { service, permission } => write!(f, "permission {permission} of service {service}"),
        }
    }
}

/// What `old` declares and `new` does not, in the order of `old`. Environments are always both there, so none can be dropped.
#[must_use]
pub fn diff_drops(old: &Catalogue, new: &Catalogue) -> Vec<Dropped> {
    let mut dropped: Vec<Dropped> = old.brands.iter().filter(|brand| !new.brands.contains(brand)).cloned().map(Dropped::Brand).collect();
    for before in &old.services {
        let Some(after) = new.service(&before.slug) else {
            dropped.push(Dropped::Service(before.slug.clone()));
            continue;
        };
        let kinds = before.kinds.iter().filter(|kind| !after.kinds.contains(kind));
        dropped.extend(kinds.map(|kind| Dropped::Kind { service: before.slug.clone(), kind: *kind }));
        let permissions = before.permissions.iter().filter(|(name, _)| !after.permissions.iter().any(|(known, _)| known == name));
        dropped.extend(permissions.map(|(name, _)| Dropped::Permission { service: before.slug.clone(), permission: name.clone() }));
    }
    dropped
}
