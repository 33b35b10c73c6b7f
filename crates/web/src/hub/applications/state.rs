//! `/applications/{application}/activate` and `/deactivate`.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_operations::applications::ApplicationOverview;

use super::around::section;
use super::details::{Item, checklist};
use super::framed;
use crate::extract::form::NoFields;
use crate::extract::rights::Admin;
use crate::extract::{Form, InApplication, OnPage};
use crate::hub::frame::Frame;
use crate::hub::parts::Crumb;
use crate::hub::words::When;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "applications/activate.html")]
struct Activate {
    frame: Frame,
    crumbs: Vec<Crumb>,
    action: String,
    back: String,
    items: Vec<Item>,
    done: usize,
    keys: u32,
}

#[derive(Template)]
#[template(path = "applications/deactivate.html")]
struct Deactivate {
    frame: Frame,
    crumbs: Vec<Crumb>,
    action: String,
    back: String,
    keys: u32,
    keys_at_least: bool,
    last_call: Option<When>,
}

type Visit = OnPage<InApplication<Admin>>;

async fn overview(visit: &Visit) -> Result<ApplicationOverview> {
    Ok(visit.operations().application_overview(visit.caller(), Right::Admin, visit.id).await?)
}

async fn frame(visit: &Visit, overview: &ApplicationOverview, verb: &str) -> Result<(Frame, Vec<Crumb>, String)> {
    let application = &overview.shown.application;
    let back = format!("/applications/{}", application.id);
    let frame = framed(visit, format!("{verb} {}", application.name), section(application), application.organisation).await?;
    let crumbs = vec![
        Crumb::new(format!("/organisations/{}/applications", application.organisation), "Applications"),
        Crumb::new(back.as_str(), application.name.as_str()),
    ];
    Ok((frame, crumbs, back))
}

async fn activate_page(visit: &Visit) -> Result<Activate> {
    let overview = overview(visit).await?;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let (frame, crumbs, back) = frame(visit, &overview, "Activate").await?;
    let (items, done) = checklist(&overview.items, &overview.shown.application, &catalogue);
    Ok(Activate { frame, crumbs, action: format!("{back}/activate"), back, items, done, keys: overview.used.live_keys })
}

/// What is missing, or what activating does.
pub(crate) async fn ask_activate(visit: Visit) -> Result<Html> {
    Html::page(&activate_page(&visit).await?)
}

/// Activates it.
pub(crate) async fn activate(visit: Visit, _: Form<NoFields>) -> Result<Html> {
    match visit.operations().application_activate(visit.caller(), visit.id).await {
        Ok(_) => Ok(Html::see(format!("/applications/{}", visit.id))),
        Err(error) => {
            let problem = Problem::from(error);
            let page = activate_page(&visit).await?;
            // Something went missing since the page was loaded: the page says what.
            if page.done < page.items.len() { Html::page_as(StatusCode::CONFLICT, &page) } else { Err(problem) }
        }
    }
}

/// What deactivating does.
pub(crate) async fn ask_deactivate(visit: Visit) -> Result<Html> {
    let overview = overview(&visit).await?;
    let (frame, crumbs, back) = frame(&visit, &overview, "Deactivate").await?;
    let now = visit.operations().now();
    Html::page(&Deactivate {
        frame,
        crumbs,
        action: format!("{back}/deactivate"),
        back,
        keys: overview.used.live_keys,
        keys_at_least: overview.used.at_least,
        last_call: When::maybe(overview.used.last_call.map(|at| at.min(now)), now),
    })
}

/// Deactivates it.
pub(crate) async fn deactivate(visit: Visit, _: Form<NoFields>) -> Result<Html> {
    visit.operations().application_deactivate(visit.caller(), visit.id).await?;
    Ok(Html::see(format!("/applications/{}", visit.id)))
}
