//! Access tokens that were found somewhere: whose they are, whether they are good, and ending one.

use keywright_crypto::jwt;
use keywright_crypto::public_key::PublicKey;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::change::Change;
use keywright_domain::credential::secret_form::{Brand, Class};
use keywright_domain::credential::{Credential, TokenForm};
use keywright_domain::ids::CredentialId;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;
use keywright_domain::token::TokenId;
use keywright_store::signing_keys::SigningKeyRow;
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use super::super::organisation;
use crate::signing_keys::algorithm;
use crate::{Error, Operations};

/// An access token of ours that was found somewhere. The token itself is not kept.
#[derive(Debug, Clone)]
pub struct FoundToken {
    /// JWT or opaque.
    pub form: TokenForm,
    /// Its `jti`.
    pub id: TokenId,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires, or did.
    pub expires_at: Timestamp,
    /// Whether it was ended before that, by itself or with the others of its credential.
    pub revoked: bool,
}

/// What a token says that is ours.
pub(super) struct Said<'t> {
    pub(super) form: TokenForm,
    pub(super) holder: Holder<'t>,
    pub(super) version: u32,
    pub(super) id: TokenId,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// Whose it is.
pub(super) enum Holder<'t> {
    Credential(CredentialId),
    Client(std::borrow::Cow<'t, str>),
}

impl Said<'_> {
    pub(super) fn found(&self, credential: &Credential, ended: bool) -> FoundToken {
        let revoked = ended || credential.tokens_not_before.is_some_and(|before| self.issued_at < before);
        FoundToken { form: self.form, id: self.id, issued_at: self.issued_at, expires_at: self.expires_at, revoked }
    }
}

/// The first text that has the form of an access token.
pub(super) fn word<'t>(text: &'t str, brands: &[Brand]) -> Option<&'t str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))).map(|word| word.trim_matches(['.', '-']));
    let opaque = |word: &str| brands.iter().any(|brand| word.strip_prefix(brand.as_str()).is_some_and(|rest| rest.starts_with(Class::AccessToken.infix())));
    words.into_iter().find(|word| opaque(word) || is_jwt(word))
}

/// Whether it is a JWT by its form: three parts, of which the first begins with `{"` in base64url.
pub(super) fn is_jwt(word: &str) -> bool {
    word.starts_with("eyJ") && word.split('.').count() == 3
}

/// What a JWT says, once its signature is proved by a key of ours.
pub(super) fn read_jwt(text: &str, keys: &[SigningKeyRow]) -> Result<Said<'static>, String> {
    const GONE: &str = "this is a JWT, and no key of this installation's key set signed it: it is somebody else's, or has expired long ago";
    let token = jwt::read(text).map_err(|fault| fault.to_string())?;
    let row = keys.iter().find(|row| token.key_id() == Some(&row.id)).ok_or(GONE)?;
    let key = PublicKey::from_stored(&row.public_key).map_err(|_| GONE)?;
    let claims = token.verify(&key, &[algorithm(row.algorithm).algorithm()]).map_err(|fault| fault.to_string())?;
    let seconds = |s: i64| Timestamp::from_us(s.saturating_mul(1_000_000));
    let said = || {
        Some(Said {
            form: TokenForm::Jwt,
            holder: Holder::Client(claims.client_id()?.to_owned().into()),
            version: u32::try_from(claims.get("version")?.as_u64()?).ok()?,
            id: claims.token_id()?.parse().ok()?,
            issued_at: seconds(claims.issued_at_s()?),
            expires_at: seconds(claims.expires_at_s()?),
        })
    };
    said().ok_or_else(|| "this JWT is signed by this installation, and is no access token".to_owned())
}

impl Operations {
    /// What a text of the form of an access token says; a sentence where it is none of ours.
    ///
    /// # Errors
    /// [`Error::Keys`] where it is sealed and the master key is not at hand; [`Error::Store`]
    pub(super) async fn token_read(&self, text: &str, brands: &[Brand]) -> Result<Result<Said<'static>, String>, Error> {
        if is_jwt(text) {
            return Ok(read_jwt(text, &self.store.signing_keys().await?));
        }
        Ok(self.keys().token_keys()?.open(text, brands).map_err(|refused| refused.to_string()).map(|content| Said {
            form: TokenForm::Opaque,
            holder: Holder::Credential(content.credential),
            version: content.version,
            id: TokenId(content.token_id),
            issued_at: content.issued_at,
            expires_at: content.expires_at,
        }))
    }

    /// Ends an access token that was found somewhere: every verifier refuses it within the promise of a revocation. Its credential lives on. Doing it
    /// twice changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Store`]
    pub async fn credential_token_end(&self, caller: &Caller, credential: CredentialId, id: TokenId, until: Timestamp) -> Result<(), Error> {
        let allowed = self.over_credential(caller, Right::End, credential).await?;
        let organisation = organisation(&allowed, credential)?;
        self.write(allowed, async move |tx| {
            let stored = tx.credential_for_update(organisation, credential).await?.ok_or_else(|| Error::not_found("credential", credential))?;
            let changes = Self::token_end_in(tx, credential, id, until).await?;
            let audit = AuditEntry::new("credential.token_ended", credential).of_application(stored.credential.application);
            let audit = if changes.is_empty() { vec![] } else { vec![audit.with(json!({ "jti": id.to_string() }))] };
            Ok::<_, Error>(Done { value: (), audit, changes })
        })
        .await?;
        Ok(())
    }

    /// Puts down that a token has ended, and what verifiers have to hear of it: nothing where it had ended before.
    pub(crate) async fn token_end_in(tx: &mut keywright_store::Tx<'_>, credential: CredentialId, id: TokenId, until: Timestamp) -> Result<Vec<Change>, Error> {
        // Tokens are dated by the store's clock, which a machine's own may be hours away from.
        let now = tx.clock().await?.now();
        // No token lives longer, so nothing is remembered longer.
        let until = until.min(now.plus(limits::TOKEN_LIFE_MAX));
        if !tx.token_end(id, credential, until).await? {
            return Ok(Vec::new());
        }
        if tx.tokens_ended(credential, now).await? <= limits::ENDED_TOKENS_MAX {
            return Ok(vec![Change::Token(id)]);
        }
        let gone = tx.tokens_end_all(credential).await?;
        Ok(std::iter::once(Change::Credential(credential)).chain(gone.into_iter().map(Change::Token)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_in_lines_of_logs() {
        let brands = [Brand::default()];
        for (text, found) in [
            ("Authorization: Bearer eyJhbGciOi.eyJp_c3M-i.c2ln\n", Some("eyJhbGciOi.eyJp_c3M-i.c2ln")),
            ("{\"access_token\":\"kw_at_abc\",", Some("kw_at_abc")),
            ("see eyJa.b.c.", Some("eyJa.b.c")),
            ("eyJa.b acme_at_x", None),
        ] {
            assert_eq!(word(text, &brands), found, "{text}");
        }
    }
}
