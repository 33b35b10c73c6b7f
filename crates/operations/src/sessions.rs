//! Who is asking: from a session's secret or a token to a caller.

use keywright_crypto::digest::sha256;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::credential::secret_form::{self, Class};
use keywright_domain::grants::OrganisationGrants;
use keywright_domain::ids::{OrganisationId, SessionId};
use keywright_domain::limits;
use keywright_domain::organisation::Review;
use keywright_domain::time::Timestamp;
use keywright_store::sessions::{Listed, Membership, Session};
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::access::allowed_gate;
use crate::persons::themselves;
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
    /// The person of a hub session. It ends when it is not used for [`limits::SESSION_IDLE`]; that it is used is put down beside the request,
    /// at most each [`limits::SESSION_SEEN_EVERY`].
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn session_of(&self, secret: &Secret) -> Result<Option<SignedIn>, Error> {
        let allowed = allowed_gate()?;
        let (gate, now) = (self.gate(&allowed)?, self.now());
        let Some(session) = gate.session(&secret.digest(), false, now, idle_since(now)).await? else { return Ok(None) };
        let memberships = gate.memberships(session.person.id).await?;
        if now.since(session.seen_at) >= limits::SESSION_SEEN_EVERY {
            self.session_seen(session.id, now);
        }
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
            Ok(Class::HmacApiKey(_) | Class::ClientId(_) | Class::SecretKey(_) | Class::ResourceServer | Class::InitialAccess | Class::RegistrationAccess)
            | Err(_) => None,
        };
        Ok(caller.map_or(Bearer::Refused, Bearer::Accepted))
    }

    /// Puts down that a session is used, while whoever uses it gets their answer.
    fn session_seen(&self, id: SessionId, now: Timestamp) {
        let before = Timestamp::from_us(now.us().saturating_sub(limits::SESSION_SEEN_EVERY.us()));
        let store = self.store.clone();
        tokio::spawn(async move {
            let Ok(allowed) = allow(&Caller::System { job: "sessions" }, Right::Housekeep, &Facts::default()) else { return };
            // The next request puts it down if this one cannot.
            let _ = store.housekeep(allowed, async move |tx| Ok::<_, Error>((tx.session_seen(id, now, before).await?, vec![]))).await;
        });
    }

    /// Ends one session or access token of the person who asks. One that is not theirs, or has ended, is [`Error::NotFound`].
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`] unless a person asks, [`Error::Store`]
    pub async fn session_end(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        let person = themselves(caller)?.id;
        let allowed = allow(caller, Right::Register, &Facts::default())?;
        self.write(allowed, async move |tx| {
            if tx.session_end(person, Some(id)).await? == 0 {
                return Err(Error::not_found("session", id));
            }
            Ok(Done::new(()).audit(AuditEntry::new("person.signed_out", person).with(json!({ "session": id.to_string() }))))
        })
        .await?;
        Ok(())
    }

    /// Ends all sessions and access tokens of the person who asks, this one too; gives how many. Their management tokens go on.
    ///
    /// # Errors
    /// [`Error::Right`] unless a person asks, [`Error::Store`]
    pub async fn sessions_end_all(&self, caller: &Caller) -> Result<u64, Error> {
        let person = themselves(caller)?.id;
        let allowed = allow(caller, Right::Register, &Facts::default())?;
        let ended = self.write(allowed, async move |tx| {
            let ended = tx.session_end(person, None).await?;
            Ok::<_, Error>(Done::new(ended).audit(AuditEntry::new("person.signed_out_everywhere", person).with(json!({ "sessions": ended }))))
        });
        Ok(ended.await?.value)
    }

    /// The sessions and access tokens of the person who asks, newest first.
    ///
    /// # Errors
    /// [`Error::Right`] unless a person asks, [`Error::Store`]
    pub async fn session_list(&self, caller: &Caller) -> Result<Vec<Listed>, Error> {
        let (person, now) = (themselves(caller)?.id, self.now());
        Ok(self.gate(&allowed_gate()?)?.session_list(person, now, idle_since(now)).await?)
    }

    /// The organisations that a caller reaches: of a person, where they are a member; of a token, its own.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn organisations_reached(&self, caller: &Caller) -> Result<Vec<Reached>, Error> {
        match caller {
            Caller::Person(person) => {
                let memberships = self.gate(&allowed_gate()?)?.memberships(person.id).await?.into_iter();
                let reached = memberships.filter(|m| person.only.is_none_or(|only| only == m.organisation)).map(|m| Reached {
                    organisation: m.organisation,
                    name: m.name,
                    review: m.review,
                    suspended: m.suspended,
                    grants: m.grants,
                });
                Ok(reached.collect())
            }
            Caller::Token(token) => {
                let shown = self.organisation_show(caller, token.organisation).await?;
                let (o, grants) = (shown.organisation, shown.held.map_or(token.grants.organisation, |held| held.organisation));
                Ok(vec![Reached { organisation: o.id, name: o.name, review: o.review, suspended: o.suspended, grants }])
            }
            Caller::Machine { .. } | Caller::System { .. } | Caller::Registrar(_) | Caller::Client(_) => Ok(Vec::new()),
        }
    }
}

/// An organisation that a caller reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Which.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: String,
    /// Its review.
    pub review: Review,
    /// Whether it is suspended.
    pub suspended: bool,
    /// What the caller holds over it.
    pub grants: OrganisationGrants,
}
