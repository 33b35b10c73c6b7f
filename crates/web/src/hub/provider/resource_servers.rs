//! `/provider/resource-servers`: the provider's APIs and gateways that may ask for verdicts.

use std::ops::Deref;

use askama::Template;
use hyper::StatusCode;
use keywright_domain::credential::Environment;
use keywright_domain::ids::ResourceServerId;
use keywright_domain::resource_server::ResourceServer;
use keywright_domain::time::{Span, Timestamp};
use keywright_operations::resource_servers::TokenShown;
use serde::Deserialize;

use crate::extract::rights::Operate;
use crate::extract::{AsOperator, Form, Of, OnPage, Who};
use crate::hub::forms::{Choice, Field, Pressed, Wrong, mendable};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Badge, Crumb, EnvironmentLabel, Sample};
use crate::hub::words::When;
use crate::idempotency;
use crate::problem::Problem;
use crate::routes::{Html, Result};

const LIST: &str = "/provider/resource-servers";

/// Somebody who looks at one resource server.
type About = OnPage<Of<ResourceServerId, Operate>>;

#[derive(Template)]
#[template(path = "provider/resource_servers.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    services: Vec<String>,
    environments: Vec<EnvironmentLabel>,
    state: Badge,
    revoked: bool,
    /// Until when the older of two tokens is accepted.
    older_until: Option<When>,
    created: When,
}

impl Row {
    fn of(server: &ResourceServer, now: Timestamp) -> Self {
        let older = server.tokens.iter().filter_map(|(_, until)| *until).find(|until| *until > now);
        Self {
            id: server.id.to_string(),
            name: server.name.clone(),
            services: server.services.clone(),
            environments: server.environments.iter().copied().map(EnvironmentLabel::of).collect(),
            state: if server.revoked_at.is_some() { Badge::REVOKED } else { Badge::ACTIVE },
            revoked: server.revoked_at.is_some(),
            older_until: When::maybe(older, now),
            created: When::new(server.created_at, now),
        }
    }
}

/// All of them, newest first.
pub(crate) async fn list(visit: OnPage<AsOperator>) -> Result<Html> {
    let listed = visit.operations().resource_server_list(visit.caller()).await?;
    let now = visit.operations().now();
    let rows = listed.iter().rev().map(|server| Row::of(server, now)).collect();
    Html::page(&List { frame: visit.frame("Resource servers", Section::ResourceServers, None), rows })
}

#[derive(Template)]
#[template(path = "provider/resource_server_new.html")]
struct New {
    frame: Frame,
    crumbs: Vec<Crumb>,
    once: String,
    wrong: Vec<Wrong>,
    name: Field,
    services: Field,
    offered: Vec<Ticked>,
    environments: Field,
    choices: Vec<Choice>,
}

/// A service to tick.
struct Ticked {
    slug: String,
    name: String,
    chosen: bool,
}

/// What one is made from.
#[derive(Deserialize, Default)]
pub(crate) struct NewServer {
    #[serde(default)]
    name: String,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    environments: String,
}

impl NewServer {
    fn environments(&self) -> Vec<String> {
        match self.environments.as_str() {
            "both" => Environment::ALL.iter().map(|e| e.as_str().to_owned()).collect(),
            one => vec![one.to_owned()],
        }
    }
}

async fn form(visit: &OnPage<AsOperator>, sent: NewServer, wrong: Vec<Wrong>) -> Result<New> {
    let (catalogue, _) = visit.operations().catalogue().await?;
    let ticked = |slug: &str| sent.services.iter().any(|s| s == slug);
    Ok(New {
        frame: visit.frame("Create a resource server", Section::ResourceServers, None),
        crumbs: vec![Crumb::new(LIST, "Resource servers")],
        once: idempotency::new_key(),
        name: Field::new("name", sent.name).checked(&wrong),
        services: Field::new("services", "").checked(&wrong),
        offered: catalogue.services.iter().map(|s| Ticked { slug: s.slug.clone(), name: s.name.clone(), chosen: ticked(&s.slug) }).collect(),
        environments: Field::new("environments", if sent.environments.is_empty() { "production" } else { &sent.environments }).checked(&wrong),
        choices: vec![Choice::new("production", "Production"), Choice::new("sandbox", "Sandbox"), Choice::new("both", "Both")],
        wrong,
    })
}

/// The form.
pub(crate) async fn new(visit: OnPage<AsOperator>) -> Result<Html> {
    visit.operations().operate(visit.caller())?;
    Html::page(&form(&visit, NewServer::default(), Vec::new()).await?)
}

