//! `POST /credentials/{credential}/suspend` and `/resume`

use crate::api::shapes::CredentialShape;
use crate::extract::OfCredential;
use crate::extract::rights::End;
use crate::routes::{Done, Result};

/// Switches a credential off for now. Doing it twice changes nothing.
pub(crate) async fn suspend(key: OfCredential<End>) -> Result<Done<CredentialShape>> {
    let shown = key.operations().credential_suspend(key.caller(), key.id).await?;
    Ok(Done((&shown).into()))
}

/// Switches a suspended credential on again. Doing it twice changes nothing.
pub(crate) async fn resume(key: OfCredential<End>) -> Result<Done<CredentialShape>> {
    let shown = key.operations().credential_resume(key.caller(), key.id).await?;
    Ok(Done((&shown).into()))
}
