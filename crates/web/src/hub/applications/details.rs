//! `/applications/{application}`: what it is, and what is missing before production works.

use askama::Template;
use keywright_domain::application::{CheckItem, State};
use keywright_domain::caller::Right;
use keywright_domain::catalogue::Catalogue;
use keywright_store::applications::Application;

use super::around::{self, keys_page};
use super::{Around, Place, framed};
use crate::extract::rights::View;
use crate::extract::{InApplication, OnPage};
use crate::hub::frame::Frame;
use crate::hub::words::{Number, When};
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "applications/details.html")]
struct Page {
    frame: Frame,
    top: Around,
    id: String,
    deactivated: bool,
    items: Vec<Item>,
    done: usize,
    internal_name: Option<String>,
    services: Vec<String>,
    domain: Option<String>,
    privacy_url: Option<String>,
    description: Option<String>,
    created: When,
    keys: Number,
    keys_at_least: bool,
    last_call: Option<When>,
}

/// One thing that the catalogue asks for.
pub(super) struct Item {
    pub(super) field: &'static str,
    pub(super) sentence: &'static str,
    pub(super) done: bool,
    /// Names of the services that ask, where there are several to tell apart.
    pub(super) services: String,
    /// Where it is mended.
    pub(super) href: String,
}

impl Item {
    fn of(item: &CheckItem, application: &Application, catalogue: &Catalogue) -> Self {
        let (id, organisation) = (application.id, application.organisation);
        let names = item.services.iter().map(|slug| catalogue.service(slug).map_or(slug.as_str(), |s| s.name.as_str()));
        Self {
            field: item.field,
            sentence: item.sentence,
            done: item.done,
            services: if application.services.len() > 1 { names.collect::<Vec<_>>().join(", ") } else { String::new() },
            href: match item.field {
                "credential" => format!("/applications/{id}/keys/new"),
                "billing" => format!("/organisations/{organisation}/settings/billing"),
                "review" => format!("/organisations/{organisation}/settings/verification"),
                field => format!("/applications/{id}/edit#{field}"),
            },
        }
    }
}

/// The checklist as pages show it, and how much of it is done.
pub(super) fn checklist(items: &[CheckItem], application: &Application, catalogue: &Catalogue) -> (Vec<Item>, usize) {
    let done = items.iter().filter(|item| item.done).count();
    (items.iter().map(|item| Item::of(item, application, catalogue)).collect(), done)
}

/// The page of an application; the organisation's own one is its keys.
pub(crate) async fn show(visit: OnPage<InApplication<View>>) -> Result<Html> {
    let operations = visit.operations();
    let overview = operations.application_overview(visit.caller(), Right::View, visit.id).await?;
    let application = &overview.shown.application;
    if application.own {
        return Ok(Html::see(keys_page(application)));
    }
    let (catalogue, _) = operations.catalogue().await?;
    let now = operations.now();
    let frame = framed(&visit, application.name.as_str(), around::section(application), application.organisation).await?;
    let (items, done) = checklist(&overview.items, application, &catalogue);
    let mut top = Around::new(&overview.shown, &frame, &catalogue, Place::Details, around::logo(&visit, application));
    top.done = (!items.is_empty()).then_some((done, items.len()));
    Html::page(&Page {
        id: visit.id.to_string(),
        deactivated: application.state == State::Deactivated,
        internal_name: application.internal_name.clone(),
        services: application.services.iter().map(|slug| catalogue.service(slug).map_or_else(|| slug.clone(), |s| s.name.clone())).collect(),
        domain: application.domain.clone(),
        privacy_url: application.privacy_url.clone(),
        description: application.description.clone(),
        created: When::new(application.created_at.min(now), now),
        keys: Number(overview.used.live_keys.into()),
        keys_at_least: overview.used.at_least,
        last_call: When::maybe(overview.used.last_call.map(|at| at.min(now)), now),
        items,
        done,
        top,
        frame,
    })
}
