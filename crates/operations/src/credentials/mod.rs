//! Credentials: making, seeing, changing, rotating, suspending and revoking them, and finding whose a leaked one is.

mod change;
mod coin;
mod create;
mod explain;
mod find;
mod key_source;
mod register;
mod revoke;
mod rotate;
mod secrets;
mod show;
mod taking;
mod token;
mod view;

pub use change::{Changes, Set};
pub use coin::Handed;
pub use create::{Created, NewCredential};
pub use explain::{SignatureExplained, SignatureQuestion, signs};
pub use find::{Found, FoundToken};
pub use key_source::{Challenge, KeySource, key_type, present_type, private_form, type_of};
pub use register::{ClientMetadata, ClientShown, Registered};
pub use revoke::{Effective, Revoked, VerifierEffect};
pub use rotate::{Rotation, RotationMade};
pub use secrets::{NewSecret, Revealed, SecretAdded, SecretEnded};
pub use show::{Listing, Shown};
pub use token::ClientToken;
pub use view::CredentialView;

use keywright_domain::caller::Allowed;
use keywright_domain::ids::{CredentialId, OrganisationId};
use keywright_domain::time::Timestamp;

use crate::Error;

/// The organisation of a right over a credential.
fn organisation(allowed: &Allowed, id: CredentialId) -> Result<OrganisationId, Error> {
    allowed.organisation().ok_or_else(|| Error::not_found("credential", id))
}

/// What is wrong with an expiry in a form: the sentence, or the time.
fn expiry(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let at: Timestamp = text.parse().map_err(|e: keywright_domain::time::TimeError| e.to_string())?;
    if at > now { Ok(at) } else { Err(format!("{at} is not in the future")) }
}
