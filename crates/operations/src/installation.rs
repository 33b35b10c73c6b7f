//! The keys of the installation: the master key, and the key that signs revocation proofs.

use std::sync::Arc;

use keywright_crypto::access_token::TokenKeys;
use keywright_crypto::keyring::Keyring;
use keywright_crypto::proof::{ProofKey, ProofPublicKey};
use keywright_crypto::seal::{MasterKey, Purpose};
use keywright_store::{Store, StoreError};

/// Where the sealed key stands, so that it opens nowhere else.
const PROOF_KEY_CONTEXT: &str = "installation.proof_key_sealed";

/// A node that follows a store reports in this time: each second, and with each poll.
const REPORTED_WITHIN: std::time::Duration = std::time::Duration::from_millis(2_500);

/// The keys that are at hand in this process.
pub struct Keys {
    master: Option<MasterKey>,
    keyring: Option<Arc<Keyring>>,
    tokens: Option<TokenKeys>,
    proof: Option<ProofKey>,
    public: Option<ProofPublicKey>,
}

/// Why the keys are not at hand.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Another master key than the store was made with.
    #[error("this master key is not the one that the store was made with: give that one (--master-key-file, KEYWRIGHT_MASTER_KEY or --master-key-command)")]
    Wrong,
    /// No master key was given, and this needs one.
    #[error("this needs the master key of the installation: give it with --master-key-file, KEYWRIGHT_MASTER_KEY or --master-key-command")]
    Missing,
    /// The sealed key in the store does not open although the master key is right.
    #[error("the installation's signing key in the store is damaged: restore the store from a backup")]
    Damaged,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random bits.
    #[error(transparent)]
    Random(#[from] keywright_crypto::random::NoRandom),
}

impl Keys {
    /// Without a master key: proofs can be neither signed nor sealed. What commands use that need none, and verifier nodes.
    ///
    /// # Errors
    /// [`KeysError::Store`]
    pub async fn without_master(store: &Store) -> Result<Self, KeysError> {
        let installation = store.installation().await?;
        Ok(Self { master: None, keyring: None, tokens: None, proof: None, public: installation.proof_public_key.map(ProofPublicKey::from_bytes) })
    }

    /// Compares the master key with the store's check value and opens the signing key. `may_make` lets it put down the check value and
    /// make the signing key in a store that has none: the first start of a server.
    ///
    /// # Errors
    /// [`KeysError`]
    pub async fn open(store: &Store, master: &MasterKey, may_make: bool) -> Result<Self, KeysError> {
        let installation = store.installation().await?;
        let check = match installation.master_key_check {
            Some(check) => check,
            None if may_make => store.keep_master_key_check(master.check_value()).await?,
            None => return Err(KeysError::Missing),
        };
        if check != master.check_value() {
            return Err(KeysError::Wrong);
        }
        let sealed = match installation.proof_key_sealed {
            Some(sealed) => sealed,
            None if may_make => {
                let (key, seed) = ProofKey::generate()?;
                let sealed = master.seal(Purpose::ProofKey, PROOF_KEY_CONTEXT, &seed)?;
                // Two nodes that start at once: the first one's key stands, and both use it.
                store.keep_proof_key(sealed, *key.public().bytes()).await?.0
            }
            None => return Err(KeysError::Missing),
        };
        let seed = master.open(Purpose::ProofKey, PROOF_KEY_CONTEXT, &sealed).map_err(|_| KeysError::Damaged)?;
        let proof = ProofKey::from_seed(&seed).map_err(|_| KeysError::Damaged)?;
        let public = proof.public();
        let keyring = Keyring::of(master);
        let tokens = Some(keyring.token_keys());
        Ok(Self { master: Some(master.clone()), keyring: Some(Arc::new(keyring)), tokens, proof: Some(proof), public: Some(public) })
    }

    /// The master key, under which mails and answers are sealed.
    ///
    /// # Errors
    /// [`KeysError::Missing`]
    pub(crate) fn master(&self) -> Result<&MasterKey, KeysError> {
        self.master.as_ref().ok_or(KeysError::Missing)
    }

    /// What seals and opens secrets of credentials.
    ///
    /// # Errors
    /// [`KeysError::Missing`]
    pub fn keyring(&self) -> Result<&Arc<Keyring>, KeysError> {
        self.keyring.as_ref().ok_or(KeysError::Missing)
    }

    /// What opaque access tokens are sealed under.
    ///
    /// # Errors
    /// [`KeysError::Missing`]
    pub fn token_keys(&self) -> Result<&TokenKeys, KeysError> {
        self.tokens.as_ref().ok_or(KeysError::Missing)
    }

    /// The key that signs proofs.
    ///
    /// # Errors
    /// [`KeysError::Missing`]
    pub fn proof(&self) -> Result<&ProofKey, KeysError> {
        self.proof.as_ref().ok_or(KeysError::Missing)
    }

    /// The public half; none before a server has started on the store for the first time.
    #[must_use]
    pub const fn public(&self) -> Option<&ProofPublicKey> {
        self.public.as_ref()
    }
}

impl crate::Operations {
    /// Accepts a store that was restored from a backup: a new epoch starts, and every node starts anew.
    ///
    /// # Errors
    /// [`crate::Rule::VerifiersRunning`], [`crate::Error::Store`]
    pub async fn accept_rewind(&self, caller: &keywright_domain::caller::Caller) -> Result<keywright_domain::change::Place, crate::Error> {
        let allowed = self.operate(caller)?;
        let before = self.store.verifiers().await?;
        let asked = tokio::time::Instant::now();
        // An embedded store is held by whoever restores it, so a row there is a dead node's.
        while !self.store.is_embedded() && !before.is_empty() && asked.elapsed() < REPORTED_WITHIN {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let alive = self.store.verifiers().await?.into_iter().filter(|v| !before.contains(v));
            let nodes: Vec<String> = alive.map(|v| v.node).collect();
            if !nodes.is_empty() {
                return Err(crate::Rule::VerifiersRunning(nodes).into());
            }
        }
        Ok(self.store.accept_rewind(allowed).await?)
    }
}
