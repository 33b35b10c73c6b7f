//! One service of `catalog.toml`: its fields and their defaults.

use super::faults::Findings;
use super::fit;
use super::read::{Entry, Placed, Table, short};
use super::{Availability, BodyCheck, Form, Labels, OnStale, Requirement, Scheme, SecretVisibility, Service, Tokens};
use crate::credential::permissions::is_permission_name;
use crate::credential::rotation::{Policy, PolicyName};
use crate::credential::{Kind, RateLimit};
use crate::time::Span;
use crate::{limits, text};

/// All that a service may have.
pub(super) const FIELDS: [&str; 21] = [
    "name",
    "docs_url",
    "kinds",
    "permissions",
    "environments",
    "availability",
    "form",
    "production_requires",
    "credentials_per_environment",
    "rotation",
    "schemes",
    "authorities",
    "base_paths",
    "body_check",
    "rate_limit",
    "on_stale",
    "secret_visibility",
    "parallel_secrets",
    "token",
    "attributes",
    "warning",
];
const AVAILABILITIES: [(&str, Availability); 2] = [("open", Availability::Open), ("on_request", Availability::OnRequest)];
const FORMS: [(&str, Form); 2] = [("full", Form::Full), ("condensed", Form::Condensed)];
const REQUIREMENTS: [(&str, Requirement); 4] = [
    ("details", Requirement::Details),
    ("credential", Requirement::Credential),
    ("billing", Requirement::Billing),
    ("verified_organisation", Requirement::VerifiedOrganisation),
];
const BODY_CHECKS: [(&str, BodyCheck); 2] = [("strict", BodyCheck::Strict), ("upstream", BodyCheck::Upstream)];
const ON_STALE: [(&str, OnStale); 2] = [("refuse", OnStale::Refuse), ("serve", OnStale::Serve)];
const VISIBILITIES: [(&str, SecretVisibility); 2] = [("once", SecretVisibility::Once), ("retrievable", SecretVisibility::Retrievable)];

/// Reads the service that this entry declares. What is wrong is noted; a service with faults is still returned where it can be, so that the
/// checks after it find theirs too.
pub(super) fn read(entry: &Entry<'_>, found: &mut Findings) -> Option<Service> {
    if !is_slug(entry.key) {
        let message = format!(
            "{} is not possible as the name of a service: write lower-case letters, digits and -, at most {}, beginning with a letter",
            short(entry.key),
            limits::SLUG_CHARS_MAX
        );
        found.fault(&entry.key_at, message);
    }
    let table = entry.table(found)?;
    table.refuse_unknown(&FIELDS, found);
    let kinds = kinds(entry, &table, found);
    let schemes = schemes(&table, &kinds, found);
    let service = Service {
        slug: entry.key.to_owned(),
        name: name(entry, &table, found),
        docs_url: table.entry("docs_url").and_then(|e| e.checked(found, page_address)),
        permissions: explained(table.entry("permissions"), limits::PERMISSIONS_MAX, "permission", found),
        labels: labels(table.entry("environments"), found),
        availability: table.entry("availability").and_then(|e| e.word(&AVAILABILITIES, found)).unwrap_or(Availability::Open),
        form: table.entry("form").and_then(|e| e.word(&FORMS, found)).unwrap_or(Form::Condensed),
        production_requires: match table.entry("production_requires") {
            Some(entry) => without_places(entry.words(&REQUIREMENTS, found)),
            None => vec![Requirement::Details],
        },
        credentials_per_environment: table
            .entry("credentials_per_environment")
            .and_then(|e| e.number(1, limits::CREDENTIALS_PER_ENVIRONMENT_MAX, found))
            .unwrap_or(limits::CREDENTIALS_PER_ENVIRONMENT_DEFAULT),
        rotation: rotation(table.entry("rotation"), found),
        sandbox_authorities: authorities(table.entry("authorities"), "sandbox", found),
        production_authorities: authorities(table.entry("authorities"), "production", found),
        base_paths: base_paths(table.entry("base_paths"), found),
        body_check: table.entry("body_check").and_then(|e| e.word(&BODY_CHECKS, found)).unwrap_or(BodyCheck::Strict),
        rate_limit: table.entry("rate_limit").and_then(|e| rate_limit(&e, found)),
        on_stale: table.entry("on_stale").and_then(|e| e.word(&ON_STALE, found)).unwrap_or(OnStale::Refuse),
        secret_visibility: table.entry("secret_visibility").and_then(|e| e.word(&VISIBILITIES, found)).unwrap_or(SecretVisibility::Once),
        parallel_secrets: table.entry("parallel_secrets").and_then(|e| e.number(1, limits::PARALLEL_SECRETS_MAX, found)).unwrap_or(1),
        token: tokens(table.entry("token"), found),
        attributes: explained(table.entry("attributes"), limits::ATTRIBUTES_MAX, "attribute", found),
        warning: table.entry("warning").and_then(|e| e.checked(found, |text| line(text, limits::WARNING_CHARS_MAX))),
        kinds: without_places(kinds),
        schemes: without_places(schemes),
    };
    fit::check(&service, entry, &table, found);
    Some(service)
}

