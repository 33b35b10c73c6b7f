//! An access token for somebody who looks after its client: the hub shows one beside new keys, so that the first call needs nothing else.

use keywright_crypto::secret::ShownOnce;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::credential::{Standing, TokenForm, VersionState};
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::token::TokenId;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use super::organisation;
use crate::form::Form;
use crate::tokens::NewToken;
use crate::{Error, Operations, Rule};

/// An access token that was made, which is shown this once.
pub struct ClientToken {
    /// The whole token.
    pub token: ShownOnce,
    /// Its `jti`.
    pub id: TokenId,
    /// JWT or opaque.
    pub form: TokenForm,
    /// Its scopes, with spaces between them.
    pub scope: String,
    /// When it expires, in whole seconds.
    pub expires_at: Timestamp,
}

impl Operations {
    /// Makes an access token of an `oauth_client`, as if its newest secret that is in use had asked for it: never one that waits for its first use,
    /// because a call with the token would count as that use although no back end has the secret. `permissions` are those that the token gets;
    /// none: all of the client. The trail says who made it, and its `jti`.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Rule::NoToken`], [`Rule::Mint`], [`Error::Store`]
    pub async fn credential_token(&self, caller: &Caller, id: CredentialId, permissions: Option<&[String]>) -> Result<ClientToken, Error> {
        let allowed = self.over_credential(caller, Right::Edit, id).await?;
        organisation(&allowed, id)?;
        let (catalogue, _) = self.catalogue_again().await?;
        let scope = self.store.scope(&allowed)?;
        let credential = scope.credential(id).await?.ok_or_else(|| Error::not_found("credential", id))?.credential;
        let application = scope.application(credential.application).await?.ok_or_else(|| Error::not_found("credential", id))?;
        let now = self.store.clock().await?.now();
        let held = credential.permissions.names();
        let mut wanted: Vec<&str> = permissions.unwrap_or(held).iter().map(String::as_str).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut form = Form::default();
        if let Some(other) = wanted.iter().find(|wanted| !held.iter().any(|held| held == *wanted)) {
            form.bad("permissions", format!("{other} is not held by the client"));
        }
        form.done()?;
        let accepted =
            credential.kind.has_client_secrets() && credential.standing(now) == Standing::Active && application.state.works_in(credential.environment);
        let version = credential.versions.iter().rev().find(|v| is_in_use(v.state_at(now))).filter(|_| accepted);
        let (Some(version), Some(client_id), Some(service)) = (version, &credential.public_id, catalogue.service(&credential.service)) else {
            return Err(Rule::NoToken.into());
        };
        let (scope, form) = (wanted.join(" "), credential.token_form.unwrap_or(service.token.form));
        let new = NewToken {
            credential: id,
            client_id,
            version: version.number,
            service: &service.slug,
            environment: credential.environment,
            scope: &scope,
            tokens: service.token,
            form,
            brand: catalogue.brand(),
            not_before: credential.tokens_not_before.unwrap_or(Timestamp::from_us(i64::MIN)),
            not_after: credential.expires_at,
            now,
        };
        let minted = self.token_mint(&new).map_err(Rule::Mint)?;
        let detail = json!({ "jti": minted.id.to_string(), "version": version.number, "expires_at": minted.expires_at.to_string() });
        let audit = AuditEntry::new("credential.token_made", id).of_application(credential.application).with(detail);
        // The entry is on disk before anybody has the token.
        self.write(allowed, async move |_| Ok::<_, Error>(Done { value: (), audit: vec![audit.clone()], changes: vec![] })).await?;
        Ok(ClientToken { token: minted.token.show_once(), id: minted.id, form, scope, expires_at: minted.expires_at })
    }
}

/// Whether a token may be minted for a version in this state although nobody has shown its secret.
const fn is_in_use(state: VersionState) -> bool {
    matches!(state, VersionState::Active | VersionState::Retiring { .. })
}
