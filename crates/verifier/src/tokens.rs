//! Access tokens that somebody presents: what they say, once it is proved that they are ours.
//!
//! Proof of a JWT costs a public-key operation, so what was proved is remembered by the SHA-256 of the whole token. Nothing else is: expiry, the
//! key that signed it and whether it was ended are asked every time.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use keywright_crypto::access_token::Content;
use keywright_crypto::digest;
use keywright_crypto::jwt::Claims;
use keywright_domain::credential::Environment;
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::token::{TokenId, audience_of};

use crate::replica::PermissionSet;

/// Tokens that are remembered; about 400 bytes each. Another one takes the place of one that is there.
const REMEMBERED: usize = 32 * 1_024;

/// Who holds a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Credential(CredentialId),
    /// SHA-256 of the public half.
    Named([u8; 32]),
}

/// What a token says.
#[derive(Debug)]
pub struct TokenFacts {
    /// SHA-256 of the whole token.
    digest: [u8; 32],
    pub(crate) holder: Holder,
    pub(crate) version: u32,
    /// Its `jti`.
    pub id: TokenId,
    /// When it was issued; a JWT says whole seconds.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Slug of the service that it is for.
    pub(crate) service: Box<str>,
    pub(crate) environment: Environment,
    /// The `kid` of the key that signed it; none: it is opaque.
    pub(crate) key_id: Option<Box<str>>,
    /// Its scopes, with spaces between them.
    pub scope: Box<str>,
    pub(crate) permissions: PermissionSet,
}

/// A claim that each access token of ours has.
pub(crate) const VERSION: &str = "version";

impl TokenFacts {
    /// What a JWT of ours says; none where a claim that ours have is missing or cannot be.
    pub(crate) fn of_claims(claims: &Claims, digest: [u8; 32], key_id: &str) -> Option<Self> {
        let client = claims.client_id().filter(|client| claims.subject() == Some(*client))?;
        let mut audiences = claims.audiences();
        let (Some(audience), None) = (audiences.next(), audiences.next()) else { return None };
        let (service, environment) = audience_of(claims.issuer()?, audience)?;
        let scope = claims.scopes().collect::<Vec<_>>().join(" ");
        Some(Self {
            digest,
            holder: Holder::Named(digest::sha256(client.as_bytes())),
            version: u32::try_from(claims.get(VERSION)?.as_u64()?).ok()?,
            id: claims.token_id()?.parse().ok()?,
            issued_at: seconds(claims.issued_at_s()?),
            expires_at: seconds(claims.expires_at_s()?),
            service: service.into(),
            environment,
            key_id: Some(key_id.into()),
            permissions: PermissionSet::from_text(&scope),
            scope: scope.into(),
        })
    }

    /// What an opaque token of ours says.
    pub(crate) fn of_content(content: &Content, environment: Environment, service: &str) -> Self {
        Self {
            digest: [0; 32],
            holder: Holder::Credential(content.credential),
            version: content.version,
            id: TokenId(content.token_id),
            issued_at: content.issued_at,
            expires_at: content.expires_at,
            service: service.into(),
            environment,
            key_id: None,
            permissions: PermissionSet::from_text(&content.scopes),
            scope: content.scopes.as_str().into(),
        }
    }
}

fn seconds(s: i64) -> Timestamp {
    Timestamp::from_us(s.saturating_mul(1_000_000))
}

/// JWTs that were proved. A place is chosen by the digest, which nobody can choose. The places come into being with the first of them.
#[derive(Default)]
pub(crate) struct Remembered(OnceLock<Box<[ArcSwapOption<TokenFacts>]>>);

fn place(digest: &[u8; 32]) -> usize {
    usize::from(u16::from_be_bytes([digest[30], digest[31]])) % REMEMBERED
}

impl Remembered {
    /// The token with this digest, if it was proved.
    pub(crate) fn get(&self, digest: &[u8; 32]) -> Option<Arc<TokenFacts>> {
        self.0.get()?[place(digest)].load_full().filter(|facts| digest::equal(&facts.digest, digest))
    }

    pub(crate) fn put(&self, facts: Arc<TokenFacts>) {
        let places = self.0.get_or_init(|| (0..REMEMBERED).map(|_| ArcSwapOption::empty()).collect());
        places[place(&facts.digest)].store(Some(facts));
    }
}
