//! `POST /organisations/{organisation}/applications`

use keywright_operations::applications::NewApplication;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::shapes::ApplicationShape;
use crate::extract::rights::CreateApplications;
use crate::extract::{Body, InOrganisation};
use crate::routes::{Created, Result};

/// What an application is made from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApplicationForm {
    /// What users see.
    name: String,
    /// Slugs of its services, at least one.
    services: Vec<String>,
    /// The host under which its users meet it.
    domain: Option<String>,
    /// What the organisation calls it among itself.
    internal_name: Option<String>,
    /// What it is.
    description: Option<String>,
    /// Where its privacy policy is.
    privacy_url: Option<String>,
}

/// It is `inactive`, and its sandbox credentials work at once.
pub(crate) async fn create(org: InOrganisation<CreateApplications>, Body(form): Body<NewApplicationForm>) -> Result<Created<ApplicationShape>> {
    let NewApplicationForm { name, services, domain, internal_name, description, privacy_url } = form;
    let new = NewApplication { name, services, domain, internal_name, description, privacy_url };
    let made = org.operations().application_create(org.caller(), org.id, new).await.map_err(|error| error.renamed("service", "services"))?;
    Ok(Created::at(format!("/api/v1/applications/{}", made.id), ApplicationShape::from(&made)))
}
