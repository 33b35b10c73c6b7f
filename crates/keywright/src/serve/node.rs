//! What the web server may ask of this process.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keywright_crypto::proof::ProofPublicKey;
use keywright_operations::Operations;
use keywright_store::nonces::Claimed;
use keywright_verifier::{NonceAnswer, NonceClaim};
use keywright_web::{Figures, Node};

use crate::cli::Role;

/// This process, as the web server sees it.
pub(super) struct Process {
    operations: Operations,
    role: Role,
    backlog: Arc<AtomicU64>,
}

impl Process {
    pub(super) fn new(operations: Operations, role: Role) -> Self {
        Self { operations, role, backlog: Arc::default() }
    }

    /// Where the reporter notes how much usage is counted and not yet in the store.
    pub(super) fn backlog(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.backlog)
    }
}

impl Node for Process {
    fn figures(&self) -> Figures {
        let usage_backlog = (self.role != Role::Hub).then(|| self.backlog.load(Ordering::Relaxed));
        Figures { usage_backlog, writer_queue: Some(self.operations.store().waiting_writes() as u64) }
    }

    fn hub_ready(&self) -> Result<(), String> {
        self.operations.keys().proof().map(|_| ()).map_err(|e| e.to_string())
    }

    fn claim_nonces<'n>(&'n self, claims: &'n [NonceClaim]) -> Pin<Box<dyn Future<Output = Result<Vec<NonceAnswer>, ()>> + Send + 'n>> {
        Box::pin(async move {
            let mut answers = Vec::with_capacity(claims.len());
            for claim in claims {
                let claimed = self.operations.store().claim_nonce(claim.key, claim.created, claim.until).await;
                answers.push(match claimed {
                    Ok(Claimed::Fresh) => NonceAnswer::Fresh,
                    Ok(Claimed::Reused) => NonceAnswer::Reused,
                    Ok(Claimed::TooYoung) => NonceAnswer::TooYoung,
                    Err(error) => {
                        tracing::warn!(%error, "the memory of nonces did not answer");
                        return Err(());
                    }
                });
            }
            Ok(answers)
        })
    }

    fn proof_keys(&self) -> Vec<ProofPublicKey> {
        self.operations.keys().public().copied().into_iter().collect()
    }
}
