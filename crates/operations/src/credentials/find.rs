//! Whose is this credential? The answer to "kill this leaked string".

use keywright_crypto::digest::sha256;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::credential::secret_form::{self, Class, Malformed};
use keywright_domain::credential::{Standing, Version};
use keywright_store::credentials::Owner;

use super::show::Shown;
use crate::form::{CHECKED, Form};
use crate::{Error, Operations};

/// A credential that was found by its secret.
#[derive(Debug, Clone)]
pub struct Found {
    /// Whose it is, and which version's secret it was.
    pub owner: Owner,
    /// The credential.
    pub shown: Shown,
}

impl Found {
    /// The version whose secret it was, unless it is forgotten.
    fn version(&self) -> Option<&Version> {
        self.shown.credential.versions.iter().find(|v| v.number == self.owner.version)
    }

    /// The word for that version's state.
    #[must_use]
    pub fn version_state(&self) -> &'static str {
        self.version().map_or("retired", |v| self.shown.credential.version_state(v, self.shown.now).as_str())
    }

    /// Whether that version is one whose secret counts now.
    fn is_current(&self) -> bool {
        self.version().is_some_and(|v| v.accepts(self.shown.now))
    }

    /// Whether a verifier would accept the secret now.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.is_current() && self.shown.credential.standing(self.shown.now) == Standing::Active
    }

    /// Whether the secret would be accepted if the credential were not suspended.
    #[must_use]
    pub fn can_return(&self) -> bool {
        self.is_current() && self.shown.credential.standing(self.shown.now) == Standing::Suspended
    }
}

impl Operations {
    /// Finds a credential by its secret, or by the first one in a text.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no API key by its form; [`Error::NotFound`] when it is nobody's; [`Error::Store`]
    pub async fn credential_find(&self, caller: &Caller, secret: &Secret) -> Result<Found, Error> {
        let allowed = self.operate(caller)?;
        let (catalogue, _) = self.catalogue_again().await?;
        let mut form = Form::default();
        // Whoever was handed a leaked line of a log need not cut the key out of it.
        let words = secret.expose().split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
        let recognised = words.map(|word| (word, secret_form::recognise(word.as_bytes(), &catalogue.brands)));
        let key = recognised.clone().find_map(|(word, form)| matches!(form, Ok(Class::ApiKey(_))).then_some(word));
        if key.is_none() {
            match recognised.map(|(_, form)| form).find(|form| *form != Err(Malformed::Start)) {
                Some(Ok(_)) => form.bad("credential", "this is a secret of this installation, and not an API key: look at resource-server list"),
                Some(Err(malformed)) => form.bad("credential", malformed),
                None => form.bad("credential", Malformed::Start),
            }
        }
        form.done()?;
        let digest = sha256(key.expect(CHECKED).as_bytes());
        let owner = self.store.as_operator(&allowed)?.credential_by_digest(&digest).await?;
        let owner = owner.ok_or_else(|| Error::not_found("credential", "with this secret: it is well-formed, and was never made here or is forgotten"))?;
        let allowed = allow(caller, Right::View, &Facts::of(owner.organisation))?;
        let scope = self.store.scope(&allowed)?;
        let stored = scope.credential(owner.credential).await?.ok_or_else(|| Error::not_found("credential", owner.credential))?;
        let usage = scope.usage(owner.credential).await?;
        Ok(Found { shown: self.shown(stored, usage), owner })
    }
}
