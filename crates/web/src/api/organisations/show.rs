//! `GET /organisations/{organisation}`

use keywright_domain::organisation::Profile;
use keywright_operations::organisations::OrganisationShown;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::shapes::OrganisationShape;
use crate::extract::InOrganisation;
use crate::extract::rights::See;
use crate::routes::{Done, Result};

/// An organisation with all that is known of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganisationWholeShape {
    #[serde(flatten)]
    organisation: OrganisationShape,
    own_application_id: String,
    profile: ProfileShape,
    /// Services on request that it has.
    services: Vec<AllowanceShape>,
}

/// What it says of itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileShape {
    legal_name: Option<String>,
    address: Option<String>,
    country: Option<String>,
    tax_id: Option<String>,
    billing_mail: Option<String>,
    website: Option<String>,
    purpose: Option<String>,
    /// When it was handed in for review.
    handed_in_at: Option<String>,
    /// What the operator wrote when handing it back.
    remark: Option<String>,
}

impl From<&Profile> for ProfileShape {
    fn from(p: &Profile) -> Self {
        Self {
            legal_name: p.legal_name.clone(),
            address: p.address.clone(),
            country: p.country.clone(),
            tax_id: p.tax_id.clone(),
            billing_mail: p.billing_mail.clone(),
            website: p.website.clone(),
            purpose: p.purpose.clone(),
            handed_in_at: p.handed_in_at.map(|at| at.to_string()),
            remark: p.remark.clone(),
        }
    }
}

/// A service that was enabled.
#[derive(Serialize, ToSchema)]
pub(crate) struct AllowanceShape {
    service: String,
    /// Null: all of the service's.
    permissions: Option<Vec<String>>,
}

impl From<&OrganisationShown> for OrganisationWholeShape {
    fn from(shown: &OrganisationShown) -> Self {
        let allowance = |a: &keywright_domain::catalogue::Allowance| AllowanceShape {
            service: a.service.clone(),
            permissions: a.permissions.as_ref().map(|p| p.names().to_vec()),
        };
        Self {
            organisation: (&shown.organisation).into(),
            own_application_id: shown.own_application.to_string(),
            profile: (&shown.profile).into(),
            services: shown.services.iter().map(allowance).collect(),
        }
    }
}

/// One organisation.
pub(crate) async fn show(org: InOrganisation<See>) -> Result<Done<OrganisationWholeShape>> {
    let shown = org.operations().organisation_show(org.caller(), org.id).await?;
    Ok(Done((&shown).into()))
}
