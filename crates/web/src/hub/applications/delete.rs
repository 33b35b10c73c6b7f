//! `/applications/{application}/delete`: for good, after its name was written.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::application::State;
use keywright_domain::caller::Right;
use serde::Deserialize;

use super::around::section;
use super::framed;
use crate::extract::rights::Admin;
use crate::extract::{Form, InApplication, OnPage};
use crate::hub::forms::{Field, Wrong};
use crate::hub::frame::Frame;
use crate::hub::parts::Crumb;
use crate::hub::words::When;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "applications/delete.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    action: String,
    back: String,
    name: String,
    active: bool,
    keys: u32,
    keys_at_least: bool,
    last_call: Option<When>,
    wrong: Vec<Wrong>,
    confirm: Field,
}

/// What was written.
#[derive(Deserialize)]
pub(crate) struct Written {
    #[serde(default)]
    confirm: String,
}

type Visit = OnPage<InApplication<Admin>>;

async fn page(visit: &Visit, written: &str, wrong: Vec<Wrong>) -> Result<Page> {
    let overview = visit.operations().application_overview(visit.caller(), Right::Admin, visit.id).await?;
    let application = &overview.shown.application;
    let now = visit.operations().now();
    let back = format!("/applications/{}", application.id);
    Ok(Page {
        frame: framed(visit, format!("Delete {}", application.name), section(application), application.organisation).await?,
        crumbs: vec![
            Crumb::new(format!("/organisations/{}/applications", application.organisation), "Applications"),
            Crumb::new(back.as_str(), application.name.as_str()),
        ],
        action: format!("{back}/delete"),
        back,
        name: application.name.clone(),
        active: application.state == State::Active,
        keys: overview.used.live_keys,
        keys_at_least: overview.used.at_least,
        last_call: When::maybe(overview.used.last_call.map(|at| at.min(now)), now),
        confirm: Field::new("confirm", written).checked(&wrong),
        wrong,
    })
}

/// What is lost.
pub(crate) async fn ask(visit: Visit) -> Result<Html> {
    Html::page(&page(&visit, "", Vec::new()).await?)
}

/// Deletes it.
pub(crate) async fn delete(visit: Visit, Form(written): Form<Written>) -> Result<Html> {
    let overview = visit.operations().application_overview(visit.caller(), Right::Admin, visit.id).await?;
    match visit.operations().application_delete(visit.caller(), visit.id, written.confirm.trim()).await {
        Ok(_) => Ok(Html::see(format!("/organisations/{}/applications", overview.shown.application.organisation))),
        Err(error) => {
            let problem = Problem::from(error);
            if problem.code() != "confirm_name" {
                return Err(problem);
            }
            let wrong = vec![Wrong::new("confirm", "Name of the application is another: write it exactly as it stands above, with capitals and spaces.")];
            Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &written.confirm, wrong).await?)
        }
    }
}
