//! `/applications/{application}/registration-tokens`: initial access tokens, by which clients of the application register themselves.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_domain::catalogue::{Catalogue, Service};
use keywright_domain::credential::{Environment, Kind};
use keywright_domain::ids::RegistrationTokenId;
use keywright_domain::time::{Span, Timestamp};
use keywright_operations::applications::ApplicationShown;
use keywright_operations::registration_tokens::{NewRegistrationToken, RegistrationToken};
use serde::Deserialize;
use utoipa::ToSchema;

use super::around;
use super::{Around, Place, framed};
use crate::extract::rights::{Edit, End, Needs, View};
use crate::extract::{Form, InApplication, OnPage, Query};
use crate::hub::days::{day_of, not_to_come};
use crate::hub::forms::{Choice, Field, Wrong, mendable};
use crate::hub::frame::Frame;
use crate::hub::parts::{Badge, Crumb, EnvironmentLabel, Sample, Shape, Tone};
use crate::hub::words::{Number, When};
use crate::idempotency;
use crate::problem::Problem;
use crate::routes::{Html, Result};

type Visit<R> = OnPage<InApplication<R>>;

#[derive(Template)]
#[template(path = "applications/registration_tokens.html")]
struct Page {
    frame: Frame,
    top: Around,
    here: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    masked: String,
    service: String,
    environment: EnvironmentLabel,
    left: Number,
    of: Number,
    state: Badge,
    live: bool,
    expires: When,
    created: When,
}

impl Row {
    fn of(token: &RegistrationToken, catalogue: &Catalogue, now: Timestamp) -> Self {
        let service = catalogue.service(&token.service);
        let left = token.clients_max.saturating_sub(token.clients);
        let state = match token.revoked_at {
            Some(_) => Badge::REVOKED,
            None if left == 0 => Badge::new("Used up", Tone::Off, Shape::Tick),
            None if token.expires_at <= now => Badge::EXPIRED,
            None => Badge::ACTIVE,
        };
        Self {
            id: token.id.to_string(),
            name: token.name.clone(),
            masked: token.masked.clone(),
            environment: EnvironmentLabel::labelled(token.environment, service.map(|service| service.label(token.environment))),
            service: service.map_or_else(|| token.service.clone(), |service| service.name.clone()),
            left: Number(left.into()),
            of: Number(token.clients_max.into()),
            live: state == Badge::ACTIVE,
            state,
            expires: When::new(token.expires_at, now),
            created: When::new(token.created_at.min(now), now),
        }
    }
}

/// Services of the application whose clients may register themselves.
pub(super) fn services<'a>(shown: &'a ApplicationShown, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a Service> {
    around::services(&shown.application, catalogue).filter(|service| service.kinds.contains(&Kind::REGISTERED))
}

fn here<R: Needs>(visit: &Visit<R>) -> String {
    format!("/applications/{}/registration-tokens", visit.id)
}

/// Frame and breadcrumb of a page below the list.
async fn below<R: Needs>(visit: &Visit<R>, title: &str) -> Result<(Frame, Vec<Crumb>, ApplicationShown)> {
    let shown = visit.operations().application_show(visit.caller(), visit.id).await?;
    let application = &shown.application;
    let frame = framed(visit, title, around::section(application), application.organisation).await?;
    let crumbs = vec![Crumb::new(around::keys_page(application), around::name(application)), Crumb::new(here(visit), "Client registration")];
    Ok((frame, crumbs, shown))
}

/// All of them, newest first.
pub(crate) async fn list(visit: Visit<View>) -> Result<Html> {
    let operations = visit.operations();
    let shown = operations.application_show(visit.caller(), visit.id).await?;
    let listed = operations.registration_token_list(visit.caller(), visit.id).await?;
    let (catalogue, _) = operations.catalogue().await?;
    let now = operations.now();
    let application = &shown.application;
    let frame = framed(&visit, format!("Client registration of {}", application.name), around::section(application), application.organisation).await?;
    let mut top = Around::new(&shown, &frame, &catalogue, Place::Registration, around::logo(&visit, application));
    // The page has one thing to make.
    top.may_create = false;
    Html::page(&Page { top, here: here(&visit), rows: listed.iter().map(|token| Row::of(token, &catalogue, now)).collect(), frame })
}

#[derive(Template)]
#[template(path = "applications/registration_token_new.html")]
struct New {
    frame: Frame,
    crumbs: Vec<Crumb>,
    action: String,
    once: String,
    wrong: Vec<Wrong>,
    name: Field,
    service: Field,
    services: Vec<Choice>,
    environment: Field,
    environments: Vec<Choice>,
    clients: Field,
    expires: Field,
    tomorrow: String,
}

/// What one is made from.
#[derive(Deserialize, Default)]
pub(crate) struct NewToken {
    #[serde(default)]
    name: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    environment: String,
    #[serde(default)]
    clients_max: String,
    #[serde(default)]
    expires_on: String,
}

