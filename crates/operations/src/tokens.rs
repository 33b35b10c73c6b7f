//! Access tokens: making them, and ending them before their time.

use keywright_crypto::access_token::Content;
use keywright_crypto::jwt;
use keywright_crypto::random;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_domain::catalogue::Tokens;
use keywright_domain::credential::secret_form::Brand;
use keywright_domain::credential::{Environment, TokenForm};
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::token::{TokenId, audience, issued_at};
use serde_json::{Map, Value};

use crate::{Error, Operations};

/// What a token is made from.
#[derive(Clone, Copy)]
pub struct NewToken<'a> {
    /// Whose it is.
    pub credential: CredentialId,
    /// What names the credential openly.
    pub client_id: &'a str,
    /// The version of its secret by which it was asked for.
    pub version: u32,
    /// Slug of the service that it is for.
    pub service: &'a str,
    /// The environment that it is for.
    pub environment: Environment,
    /// Its scopes, with spaces between them.
    pub scope: &'a str,
    /// What the service says of tokens.
    pub tokens: Tokens,
    /// JWT or opaque.
    pub form: TokenForm,
    /// The brand of an opaque one.
    pub brand: &'a Brand,
    /// Tokens of its credential that were issued before have ended.
    pub not_before: Timestamp,
    /// It does not outlive its credential.
    pub not_after: Option<Timestamp>,
    /// When it is made: by the store's clock, at the earliest that this may be.
    pub now: Timestamp,
}

/// A token that was made.
pub struct Minted {
    /// The whole token.
    pub token: Secret,
    /// Its `jti`.
    pub id: TokenId,
    /// When it expires, in whole seconds.
    pub expires_at: Timestamp,
    /// Seconds until then, at least one.
    pub expires_in_s: i64,
}

/// Why no token was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MintError {
    /// Its time would be over at once.
    #[error("the credential ends within the second")]
    NoTimeLeft,
    /// This node has no key to sign with.
    #[error("this node cannot sign access tokens yet: try again in a moment")]
    NoKey,
    /// It would be too long.
    #[error("an opaque token with these scopes would be longer than 512 bytes: ask for fewer scopes, or for JWTs")]
    TooLong,
    /// The operating system gave no random bits, or the library failed.
    #[error("the token could not be made")]
    Failed,
}

const SECOND_US: i64 = 1_000_000;

impl Operations {
    /// Makes an access token. It asks nobody: whether the client may have it was decided before.
    ///
    /// # Errors
    /// [`MintError`]
    pub fn token_mint(&self, new: &NewToken<'_>) -> Result<Minted, MintError> {
        let id = TokenId(random::bits().map_err(|_| MintError::Failed)?);
        let life = new.now.plus(new.tokens.life);
        let latest = new.not_after.map_or(life, |end| end.min(life));
        let expires_s = latest.us().div_euclid(SECOND_US);
        let expires_in_s = expires_s - new.now.us().div_euclid(SECOND_US);
        if expires_in_s < 1 {
            return Err(MintError::NoTimeLeft);
        }
        let expires_at = Timestamp::from_us(expires_s * SECOND_US);
        let token = match new.form {
            TokenForm::Jwt => self.jwt(new, id, expires_s)?,
            TokenForm::Opaque => self.opaque(new, id, expires_at)?,
        };
        Ok(Minted { token, id, expires_at, expires_in_s })
    }

    /// RFC 9068 section 2.2. `version` is a claim of our own: by which of the client's secrets it was asked for.
    fn jwt(&self, new: &NewToken<'_>, id: TokenId, expires_s: i64) -> Result<Secret, MintError> {
        let key = self.signing_key(new.tokens.signing, new.now).ok_or(MintError::NoKey)?;
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        put("iss", self.base_url().into());
        put("sub", new.client_id.into());
        put("aud", audience(self.base_url(), new.service, new.environment).into());
        put("exp", expires_s.into());
        put("iat", issued_at(new.form, new.now, new.not_before).us().div_euclid(SECOND_US).into());
        put("jti", id.to_string().into());
        put("client_id", new.client_id.into());
        put("version", new.version.into());
        if !new.scope.is_empty() {
            put("scope", new.scope.into());
        }
        jwt::sign(&key, jwt::ACCESS_TOKEN, &claims).map(Secret::new).map_err(|_| MintError::Failed)
    }

    fn opaque(&self, new: &NewToken<'_>, id: TokenId, expires_at: Timestamp) -> Result<Secret, MintError> {
        let content = Content {
            credential: new.credential,
            version: new.version,
            token_id: id.0,
            issued_at: issued_at(new.form, new.now, new.not_before),
            expires_at,
            // As in the URI of the service, without what is the same in all tokens.
            audience: audience("", new.service, new.environment)["/services/".len()..].to_owned(),
            scopes: new.scope.to_owned(),
        };
        let keys = self.keys().token_keys().map_err(|_| MintError::NoKey)?;
        keys.mint(new.brand, &content).map_err(|error| match error {
            keywright_crypto::access_token::MintError::TooLong => MintError::TooLong,
            keywright_crypto::access_token::MintError::NoRandom(_) => MintError::Failed,
        })
    }

    /// Ends a token before its time. Beyond [`keywright_domain::limits::ENDED_TOKENS_MAX`] of one credential, all that it got so far are ended together. Doing it
    /// twice changes nothing.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn token_end(&self, credential: CredentialId, id: TokenId, until: Timestamp) -> Result<(), Error> {
        let allowed = allow(&Caller::System { job: "oauth2" }, Right::Housekeep, &Facts::default())?;
        let done = self.store.housekeep(allowed, async move |tx| Ok::<_, Error>(((), Self::token_end_in(tx, credential, id, until).await?))).await?;
        self.known_here(done.place).await;
        Ok(())
    }
}
