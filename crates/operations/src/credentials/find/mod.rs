//! Whose is this credential? The answer to "kill this leaked string".

use std::borrow::Cow;

use keywright_crypto::digest::sha256;
use keywright_crypto::key_pair::{KeyPair, KeyPairFault};
use keywright_crypto::public_key::PublicKey;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::credential::secret_form::{self, Brand, Class, Malformed};
use keywright_domain::credential::{Standing, Version};
use keywright_store::credentials::Owner;

mod token;

pub use token::FoundToken;

use self::token::{Holder, Said};
use super::show::Shown;
use crate::form::{CHECKED, Form};
use crate::{Error, Operations};

/// A credential that was found by its secret, by an access token, or by what is public of it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Whose it is, and which version's secret it was, or got the token: 0 where it was none.
    pub owner: Owner,
    /// The credential.
    pub shown: Shown,
    /// The access token that it was; none: it was no token.
    pub token: Option<FoundToken>,
}

impl Found {
    /// The version whose secret it was, unless it is forgotten.
    fn version(&self) -> Option<&Version> {
        self.shown.credential.versions.iter().find(|v| v.number == self.owner.version)
    }

    /// Whether it was a secret, and not what is public anyway.
    #[must_use]
    pub const fn by_secret(&self) -> bool {
        self.owner.version > 0
    }

    /// The word for that version's state; none where it was no secret.
    #[must_use]
    pub fn version_state(&self) -> Option<&'static str> {
        self.by_secret().then(|| self.version().map_or("retired", |v| self.shown.credential.version_state(v, self.shown.now).as_str()))
    }

    /// Whether that version is one whose secret counts now.
    fn is_current(&self) -> bool {
        let token = self.token.as_ref().is_none_or(|token| !token.revoked && self.shown.now < token.expires_at);
        token && self.version().is_some_and(|v| v.accepts(self.shown.now))
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

/// What a text holds that is a credential's.
enum Clue<'a> {
    /// A secret, by its digest.
    Secret([u8; 32]),
    /// What names a credential openly.
    PublicHalf(Cow<'a, str>),
    /// A public key, by its fingerprint.
    PublicKey([u8; 32]),
    /// An access token.
    Token(Said<'static>),
}

impl Operations {
    /// Finds a credential by its secret or its public half, or by the first one in a text: a key, an access token, a private or public
    /// key as PEM, or an SDK id. Secrets go before tokens, and tokens before public halves.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is none of these by its form; [`Error::NotFound`] when it is nobody's; [`Error::Keys`] where a token is sealed and the
    /// master key is not at hand; [`Error::Store`]
    pub async fn credential_find(&self, caller: &Caller, secret: &Secret) -> Result<Found, Error> {
        let allowed = self.operate(caller)?;
        let (catalogue, _) = self.catalogue_again().await?;
        let mut form = Form::default();
        let clue = match pem(secret.expose()) {
            Some(read) => form.take("credential", read),
            None => form.take("credential", self.clue(secret.expose(), &catalogue.brands).await?),
        };
        form.done()?;
        let operator = self.store.as_operator(&allowed)?;
        let clue = clue.expect(CHECKED);
        let owner = match &clue {
            Clue::Secret(digest) => operator.credential_by_digest(digest).await?,
            Clue::PublicHalf(public_id) => operator.credential_by_public_id(public_id).await?,
            Clue::PublicKey(digest) => operator.credential_by_digest(digest).await?.map(|owner| Owner { version: 0, ..owner }),
            Clue::Token(said) => {
                let owner = match &said.holder {
                    Holder::Credential(id) => operator.credential_by_id(*id).await?,
                    Holder::Client(id) => operator.credential_by_public_id(id).await?,
                };
                owner.map(|owner| Owner { version: said.version, ..owner })
            }
        };
        let owner = owner.ok_or_else(|| Error::not_found("credential", "with this secret: it is well-formed, and was never made here or is forgotten"))?;
        let allowed = allow(caller, Right::View, &Facts::of(owner.organisation))?;
        let scope = self.store.scope(&allowed)?;
        let stored = scope.credential(owner.credential).await?.ok_or_else(|| Error::not_found("credential", owner.credential))?;
        let usage = scope.usage(owner.credential).await?;
        let shown = self.shown(stored, usage);
        let token = match &clue {
            Clue::Token(said) => Some(said.found(&shown.credential, operator.token_is_ended(said.id).await?)),
            Clue::Secret(_) | Clue::PublicHalf(_) | Clue::PublicKey(_) => None,
        };
        Ok(Found { shown, owner, token })
    }
}

impl Operations {
    /// The first secret in a text, else the first access token, else the first public half.
    async fn clue<'t>(&self, text: &'t str, brands: &[Brand]) -> Result<Result<Clue<'t>, String>, Error> {
        let other = word(text, brands);
        let Some(token) = token::word(text, brands).filter(|_| !matches!(other, Ok(Clue::Secret(_)))) else { return Ok(other) };
        Ok(match (self.token_read(token, brands).await?, other) {
            (Ok(said), _) => Ok(Clue::Token(said)),
            (Err(_), Ok(other)) => Ok(other),
            (Err(why), Err(_)) => Err(why),
        })
    }
}

/// The key in a text with a PEM block; none where there is no block.
fn pem(text: &str) -> Option<Result<Clue<'static>, String>> {
    let at = text.find("-----BEGIN ")?;
    // In logs and settings, newlines are often written out.
    let block = Secret::new(text[at..].replace("\\n", "\n"));
    Some(match KeyPair::from_pem(block.expose()) {
        Ok(pair) => Ok(Clue::Secret(pair.public().fingerprint())),
        Err(KeyPairFault::Form) => match PublicKey::read(block.expose()) {
            Ok(key) => Ok(Clue::PublicKey(key.fingerprint())),
            Err(fault) => Err(fault.to_string()),
        },
        Err(fault) => Err(fault.to_string()),
    })
}

/// The first secret in a text, else the first public half. Whoever was handed a leaked line of a log need not cut the key out of it.
fn word<'a>(text: &'a str, brands: &[Brand]) -> Result<Clue<'a>, String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
    let mut recognised = words.map(|word| (word, secret_form::recognise(word.as_bytes(), brands)));
    let (mut public_half, mut other) = (None, None);
    let secret = recognised.find(|(word, form)| {
        match form {
            Ok(Class::ApiKey(_) | Class::SecretKey(_)) => return true,
            Ok(Class::HmacApiKey(_) | Class::ClientId(_)) => public_half = public_half.or(Some(*word)),
            form => other = other.or(Some(*form).filter(|form| *form != Err(Malformed::Start))),
        }
        false
    });
    if let Some((secret, _)) = secret {
        return Ok(Clue::Secret(sha256(secret.as_bytes())));
    }
    let uuid = || text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-')).find(|word| is_uuid(word));
    if let Some(public_half) = public_half {
        return Ok(Clue::PublicHalf(public_half.into()));
    }
    if let Some(sdk_id) = uuid() {
        return Ok(Clue::PublicHalf(sdk_id.to_ascii_lowercase().into()));
    }
    Err(match other {
        Some(Ok(_)) => {
            "this is a secret of this installation, and not a credential's: look at resource-server list, token list and app registration-token list".to_owned()
        }
        Some(Err(malformed)) => malformed.to_string(),
        None => Malformed::Start.to_string(),
    })
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36 && word.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23))
}
