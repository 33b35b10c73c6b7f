//! The verifiers that the store knows, and how far each has reported to be.

use keywright_crypto::random;
use keywright_domain::change::Epoch;
use keywright_domain::ids::VerifierId;
use keywright_domain::limits;
use keywright_domain::promise::Reported;
use keywright_domain::time::{Span, Timestamp};

use crate::change_log::position;
use crate::engine::{FromRow, RowRef, Tx, now};
use crate::error::StoreError;
use crate::{Store, args, housekeeper};

/// A registered verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    /// What it has reported last.
    pub reported: Reported,
    /// Name of its node.
    pub node: String,
    /// Role of its node.
    pub role: String,
    /// Name and version of its software.
    pub software: String,
    /// Since when the store knows it.
    pub registered_at: Timestamp,
}

impl FromRow for Verifier {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            reported: Reported { verifier: row.parse(0)?, epoch: Epoch(row.bits(1)?), position: position(row, 2)?, at: Timestamp::from_us(row.int(3)?) },
            node: row.text(4)?,
            role: row.text(5)?,
            software: row.text(6)?,
            registered_at: Timestamp::from_us(row.int(7)?),
        })
    }
}

impl Store {
    /// Makes a verifier known. It is committed when this answers, so a snapshot taken afterwards misses no revocation whose revoker
    /// did not see this verifier.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn register(&self, node: &str, role: &str) -> Result<VerifierId, StoreError> {
        let id = VerifierId::from_parts(now().ms(), random::bits()?);
        let (node, role) = (node.to_owned(), role.to_owned());
        self.housekeep(housekeeper("verifiers")?, async move |tx: &mut Tx<'_>| {
            let at = tx.store_now().await?;
            tx.exec(
                "INSERT INTO verifier (id, node, role, software, epoch, applied_position, reported_us, registered_us) \
                 SELECT $1, $2, $3, $4, epoch, 0, $5, $5 FROM installation",
                args![id, node.as_str(), role.as_str(), concat!("keywright ", env!("CARGO_PKG_VERSION")), at],
            )
            .await?;
            Ok::<_, StoreError>(((), Vec::new()))
        })
        .await?;
        Ok(id)
    }

    /// Every verifier that the store knows, oldest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn verifiers(&self) -> Result<Vec<Verifier>, StoreError> {
        self.all("SELECT id, epoch, applied_position, reported_us, node, role, software, registered_us FROM verifier ORDER BY id", args![]).await
    }

    /// Forgets a verifier, which says so itself when it stops.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn unregister(&self, id: VerifierId) -> Result<(), StoreError> {
        self.housekeep(housekeeper("verifiers")?, async move |tx: &mut Tx<'_>| {
            tx.exec("DELETE FROM verifier WHERE id = $1", args![id]).await?;
            Ok::<_, StoreError>(((), Vec::new()))
        })
        .await?;
        Ok(())
    }

    /// Forgets verifiers that have not reported for [`limits::VERIFIER_REAPED_LEASES`] leases. Gives their ids.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn reap_verifiers(&self) -> Result<Vec<VerifierId>, StoreError> {
        struct Id(VerifierId);
        impl FromRow for Id {
            fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
                Ok(Self(row.parse(0)?))
            }
        }
        let reaped = self
            .housekeep(housekeeper("verifiers")?, async |tx: &mut Tx<'_>| {
                let lease_ms: i64 = tx.one("SELECT lease_ms FROM installation", args![]).await?;
                let silence = Span::from_us(lease_ms.saturating_mul(limits::VERIFIER_REAPED_LEASES.cast_signed()).saturating_mul(1_000));
                let before = tx.store_now().await?.us() - silence.us();
                let gone = tx.all::<Id>("SELECT id FROM verifier WHERE reported_us < $1", args![before]).await?;
                tx.exec("DELETE FROM verifier WHERE reported_us < $1", args![before]).await?;
                Ok::<_, StoreError>((gone, Vec::new()))
            })
            .await?;
        Ok(reaped.value.into_iter().map(|Id(id)| id).collect())
    }
}
