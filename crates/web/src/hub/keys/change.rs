//! `/keys/{credential}/change`: name, permissions, expiry and restrictions.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_domain::catalogue::Service;
use keywright_domain::credential::TokenForm;
use keywright_operations::credentials::{Changes, CredentialView, Set};
use serde::Deserialize;

use super::new::typed::words;
use crate::extract::rights::Edit;
use crate::extract::{Form, OfCredential, OnPage};
use crate::hub::days::{day_of, end_to_come, last_day};
use crate::hub::forms::{Choice, Field, PermissionChoice, PermissionGroup, PermissionList, Wrong, mendable};
use crate::hub::frame::Frame;
use crate::hub::parts::{Crumb, EnvironmentLabel};
use crate::hub::words::Exact;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "keys/change.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    id: String,
    back: String,
    environment: EnvironmentLabel,
    wrong: Vec<Wrong>,
    name: Field,
    permissions: PermissionList,
    expiry: Field,
    expires: Option<Exact>,
    may_extend: bool,
    today: String,
    expires_on: Field,
    networks: Field,
    origins: Field,
    rate_limit: Field,
    /// The form of the access tokens of a client.
    token_form: Option<(Field, Vec<Choice>)>,
}

/// What is chosen where the form of tokens is to follow the service.
const OF_SERVICE: &str = "service";

/// What was typed.
#[derive(Deserialize, Default)]
pub(crate) struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    permissions_which: String,
    #[serde(default)]
    permissions: Vec<String>,
    #[serde(default)]
    expiry: String,
    #[serde(default)]
    expires_on: String,
    #[serde(default)]
    networks: String,
    #[serde(default)]
    origins: String,
    #[serde(default)]
    rate_limit: String,
    #[serde(default)]
    token_form: String,
}

const LABELS: [(&str, &str); 7] = [
    ("token_form", "Access tokens"),
    ("name", "Name"),
    ("permissions", "Permissions"),
    ("expires_at", "Expiry"),
    ("networks", "Networks"),
    ("origins", "Origins"),
    ("rate_limit", "Rate limit"),
];

impl Typed {
    /// What is there now.
    fn of(view: &CredentialView) -> Self {
        let credential = &view.shown.credential;
        let restrictions = &credential.restrictions;
        Self {
            name: credential.name.clone(),
            permissions_which: "chosen".into(),
            permissions: credential.permissions.names().to_vec(),
            expiry: "keep".into(),
            expires_on: credential.expires_at.map_or_else(String::new, last_day),
            networks: restrictions.networks.list().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            origins: restrictions.origins.list().join("\n"),
            rate_limit: restrictions.rate_limit.map_or_else(String::new, |limit| limit.to_string()),
            token_form: credential.token_form.map_or(OF_SERVICE, TokenForm::as_str).to_owned(),
        }
    }
}

