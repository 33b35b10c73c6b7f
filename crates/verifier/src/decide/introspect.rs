//! What a token is good for now (RFC 7662), told to those whom it concerns only.

use std::sync::Arc;

use keywright_domain::ids::CredentialId;
use keywright_domain::time::{Boot, Timestamp};

use super::access_token::{self, Reader};
use super::proof::Unproven;
use super::standing::{self, By};
use crate::replica::Asker;
use crate::tokens::TokenFacts;
use crate::verdict::{Found, TokenSaid, Unavailable};
use crate::verifier::Reading;

/// Who wants to know.
pub enum Concerned<'c, 'r> {
    /// A resource server: about the tokens of its services and environments.
    ResourceServer(&'c Asker<'r>),
    /// A client: about its own.
    Client(CredentialId),
}

/// What a token is good for now; none: for nothing, or it does not concern who asks. Count nothing on it before
/// [`Reading::fresh_at`] was asked once more. It is no use of the credential and takes nothing from its rate limit.
///
/// # Errors
/// This node cannot say.
pub fn introspect<'r>(
    reading: &'r Reading<'_>,
    concerned: &Concerned<'_, 'r>,
    token: &[u8],
    now: Timestamp,
    boot: Boot,
) -> Result<Option<(Found<'r>, TokenSaid)>, Unavailable> {
    let reader = reader(reading, now, boot);
    let facts = ours(&reader, token)?;
    Ok(facts.and_then(|facts| active(reading, concerned, &reader, facts)))
}

fn active<'r>(reading: &'r Reading<'_>, concerned: &Concerned<'_, 'r>, reader: &Reader<'_, 'r>, facts: Arc<TokenFacts>) -> Option<(Found<'r>, TokenSaid)> {
    let (view, now) = (&reading.snapshot.view, reader.now);
    let (home, owner) = reader.holder(&facts).ok()?;
    let concerns = match concerned {
        Concerned::ResourceServer(asker) => {
            asker.scope(None, None).is_ok_and(|scope| scope.has_environment(home.environment()) && scope.has_service(home.service))
        }
        Concerned::Client(id) => *id == home.credential(),
    };
    let row = reader.good(&facts, home).ok().filter(|_| concerns)?;
    standing::alive((row, By::Token), owner, now).ok()?;
    let permissions = view.permissions(row);
    Some((super::found(view, row, owner, permissions), access_token::said(facts, permissions)))
}

/// A token of this client that has not expired, so that it can be ended; none: there is nothing to end.
///
/// # Errors
/// This node cannot say: nothing was ended.
pub fn own_token(reading: &Reading<'_>, client: CredentialId, token: &[u8], now: Timestamp, boot: Boot) -> Result<Option<Arc<TokenFacts>>, Unavailable> {
    let reader = reader(reading, now, boot);
    let is_own = |facts: &Arc<TokenFacts>| reader.holder(facts).is_ok_and(|(home, _)| home.credential() == client) && facts.expires_at > now;
    Ok(ours(&reader, token)?.filter(is_own))
}

/// What a token says that this installation has issued.
fn ours(reader: &Reader<'_, '_>, token: &[u8]) -> Result<Option<Arc<TokenFacts>>, Unavailable> {
    let Some(shape) = access_token::shape(reader.view, token) else { return Ok(None) };
    match reader.read(token, shape) {
        Ok(facts) => Ok(Some(facts)),
        Err(Unproven::Unavailable(why)) => Err(why),
        Err(Unproven::Code(..) | Unproven::Need(_)) => Ok(None),
    }
}

/// Who asks has proved who they are, so nothing counts against where they call from.
fn reader<'r>(reading: &'r Reading<'_>, now: Timestamp, boot: Boot) -> Reader<'r, 'r> {
    Reader { verifier: reading.verifier, view: &reading.snapshot.view, source_ip: None, now, boot }
}
