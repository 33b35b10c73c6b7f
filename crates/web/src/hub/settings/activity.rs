//! `/organisations/{organisation}/settings/activity`: who did what, when.

use askama::Template;
use keywright_domain::limits;
use keywright_operations::activity::ActivityFilter;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::rights::Administer;
use crate::extract::{InOrganisation, OnPage, Page as Paging, Query};
use crate::hub::entries::Line;
use crate::hub::forms::{Choice, Field};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::Pager;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "settings/activity.html")]
struct Page {
    frame: Frame,
    here: String,
    lines: Vec<Line>,
    pager: Pager,
    filtered: bool,
    action: Field,
    actions: Vec<Choice>,
    actor: Field,
    actors: Vec<Choice>,
}

/// What is looked for.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct Wanted {
    /// `credential.`: actions that begin so.
    #[serde(default)]
    action: String,
    /// `prs_…`
    #[serde(default)]
    actor: String,
}

/// Groups of actions, by what their names begin with.
pub(crate) fn groups() -> Vec<Choice> {
    [
        ("", "Everything"),
        ("credential.", "Keys"),
        ("application.", "Applications"),
        ("member.", "Members"),
        ("invitation.", "Invitations"),
        ("organisation.", "The organisation"),
        ("management_token.", "Management tokens"),
    ]
    .map(|(prefix, title)| Choice::new(prefix, title))
    .to_vec()
}

/// Newest first.
pub(crate) async fn show(visit: OnPage<InOrganisation<Administer>>, Query(wanted): Query<Wanted>, paging: Paging) -> Result<Html> {
    let operations = visit.operations();
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let filter =
        ActivityFilter { action: some(&wanted.action), actor: some(&wanted.actor), subject: None, before: paging.before::<i64>()?, limit: paging.ask() };
    let mut entries = operations.activity(visit.caller(), visit.id, filter).await?;
    let pager = paging.pager(&mut entries, |entry| entry.id);
    let members = operations.member_list(visit.caller(), visit.id, None, limits::PAGE_ROWS_MAX as u32).await?;
    let mut actors = vec![Choice::new("", "Everybody")];
    actors.extend(members.iter().map(|member| Choice::new(member.person.to_string(), if member.name.is_empty() { &member.mail } else { &member.name })));
    let now = operations.now();
    Html::page(&Page {
        frame: visit.frame("Activity", Section::Activity, Some(visit.id)),
        here: format!("/organisations/{}/settings/activity", visit.id),
        lines: entries.iter().map(|entry| Line::of(entry, now)).collect(),
        pager,
        filtered: !wanted.action.is_empty() || !wanted.actor.is_empty(),
        action: Field::new("action", wanted.action),
        actions: groups(),
        actor: Field::new("actor", wanted.actor),
        actors,
    })
}
