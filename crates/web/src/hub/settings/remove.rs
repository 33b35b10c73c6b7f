//! `/members/{member}/remove`: what removing a member means, and doing it.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::ids::MemberId;

use super::members::{Key, Row};
use crate::extract::rights::ManageMembers;
use crate::extract::{Form, Of, OnPage};
use crate::hub::forms::{Pressed, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::Crumb;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "settings/member_remove.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    title: String,
    action: String,
    back: String,
    row: Row,
    keys: Vec<Key>,
    wrong: Vec<Wrong>,
}

type Visit = OnPage<Of<MemberId, ManageMembers>>;

async fn page(visit: &Visit, wrong: Vec<Wrong>) -> Result<Page> {
    let operations = visit.operations();
    let member = operations.member_show(visit.caller(), visit.id).await?;
    let now = operations.now();
    let seen = operations.credentials_possibly_seen(visit.caller(), member.organisation, member.person).await?;
    let row = Row::of(&member, visit.visit().session.person.id, now);
    Ok(Page {
        frame: visit.frame("Remove a member", Section::Members, Some(member.organisation)),
        crumbs: vec![
            Crumb::new(format!("/organisations/{}/settings/members", member.organisation), "Members"),
            Crumb::new(format!("/members/{}", member.id), row.shown()),
        ],
        title: format!("Remove {}", row.shown()),
        action: format!("/members/{}/remove", member.id),
        back: format!("/members/{}", member.id),
        row,
        keys: Key::all(&seen, now),
        wrong,
    })
}

/// What it means.
pub(crate) async fn ask(visit: Visit) -> Result<Html> {
    Html::page(&page(&visit, Vec::new()).await?)
}

/// Removes them, and leads to the keys whose secrets they could have seen.
pub(crate) async fn remove(visit: Visit, Form(Pressed {}): Form<Pressed>) -> Result<Html> {
    match visit.operations().member_remove(visit.caller(), visit.id).await {
        Ok(removed) => Ok(Html::see(format!("/organisations/{}/settings/members/left?person={}", removed.organisation, removed.person))),
        Err(error) => {
            let wrong = mendable(Problem::from(error), &[])?;
            Html::page_as(StatusCode::CONFLICT, &page(&visit, wrong).await?)
        }
    }
}
