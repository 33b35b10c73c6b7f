//! Who is asking: from a session's secret or a token to a caller.

use keywright_crypto::digest::sha256;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::Caller;
use keywright_domain::credential::secret_form::{self, Class};
use keywright_domain::ids::OrganisationId;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;
use keywright_store::sessions::{Membership, Session};

use crate::access::allowed_gate;
use crate::{Error, Operations};

/// A person who has signed in to the hub.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The caller that they are.
    pub caller: Caller,
    /// Their session.
    pub session: Session,
    /// Where they are a member, by name.
    pub memberships: Vec<Membership>,
    /// What forms of this session carry, masked: it follows from the session's secret and tells nothing about it.
    pub csrf: [u8; 32],
}

impl SignedIn {
    /// The membership in this organisation.
    #[must_use]
    pub fn member_of(&self, organisation: OrganisationId) -> Option<&Membership> {
        self.memberships.iter().find(|m| m.organisation == organisation)
    }
}

/// Who presents a bearer token to the management API.
#[derive(Debug, Clone)]
pub enum Bearer {
    /// It is accepted.
    Accepted(Caller),
    /// An API key of a customer, which belongs to the provider's API and not here.
    ApiKey,
    /// Neither an access token nor a management token that is accepted.
    Refused,
}

/// A session that was not used since then has ended.
fn idle_since(now: Timestamp) -> Timestamp {
    Timestamp::from_us(now.us().saturating_sub(limits::SESSION_IDLE.us()))
}

impl Operations {
    /// The person of a hub session.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn session_of(&self, secret: &Secret) -> Result<Option<SignedIn>, Error> {
        let allowed = allowed_gate()?;
        let (gate, now) = (self.gate(&allowed)?, self.now());
        let Some(session) = gate.session(&secret.digest(), false, now, idle_since(now)).await? else { return Ok(None) };
        let memberships = gate.memberships(session.person.id).await?;
        let csrf = sha256(&[b"keywright csrf v1 ", secret.expose().as_bytes()].concat());
        Ok(Some(SignedIn { caller: Caller::Person(session.person), session, memberships, csrf }))
    }

    /// Who presents this token: an access token or a management token.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn bearer(&self, secret: &Secret) -> Result<Bearer, Error> {
        let (catalogue, _) = self.catalogue().await?;
        let allowed = allowed_gate()?;
        let (digest, now) = (secret.digest(), self.now());
        let caller = match secret_form::recognise(secret.expose().as_bytes(), &catalogue.brands) {
            Ok(Class::ApiKey(_)) => return Ok(Bearer::ApiKey),
            Ok(Class::AccessToken) => self.gate(&allowed)?.session(&digest, true, now, idle_since(now)).await?.map(|s| Caller::Person(s.person)),
            Ok(Class::Management) => self.gate(&allowed)?.management_token(&digest, now).await?.map(Caller::Token),
            Ok(Class::SecretKey(_) | Class::ResourceServer) | Err(_) => None,
        };
        Ok(caller.map_or(Bearer::Refused, Bearer::Accepted))
    }
}
