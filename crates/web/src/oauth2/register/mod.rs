//! `POST /oauth2/register` (RFC 7591) and `GET`, `PUT`, `DELETE /oauth2/register/{client_id}` (RFC 7592): clients that register themselves.

mod metadata;

use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use keywright_operations::Error;
use keywright_operations::credentials::ClientShown;
use keywright_operations::registration_tokens::RegisteredClient;
use serde_json::{Value, json};

use super::{Protocol, Refusal, uncached};
use crate::app::Hub;
use crate::routes::{Reply, Result};

pub(super) const PATH: &str = "/oauth2/register";

/// Why a call does not go well: the protocol's refusals, and what every route may say.
enum Fault {
    Refused(Refusal),
    /// No token, or none that counts here (RFC 6750 section 3.1).
    Token(Option<&'static str>),
    Other(Error),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(fields) => Self::Refused(Refusal::new("invalid_client_metadata", metadata::told(&fields))),
            Error::Rule(rule) => Self::Refused(Refusal { status: StatusCode::FORBIDDEN, ..Refusal::new("access_denied", rule.to_string()) }),
            // It ended meanwhile, or who made it may no longer make credentials.
            Error::NotFound { .. } | Error::Right(_) => Self::Token(Some(ENDED)),
            other => Self::Other(other),
        }
    }
}

const ENDED: &str = "the token is none of this server, or has ended";

type Answered = std::result::Result<Reply, Fault>;

fn replied(answered: Answered) -> Result<Reply> {
    match answered {
        Ok(reply) => Ok(uncached(reply)),
        Err(Fault::Refused(refusal)) => Ok(refusal.reply()),
        // RFC 6750 section 3: without a token there is nothing to say of it.
        Err(Fault::Token(None)) => Ok(Refusal { challenge: Some(r#"Bearer realm="keywright""#), ..Refusal::token("send the token as a bearer token") }.reply()),
        Err(Fault::Token(Some(why))) => Ok(Refusal::token(why).reply()),
        Err(Fault::Other(error)) => Err(error.into()),
    }
}

/// Registers a client for what its initial access token is for.
pub(crate) async fn create(protocol: Protocol) -> Result<Reply> {
    let hub = protocol.hub()?;
    replied(registered(&protocol, hub).await)
}

async fn registered(protocol: &Protocol, hub: &Hub) -> Answered {
    let by = hub.operations.registrar(bearer(protocol)?).await?.ok_or(Fault::Token(Some(ENDED)))?;
    let metadata = metadata::read(protocol, None)?;
    let made = hub.operations.client_register(&by, metadata).await?;
    let client = RegisteredClient {
        client: keywright_domain::caller::Client { credential: made.created.id, organisation: by.organisation },
        authentication: made.authentication,
    };
    let shown = hub.operations.client_show(&client).await?;
    let mut body = information(hub, &shown, made.access_token.reveal());
    if !made.authentication.takes_key() {
        body["client_secret"] = made.created.handed.secret().into();
        body["client_secret_expires_at"] = 0.into();
    }
    Ok(Reply::json(StatusCode::CREATED, &body))
}

/// What is known of a registered client. Its secret is shown when it is made, and never again.
pub(crate) async fn show(protocol: Protocol) -> Result<Reply> {
    let hub = protocol.hub()?;
    replied(shown(&protocol, hub).await)
}

async fn shown(protocol: &Protocol, hub: &Hub) -> Answered {
    let (_, shown, token) = own(protocol, hub).await?;
    Ok(Reply::json(StatusCode::OK, &information(hub, &shown, token)))
}

/// Changes a registered client.
pub(crate) async fn change(protocol: Protocol) -> Result<Reply> {
    let hub = protocol.hub()?;
    replied(changed(&protocol, hub).await)
}

async fn changed(protocol: &Protocol, hub: &Hub) -> Answered {
    let (client, shown, token) = own(protocol, hub).await?;
    let metadata = metadata::read(protocol, shown.credential.public_id.as_deref())?;
    let shown = hub.operations.client_change(&client, metadata).await?;
    Ok(Reply::json(StatusCode::OK, &information(hub, &shown, token)))
}

/// Ends a registered client, its secrets, its tokens and its registration.
pub(crate) async fn end(protocol: Protocol) -> Result<Reply> {
    let hub = protocol.hub()?;
    replied(ended(&protocol, hub).await)
}

async fn ended(protocol: &Protocol, hub: &Hub) -> Answered {
    let (client, ..) = own(protocol, hub).await?;
    hub.operations.client_end(&client).await?;
    Ok(Reply::new(StatusCode::NO_CONTENT, "application/json", ""))
}

/// The client of the registration access token, which must be the one of the path (RFC 7592 section 2.1).
async fn own<'p>(protocol: &'p Protocol, hub: &Hub) -> std::result::Result<(RegisteredClient, ClientShown, &'p str), Fault> {
    let token = bearer(protocol)?;
    let client = hub.operations.registered_client(token).await?.ok_or(Fault::Token(Some(ENDED)))?;
    let shown = hub.operations.client_show(&client).await?;
    if shown.credential.public_id.as_deref() != protocol.client_id.as_deref() {
        let refusal = Refusal::new("access_denied", "the token is for another client than the one of the path");
        return Err(Refusal { status: StatusCode::FORBIDDEN, ..refusal }.into());
    }
    let token = std::str::from_utf8(token).map_err(|_| Fault::Token(Some(ENDED)))?;
    Ok((client, shown, token))
}

/// The one bearer token of the header `Authorization`.
fn bearer(protocol: &Protocol) -> std::result::Result<&[u8], Fault> {
    let mut all = protocol.headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return Err(Fault::Token(None)) };
    let (scheme, token) = value.as_bytes().split_at_checked(7).ok_or(Fault::Token(None))?;
    if scheme.eq_ignore_ascii_case(b"bearer ") { Ok(token.trim_ascii()) } else { Err(Fault::Token(None)) }
}

/// The answer of RFC 7591 section 3.2.1 and RFC 7592 section 3, without a secret.
fn information(hub: &Hub, shown: &ClientShown, access_token: &str) -> Value {
    let credential = &shown.credential;
    let client_id = credential.public_id.as_deref().unwrap_or_default();
    let mut body = json!({
        "client_id": client_id,
        "client_id_issued_at": credential.created_at.us().div_euclid(1_000_000),
        "registration_access_token": access_token,
        "registration_client_uri": Protocol::url(hub, &format!("{PATH}/{client_id}")),
        "client_name": credential.name,
        "token_endpoint_auth_method": shown.authentication.as_str(),
        "grant_types": ["client_credentials"],
        "response_types": [],
        "scope": credential.permissions.to_text(),
    });
    if let Some(key) = &shown.key {
        body["jwks"] = json!({ "keys": [key.to_jwk()] });
    }
    body
}
