//! Initial access tokens: whoever holds one registers clients of one application (RFC 7591 section 3).

use keywright_crypto::random;
use keywright_crypto::secret::ShownOnce;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::credential::secret_form::{self, Class};
use keywright_domain::credential::{Environment, Kind};
use keywright_domain::ids::{ApplicationId, RegistrationTokenId};
use keywright_domain::time::Timestamp;
use keywright_domain::{limits, text};
pub use keywright_store::registrations::{RegisteredClient, RegistrationToken};
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::access::grants_of;
use crate::form::{CHECKED, Form};
use crate::organisations::on_request;
use crate::{Error, Operations, Rule};

/// What an initial access token is made from, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct NewRegistrationToken {
    /// A label.
    pub name: String,
    /// Slug of one of the application's services, which gives access tokens to clients.
    pub service: String,
    /// `production` or `sandbox`.
    pub environment: String,
    /// How many clients it may register; none: one.
    pub clients_max: Option<u32>,
    /// RFC 3339; none: in [`limits::REGISTRATION_TOKEN_LIFE_DEFAULT`].
    pub expires_at: Option<String>,
}

/// An initial access token that was made, with its secret, which is shown this once.
pub struct RegistrationTokenMade {
    /// The token.
    pub made: RegistrationToken,
    /// Its secret.
    pub token: ShownOnce,
    /// Said where it is for more clients than the service lets live at a time.
    pub warning: Option<String>,
}

/// What to know of a token for more clients than can live beside each other. It is made all the same: one that has ended makes room for the next.
fn crowded(clients_max: u32, live_max: u32, service: &str) -> Option<String> {
    (clients_max > live_max).then(|| {
        let clients = if live_max == 1 { "one live client".to_owned() } else { format!("{live_max} live clients") };
        format!(
            "{service} allows {clients} for each environment of an application, so of the {clients_max} no more than that are there at a time: \
             credentials_per_environment in the catalogue changes it"
        )
    })
}

fn expiry(given: &str, now: Timestamp) -> Result<Timestamp, String> {
    let at: Timestamp = given.parse().map_err(|e: keywright_domain::time::TimeError| e.to_string())?;
    let latest = now.plus(limits::REGISTRATION_TOKEN_LIFE_MAX);
    match at {
        at if at <= now => Err(format!("{at} is not in the future")),
        at if at > latest => Err(format!("{at} is too far away: write {latest} at the latest")),
        at => Ok(at),
    }
}

fn clients(given: u32) -> Result<u32, String> {
    let max = limits::REGISTRATIONS_MAX;
    if (1..=max).contains(&given) { Ok(given) } else { Err(format!("{given} is not between 1 and {max}")) }
}

