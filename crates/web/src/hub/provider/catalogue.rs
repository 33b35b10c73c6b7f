//! `/provider/catalogue`: the services, and how a new catalogue takes the place of the present one.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::catalogue::{self, Availability, Catalogue, Service};
use keywright_operations::{Error, Rule};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::extract::{AsOperator, Form, OnPage, Query};
use crate::hub::forms::Field;
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::Crumb;
use crate::hub::words::When;
use crate::problem::Problem;
use crate::routes::{Html, Result};

const HERE: &str = "/provider/catalogue";

#[derive(Template)]
#[template(path = "provider/catalogue.html")]
struct Page {
    frame: Frame,
    brand: String,
    earlier: Vec<String>,
    applied: Option<When>,
    services: Vec<Row>,
    text: String,
    /// What has just been done, as the address says it.
    done: String,
}

struct Row {
    slug: String,
    name: String,
    docs_url: Option<String>,
    kinds: Vec<&'static str>,
    permissions: Vec<(String, String)>,
    open: bool,
    sandbox: String,
    production: String,
}

impl Row {
    fn of(service: &Service) -> Self {
        Self {
            slug: service.slug.clone(),
            name: service.name.clone(),
            docs_url: service.docs_url.clone(),
            kinds: service.kinds.iter().map(|kind| kind.as_str()).collect(),
            permissions: service.permissions.clone(),
            open: service.availability == Availability::Open,
            sandbox: service.labels.sandbox.clone(),
            production: service.labels.production.clone(),
        }
    }
}

/// Where somebody comes from.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct From {
    #[serde(default)]
    done: String,
}

/// The one that applies.
pub(crate) async fn show(visit: OnPage<AsOperator>, Query(from): Query<From>) -> Result<Html> {
    let operations = visit.operations();
    let text = operations.catalogue_text(visit.caller()).await?;
    let (catalogue, at) = operations.catalogue().await?;
    let brands: Vec<String> = catalogue.brands.iter().map(ToString::to_string).collect();
    Html::page(&Page {
        frame: visit.frame("Catalogue", Section::Catalogue, None),
        brand: brands.first().cloned().unwrap_or_default(),
        earlier: brands.into_iter().skip(1).collect(),
        // The built-in one has been there since the beginning of time.
        applied: (at.us() > 0).then(|| When::new(at, operations.now())),
        services: catalogue.services.iter().map(Row::of).collect(),
        text,
        done: from.done,
    })
}

#[derive(Template)]
#[template(path = "provider/catalogue_change.html")]
struct Change {
    frame: Frame,
    crumbs: Vec<Crumb>,
    text: Field,
    /// Where it is wrong, and how.
    faults: Vec<Finding>,
    /// Live credentials that hold what it no longer has.
    held: Vec<String>,
}

#[derive(Template)]
#[template(path = "provider/catalogue_apply.html")]
struct Apply {
    frame: Frame,
    crumbs: Vec<Crumb>,
    text: String,
    same: bool,
    services: usize,
    warnings: Vec<Finding>,
    added: Vec<String>,
    dropped: Vec<String>,
}

/// Something about a line of the text.
struct Finding {
    place: String,
    message: String,
}

fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new(HERE, "Catalogue")]
}

fn change(visit: &OnPage<AsOperator>, text: &str, faults: Vec<Finding>, held: Vec<String>) -> Change {
    let mut field = Field::new("text", text);
    if !faults.is_empty() || !held.is_empty() {
        field.error = Some("This catalogue cannot be applied as it is.".to_owned());
    }
    Change { frame: visit.frame("Change the catalogue", Section::Catalogue, None), crumbs: crumbs(), text: field, faults, held }
}

/// The text to change.
pub(crate) async fn edit(visit: OnPage<AsOperator>) -> Result<Html> {
    let text = visit.operations().catalogue_text(visit.caller()).await?;
    Html::page(&change(&visit, &text, Vec::new(), Vec::new()))
}

