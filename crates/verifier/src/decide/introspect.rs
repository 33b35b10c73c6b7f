//! What a token is good for now (RFC 7662), told to those whom it concerns only.

use std::sync::Arc;

use keywright_domain::ids::CredentialId;
use keywright_domain::time::{Boot, Timestamp};

use super::access_token::{self, Reader};
use super::standing;
use crate::replica::Asker;
use crate::tokens::TokenFacts;
use crate::verdict::{Found, TokenSaid};
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
pub fn introspect<'r>(reading: &'r Reading<'_>, concerned: &Concerned<'_, 'r>, token: &[u8], now: Timestamp, boot: Boot) -> Option<(Found<'r>, TokenSaid)> {
    let view = &reading.snapshot.view;
    let reader = reader(reading, now, boot);
    let facts = reader.read(token, access_token::shape(view, token)?).ok()?;
    let (home, owner) = reader.holder(&facts).ok()?;
    let concerns = match concerned {
        Concerned::ResourceServer(asker) => {
            asker.scope(None, None).is_ok_and(|scope| scope.has_environment(home.environment()) && scope.has_service(home.service))
        }
        Concerned::Client(id) => *id == home.credential(),
    };
    let row = reader.good(&facts, home).ok().filter(|_| concerns)?;
    standing::alive(row, owner, now).ok()?;
    let permissions = view.permissions(row);
    Some((super::found(view, row, owner, permissions), access_token::said(facts, permissions)))
}

/// A token of this client that has not expired, so that it can be ended; none: there is nothing to end.
pub fn own_token(reading: &Reading<'_>, client: CredentialId, token: &[u8], now: Timestamp, boot: Boot) -> Option<Arc<TokenFacts>> {
    let reader = reader(reading, now, boot);
    let facts = reader.read(token, access_token::shape(&reading.snapshot.view, token)?).ok()?;
    let (home, _) = reader.holder(&facts).ok()?;
    (home.credential() == client && facts.expires_at > now).then_some(facts)
}

fn reader<'r>(reading: &'r Reading<'_>, now: Timestamp, boot: Boot) -> Reader<'r, 'r> {
    Reader { verifier: reading.verifier, view: &reading.snapshot.view, source_ip: None, now, boot }
}
