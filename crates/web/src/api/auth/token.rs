//! `POST /auth/token`

use std::fmt::Display;
use std::str::FromStr;

use keywright_domain::ids::{OrganisationId, SignInId};
use keywright_operations::sign_in::Client;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::{Body, Public};
use crate::problem::{FieldError, Problem};
use crate::routes::{Done, Result};

/// The proof, and what the token is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenForm {
    /// As `POST /auth/magic-link` gave it.
    request_id: String,
    /// As the mail says it; case, spaces and dashes do not count.
    code: String,
    /// Required of a person who is in several organisations.
    organisation: Option<String>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccessTokenShape {
    /// The token, for the header `Authorization: Bearer …`. It is shown this once.
    access_token: String,
    /// `Bearer`
    token_type: &'static str,
    /// Its life in seconds.
    expires_in: i64,
    /// The organisation that it is for; null: the person is in none yet.
    organisation_id: Option<String>,
}

/// Gives an access token for an hour.
pub(crate) async fn give(anybody: Public, Body(form): Body<TokenForm>) -> Result<Done<AccessTokenShape>> {
    let request: SignInId = read("request_id", &form.request_id)?;
    let organisation = form.organisation.as_deref().map(|text| read::<OrganisationId>("organisation", text)).transpose()?;
    let client = Client { agent: "", source: anybody.source() };
    let token = anybody.operations().sign_in_for_token(request, &form.code, organisation, client).await?;
    Ok(Done(AccessTokenShape {
        access_token: token.token.reveal().to_owned(),
        token_type: "Bearer",
        expires_in: token.expires_in_s,
        organisation_id: token.organisation.map(|id| id.to_string()),
    }))
}

fn read<T: FromStr<Err: Display>>(field: &str, text: &str) -> Result<T> {
    text.parse().map_err(|e: T::Err| Problem::invalid(vec![FieldError { field: field.into(), message: e.to_string() }]))
}
