//! `/organisations/{organisation}/settings/general`

use askama::Template;
use hyper::StatusCode;
use keywright_operations::organisations::OrganisationShown;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::rights::{EditSettings, See};
use crate::extract::{Form, InOrganisation, OnPage, Query};
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::Badge;
use crate::hub::words::When;
use crate::problem::Problem;
use crate::routes::{Html, Result};
use keywright_domain::grants::OrganisationGrant;

#[derive(Template)]
#[template(path = "settings/general.html")]
struct Page {
    frame: Frame,
    id: String,
    name: Field,
    wrong: Vec<Wrong>,
    may: bool,
    /// Whether whoever looks is a member: an operator may look and cannot leave.
    member: bool,
    saved: bool,
    review: Badge,
    suspended: bool,
    created: When,
    own_application: String,
}

/// What has just been done, as the address says it.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct Done {
    #[serde(default)]
    saved: bool,
}

fn page<C>(visit: &OnPage<C>, shown: &OrganisationShown, now: keywright_domain::time::Timestamp) -> Page {
    let (organisation, held) = (&shown.organisation, shown.held);
    Page {
        frame: visit.frame("General", Section::General, Some(organisation.id)),
        id: organisation.id.to_string(),
        name: Field::new("name", organisation.name.clone()),
        wrong: Vec::new(),
        may: held.is_some_and(|held| held.organisation.holds(OrganisationGrant::EditSettings)),
        member: visit.visit().member_of(organisation.id).is_some(),
        saved: false,
        review: organisation.review.into(),
        suspended: organisation.suspended,
        created: When::new(organisation.created_at, now),
        own_application: shown.own_application.to_string(),
    }
}

/// Name and facts.
pub(crate) async fn show(visit: OnPage<InOrganisation<See>>, Query(done): Query<Done>) -> Result<Html> {
    let shown = visit.operations().organisation_show(visit.caller(), visit.id).await?;
    Html::page(&Page { saved: done.saved, ..page(&visit, &shown, visit.operations().now()) })
}

/// The new name.
#[derive(Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    name: String,
}

/// Changes the name.
pub(crate) async fn save(visit: OnPage<InOrganisation<EditSettings>>, Form(sent): Form<Named>) -> Result<Html> {
    let operations = visit.operations();
    match operations.organisation_rename(visit.caller(), visit.id, &sent.name).await {
        Ok(_) => Ok(Html::see(format!("/organisations/{}/settings/general?saved=1", visit.id))),
        Err(error) => {
            let wrong = mendable(Problem::from(error), &[("name", "Name")])?;
            let shown = operations.organisation_show(visit.caller(), visit.id).await?;
            let name = Field::new("name", sent.name).checked(&wrong);
            Html::page_as(StatusCode::BAD_REQUEST, &Page { name, wrong, ..page(&visit, &shown, operations.now()) })
        }
    }
}
