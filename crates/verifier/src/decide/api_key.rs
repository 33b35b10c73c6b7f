//! Proof by an API key: whoever has the whole key is its holder.

use keywright_crypto::digest;
use keywright_domain::credential::secret_form::{self, Class};
use keywright_domain::limits;
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use crate::replica::{Owner, Row, Scope, View};

/// The row that the key proves, with its owner; or the first code that applies up to proof.
pub(super) fn prove<'r>(view: &'r View, scope: &Scope<'_>, key: &[u8], now: Timestamp) -> Result<(&'r Row, Owner), Code> {
    if key.len() > limits::CREDENTIAL_BYTES_MAX {
        return Err(Code::Malformed);
    }
    // The place in the index is fetched from memory while the form is checked.
    let digest = digest::sha256(key);
    view.prefetch(&digest);
    // Secrets of other classes are no bearer keys: they are malformed here, however well-formed elsewhere.
    let Ok(Class::ApiKey(environment)) = secret_form::recognise(key, view.services.brands()) else { return Err(Code::Malformed) };
    if !scope.has_environment(environment) {
        return Err(Code::WrongEnvironment);
    }
    let row = view.find(&digest).ok_or(Code::Unknown)?;
    // An application that is deleted, or that has not been heard of, has no credentials.
    let owner = view.owner(row).ok_or(Code::Unknown)?;
    if row.environment() != environment || row.forgotten(now) {
        return Err(Code::Unknown);
    }
    if !scope.has_service(row.service) {
        return Err(Code::WrongService);
    }
    Ok((row, owner))
}
