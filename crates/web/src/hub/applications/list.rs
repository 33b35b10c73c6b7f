//! `/organisations/{organisation}/applications`: all that the person may see, newest first.

use askama::Template;
use keywright_domain::grants::OrganisationGrant;
use keywright_domain::ids::ApplicationId;
use keywright_operations::applications::ApplicationRow;
use serde::Deserialize;
use utoipa::ToSchema;

use super::around::logo;
use super::framed;
use crate::extract::rights::See;
use crate::extract::{InOrganisation, OnPage, Page as Paging, Query};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Badge, Pager};
use crate::hub::words::{Number, When, initials};
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "applications/list.html")]
struct Page {
    frame: Frame,
    here: String,
    new: String,
    may_create: bool,
    search: String,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    href: String,
    name: String,
    internal_name: Option<String>,
    initials: String,
    logo: Option<String>,
    services: String,
    state: Badge,
    keys: Number,
    keys_at_least: bool,
    last_call: Option<When>,
}

/// What is looked for.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Wanted {
    #[serde(default)]
    search: String,
}

/// The list.
pub(crate) async fn list(visit: OnPage<InOrganisation<See>>, Query(wanted): Query<Wanted>, paging: Paging) -> Result<Html> {
    let search = wanted.search.trim().to_owned();
    let operations = visit.operations();
    let mut rows = operations.application_search(visit.caller(), visit.id, &search, paging.before::<ApplicationId>()?, paging.ask()).await?;
    let pager = paging.pager(&mut rows, |row| row.application.id);
    // The organisation's own one is in the rail: Settings, API keys.
    rows.retain(|row| !row.application.own);
    let (catalogue, _) = operations.catalogue().await?;
    let now = operations.now();
    let here = format!("/organisations/{}/applications", visit.id);
    let row = |ApplicationRow { application, used }: &ApplicationRow| Row {
        href: format!("/applications/{}", application.id),
        name: application.name.clone(),
        internal_name: application.internal_name.clone(),
        initials: initials(&application.name),
        logo: logo(&visit, application),
        services: application.services.iter().map(|slug| catalogue.service(slug).map_or(slug.as_str(), |s| s.name.as_str())).collect::<Vec<_>>().join(", "),
        state: application.state.into(),
        keys: Number(used.live_keys.into()),
        keys_at_least: used.at_least,
        last_call: When::maybe(used.last_call.map(|at| at.min(now)), now),
    };
    let grants = visit.visit().memberships.iter().find(|m| m.organisation == visit.id).map(|m| m.grants);
    Html::page(&Page {
        frame: framed(&visit, "Applications", Section::Applications, visit.id).await?,
        new: format!("{here}/new"),
        here,
        may_create: grants.is_some_and(|grants| grants.holds(OrganisationGrant::CreateApplications)),
        rows: rows.iter().map(row).collect(),
        search,
        pager,
    })
}
