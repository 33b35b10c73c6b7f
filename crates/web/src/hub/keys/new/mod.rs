//! `/applications/{application}/keys/new`: a new credential, of whichever kind the service takes.

pub(super) mod typed;

use askama::Template;
use hyper::StatusCode;
use keywright_domain::catalogue::{Catalogue, Service};
use keywright_domain::credential::{Environment, Kind};
use keywright_domain::ids::CredentialId;
use keywright_operations::applications::ApplicationShown;
use keywright_operations::organisations::Offered;
use serde::Deserialize;
use utoipa::ToSchema;

use self::typed::{BY_KEY, Typed, read};
use super::key_source::{self, KeyForm, KeyOf};
use super::made::{Made, Next};
use super::token;
use crate::extract::rights::Edit;
use crate::extract::{Form, InApplication, OnPage, Query};
use crate::hub::applications::around::{self, keys_page, name};
use crate::hub::applications::framed;
use crate::hub::days::{after, day_of};
use crate::hub::forms::{Choice, Field, PermissionChoice, PermissionGroup, PermissionList, Wrong, mendable};
use crate::hub::frame::Frame;
use crate::hub::parts::{Crumb, EnvironmentLabel, EnvironmentTabs};
use crate::hub::words::When;
use crate::idempotency::new_key;
use crate::kinds;
use crate::problem::Problem;
use crate::routes::{Html, Result};

/// Which service first, where the application has several.
#[derive(Template)]
#[template(path = "keys/service.html")]
struct ServicePage {
    frame: Frame,
    crumbs: Vec<Crumb>,
    href: String,
    back: String,
    environment: &'static str,
    first: bool,
    service: Field,
    services: Vec<Choice>,
    may_edit: bool,
}

#[derive(Template)]
#[template(path = "keys/new.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    href: String,
    back: String,
    once: String,
    /// The last step of making an application.
    first: bool,
    environments: EnvironmentTabs,
    environment: EnvironmentLabel,
    note: &'static str,
    service: Service,
    other_service: Option<String>,
    kind: Kind,
    /// A client that proves itself by a key of its own.
    by_key: bool,
    /// What the credential is called and how it is used.
    words: kinds::Words,
    /// What the button says.
    button: &'static str,
    /// Other kinds that the service takes: where they are made, and their names.
    other_kinds: Vec<(String, &'static str)>,
    wrong: Vec<Wrong>,
    name: Field,
    permissions: PermissionList,
    expiry: Field,
    in_30d: String,
    in_90d: String,
    in_1y: String,
    today: String,
    expires_on: Field,
    reason: Field,
    networks: Field,
    key: Option<KeyForm>,
    /// The form of the access tokens of a client.
    token_form: Option<(Field, Vec<Choice>)>,
    token_hint: &'static str,
    /// Its secrets will stand side by side.
    parallel: bool,
}

/// What the address says.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Wanted {
    environment: Option<String>,
    service: Option<String>,
    kind: Option<String>,
    first: Option<String>,
    /// `key`: a client that proves itself by a key of its own.
    proof_by: Option<String>,
}

/// The fields as the form calls them.
const LABELS: [(&str, &str); 7] = [
    ("token_form", "Access tokens"),
    ("name", "Name"),
    ("permissions", "Permissions"),
    ("expires_at", "Expiry"),
    ("reason", "Why it never expires"),
    ("networks", "Networks"),
    ("environment", "Environment"),
];

/// What the page is about.
struct Subject {
    shown: ApplicationShown,
    catalogue: std::sync::Arc<Catalogue>,
    offered: Vec<Offered>,
}

impl Subject {
    async fn of(visit: &OnPage<InApplication<Edit>>) -> Result<Self> {
        let operations = visit.operations();
        let allowed = operations.over_application(visit.caller(), keywright_domain::caller::Right::Edit, visit.id).await?;
        let shown = operations.application_show(visit.caller(), visit.id).await?;
        let (catalogue, _) = operations.catalogue().await?;
        let organisation = allowed.organisation().ok_or_else(Problem::not_found)?;
        let offered = operations.services_offered(visit.caller(), organisation).await?;
        Ok(Self { shown, catalogue, offered })
    }

    /// Services of the application.
    fn services(&self) -> Vec<&Service> {
        around::services(&self.shown.application, &self.catalogue).collect()
    }

    fn href(&self) -> String {
        format!("/applications/{}", self.shown.application.id)
    }

    fn crumbs(&self, environment: Environment) -> Vec<Crumb> {
        let application = &self.shown.application;
        let home = format!("/organisations/{}", application.organisation);
        let keys = format!("{}?environment={}", keys_page(application), environment.as_str());
        if application.own {
            vec![Crumb::new(format!("{home}/settings/general"), "Settings"), Crumb::new(keys, "API keys")]
        } else {
            vec![Crumb::new(format!("{home}/applications"), "Applications"), Crumb::new(self.href(), name(application)), Crumb::new(keys, "Keys")]
        }
    }
}

