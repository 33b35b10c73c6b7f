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
    /// Id of its own application, for account-level services.
    own_application_id: String,
    /// What it says of itself, and what came of it.
    profile: ProfileShape,
    /// Services on request that it has.
    services: Vec<AllowanceShape>,
}

/// What it says of itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileShape {
    /// As in the register of companies; null: not given.
    legal_name: Option<String>,
    /// Street, town and post code, in lines; null: not given.
    address: Option<String>,
    /// Two letters (ISO 3166), such as `DE`; null: not given.
    country: Option<String>,
    /// As its country writes it; null: not given.
    tax_id: Option<String>,
    /// Mail address that bills go to; null: not given.
    billing_mail: Option<String>,
    /// Its website, as a URL; null: not given.
    website: Option<String>,
    /// What it wants to do with the services; null: not given.
    purpose: Option<String>,
    /// When it was handed in for review.
    #[schema(format = DateTime)]
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
    /// Slug of the service.
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
