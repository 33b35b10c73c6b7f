//! Making a credential.

use std::sync::Arc;

use keywright_crypto::random;
use keywright_domain::application::State as ApplicationState;
use keywright_domain::caller::{Allowed, Caller, Right};
use keywright_domain::catalogue::{Allowance, Catalogue, SecretVisibility};
use keywright_domain::change::{Change, Place};
use keywright_domain::credential::restrictions::{Networks, Origins};
use keywright_domain::credential::{Credential, Environment, Kind, Permissions, RateLimit, Restrictions, State, TokenForm, VersionState};
use keywright_domain::ids::{ApplicationId, CredentialId};
use keywright_domain::time::Timestamp;
use keywright_domain::{limits, text};
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use super::coin::{self, Coined, Handed};
use super::key_source::{self, KeySource};
use super::register::Registering;
use super::taking::Taking;
use super::{expiry, organisation};
use crate::form::{CHECKED, Form};
use crate::organisations::on_request;
use crate::{Error, Keys, Operations, Rule};

/// What a credential is made from, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct NewCredential {
    /// Slug of one of the application's services.
    pub service: String,
    /// One of the service's kinds; none: the first of them.
    pub kind: Option<String>,
    /// `production` or `sandbox`.
    pub environment: String,
    /// A label.
    pub name: String,
    /// None: every permission of the service, written out. Empty: none at all.
    pub permissions: Option<Vec<String>>,
    /// RFC 3339.
    pub expires_at: Option<String>,
    /// CIDR.
    pub networks: Vec<String>,
    /// Origins as browsers send them.
    pub origins: Vec<String>,
    /// `100/1s`.
    pub rate_limit: Option<String>,
    /// `jwt` or `opaque`, for kinds that get access tokens; none: what the service says.
    pub token_form: Option<String>,
    /// Why it is made like this, for the audit trail: a form asks for it where a key never expires.
    pub reason: Option<String>,
    /// Where the key of a `key_pair` comes from, or that of a client which proves itself by one.
    pub key: KeySource,
}

/// A credential that was made, with its secret, which is shown this once.
pub struct Created {
    /// Its id.
    pub id: CredentialId,
    /// 1.
    pub version: u32,
    /// What its holder gets.
    pub handed: Handed,
    /// Why it is not accepted yet, in a sentence; none: it is.
    pub why_not: Option<&'static str>,
    /// Where the change stands in the log.
    pub place: Place,
}

/// Why credentials of this environment are not accepted in this state of their application.
const fn why_not(application: ApplicationState, environment: Environment) -> Option<&'static str> {
    match application {
        _ if application.works_in(environment) => None,
        ApplicationState::Deactivated => Some("its application is deactivated"),
        ApplicationState::Inactive | ApplicationState::Active => Some("its application is not active, and production credentials are accepted once it is"),
    }
}

/// The good values of a form.
struct Checked {
    kind: Kind,
    environment: Environment,
    name: String,
    permissions: Permissions,
    restrictions: Restrictions,
    expires_at: Option<Timestamp>,
    token_form: Option<TokenForm>,
    retrievable: bool,
    reason: Option<String>,
    max: u32,
    key: Option<key_source::Checked>,
    registering: Option<Registering>,
}

/// Where and when it is made.
struct Within<'a> {
    application: Option<ApplicationId>,
    keys: &'a Keys,
    now: Timestamp,
}

/// Why the transaction did not make it.
enum Refusal {
    /// Another catalogue applies than the form was checked against.
    OtherCatalogue,
    Error(Error),
}

impl From<keywright_store::StoreError> for Refusal {
    fn from(error: keywright_store::StoreError) -> Self {
        Self::Error(error.into())
    }
}

impl Operations {
    /// Checks what a credential would be made from, and makes none: for forms that have more to say. Whether the organisation has the service
    /// turns out when it is made.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every bad field, [`Error::Store`]
    pub async fn credential_check(&self, new: &NewCredential) -> Result<(), Error> {
        let (catalogue, _) = self.catalogue().await?;
        check(&catalogue, new, None, &Within { application: None, keys: self.keys(), now: self.now() }).map(drop)
    }

    /// Makes a credential for one of the application's services.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] with every bad field, [`Rule::ServiceNotUsed`], [`Rule::CredentialLimit`],
    /// [`Rule::KeyTaken`], [`Rule::KeyClaimed`], [`Error::Keys`], [`Error::Store`]
    pub async fn credential_create(&self, caller: &Caller, application: ApplicationId, new: NewCredential) -> Result<Created, Error> {
        self.credential_create_for(caller, application, new, None).await
    }

