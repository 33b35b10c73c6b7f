//! What a replica knows of access tokens: the keys that sign them, and those that were ended before their time.

use keywright_crypto::public_key::{ParsedKey, PublicKey};
use keywright_crypto::signing_key::SigningAlgorithm;
use keywright_domain::change::{SigningKeyRecord, TokenRecord};
use keywright_domain::credential::TokenSigning;
use keywright_domain::token::TokenId;

use super::index::{Index, of_id};
use super::table::{Slots, Table};

/// A key that signs access tokens, or did so lately.
pub(crate) struct SigningKey {
    id: Box<str>,
    pub(crate) key: ParsedKey,
}

/// How a service's tokens are signed, in the words of the crate that signs.
pub(crate) const fn algorithm(signing: TokenSigning) -> SigningAlgorithm {
    match signing {
        TokenSigning::Es256 => SigningAlgorithm::Es256,
        TokenSigning::Rs256 => SigningAlgorithm::Rs256,
        TokenSigning::EdDsa => SigningAlgorithm::EdDsa,
    }
}

/// All keys. There are few.
#[derive(Default)]
pub(crate) struct SigningKeys(Vec<SigningKey>);

impl SigningKeys {
    /// A key that this release cannot read verifies nothing.
    pub(crate) fn new(records: &[SigningKeyRecord]) -> Self {
        let key = |record: &SigningKeyRecord| {
            let key = PublicKey::from_stored(&record.public_key).ok()?;
            Some(SigningKey { id: record.id.as_str().into(), key: ParsedKey::new(&key, algorithm(record.algorithm).algorithm())? })
        };
        Self(records.iter().filter_map(key).collect())
    }

    /// The key of this `kid`.
    pub(crate) fn get(&self, id: &str) -> Option<&SigningKey> {
        self.0.iter().find(|key| *key.id == *id)
    }
}

/// A token that was ended. When it would have expired does not matter: the store says when it is forgotten.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ended {
    /// The id's bits as two words, so that it is not aligned to 16 bytes; zero in a free slot.
    id: [u64; 2],
}

const fn words(id: TokenId) -> [u64; 2] {
    [(id.0 >> 64) as u64, id.0 as u64]
}

/// Tokens that were ended, as changes are applied to them.
#[derive(Default)]
pub(crate) struct EndedTokens {
    rows: Slots<Ended>,
    by_id: Index,
}

/// Tokens that were ended, as readers see them.
#[derive(Clone, Default)]
pub(crate) struct EndedView {
    rows: Table<Ended>,
    by_id: Index,
}

impl EndedTokens {
    pub(crate) fn view(&self) -> EndedView {
        EndedView { rows: self.rows.table().clone(), by_id: self.by_id.clone() }
    }

    pub(crate) fn put(&mut self, record: &TokenRecord) {
        self.remove(record.id);
        let slot = self.rows.insert(Ended { id: words(record.id) });
        self.by_id.insert(of_id(record.id.0), slot);
    }

    pub(crate) fn remove(&mut self, id: TokenId) {
        let found = self.by_id.candidates(of_id(id.0)).find(|slot| self.rows.get(*slot).is_some_and(|row| row.id == words(id)));
        if let Some(slot) = found {
            self.by_id.remove(of_id(id.0), slot);
            self.rows.remove(slot);
        }
    }
}

impl EndedView {
    /// Whether this token was ended; its own expiry is for the caller.
    pub(crate) fn has(&self, id: TokenId) -> bool {
        self.by_id.candidates(of_id(id.0)).any(|slot| self.rows.get(slot).is_some_and(|row| row.id == words(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keywright_domain::time::Timestamp;

    #[test]
    fn a_token_is_ended_until_that_is_forgotten() {
        let mut tokens = EndedTokens::default();
        let record = |n: u128| TokenRecord { id: TokenId(n << 64 | n), until: Timestamp::from_us(1) };
        (1..500).for_each(|n| tokens.put(&record(n)));
        tokens.put(&record(7));
        let before = tokens.view();
        tokens.remove(record(7).id);
        tokens.remove(record(9_999).id);
        let after = tokens.view();
        assert!(before.has(record(7).id) && !after.has(record(7).id) && after.has(record(8).id) && !after.has(record(500).id));
        assert_eq!(tokens.rows.used(), 498);
    }
}
