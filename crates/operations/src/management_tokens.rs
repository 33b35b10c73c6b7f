//! Management tokens: for programs that use the management API.

use keywright_crypto::random;
use keywright_crypto::secret::ShownOnce;
use keywright_domain::caller::{Caller, Right, Token};
use keywright_domain::credential::secret_form::{self, Class};
use keywright_domain::grants::{ApplicationGrant, ApplicationGrants, Held, OrganisationGrant, OrganisationGrants};
use keywright_domain::ids::{ManagementTokenId, OrganisationId};
use keywright_domain::time::{Span, Timestamp};
use keywright_domain::{limits, text};
pub use keywright_store::management_tokens::ManagementToken;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::access::{allowed_gate, grants_of};
use crate::form::{CHECKED, Form};
use crate::{Error, Operations, Rule};

/// What a management token is made from, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct NewManagementToken {
    /// A label.
    pub name: String,
    /// Grants over the organisation, and `view`, `access_receipts` and `edit` over all of its applications.
    pub grants: Vec<String>,
    /// RFC 3339; none: it does not end by itself.
    pub expires_at: Option<String>,
}

/// A management token that was made, with its secret, which is shown this once.
pub struct ManagementTokenMade {
    /// The token.
    pub made: ManagementToken,
    /// Its secret.
    pub token: ShownOnce,
}

/// The words that a management token may be made with.
pub const GRANTS: [&str; 7] = ["create_applications", "edit_settings", "manage_members", "admin", "view", "access_receipts", "edit"];

/// It is put down that a token was used when that is not known for this long.
const SEEN_EVERY: Span = Span::from_s(60);

/// `admin` is the organisation's: who is admin of it is admin of every application.
fn grants(words: &[String], form: &mut Form) -> Held {
    let mut held = Held::default();
    if words.iter().all(|w| w.trim().is_empty()) {
        form.bad("grants", format!("is empty: write some of {}", GRANTS.join(", ")));
    }
    for (i, word) in words.iter().enumerate().filter(|(_, w)| !w.trim().is_empty()) {
        match (word.trim().parse::<OrganisationGrant>(), word.trim().parse::<ApplicationGrant>()) {
            (Ok(grant), _) => held.organisation = held.organisation.or(OrganisationGrants::of(&[grant])),
            (_, Ok(grant)) => held.application = held.application.or(ApplicationGrants::of(&[grant])),
            (Err(_), Err(_)) => form.bad(&format!("grants[{i}]"), format!("{:?} is no grant: write some of {}", text::repeated(word), GRANTS.join(", "))),
        }
    }
    held
}

fn expiry(given: &str, now: Timestamp) -> Result<Timestamp, String> {
    let at: Timestamp = given.parse().map_err(|e: keywright_domain::time::TimeError| e.to_string())?;
    if at > now { Ok(at) } else { Err(format!("{at} is not in the future")) }
}