impl Operations {
    /// Makes an initial access token for one of the application's services. One that a person makes is bound to them: it ends when they may no
    /// longer make credentials of the application. One that is made by a management token ends with that too.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`] with every bad field, [`Rule::ServiceNotUsed`], [`Rule::TooMany`], [`Error::Store`]
    pub async fn registration_token_create(
        &self,
        caller: &Caller,
        application: ApplicationId,
        new: NewRegistrationToken,
    ) -> Result<RegistrationTokenMade, Error> {
        let allowed = self.over_application(caller, Right::Edit, application).await?;
        let organisation = allowed.organisation().ok_or_else(|| Error::not_found("application", application))?;
        let (catalogue, _) = self.catalogue_again().await?;
        let now = self.now();
        let mut form = Form::default();
        let name = form.take("name", text::name(&new.name));
        let environment = form.take("environment", new.environment.parse::<Environment>());
        let clients_max = form.take("clients_max", clients(new.clients_max.unwrap_or(1)));
        let expires_at = match new.expires_at.as_deref() {
            Some(given) => form.take("expires_at", expiry(given, now)),
            None => Some(now.plus(limits::REGISTRATION_TOKEN_LIFE_DEFAULT)),
        };
        match catalogue.service(&new.service) {
            None => form.bad("service", format!("{:?} is not in the catalogue, which has {}", text::repeated(&new.service), catalogue.slugs().join(", "))),
            Some(service) if !service.kinds.contains(&Kind::REGISTERED) => {
                form.bad("service", format!("{} takes no credentials of the kind {}, so no client of it registers itself", service.slug, Kind::REGISTERED));
            }
            Some(service) if service.offered(&self.allowances(&allowed, [service]).await?).is_none() => form.bad("service", on_request(&service.slug)),
            Some(_) => {}
        }
        form.done()?;
        let clients_max = clients_max.expect(CHECKED);
        let live_max = catalogue.service(&new.service).map_or(u32::MAX, |service| service.credentials_per_environment);
        let warning = crowded(clients_max, live_max, &new.service);
        let secret = random::secret(catalogue.brand(), Class::InitialAccess)?;
        let made = RegistrationToken {
            id: RegistrationTokenId::from_parts(now.ms(), random::bits()?),
            organisation,
            application,
            person: grants_of(caller),
            management_token: match caller {
                Caller::Token(token) => Some(token.id),
                _ => None,
            },
            name: name.expect(CHECKED),
            service: new.service,
            environment: environment.expect(CHECKED),
            masked: secret_form::masked(catalogue.brand(), Class::InitialAccess, &secret.hint()),
            clients_max,
            clients: 0,
            created_at: now,
            expires_at: expires_at.expect(CHECKED),
            revoked_at: None,
        };
        let digest = secret.digest();
        let done = self
            .write(allowed, async move |tx| {
                let uses = tx.application_for_update(organisation, application).await?.ok_or_else(|| Error::not_found("application", application))?;
                if !uses.services.contains(&made.service) {
                    return Err(Rule::ServiceNotUsed { service: made.service.clone(), has: uses.services }.into());
                }
                if tx.registration_token_count(application, now).await? >= limits::REGISTRATION_TOKENS_MAX {
                    let (what, remedy) = ("initial access tokens", "revoke one first");
                    return Err(Rule::TooMany { whose: "the application", what, max: limits::REGISTRATION_TOKENS_MAX, remedy }.into());
                }
                tx.registration_token_insert(&made, &digest).await?;
                let detail = json!({
                    "name": made.name, "service": made.service, "environment": made.environment.as_str(), "clients_max": made.clients_max,
                    "expires_at": made.expires_at.to_string(),
                });
                let audit = AuditEntry::new("registration_token.created", made.id).of_application(application).with(detail);
                Ok::<_, Error>(Done::new(made.clone()).audit(audit))
            })
            .await?;
        Ok(RegistrationTokenMade { made: done.value, token: secret.show_once(), warning })
    }

    /// Initial access tokens of an application, newest first, also those that have ended; at most [`limits::PAGE_ROWS_MAX`].
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`]
    pub async fn registration_token_list(&self, caller: &Caller, application: ApplicationId) -> Result<Vec<RegistrationToken>, Error> {
        let allowed = self.over_application(caller, Right::View, application).await?;
        Ok(self.store.scope(&allowed)?.registration_token_list(application, limits::PAGE_ROWS_MAX as u32).await?)
    }

    /// Ends an initial access token for good; the clients that it registered stay. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn registration_token_revoke(&self, caller: &Caller, application: ApplicationId, id: RegistrationTokenId) -> Result<RegistrationToken, Error> {
        let allowed = self.over_application(caller, Right::End, application).await?;
        let organisation = allowed.organisation().ok_or_else(|| Error::not_found("application", application))?;
        let now = self.now();
        let done = self
            .write(allowed, async move |tx| {
                let gone = || Error::not_found("registration token", id);
                let mut token = tx.registration_token_for_update(organisation, application, id).await?.ok_or_else(gone)?;
                if token.revoked_at.is_some() {
                    return Ok(Done::new(token));
                }
                tx.registration_token_revoke(id, now).await?;
                token.revoked_at = Some(now);
                let detail = json!({ "clients": token.clients });
                let audit = AuditEntry::new("registration_token.revoked", id).of_application(application).with(detail);
                Ok::<_, Error>(Done::new(token).audit(audit))
            })
            .await?;
        Ok(done.value)
    }
}
