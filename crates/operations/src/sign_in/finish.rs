//! What follows a proof: the person, made now if nobody has the address, and a new session.

use keywright_crypto::random;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Allowed, Caller, Facts, Person, Refused, Right, allow};
use keywright_domain::ids::{OrganisationId, PersonId, SessionId};
use keywright_domain::limits;
use keywright_domain::time::Timestamp;
use keywright_store::sessions::NewSession;
use keywright_store::sign_in::SignIn;
use keywright_store::{AuditEntry, Done, StoreError, Tx};
use serde_json::json;

use super::{Client, SignInError, kept_source};
use crate::access::allowed_gate;
use crate::persons::operator_added;
use crate::{Error, Operations};

/// A session that is made once the proof is used, in the same transaction.
#[derive(Clone)]
pub(super) struct SessionToMake {
    new: NewSession,
    how: &'static str,
}

/// What distinguishes an access token from a session of the hub.
pub(super) struct ForToken {
    pub(super) organisation: Option<OrganisationId>,
}

impl Operations {
    /// A session of the hub for whoever has this address, and its secret: a new one, whatever the browser had before.
    pub(super) async fn session_to_make(&self, mail: &str, client: Client<'_>, how: &'static str) -> Result<(Secret, SessionToMake), Error> {
        let secret = random::opaque()?;
        let made = self.to_make(mail, client, how, &secret, None).await?;
        Ok((secret, made))
    }

    /// A session or an access token, for whoever has this address.
    pub(super) async fn to_make(
        &self,
        mail: &str,
        client: Client<'_>,
        how: &'static str,
        secret: &Secret,
        token: Option<ForToken>,
    ) -> Result<SessionToMake, Error> {
        let known = self.gate(&allowed_gate()?)?.person_with_mail(mail).await?;
        let now = self.now();
        let person = match known {
            Some(person) => person,
            None => PersonId::from_parts(now.ms(), random::bits()?),
        };
        let life = if token.is_some() { keywright_domain::time::Span::from_s(limits::ACCESS_TOKEN_S) } else { limits::SESSION_KEPT };
        let new = NewSession {
            id: SessionId::from_parts(now.ms(), random::bits()?),
            digest: secret.digest(),
            person,
            access_token: token.is_some(),
            organisation: token.and_then(|token| token.organisation),
            agent: client.agent.chars().filter(|c| !c.is_control()).take(limits::AGENT_CHARS_MAX).collect(),
            source: client.source.map(kept_source),
            now,
            until: now.plus(life),
        };
        Ok(SessionToMake { new, how })
    }
}

impl SessionToMake {
    pub(super) const fn person(&self) -> PersonId {
        self.new.person
    }

    pub(super) const fn until(&self) -> Timestamp {
        self.new.until
    }

    /// The permission of the person, who is known by the proof.
    pub(super) fn allowed(&self) -> Result<Allowed, Refused> {
        let caller = Caller::Person(Person { id: self.new.person, operator: false, only: None });
        allow(&caller, Right::Register, &Facts::default())
    }

    /// Makes the session, the person if it is a new one, and the first operator where the sign-in says so.
    pub(super) async fn make(&self, tx: &mut Tx<'_>, mail: &str, operator: bool) -> Result<Done<()>, SignInError> {
        let new = &self.new;
        if tx.person_of_mail(mail, new.person, new.now).await? != new.person {
            // Another sign-in made the person meanwhile. Nothing is used up, and the next try finds them.
            return Err(StoreError::Busy { waited_ms: 0, detail: "the person signed in for the first time at the same moment".into() }.into());
        }
        tx.session_insert(new).await?;
        let personal = json!({ "mail": mail, "source": new.source, "agent": new.agent });
        let signed_in = AuditEntry::new("person.signed_in", new.person).with(json!({ "by": self.how, "session": new.id.to_string() }));
        let mut done = Done::new(()).audit(signed_in.with_personal(personal));
        if operator {
            if !tx.operator_insert_first(new.person, new.now).await? {
                return Err(SignInError::NotTheFirst);
            }
            done = done.audit(operator_added(new.person, mail));
        }
        Ok(done)
    }
}

/// Why a sign-in could not be used.
pub(super) fn why_not(found: Option<&SignIn>, now: Timestamp) -> SignInError {
    match found {
        None => SignInError::Unknown,
        Some(found) if found.used_at.is_some() => SignInError::Used,
        Some(found) if found.until <= now => SignInError::Expired,
        Some(_) => SignInError::TooManyTries,
    }
}

impl From<Refused> for SignInError {
    fn from(refused: Refused) -> Self {
        Self::Other(refused.into())
    }
}