async fn form(visit: &Visit<Edit>, sent: NewToken, wrong: Vec<Wrong>) -> Result<New> {
    let (frame, crumbs, shown) = below(visit, "Create an initial access token").await?;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let services: Vec<Choice> = services(&shown, &catalogue).map(|s| Choice::new(s.slug.as_str(), s.name.as_str())).collect();
    let first = services.first().map_or_else(String::new, |choice| choice.value.clone());
    let environments = [
        (Environment::Sandbox, "Clients work at once. Nothing that they do is real."),
        (Environment::Production, "Clients register once the application is active. What they do is real."),
    ];
    let field = |name, value: String| Field::new(name, value).checked(&wrong);
    Ok(New {
        frame,
        crumbs,
        action: here(visit),
        once: idempotency::new_key(),
        name: field("name", sent.name),
        service: field("service", if sent.service.is_empty() { first } else { sent.service }),
        services,
        environment: field("environment", if sent.environment.is_empty() { Environment::Sandbox.as_str().to_owned() } else { sent.environment }),
        environments: environments.map(|(e, words)| Choice::new(e.as_str(), EnvironmentLabel::of(e).word).line(words)).to_vec(),
        clients: field("clients_max", if sent.clients_max.is_empty() { "1".to_owned() } else { sent.clients_max }),
        expires: field("expires_on", sent.expires_on),
        tomorrow: day_of(visit.operations().now().plus(Span::from_d(1))),
        wrong,
    })
}

/// The form.
pub(crate) async fn new(visit: Visit<Edit>) -> Result<Html> {
    visit.operations().over_application(visit.caller(), Right::Edit, visit.id).await?;
    Html::page(&form(&visit, NewToken::default(), Vec::new()).await?)
}

#[derive(Template)]
#[template(path = "applications/registration_token_made.html")]
struct Made {
    frame: Frame,
    crumbs: Vec<Crumb>,
    name: String,
    token: String,
    samples: Vec<Sample>,
    clients: Number,
    expires: When,
    back: String,
}

const LABELS: [(&str, &str); 5] =
    [("name", "Name"), ("service", "Service"), ("environment", "Environment"), ("clients_max", "Clients"), ("expires_at", "Expiry")];

/// Makes one, and shows it.
pub(crate) async fn create(visit: Visit<Edit>, Form(sent): Form<NewToken>) -> Result<Html> {
    // The field gives a day; it ends when that day begins.
    let expires_at = Some(sent.expires_on.trim()).filter(|day| !day.is_empty()).map(|day| format!("{day}T00:00:00Z"));
    let new = NewRegistrationToken {
        name: sent.name.clone(),
        service: sent.service.clone(),
        environment: sent.environment.clone(),
        // What is no number is out of range for the operation, which says what to write.
        clients_max: Some(sent.clients_max.trim().parse().unwrap_or(0)),
        expires_at,
    };
    match visit.operations().registration_token_create(visit.caller(), visit.id, new).await {
        Ok(made) => {
            let token = made.token.reveal().to_owned();
            let url = format!("{}/oauth2/register", visit.hub().base_url.trim_end_matches('/'));
            let name = r#"-d '{"client_name": "Till 7"}'"#;
            let curl = format!("curl -s {url} \\\n  -H 'Authorization: Bearer {token}' \\\n  -H 'Content-Type: application/json' \\\n  {name}");
            let (frame, crumbs, _) = below(&visit, "Your initial access token").await?;
            let page = Made {
                frame,
                crumbs,
                name: made.made.name.clone(),
                token,
                samples: vec![Sample { language: "curl", code: curl }],
                clients: Number(made.made.clients_max.into()),
                expires: When::new(made.made.expires_at, visit.operations().now()),
                back: here(&visit),
            };
            Ok(Html::page(&page)?.shown_once(made.made.id, None, here(&visit)))
        }
        Err(error) => {
            let mut wrong = mendable(Problem::from(error), &LABELS)?;
            for of_day in wrong.iter_mut().filter(|wrong| wrong.field == "expires_at") {
                of_day.field = "expires_on".into();
                of_day.message = not_to_come(sent.expires_on.trim(), visit.operations().now()).unwrap_or_else(|| of_day.message.clone());
            }
            Html::page_as(StatusCode::BAD_REQUEST, &form(&visit, sent, wrong).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "applications/registration_token_revoke.html")]
struct Revoke {
    frame: Frame,
    crumbs: Vec<Crumb>,
    title: String,
    action: String,
    back: String,
    row: Row,
}

/// Which one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Which {
    #[serde(default)]
    token: String,
}

async fn find(visit: &Visit<End>, id: &str) -> Result<RegistrationToken> {
    let id: RegistrationTokenId = id.parse().map_err(|_| Problem::not_found())?;
    let listed = visit.operations().registration_token_list(visit.caller(), visit.id).await?;
    listed.into_iter().find(|token| token.id == id).ok_or_else(Problem::not_found)
}

/// What revoking it means.
pub(crate) async fn ask(visit: Visit<End>, Query(which): Query<Which>) -> Result<Html> {
    visit.operations().over_application(visit.caller(), Right::End, visit.id).await?;
    if which.token.is_empty() {
        return Ok(Html::see(here(&visit)));
    }
    let token = find(&visit, &which.token).await?;
    let (catalogue, _) = visit.operations().catalogue().await?;
    let (frame, crumbs, _) = below(&visit, "Revoke an initial access token").await?;
    let row = Row::of(&token, &catalogue, visit.operations().now());
    Html::page(&Revoke { frame, crumbs, title: format!("Revoke {}", row.name), action: format!("{}/revoke", here(&visit)), back: here(&visit), row })
}

/// Revokes it. Doing it twice changes nothing.
pub(crate) async fn revoke(visit: Visit<End>, Form(which): Form<Which>) -> Result<Html> {
    visit.operations().over_application(visit.caller(), Right::End, visit.id).await?;
    if which.token.is_empty() {
        return Ok(Html::see(here(&visit)));
    }
    let id = which.token.parse().map_err(|_| Problem::not_found())?;
    visit.operations().registration_token_revoke(visit.caller(), visit.id, id).await?;
    Ok(Html::see(here(&visit)))
}
