//! What the web server may ask of this process.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{self, StreamExt};
use keywright_crypto::proof::ProofPublicKey;
use keywright_domain::time::Timestamp;
use keywright_operations::Operations;
use keywright_store::nonces::{Claimed, Nonce};
use keywright_verifier::{NonceAnswer, NonceClaim, Verifier};
use keywright_web::{Figures, Node};

/// This process, as the web server sees it.
pub(super) struct Process {
    operations: Operations,
    verifier: Arc<Verifier>,
    backlog: Arc<AtomicU64>,
}

impl Process {
    pub(super) fn new(operations: Operations, verifier: Arc<Verifier>) -> Self {
        Self { operations, verifier, backlog: Arc::default() }
    }

    /// Where the reporter notes how much usage is counted and not yet in the store.
    pub(super) fn backlog(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.backlog)
    }
}

/// Nonces that are used up at a time for one caller.
const CLAIMS_AT_ONCE: usize = 16;

impl Process {
    async fn claim_nonce(&self, claim: NonceClaim, now: Timestamp) -> NonceAnswer {
        let nonce = Nonce { key: claim.key, created: claim.created, until: claim.until };
        match self.operations.nonce_claim(nonce, claim.is_ahead(now)).await {
            // On disk first; then this node's own memory, which knows what came since.
            Ok(Claimed::Fresh) => self.verifier.claim_nonce(&claim, now).unwrap_or(NonceAnswer::Fresh),
            Ok(Claimed::Reused) => NonceAnswer::Reused,
            Ok(Claimed::TooYoung) => NonceAnswer::TooYoung,
            Err(error) => {
                tracing::warn!(%error, "the memory of nonces did not answer");
                NonceAnswer::Silent
            }
        }
    }
}

impl Node for Process {
    fn figures(&self) -> Figures {
        Figures { usage_backlog: Some(self.backlog.load(Ordering::Relaxed)), writer_queue: Some(self.operations.store().waiting_writes() as u64) }
    }

    fn hub_ready(&self) -> Result<(), String> {
        self.operations.keys().proof().map(|_| ()).map_err(|e| e.to_string())
    }

    fn claim_nonces<'n>(&'n self, claims: &'n [NonceClaim], now: Timestamp) -> Pin<Box<dyn Future<Output = Vec<NonceAnswer>> + Send + 'n>> {
        Box::pin(async move {
            // Several at a time, so that those of a batch go to the disk in few commits.
            stream::iter(claims.iter().copied()).map(|claim| self.claim_nonce(claim, now)).buffered(CLAIMS_AT_ONCE).collect().await
        })
    }

    fn proof_keys(&self) -> Vec<ProofPublicKey> {
        self.operations.keys().public().copied().into_iter().collect()
    }
}
