//! `/provider/organisations/{organisation}`: one customer.

use askama::Template;
use keywright_domain::catalogue::{Availability, Catalogue};
use keywright_domain::ids::OrganisationId;
use keywright_domain::organisation::Review;
use keywright_domain::time::Timestamp;
use keywright_operations::activity::{ActivityFilter, AuditFilter};
use keywright_operations::applications::ApplicationRow;
use keywright_operations::organisations::OrganisationShown;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::rights::Operate;
use crate::extract::{Of, OnPage, Page as Paging, Query};
use crate::hub::entries::Line;
use crate::hub::forms::{Field, Wrong};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Badge, Crumb, Pager, Shape, Tone};
use crate::hub::words::When;
use crate::routes::{Html, Result};

/// Somebody who looks at one customer.
pub(super) type About = OnPage<Of<OrganisationId, Operate>>;

/// Lines of the Activity on this page.
const LINES: u32 = 10;

#[derive(Template)]
#[template(path = "provider/organisation.html")]
pub(super) struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    id: String,
    name: String,
    review: Badge,
    state: Review,
    suspended: bool,
    created: When,
    legal_name: Option<String>,
    address: Option<String>,
    country: Option<String>,
    tax_id: Option<String>,
    billing_mail: Option<String>,
    website: Option<String>,
    purpose: Option<String>,
    handed_in: Option<When>,
    last_remark: Option<String>,
    remark: Field,
    wrong: Vec<Wrong>,
    services: Vec<OnRequest>,
    applications: Vec<Application>,
    pager: Pager,
    lines: Vec<Line>,
    done: String,
}

/// A service that an operator allows.
struct OnRequest {
    slug: String,
    name: String,
    allowed: bool,
    /// Which permissions, where not all.
    permissions: Option<Vec<String>>,
}

fn on_request(catalogue: &Catalogue, shown: &OrganisationShown) -> Vec<OnRequest> {
    let services = catalogue.services.iter().filter(|service| service.availability == Availability::OnRequest);
    let row = |service: &keywright_domain::catalogue::Service| {
        let allowed = shown.services.iter().find(|allowed| allowed.service == service.slug);
        OnRequest {
            slug: service.slug.clone(),
            name: service.name.clone(),
            allowed: allowed.is_some(),
            permissions: allowed.and_then(|allowed| allowed.permissions.as_ref()).map(|names| names.names().to_vec()),
        }
    };
    services.map(row).collect()
}

struct Application {
    id: String,
    name: String,
    own: bool,
    state: Badge,
    services: Vec<String>,
    keys: String,
    last_call: Option<When>,
}

impl Application {
    fn of(row: &ApplicationRow, now: Timestamp) -> Self {
        let application = &row.application;
        let more = if row.used.at_least { "+" } else { "" };
        Self {
            id: application.id.to_string(),
            name: application.name.clone(),
            own: application.own,
            state: application.state.into(),
            services: application.services.clone(),
            keys: format!("{}{more}", row.used.live_keys),
            last_call: When::maybe(row.used.last_call, now),
        }
    }
}

/// What has just been done, as the address says it.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct From {
    #[serde(default)]
    done: String,
}

pub(super) async fn page(visit: &About, paging: &Paging, done: String, remark: String, wrong: Vec<Wrong>) -> Result<Page> {
    let operations = visit.operations();
    // Its members may see much of this too, on pages of their own.
    operations.operate(visit.caller())?;
    let shown = operations.organisation_show(visit.caller(), visit.id).await?;
    let mut rows = operations.application_rows(visit.caller(), visit.id, paging.before()?, paging.ask()).await?;
    let pager = paging.pager(&mut rows, |row| row.application.id);
    let entries = operations
        .audit_list(visit.caller(), AuditFilter { organisation: Some(visit.id), part: ActivityFilter { limit: LINES, ..ActivityFilter::default() } })
        .await?;
    let (catalogue, _) = operations.catalogue().await?;
    let now = operations.now();
    let services = on_request(&catalogue, &shown);
    let (organisation, profile) = (shown.organisation, shown.profile);
    Ok(Page {
        frame: visit.frame(&organisation.name, Section::ProviderOrganisations, None),
        crumbs: vec![Crumb::new("/provider/organisations", "Organisations")],
        id: organisation.id.to_string(),
        name: organisation.name,
        review: organisation.review.into(),
        state: organisation.review,
        suspended: organisation.suspended,
        created: When::new(organisation.created_at, now),
        legal_name: profile.legal_name,
        address: profile.address,
        country: profile.country,
        tax_id: profile.tax_id,
        billing_mail: profile.billing_mail,
        website: profile.website,
        purpose: profile.purpose,
        handed_in: When::maybe(profile.handed_in_at, now),
        last_remark: profile.remark,
        remark: Field::new("remark", remark).checked(&wrong),
        wrong,
        services,
        applications: rows.iter().map(|row| Application::of(row, now)).collect(),
        pager,
        lines: entries.iter().map(|entry| Line::of(entry, now)).collect(),
        done,
    })
}

/// The customer.
pub(crate) async fn show(visit: About, Query(from): Query<From>, paging: Paging) -> Result<Html> {
    Html::page(&page(&visit, &paging, from.done, String::new(), Vec::new()).await?)
}
