//! What an operator decides about a customer: verify or hand back, suspend or resume, allow a service or withdraw it.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::organisation::Decision;
use keywright_domain::time::Span;
use serde::Deserialize;

use super::organisation::{About, page};
use crate::extract::{Form, Page as Paging};
use crate::hub::forms::{Pressed, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::Crumb;
use crate::hub::words::{Length, Number};
use crate::problem::Problem;
use crate::routes::{Html, Result};

fn here(visit: &About, done: &str) -> Html {
    Html::see(format!("/provider/organisations/{}?done={done}", visit.id))
}

/// What there is to mend.
#[derive(Deserialize)]
pub(crate) struct Remark {
    #[serde(default)]
    remark: String,
}

/// The provider knows who it is.
pub(crate) async fn verify(visit: About, Form(Pressed {}): Form<Pressed>, paging: Paging) -> Result<Html> {
    match visit.operations().organisation_review(visit.caller(), visit.id, Decision::Verify).await {
        Ok(_) => Ok(here(&visit, "verified")),
        Err(error) => {
            let wrong = mendable(Problem::from(error), &[])?;
            Html::page_as(StatusCode::CONFLICT, &page(&visit, &paging, String::new(), String::new(), wrong).await?)
        }
    }
}

/// It goes back, with a remark.
pub(crate) async fn hand_back(visit: About, Form(sent): Form<Remark>, paging: Paging) -> Result<Html> {
    match visit.operations().organisation_review(visit.caller(), visit.id, Decision::HandBack { remark: sent.remark.clone() }).await {
        Ok(_) => Ok(here(&visit, "handed-back")),
        Err(error) => {
            let wrong = mendable(Problem::from(error), &[("remark", "The remark")])?;
            Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &paging, String::new(), sent.remark, wrong).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "provider/organisation_suspend.html")]
struct Suspend {
    frame: Frame,
    crumbs: Vec<Crumb>,
    title: String,
    action: String,
    back: String,
    name: String,
    /// Live production keys, and in how many applications, of those that were looked at.
    keys: Number,
    applications: usize,
    more: bool,
    calls: Number,
    lease: Length,
}

/// Hours whose calls the page counts.
const HOURS: u32 = 24;

/// How long a silent verifier may go on.
async fn lease(visit: &About) -> Result<Length> {
    let lease_ms = visit.operations().store().installation().await?.lease_ms;
    Ok(Length(Span::from_us(lease_ms.cast_signed().saturating_mul(1_000))))
}

/// What suspending it means.
pub(crate) async fn ask(visit: About) -> Result<Html> {
    let operations = visit.operations();
    operations.operate(visit.caller())?;
    let shown = operations.organisation_show(visit.caller(), visit.id).await?;
    if shown.organisation.suspended {
        return Ok(here(&visit, ""));
    }
    let limit = keywright_domain::limits::PAGE_ROWS_MAX as u32;
    let rows = operations.application_rows(visit.caller(), visit.id, None, limit).await?;
    let hours = operations.usage_hours_of_organisation(visit.caller(), visit.id, HOURS).await?;
    let name = shown.organisation.name;
    Html::page(&Suspend {
        frame: visit.frame("Suspend an organisation", Section::ProviderOrganisations, None),
        crumbs: vec![Crumb::new("/provider/organisations", "Organisations"), Crumb::new(format!("/provider/organisations/{}", visit.id), &name)],
        title: format!("Suspend {name}"),
        action: format!("/provider/organisations/{}/suspend", visit.id),
        back: format!("/provider/organisations/{}", visit.id),
        keys: Number(rows.iter().map(|row| u64::from(row.used.live_keys)).sum()),
        applications: rows.len(),
        more: rows.len() == limit as usize || rows.iter().any(|row| row.used.at_least),
        calls: Number(hours.iter().map(|hour| hour.accepted).sum()),
        lease: lease(&visit).await?,
        name,
    })
}

/// Suspends it. Doing it twice changes nothing.
pub(crate) async fn suspend(visit: About, Form(Pressed {}): Form<Pressed>) -> Result<Html> {
    visit.operations().organisation_suspend(visit.caller(), visit.id, true).await?;
    Ok(here(&visit, "suspended"))
}

#[derive(Template)]
#[template(path = "provider/organisation_resume.html")]
struct Resume {
    frame: Frame,
    crumbs: Vec<Crumb>,
    title: String,
    action: String,
    back: String,
    lease: Length,
}

/// What resuming it means.
pub(crate) async fn ask_resume(visit: About) -> Result<Html> {
    visit.operations().operate(visit.caller())?;
    let shown = visit.operations().organisation_show(visit.caller(), visit.id).await?;
    if !shown.organisation.suspended {
        return Ok(here(&visit, ""));
    }
    let name = shown.organisation.name;
    Html::page(&Resume {
        frame: visit.frame("Resume an organisation", Section::ProviderOrganisations, None),
        crumbs: vec![Crumb::new("/provider/organisations", "Organisations"), Crumb::new(format!("/provider/organisations/{}", visit.id), &name)],
        title: format!("Resume {name}"),
        action: format!("/provider/organisations/{}/resume", visit.id),
        back: format!("/provider/organisations/{}", visit.id),
        lease: lease(&visit).await?,
    })
}

/// Resumes it.
pub(crate) async fn resume(visit: About, Form(Pressed {}): Form<Pressed>) -> Result<Html> {
    visit.operations().organisation_suspend(visit.caller(), visit.id, false).await?;
    Ok(here(&visit, "resumed"))
}

/// Which service.
#[derive(Deserialize)]
pub(crate) struct Service {
    #[serde(default)]
    service: String,
}

/// Allows a service with all its permissions.
pub(crate) async fn allow(visit: About, Form(sent): Form<Service>) -> Result<Html> {
    visit.operations().organisation_service_allow(visit.caller(), visit.id, &sent.service, None).await?;
    Ok(here(&visit, "allowed"))
}

/// Withdraws it: keys that exist keep working, and no further ones are made.
pub(crate) async fn disallow(visit: About, Form(sent): Form<Service>) -> Result<Html> {
    visit.operations().organisation_service_disallow(visit.caller(), visit.id, &sent.service).await?;
    Ok(here(&visit, "withdrawn"))
}
