//! How much an organisation and its applications are used, and what needs somebody's attention.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::ids::{ApplicationId, OrganisationId, PersonId};
use keywright_domain::limits;
use keywright_domain::time::{Span, Timestamp};
pub use keywright_store::attention::{Expiring, OldVersionInUse};
use keywright_store::scope::Scope;
pub use keywright_store::usage::hours::{HourCount, MostUsed};

use crate::applications::Visible;
use crate::{Error, Operations};

/// Rows of hours that are added up to find the applications that are used most.
const HOURS_ADDED: u32 = 1_000;
/// A key that ends within this time is told about.
const SOON: Span = Span::from_d(14);
/// An old version that was used within this time is told about.
const LATELY: Span = Span::from_d(1);

/// What needs somebody's attention.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attention {
    /// Live credentials that end within 14 days, the next one first.
    pub expiring: Vec<Expiring>,
    /// Versions in their overlap that were used within a day, the first to end first.
    pub old_versions: Vec<OldVersionInUse>,
}

const HOUR: Span = Span::from_h(1);

/// The last `hours` hours, the present one included, each with what was counted.
fn filled(counted: Vec<HourCount>, hours: u32, now: Timestamp) -> Vec<HourCount> {
    let first = since(hours, now);
    let mut counted = counted.into_iter().peekable();
    let hour = |n: u32| {
        let hour = Timestamp::from_us(first.us() + i64::from(n) * HOUR.us());
        counted.next_if(|c| c.hour == hour).unwrap_or(HourCount { hour, accepted: 0, refused: 0 })
    };
    (0..hours).map(hour).collect()
}

/// When the first of the last `hours` hours began.
fn since(hours: u32, now: Timestamp) -> Timestamp {
    let this = now.us().div_euclid(HOUR.us()) - i64::from(hours) + 1;
    Timestamp::from_us(this.saturating_mul(HOUR.us()))
}

/// As many hours as are kept, and at least one.
fn kept(hours: u32) -> u32 {
    hours.clamp(1, (limits::USAGE_HOURS_KEPT.us() / HOUR.us()) as u32)
}

pub(crate) async fn hours_of_organisation(scope: &Scope<'_>, hours: u32, now: Timestamp) -> Result<Vec<HourCount>, Error> {
    let hours = kept(hours);
    Ok(filled(scope.usage_hours_of_organisation(since(hours, now)).await?, hours, now))
}

/// `granted_to`: of the applications over which this person holds grants; none: of all.
pub(crate) async fn most_used(scope: &Scope<'_>, granted_to: Option<PersonId>, hours: u32, limit: u32, now: Timestamp) -> Result<Vec<MostUsed>, Error> {
    let limit = limit.min(limits::PAGE_ROWS_ASKED as u32);
    Ok(scope.applications_most_used(since(kept(hours), now), granted_to, HOURS_ADDED, limit).await?)
}

pub(crate) async fn attention(scope: &Scope<'_>, granted_to: Option<PersonId>, limit: u32, now: Timestamp) -> Result<Attention, Error> {
    let limit = limit.min(limits::PAGE_ROWS_ASKED as u32);
    let lately = Timestamp::from_us(now.us().saturating_sub(LATELY.us()));
    Ok(Attention {
        expiring: scope.credentials_expiring(granted_to, now, now.plus(SOON), limit).await?,
        old_versions: scope.old_versions_in_use(granted_to, now, lately, limit).await?,
    })
}

impl Operations {
    /// Verdicts about an application in each of the last hours, oldest first; at most 30 days of them.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn usage_hours_of_application(&self, caller: &Caller, id: ApplicationId, hours: u32) -> Result<Vec<HourCount>, Error> {
        let allowed = self.over_application(caller, Right::View, id).await?;
        let (hours, now) = (kept(hours), self.now());
        Ok(filled(self.store.scope(&allowed)?.usage_hours_of_application(id, since(hours, now)).await?, hours, now))
    }

    /// Verdicts about an organisation in each of the last hours, oldest first; at most 30 days of them. They are of all its applications together,
    /// also of those that the caller may not see.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn usage_hours_of_organisation(&self, caller: &Caller, id: OrganisationId, hours: u32) -> Result<Vec<HourCount>, Error> {
        let allowed = self.over_organisation(caller, Right::See, id).await?;
        hours_of_organisation(&self.store.scope(&allowed)?, hours, self.now()).await
    }

    /// The applications that were used most in the last hours, of those that the caller may see.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn applications_most_used(&self, caller: &Caller, id: OrganisationId, hours: u32, limit: u32) -> Result<Vec<MostUsed>, Error> {
        let allowed = self.over_organisation(caller, Right::See, id).await?;
        let granted_to = match Visible::to(&allowed) {
            Visible::All => None,
            Visible::Of(person) => Some(person),
            Visible::None => return Ok(Vec::new()),
        };
        most_used(&self.store.scope(&allowed)?, granted_to, hours, limit, self.now()).await
    }

    /// What needs somebody's attention in the applications that the caller may see, at most `limit` of each.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn needs_attention(&self, caller: &Caller, id: OrganisationId, limit: u32) -> Result<Attention, Error> {
        let allowed = self.over_organisation(caller, Right::See, id).await?;
        let granted_to = match Visible::to(&allowed) {
            Visible::All => None,
            Visible::Of(person) => Some(person),
            Visible::None => return Ok(Attention::default()),
        };
        attention(&self.store.scope(&allowed)?, granted_to, limit, self.now()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_without_calls_are_there_too() {
        let at = |hour: i64| Timestamp::from_us(hour * HOUR.us());
        let now = at(10).plus(Span::from_s(1_800));
        assert_eq!(since(3, now), at(8));
        let counted = vec![HourCount { hour: at(9), accepted: 5, refused: 1 }];
        let filled = filled(counted, 3, now);
        assert_eq!(filled.iter().map(|c| (c.hour, c.accepted, c.refused)).collect::<Vec<_>>(), [(at(8), 0, 0), (at(9), 5, 1), (at(10), 0, 0)]);
        assert_eq!((kept(0), kept(u32::MAX)), (1, 720));
    }
}
