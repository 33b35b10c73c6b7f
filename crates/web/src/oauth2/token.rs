//! `POST /oauth2/token`: access tokens for clients (RFC 6749 section 4.4, RFC 8707, RFC 9068).

use hyper::StatusCode;
use keywright_crypto::secret::Secret;
use keywright_domain::text;
use keywright_domain::token::audience;
use keywright_operations::tokens::{MintError, NewToken};
use serde_json::json;

use super::client::{Credentials, Known};
use super::parameters::Parameters;
use super::{Protocol, Refusal, given};
use crate::app::Hub;
use crate::routes::{Reply, Result};

pub(super) const PATH: &str = "/oauth2/token";

/// Gives an access token to a client.
pub(crate) async fn give(protocol: Protocol) -> Result<Reply> {
    let hub = protocol.hub()?;
    Ok(match answer(&protocol, hub).await {
        Ok(reply) => reply,
        Err(refusal) => refusal.reply(),
    })
}

async fn answer(protocol: &Protocol, hub: &Hub) -> std::result::Result<Reply, Refusal> {
    let parameters = Parameters::read(protocol)?;
    let grant = parameters.get("grant_type").ok_or_else(|| Refusal::request("grant_type is missing: it is client_credentials"))?;
    let credentials = Credentials::read(protocol, hub, &parameters, PATH)?;
    let token = credentials
        .act(protocol, |known| {
            if grant != "client_credentials" {
                return Err(Refusal::new("unsupported_grant_type", "the only grant_type here is client_credentials"));
            }
            token(hub, &parameters, known)
        })
        .await?;
    // Scope is left out where there is none: an empty one is no scope (RFC 6749 section 3.3).
    let mut body = json!({ "access_token": token.text.expose(), "token_type": "Bearer", "expires_in": token.expires_in_s });
    if !token.scope.is_empty() {
        body["scope"] = token.scope.into();
    }
    Ok(given(&body))
}

struct Given {
    text: Secret,
    expires_in_s: i64,
    scope: String,
}

fn token(hub: &Hub, parameters: &Parameters, known: &Known<'_, '_>) -> std::result::Result<Given, Refusal> {
    let Known { reading, found, client, boot, .. } = known;
    let operations = &hub.operations;
    let mut resources = parameters.all("resource");
    match (resources.next(), resources.next()) {
        (None, None) => {}
        (Some(one), None) if one == audience(operations.base_url(), client.service, client.environment) => {}
        (Some(_), None) => return Err(Refusal::new("invalid_target", "resource is not the URI of the service that the client is for")),
        _ => return Err(Refusal::new("invalid_target", "a token is for one resource: ask for them one by one")),
    }
    let scope = scope(parameters.get("scope"), known)?;
    let (Some(client_id), Some(brand)) = (found.public_id, client.brand) else {
        return Err(Refusal::later(StatusCode::SERVICE_UNAVAILABLE, "clients cannot be checked right now: try again"));
    };
    let new = NewToken {
        credential: found.credential,
        client_id,
        version: found.version,
        service: client.service,
        environment: client.environment,
        scope: &scope,
        tokens: client.tokens,
        form: client.form,
        brand,
        not_before: client.tokens_not_before,
        not_after: found.expires_at,
        now: reading.issues_at(*boot),
    };
    let minted = operations.token_mint(&new).map_err(|error| match error {
        MintError::NoTimeLeft => Refusal::new("unauthorized_client", error.to_string()),
        MintError::TooLong => Refusal::new("invalid_scope", error.to_string()),
        MintError::NoKey | MintError::Failed => Refusal::later(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    })?;
    Ok(Given { text: minted.token, expires_in_s: minted.expires_in_s, scope })
}

/// What was asked for, if all of it is held; all that is held where nothing was asked for.
fn scope(asked: Option<&str>, known: &Known<'_, '_>) -> std::result::Result<String, Refusal> {
    let held = known.found.permissions;
    let Some(asked) = asked else { return Ok(held.names().join(" ")) };
    let mut names: Vec<&str> = asked.split(' ').collect();
    if !held.holds_all(&names) {
        return Err(Refusal::new("invalid_scope", not_held(&names, held.names())));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names.join(" "))
}

/// Names of each kind that a refusal lists.
const NAMES_SHOWN: usize = 20;

/// Which of the scopes that were asked for are not held, and which are: the client has proved who it is.
fn not_held(asked: &[&str], held: &[String]) -> String {
    if asked.contains(&"") {
        return "scope has an empty name in it: one space stands between two".to_owned();
    }
    let list = |names: Vec<String>| match names.len().checked_sub(NAMES_SHOWN) {
        None | Some(0) => names.join(" "),
        Some(more) => format!("{} and {more} more", names[..NAMES_SHOWN].join(" ")),
    };
    let refused = asked.iter().filter(|name| !held.iter().any(|h| h == *name)).map(|name| text::repeated(name)).collect();
    let holds = if held.is_empty() { "none".to_owned() } else { list(held.to_vec()) };
    format!("the client does not hold {}: it holds {holds}", list(refused))
}