impl Operations {
    /// Makes a management token. One that a person makes is bound to them: it does no more than they may, and ends when they leave.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`] with every bad field, [`Rule::TokenByToken`], [`Rule::TooMany`], [`Error::Store`]
    pub async fn management_token_create(&self, caller: &Caller, organisation: OrganisationId, new: NewManagementToken) -> Result<ManagementTokenMade, Error> {
        let allowed = self.over_organisation(caller, Right::Administer, organisation).await?;
        if matches!(caller, Caller::Token(_)) {
            return Err(Rule::TokenByToken.into());
        }
        let (catalogue, _) = self.catalogue_again().await?;
        let now = self.now();
        let mut form = Form::default();
        let name = form.take("name", text::name(&new.name));
        let grants = grants(&new.grants, &mut form);
        let expires_at = form.take_some("expires_at", new.expires_at.as_deref().map(|t| expiry(t, now)));
        form.done()?;
        // Only an admin is allowed to, and an admin holds everything; this says so again where it is used.
        if let Some(held) = allowed.held()
            && !(held.organisation.covers(grants.organisation) && held.on_application().covers(grants.application))
        {
            let what = [grants.organisation.names(), grants.application.names()].concat().join(", ");
            return Err(Rule::Giving(keywright_domain::membership::GivingError::More { what }).into());
        }
        let secret = random::secret(catalogue.brand(), Class::Management)?;
        let made = ManagementToken {
            id: ManagementTokenId::from_parts(now.ms(), random::bits()?),
            organisation,
            person: grants_of(caller),
            person_mail: None,
            name: name.expect(CHECKED),
            grants,
            masked: secret_form::masked(catalogue.brand(), Class::Management, &secret.hint()),
            created_at: now,
            expires_at,
            revoked_at: None,
            seen_at: None,
        };
        let digest = secret.digest();
        let done = self
            .write(allowed, async move |tx| {
                tx.lock_organisation(organisation).await?;
                if tx.management_token_count(organisation, now).await? >= limits::MANAGEMENT_TOKENS_MAX {
                    let (what, remedy) = ("management tokens", "revoke one first");
                    return Err(Rule::TooMany { whose: "the organisation", what, max: limits::MANAGEMENT_TOKENS_MAX, remedy }.into());
                }
                tx.management_token_insert(&made, &digest).await?;
                let grants = [made.grants.organisation.names(), made.grants.application.names()].concat();
                let detail = json!({ "name": made.name, "grants": grants, "expires_at": made.expires_at.map(|t| t.to_string()) });
                Ok::<_, Error>(Done::new(made.clone()).audit(AuditEntry::new("management_token.created", made.id).with(detail)))
            })
            .await?;
        Ok(ManagementTokenMade { made: done.value, token: secret.show_once() })
    }

    /// Management tokens of an organisation, newest first, also those that have ended; at most [`limits::PAGE_ROWS_MAX`].
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn management_token_list(&self, caller: &Caller, organisation: OrganisationId) -> Result<Vec<ManagementToken>, Error> {
        let allowed = self.over_organisation(caller, Right::Administer, organisation).await?;
        Ok(self.store.scope(&allowed)?.management_token_list(limits::PAGE_ROWS_ASKED as u32).await?)
    }

    /// Ends a management token for good. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn management_token_revoke(&self, caller: &Caller, id: ManagementTokenId) -> Result<ManagementToken, Error> {
        let gone = move || Error::not_found("management token", id);
        let organisation = self.gate(&allowed_gate()?)?.organisation_of_management_token(id).await?.ok_or_else(gone)?;
        let allowed = self.over_organisation(caller, Right::Administer, organisation).await.map_err(|error| match error {
            Error::NotFound { .. } => gone(),
            other => other,
        })?;
        let now = self.now();
        let done = self
            .write(allowed, async move |tx| {
                let mut token = tx.management_token_for_update(organisation, id).await?.ok_or_else(gone)?;
                if token.revoked_at.is_some() {
                    return Ok(Done::new(token));
                }
                tx.lock_organisation(organisation).await?;
                tx.management_token_revoke(organisation, id, now).await?;
                token.revoked_at = Some(now);
                let withdrawn = tx.invitations_of_token_withdraw(organisation, id, now).await?;
                let detail = json!({ "invitations_withdrawn": withdrawn });
                Ok::<_, Error>(Done::new(token).audit(AuditEntry::new("management_token.revoked", id).with(detail)))
            })
            .await?;
        Ok(done.value)
    }

    /// Puts down that a management token was used, to within a minute.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn management_token_used(&self, token: &Token) -> Result<(), Error> {
        let (id, now) = (token.id, self.now());
        let before = Timestamp::from_us(now.us().saturating_sub(SEEN_EVERY.us()));
        if !self.gate(&allowed_gate()?)?.management_token_unseen(id, before).await? {
            return Ok(());
        }
        let allowed = crate::usage::system(None)?;
        self.store.housekeep(allowed, async move |tx| Ok::<_, Error>((tx.management_token_seen(id, now).await?, vec![]))).await?;
        Ok(())
    }
}
