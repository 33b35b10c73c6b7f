//! Whether the fields of one service fit together.

use super::faults::Findings;
use super::read::{Entry, Table};
use super::{OnStale, Scheme, SecretVisibility, Service};
use crate::credential::Kind;

/// What to say of a scheme that no kind of the service can use.
pub(super) fn why_not(scheme: Scheme) -> String {
    let fits = |kind: Kind| kind.schemes().contains(&scheme);
    format!("{scheme} {}: leave it out, or add {} to kinds", is_for(fits), one_of(fits))
}

/// What to say of something for kinds that are not there.
fn is_for(holds: impl Fn(Kind) -> bool) -> String {
    let missing = match Kind::ALL.into_iter().filter(|kind| holds(*kind)).count() {
        1 => "which kinds does not have",
        2 => "and kinds has neither",
        _ => "and kinds has none of them",
    };
    format!("is for {}, {missing}", Kind::those(holds))
}

/// What to add: the kind, where there is one.
fn one_of(holds: impl Fn(Kind) -> bool) -> String {
    let mut fitting = Kind::ALL.into_iter().filter(|kind| holds(*kind));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => format!("{:?}", one.as_str()),
        _ => "one of them".to_owned(),
    }
}

/// Notes what contradicts something else in the same service, and what its author should know.
pub(super) fn check(service: &Service, entry: &Entry<'_>, table: &Table<'_>, found: &mut Findings) {
    secrets(service, table, found);
    if let Some(attributes) = table.entry("attributes")
        && !service.attributes.is_empty()
        && !service.kinds.iter().any(|kind| kind.is_key_pair())
    {
        let added = one_of(Kind::is_key_pair);
        found.fault(&attributes.at, format!("{} are encrypted to a key pair: add {added} to kinds, or leave them out", attributes.name));
    }
    if let Some(on_stale) = table.entry("on_stale")
        && service.on_stale == OnStale::Serve
    {
        let message = format!("{} = \"serve\": while a verifier cannot prove that it is fresh, revocations of this service may not take effect", on_stale.name);
        found.warning(&on_stale.at, message);
    }
    let unbound = [("production", &service.production_authorities), ("sandbox", &service.sandbox_authorities)];
    let unbound: Vec<&str> = unbound.iter().filter(|(_, hosts)| hosts.is_empty()).map(|(name, _)| *name).collect();
    if service.schemes.contains(&Scheme::HttpMessageSignatures) && !unbound.is_empty() {
        let message = format!(
            "{} lists no authorities for {}: a request signed for any host passes there; write authorities = {{ {} }}",
            entry.name,
            unbound.join(" and "),
            unbound.iter().map(|name| format!("{name} = [\"api.example.com\"]")).collect::<Vec<_>>().join(", ")
        );
        found.warning(&entry.key_at, message);
    }
    if service.schemes.contains(&Scheme::Yoti) && service.base_paths.is_empty() {
        let message = format!(
            "{} takes Yoti's form and declares no base_paths: SDKs sign the path that follows their base URL, so declare base_paths, or give out a base URL \
             without a path",
            entry.name
        );
        found.warning(&entry.key_at, message);
    }
}

/// What is stored as a digest cannot be shown again, and only consumer secrets stand beside each other.
fn secrets(service: &Service, table: &Table<'_>, found: &mut Findings) {
    if let Some(token) = table.entry("token")
        && !service.kinds.is_empty()
        && !service.kinds.iter().any(|kind| kind.gets_tokens())
    {
        found.fault(&token.at, format!("{} {}: leave it out", token.name, is_for(Kind::gets_tokens)));
    }
    if service.kinds.is_empty() || service.kinds.iter().any(|kind| kind.has_client_secrets()) {
        return;
    }
    let is_for = is_for(Kind::has_client_secrets);
    if let Some(visibility) = table.entry("secret_visibility")
        && service.secret_visibility == SecretVisibility::Retrievable
    {
        found.fault(&visibility.at, format!("{} = \"retrievable\" {is_for}: write \"once\"", visibility.name));
    }
    if let Some(parallel) = table.entry("parallel_secrets")
        && service.parallel_secrets > 1
    {
        found.fault(&parallel.at, format!("{} {is_for}: leave it out", parallel.name));
    }
}
