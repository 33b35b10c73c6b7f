//! What the installation is as a whole: its epoch, its lease, and what tells whether the right master key is at hand.

use keywright_crypto::random;
use keywright_domain::caller::Allowed;
use keywright_domain::change::{Change, Epoch, Place};
use keywright_domain::limits;
use keywright_domain::time::{Span, Timestamp};

use crate::audit::AuditEntry;
use crate::engine::{Around, FromRow, RowRef, Tx, now};
use crate::error::StoreError;
use crate::write::Done;
use crate::{Store, args, housekeeper};

/// The one row about the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Which life of the store.
    pub epoch: Epoch,
    /// The lease, in milliseconds.
    pub lease_ms: u64,
    /// Tells whether the store was made under a master key; none before one was given.
    pub master_key_check: Option<[u8; 16]>,
    /// The private key that signs revocation proofs, sealed; none before it was made.
    pub proof_key_sealed: Option<Vec<u8>>,
    /// Its public half.
    pub proof_public_key: Option<[u8; 32]>,
    /// When the store was made.
    pub created_at: Timestamp,
}

impl FromRow for Installation {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let check = row.opt_blob_ref(2)?.map(|b| b.try_into().map_err(|_| StoreError::corrupt("the check value of the master key is not 16 bytes")));
        let public = row.opt_blob_ref(4)?.map(|b| b.try_into().map_err(|_| StoreError::corrupt("the public key for proofs is not 32 bytes")));
        Ok(Self {
            epoch: Epoch(row.bits(0)?),
            lease_ms: u64::try_from(row.int(1)?).map_err(StoreError::corrupt)?,
            master_key_check: check.transpose()?,
            proof_key_sealed: row.opt_blob(3)?,
            proof_public_key: public.transpose()?,
            created_at: Timestamp::from_us(row.int(5)?),
        })
    }
}

/// The store's clock, and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreClock {
    /// What it shows: the machine's clock where the store is a file, the database server's otherwise.
    pub shown: Timestamp,
    /// The newest time that could be trusted; the pages of a poll are never dated before it.
    pub seen: Timestamp,
}

impl StoreClock {
    /// What pages of a poll are dated with, and access tokens.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shown.max(self.seen)
    }

    /// No replica shows a later time at this moment. Where the clock was set back, pages are dated the same until it has caught up, and replicas go on from
    /// there until the next.
    #[must_use]
    pub fn latest(&self) -> Timestamp {
        if self.shown < self.seen { self.seen.plus(Span::from_us(limits::LEASE_MS_MAX as i64 * 1_000)) } else { self.shown }
    }
}

const INSTALLATION: &str = "SELECT epoch, lease_ms, master_key_check, proof_key_sealed, proof_public_key, created_us FROM installation";

/// Why a lease cannot be as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// It is outside of what makes sense.
    #[error("a lease of {wanted_ms} ms is out of range: {min} to {max} ms", min = limits::LEASE_MS_MIN, max = limits::LEASE_MS_MAX)]
    Range {
        /// What was wanted.
        wanted_ms: u64,
    },
    /// The store has another one.
    #[error(
        "the store's lease is {store_ms} ms and this node was started with {wanted_ms} ms: start it with --lease {store_ms}ms, or stop all nodes \
         and start the first one with the new lease"
    )]
    Differs {
        /// The store's.
        store_ms: u64,
        /// What was wanted.
        wanted_ms: u64,
    },
    /// The store could not say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The epoch that comes after `before`: epochs grow with time, so that an accepted rewind is told apart from an older copy.
pub(crate) fn new_epoch(before: Option<Epoch>) -> Result<Epoch, StoreError> {
    let by_clock = u128::from(now().us().cast_unsigned()) << 64;
    let after = before.map_or(0, |epoch| ((epoch.0 >> 64) + 1) << 64);
    Ok(Epoch(by_clock.max(after) | (random::bits()? >> 64)))
}

impl Tx<'_> {
    /// Reads the store's clock within a transaction.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn clock(&mut self) -> Result<StoreClock, StoreError> {
        let seen = Timestamp::from_us(self.one("SELECT seen_us FROM installation", args![]).await?);
        Ok(StoreClock { shown: self.store_now().await?, seen })
    }
}

