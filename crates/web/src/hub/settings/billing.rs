//! `/organisations/{organisation}/settings/billing`: who pays, and where bills go.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::country::COUNTRIES;
use keywright_domain::grants::OrganisationGrant;
use keywright_domain::organisation::Profile;
use keywright_operations::credentials::Set;
use keywright_operations::organisations::ProfileChanges;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::rights::{EditSettings, See};
use crate::extract::{Form, InOrganisation, OnPage, Query};
use crate::hub::forms::{Choice, Field, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "settings/billing.html")]
struct Page {
    frame: Frame,
    action: String,
    may: bool,
    saved: bool,
    /// What bills need and is not there.
    missing: usize,
    wrong: Vec<Wrong>,
    legal_name: Field,
    address: Field,
    country: Field,
    countries: Vec<Choice>,
    tax_id: Field,
    billing_mail: Field,
}

/// What was typed.
#[derive(Deserialize, Default)]
pub(crate) struct Billing {
    #[serde(default)]
    legal_name: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    country: String,
    #[serde(default)]
    tax_id: String,
    #[serde(default)]
    billing_mail: String,
}

impl From<&Profile> for Billing {
    fn from(profile: &Profile) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            legal_name: text(&profile.legal_name),
            address: text(&profile.address),
            country: text(&profile.country),
            tax_id: text(&profile.tax_id),
            billing_mail: text(&profile.billing_mail),
        }
    }
}

/// The name of a country, or its letters where it has none here.
pub(crate) fn country_name(code: &str) -> &str {
    COUNTRIES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

/// An emptied field removes what was there.
pub(super) fn set(text: &str) -> Set<String> {
    if text.trim().is_empty() { Set::Clear } else { Set::To(text.to_owned()) }
}

/// What has just been done, as the address says it.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct Done {
    #[serde(default)]
    saved: bool,
}

fn page<C>(visit: &OnPage<C>, id: keywright_domain::ids::OrganisationId, billing: Billing, missing: usize, wrong: Vec<Wrong>) -> Page {
    let mut countries = vec![Choice::new("", "Choose a country")];
    countries.extend(COUNTRIES.iter().map(|(code, name)| Choice::new(*code, *name)));
    countries[1..].sort_by(|a, b| a.title.cmp(&b.title));
    let field = |name: &'static str, value: String| Field::new(name, value).checked(&wrong);
    Page {
        frame: visit.frame("Billing", Section::Billing, Some(id)),
        action: format!("/organisations/{id}/settings/billing"),
        may: visit.visit().member_of(id).is_some_and(|own| own.grants.holds(OrganisationGrant::EditSettings)),
        saved: false,
        missing,
        legal_name: field("legal_name", billing.legal_name),
        address: field("address", billing.address),
        country: field("country", billing.country),
        countries,
        tax_id: field("tax_id", billing.tax_id),
        billing_mail: field("billing_mail", billing.billing_mail),
        wrong,
    }
}

/// The profile.
pub(crate) async fn show(visit: OnPage<InOrganisation<See>>, Query(done): Query<Done>) -> Result<Html> {
    let shown = visit.operations().organisation_show(visit.caller(), visit.id).await?;
    let missing = shown.profile.missing_for_billing().len();
    Html::page(&Page { saved: done.saved, ..page(&visit, visit.id, Billing::from(&shown.profile), missing, Vec::new()) })
}

/// Changes it.
pub(crate) async fn save(visit: OnPage<InOrganisation<EditSettings>>, Form(sent): Form<Billing>) -> Result<Html> {
    let changes = ProfileChanges {
        legal_name: set(&sent.legal_name),
        address: set(&sent.address),
        country: set(&sent.country),
        tax_id: set(&sent.tax_id),
        billing_mail: set(&sent.billing_mail),
        ..ProfileChanges::default()
    };
    match visit.operations().organisation_profile_change(visit.caller(), visit.id, changes).await {
        Ok(_) => Ok(Html::see(format!("/organisations/{}/settings/billing?saved=1", visit.id))),
        Err(error) => {
            let labels = [
                ("legal_name", "Legal name"),
                ("address", "Address"),
                ("country", "Country"),
                ("tax_id", "Tax id"),
                ("billing_mail", "Mail address for bills"),
            ];
            let wrong = mendable(Problem::from(error), &labels)?;
            Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, visit.id, sent, 0, wrong))
        }
    }
}