    /// The same, for a client that registers itself too.
    pub(super) async fn credential_create_for(
        &self,
        caller: &Caller,
        application: ApplicationId,
        new: NewCredential,
        registering: Option<Registering>,
    ) -> Result<Created, Error> {
        let allowed = self.over_application(caller, Right::Edit, application).await?;
        let (mut catalogue, mut applied_at) = self.catalogue().await?;
        // Once more at most: a catalogue that changes twice in between is somebody's script gone wild.
        for last in [false, true] {
            let allowances = self.allowances(&allowed, catalogue.service(&new.service)).await?;
            let mut checked = check(&catalogue, &new, Some(&allowances), &Within { application: Some(application), keys: self.keys(), now: self.now() })?;
            if let Some(registering) = &registering {
                checked.key = registering.key.clone().map(key_source::Checked::Unproved);
                checked.registering = Some(registering.clone());
            }
            match self.credential_insert(&allowed, application, &new.service, checked, &catalogue, applied_at).await {
                Err(Refusal::OtherCatalogue) if !last => (catalogue, applied_at) = self.catalogue_again().await?,
                Err(Refusal::OtherCatalogue) => break,
                Err(Refusal::Error(error)) => return Err(error),
                Ok(created) => return Ok(created),
            }
        }
        Err(Error::Store(keywright_store::StoreError::Busy { waited_ms: 0, detail: "the catalogue is being changed".into() }))
    }

    async fn credential_insert(
        &self,
        allowed: &Allowed,
        application: ApplicationId,
        service: &str,
        checked: Checked,
        catalogue: &Arc<Catalogue>,
        applied_at: Timestamp,
    ) -> Result<Created, Refusal> {
        let no_random = |e: random::NoRandom| Refusal::Error(e.into());
        let now = self.now();
        let id = CredentialId::from_parts(now.ms(), random::bits().map_err(no_random)?);
        let organisation = organisation(allowed, id).map_err(Refusal::Error)?;
        let public_id = coin::public_half(checked.kind, checked.environment, catalogue.brand()).map_err(Refusal::Error)?;
        let (kind, environment, retrievable) = (checked.kind, checked.environment, checked.retrievable);
        let subject = coin::Subject { id, kind, environment, public_id: public_id.as_deref(), retrievable };
        let key = match checked.key {
            Some(key) => {
                if key.takes_long() {
                    self.look_for_room(allowed, application, service, (environment, checked.max)).await.map_err(Refusal::Error)?;
                }
                Some(key_source::key(organisation, key).await.map_err(Refusal::Error)?)
            }
            None => None,
        };
        let Coined { version, handed, proved } = coin::coin(subject, catalogue.brand(), self.keys(), key).map_err(Refusal::Error)?;
        let credential = Credential {
            id,
            organisation,
            application,
            kind: checked.kind,
            public_id: public_id.clone(),
            service: service.to_owned(),
            environment: checked.environment,
            name: checked.name,
            permissions: checked.permissions,
            restrictions: checked.restrictions,
            state: State::Active,
            expires_at: checked.expires_at,
            created_at: now,
            revoked_at: None,
            token_form: checked.token_form,
            tokens_not_before: None,
            versions: vec![version.numbered(1, VersionState::Active, now)],
        };
        let (max, reason, registering) = (checked.max, checked.reason, checked.registering);
        let done = self
            .write_or(allowed.clone(), async move |tx| {
                let c = &credential;
                if tx.lock_catalogue_and_organisation(organisation).await? != Some(applied_at) {
                    return Err(Refusal::OtherCatalogue);
                }
                let room = tx.credential_room(organisation, application, &c.service, c.environment.as_str(), now).await?;
                let room = room.ok_or_else(|| Refusal::Error(Error::not_found("application", application)))?;
                if !room.has_service {
                    let has = tx.application_for_update(organisation, application).await?.map_or_else(Vec::new, |a| a.services);
                    return Err(Refusal::Error(Rule::ServiceNotUsed { service: c.service.clone(), has }.into()));
                }
                if room.live >= max {
                    return Err(Refusal::Error(full(max, &c.service, c.environment)));
                }
                let version = &c.versions[0];
                let taking = Taking { material: &version.material, digest: &version.digest, proved, credential: id, application };
                let displaced = taking.take(tx, now).await.map_err(Refusal::Error)?;
                tx.credential_insert(c).await?;
                if let Some(registering) = &registering {
                    registering.put_down(tx, c, now).await.map_err(Refusal::Error)?;
                }
                let detail = json!({ "application": application.to_string(), "service": c.service, "environment": c.environment.as_str() });
                let audit = AuditEntry::new("credential.created", id).of_application(application).with(detail);
                let audit = match &reason {
                    Some(reason) => audit.with_personal(json!({ "reason": reason })),
                    None => audit,
                };
                Ok(displaced.told(Done { value: room.state, audit: vec![audit], changes: vec![Change::Credential(id)] }))
            })
            .await?;
        Ok(Created { id, version: 1, handed, why_not: why_not(done.value, environment), place: done.place })
    }

