//! `POST /oauth2/revoke`: a client ends a token of its own before its time (RFC 7009).

use hyper::StatusCode;
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::token::TokenId;
use keywright_verifier::own_token;

use super::client::Credentials;
use super::parameters::Parameters;
use super::{Protocol, Refusal, uncached};
use crate::app::Hub;
use crate::routes::{Reply, Result};

pub(super) const PATH: &str = "/oauth2/revoke";

/// Ends a token. What is no token of the client, or has expired, is as good as ended: the answer is the same (section 2.2).
pub(crate) async fn end(protocol: Protocol) -> Result<Reply> {
    let hub = protocol.hub()?;
    match ended(&protocol, hub).await {
        Ok(None) => {}
        Ok(Some((credential, id, until))) => hub.operations.token_end(credential, id, until).await?,
        Err(refusal) => return Ok(refusal.reply()),
    }
    Ok(uncached(Reply::new(StatusCode::OK, "text/plain; charset=utf-8", "")))
}

async fn ended(protocol: &Protocol, hub: &Hub) -> std::result::Result<Option<(CredentialId, TokenId, Timestamp)>, Refusal> {
    let parameters = Parameters::read(protocol)?;
    let credentials = Credentials::read(protocol, hub, &parameters, PATH)?;
    let token = parameters.get("token").ok_or_else(|| Refusal::request("token is missing"))?;
    credentials
        .act(protocol, |known| {
            let credential = known.found.credential;
            let own = own_token(known.reading, credential, token.as_bytes(), known.now, known.boot).map_err(Refusal::unavailable)?;
            Ok(own.map(|facts| (credential, facts.id, facts.expires_at)))
        })
        .await
}
