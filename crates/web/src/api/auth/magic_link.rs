//! `POST /auth/magic-link`

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::{Body, Public};
use crate::routes::{Accepted, Result};

/// Who wants an access token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MagicLinkForm {
    /// The mail address.
    email: String,
}

/// A request for a token.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestShape {
    /// For `POST /auth/token`, together with the code in the mail.
    request_id: String,
    /// The code is accepted until then.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Sends a mail with a code. The answer is the same whether the address is known or not.
pub(crate) async fn ask(anybody: Public, Body(form): Body<MagicLinkForm>) -> Result<Accepted<RequestShape>> {
    let asked = anybody.operations().sign_in_ask(&form.email, None, None, anybody.source()).await?;
    Ok(Accepted(RequestShape { request_id: asked.id.to_string(), expires_at: asked.until.to_string() }))
}
