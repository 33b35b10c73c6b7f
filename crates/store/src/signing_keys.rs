//! Keys that sign access tokens, the private half sealed.

use keywright_domain::change::Change;
use keywright_domain::credential::TokenSigning;
use keywright_domain::time::Timestamp;

use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::{Store, args, housekeeper};

/// A key that signs access tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// Its `kid`.
    pub id: String,
    /// How it signs.
    pub algorithm: TokenSigning,
    /// Its public half, in the stored form of the crate that knows keys.
    pub public_key: Vec<u8>,
    /// Its private half, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// It signs from then on, until a later one of its algorithm does.
    pub active_at: Timestamp,
    /// Nothing that it has signed is still good from then on; none: it has no successor.
    pub ends_at: Option<Timestamp>,
}

impl FromRow for SigningKeyRow {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            algorithm: row.parse(1)?,
            public_key: row.blob(2)?,
            sealed: row.blob(3)?,
            created_at: Timestamp::from_us(row.int(4)?),
            active_at: Timestamp::from_us(row.int(5)?),
            ends_at: row.opt_int(6)?.map(Timestamp::from_us),
        })
    }
}

const ALL: &str = "SELECT id, algorithm, public_key, sealed, created_us, active_us, ends_us FROM signing_key ORDER BY active_us DESC, id";

impl Store {
    /// All keys, the latest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>, StoreError> {
        self.all(ALL, args![]).await
    }

    /// Adds a key, if `latest` is still the latest of its algorithm: two nodes that rotate at once make one key. What came before ends at
    /// `previous_ends`. Gives all keys as they are then.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn signing_key_add(&self, new: SigningKeyRow, latest: Option<String>, previous_ends: Timestamp) -> Result<Vec<SigningKeyRow>, StoreError> {
        let done = self
            .housekeep(housekeeper("signing keys")?, async move |tx: &mut Tx<'_>| {
                // Takes a lock that all who rotate take, on both engines.
                tx.exec("UPDATE installation SET id = id", args![]).await?;
                let keys = tx.all::<SigningKeyRow>(ALL, args![]).await?;
                let now_latest = keys.iter().find(|key| key.algorithm == new.algorithm).map(|key| key.id.as_str());
                if now_latest != latest.as_deref() {
                    return Ok::<_, StoreError>((keys, Vec::new()));
                }
                tx.exec("UPDATE signing_key SET ends_us = $2 WHERE algorithm = $1 AND ends_us IS NULL", args![new.algorithm.as_str(), previous_ends]).await?;
                tx.exec(
                    "INSERT INTO signing_key (id, algorithm, public_key, sealed, created_us, active_us, ends_us) VALUES ($1, $2, $3, $4, $5, $6, NULL)",
                    args![new.id.as_str(), new.algorithm.as_str(), new.public_key.as_slice(), new.sealed.as_slice(), new.created_at, new.active_at],
                )
                .await?;
                Ok((tx.all::<SigningKeyRow>(ALL, args![]).await?, vec![Change::SigningKeys]))
            })
            .await?;
        Ok(done.value)
    }

    /// Forgets keys that ended before `now`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn signing_keys_forget(&self, now: Timestamp) -> Result<(), StoreError> {
        self.housekeep(housekeeper("signing keys")?, async move |tx: &mut Tx<'_>| {
            let gone = tx.exec("DELETE FROM signing_key WHERE ends_us < $1", args![now]).await?;
            Ok::<_, StoreError>(((), if gone > 0 { vec![Change::SigningKeys] } else { Vec::new() }))
        })
        .await?;
        Ok(())
    }
}