fn without_places<T>(placed: Vec<Placed<T>>) -> Vec<T> {
    placed.into_iter().map(|(value, _)| value).collect()
}

fn is_slug(slug: &str) -> bool {
    slug.len() <= limits::SLUG_CHARS_MAX
        && slug.starts_with(|c: char| c.is_ascii_lowercase())
        && !slug.ends_with('-')
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn name(service: &Entry<'_>, table: &Table<'_>, found: &mut Findings) -> String {
    match table.entry("name") {
        Some(entry) => entry.checked(found, |given| text::name(given).map_err(|why| why.to_string())).unwrap_or_default(),
        None => {
            found.fault(&service.key_at, format!("{} has no name: write name = \"What people see\"", service.name));
            String::new()
        }
    }
}

fn kinds(service: &Entry<'_>, table: &Table<'_>, found: &mut Findings) -> Vec<Placed<Kind>> {
    let Some(entry) = table.entry("kinds") else {
        found.fault(&service.key_at, format!("{} takes no kind of credential: write kinds = [\"api_key\"]", service.name));
        return Vec::new();
    };
    let words = Kind::ALL.map(|kind| (kind.as_str(), kind));
    let before = found.count();
    let kinds = entry.words(&words, found);
    if kinds.is_empty() && found.count() == before {
        found.fault(&entry.at, format!("{} is empty: write at least one of {}", entry.name, Kind::those(|_| true)));
    }
    kinds
}

/// The schemes as written, or the default for kinds that sign; each must be of use to one of the kinds.
fn schemes(table: &Table<'_>, kinds: &[Placed<Kind>], found: &mut Findings) -> Vec<Placed<Scheme>> {
    let Some(entry) = table.entry("schemes") else {
        return kinds.iter().find_map(|(kind, at)| Some((*kind.schemes().first()?, at.clone()))).into_iter().collect();
    };
    let schemes = entry.words(&Scheme::ALL.map(|scheme| (scheme.as_str(), scheme)), found);
    for (scheme, at) in &schemes {
        if !kinds.is_empty() && !kinds.iter().any(|(kind, _)| kind.schemes().contains(scheme)) {
            found.fault(at, format!("{}: {}", entry.name, fit::why_not(*scheme)));
        }
    }
    for (kind, first) in kinds.iter().filter_map(|(kind, _)| Some((kind, kind.schemes().first()?))) {
        if !schemes.iter().any(|(scheme, _)| kind.schemes().contains(scheme)) {
            found.fault(&entry.at, format!("{} has none for {kind}, which signs its requests: add \"{first}\"", entry.name));
        }
    }
    schemes
}

/// A table of names and explanations, in the order of the file.
fn explained(entry: Option<Entry<'_>>, max: usize, what: &str, found: &mut Findings) -> Vec<(String, String)> {
    let Some(entry) = entry else { return Vec::new() };
    let Some(table) = entry.table(found) else { return Vec::new() };
    let entries = table.entries();
    if entries.len() > max {
        found.fault(&entry.at, format!("{} has {} entries: at most {max} are taken", entry.name, entries.len()));
        return Vec::new();
    }
    let mut named = Vec::new();
    for item in entries {
        if !is_permission_name(item.key) {
            let message = format!(
                "{} is not possible as the name of {} {what}: write 1 to 80 letters, digits or signs without space, comma, quote and backslash, in quotes",
                short(item.key),
                if what.starts_with('a') { "an" } else { "a" }
            );
            found.fault(&item.key_at, message);
        }
        if let Some(explanation) = item.checked(found, |given| line(given, limits::EXPLANATION_CHARS_MAX)) {
            named.push((item.key.to_owned(), explanation));
        }
    }
    named
}

fn labels(entry: Option<Entry<'_>>, found: &mut Findings) -> Labels {
    let mut labels = Labels { sandbox: "Sandbox".into(), production: "Production".into() };
    let Some(table) = entry.and_then(|e| e.table(found)) else { return labels };
    table.refuse_unknown(&["sandbox", "production"], found);
    for (key, label) in [("sandbox", &mut labels.sandbox), ("production", &mut labels.production)] {
        let given = table.entry(key).and_then(|e| e.checked(found, |given| text::name(given).map_err(|why| why.to_string())));
        if let Some(given) = given {
            *label = given;
        }
    }
    labels
}

fn rotation(entry: Option<Entry<'_>>, found: &mut Findings) -> (PolicyName, Span) {
    let mut rotation = (PolicyName::Overlap, limits::OVERLAP_DEFAULT);
    let Some(table) = entry.and_then(|e| e.table(found)) else { return rotation };
    table.refuse_unknown(&["default", "overlap"], found);
    if let Some(policy) = table.entry("default").and_then(|e| e.parsed(found)) {
        rotation.0 = policy;
    }
    if let Some(entry) = table.entry("overlap")
        && let Some(overlap) = entry.parsed(found)
    {
        match Policy::new(PolicyName::Overlap, overlap) {
            Ok(_) => rotation.1 = overlap,
            Err(why) => found.fault(&entry.at, format!("{}: {why}", entry.name)),
        }
    }
    rotation
}

fn tokens(entry: Option<Entry<'_>>, found: &mut Findings) -> Tokens {
    let mut tokens = Tokens::default();
    let Some(table) = entry.and_then(|e| e.table(found)) else { return tokens };
    table.refuse_unknown(&["signing", "life", "form"], found);
    if let Some(signing) = table.entry("signing").and_then(|e| e.parsed(found)) {
        tokens.signing = signing;
    }
    if let Some(form) = table.entry("form").and_then(|e| e.parsed(found)) {
        tokens.form = form;
    }
    if let Some(entry) = table.entry("life")
        && let Some(life) = entry.parsed::<Span>(found)
    {
        let (min, max) = (limits::TOKEN_LIFE_MIN, limits::TOKEN_LIFE_MAX);
        if life >= min && life <= max {
            tokens.life = life;
        } else {
            found.fault(&entry.at, format!("{} is {life}: write a length of time from {min} to {max}", entry.name));
        }
    }
    tokens
}

fn rate_limit(entry: &Entry<'_>, found: &mut Findings) -> Option<RateLimit> {
    let table = entry.table(found)?;
    table.refuse_unknown(&["requests", "per"], found);
    let (Some(requests), Some(per)) = (table.entry("requests"), table.entry("per")) else {
        found.fault(&entry.at, format!("{} is not complete: write {{ requests = 100, per = \"1s\" }}", entry.name));
        return None;
    };
    let (requests, per) = (requests.number(1, limits::RATE_REQUESTS_MAX, found), per.parsed(found));
    RateLimit::new(requests?, per?).map_err(|why| found.fault(&entry.at, format!("{}: {why}", entry.name))).ok()
}

/// Hosts under which the service is reached in one environment, in lower case.
fn authorities(entry: Option<Entry<'_>>, environment: &str, found: &mut Findings) -> Vec<String> {
    let Some(table) = entry.and_then(|e| e.table(found)) else { return Vec::new() };
    table.refuse_unknown(&["sandbox", "production"], found);
    let Some(entry) = table.entry(environment) else { return Vec::new() };
    let mut hosts: Vec<String> = Vec::new();
    for (given, at) in entry.texts(limits::AUTHORITIES_MAX, found) {
        match text::host(given) {
            Ok(host) if hosts.contains(&host) => found.fault(&at, format!("{}: {host} stands there twice: write it once", entry.name)),
            Ok(host) => hosts.push(host),
            Err(why) => found.fault(&at, format!("{}: {} {why}", entry.name, short(given))),
        }
    }
    hosts
}

fn base_paths(entry: Option<Entry<'_>>, found: &mut Findings) -> Vec<String> {
    let Some(entry) = entry else { return Vec::new() };
    let mut paths = Vec::new();
    for (given, at) in entry.texts(limits::BASE_PATHS_MAX, found) {
        let segments_ok = given.strip_prefix('/').is_some_and(|rest| rest.split('/').all(|s| !matches!(s, "" | "." | "..")));
        let bytes_ok = given.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\'));
        if segments_ok && bytes_ok && given.len() <= limits::BASE_PATH_CHARS_MAX {
            paths.push(given.to_owned());
        } else {
            let message = format!(
                "{}: {} is not a base path: write one such as /maps/v1, with / at its start and none at its end, at most {} characters",
                entry.name,
                short(given),
                limits::BASE_PATH_CHARS_MAX
            );
            found.fault(&at, message);
        }
    }
    paths
}

/// The address of a page that people are sent to.
fn page_address(given: &str) -> Result<String, String> {
    let wrong = || format!("is {}, which is not the address of a page: write one such as https://acme.example/docs", short(given));
    let rest = given.strip_prefix("https://").or_else(|| given.strip_prefix("http://")).ok_or_else(wrong)?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let readable = given.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'`'));
    if !readable || given.len() > limits::URL_CHARS_MAX || text::host(host).is_err() {
        return Err(wrong());
    }
    Ok(given.to_owned())
}

/// A text for people that is shown as it stands.
fn line(given: &str, max: usize) -> Result<String, String> {
    let given = given.trim();
    let chars = given.chars().count();
    if given.is_empty() {
        return Err(format!("is empty: write a sentence of at most {max} characters"));
    }
    if chars > max {
        return Err(format!("has {chars} characters: at most {max} are taken"));
    }
    if let Some(bad) = given.chars().find(|c| text::is_hidden(*c)) {
        return Err(format!("contains U+{:04X}, which does not show: remove it", bad as u32));
    }
    Ok(given.to_owned())
}
