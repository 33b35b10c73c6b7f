//! `/organisations/new`: one field, then the overview.

use askama::Template;
use hyper::StatusCode;
use serde::Deserialize;

use crate::extract::{Form, OnPage, SignedIn};
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::idempotency;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "new_organisation.html")]
struct Page {
    frame: Frame,
    once: String,
    name: Field,
    wrong: Vec<Wrong>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    name: String,
}

fn page(visit: &OnPage<SignedIn>, name: String, wrong: Vec<Wrong>) -> Page {
    let frame = visit.frame("Register an organisation", Section::NewOrganisation, None);
    Page { frame, once: idempotency::new_key(), name: Field::new("name", name).checked(&wrong), wrong }
}

/// Asks for the name.
pub(crate) async fn show(visit: OnPage<SignedIn>) -> Result<Html> {
    Html::page(&page(&visit, String::new(), Vec::new()))
}

/// Makes it, with the person as its admin.
pub(crate) async fn register(visit: OnPage<SignedIn>, Form(sent): Form<Sent>) -> Result<Html> {
    match visit.operations().organisation_register(visit.caller(), &sent.name).await {
        Ok(made) => Ok(Html::see(format!("/organisations/{}", made.id))),
        Err(error) => {
            let wrong = mendable(error.into(), &[("name", "The name")])?;
            Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, sent.name, wrong))
        }
    }
}