/// A catalogue as it was pasted.
#[derive(Deserialize)]
pub(crate) struct Text {
    #[serde(default)]
    text: String,
}

impl Text {
    /// Browsers send line ends as CR LF, whatever they were.
    fn lines(&self) -> String {
        self.text.replace("\r\n", "\n")
    }
}

/// The same text once more, after a look at what it does.
pub(crate) async fn edit_again(visit: OnPage<AsOperator>, Form(sent): Form<Text>) -> Result<Html> {
    visit.operations().operate(visit.caller())?;
    Html::page(&change(&visit, &sent.lines(), Vec::new(), Vec::new()))
}

/// What is wrong with the text, by its lines.
fn faults(error: Error) -> std::result::Result<Vec<Finding>, Problem> {
    match error {
        Error::Invalid(fields) => Ok(fields.into_iter().map(|f| Finding { place: f.name, message: f.message }).collect()),
        other => Err(other.into()),
    }
}

/// What would be new, and what would be gone.
fn compare(old: &Catalogue, new: &Catalogue) -> (Vec<String>, Vec<String>) {
    let mut added = Vec::new();
    for service in &new.services {
        match old.service(&service.slug) {
            None => added.push(format!("service {}", service.slug)),
            Some(before) => {
                let known = |name: &str| before.permissions.iter().any(|(n, _)| n == name);
                added.extend(
                    service.permissions.iter().filter(|(name, _)| !known(name)).map(|(name, _)| format!("permission {name} of service {}", service.slug)),
                );
            }
        }
    }
    (added, catalogue::diff_drops(old, new).iter().map(ToString::to_string).collect())
}

/// Says what is wrong with a new catalogue, or what applying it does.
pub(crate) async fn check(visit: OnPage<AsOperator>, Form(sent): Form<Text>) -> Result<Html> {
    let operations = visit.operations();
    let present = operations.catalogue_text(visit.caller()).await?;
    let text = sent.lines();
    let (new, warnings) = match keywright_operations::catalogue::check(&text) {
        Ok(checked) => checked,
        Err(error) => return Html::page_as(StatusCode::BAD_REQUEST, &change(&visit, &text, faults(error)?, Vec::new())),
    };
    let (old, _) = operations.catalogue().await?;
    let (added, dropped) = compare(&old, &new);
    Html::page(&Apply {
        frame: visit.frame("Apply the new catalogue", Section::Catalogue, None),
        crumbs: crumbs(),
        same: present == text,
        text,
        services: new.services.len(),
        warnings: warnings.into_iter().map(|w| Finding { place: format!("line {}, column {}", w.line, w.column), message: w.message }).collect(),
        added,
        dropped,
    })
}

/// Applies it.
pub(crate) async fn apply(visit: OnPage<AsOperator>, Form(sent): Form<Text>) -> Result<Html> {
    let text = sent.lines();
    match visit.operations().catalogue_apply(visit.caller(), &text).await {
        Ok(applied) => Ok(Html::see(if applied.changed { "/provider/catalogue?done=applied" } else { "/provider/catalogue?done=same" })),
        Err(Error::Rule(Rule::CatalogueDrops(held))) => Html::page_as(StatusCode::CONFLICT, &change(&visit, &text, Vec::new(), held)),
        Err(error) => Html::page_as(StatusCode::BAD_REQUEST, &change(&visit, &text, faults(error)?, Vec::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_what_goes_is_named() {
        let parse = |text: &str| catalogue::parse(text).unwrap().0;
        let service = |permissions: &str| format!("brand = \"kw\"\n[service.maps]\nname = \"Maps\"\nkinds = [\"api_key\"]\npermissions = {permissions}\n");
        let (old, new) = (parse(&service("{ \"a:read\" = \"A\", \"b:read\" = \"B\" }")), parse(&service("{ \"a:read\" = \"A\", \"c:read\" = \"C\" }")));
        let (added, dropped) = compare(&old, &new);
        assert_eq!(added, ["permission c:read of service maps"]);
        assert_eq!(dropped, ["permission b:read of service maps"]);
    }
}
