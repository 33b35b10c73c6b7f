//! `POST /oauth2/introspect`: what a token is good for now (RFC 7662), told to a resource server about its services and to a client about its own.

use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use keywright_domain::time::{Boot, Timestamp};
use keywright_verifier::{Concerned, Reading, introspect};
use serde_json::{Value, json};

use super::client::Credentials;
use super::parameters::Parameters;
use super::{Protocol, Refusal, given};
use crate::app::App;
use crate::routes::{Reply, Result};

pub(super) const PATH: &str = "/oauth2/introspect";

/// Says whether a token is active, and what it says.
pub(crate) async fn show(protocol: Protocol) -> Result<Reply> {
    Ok(match answer(&protocol).await {
        Ok(body) => given(&body),
        Err(refusal) => refusal.reply(),
    })
}

async fn answer(protocol: &Protocol) -> std::result::Result<Value, Refusal> {
    let parameters = Parameters::read(protocol)?;
    let token = || parameters.get("token").ok_or_else(|| Refusal::request("token is missing"));
    if let Some(bearer) = bearer(protocol) {
        return by_resource_server(protocol, bearer, token()?);
    }
    let hub = protocol.app.hub().ok_or_else(|| Refusal::token("send the token of a resource server as a bearer token"))?;
    let credentials = Credentials::read(protocol, hub, &parameters, PATH)?;
    let token = token()?;
    credentials.act(protocol, |known| told(&protocol.app, known.reading, &Concerned::Client(known.found.credential), token, (known.now, known.boot))).await
}

fn by_resource_server(protocol: &Protocol, bearer: &[u8], token: &str) -> std::result::Result<Value, Refusal> {
    let app = &protocol.app;
    let verifier = app.replica().ok_or_else(unavailable)?;
    let boot = app.now();
    let reading = verifier.read();
    reading.fresh_at(boot).map_err(|_| unavailable())?;
    let now = reading.calendar(boot);
    let asker = reading.asker(bearer, now).ok_or_else(|| Refusal::token("this is not the token of a resource server"))?;
    told(app, &reading, &Concerned::ResourceServer(&asker), token, (now, boot))
}

fn unavailable() -> Refusal {
    Refusal::later(StatusCode::SERVICE_UNAVAILABLE, "tokens cannot be checked right now: try again")
}

/// The members of RFC 7662 section 2.2. Whatever is not active says nothing else.
///
/// # Errors
/// Nobody here can say.
fn told<'r>(
    app: &App,
    reading: &'r Reading<'_>,
    concerned: &Concerned<'_, 'r>,
    token: &str,
    (now, boot): (Timestamp, Boot),
) -> std::result::Result<Value, Refusal> {
    let introspected = introspect(reading, concerned, token.as_bytes(), now, boot).map_err(Refusal::unavailable)?;
    // The process may have stood still since; what follows only writes it down.
    reading.fresh_at(app.now()).map_err(|_| unavailable())?;
    let Some((found, said)) = introspected else { return Ok(json!({ "active": false })) };
    let seconds = |at: Timestamp| at.us().div_euclid(1_000_000);
    let facts = said.facts();
    Ok(json!({
        "active": true,
        "scope": said.permissions().names().join(" "),
        "client_id": found.public_id,
        "sub": found.public_id,
        "token_type": "Bearer",
        "exp": seconds(facts.expires_at),
        "iat": seconds(facts.issued_at),
        "jti": facts.id.to_string(),
        "service": found.service,
        "environment": found.environment.as_str(),
        "credential_id": found.credential.to_string(),
        "application_id": found.application.to_string(),
        "organisation_id": found.organisation.to_string(),
    }))
}

/// The token after `Bearer`.
fn bearer(protocol: &Protocol) -> Option<&[u8]> {
    let mut all = protocol.headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
