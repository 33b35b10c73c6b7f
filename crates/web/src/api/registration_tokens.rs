//! Initial access tokens, by which clients of an application register themselves.

use std::ops::Deref;

use keywright_domain::ids::RegistrationTokenId;
use keywright_operations::registration_tokens::{NewRegistrationToken, RegistrationToken};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::rights::{Edit, End, View};
use crate::extract::{Body, InApplication};
use crate::problem::Problem;
use crate::routes::call::Call;
use crate::routes::endpoint::Caller;
use crate::routes::{Access, Created, Done, Listed, Result, Way};

/// An initial access token, without its secret.
#[derive(Serialize, ToSchema)]
pub struct RegistrationTokenShape {
    /// Its id, a prefix and 26 characters.
    id: String,
    /// Id of the application whose clients it registers.
    application_id: String,
    /// Who made it, and bounds it with what they hold; null: somebody at the machine.
    person_id: Option<String>,
    /// Its label, 1 to 100 characters.
    name: String,
    /// The service that its clients are for.
    service: String,
    /// `production` or `sandbox`.
    environment: &'static str,
    /// The beginning of the token and its last four characters.
    masked: String,
    /// How many clients it may register.
    clients_max: u32,
    /// How many it has registered.
    clients: u32,
    /// When it was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ends, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it was ended for good, RFC 3339 in UTC; null: it was not.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<&RegistrationToken> for RegistrationTokenShape {
    fn from(t: &RegistrationToken) -> Self {
        Self {
            id: t.id.to_string(),
            application_id: t.application.to_string(),
            person_id: t.person.map(|id| id.to_string()),
            name: t.name.clone(),
            service: t.service.clone(),
            environment: t.environment.as_str(),
            masked: t.masked.clone(),
            clients_max: t.clients_max,
            clients: t.clients,
            created_at: t.created_at.to_string(),
            expires_at: t.expires_at.to_string(),
            revoked_at: t.revoked_at.map(|at| at.to_string()),
        }
    }
}

/// What an initial access token is made from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRegistrationTokenForm {
    /// A label.
    name: String,
    /// Slug of one of the application's services whose kinds have `oauth_client`.
    service: String,
    /// `production` or `sandbox`.
    environment: String,
    /// How many clients it may register, 1 to 1,000; left out: one.
    clients_max: Option<u32>,
    /// RFC 3339, at most 90 days ahead; left out: in a day.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// An initial access token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct RegistrationTokenMadeShape {
    /// Id of the token, a prefix and 26 characters.
    id: String,
    /// The token, which is shown this once.
    token: String,
    /// Said where it is for more clients than its service lets live at a time; else null.
    warning: Option<String>,
    /// The token as lists show it, without its secret.
    registration_token: RegistrationTokenShape,
}

/// Somebody who calls about one initial access token of an application.
pub(crate) struct OfRegistrationToken {
    of: InApplication<End>,
    token: RegistrationTokenId,
}

impl Deref for OfRegistrationToken {
    type Target = InApplication<End>;
    fn deref(&self) -> &InApplication<End> {
        &self.of
    }
}

impl Caller for OfRegistrationToken {
    const WHO: Access = InApplication::<End>::WHO;
    const WAY: Way = Way::Api;

    fn take(call: &Call) -> Result<Self> {
        let token = call.id("registration_token").and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)?;
        Ok(Self { of: InApplication::take(call)?, token })
    }
}

/// Newest first, ended ones too.
pub(crate) async fn list(app: InApplication<View>) -> Result<Listed<RegistrationTokenShape>> {
    let listed = app.operations().registration_token_list(app.caller(), app.id).await?;
    Ok(Listed::whole(listed.iter().map(Into::into).collect()))
}

/// Makes an initial access token: whoever holds it registers clients at `/oauth2/register`, for this service and environment, so many and so long.
pub(crate) async fn create(app: InApplication<Edit>, Body(form): Body<NewRegistrationTokenForm>) -> Result<Created<RegistrationTokenMadeShape>> {
    let NewRegistrationTokenForm { name, service, environment, clients_max, expires_at } = form;
    let new = NewRegistrationToken { name, service, environment, clients_max, expires_at };
    let shown = app.operations().registration_token_create(app.caller(), app.id, new).await?;
    let id = shown.made.id;
    let shape = RegistrationTokenMadeShape {
        id: id.to_string(),
        token: shown.token.reveal().to_owned(),
        warning: shown.warning,
        registration_token: (&shown.made).into(),
    };
    Ok(Created::at(format!("/api/v1/applications/{}/registration-tokens", app.id), shape).shown_once("token", id, None))
}

/// Ends an initial access token for good. The clients that it registered stay.
pub(crate) async fn revoke(of: OfRegistrationToken) -> Result<Done<RegistrationTokenShape>> {
    let revoked = of.operations().registration_token_revoke(of.caller(), of.id, of.token).await?;
    Ok(Done((&revoked).into()))
}
