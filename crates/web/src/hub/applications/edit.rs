//! `/applications/{application}/edit`: details, logo and further services.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_operations::applications::{ApplicationChanges, ApplicationShown};
use keywright_operations::credentials::Set;

use super::around::{self, keys_page};
use super::chooser::{ServiceChoice, services};
use super::details_form::{DetailsForm, LABELS, TypedDetails, too_large};
use super::{Around, Place, framed};
use crate::extract::rights::Edit;
use crate::extract::{InApplication, OnPage, Upload};
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::Frame;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "applications/edit.html")]
struct Page {
    frame: Frame,
    top: Around,
    wrong: Vec<Wrong>,
    form: DetailsForm,
    has_logo: bool,
    remove_logo: Field,
    services: Vec<ServiceChoice>,
}

type Visit = OnPage<InApplication<Edit>>;

async fn page(visit: &Visit, shown: &ApplicationShown, typed: &TypedDetails, wrong: Vec<Wrong>) -> Result<Page> {
    let application = &shown.application;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let offered = visit.operations().services_offered(visit.caller(), application.organisation).await?;
    let mut services = services(&catalogue, &offered);
    services.retain(|service| !application.services.contains(&service.slug));
    for service in &mut services {
        service.chosen = typed.services.contains(&service.slug);
    }
    let frame = framed(visit, format!("Edit {}", application.name), around::section(application), application.organisation).await?;
    Ok(Page {
        top: Around::new(shown, &frame, &catalogue, Place::Edit, around::logo(visit, application)),
        form: typed.form(&wrong),
        has_logo: application.logo.is_some(),
        remove_logo: Field::new("remove_logo", typed.remove_logo.as_str()),
        services,
        wrong,
        frame,
    })
}

async fn shown(visit: &Visit) -> Result<ApplicationShown> {
    visit.operations().over_application(visit.caller(), Right::Edit, visit.id).await?;
    Ok(visit.operations().application_show(visit.caller(), visit.id).await?)
}

/// The form with what is there now.
pub(crate) async fn show(visit: Visit) -> Result<Html> {
    let shown = shown(&visit).await?;
    if shown.application.own {
        return Ok(Html::see(keys_page(&shown.application)));
    }
    Html::page(&page(&visit, &shown, &TypedDetails::of(&shown.application), Vec::new()).await?)
}

/// Changes the application.
pub(crate) async fn save(visit: Visit, upload: Upload<TypedDetails>) -> Result<Html> {
    let shown = shown(&visit).await?;
    let (operations, typed) = (visit.operations(), &upload.fields);
    let logo = upload.file("logo");
    let mut wrong: Vec<Wrong> = logo.and_then(|logo| too_large(logo)).into_iter().collect();
    let mut read = None;
    if let (true, Some(logo)) = (wrong.is_empty(), logo) {
        match operations.logo_for(visit.caller(), visit.id, logo.to_vec()).await {
            Ok(logo) => read = Some(logo),
            Err(error) => wrong = mendable(Problem::from(error), &LABELS)?,
        }
    }
    if wrong.is_empty() {
        let set = |text: &str| if text.trim().is_empty() { Set::Clear } else { Set::To(text.to_owned()) };
        let changes = ApplicationChanges {
            name: (!shown.application.own).then(|| typed.name.clone()),
            internal_name: set(&typed.internal_name),
            description: set(&typed.description),
            domain: set(&typed.domain),
            privacy_url: set(&typed.privacy_url),
            add_services: typed.services.clone(),
        };
        match operations.application_change(visit.caller(), visit.id, changes).await {
            Ok(_) => {
                if let Some(logo) = read {
                    operations.logo_set(visit.caller(), visit.id, logo).await?;
                } else if typed.remove_logo == "yes" {
                    operations.logo_remove(visit.caller(), visit.id).await?;
                }
                return Ok(Html::see(format!("/applications/{}", visit.id)));
            }
            Err(error) => wrong = mendable(Problem::from(error), &LABELS)?,
        }
    }
    Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &shown, typed, wrong).await?)
}