/// Makes one, and shows its token.
pub(crate) async fn create(visit: OnPage<AsOperator>, Form(sent): Form<NewServer>) -> Result<Html> {
    match visit.operations().resource_server_create(visit.caller(), &sent.name, &sent.services, &sent.environments()).await {
        Ok(made) => shown(&visit, &made, sent.name.trim().to_owned(), sent.services.first().cloned()),
        Err(error) => {
            let wrong = mendable(Problem::from(error), &[("name", "Name"), ("services", "The choice of services"), ("environments", "Environment")])?;
            let unticked = |w: &Wrong| w.field == "services" && sent.services.is_empty();
            let wrong = wrong.into_iter().map(|w| if unticked(&w) { Wrong::new("services", "Tick at least one service.") } else { w }).collect();
            Html::page_as(StatusCode::BAD_REQUEST, &form(&visit, sent, wrong).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "provider/resource_server_token.html")]
struct Token {
    frame: Frame,
    crumbs: Vec<Crumb>,
    name: String,
    token: String,
    file: &'static str,
    samples: Vec<Sample>,
    previous_until: Option<When>,
}

fn shown<C: Deref<Target = Who>>(visit: &OnPage<C>, made: &TokenShown, name: String, service: Option<String>) -> Result<Html> {
    let previous_until = When::maybe(made.previous_until, visit.operations().now());
    let token = made.token.reveal().to_owned();
    let service = service.map(|slug| format!(", \"service\": \"{slug}\"")).unwrap_or_default();
    let curl = format!(
        "curl -s {}/verify \\\n  -H 'Authorization: Bearer {token}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"credential\": \"THE KEY OF A REQUEST\"{service}}}'",
        visit.hub().base_url
    );
    let page = Token {
        frame: visit.frame("Token of a resource server", Section::ResourceServers, None),
        crumbs: vec![Crumb::new(LIST, "Resource servers")],
        name,
        token,
        file: "resource-server.token",
        samples: vec![Sample { language: "curl", code: curl }],
        previous_until,
    };
    Ok(Html::page(&page)?.shown_once(made.id, None, LIST))
}

/// The resource server of a page; one that is revoked stays so.
async fn live(visit: &About) -> Result<ResourceServer> {
    let listed = visit.operations().resource_server_list(visit.caller()).await?;
    listed.into_iter().find(|server| server.id == visit.id).ok_or_else(Problem::not_found)
}

#[derive(Template)]
#[template(path = "provider/resource_server_rotate.html")]
struct Rotate {
    frame: Frame,
    crumbs: Vec<Crumb>,
    once: String,
    id: String,
    name: String,
    wrong: Vec<Wrong>,
    overlap: Field,
    choices: Vec<Choice>,
    two_tokens: Option<When>,
}

/// What happens to the token before.
#[derive(Deserialize, Default)]
pub(crate) struct NewToken {
    #[serde(default)]
    overlap: String,
}

async fn rotate_form(visit: &About, overlap: &str, wrong: Vec<Wrong>) -> Result<Rotate> {
    let server = live(visit).await?;
    let row = Row::of(&server, visit.operations().now());
    Ok(Rotate {
        frame: visit.frame("Rotate the token", Section::ResourceServers, None),
        crumbs: vec![Crumb::new(LIST, "Resource servers")],
        once: idempotency::new_key(),
        id: row.id,
        name: row.name,
        overlap: Field::new("overlap", overlap).checked(&wrong),
        wrong,
        choices: vec![
            Choice::new("24h", "Keep the present token for 24 hours")
                .line("Both are accepted until then. Put the new one in place meanwhile.")
                .tag("Recommended"),
            Choice::new("1h", "Keep it for an hour").line("Both are accepted for one hour."),
            Choice::new("0", "End it now").line("Whatever asks with it is refused at once, and its API cannot check its callers."),
        ],
        two_tokens: row.older_until,
    })
}

/// The choice.
pub(crate) async fn rotate(visit: About) -> Result<Html> {
    Html::page(&rotate_form(&visit, "24h", Vec::new()).await?)
}

/// Makes a new token, and shows it.
pub(crate) async fn rotated(visit: About, Form(sent): Form<NewToken>) -> Result<Html> {
    let overlap = match sent.overlap.as_str() {
        "24h" => Span::from_h(24),
        "1h" => Span::from_h(1),
        "0" => Span::from_us(0),
        _ => {
            let wrong = vec![Wrong::new("overlap", "Choose what happens to the present token.")];
            return Html::page_as(StatusCode::BAD_REQUEST, &rotate_form(&visit, "", wrong).await?);
        }
    };
    let server = live(&visit).await?;
    match visit.operations().resource_server_rotate(visit.caller(), visit.id, overlap).await {
        Ok(made) => shown(&visit, &made, server.name, server.services.into_iter().next()),
        Err(error) => {
            let wrong = mendable(Problem::from(error), &[("overlap", "This choice")])?;
            Html::page_as(StatusCode::CONFLICT, &rotate_form(&visit, &sent.overlap, wrong).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "provider/resource_server_revoke.html")]
struct Revoke {
    frame: Frame,
    crumbs: Vec<Crumb>,
    title: String,
    action: String,
    row: Row,
}

/// What revoking it means.
pub(crate) async fn revoke(visit: About) -> Result<Html> {
    let row = Row::of(&live(&visit).await?, visit.operations().now());
    if row.revoked {
        return Ok(Html::see(LIST));
    }
    Html::page(&Revoke {
        frame: visit.frame("Revoke a resource server", Section::ResourceServers, None),
        crumbs: vec![Crumb::new(LIST, "Resource servers")],
        title: format!("Revoke {}", row.name),
        action: format!("{LIST}/{}/revoke", row.id),
        row,
    })
}

/// Revokes it.
pub(crate) async fn revoked(visit: About, Form(Pressed {}): Form<Pressed>) -> Result<Html> {
    visit.operations().resource_server_revoke(visit.caller(), visit.id).await?;
    Ok(Html::see(LIST))
}
