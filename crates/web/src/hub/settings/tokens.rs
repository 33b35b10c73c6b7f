//! `/organisations/{organisation}/settings/tokens`: management tokens, with which programs use the management API.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_domain::grants::{ApplicationGrant, OrganisationGrant};
use keywright_domain::ids::ManagementTokenId;
use keywright_domain::time::{Span, Timestamp};
use keywright_operations::management_tokens::{ManagementToken, NewManagementToken};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::rights::Administer;
use crate::extract::{Form, InOrganisation, OnPage, Query};
use crate::hub::days::{day_of, not_to_come};
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Badge, Crumb, Sample};
use crate::hub::words::When;
use crate::idempotency;
use crate::problem::Problem;
use crate::routes::{Html, Result};

type Visit = OnPage<InOrganisation<Administer>>;

#[derive(Template)]
#[template(path = "settings/tokens.html")]
struct Page {
    frame: Frame,
    id: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    masked: String,
    grants: Vec<&'static str>,
    application_grants: Vec<&'static str>,
    by: Option<String>,
    state: Badge,
    live: bool,
    seen: Option<When>,
    created: When,
    expires: Option<When>,
}

impl Row {
    fn of(token: &ManagementToken, now: Timestamp) -> Self {
        let expired = token.expires_at.is_some_and(|at| at <= now);
        let state = match (token.revoked_at, expired) {
            (Some(_), _) => Badge::REVOKED,
            (None, true) => Badge::EXPIRED,
            (None, false) => Badge::ACTIVE,
        };
        Self {
            id: token.id.to_string(),
            name: token.name.clone(),
            masked: token.masked.clone(),
            grants: token.grants.organisation.names(),
            application_grants: token.grants.application.names(),
            by: token.person_mail.clone(),
            state,
            live: state == Badge::ACTIVE,
            seen: When::maybe(token.seen_at, now),
            created: When::new(token.created_at, now),
            expires: When::maybe(token.expires_at, now),
        }
    }
}

fn here(visit: &Visit) -> String {
    format!("/organisations/{}/settings/tokens", visit.id)
}

fn crumbs(visit: &Visit) -> Vec<Crumb> {
    vec![Crumb::new(here(visit), "Management tokens")]
}

/// All of them.
pub(crate) async fn list(visit: Visit) -> Result<Html> {
    let listed = visit.operations().management_token_list(visit.caller(), visit.id).await?;
    let now = visit.operations().now();
    let rows = listed.iter().map(|token| Row::of(token, now)).collect();
    Html::page(&Page { frame: visit.frame("Management tokens", Section::Tokens, Some(visit.id)), id: visit.id.to_string(), rows })
}

