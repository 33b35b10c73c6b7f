//! `/keys/{credential}/suspend` and `/resume`: off for now, and on again.

use askama::Template;
use keywright_domain::caller::Right;

use super::token::CheckedAlone;
use super::used::{Used, used};
use crate::extract::form::NoFields;
use crate::extract::rights::End;
use crate::extract::{Form, OfCredential, OnPage};
use crate::hub::frame::Frame;
use crate::hub::parts::Crumb;
use crate::hub::words::Length;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "keys/switch.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    resume: bool,
    verb: &'static str,
    action: String,
    back: String,
    last: Option<Used>,
    lease: Length,
    checked_alone: Option<CheckedAlone>,
}

async fn ask(visit: &OnPage<OfCredential<End>>, resume: bool) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::End, visit.id).await?;
    let name = &view.shown.credential.name;
    let (title, verb, word) = if resume { (format!("Resume {name}"), "Resume key", "resume") } else { (format!("Suspend {name}"), "Suspend key", "suspend") };
    let (frame, crumbs) = super::framed(visit, title, &view, true).await?;
    let back = format!("/keys/{}", visit.id);
    let lease = super::revoke::lease(visit).await?;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let credential = &view.shown.credential;
    let checked_alone = CheckedAlone::of(catalogue.service(&credential.service), credential);
    Html::page(&Page { frame, crumbs, resume, verb, action: format!("{back}/{word}"), back, last: used(&view.shown, None), lease, checked_alone })
}

/// What suspending does.
pub(crate) async fn ask_suspend(visit: OnPage<OfCredential<End>>) -> Result<Html> {
    ask(&visit, false).await
}

/// What resuming does.
pub(crate) async fn ask_resume(visit: OnPage<OfCredential<End>>) -> Result<Html> {
    ask(&visit, true).await
}

/// Switches the key off.
pub(crate) async fn suspend(visit: OnPage<OfCredential<End>>, _: Form<NoFields>) -> Result<Html> {
    visit.operations().credential_suspend(visit.caller(), visit.id).await?;
    Ok(Html::see(format!("/keys/{}", visit.id)))
}

/// Switches the key on.
pub(crate) async fn resume(visit: OnPage<OfCredential<End>>, _: Form<NoFields>) -> Result<Html> {
    visit.operations().credential_resume(visit.caller(), visit.id).await?;
    Ok(Html::see(format!("/keys/{}", visit.id)))
}
