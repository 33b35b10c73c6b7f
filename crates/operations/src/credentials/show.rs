//! Seeing credentials: lists, and one with its versions and who uses them.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::credential::{Credential, Environment};
use keywright_domain::ids::{ApplicationId, CredentialId};
use keywright_domain::time::{Span, Timestamp};
use keywright_domain::verdict::Code;
use keywright_store::credentials::Stored;
use keywright_store::usage::UsageEntry;

use super::organisation;
use crate::{Error, Operations};

/// A credential, and what is known of its use.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The credential, its versions settled at `now`.
    pub credential: Credential,
    /// How long the older version works once a pending one is used.
    pub pending_overlap: Option<Span>,
    /// By version and code.
    pub usage: Vec<UsageEntry>,
    /// `<brand>_<env>_…` and the last four characters of the key of the newest version that works; of the newest of all, where none does.
    pub masked: String,
    /// When this was true.
    pub now: Timestamp,
}

impl Shown {
    /// When a secret of it was last accepted.
    #[must_use]
    pub fn last_used(&self) -> Option<Timestamp> {
        self.usage.iter().filter(|u| u.code == Code::Valid).map(|u| u.last).max()
    }
}

/// Which credentials of an application are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// Of one environment; none: of both.
    pub environment: Option<Environment>,
    /// Those before this one, which are older; none: from the newest.
    pub before: Option<CredentialId>,
    /// At most so many.
    pub limit: u32,
}

impl Operations {
    /// Credentials of an application, live and ended, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn credential_list(&self, caller: &Caller, application: ApplicationId, listing: Listing) -> Result<Vec<Shown>, Error> {
        let allowed = self.over_application(caller, Right::View, application).await?;
        let scope = self.store.scope(&allowed)?;
        let environments = listing.environment.map_or_else(|| Environment::ALL.to_vec(), |one| vec![one]);
        let mut shown = Vec::new();
        // Each environment by itself, because both together have no order in the index.
        for environment in environments {
            let listed = scope.credential_list(application, environment, listing.before, listing.limit).await?;
            let (Some(newest), Some(oldest)) = (listed.first(), listed.last()) else { continue };
            let mut usage = std::collections::HashMap::<CredentialId, Vec<UsageEntry>>::new();
            for entry in scope.usage_of_application(application, environment, oldest.credential.id, newest.credential.id).await? {
                usage.entry(entry.credential).or_default().push(entry);
            }
            shown.extend(listed.into_iter().map(|stored| {
                let usage = usage.remove(&stored.credential.id).unwrap_or_default();
                self.shown(stored, usage)
            }));
        }
        shown.sort_unstable_by_key(|s| std::cmp::Reverse(s.credential.id));
        shown.truncate(listing.limit as usize);
        Ok(shown)
    }

    /// One credential.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn credential_show(&self, caller: &Caller, id: CredentialId) -> Result<Shown, Error> {
        let allowed = self.over_credential(caller, Right::View, id).await?;
        organisation(&allowed, id)?;
        let scope = self.store.scope(&allowed)?;
        let stored = scope.credential(id).await?.ok_or_else(|| Error::not_found("credential", id))?;
        let usage = scope.usage(id).await?;
        Ok(self.shown(stored, usage))
    }

    pub(super) fn shown(&self, stored: Stored, usage: Vec<UsageEntry>) -> Shown {
        let now = self.now();
        let mut credential = stored.credential;
        credential.settle(now);
        let newest = credential.versions.iter().rfind(|v| v.accepts(now)).or(credential.versions.last());
        let masked = newest.map_or_else(String::new, |v| v.hint.clone());
        Shown { masked, credential, pending_overlap: stored.pending_overlap, usage, now }
    }
}
