//! `/organisations/{organisation}/applications/new`: the service, then the details; the first key comes after.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_domain::catalogue::{Form as CatalogueForm, Service};
use keywright_operations::applications::NewApplication;
use serde::Deserialize;
use utoipa::ToSchema;

use super::chooser::{ServiceChoice, services};
use super::details_form::{DetailsForm, LABELS, TypedDetails, too_large};
use super::framed;
use crate::extract::rights::CreateApplications;
use crate::extract::{InOrganisation, OnPage, Query, Upload};
use crate::hub::forms::{Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::Crumb;
use crate::idempotency::new_key;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "applications/chooser.html")]
struct Chooser {
    frame: Frame,
    crumbs: Vec<Crumb>,
    here: String,
    back: String,
    services: Vec<ServiceChoice>,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "applications/create.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    here: String,
    once: String,
    slug: String,
    service: String,
    full: bool,
    wrong: Vec<Wrong>,
    form: DetailsForm,
}

/// How far the person is.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Wanted {
    service: Option<String>,
    step: Option<String>,
}

type Visit = OnPage<InOrganisation<CreateApplications>>;

fn here(visit: &Visit) -> String {
    format!("/organisations/{}/applications/new", visit.id)
}

fn crumbs(visit: &Visit) -> Vec<Crumb> {
    vec![Crumb::new(format!("/organisations/{}/applications", visit.id), "Applications")]
}

/// The service, or with one chosen the details.
pub(crate) async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> Result<Html> {
    let operations = visit.operations();
    operations.over_organisation(visit.caller(), Right::CreateApplications, visit.id).await?;
    let (catalogue, _) = operations.catalogue().await?;
    let offered = operations.services_offered(visit.caller(), visit.id).await?;
    let has = |service: &&Service| offered.iter().any(|o| o.service == service.slug && o.permissions.is_some());
    if let Some(service) = wanted.service.as_deref().and_then(|slug| catalogue.service(slug)).filter(has) {
        return Html::page(&page(&visit, service, &TypedDetails::default(), Vec::new()).await?);
    }
    let mut services = services(&catalogue, &offered);
    if let Some(first) = services.first_mut() {
        first.chosen = first.available;
    }
    Html::page(&Chooser {
        frame: framed(&visit, "Create application", Section::Applications, visit.id).await?,
        crumbs: crumbs(&visit),
        here: here(&visit),
        back: format!("/organisations/{}/applications", visit.id),
        services,
        error: wanted.step.is_some().then_some("Service is not chosen: choose one of those that you have."),
    })
}

async fn page(visit: &Visit, service: &Service, typed: &TypedDetails, wrong: Vec<Wrong>) -> Result<Page> {
    Ok(Page {
        frame: framed(visit, "Create application", Section::Applications, visit.id).await?,
        crumbs: crumbs(visit),
        here: here(visit),
        once: new_key(),
        slug: service.slug.clone(),
        service: service.name.clone(),
        full: service.form == CatalogueForm::Full,
        form: typed.form(&wrong),
        wrong,
    })
}

/// Makes the application, and goes on to its first key.
pub(crate) async fn create(visit: Visit, upload: Upload<TypedDetails>) -> Result<Html> {
    let operations = visit.operations();
    let (catalogue, _) = operations.catalogue().await?;
    let typed = &upload.fields;
    let Some(service) = catalogue.service(&typed.service) else { return Ok(Html::see(here(&visit))) };
    let logo = upload.file("logo");
    let mut wrong: Vec<Wrong> = logo.and_then(|logo| too_large(logo)).into_iter().collect();
    let mut read = None;
    if let (true, Some(logo)) = (wrong.is_empty(), logo) {
        match operations.logo_for_new(visit.caller(), visit.id, logo.to_vec()).await {
            Ok(logo) => read = Some(logo),
            Err(error) => wrong = mendable(Problem::from(error), &LABELS)?,
        }
    }
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
    let new = NewApplication {
        name: typed.name.clone(),
        services: vec![service.slug.clone()],
        domain: some(&typed.domain),
        internal_name: some(&typed.internal_name),
        description: some(&typed.description),
        privacy_url: some(&typed.privacy_url),
    };
    if wrong.is_empty() {
        match operations.application_create(visit.caller(), visit.id, new).await {
            Ok(application) => {
                if let Some(logo) = read {
                    // The call's mark against repeats went with the application, so the logo is set by itself.
                    visit.hub().operations.logo_set(visit.caller(), application.id, logo).await?;
                }
                let first_key = super::around::services(&application, &catalogue).next().is_some();
                let next = if first_key {
                    format!("/applications/{}/keys/new?environment=sandbox&first=yes", application.id)
                } else {
                    format!("/applications/{}", application.id)
                };
                return Ok(Html::see(next));
            }
            Err(error) => wrong = mendable(Problem::from(error), &LABELS)?,
        }
    } else if let Err(error) = operations.application_check(visit.caller(), visit.id, &new).await {
        wrong.extend(mendable(Problem::from(error), &LABELS)?);
    }
    Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, service, typed, wrong).await?)
}
