//! `/provider/resource-servers`

use keywright_domain::ids::ResourceServerId;
use keywright_domain::time::{Span, SpanError};
use keywright_operations::resource_servers::TokenShown;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::shapes::ResourceServerShape;
use crate::api::words;
use crate::extract::rights::Operate;
use crate::extract::{AsOperator, Body, MaybeBody, Of};
use crate::problem::{FieldError, Problem};
use crate::routes::{Created, Done, Listed, Result};

/// What a resource server is made from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewResourceServerForm {
    /// A label.
    name: String,
    /// Slugs of the services that it may ask about, at least one.
    services: Vec<String>,
    /// Environments that it may ask about; empty: production.
    #[serde(default)]
    #[schema(value_type = Vec<words::Environment>)]
    environments: Vec<String>,
}

/// How long the token before goes on working.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverlapForm {
    /// Such as `24h`; left out: the token before ends at once.
    overlap: Option<String>,
}

/// A token of a resource server.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResourceServerTokenShape {
    /// Id of the resource server, a prefix and 26 characters.
    id: String,
    /// The token, which is shown this once.
    token: String,
    /// Until when the one before is accepted; null: it has ended.
    #[schema(format = DateTime)]
    previous_until: Option<String>,
}

fn shown(token: &TokenShown) -> Created<ResourceServerTokenShape> {
    let shape = ResourceServerTokenShape {
        id: token.id.to_string(),
        token: token.token.reveal().to_owned(),
        previous_until: token.previous_until.map(|until| until.to_string()),
    };
    Created::at(format!("/api/v1/provider/resource-servers/{}", token.id), shape).shown_once("token", token.id, None)
}

/// Every resource server, revoked ones too.
pub(crate) async fn list(operator: AsOperator) -> Result<Listed<ResourceServerShape>> {
    let listed = operator.operations().resource_server_list(operator.caller()).await?;
    Ok(Listed::whole(listed.iter().map(Into::into).collect()))
}

/// Makes a resource server. Its token is in this answer only.
pub(crate) async fn create(operator: AsOperator, Body(form): Body<NewResourceServerForm>) -> Result<Created<ResourceServerTokenShape>> {
    let made = operator.operations().resource_server_create(operator.caller(), &form.name, &form.services, &form.environments).await?;
    Ok(shown(&made))
}

/// Gives it another token.
pub(crate) async fn rotate(of: Of<ResourceServerId, Operate>, MaybeBody(form): MaybeBody<OverlapForm>) -> Result<Created<ResourceServerTokenShape>> {
    let bad = |error: SpanError| Problem::invalid(vec![FieldError { field: "overlap".into(), message: error.to_string() }]);
    let overlap = form.overlap.as_deref().map_or(Ok(Span::from_s(0)), |text| text.parse().map_err(bad))?;
    Ok(shown(&of.operations().resource_server_rotate(of.caller(), of.id, overlap).await?))
}

/// Ends it for good.
pub(crate) async fn revoke(of: Of<ResourceServerId, Operate>) -> Result<Done<ResourceServerShape>> {
    let revoked = of.operations().resource_server_revoke(of.caller(), of.id).await?;
    Ok(Done((&revoked).into()))
}
