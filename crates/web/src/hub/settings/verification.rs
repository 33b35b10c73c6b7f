//! `/organisations/{organisation}/settings/verification`: what the provider asks before it knows who this is, and where that stands.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::grants::OrganisationGrant;
use keywright_domain::organisation::Review;
use keywright_operations::organisations::{OrganisationShown, ProfileChanges};
use serde::Deserialize;
use utoipa::ToSchema;

use super::billing::set;
use crate::extract::rights::{EditSettings, See};
use crate::extract::{Form, InOrganisation, OnPage, Query};
use crate::hub::forms::{Field, Pressed, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::Badge;
use crate::hub::words::When;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "settings/verification.html")]
struct Page {
    frame: Frame,
    id: String,
    may: bool,
    done: String,
    review: Badge,
    state: Review,
    handed_in: Option<When>,
    remark: Option<String>,
    items: Vec<Item>,
    complete: bool,
    wrong: Vec<Wrong>,
    website: Field,
    purpose: Field,
}

/// Something that is asked for.
struct Item {
    field: &'static str,
    done: bool,
}

/// What has just been done, as the address says it.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct From {
    #[serde(default)]
    done: String,
}

/// Fields that a review asks for, in the order of the page.
const ASKED: [&str; 5] = ["legal_name", "address", "country", "website", "purpose"];

fn page<C>(visit: &OnPage<C>, shown: &OrganisationShown, wrong: Vec<Wrong>, now: keywright_domain::time::Timestamp) -> Page {
    let (organisation, profile) = (&shown.organisation, &shown.profile);
    let missing = profile.missing_for_review();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Page {
        frame: visit.frame("Verification", Section::Verification, Some(organisation.id)),
        id: organisation.id.to_string(),
        may: visit.visit().member_of(organisation.id).is_some_and(|own| own.grants.holds(OrganisationGrant::EditSettings)),
        done: String::new(),
        review: organisation.review.into(),
        state: organisation.review,
        handed_in: When::maybe(profile.handed_in_at, now),
        remark: profile.remark.clone(),
        items: ASKED.iter().map(|field| Item { field, done: !missing.contains(field) }).collect(),
        complete: missing.is_empty(),
        website: Field::new("website", text(&profile.website)).checked(&wrong),
        purpose: Field::new("purpose", text(&profile.purpose)).checked(&wrong),
        wrong,
    }
}

/// Where it stands.
pub(crate) async fn show(visit: OnPage<InOrganisation<See>>, Query(from): Query<From>) -> Result<Html> {
    let shown = visit.operations().organisation_show(visit.caller(), visit.id).await?;
    Html::page(&Page { done: from.done, ..page(&visit, &shown, Vec::new(), visit.operations().now()) })
}

/// What was typed.
#[derive(Deserialize)]
pub(crate) struct About {
    #[serde(default)]
    website: String,
    #[serde(default)]
    purpose: String,
}

type Change = OnPage<InOrganisation<EditSettings>>;

/// Keeps website and purpose.
pub(crate) async fn save(visit: Change, Form(sent): Form<About>) -> Result<Html> {
    let operations = visit.operations();
    let changes = ProfileChanges { website: set(&sent.website), purpose: set(&sent.purpose), ..ProfileChanges::default() };
    match operations.organisation_profile_change(visit.caller(), visit.id, changes).await {
        Ok(_) => Ok(Html::see(format!("/organisations/{}/settings/verification?done=saved", visit.id))),
        Err(error) => {
            let wrong = mendable(Problem::from(error), &[("website", "Website"), ("purpose", "This text")])?;
            let shown = operations.organisation_show(visit.caller(), visit.id).await?;
            let (website, purpose) = (Field::new("website", sent.website).checked(&wrong), Field::new("purpose", sent.purpose).checked(&wrong));
            Html::page_as(StatusCode::BAD_REQUEST, &Page { website, purpose, ..page(&visit, &shown, wrong, operations.now()) })
        }
    }
}

/// Hands it in.
pub(crate) async fn hand_in(visit: Change, Form(Pressed {}): Form<Pressed>) -> Result<Html> {
    let operations = visit.operations();
    match operations.organisation_hand_in(visit.caller(), visit.id).await {
        Ok(_) => Ok(Html::see(format!("/organisations/{}/settings/verification?done=handed-in", visit.id))),
        Err(error) => {
            let wrong = mendable(Problem::from(error), &[])?;
            let shown = operations.organisation_show(visit.caller(), visit.id).await?;
            Html::page_as(StatusCode::CONFLICT, &page(&visit, &shown, wrong, operations.now()))
        }
    }
}
