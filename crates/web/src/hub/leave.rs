//! `/organisations/{organisation}/leave`: a member leaves, after reading what that means.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::ids::MemberId;

use crate::extract::rights::See;
use crate::extract::{Form, InOrganisation, NoFields, OnPage};
use crate::hub::forms::{Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "leave.html")]
struct Page {
    frame: Frame,
    action: String,
    wrong: Vec<Wrong>,
}

/// The person's place in it; operators who are no members have none to leave.
fn place(visit: &OnPage<InOrganisation<See>>) -> Result<(MemberId, String)> {
    let membership = visit.visit().member_of(visit.id).ok_or_else(Problem::not_found)?;
    Ok((membership.member, membership.name.clone()))
}

fn page(visit: &OnPage<InOrganisation<See>>, name: &str, wrong: Vec<Wrong>) -> Page {
    let frame = visit.frame(format!("Leave {name}"), Section::Person, Some(visit.id));
    Page { frame, action: format!("/organisations/{}/leave", visit.id), wrong }
}

/// What leaving means.
pub(crate) async fn ask(visit: OnPage<InOrganisation<See>>) -> Result<Html> {
    let (_, name) = place(&visit)?;
    Html::page(&page(&visit, &name, Vec::new()))
}

/// Leaves.
pub(crate) async fn leave(visit: OnPage<InOrganisation<See>>, Form(NoFields {}): Form<NoFields>) -> Result<Html> {
    let (member, name) = place(&visit)?;
    match visit.operations().member_remove(visit.caller(), member).await {
        Ok(_) => Ok(Html::see("/")),
        Err(error) => {
            let wrong = mendable(error.into(), &[])?;
            Html::page_as(StatusCode::CONFLICT, &page(&visit, &name, wrong))
        }
    }
}