/// The form, after the service was chosen where there are several.
pub(crate) async fn show(visit: OnPage<InApplication<Edit>>, Query(wanted): Query<Wanted>) -> Result<Html> {
    let subject = Subject::of(&visit).await?;
    let environment = wanted.environment.as_deref().and_then(|word| word.parse().ok()).unwrap_or(Environment::Production);
    let services = subject.services();
    let chosen = match (&wanted.service, services.as_slice()) {
        (Some(slug), _) => services.iter().find(|service| service.slug == *slug).copied(),
        (None, [only]) => Some(*only),
        (None, _) => None,
    };
    let first = wanted.first.is_some();
    let Some(service) = chosen else { return choose(&visit, &subject, environment, first).await };
    if let Some(there) = the_only_one(&visit, service, environment).await? {
        return Ok(Html::see(format!("/keys/{there}/rotate")));
    }
    let kind = chosen_kind(service, wanted.kind.as_deref().unwrap_or_default());
    let typed = Typed {
        kind: kind.as_str().to_owned(),
        proof_by: wanted.proof_by.clone().unwrap_or_default(),
        // Where there is one only, its service says what it is for.
        name: if service.credentials_per_environment == 1 { service.name.clone() } else { String::new() },
        service: service.slug.clone(),
        environment: environment.as_str().to_owned(),
        first: if first { "yes".into() } else { String::new() },
        permissions_which: "all".into(),
        expiry: "1y".into(),
        ..Typed::default()
    };
    Html::page(&page(&visit, &subject, service, environment, &typed, Vec::new()).await?)
}

/// The kind that is wanted where the service takes it, else the first one.
fn chosen_kind(service: &Service, wanted: &str) -> Kind {
    kinds::of(service).find(|kind| kind.as_str() == wanted).unwrap_or_else(|| service.default_kind())
}

/// The credential that is rotated in the place of making another: of a service that takes one for each environment.
async fn the_only_one(visit: &OnPage<InApplication<Edit>>, service: &Service, environment: Environment) -> Result<Option<CredentialId>> {
    if service.credentials_per_environment > 1 {
        return Ok(None);
    }
    Ok(visit.operations().credential_live(visit.caller(), visit.id, &service.slug, environment).await?)
}

async fn choose(visit: &OnPage<InApplication<Edit>>, subject: &Subject, environment: Environment, first: bool) -> Result<Html> {
    let application = &subject.shown.application;
    let services = subject.services();
    Html::page(&ServicePage {
        frame: framed(visit, kinds::create(services.iter().copied()), around::section(application), application.organisation).await?,
        crumbs: subject.crumbs(environment),
        href: subject.href(),
        back: keys_page(application),
        environment: environment.as_str(),
        first,
        service: Field::new("service", services.first().map_or("", |s| s.slug.as_str())),
        services: services.iter().map(|s| choice(s)).collect(),
        may_edit: !application.own,
    })
}

/// A service as a card: what comes of choosing it.
fn choice(service: &Service) -> Choice {
    let card = kinds::of(service).fold(Choice::new(service.slug.as_str(), service.name.as_str()), |card, kind| card.line(kinds::words(kind).credential));
    if service.credentials_per_environment == 1 { card.line("One for each environment: generating again is a rotation.") } else { card }
}

