//! `/applications/{application}/keys` and `/organisations/{organisation}/settings/api-keys`: the keys of one environment.

use std::ops::Deref;

use askama::Template;
use keywright_domain::application::State;
use keywright_domain::catalogue::Catalogue;
use keywright_domain::credential::{Environment, Standing};
use keywright_operations::applications::ApplicationShown;
use keywright_operations::credentials::{Listing, Shown};
use serde::Deserialize;
use utoipa::ToSchema;

use super::used::{current, pending, retiring};
use crate::extract::rights::{See, View};
use crate::extract::{InApplication, InOrganisation, OnPage, Page as Paging, Query, Who};
use crate::hub::applications::around::{self, keys_page};
use crate::hub::applications::{Around, Place, framed};
use crate::hub::frame::Frame;
use crate::hub::parts::{Badge, EnvironmentLabel, EnvironmentTabs, Pager, ShortId};
use crate::hub::words::When;
use crate::kinds::words_of;
use crate::problem::{Kind, Problem};
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "keys/list.html")]
struct Page {
    frame: Frame,
    top: Around,
    /// Whether the page of no keys offers to make one.
    may_create: bool,
    environments: EnvironmentTabs,
    environment: EnvironmentLabel,
    sandbox: bool,
    noun: &'static str,
    note: &'static str,
    /// Whether keys of this environment are accepted in the application's state.
    works: bool,
    deactivated: bool,
    several_services: bool,
    docs: Option<String>,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: String,
    name: String,
    /// Its public half, where it has one, shortened; else the end of its key.
    public_half: Option<ShortId>,
    masked: String,
    /// What is masked: `secret key`.
    secret: &'static str,
    service: String,
    permissions: Vec<String>,
    more_permissions: usize,
    permission_count: usize,
    all_permissions: bool,
    version: u32,
    retiring: Option<(u32, Option<When>)>,
    pending: Option<u32>,
    last_used: Option<When>,
    created: When,
    expires: Option<When>,
    state: Badge,
    ended: bool,
}

/// Permissions that a row names before it counts.
const PERMISSIONS_SHOWN: usize = 2;

impl Row {
    fn of(shown: &Shown, catalogue: &Catalogue) -> Self {
        let (credential, now) = (&shown.credential, shown.now);
        let standing = credential.standing(now);
        let ended = matches!(standing, Standing::Revoked | Standing::Expired);
        let service = catalogue.service(&credential.service);
        let held = credential.permissions.names();
        Self {
            id: credential.id.to_string(),
            name: credential.name.clone(),
            public_half: credential.public_id.as_ref().map(ShortId::of),
            masked: shown.masked.clone(),
            secret: words_of(credential).secret,
            service: service.map_or_else(|| credential.service.clone(), |s| s.name.clone()),
            permissions: held.iter().take(PERMISSIONS_SHOWN).cloned().collect(),
            more_permissions: held.len().saturating_sub(PERMISSIONS_SHOWN),
            permission_count: held.len(),
            all_permissions: held.len() > 1 && service.is_some_and(|s| s.permissions.iter().all(|(name, _)| held.contains(name))),
            version: current(shown),
            retiring: retiring(shown).filter(|_| !ended).map(|old| (old.number, old.used.map(|used| used.when))),
            pending: pending(shown).filter(|_| !ended),
            last_used: When::maybe(shown.last_used().map(|at| at.min(now)), now),
            created: When::new(credential.created_at, now),
            expires: credential.expires_at.map(|at| When::end(at, now)),
            state: standing.into(),
            ended,
        }
    }
}

/// Which environment.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Wanted {
    environment: Option<String>,
}

impl Wanted {
    /// Production, unless sandbox is said.
    fn environment(&self) -> Environment {
        self.environment.as_deref().and_then(|word| word.parse().ok()).unwrap_or(Environment::Production)
    }
}

/// The keys of an application.
pub(crate) async fn list(visit: OnPage<InApplication<View>>, Query(wanted): Query<Wanted>, paging: Paging) -> Result<Html> {
    let shown = visit.operations().application_show(visit.caller(), visit.id).await?;
    page(&visit, &shown, wanted.environment(), &paging).await
}

/// The keys of the organisation's own application.
pub(crate) async fn of_organisation(visit: OnPage<InOrganisation<See>>, Query(wanted): Query<Wanted>, paging: Paging) -> Result<Html> {
    let is_member = visit.visit().memberships.iter().any(|m| m.organisation == visit.id);
    let shown = visit.operations().own_application(visit.caller(), visit.id).await.map_err(|error| match Problem::from(error) {
        // The organisation is known to be there; so is its own application.
        problem if problem.kind() == Kind::NotFound && is_member => {
            Problem::new(Kind::Forbidden, "Seeing the organisation's API keys takes the grant view of its own application. Ask an admin of the organisation.")
        }
        problem => problem,
    })?;
    page(&visit, &shown, wanted.environment(), &paging).await
}

async fn page<C: Deref<Target = Who>>(visit: &OnPage<C>, shown: &ApplicationShown, environment: Environment, paging: &Paging) -> Result<Html> {
    let application = &shown.application;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let listing = Listing { environment: Some(environment), before: paging.before()?, limit: paging.ask() };
    let mut listed = visit.operations().credential_list(visit.caller(), application.id, listing).await?;
    let pager = paging.pager(&mut listed, |shown| shown.credential.id);
    let title = if application.own { "API keys".to_owned() } else { format!("Keys of {}", application.name) };
    let frame = framed(visit, title, around::section(application), application.organisation).await?;
    let label = label(application, &catalogue, environment);
    let list = keys_page(application);
    let services: Vec<_> = application.services.iter().filter_map(|slug| catalogue.service(slug)).collect();
    let mut top = Around::new(shown, &frame, &catalogue, Place::Keys(environment), around::logo(visit, application));
    let may_create = top.may_create;
    // Where there are none, the page says what they are for and has the only button.
    top.may_create = may_create && (!listed.is_empty() || pager.is_shown());
    Html::page(&Page {
        top,
        may_create,
        environments: EnvironmentTabs::new(
            environment,
            |environment| self::label(application, &catalogue, environment),
            |environment| format!("{list}?environment={}", environment.as_str()),
        ),
        sandbox: environment == Environment::Sandbox,
        noun: if environment == Environment::Sandbox { "sandbox" } else { "production" },
        note: if environment == Environment::Sandbox { "Nothing that happens here is real." } else { "What is done with these keys is real." },
        works: application.state.works_in(environment),
        deactivated: application.state == State::Deactivated,
        several_services: around::services(application, &catalogue).count() > 1,
        docs: services.iter().find_map(|service| service.docs_url.clone()),
        rows: listed.iter().map(|shown| Row::of(shown, &catalogue)).collect(),
        environment: label,
        pager,
        frame,
    })
}

/// The environment with the catalogue's label, where the services of the application agree on one.
pub(super) fn label(application: &keywright_store::applications::Application, catalogue: &Catalogue, environment: Environment) -> EnvironmentLabel {
    let mut labels = application.services.iter().filter_map(|slug| catalogue.service(slug)).map(|service| service.label(environment));
    let first = labels.next().filter(|first| labels.all(|label| label == *first));
    EnvironmentLabel::labelled(environment, first)
}
