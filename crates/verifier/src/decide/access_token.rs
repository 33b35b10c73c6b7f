//! Proof by an access token: it is one of ours, for this service, its time is not over, and nobody has ended it.

use std::sync::Arc;

use keywright_crypto::access_token::Refused;
use keywright_crypto::digest;
use keywright_crypto::jwt::{self, ACCESS_TOKEN, Fault};
use keywright_domain::credential::Environment;
use keywright_domain::limits;
use keywright_domain::time::{Boot, Timestamp};
use keywright_domain::verdict::Code;

use super::proof::Unproven;
use crate::replica::{Owner, PermissionSet, Row, View};
use crate::tokens::{Holder, TokenFacts};
use crate::verdict::{TokenSaid, Unavailable};
use crate::verifier::Verifier;

/// What a token is read with.
#[derive(Clone, Copy)]
pub(super) struct Reader<'c, 'r> {
    pub(super) verifier: &'c Verifier,
    pub(super) view: &'r View,
    pub(super) source_ip: Option<std::net::IpAddr>,
    pub(super) now: Timestamp,
    pub(super) boot: Boot,
}

/// The form of an access token, without a look into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Jwt,
    Opaque,
}

/// Whether this is shaped like an access token. A JWT begins with `{"` in base64url, which no brand does.
pub(super) fn shape(view: &View, presented: &[u8]) -> Option<Shape> {
    if presented.starts_with(b"eyJ") {
        return Some(Shape::Jwt);
    }
    let brands = view.services.brands();
    let opaque = brands.iter().any(|brand| presented.strip_prefix(brand.as_str().as_bytes()).is_some_and(|rest| rest.starts_with(b"_at_")));
    opaque.then_some(Shape::Opaque)
}

impl<'r> Reader<'_, 'r> {
    /// What a token says that is ours.
    pub(super) fn read(&self, presented: &[u8], shape: Shape) -> Result<Arc<TokenFacts>, Unproven> {
        if presented.len() > limits::CREDENTIAL_BYTES_MAX {
            return Err(Code::Malformed.into());
        }
        let text = std::str::from_utf8(presented).map_err(|_| Unproven::from(Code::Malformed))?;
        match shape {
            Shape::Jwt => self.jwt(text),
            Shape::Opaque => self.opaque(text),
        }
    }

    fn opaque(&self, text: &str) -> Result<Arc<TokenFacts>, Unproven> {
        let keys = self.verifier.token_keys().ok_or(Unproven::Unavailable(Unavailable::Locked))?;
        let content = keys.open(text, self.view.services.brands()).map_err(|refused| match refused {
            Refused::Start | Refused::Form => Unproven::of(Code::Malformed, &refused.to_string()),
            Refused::Seal => invalid(&refused.to_string()),
        })?;
        let (service, environment) = match content.audience.split_once('/') {
            None => (content.audience.as_str(), Environment::Production),
            Some((service, _)) => (service, Environment::Sandbox),
        };
        Ok(Arc::new(TokenFacts::of_content(&content, environment, service)))
    }

    fn jwt(&self, text: &str) -> Result<Arc<TokenFacts>, Unproven> {
        let digest = digest::sha256(text.as_bytes());
        if let Some(known) = self.verifier.remembered().get(&digest) {
            return Ok(known);
        }
        let token = jwt::read(text).map_err(|fault| match fault {
            Fault::TooLong => Unproven::of(Code::Malformed, &fault.to_string()),
            _ => invalid(&fault.to_string()),
        })?;
        if !token.typ_is(ACCESS_TOKEN) {
            return Err(invalid("the token is no access token: its typ is not at+jwt"));
        }
        if self.verifier.issuer().is_some_and(|issuer| token.unproved().issuer() != Some(issuer)) {
            return Err(Unproven::of(Code::TokenIssuerUnknown, "the token was issued by somebody else: its iss is not this installation"));
        }
        let key_id = token.key_id().unwrap_or_default().to_owned();
        let key = self.view.signing_keys.get(&key_id).ok_or_else(|| invalid("the token names a key that is not in the key set of this installation"))?;
        // By the address alone: whose token it is, is what whoever makes one up chooses.
        let (budget, who) = (self.verifier.budget(), ("access token", self.source_ip));
        if budget.stops(who, self.source_ip, self.boot) {
            return Err(Unproven::Unavailable(Unavailable::TooManyWrong));
        }
        let claims = token.verify_parsed(&key.key).map_err(|fault| {
            budget.failed(who, self.source_ip, self.boot);
            invalid(&fault.to_string())
        })?;
        let facts = TokenFacts::of_claims(&claims, digest, &key_id).ok_or_else(|| invalid("a claim of the token is missing, or is not for a service here"))?;
        let facts = Arc::new(facts);
        self.verifier.remembered().put(Arc::clone(&facts));
        Ok(facts)
    }

    /// The first version of the token's credential, with its owner.
    pub(super) fn holder(&self, facts: &TokenFacts) -> Result<(&'r Row, Owner), Code> {
        let home = match facts.holder {
            Holder::Credential(id) => self.view.credential(id),
            Holder::Named(digest) => self.view.named_by(&digest),
        };
        let home = home.filter(|row| row.kind().gets_tokens()).ok_or(Code::Unknown)?;
        let owner = self.view.owner(home).ok_or(Code::Unknown)?;
        if home.credential_forgotten(self.now) { Err(Code::Unknown) } else { Ok((home, owner)) }
    }

    /// The version by whose secret the token was got, if the token is good now.
    pub(super) fn good(&self, facts: &TokenFacts, home: &'r Row) -> Result<&'r Row, Unproven> {
        let ours = self.view.services.slug(home.service) == Some(&*facts.service) && home.environment() == facts.environment;
        if !ours {
            return Err(invalid("the token is for another service or environment than its credential"));
        }
        if facts.key_id.as_deref().is_some_and(|id| self.view.signing_keys.get(id).is_none()) {
            return Err(invalid("the key that signed the token is no longer in the key set"));
        }
        if facts.expires_at <= self.now {
            return Err(Code::TokenExpired.into());
        }
        let not_before = self.view.material(home).map_or(Timestamp::from_us(i64::MAX), |material| material.tokens_not_before);
        if facts.issued_at < not_before || self.view.ended_tokens.has(facts.id) {
            return Err(invalid("the token was revoked"));
        }
        let version = self.view.versions(home).find(|row| row.number == facts.version);
        version.ok_or_else(|| invalid("the secret by which the token was got is long gone"))
    }
}

fn invalid(sentence: &str) -> Unproven {
    Unproven::of(Code::TokenInvalid, sentence)
}

/// What the token says, with the narrower of its permissions and those that its credential holds now.
pub(super) fn said(facts: Arc<TokenFacts>, held: &PermissionSet) -> TokenSaid {
    let narrowed = (!held.holds_all(facts.permissions.names())).then(|| {
        let names: Vec<&str> = facts.permissions.names().iter().map(String::as_str).filter(|name| held.holds_all(&[name])).collect();
        Arc::new(PermissionSet::from_text(&names.join(" ")))
    });
    TokenSaid { facts, narrowed }
}
