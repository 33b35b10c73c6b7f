//! Keys as JWK (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{KeyFault, KeyType, PublicKey, pem};
use crate::digest;
use crate::jwt::json;

/// Members that only a private key has (RFC 7518 sections 6.2.2 and 6.3.2).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

impl PublicKey {
    /// From the text of a JWK. A member that is there twice is refused.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn from_jwk(text: &str) -> Result<Self, KeyFault> {
        if text.len() > pem::TEXT_BYTES_MAX {
            return Err(KeyFault::TooLong);
        }
        Self::from_jwk_members(&json::object(text.as_bytes()).map_err(|_| KeyFault::Jwk("it is not a JSON object, or a member is there twice"))?)
    }

    /// From the members of a JWK, such as one of a key set. What is for encrypting only is refused; `kid`, `alg` and the like are not looked at.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn from_jwk_members(jwk: &Map<String, Value>) -> Result<Self, KeyFault> {
        if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
            return Err(KeyFault::Private);
        }
        if jwk.contains_key("k") {
            return Err(KeyFault::Symmetric);
        }
        if jwk.get("use").is_some_and(|usage| usage != "sig") {
            return Err(KeyFault::Jwk("its \"use\" is not \"sig\""));
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str, fault: &'static str| text(name).and_then(|value| URL_SAFE_NO_PAD.decode(value).ok()).ok_or(KeyFault::Jwk(fault));
        match (text("kty").ok_or(KeyFault::Jwk("it has no \"kty\""))?, text("crv")) {
            ("RSA", _) => {
                let (n, e) = (bytes("n", "its \"n\" is not base64url without padding")?, bytes("e", "its \"e\" is not base64url without padding")?);
                if n.first() == Some(&0) || e.first() == Some(&0) {
                    return Err(KeyFault::Jwk("its \"n\" or \"e\" has leading zeros (RFC 7518 section 2)"));
                }
                Self::from_rsa(&n, &e)
            }
            ("EC", Some(curve @ ("P-256" | "P-384"))) => {
                let key_type = if curve == "P-256" { KeyType::P256 } else { KeyType::P384 };
                let (x, y) = (bytes("x", "its \"x\" is not base64url without padding")?, bytes("y", "its \"y\" is not base64url without padding")?);
                if x.len() != y.len() || Some(x.len()) != key_type.coordinate_bytes() {
                    return Err(KeyFault::Jwk("its \"x\" or \"y\" has not the length of the curve (RFC 7518 section 6.2.1.2)"));
                }
                Self::from_point(key_type, &[&[4], &x[..], &y].concat())
            }
            ("OKP", Some("Ed25519")) => {
                let x = bytes("x", "its \"x\" is not base64url without padding")?;
                if x.len() == super::weakness::ED25519_BYTES { Self::from_ed25519(&x) } else { Err(KeyFault::Jwk("its \"x\" has not 32 bytes")) }
            }
            ("oct", _) => Err(KeyFault::Symmetric),
            ("EC" | "OKP", None) => Err(KeyFault::Jwk("it has no \"crv\"")),
            _ => Err(KeyFault::Unsupported),
        }
    }

    /// Its JWK with the members of its kind only; a key set adds `kid`, `use` and `alg`.
    #[must_use]
    pub fn to_jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match (self.rsa(), self.key_type()) {
            (Some((n, e)), _) => json!({"kty": "RSA", "n": text(n), "e": text(e)}),
            (None, KeyType::Ed25519) => json!({"kty": "OKP", "crv": "Ed25519", "x": text(self.point())}),
            (None, key_type) => {
                let (x, y) = self.point()[1..].split_at(key_type.coordinate_bytes().unwrap_or_default());
                let curve = if key_type == KeyType::P384 { "P-384" } else { "P-256" };
                json!({"kty": "EC", "crv": curve, "x": text(x), "y": text(y)})
            }
        }
    }

    /// Its thumbprint (RFC 7638, RFC 8037 section 2): SHA-256 of the required members in their order, as base64url. We use it as `kid`.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let jwk = self.to_jwk();
        let member = |name: &str| jwk.get(name).map(|value| format!("\"{name}\":{value}"));
        // Lexicographic order (RFC 7638 section 3), and no white space: none of these values needs escaping.
        let members: Vec<String> = ["crv", "e", "kty", "n", "x", "y"].into_iter().filter_map(member).collect();
        URL_SAFE_NO_PAD.encode(digest::sha256(format!("{{{}}}", members.join(",")).as_bytes()))
    }
}