async fn page(
    visit: &OnPage<InApplication<Edit>>,
    subject: &Subject,
    service: &Service,
    environment: Environment,
    typed: &Typed,
    wrong: Vec<Wrong>,
) -> Result<Page> {
    let application = &subject.shown.application;
    let now = visit.operations().now();
    let first = !typed.first.is_empty();
    let href = subject.href();
    let date = |choice| after(choice, now).map_or_else(String::new, |at| When::new(at, now).date());
    let kind = chosen_kind(service, &typed.kind);
    let by_key = kind.may_bring_key() && typed.proof_by == BY_KEY;
    let this = |environment: Environment, kind: Kind, by_key: bool| {
        let (first, by_key) = (if first { "&first=yes" } else { "" }, if by_key { "&proof_by=key" } else { "" });
        format!("{href}/keys/new?environment={}&service={}&kind={kind}{by_key}{first}", environment.as_str(), service.slug)
    };
    let label = |environment| EnvironmentLabel::labelled(environment, Some(service.label(environment)));
    let words = |kind, by_key| if by_key { kinds::CLIENT_WITH_KEY } else { kinds::words(kind) };
    let all_kinds = kinds::of(service).flat_map(|kind| [(kind, false), (kind, true)]).filter(|(kind, by_key)| !by_key || kind.may_bring_key());
    let other_kinds = all_kinds.filter(|other| *other != (kind, by_key)).map(|(other, key)| (this(environment, other, key), words(other, key).credential));
    let field = |name, value: &str| Field::new(name, value).checked(&wrong);
    let key = if kind.is_key_pair() || by_key {
        let given = visit.operations().key_challenge(visit.caller(), visit.id).await?;
        let of = KeyOf { service: Some(service), slug: &service.slug, name: &typed.name, environment, version: 1, present: None };
        let form = KeyForm::new(of, &given, Some(&typed.key), &wrong).with_challenge_of(&typed.key, &wrong);
        Some(if by_key { form.brought() } else { form })
    } else {
        None
    };
    Ok(Page {
        frame: framed(visit, words(kind, by_key).create, around::section(application), application.organisation).await?,
        crumbs: subject.crumbs(environment),
        back: if first { href.clone() } else { format!("{}?environment={}", keys_page(application), environment.as_str()) },
        once: new_key(),
        first,
        environments: EnvironmentTabs::new(environment, label, |environment| this(environment, kind, by_key)),
        environment: label(environment),
        kind,
        words: words(kind, by_key),
        by_key,
        button: if kind.is_bearer() { "Create key" } else { words(kind, by_key).create },
        other_kinds: other_kinds.collect(),
        note: if environment == Environment::Sandbox { "Nothing that is done with this key is real." } else { "What is done with this key is real." },
        other_service: (subject.services().len() > 1).then(|| format!("{href}/keys/new?environment={}", environment.as_str())),
        service: service.clone(),
        name: field("name", &typed.name),
        permissions: permissions(subject, service, typed, &wrong),
        expiry: field("expiry", &typed.expiry),
        in_30d: date("30d"),
        in_90d: date("90d"),
        in_1y: date("1y"),
        today: day_of(now),
        expires_on: field("expires_on", &typed.expires_on),
        reason: field("reason", &typed.reason),
        networks: field("networks", &typed.networks),
        key,
        token_form: (kind.has_client_secrets()).then(|| (field("token_form", form_of_tokens(service, &typed.token_form)), token::forms(service))),
        token_hint: if by_key {
            "What an assertion that your private key signs is exchanged for. Your first one has all permissions of the key."
        } else {
            "What the consumer key and secret are exchanged for. Your first one has all permissions of the keys."
        },
        parallel: kind.has_client_secrets() && !by_key && service.parallel_secrets > 1,
        href,
        wrong,
    })
}

fn permissions(subject: &Subject, service: &Service, typed: &Typed, wrong: &[Wrong]) -> PermissionList {
    let held = subject.offered.iter().find(|o| o.service == service.slug).and_then(|o| o.permissions.as_deref()).unwrap_or_default();
    let permissions = service.permissions.iter().map(|(name, explanation)| PermissionChoice {
        name: name.clone(),
        explanation: explanation.clone(),
        chosen: typed.permissions.contains(name),
        disabled: !held.contains(name),
    });
    PermissionList {
        field: Field::new("permissions", "").checked(wrong),
        all: typed.permissions_which != "chosen",
        groups: vec![PermissionGroup { title: service.name.clone(), permissions: permissions.collect() }],
    }
}

/// What was chosen, and at first what the catalogue says.
fn form_of_tokens<'a>(service: &Service, typed: &'a str) -> &'a str {
    if typed.is_empty() { service.token.form.as_str() } else { typed }
}

/// Makes the key and shows it.
pub(crate) async fn create(visit: OnPage<InApplication<Edit>>, Form(typed): Form<Typed>) -> Result<Html> {
    let subject = Subject::of(&visit).await?;
    let (new, mut wrong) = read(&typed, visit.operations().now());
    if wrong.is_empty() {
        match visit.operations().credential_create(visit.caller(), visit.id, new).await {
            Ok(made) => {
                let next = if typed.first.is_empty() { Next::Key } else { Next::Application };
                return Made::page(&visit, made.id, made.version, &made.handed, None, next, typed.key.by_browser()).await;
            }
            Err(error) => wrong = mendable(Problem::from(error), &[&LABELS[..], &key_source::LABELS[..]].concat())?,
        }
    } else if let Err(error) = visit.operations().credential_check(&new).await {
        // What the operation finds wrong stands beside what the form finds: all at once.
        wrong.extend(mendable(Problem::from(error), &[&LABELS[..], &key_source::LABELS[..]].concat())?);
    }
    for of_day in wrong.iter_mut().filter(|w| w.field == "expires_at") {
        of_day.field = "expiry".into();
    }
    let Some(service) = subject.services().into_iter().find(|s| s.slug == typed.service) else {
        return Err(Problem::new(
            crate::problem::Kind::Refused,
            "The application does not use this service, or its credentials cannot be made here. Go back and choose another.",
        ));
    };
    let environment = typed.environment.parse().unwrap_or(Environment::Production);
    Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &subject, service, environment, &typed, wrong).await?)
}