impl Store {
    /// The installation's row.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn installation(&self) -> Result<Installation, StoreError> {
        self.one(INSTALLATION, args![]).await
    }

    /// Checks the lease that a node was started with against the store's. It becomes the store's where no verifier is registered.
    ///
    /// # Errors
    /// [`LeaseError`]
    pub async fn ensure_lease(&self, wanted_ms: u64) -> Result<(), LeaseError> {
        if !(limits::LEASE_MS_MIN..=limits::LEASE_MS_MAX).contains(&wanted_ms) {
            return Err(LeaseError::Range { wanted_ms });
        }
        if self.installation().await?.lease_ms == wanted_ms {
            return Ok(());
        }
        self.housekeep(housekeeper("lease")?, async move |tx: &mut Tx<'_>| {
            let changed = tx.exec("UPDATE installation SET lease_ms = $1 WHERE NOT EXISTS (SELECT 1 FROM verifier)", args![wanted_ms.cast_signed()]).await?;
            let store: Installation = tx.one(INSTALLATION, args![]).await?;
            if changed == 0 && store.lease_ms != wanted_ms {
                return Err(LeaseError::Differs { store_ms: store.lease_ms, wanted_ms });
            }
            Ok(((), Vec::new()))
        })
        .await?;
        Ok(())
    }

    /// Puts down which master key the store belongs to, if that is not known yet; gives what is known then.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn keep_master_key_check(&self, check: [u8; 16]) -> Result<[u8; 16], StoreError> {
        let kept = self
            .housekeep(housekeeper("keys")?, async move |tx: &mut Tx<'_>| {
                tx.exec("UPDATE installation SET master_key_check = $1 WHERE master_key_check IS NULL", args![check]).await?;
                let store: Installation = tx.one(INSTALLATION, args![]).await?;
                Ok::<_, StoreError>((store.master_key_check, Vec::new()))
            })
            .await?;
        kept.value.ok_or_else(|| StoreError::corrupt("the check value of the master key"))
    }

    /// Puts down the key pair that signs proofs, the private half sealed, if there is none yet; gives the pair that is kept then.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn keep_proof_key(&self, sealed: Vec<u8>, public: [u8; 32]) -> Result<(Vec<u8>, [u8; 32]), StoreError> {
        let kept = self
            .housekeep(housekeeper("keys")?, async move |tx: &mut Tx<'_>| {
                tx.exec(
                    "UPDATE installation SET proof_key_sealed = $1, proof_public_key = $2 WHERE proof_key_sealed IS NULL",
                    args![sealed.as_slice(), public],
                )
                .await?;
                let store: Installation = tx.one(INSTALLATION, args![]).await?;
                Ok::<_, StoreError>((store.proof_key_sealed.zip(store.proof_public_key), Vec::new()))
            })
            .await?;
        kept.value.ok_or_else(|| StoreError::corrupt("the key for proofs"))
    }

    /// Reads the store's clock.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn clock(&self) -> Result<StoreClock, StoreError> {
        self.read(Around::Snapshot, async |tx: &mut Tx<'_>| tx.clock().await).await
    }

    /// Puts down that the store's time was `at`, and that this could be trusted. A time before the newest one changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn keep_time(&self, at: Timestamp) -> Result<(), StoreError> {
        self.housekeep(housekeeper("clock")?, async move |tx: &mut Tx<'_>| {
            tx.exec("UPDATE installation SET seen_us = $1 WHERE seen_us < $1", args![at]).await?;
            Ok::<_, StoreError>(((), Vec::new()))
        })
        .await?;
        Ok(())
    }

    /// Accepts that the store has gone back in time, or has gone another way: begins a new epoch, which every node reloads.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn accept_rewind(&self, allowed: Allowed) -> Result<Place, StoreError> {
        let before = self.installation().await?.epoch;
        let epoch = new_epoch(Some(before))?;
        self.write(allowed, async move |tx: &mut Tx<'_>| {
            // Whoever accepts it stands for the clock as well: this is the one way in which `seen_us` goes back.
            let now = tx.store_now().await?;
            tx.exec("UPDATE installation SET epoch = $1, seen_us = $2", args![epoch.0.to_be_bytes(), now]).await?;
            let entry = AuditEntry::new("installation.rewind_accepted", "installation")
                .with(serde_json::json!({ "epoch_before": format!("{before:?}"), "epoch": format!("{epoch:?}") }));
            // An entry of its own, so that the head has a tag that no other branch of the past can have.
            Ok::<_, StoreError>(Done::new(()).audit(entry).change(Change::Catalogue))
        })
        .await?;
        Ok(self.read(Around::Statement, async |tx: &mut Tx<'_>| crate::change_log::head(tx, keywright_domain::change::Position(0)).await).await?.place)
    }
}