#[derive(Template)]
#[template(path = "settings/token_new.html")]
struct New {
    frame: Frame,
    crumbs: Vec<Crumb>,
    action: String,
    once: String,
    wrong: Vec<Wrong>,
    name: Field,
    grants: Field,
    organisation: Vec<(&'static str, bool)>,
    application: Vec<(&'static str, bool)>,
    expires: Field,
    tomorrow: String,
}

/// What one is made from.
#[derive(Deserialize, Default)]
pub(crate) struct NewToken {
    #[serde(default)]
    name: String,
    #[serde(default)]
    grants: Vec<String>,
    #[serde(default)]
    expires_on: String,
}

fn form(visit: &Visit, sent: NewToken, wrong: Vec<Wrong>) -> New {
    let ticked = |word: &str| sent.grants.iter().any(|grant| grant == word);
    New {
        frame: visit.frame("Create a management token", Section::Tokens, Some(visit.id)),
        crumbs: crumbs(visit),
        action: here(visit),
        once: idempotency::new_key(),
        name: Field::new("name", sent.name.clone()).checked(&wrong),
        grants: Field::new("grants", "").checked(&wrong),
        organisation: OrganisationGrant::ALL.map(|grant| (grant.as_str(), ticked(grant.as_str()))).to_vec(),
        application: ApplicationGrant::ALL.into_iter().filter(|g| *g != ApplicationGrant::Admin).map(|g| (g.as_str(), ticked(g.as_str()))).collect(),
        expires: Field::new("expires_on", sent.expires_on).checked(&wrong),
        tomorrow: day_of(visit.operations().now().plus(Span::from_d(1))),
        wrong,
    }
}

/// The form; a token that nobody thinks of again ends after 90 days.
pub(crate) async fn new(visit: Visit) -> Result<Html> {
    visit.operations().over_organisation(visit.caller(), Right::Administer, visit.id).await?;
    let expires_on = day_of(visit.operations().now().plus(Span::from_d(90)));
    Html::page(&form(&visit, NewToken { expires_on, ..NewToken::default() }, Vec::new()))
}

#[derive(Template)]
#[template(path = "settings/token_made.html")]
struct Made {
    frame: Frame,
    crumbs: Vec<Crumb>,
    name: String,
    token: String,
    samples: Vec<Sample>,
    back: String,
}

/// Makes one, and shows it.
pub(crate) async fn create(visit: Visit, Form(sent): Form<NewToken>) -> Result<Html> {
    // The field gives a day; it ends when that day begins.
    let expires_at = Some(sent.expires_on.trim()).filter(|day| !day.is_empty()).map(|day| format!("{day}T00:00:00Z"));
    let new = NewManagementToken { name: sent.name.clone(), grants: sent.grants.clone(), expires_at };
    match visit.operations().management_token_create(visit.caller(), visit.id, new).await {
        Ok(made) => {
            let token = made.token.reveal().to_owned();
            let curl = format!("curl -s {}/api/v1/organisations/{} \\\n  -H 'Authorization: Bearer {token}'", visit.hub().base_url, visit.id);
            let page = Made {
                frame: visit.frame("Your management token", Section::Tokens, Some(visit.id)),
                crumbs: crumbs(&visit),
                name: made.made.name.clone(),
                token,
                samples: vec![Sample { language: "curl", code: curl }],
                back: here(&visit),
            };
            Ok(Html::page(&page)?.shown_once(made.made.id, None, here(&visit)))
        }
        Err(error) => {
            let wrong =
                mendable(Problem::from(error), &[("name", "Name"), ("grants", "The choice of grants"), ("expires_at", "Expiry"), ("expires_on", "Expiry")])?;
            let here = |w: Wrong| match w.field.as_str() {
                "expires_at" => Wrong::new("expires_on", not_to_come(sent.expires_on.trim(), visit.operations().now()).unwrap_or(w.message)),
                "grants" if sent.grants.is_empty() => Wrong::new("grants", "Tick at least one grant."),
                _ => w,
            };
            let wrong = wrong.into_iter().map(here).collect();
            Html::page_as(StatusCode::BAD_REQUEST, &form(&visit, sent, wrong))
        }
    }
}

#[derive(Template)]
#[template(path = "settings/token_revoke.html")]
struct Revoke {
    frame: Frame,
    crumbs: Vec<Crumb>,
    title: String,
    action: String,
    back: String,
    token: String,
    row: Row,
}

/// Which one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Which {
    #[serde(default)]
    token: String,
}

async fn find(visit: &Visit, id: &str) -> Result<ManagementToken> {
    let id: ManagementTokenId = id.parse().map_err(|_| Problem::not_found())?;
    let listed = visit.operations().management_token_list(visit.caller(), visit.id).await?;
    listed.into_iter().find(|token| token.id == id).ok_or_else(Problem::not_found)
}

/// What revoking it means.
pub(crate) async fn ask(visit: Visit, Query(which): Query<Which>) -> Result<Html> {
    if which.token.is_empty() {
        visit.operations().over_organisation(visit.caller(), Right::Administer, visit.id).await?;
        return Ok(Html::see(here(&visit)));
    }
    let row = Row::of(&find(&visit, &which.token).await?, visit.operations().now());
    Html::page(&Revoke {
        frame: visit.frame("Revoke a management token", Section::Tokens, Some(visit.id)),
        crumbs: crumbs(&visit),
        title: format!("Revoke {}", row.name),
        action: format!("{}/revoke", here(&visit)),
        back: here(&visit),
        token: row.id.clone(),
        row,
    })
}

/// Revokes it. Doing it twice changes nothing.
pub(crate) async fn revoke(visit: Visit, Form(which): Form<Which>) -> Result<Html> {
    let token = find(&visit, &which.token).await?;
    visit.operations().management_token_revoke(visit.caller(), token.id).await?;
    Ok(Html::see(here(&visit)))
}
