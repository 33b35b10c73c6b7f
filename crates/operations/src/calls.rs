//! Calls that carry a key against repeats: begun once, done once, answered again.

use std::sync::Arc;

use keywright_crypto::digest::sha256;
use keywright_crypto::seal::Purpose;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Caller, Person, Right};
use keywright_domain::ids::{ApplicationId, CredentialId, InvitationId, ManagementTokenId, MemberId, OrganisationId, ResourceServerId};
use keywright_domain::limits;
use keywright_domain::time::{Span, Timestamp};
use keywright_store::idempotency::{Earlier, KeptAnswer, KeyedCall, Mark, Progress, SealedAnswer};

use crate::access::allowed_gate;
use crate::{Error, Operations};

/// A call: who makes it, where, and the key that they chose.
pub struct Keyed {
    call: KeyedCall,
    key: Secret,
}

impl Keyed {
    /// `route` is method and path. Where the path does not name the organisation, the caller's token does, so it counts as part of the caller.
    #[must_use]
    pub fn new(caller: &Caller, route: String, key: Secret) -> Self {
        let caller = match caller {
            Caller::Person(Person { id, only: Some(organisation), .. }) => format!("{id} {organisation}"),
            Caller::Person(_) | Caller::Token(_) | Caller::Machine { .. } | Caller::System { .. } | Caller::Registrar(_) | Caller::Client(_) => {
                caller.to_string()
            }
        };
        Self { call: KeyedCall { caller, route, key_digest: key.digest() }, key }
    }
}

/// What a call is about, as its path or the caller's token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// All of it, for operators.
    Installation,
    /// An organisation.
    Organisation(OrganisationId),
    /// An organisation's own application.
    OwnApplication(OrganisationId),
    /// A member of an organisation.
    Member(MemberId),
    /// An invitation into one.
    Invitation(InvitationId),
    /// A management token of one.
    ManagementToken(ManagementTokenId),
    /// An application.
    Application(ApplicationId),
    /// A credential of one.
    Credential(CredentialId),
}

/// What a call finds.
pub enum Begun {
    /// It does the work, with [`Operations::once`].
    First(Arc<Mark>),
    /// The key was used with another request.
    Reused,
    /// The same call is running.
    Running,
    /// What it does was done, to this subject, and the answer was lost.
    Lost(Option<String>),
    /// It was answered.
    Answered(Box<KeptAnswer>),
}

/// A secret that an answer shows.
#[derive(Debug, Clone)]
pub struct Shows {
    /// Whose it is: `key_…`.
    pub subject: String,
    /// Which version's; none where there are none.
    pub version: Option<u32>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Operations {
    /// The same operations for one call: each of their writes marks it as done, in its own transaction.
    #[must_use]
    pub fn once(&self, mark: Arc<Mark>) -> Self {
        Self { store: self.store.marking(mark), ..self.clone() }
    }

    /// Begins a call, or says what became of the earlier one.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn call_begin(&self, keyed: &Keyed, body_digest: [u8; 32]) -> Result<Begun, Error> {
        use keywright_store::idempotency::Begun as Found;
        let now = self.now();
        let ago = |span: Span| Timestamp::from_us(now.us().saturating_sub(span.us()));
        let running_from = ago(limits::CALL_RUNS_MAX);
        let found = self.store.call_begin(keyed.call.clone(), body_digest, now, ago(limits::IDEMPOTENCY_KEPT), running_from).await?;
        Ok(match found {
            Found::First(mark) => Begun::First(mark),
            Found::Again(earlier) if earlier.body_digest != body_digest => Begun::Reused,
            Found::Again(earlier) => match *earlier {
                Earlier { progress: Progress::Answered, answer: Some(answer), .. } => Begun::Answered(Box::new(answer)),
                // It may be waiting for verifiers.
                Earlier { progress: Progress::Running | Progress::Committed, begun_at, .. } if begun_at >= running_from => Begun::Running,
                Earlier { subject, .. } => Begun::Lost(subject),
            },
        })
    }

    /// Keeps what a call answered; where it shows a secret, the whole answer is sealed under the call's key.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Random`]
    pub async fn call_answered(&self, keyed: &Keyed, mark: &Mark, mut answer: KeptAnswer, shows: Option<Shows>) -> Result<(), Error> {
        // Without the master key there is no copy, and a repeat names the remedy.
        if let (Some(shows), Ok(master)) = (shows, self.keys().master()) {
            let body = master.seal_for(Purpose::Answer, keyed.key.expose().as_bytes(), &keyed.call.route, &shows.body)?;
            let until = self.now().plus(limits::SECRET_SHOWN_AGAIN);
            answer.sealed = Some(SealedAnswer { body, until, subject: shows.subject, version: shows.version });
        }
        self.store.call_answered(mark, answer).await?;
        Ok(())
    }

    /// Forgets a call that was refused, unless it has done something.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn call_refused(&self, mark: &Mark) -> Result<(), Error> {
        Ok(self.store.call_refused(mark).await?)
    }

    /// Asks once more for the right that a call takes, before its kept answer is given again.
    ///
    /// # Errors
    /// [`Error::NotFound`], also when the thing is no longer there; [`Error::Right`], [`Error::Store`]
    pub async fn call_may_still(&self, caller: &Caller, right: Right, about: About) -> Result<(), Error> {
        let unknown = || Error::not_found("subject", "of the call");
        let gate = allowed_gate()?;
        let organisation = match about {
            About::Installation => return self.operate(caller).map(drop),
            About::Application(id) => return self.over_application(caller, right, id).await.map(drop),
            About::Credential(id) => return self.over_credential(caller, right, id).await.map(drop),
            About::OwnApplication(organisation) => {
                let own = self.business_application(caller, organisation).await?;
                return self.over_application(caller, right, own).await.map(drop);
            }
            About::Organisation(id) => Some(id),
            About::Member(id) => self.gate(&gate)?.organisation_of_member(id).await?,
            About::Invitation(id) => self.gate(&gate)?.invitation(id, None).await?.map(|(invitation, _)| invitation.organisation),
            About::ManagementToken(id) => self.gate(&gate)?.organisation_of_management_token(id).await?,
        };
        self.over_organisation(caller, right, organisation.ok_or_else(unknown)?).await.map(drop)
    }

    /// The whole answer of an earlier call, within ten minutes and before the secret's first use.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`] when it is no longer the caller's to make; [`Error::Store`]
    pub async fn call_shown_again(&self, caller: &Caller, keyed: &Keyed, sealed: &SealedAnswer) -> Result<Option<Vec<u8>>, Error> {
        if self.now() >= sealed.until {
            return Ok(None);
        }
        if let (Ok(id), Some(version)) = (sealed.subject.parse::<CredentialId>(), sealed.version) {
            // Who has lost the right meanwhile gets no secret either.
            let allowed = self.over_credential(caller, Right::Edit, id).await?;
            if self.store.scope(&allowed)?.usage(id).await?.iter().any(|used| used.version == version) {
                return Ok(None);
            }
        }
        if sealed.subject.parse::<ResourceServerId>().is_ok() {
            self.operate(caller)?;
        }
        let Ok(master) = self.keys().master() else { return Ok(None) };
        let opened = master.open_for(Purpose::Answer, keyed.key.expose().as_bytes(), &keyed.call.route, &sealed.body);
        Ok(opened.ok().map(|plain| plain.to_vec()))
    }
}

/// The digest by which two requests are the same.
#[must_use]
pub fn body_digest(body: &[u8]) -> [u8; 32] {
    sha256(body)
}
