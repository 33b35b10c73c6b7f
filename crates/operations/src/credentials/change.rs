//! Changing, suspending and resuming a credential.

use keywright_crypto::public_key::PublicKey;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::catalogue::{Allowance, Service};
use keywright_domain::change::Change;
use keywright_domain::credential::restrictions::{Networks, Origins};
use keywright_domain::credential::rotation::{Policy, PolicyName};
use keywright_domain::credential::{Credential, EndedError, ExpiryError, Permissions, RateLimit, TokenForm};
use keywright_domain::ids::CredentialId;
use keywright_domain::limits;
use keywright_domain::registration::ClientAuthentication;
use keywright_domain::text;
use keywright_domain::time::Timestamp;
use keywright_store::{AuditEntry, Done, StoreError};
use serde_json::json;

use super::coin::of_key;
use super::rotate::rotate_stored;
use super::show::Shown;
use super::taking::Displaced;
use super::{expiry, organisation};
use crate::form::Form;
use crate::{Error, Operations, Rule};

/// What to do with a part of a credential.
#[derive(Debug, Clone, Default)]
pub enum Set<T> {
    /// Leave it.
    #[default]
    Keep,
    /// Remove it.
    Clear,
    /// Put this in its place.
    To(T),
}

/// What to change of a credential, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Another label.
    pub name: Option<String>,
    /// Other permissions, all of them.
    pub permissions: Option<Vec<String>>,
    /// Another expiry.
    pub expires_at: Set<String>,
    /// Other networks, all of them.
    pub networks: Set<Vec<String>>,
    /// Other origins, all of them.
    pub origins: Set<Vec<String>>,
    /// Another rate limit.
    pub rate_limit: Set<String>,
    /// Another form of its access tokens, `jwt` or `opaque`; cleared: what its service says. Those that were got stay good.
    pub token_form: Set<String>,
}

/// What a client that registered itself changes of itself besides.
#[derive(Debug, Clone, Default)]
pub(super) struct OfItself {
    /// How it proves itself.
    pub(super) authentication: Option<ClientAuthentication>,
    /// Its new key. As at registration, its assertions show whether it holds the private half.
    pub(super) key: Option<PublicKey>,
}

/// The good values of a form: none where nothing is to change.
#[derive(Default)]
struct Checked {
    name: Option<String>,
    permissions: Option<Vec<String>>,
    expires_at: Option<Option<Timestamp>>,
    networks: Option<Networks>,
    origins: Option<Origins>,
    rate_limit: Option<Option<RateLimit>>,
    token_form: Option<Option<TokenForm>>,
}

fn check(changes: Changes, now: Timestamp) -> Result<Checked, Error> {
    let mut form = Form::default();
    let checked = Checked {
        name: form.take_some("name", changes.name.as_deref().map(text::name)),
        permissions: changes.permissions,
        expires_at: match changes.expires_at {
            Set::Keep => None,
            Set::Clear => Some(None),
            Set::To(text) => form.take("expires_at", expiry(&text, now)).map(Some),
        },
        networks: match changes.networks {
            Set::Keep => None,
            Set::Clear => Some(Networks::default()),
            Set::To(networks) => form.take("networks", Networks::parse(&networks)),
        },
        origins: match changes.origins {
            Set::Keep => None,
            Set::Clear => Some(Origins::default()),
            Set::To(origins) => form.take("origins", Origins::parse(&origins)),
        },
        rate_limit: match changes.rate_limit {
            Set::Keep => None,
            Set::Clear => Some(None),
            Set::To(text) => form.take("rate_limit", text.parse::<RateLimit>()).map(Some),
        },
        token_form: match changes.token_form {
            Set::Keep => None,
            Set::Clear => Some(None),
            Set::To(text) => form.take("token_form", text.parse::<TokenForm>()).map(Some),
        },
    };
    form.done()?;
    Ok(checked)
}

impl Checked {
    /// Applies the change; gives the names of what has changed.
    fn apply(&self, credential: &mut Credential, known: &[String], may_extend: bool, now: Timestamp) -> Result<Vec<&'static str>, Error> {
        credential.ensure_not_ended(now).map_err(Rule::Ended)?;
        let before = credential.clone();
        if let Some(name) = &self.name {
            credential.name.clone_from(name);
        }
        if let Some(permissions) = &self.permissions {
            let mut form = Form::default();
            let permissions = form.take("permissions", Permissions::checked(permissions, &credential.service, known));
            form.done()?;
            credential.permissions = permissions.unwrap_or_default();
        }
        if let Some(expires_at) = self.expires_at {
            credential.change_expiry(expires_at, may_extend, now).map_err(|e: ExpiryError| Rule::Expiry(e))?;
        }
        if let Some(networks) = &self.networks {
            credential.restrictions.networks.clone_from(networks);
        }
        if let Some(origins) = &self.origins {
            credential.restrictions.origins.clone_from(origins);
        }
        if let Some(rate_limit) = self.rate_limit {
            credential.restrictions.rate_limit = rate_limit;
        }
        if let Some(token_form) = self.token_form {
            if !credential.kind.gets_tokens() {
                let mut form = Form::default();
                form.bad("token_form", format!("{} gets no access tokens: leave it out", credential.kind));
                form.done()?;
            }
            credential.token_form = token_form;
        }
        let parts = [
            ("name", before.name != credential.name),
            ("permissions", before.permissions != credential.permissions),
            ("expires_at", before.expires_at != credential.expires_at),
            ("networks", before.restrictions.networks != credential.restrictions.networks),
            ("origins", before.restrictions.origins != credential.restrictions.origins),
            ("rate_limit", before.restrictions.rate_limit != credential.restrictions.rate_limit),
            ("token_form", before.token_form != credential.token_form),
        ];
        Ok(parts.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect())
    }
}

