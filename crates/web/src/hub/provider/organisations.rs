//! `/provider/organisations`: the customers.

use askama::Template;
use keywright_domain::ids::OrganisationId;
use keywright_domain::organisation::Review;
use keywright_domain::time::Timestamp;
use keywright_operations::organisations::Search;
use keywright_store::organisations::Organisation;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::{AsOperator, OnPage, Page as Paging, Query};
use crate::hub::forms::{Choice, Field};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Badge, Pager};
use crate::hub::words::When;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "provider/organisations.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    pager: Pager,
    filtered: bool,
    text: Field,
    state: Field,
    states: Vec<Choice>,
}

struct Row {
    id: String,
    name: String,
    review: Badge,
    suspended: bool,
    created: When,
}

impl Row {
    fn of(organisation: &Organisation, now: Timestamp) -> Self {
        Self {
            id: organisation.id.to_string(),
            name: organisation.name.clone(),
            review: organisation.review.into(),
            suspended: organisation.suspended,
            created: When::new(organisation.created_at, now),
        }
    }
}

/// What is looked for.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct Wanted {
    /// A part of the name, or an id.
    #[serde(default)]
    text: String,
    /// A state of the review, or `suspended`.
    #[serde(default)]
    state: String,
}

/// Newest first.
pub(crate) async fn list(visit: OnPage<AsOperator>, Query(wanted): Query<Wanted>, paging: Paging) -> Result<Html> {
    let operations = visit.operations();
    let search = Search {
        text: wanted.text.trim().to_owned(),
        review: wanted.state.parse::<Review>().ok(),
        suspended: (wanted.state == "suspended").then_some(true),
        before: paging.before::<OrganisationId>()?,
        limit: paging.ask(),
    };
    let mut found = operations.organisation_search(visit.caller(), search).await?;
    let pager = paging.pager(&mut found, |organisation| organisation.id);
    let now = operations.now();
    Html::page(&Page {
        frame: visit.frame("Organisations", Section::ProviderOrganisations, None),
        rows: found.iter().map(|organisation| Row::of(organisation, now)).collect(),
        pager,
        filtered: !wanted.text.is_empty() || !wanted.state.is_empty(),
        text: Field::new("text", wanted.text),
        state: Field::new("state", wanted.state),
        states: vec![
            Choice::new("", "All"),
            Choice::new("in_review", "In review"),
            Choice::new("draft", "Draft"),
            Choice::new("verified", "Verified"),
            Choice::new("suspended", "Suspended"),
        ],
    })
}
