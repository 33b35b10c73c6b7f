//! Signing and checking revocation proofs: a compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037).

use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::digest;
use crate::random::NoRandom;

/// `typ` of a proof, so that no other JWS can be taken for one (RFC 8725 section 3.11).
pub const TYPE: &str = "keywright-revocation-proof+jws";

/// The installation's signing key for proofs.
pub struct ProofKey(Ed25519KeyPair);

/// The public half, as `/.well-known/keywright.json` publishes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofPublicKey([u8; 32]);

/// Why a text is not a proof of this key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not three base64url parts with JSON in the first two.
    #[error("it is not a compact JWS: {0}")]
    Form(&'static str),
    /// A JWS of another type or algorithm.
    #[error("it is a JWS, and not a revocation proof: its header has no \"alg\": \"EdDSA\" with \"typ\": \"{TYPE}\"")]
    Type,
    /// Signed by another key.
    #[error("it is signed by key {given}; the key that was given to check it is {wanted}")]
    Key {
        /// `kid` of the proof.
        given: String,
        /// `kid` of the public key.
        wanted: String,
    },
    /// The signature does not fit.
    #[error("its signature does not fit: it was changed, or somebody else made it")]
    Signature,
}

/// Why a key cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not an Ed25519 key")]
pub struct KeyError;

impl ProofKey {
    /// A new key and its 32-byte seed, to be sealed.
    ///
    /// # Errors
    /// [`NoRandom`]
    pub fn generate() -> Result<(Self, Zeroizing<Vec<u8>>), NoRandom> {
        let pair = Ed25519KeyPair::generate().map_err(|_| NoRandom)?;
        let seed = pair.seed().map_err(|_| NoRandom)?;
        let bytes: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(|_| NoRandom)?;
        let bytes = Zeroizing::new(bytes.as_ref().to_vec());
        Ok((Self(pair), bytes))
    }

    /// # Errors
    /// [`KeyError`] unless it is a 32-byte seed.
    pub fn from_seed(seed: &[u8]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| KeyError)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> ProofPublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        ProofPublicKey(key)
    }

    /// The compact JWS over `claims`.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "EdDSA", "kid": self.public().key_id(), "typ": TYPE});
        let input = format!("{}.{}", encode(&header), encode(claims));
        let signature = self.0.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

impl ProofPublicKey {
    /// From the 32 bytes of the point.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the point.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The JWK thumbprint (RFC 7638, RFC 8037 section 2).
    #[must_use]
    pub fn key_id(&self) -> String {
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(self.0));
        URL_SAFE_NO_PAD.encode(digest::sha256(canonical.as_bytes()))
    }

    /// The JWK (RFC 8037 section 2).
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(self.0), "kid": self.key_id(), "use": "sig", "alg": "EdDSA"})
    }

    /// # Errors
    /// [`KeyError`] unless it is a JWK of an Ed25519 key.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let field = |name: &str| jwk.get(name).and_then(Value::as_str);
        if field("kty") != Some("OKP") || field("crv") != Some("Ed25519") {
            return Err(KeyError);
        }
        let x = URL_SAFE_NO_PAD.decode(field("x").ok_or(KeyError)?).map_err(|_| KeyError)?;
        x.try_into().map(Self).map_err(|_| KeyError)
    }

    /// The claims of a proof that this key has signed.
    ///
    /// # Errors
    /// [`ProofError`]
    pub fn verify(&self, proof: &str) -> Result<Value, ProofError> {
        let proof = proof.trim();
        let mut parts = proof.split('.');
        let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(ProofError::Form("it has not three parts"));
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| ProofError::Form("a part is not base64url"));
        let value = |part: &str| serde_json::from_slice::<Value>(&decode(part)?).map_err(|_| ProofError::Form("a part is not JSON"));
        let head = value(header)?;
        if head.get("alg").and_then(Value::as_str) != Some("EdDSA") || head.get("typ").and_then(Value::as_str) != Some(TYPE) {
            return Err(ProofError::Type);
        }
        let given = head.get("kid").and_then(Value::as_str).unwrap_or("without a name");
        if given != self.key_id() {
            return Err(ProofError::Key { given: given.chars().take(64).collect(), wanted: self.key_id() });
        }
        let input = &proof[..header.len() + 1 + claims.len()];
        UnparsedPublicKey::new(&ED25519, &self.0).verify(input.as_bytes(), &decode(signature)?).map_err(|_| ProofError::Signature)?;
        value(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_checked_with_the_published_key_and_nothing_can_be_changed_in_it() {
        let (key, seed) = ProofKey::generate().unwrap();
        let again = ProofKey::from_seed(&seed).unwrap();
        let public = ProofPublicKey::from_jwk(&again.public().to_jwk()).unwrap();
        let claims = json!({"position": 88_121});
        let proof = key.sign(&claims);
        assert_eq!(public.verify(&format!("{proof}\n")), Ok(claims));

        let parts: Vec<&str> = proof.split('.').collect();
        let other = encode(&json!({"position": 1}));
        assert_eq!(public.verify(&format!("{}.{other}.{}", parts[0], parts[2])), Err(ProofError::Signature));
        let none = encode(&json!({"alg": "none", "typ": TYPE}));
        assert_eq!(public.verify(&format!("{none}.{}.", parts[1])), Err(ProofError::Type));
        assert!(matches!(public.verify("a.b"), Err(ProofError::Form(_))));
        let stranger = ProofKey::generate().unwrap().0;
        assert!(matches!(stranger.public().verify(&proof), Err(ProofError::Key { .. })));
    }

    /// RFC 8037 appendix A.3: the thumbprint of its example key.
    #[test]
    fn the_thumbprint_of_rfc_8037() {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        assert_eq!(ProofPublicKey::from_jwk(&jwk).unwrap().key_id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