/// What a credential may hold from now on: what it holds already and, where it may be widened, what its organisation has of the service.
fn may_hold(service: &Service, allowances: &[Allowance], held: &Permissions, widens: bool) -> Vec<String> {
    let offered = service.offered(allowances).filter(|_| widens).unwrap_or_default();
    let may = |name: &String| offered.contains(name) || held.names().contains(name);
    service.permission_names().into_iter().filter(may).collect()
}

impl Operations {
    /// Changes a credential; verifiers see it like a revocation. Changing nothing writes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Rule::Ended`], [`Rule::Expiry`], [`Error::Store`]
    pub async fn credential_change(&self, caller: &Caller, id: CredentialId, changes: Changes) -> Result<Shown, Error> {
        self.credential_change_with(caller, id, changes, OfItself::default()).await
    }

    /// The same with what only a client changes of itself, in one transaction.
    ///
    /// # Errors
    /// [`Rule::Rotate`], [`Rule::KeyTaken`] besides.
    pub(super) async fn credential_change_with(&self, caller: &Caller, id: CredentialId, changes: Changes, own: OfItself) -> Result<Shown, Error> {
        let allowed = self.over_credential(caller, Right::Edit, id).await?;
        let organisation = organisation(&allowed, id)?;
        let (catalogue, applied_at) = self.catalogue_again().await?;
        let now = self.now();
        let checked = check(changes, now)?;
        let may_extend = allowed.also(Right::Admin);
        // A client that registered itself gives itself nothing that somebody took from it.
        let widens = !matches!(caller, Caller::Client(_));
        let allowances = self.allowances(&allowed, &catalogue.services).await?;
        let OfItself { authentication, key } = own;
        let next = key.as_ref().map(of_key);
        self.write(allowed, async move |tx| {
            if tx.lock_catalogue().await? != applied_at {
                return Err(StoreError::Busy { waited_ms: 0, detail: "the catalogue was changed at the same moment".into() }.into());
            }
            let mut stored = tx.credential_for_update(organisation, id).await?.ok_or_else(|| Error::not_found("credential", id))?;
            let known =
                catalogue.service(&stored.credential.service).map(|s| may_hold(s, &allowances, &stored.credential.permissions, widens)).unwrap_or_default();
            let mut changed = checked.apply(&mut stored.credential, &known, may_extend, now)?;
            if let Some(authentication) = authentication {
                tx.registered_client_save(id, authentication).await?;
                changed.push("token_endpoint_auth_method");
            }
            let (mut audit, mut displaced) = (Vec::new(), Displaced::default());
            if !changed.is_empty() {
                audit.push(AuditEntry::new("credential.changed", id).of_application(stored.credential.application).with(json!({ "changed": changed })));
            }
            if let Some(version) = &next {
                let (name, overlap) = catalogue.service(&stored.credential.service).map_or((PolicyName::Overlap, limits::OVERLAP_DEFAULT), |s| s.rotation);
                let policy = Policy::new(name, overlap).map_err(Rule::Rotate)?;
                // Whether the client holds the private half shows when it next asks for a token.
                let (_, entry, gone) = rotate_stored(tx, &mut stored, policy, false, (version.clone(), false), now).await?;
                audit.push(entry);
                displaced = gone;
            }
            if audit.is_empty() {
                return Ok(Done { value: (), audit, changes: vec![] });
            }
            tx.credential_save(&stored).await?;
            Ok::<_, Error>(displaced.told(Done { value: (), audit, changes: vec![Change::Credential(id)] }))
        })
        .await?;
        self.credential_show(caller, id).await
    }

    /// Switches a credential off for now. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Rule::Ended`], [`Error::Store`]
    pub async fn credential_suspend(&self, caller: &Caller, id: CredentialId) -> Result<Shown, Error> {
        self.switch(caller, id, "credential.suspended", Credential::suspend).await
    }

    /// Switches a suspended credential on again. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Rule::Ended`], [`Error::Store`]
    pub async fn credential_resume(&self, caller: &Caller, id: CredentialId) -> Result<Shown, Error> {
        self.switch(caller, id, "credential.resumed", Credential::resume).await
    }

    async fn switch(
        &self,
        caller: &Caller,
        id: CredentialId,
        action: &'static str,
        switch: fn(&mut Credential, Timestamp) -> Result<(), EndedError>,
    ) -> Result<Shown, Error> {
        let allowed = self.over_credential(caller, Right::End, id).await?;
        let organisation = organisation(&allowed, id)?;
        let now = self.now();
        self.write(allowed, async move |tx| {
            let mut stored = tx.credential_for_update(organisation, id).await?.ok_or_else(|| Error::not_found("credential", id))?;
            let before = stored.credential.state;
            switch(&mut stored.credential, now).map_err(Rule::Ended)?;
            if stored.credential.state == before {
                return Ok(Done { value: (), audit: vec![], changes: vec![] });
            }
            tx.credential_save(&stored).await?;
            Ok::<_, Error>(Done {
                value: (),
                audit: vec![AuditEntry::new(action, id).of_application(stored.credential.application)],
                changes: vec![Change::Credential(id)],
            })
        })
        .await?;
        self.credential_show(caller, id).await
    }
}
