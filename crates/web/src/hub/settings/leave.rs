//! `/organisations/{organisation}/leave`

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;

use crate::extract::rights::See;
use crate::extract::{Form, InOrganisation, OnPage};
use crate::hub::forms::{Pressed, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "settings/leave.html")]
struct Page {
    frame: Frame,
    title: String,
    action: String,
    back: String,
    wrong: Vec<Wrong>,
}

type Visit = OnPage<InOrganisation<See>>;

fn page(visit: &Visit, name: &str, wrong: Vec<Wrong>) -> Page {
    Page {
        frame: visit.frame("Leave the organisation", Section::General, Some(visit.id)),
        title: format!("Leave {name}"),
        action: format!("/organisations/{}/leave", visit.id),
        back: format!("/organisations/{}/settings/general", visit.id),
        wrong,
    }
}

/// What it means. Somebody who is no member, as an operator, has nothing to leave.
pub(crate) async fn ask(visit: Visit) -> Result<Html> {
    let Some(own) = visit.visit().member_of(visit.id) else {
        visit.operations().over_organisation(visit.caller(), Right::See, visit.id).await?;
        return Ok(Html::see(format!("/organisations/{}/settings/general", visit.id)));
    };
    Html::page(&page(&visit, &own.name, Vec::new()))
}

/// Leaves. The last admin stays.
pub(crate) async fn leave(visit: Visit, Form(Pressed {}): Form<Pressed>) -> Result<Html> {
    let own = visit.visit().member_of(visit.id).ok_or_else(Problem::not_found)?;
    match visit.operations().member_remove(visit.caller(), own.member).await {
        Ok(_) => Ok(Html::see("/")),
        Err(error) => Html::page_as(StatusCode::CONFLICT, &page(&visit, &own.name, mendable(Problem::from(error), &[])?)),
    }
}