async fn page(visit: &OnPage<OfCredential<Edit>>, view: &CredentialView, typed: &Typed, wrong: Vec<Wrong>) -> Result<Page> {
    let (catalogue, _) = visit.operations().catalogue().await?;
    let offered = visit.operations().services_offered(visit.caller(), view.application.organisation).await?;
    let credential = &view.shown.credential;
    let (frame, crumbs) = super::framed(visit, format!("Change {}", credential.name), view, true).await?;
    let held = offered.iter().find(|o| o.service == credential.service).and_then(|o| o.permissions.as_deref()).unwrap_or_default();
    let service = catalogue.service(&credential.service);
    let permissions: Vec<PermissionChoice> = service
        .map_or(&[][..], |s| &s.permissions)
        .iter()
        .map(|(name, explanation)| PermissionChoice {
            name: name.clone(),
            explanation: explanation.clone(),
            chosen: typed.permissions.contains(name),
            // What the key holds stays to be had, whatever became of the organisation's permissions.
            disabled: !held.contains(name) && !credential.permissions.names().contains(name),
        })
        .collect();
    let title = service.map_or_else(|| credential.service.clone(), |s| s.name.clone());
    let groups = if permissions.is_empty() { Vec::new() } else { vec![PermissionGroup { title, permissions }] };
    let field = |name, value: &str| Field::new(name, value).checked(&wrong);
    Ok(Page {
        frame,
        crumbs,
        id: visit.id.to_string(),
        back: format!("/keys/{}", visit.id),
        environment: super::label(view, &catalogue),
        name: field("name", &typed.name),
        permissions: PermissionList { field: field("permissions", ""), all: typed.permissions_which == "all", groups },
        expiry: field("expiry", &typed.expiry),
        expires: credential.expires_at.map(Exact),
        may_extend: view.may_admin,
        today: day_of(view.shown.now),
        expires_on: field("expires_on", &typed.expires_on),
        networks: field("networks", &typed.networks),
        origins: field("origins", &typed.origins),
        rate_limit: field("rate_limit", &typed.rate_limit),
        token_form: service.filter(|_| credential.kind.has_client_secrets()).map(|service| (field("token_form", &typed.token_form), token_forms(service))),
        wrong,
    })
}

/// JWT, opaque, or whichever of them the service says.
fn token_forms(service: &Service) -> Vec<Choice> {
    let of_service = match service.token.form {
        TokenForm::Jwt => "JWT now, and whatever the provider chooses later.",
        TokenForm::Opaque => "Opaque now, and whatever the provider chooses later.",
    };
    let mut all = super::token::forms(service);
    all.insert(0, Choice::new(OF_SERVICE, "As the service says").line(of_service));
    all
}

/// The form with what is there now.
pub(crate) async fn show(visit: OnPage<OfCredential<Edit>>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
    Html::page(&page(&visit, &view, &Typed::of(&view), Vec::new()).await?)
}

/// Changes the key.
pub(crate) async fn save(visit: OnPage<OfCredential<Edit>>, Form(typed): Form<Typed>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::Edit, visit.id).await?;
    let mut wrong = Vec::new();
    let expires_at = match typed.expiry.as_str() {
        "none" => Set::Clear,
        "date" => end_to_come(&typed.expires_on, view.shown.now).map_or_else(
            |why| {
                wrong.push(Wrong::new("expires_on", why));
                Set::Keep
            },
            |end| Set::To(end.to_string()),
        ),
        _ => Set::Keep,
    };
    let permissions = match typed.permissions_which.as_str() {
        "chosen" => Some(typed.permissions.clone()),
        "all" => {
            let offered = visit.operations().services_offered(visit.caller(), view.application.organisation).await?;
            offered.into_iter().find(|o| o.service == view.shown.credential.service).and_then(|o| o.permissions)
        }
        _ => None,
    };
    let list = |typed: &str| {
        let list = words(typed);
        if list.is_empty() { Set::Clear } else { Set::To(list) }
    };
    let changes = Changes {
        name: Some(typed.name.clone()),
        permissions,
        expires_at,
        networks: list(&typed.networks),
        origins: list(&typed.origins),
        rate_limit: if typed.rate_limit.trim().is_empty() { Set::Clear } else { Set::To(typed.rate_limit.trim().to_owned()) },
        token_form: match typed.token_form.as_str() {
            "" => Set::Keep,
            OF_SERVICE => Set::Clear,
            form => Set::To(form.to_owned()),
        },
    };
    let changed = if wrong.is_empty() { visit.operations().credential_change(visit.caller(), visit.id, changes).await.map(drop) } else { Ok(()) };
    if let Err(error) = changed {
        wrong = mendable(Problem::from(error), &LABELS)?;
        for of_day in wrong.iter_mut().filter(|w| w.field == "expires_at") {
            of_day.field = "expiry".into();
        }
    }
    if wrong.is_empty() {
        return Ok(Html::see(format!("/keys/{}", visit.id)));
    }
    Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &view, &typed, wrong).await?)
}
