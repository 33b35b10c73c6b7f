//! `/applications/{application}/activity`: who did what with it and its keys.

use askama::Template;

use super::around;
use super::{Around, Place, framed};
use crate::extract::rights::View;
use crate::extract::{InApplication, OnPage, Page as Paging};
use crate::hub::entries::Line;
use crate::hub::frame::Frame;
use crate::hub::parts::Pager;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "applications/activity.html")]
struct Page {
    frame: Frame,
    top: Around,
    lines: Vec<Line>,
    pager: Pager,
}

/// Newest first.
pub(crate) async fn show(visit: OnPage<InApplication<View>>, paging: Paging) -> Result<Html> {
    let operations = visit.operations();
    let shown = operations.application_show(visit.caller(), visit.id).await?;
    let mut entries = operations.activity_of_application(visit.caller(), visit.id, paging.before::<i64>()?, paging.ask()).await?;
    let pager = paging.pager(&mut entries, |entry| entry.id);
    let (catalogue, _) = operations.catalogue().await?;
    let application = &shown.application;
    let frame = framed(&visit, format!("Activity of {}", application.name), around::section(application), application.organisation).await?;
    let now = operations.now();
    Html::page(&Page {
        top: Around::new(&shown, &frame, &catalogue, Place::Activity, around::logo(&visit, application)),
        lines: entries.iter().map(|entry| Line::of(entry, now)).collect(),
        pager,
        frame,
    })
}
