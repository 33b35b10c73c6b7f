//! Resource servers: the provider's APIs and gateways that may ask for verdicts.

use keywright_crypto::random;
use keywright_crypto::secret::ShownOnce;
use keywright_domain::caller::Caller;
use keywright_domain::change::Change;
use keywright_domain::credential::Environment;
use keywright_domain::credential::secret_form::Class;
use keywright_domain::ids::ResourceServerId;
use keywright_domain::resource_server::ResourceServer;
use keywright_domain::time::{Span, Timestamp};
use keywright_domain::{limits, text};
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::form::{CHECKED, Form};
use crate::{Error, Operations, Rule};

/// A token that is shown this once.
pub struct TokenShown {
    /// Whose it is.
    pub id: ResourceServerId,
    /// The token.
    pub token: ShownOnce,
    /// Until when the one before is accepted; none: it has ended.
    pub previous_until: Option<Timestamp>,
}

impl Operations {
    /// Makes a resource server for services and environments (no environments: production).
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Store`]
    pub async fn resource_server_create(&self, caller: &Caller, name: &str, services: &[String], environments: &[String]) -> Result<TokenShown, Error> {
        let allowed = self.operate(caller)?;
        let (catalogue, _) = self.catalogue().await?;
        let services: Vec<String> = services.iter().filter(|s| !s.is_empty()).cloned().collect();
        let mut form = Form::default();
        let name = form.take("name", text::name(name));
        if services.is_empty() {
            form.bad("services", format!("is empty: name at least one of {}", catalogue.slugs().join(", ")));
        }
        for (i, unknown) in services.iter().enumerate().filter(|(_, s)| catalogue.service(s).is_none()) {
            form.bad(&format!("services[{i}]"), format!("{}: not in the catalogue, which has {}", text::repeated(unknown), catalogue.slugs().join(", ")));
        }
        let mut read = Vec::new();
        for (i, environment) in environments.iter().enumerate() {
            read.extend(form.take(&format!("environments[{i}]"), environment.parse::<Environment>()));
        }
        form.done()?;
        if read.is_empty() {
            read.push(Environment::Production);
        }
        read.sort_unstable();
        read.dedup();
        let mut services = services;
        services.sort_unstable();
        services.dedup();
        let now = self.now();
        let id = ResourceServerId::from_parts(now.ms(), random::bits()?);
        let token = random::secret(catalogue.brand(), Class::ResourceServer)?;
        let server = ResourceServer {
            id,
            name: name.expect(CHECKED),
            services,
            environments: read,
            created_at: now,
            revoked_at: None,
            tokens: vec![(token.digest(), None)],
        };
        self.write(allowed, async move |tx| {
            tx.resource_server_insert(&server).await?;
            let audit = AuditEntry::new("resource_server.created", id).with(json!({ "name": server.name, "services": server.services }));
            Ok::<_, Error>(Done { value: (), audit: vec![audit], changes: vec![Change::ResourceServer(id)] })
        })
        .await?;
        Ok(TokenShown { id, token: token.show_once(), previous_until: None })
    }

    /// All resource servers, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn resource_server_list(&self, caller: &Caller) -> Result<Vec<ResourceServer>, Error> {
        let allowed = self.operate(caller)?;
        Ok(self.store.as_operator(&allowed)?.resource_server_list().await?)
    }

    /// Gives a resource server a new token. The one before works for `overlap` longer (zero: it ends at once); an older one ends.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Rule::ResourceServerRevoked`], [`Error::Store`]
    pub async fn resource_server_rotate(&self, caller: &Caller, id: ResourceServerId, overlap: Span) -> Result<TokenShown, Error> {
        let allowed = self.operate(caller)?;
        if overlap > limits::OVERLAP_MAX {
            let mut form = Form::default();
            form.bad("overlap", format!("{overlap} is too long: at most {}", limits::OVERLAP_MAX));
            form.done()?;
        }
        let (catalogue, _) = self.catalogue().await?;
        let token = random::secret(catalogue.brand(), Class::ResourceServer)?;
        let (digest, now) = (token.digest(), self.now());
        let until = now.plus(overlap);
        let done = self
            .write(allowed, async move |tx| {
                let mut server = tx.resource_server_for_update(id).await?.ok_or_else(|| Error::not_found("resource server", id))?;
                if server.revoked_at.is_some() {
                    return Err(Rule::ResourceServerRevoked.into());
                }
                server.tokens.retain(|(_, end)| end.is_none() && overlap > Span::from_us(0));
                server.tokens.iter_mut().for_each(|(_, end)| *end = Some(until));
                let previous_until = (!server.tokens.is_empty()).then_some(until);
                server.tokens.push((digest, None));
                tx.resource_server_save(&server, now).await?;
                let detail = json!({ "previous_until": previous_until.map(|u| u.to_string()) });
                let audit = AuditEntry::new("resource_server.rotated", id).with(detail);
                Ok(Done { value: previous_until, audit: vec![audit], changes: vec![Change::ResourceServer(id)] })
            })
            .await?;
        Ok(TokenShown { id, token: token.show_once(), previous_until: done.value })
    }

    /// Ends a resource server for good: its tokens are refused. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn resource_server_revoke(&self, caller: &Caller, id: ResourceServerId) -> Result<ResourceServer, Error> {
        let allowed = self.operate(caller)?;
        let now = self.now();
        let done = self
            .write(allowed, async move |tx| {
                let mut server = tx.resource_server_for_update(id).await?.ok_or_else(|| Error::not_found("resource server", id))?;
                if server.revoked_at.is_some() {
                    return Ok(Done { value: server, audit: vec![], changes: vec![] });
                }
                server.revoked_at = Some(now);
                server.tokens.clear();
                tx.resource_server_save(&server, now).await?;
                let audit = AuditEntry::new("resource_server.revoked", id);
                Ok::<_, Error>(Done { value: server, audit: vec![audit], changes: vec![Change::ResourceServer(id)] })
            })
            .await?;
        Ok(done.value)
    }
}
