//! `/provider/audit`: everything that was done, in all organisations and in the installation.

use askama::Template;
use keywright_operations::Error;
use keywright_operations::activity::{ActivityFilter, AuditFilter};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::{AsOperator, OnPage, Page as Paging, Query};
use crate::hub::entries::Line;
use crate::hub::forms::{Choice, Field};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::Pager;
use crate::hub::settings::activity::groups;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "provider/audit.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    pager: Pager,
    filtered: bool,
    action: Field,
    actions: Vec<Choice>,
    organisation: Field,
    subject: Field,
    actor: Field,
}

/// What is looked for.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct Wanted {
    /// `credential.`: actions that begin so.
    #[serde(default)]
    action: String,
    /// `org_…`
    #[serde(default)]
    organisation: String,
    /// The id of what it was done to.
    #[serde(default)]
    subject: String,
    /// `prs_…`, `cli:root`
    #[serde(default)]
    actor: String,
}

/// Newest first.
pub(crate) async fn show(visit: OnPage<AsOperator>, Query(wanted): Query<Wanted>, paging: Paging) -> Result<Html> {
    let operations = visit.operations();
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let mut organisation = Field::new("organisation", wanted.organisation.clone());
    let asked = some(&wanted.organisation).map(|id| id.parse());
    // What is no id finds nothing, and the field says why.
    let nothing = matches!(asked, Some(Err(_)));
    if nothing {
        organisation.error = Some("This is no id of an organisation: write one such as org_01HX9KZMB3F7VNQP8R2WDGT4E5.".to_owned());
    }
    let part = ActivityFilter {
        subject: some(&wanted.subject),
        actor: some(&wanted.actor),
        action: some(&wanted.action),
        before: paging.before::<i64>()?,
        limit: paging.ask(),
    };
    let filter = AuditFilter { organisation: asked.and_then(std::result::Result::ok), part };
    let mut entries = match operations.audit_list(visit.caller(), filter).await {
        Ok(_) if nothing => Vec::new(),
        Ok(entries) => entries,
        Err(Error::NotFound { .. }) => {
            organisation.error = Some("There is no such organisation.".to_owned());
            Vec::new()
        }
        Err(error) => return Err(error.into()),
    };
    let pager = paging.pager(&mut entries, |entry| entry.id);
    let now = operations.now();
    let mut actions = groups();
    actions.extend([Choice::new("resource_server.", "Resource servers"), Choice::new("catalogue.", "The catalogue"), Choice::new("person.", "Persons")]);
    Html::page(&Page {
        frame: visit.frame("Audit", Section::Audit, None),
        lines: entries.iter().map(|entry| Line::of(entry, now)).collect(),
        pager,
        filtered: [&wanted.action, &wanted.organisation, &wanted.subject, &wanted.actor].iter().any(|text| !text.is_empty()),
        action: Field::new("action", wanted.action),
        actions,
        organisation,
        subject: Field::new("subject", wanted.subject),
        actor: Field::new("actor", wanted.actor),
    })
}
