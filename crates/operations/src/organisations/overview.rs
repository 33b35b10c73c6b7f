//! An organisation at a glance: first steps, use, and what needs somebody. One right, and one query for each part.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::catalogue::Requirement;
use keywright_domain::ids::OrganisationId;
use keywright_store::first_steps::Newest;
use keywright_store::organisations::Organisation;

use crate::applications::Visible;
use crate::usage_read::{self, Attention, HourCount, MostUsed};
use crate::{Error, Operations};

/// Rows of each list.
const ROWS: u32 = 5;

/// What the overview shows.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The organisation.
    pub organisation: Organisation,
    /// The newest application that the caller may see, beside the organisation's own.
    pub newest: Option<Newest>,
    /// Whether that one has a service whose applications have scenarios.
    pub has_scenarios: bool,
    /// Whether that one has a service that asks for a verified organisation before production works.
    pub asks_for_review: bool,
    /// Verdicts of each of the last hours, oldest first, of all applications together.
    pub hours: Vec<HourCount>,
    /// The applications that were used most, of those that the caller may see.
    pub most_used: Vec<MostUsed>,
    /// What needs somebody's attention, in the applications that the caller may see.
    pub attention: Attention,
}

impl Operations {
    /// An organisation at a glance, with its use in the last `hours` hours.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn organisation_overview(&self, caller: &Caller, id: OrganisationId, hours: u32) -> Result<Overview, Error> {
        let allowed = self.over_organisation(caller, Right::See, id).await?;
        let scope = self.store.scope(&allowed)?;
        let organisation = scope.organisation_row().await?.ok_or_else(|| Error::not_found("organisation", id))?;
        let now = self.now();
        let (newest, most_used, attention) = match Visible::to(&allowed) {
            Visible::None => (None, Vec::new(), Attention::default()),
            seen @ (Visible::All | Visible::Of(_)) => {
                let granted_to = if let Visible::Of(person) = seen { Some(person) } else { None };
                (
                    scope.newest_application(granted_to).await?,
                    usage_read::most_used(&scope, granted_to, hours, ROWS, now).await?,
                    usage_read::attention(&scope, granted_to, ROWS, now).await?,
                )
            }
        };
        let hours = usage_read::hours_of_organisation(&scope, hours, now).await?;
        let (mut has_scenarios, mut asks_for_review) = (false, false);
        // Whoever has an active application is beyond its first steps.
        if let Some(newest) = newest.as_ref().filter(|newest| !newest.any_active) {
            let (catalogue, _) = self.catalogue().await?;
            let mut services = catalogue.services.iter().filter(|service| newest.services.contains(&service.slug));
            has_scenarios = services.clone().any(|service| !service.attributes.is_empty());
            asks_for_review = services.any(|service| service.production_requires.contains(&Requirement::VerifiedOrganisation));
        }
        Ok(Overview { organisation, newest, has_scenarios, asks_for_review, hours, most_used, attention })
    }
}
