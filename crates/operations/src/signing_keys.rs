//! The keys that sign access tokens: made when a service needs one, and rotated by themselves with an overlap, so that whoever keeps the key set
//! for as long as it may never meets a token of a key that it does not know.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use keywright_crypto::random::NoRandom;
use keywright_crypto::signing_key::{SigningAlgorithm, SigningKey};
use keywright_domain::change::Position;
use keywright_domain::credential::{Kind, TokenSigning};
use keywright_domain::limits;
use keywright_domain::time::{Span, Timestamp};
use keywright_store::signing_keys::SigningKeyRow;
use serde_json::Value;

use crate::apart::apart;
use crate::{Error, KeysError, Operations};

/// A key that is open in this process.
pub(crate) struct Ready {
    algorithm: TokenSigning,
    active_at: Timestamp,
    key: Arc<SigningKey>,
    /// Whether the verifier in this process knows it: until then it is published, and signs nothing.
    known_here: AtomicBool,
}

/// How a service's tokens are signed, in the words of the crate that signs.
pub(crate) const fn algorithm(signing: TokenSigning) -> SigningAlgorithm {
    match signing {
        TokenSigning::Es256 => SigningAlgorithm::Es256,
        TokenSigning::Rs256 => SigningAlgorithm::Rs256,
        TokenSigning::EdDsa => SigningAlgorithm::EdDsa,
    }
}

/// Whether a key with this beginning needs a successor now: one that is published for [`limits::KEY_SET_MAX_AGE`] before it signs.
fn is_due(active_at: Timestamp, now: Timestamp) -> bool {
    now >= active_at.plus(Span::from_us(limits::SIGNING_KEY_SIGNS.us() - limits::KEY_SET_MAX_AGE.us()))
}

impl Operations {
    /// Makes the keys that the catalogue's services need and that are due, and opens those that are there. Several nodes may do it at once. False: some wait
    /// for the verifier beside them.
    ///
    /// # Errors
    /// [`Error::Keys`] without the master key, [`Error::Store`]
    pub async fn signing_keys_keep(&self) -> Result<bool, Error> {
        let mut rows = self.store.signing_keys().await?;
        let (catalogue, _) = self.catalogue().await?;
        let signs = |kind: &Kind| kind.gets_tokens();
        for signing in TokenSigning::ALL {
            if !catalogue.services.iter().any(|service| service.token.signing == signing && service.kinds.iter().any(signs)) {
                continue;
            }
            let now = self.now();
            let latest = rows.iter().find(|row| row.algorithm == signing);
            // The first one signs at once: there is none that could do it meanwhile.
            let active_at = match latest {
                None => now,
                Some(row) if is_due(row.active_at, now) => now.plus(limits::KEY_SET_MAX_AGE),
                Some(_) => continue,
            };
            let key = apart("key-making", move || SigningKey::generate(algorithm(signing))).await?.ok_or(NoRandom)??;
            let new = SigningKeyRow {
                id: key.key_id().to_owned(),
                algorithm: signing,
                public_key: key.public().to_stored(),
                sealed: key.seal(self.keys().master()?)?,
                created_at: now,
                active_at,
                ends_at: None,
            };
            let ends = active_at.plus(limits::TOKEN_LIFE_MAX).plus(limits::KEY_SET_MAX_AGE);
            rows = self.store.signing_key_add(new, latest.map(|row| row.id.clone()), ends).await?;
        }
        self.open_signing_keys(&rows)?;
        self.signing_keys_known_here().await
    }

    /// No key signs on a node whose own verifier does not know it yet: the token that is handed out works where it was handed out. A verifier that takes its
    /// time is asked again in the next round.
    async fn signing_keys_known_here(&self) -> Result<bool, Error> {
        let waiting: Vec<Arc<Ready>> = self.ready_keys().into_iter().filter(|ready| !ready.known_here.load(Ordering::Relaxed)).collect();
        if waiting.is_empty() {
            return Ok(true);
        }
        let (head, _) = self.store.place(Position::default()).await?;
        let known = self.known_here(head).await;
        waiting.iter().for_each(|ready| ready.known_here.store(known, Ordering::Relaxed));
        Ok(known)
    }

    fn ready_keys(&self) -> Vec<Arc<Ready>> {
        self.signing_keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn open_signing_keys(&self, rows: &[SigningKeyRow]) -> Result<(), Error> {
        let known = self.ready_keys();
        if known.iter().map(|ready| ready.key.key_id()).eq(rows.iter().map(|row| row.id.as_str())) {
            return Ok(());
        }
        let mut ready = Vec::with_capacity(rows.len());
        for row in rows {
            ready.push(match known.iter().find(|ready| ready.key.key_id() == row.id) {
                Some(known) => Arc::clone(known),
                None => {
                    let key = SigningKey::open(self.keys().master()?, &row.id, &row.sealed).map_err(|_| KeysError::Damaged)?;
                    Arc::new(Ready { algorithm: row.algorithm, active_at: row.active_at, key: Arc::new(key), known_here: AtomicBool::new(false) })
                }
            });
        }
        *self.signing_keys.write().unwrap_or_else(PoisonError::into_inner) = ready;
        Ok(())
    }

    /// The key that signs in this way now; none before this node and its verifier know one.
    pub(crate) fn signing_key(&self, signing: TokenSigning, now: Timestamp) -> Option<Arc<SigningKey>> {
        let keys = self.signing_keys.read().unwrap_or_else(PoisonError::into_inner);
        let mut of_algorithm = keys.iter().filter(|ready| ready.algorithm == signing && ready.known_here.load(Ordering::Relaxed));
        // The latest first. A clock that was set back leaves the first one, which is better than none.
        let active = of_algorithm.clone().find(|ready| ready.active_at <= now);
        active.or_else(|| of_algorithm.next_back()).map(|ready| Arc::clone(&ready.key))
    }

    /// The public halves of all keys whose tokens may be good, as JWKs (RFC 7517), the latest first.
    #[must_use]
    pub fn signing_key_set(&self) -> Vec<Value> {
        self.ready_keys().iter().map(|ready| ready.key.public_jwk()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keywright_crypto::public_key::PublicKey;

    #[test]
    fn a_successor_is_due_one_max_age_before_the_end() {
        let start = Timestamp::from_us(0);
        let due = limits::SIGNING_KEY_SIGNS.us() - limits::KEY_SET_MAX_AGE.us();
        assert!(!is_due(start, Timestamp::from_us(due - 1)) && is_due(start, Timestamp::from_us(due)));
    }

    #[test]
    fn the_stored_public_half_is_read_back() {
        for signing in TokenSigning::ALL {
            let key = SigningKey::generate(algorithm(signing)).unwrap();
            assert_eq!(PublicKey::from_stored(&key.public().to_stored()).as_ref(), Ok(key.public()));
            assert_eq!(key.algorithm().word(), signing.as_str());
        }
    }
}
