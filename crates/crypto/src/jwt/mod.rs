//! Compact JWS and JWT (RFC 7515, RFC 7519, RFC 8725), as strict as our own tokens and client assertions allow.
//!
//! Our own code over our own keys, and no library: what we take is a small part of JOSE (three algorithms to sign, seven to verify, no encryption,
//! no symmetric keys, no headers that bring keys), and a library's larger part would have to be switched off again and again. It also refuses
//! what libraries take: members that are there twice, tokens above 8 KiB, and base64url in other than its one form.
//!
//! Nothing here looks at a clock: whether `exp` and its like are good is for the caller.

mod claims;
mod decoy;
mod fault;
pub(crate) mod json;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::key_pair::SignError;
use crate::public_key::{Algorithm, ParsedKey, PublicKey};
use crate::signing_key::SigningKey;
pub use claims::Claims;
pub use fault::Fault;

pub(crate) use keywright_domain::limits::JWT_BYTES_MAX as TOKEN_BYTES_MAX;
use keywright_domain::limits::KEY_ID_BYTES_MAX;
/// The type of an access token (RFC 9068 section 2.1).
pub const ACCESS_TOKEN: &str = "at+jwt";

/// Headers that are refused: extensions that must be understood, keys that the token brings itself or says where to fetch, compression and
/// encryption.
const REFUSED: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/// Signs claims; `kid` and `alg` are the key's.
///
/// # Errors
/// [`SignError::Failed`]
pub fn sign(key: &SigningKey, typ: &str, claims: &Map<String, Value>) -> Result<String, SignError> {
    let encode = |json: String| URL_SAFE_NO_PAD.encode(json);
    let header = json!({"alg": key.algorithm().word(), "kid": key.key_id(), "typ": typ}).to_string();
    // A map of JSON values has no way to fail to become JSON.
    let claims = serde_json::to_string(claims).map_err(|_| SignError::Failed)?;
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes())?);
    Ok(format!("{input}.{signature}"))
}

/// Takes a token apart. Nothing in it is proved yet.
///
/// # Errors
/// [`Fault`]
pub fn read(token: &str) -> Result<Unverified<'_>, Fault> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(Fault::Parts);
    };
    let signed = &token[..header.len() + 1 + claims.len()];
    let header = Header::read(&object(header)?)?;
    let signature = decode(signature)?;
    Ok(Unverified { signed, signature, header, claims: Claims::read(object(claims)?)? })
}

/// The engine refuses padding, white space, and bits after the last byte that are not zero, so that each part has one text.
fn decode(part: &str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Base64)
}

fn object(part: &str) -> Result<Map<String, Value>, Fault> {
    json::object(&decode(part)?).map_err(|_| Fault::Json)
}

struct Header {
    algorithm: Algorithm,
    typ: Option<String>,
    key_id: Option<String>,
}

impl Header {
    fn read(members: &Map<String, Value>) -> Result<Self, Fault> {
        if let Some(name) = REFUSED.into_iter().find(|name| members.contains_key(*name)) {
            return Err(Fault::Header(name));
        }
        let text = |name: &'static str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= KEY_ID_BYTES_MAX => Ok(Some(text.as_str())),
            Some(_) => Err(Fault::Header(name)),
        };
        let algorithm = text("alg")?.and_then(Algorithm::from_jose_name).ok_or(Fault::Algorithm)?;
        Ok(Self { algorithm, typ: text("typ")?.map(Into::into), key_id: text("kid")?.map(Into::into) })
    }
}

/// A token that was read and not verified: its claims are what somebody says.
pub struct Unverified<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    header: Header,
    claims: Claims,
}

impl Unverified<'_> {
    /// The name of the key that the token claims, to look it up among known ones.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.key_id.as_deref()
    }

    /// The algorithm that the token claims.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// Whether its `typ` is this one: `at+jwt` is also `AT+JWT` and `application/at+jwt` (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn typ_is(&self, wanted: &str) -> bool {
        const PREFIX: &str = "application/";
        let Some(typ) = self.header.typ.as_deref() else { return false };
        let short = match typ.get(..PREFIX.len()) {
            Some(start) if start.eq_ignore_ascii_case(PREFIX) => &typ[PREFIX.len()..],
            _ => typ,
        };
        short.eq_ignore_ascii_case(wanted)
    }

    /// Whether it has a `typ` at all; client assertions often have none (RFC 7523).
    #[must_use]
    pub const fn has_typ(&self) -> bool {
        self.header.typ.is_some()
    }

    /// What the token claims, only to find out whose key must verify it.
    #[must_use]
    pub const fn unproved(&self) -> &Claims {
        &self.claims
    }

    /// Whether this key made the signature, by an algorithm of its own kind; for whoever has several keys that may have.
    #[must_use]
    pub fn verified_by(&self, key: &PublicKey) -> bool {
        key.key_type().allows(self.header.algorithm) && key.verify(self.header.algorithm, self.signed.as_bytes(), &self.signature)
    }

    /// The claims, if this key made the signature by one of the algorithms that the caller takes from it.
    ///
    /// # Errors
    /// [`Fault::Algorithm`] if the token's is not one of these or not of this kind of key, [`Fault::Signature`]
    pub fn verify(self, key: &PublicKey, allowed: &[Algorithm]) -> Result<Claims, Fault> {
        if !allowed.contains(&self.header.algorithm) || !key.key_type().allows(self.header.algorithm) {
            return Err(Fault::Algorithm);
        }
        let good = key.verify(self.header.algorithm, self.signed.as_bytes(), &self.signature);
        self.claims_if(good)
    }

    /// The same, by a key that takes one algorithm.
    ///
    /// # Errors
    /// [`Fault::Algorithm`], [`Fault::Signature`]
    pub fn verify_parsed(self, key: &ParsedKey) -> Result<Claims, Fault> {
        if self.header.algorithm != key.algorithm() {
            return Err(Fault::Algorithm);
        }
        let good = key.verify(self.signed.as_bytes(), &self.signature);
        self.claims_if(good)
    }

    fn claims_if(self, good: bool) -> Result<Claims, Fault> {
        if good { Ok(self.claims) } else { Err(Fault::Signature) }
    }
}
