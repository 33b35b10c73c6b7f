//! What a holder was given, read back from the file in which they keep it.

use std::path::Path;

use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::{Algorithm, KeyType};
use keywright_crypto::secret::Secret;
use serde::Deserialize;

use crate::commands::{read_file, secret_from_stdin};
use crate::failure::Failure;

use keywright_domain::limits::HOLDER_FILE_BYTES_MAX as FILE_BYTES_MAX;

/// A credential that signs. It cannot be printed.
pub(super) struct Holder {
    public_half: String,
    key: Key,
}

enum Key {
    Secret(MacKey),
    Private(Box<KeyPair>),
}

/// The members of a credential, among others.
#[derive(Deserialize)]
struct Members {
    api_key: Option<String>,
    secret_key: Option<String>,
    sdk_id: Option<String>,
    private_key_pem: Option<String>,
    /// The API puts them into an envelope.
    data: Option<Box<Members>>,
}

impl Holder {
    /// Reads a file, or standard input where it is `-`.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = if path == Path::new("-") { secret_from_stdin("credential", FILE_BYTES_MAX)? } else { Secret::new(read_file(path, FILE_BYTES_MAX)?) };
        let place = path.display();
        // What the parser says could repeat the secret.
        let members: Members =
            serde_json::from_str(text.expose()).map_err(|_| Failure::usage(format!("{place}: not the JSON that `key create --json` prints")))?;
        Self::of(members).map_err(|why| Failure::usage(format!("{place}: {why}")))
    }

    fn of(members: Members) -> Result<Self, String> {
        let Members { api_key, secret_key, sdk_id, private_key_pem, data } = members;
        match (api_key, secret_key.map(Secret::new), sdk_id, private_key_pem.map(Secret::new), data) {
            (Some(public_half), Some(secret), None, None, _) => {
                if secret.expose() != secret.expose().trim() {
                    return Err("secret_key: it has white space or a line end at its ends, which no secret key has: take that away".into());
                }
                let key = MacKey::new(secret.expose().as_bytes()).map_err(|why| format!("secret_key: {why}"))?;
                Ok(Self { public_half, key: Key::Secret(key) })
            }
            (None, None, Some(public_half), Some(pem), _) => {
                let pair = KeyPair::from_pem(pem.expose()).map_err(|why| format!("private_key_pem: {why}"))?;
                Ok(Self { public_half, key: Key::Private(Box::new(pair)) })
            }
            (.., Some(data)) => Self::of(*data),
            _ => Err("there is neither an api_key with a secret_key nor an sdk_id with a private_key_pem, and only these sign".into()),
        }
    }

    /// What names the credential openly.
    pub(super) fn public_half(&self) -> &str {
        &self.public_half
    }

    /// The signature by RFC 9421: the key decides how, or which of its ways.
    pub(super) fn sign(&self, text: &[u8], algorithm: Option<Algorithm>) -> Result<Vec<u8>, Failure> {
        match (&self.key, algorithm) {
            (Key::Secret(key), None) => Ok(key.sign(&[text]).to_vec()),
            (Key::Secret(_), Some(_)) => Err(Failure::usage("--algorithm: a secret key signs by HMAC-SHA-256 only, so leave it out")),
            (Key::Private(pair), _) => {
                let algorithm = algorithm.unwrap_or_else(|| pair.key_type().default_algorithm());
                pair.sign(algorithm, text).map_err(|why| Failure::usage(format!("--algorithm: {why}")))
            }
        }
    }

    /// The MAC of schemes that know no other way.
    pub(super) fn mac(&self, text: &[u8]) -> Result<[u8; 32], Failure> {
        match &self.key {
            Key::Secret(key) => Ok(key.sign(&[text])),
            Key::Private(_) => Err(Failure::usage("--scheme tylt: a secret key signs like this, and the file holds a private key")),
        }
    }

    /// The signature by RSA with SHA-256 (PKCS #1 v1.5), of schemes that know no other way.
    pub(super) fn rsa(&self, text: &[u8]) -> Result<Vec<u8>, Failure> {
        let rsa = |key_type| matches!(key_type, KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096);
        match &self.key {
            Key::Private(pair) if rsa(pair.key_type()) => pair.sign(Algorithm::RsaPkcs1Sha256, text).map_err(|why| Failure::usage(why.to_string())),
            _ => Err(Failure::usage("--scheme yoti: an RSA key signs like this, and the file holds another one")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Holder, String> {
        Holder::of(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn both_kinds_are_read_from_the_command_and_from_the_api() {
        let pair = read(r#"{"id": "key_x", "version": 1, "api_key": "kw_ak_live_x", "secret_key": "kw_sk_live_y"}"#).unwrap();
        assert_eq!(pair.public_half(), "kw_ak_live_x");
        let enveloped = read(r#"{"status": "success", "data": {"api_key": "a", "secret_key": "s"}}"#).unwrap();
        assert_eq!(enveloped.sign(b"text", None).unwrap(), MacKey::new(b"s").unwrap().sign(&[b"text"]));
        let pem = KeyPair::generate(KeyType::Ed25519).unwrap();
        let text = pem.to_pem(keywright_crypto::key_pair::PrivateForm::Pkcs8).unwrap();
        let holder = read(&serde_json::json!({ "sdk_id": "8f1c", "private_key_pem": text.expose() }).to_string()).unwrap();
        assert!(pem.public().verify(Algorithm::Ed25519, b"text", &holder.sign(b"text", None).unwrap()));
        assert!(holder.mac(b"text").is_err() && holder.rsa(b"text").is_err());
    }

    #[test]
    fn a_secret_with_a_line_end_is_refused_as_the_clients_do() {
        for end in ["\\n", "\\r\\n", " "] {
            let why = read(&format!(r#"{{"api_key": "a", "secret_key": "kw_sk_live_y{end}"}}"#)).err().unwrap();
            assert!(why.contains("line end") && !why.contains("kw_sk"), "{why}");
        }
    }

    #[test]
    fn what_does_not_sign_is_refused_without_repeating_it() {
        for bad in
            [r#"{"key": "kw_live_secret"}"#, r#"{"api_key": "a"}"#, r#"{"sdk_id": "u", "private_key_pem": "secret"}"#, r#"{"api_key": "a", "secret_key": ""}"#]
        {
            let why = read(bad).err().unwrap();
            assert!(!why.contains("secret\"") && !why.contains("kw_live"), "{why}");
        }
    }
}
