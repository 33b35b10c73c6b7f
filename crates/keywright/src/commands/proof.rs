//! `keywright proof`

use std::path::Path;

use keywright_crypto::proof::ProofPublicKey;
use keywright_domain::limits;
use serde_json::Value;

use super::{Context, read_file};
use crate::cli::Proof;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, command: Proof) -> Result<Output, Failure> {
    let Proof::Verify { file, key } = command;
    let text = read_file(&file, limits::PROOF_FILE_BYTES_MAX)?;
    let proof = proof_in(&text).ok_or_else(|| Failure::usage(format!("{}: neither a proof nor JSON with a \"proof\"", file.display())))?;
    let key = match key {
        Some(path) => published(&path, &proof)?,
        None => {
            let context = Context::open(settings).await?;
            let missing = || {
                Failure::new(
                    Exit::NotFound,
                    "no_signing_key",
                    "this store has no signing key yet: start a server on it once, or give the published key with --key",
                )
            };
            *context.operations.keys().public().ok_or_else(missing)?
        }
    };
    let claims = key.verify(&proof).map_err(|e| Failure::new(Exit::Refused, "proof_refused", format!("{}: {e}", file.display())))?;
    let said = |name: &str| claims.get(name).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).unwrap_or_default();
    let verifiers = claims.get("verifiers").and_then(Value::as_array).map_or(0, Vec::len);
    let text = format!(
        "the proof holds: {} was revoked {} and accepted by none of {verifiers} verifiers from {} on, as the log stood at position {}; {}",
        said("credential"),
        said("committed_at"),
        said("effective_at"),
        said("position"),
        said("durability")
    );
    Ok(Output::new(claims, text))
}

/// The proof itself, or the `proof` of what `key revoke` printed.
fn proof_in(text: &str) -> Option<String> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => value.as_str().or_else(|| value.get("proof")?.as_str()).map(str::to_owned),
        Err(_) if text.trim().split('.').count() == 3 => Some(text.trim().to_owned()),
        Err(_) => None,
    }
}

/// The key that checks this proof: a JWK, or one of those that `/.well-known/keywright.json` publishes, newest first.
fn published(path: &Path, proof: &str) -> Result<ProofPublicKey, Failure> {
    let wrong = || Failure::usage(format!("{}: neither a JWK of an Ed25519 key nor what /.well-known/keywright.json publishes", path.display()));
    let value: Value = serde_json::from_str(&read_file(path, limits::PROOF_FILE_BYTES_MAX)?).map_err(|_| wrong())?;
    let one = std::slice::from_ref(&value);
    let listed = value.pointer("/proof_keys/keys").and_then(Value::as_array).map_or(one, Vec::as_slice);
    let keys = listed.iter().map(ProofPublicKey::from_jwk).collect::<Result<Vec<_>, _>>().map_err(|_| wrong())?;
    // Where none fits, the newest says what is wrong.
    keys.iter().find(|key| key.verify(proof).is_ok()).or(keys.first()).copied().ok_or_else(wrong)
}