    /// Whether a credential could be made now, before work that would be for nothing otherwise. What counts is found out in the transaction.
    async fn look_for_room(&self, allowed: &Allowed, application: ApplicationId, service: &str, (environment, max): (Environment, u32)) -> Result<(), Error> {
        let scope = self.store.scope(allowed)?;
        let room = scope.credential_room(application, service, environment.as_str(), self.now()).await?;
        let room = room.ok_or_else(|| Error::not_found("application", application))?;
        if !room.has_service {
            let has = scope.application(application).await?.map_or_else(Vec::new, |a| a.services);
            return Err(Rule::ServiceNotUsed { service: service.to_owned(), has }.into());
        }
        if room.live >= max { Err(full(max, service, environment)) } else { Ok(()) }
    }
}

fn full(max: u32, service: &str, environment: Environment) -> Error {
    Rule::CredentialLimit { max, service: service.to_owned(), environment: environment.as_str() }.into()
}

/// Without `allowances`, as if the organisation had all that the catalogue has.
fn check(catalogue: &Catalogue, new: &NewCredential, allowances: Option<&[Allowance]>, place: &Within<'_>) -> Result<Checked, Error> {
    let mut form = Form::default();
    let service = catalogue.service(&new.service);
    if service.is_none() {
        form.bad("service", format!("{:?} is not in the catalogue, which has {}", text::repeated(&new.service), catalogue.slugs().join(", ")));
    }
    let kind = form.take_some("kind", new.kind.as_deref().map(str::parse::<Kind>));
    if let (Some(kind), Some(service)) = (kind, service)
        && !service.kinds.contains(&kind)
    {
        let kinds: Vec<&str> = service.kinds.iter().map(|k| k.as_str()).collect();
        form.bad("kind", format!("{kind} is not a kind that {} takes: write {}", service.slug, kinds.join(" or ")));
    }
    let environment = form.take("environment", new.environment.parse::<Environment>());
    let name = form.take("name", text::name(&new.name));
    let known = match (service, allowances) {
        (Some(service), Some(allowances)) => service.offered(allowances).unwrap_or_else(|| {
            form.bad("service", on_request(&service.slug));
            Vec::new()
        }),
        (Some(service), None) => service.permission_names(),
        (None, _) => Vec::new(),
    };
    let permissions = match (&new.permissions, service) {
        (None, _) => Some(Permissions::of(known)),
        (Some(_), None) => None,
        (Some(names), Some(service)) => form.take("permissions", Permissions::checked(names, &service.slug, &known)),
    };
    let expires_at = form.take_some("expires_at", new.expires_at.as_deref().map(|t| expiry(t, place.now)));
    let networks = form.take("networks", Networks::parse(&new.networks));
    let origins = form.take("origins", Origins::parse(&new.origins));
    let rate_limit = form.take_some("rate_limit", new.rate_limit.as_deref().map(str::parse::<RateLimit>));
    let token_form = form.take_some("token_form", new.token_form.as_deref().map(str::parse::<TokenForm>));
    let reason = form.take_some("reason", new.reason.as_deref().map(|reason| text::paragraph(reason, limits::REASON_CHARS_MAX)));
    let made_of = service.map(|service| kind.unwrap_or_else(|| service.default_kind()));
    let (kind, application, keys, now) = (made_of, place.application, place.keys, place.now);
    let purpose = key_source::Purpose { kind, holds_key: None, service, application, present: None, keys, now };
    let key = key_source::check(&mut form, &new.key, purpose)?;
    form.done()?;
    let service = service.expect(CHECKED);
    let built = kind.unwrap_or_else(|| service.default_kind());
    if token_form.is_some() && !built.gets_tokens() {
        let mut form = Form::default();
        form.bad("token_form", format!("{built} gets no access tokens: leave it out"));
        form.done()?;
    }
    Ok(Checked {
        token_form,
        retrievable: service.secret_visibility == SecretVisibility::Retrievable,
        kind: built,
        environment: environment.expect(CHECKED),
        name: name.expect(CHECKED),
        permissions: permissions.expect(CHECKED),
        restrictions: Restrictions { networks: networks.expect(CHECKED), origins: origins.expect(CHECKED), rate_limit },
        expires_at,
        reason,
        max: service.credentials_per_environment,
        key,
        registering: None,
    })
}
