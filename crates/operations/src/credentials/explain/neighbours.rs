//! The other credentials that a program may have taken for this one: those of the organisation for the same service.

use keywright_domain::caller::{Allowed, Caller, Right};
use keywright_domain::credential::{Credential, Environment};
use keywright_domain::limits;

use super::fit::{self, Prover};
use crate::{Error, Operations};

/// One of them, with what it proves requests with.
pub(super) struct Neighbour {
    /// What it is called here: `"pay" (sandbox)`.
    pub(super) called: String,
    pub(super) provers: Vec<Prover>,
}

impl Operations {
    /// Those that the caller may see, of this application first: the newest of a few applications.
    pub(super) async fn neighbours(&self, caller: &Caller, allowed: &Allowed, credential: &Credential) -> Result<Vec<Neighbour>, Error> {
        let scope = self.store.scope(allowed)?;
        let listed = self.application_list(caller, credential.organisation, None, limits::EXPLAINING_NEIGHBOURS_MAX).await.unwrap_or_default();
        let others = listed.into_iter().map(|application| application.id).filter(|id| *id != credential.application);
        let mut found = Vec::new();
        for application in std::iter::once(credential.application).chain(others) {
            for environment in [Environment::Production, Environment::Sandbox] {
                for stored in scope.credential_list(application, environment, None, limits::EXPLAINING_NEIGHBOURS_MAX).await? {
                    let other = stored.credential;
                    if other.id == credential.id || other.service != credential.service || !other.kind.signs() {
                        continue;
                    }
                    // What the caller may not see is not tried either.
                    if self.over_credential(caller, Right::View, other.id).await.is_err() {
                        continue;
                    }
                    let provers = fit::provers(&other, self.keys())?;
                    found.push(Neighbour { called: format!("{:?} ({})", other.name, other.environment), provers });
                }
            }
        }
        Ok(found)
    }
}
