//! Nonces that a node does not keep in its own memory alone.

use keywright_domain::caller::{Caller, Facts, Right, allow};
use keywright_store::nonces::{Claimed, Nonce};

use crate::{Error, Operations};

impl Operations {
    /// Uses a nonce up: in the memory that all nodes share, or, where there is one node only, on its disk, which takes those of signatures of a time
    /// `ahead`.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn nonce_claim(&self, nonce: Nonce, ahead: bool) -> Result<Claimed, Error> {
        if !self.store.is_embedded() {
            return Ok(self.store.claim_nonce(nonce, ahead).await?);
        }
        let allowed = allow(&Caller::System { job: "nonces" }, Right::Housekeep, &Facts::default())?;
        Ok(self.store.keep_nonce(allowed, nonce).await?)
    }
}
