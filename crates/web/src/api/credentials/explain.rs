//! `POST /credentials/{credential}/explain-signature`

use keywright_operations::credentials::SignatureQuestion;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::explained::SignatureExplainedShape;
use crate::api::words;
use crate::extract::rights::View;
use crate::extract::{Body, OfCredential};
use crate::routes::{Done, Result};

/// A request that was refused. It is neither stored nor logged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureForm {
    /// The request as it was sent: the text of an HTTP/1.1 message, or a curl command line.
    request: String,
    /// The text that the client signed, byte for byte; left out: it is found out where that is possible.
    signed_text: Option<String>,
    /// How the request is signed; left out: its headers say so.
    #[schema(value_type = Option<words::SignatureScheme>)]
    scheme: Option<String>,
    /// When it was sent, RFC 3339; left out: just now.
    #[schema(format = DateTime)]
    at: Option<String>,
}

/// Says why a signature does not fit: the text that the server builds, beside the one that the client signed, and what to fix.
pub(crate) async fn explain(key: OfCredential<View>, Body(form): Body<SignatureForm>) -> Result<Done<SignatureExplainedShape>> {
    let SignatureForm { request, signed_text, scheme, at } = form;
    let explained = key.operations().signature_explain(key.caller(), key.id, SignatureQuestion { request, signed_text, scheme, at }).await?;
    Ok(Done(explained.into()))
}
