//! The verifiers of the installation.

use keywright_domain::caller::Caller;
use keywright_store::verifiers::Verifier;

use crate::{Error, Operations};

impl Operations {
    /// All registered verifiers, with the position that each has reported last.
    ///
    /// # Errors
    /// [`Error::Store`]
    pub async fn verifier_list(&self, caller: &Caller) -> Result<Vec<Verifier>, Error> {
        self.operate(caller)?;
        Ok(self.store.verifiers().await?)
    }
}
