//! The catalogue, kept as the text that the provider wrote.

use std::sync::Arc;

use keywright_domain::catalogue::{self, Catalogue};
use keywright_domain::time::Timestamp;

use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::AsOperator;
use crate::{Store, args};

struct Text(String);

impl FromRow for Text {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.text(0)?))
    }
}

impl Tx<'_> {
    /// The text of the catalogue; none before the first was applied. Locks it against others who apply one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn catalogue_for_update(&mut self) -> Result<Option<String>, StoreError> {
        self.exec("UPDATE catalogue SET id = id WHERE id = 1", args![]).await?;
        Ok(self.opt::<Text>("SELECT text FROM catalogue WHERE id = 1 AND applied_us > 0", args![]).await?.map(|t| t.0))
    }

    /// Puts this text in the place of the catalogue.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn catalogue_save(&mut self, text: &str, now: Timestamp) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO catalogue (id, text, applied_us) VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE SET text = excluded.text, applied_us = excluded.applied_us",
            args![text, now],
        )
        .await?;
        Ok(())
    }
}

impl AsOperator<'_> {
    /// The text of the catalogue; none before the first was applied.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn catalogue_text(&self) -> Result<Option<String>, StoreError> {
        Ok(self.opt::<Text>("SELECT text FROM catalogue WHERE id = 1 AND applied_us > 0", args![]).await?.map(|t| t.0))
    }
}

struct Applied(Catalogue, Timestamp);

impl FromRow for Applied {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let (catalogue, _) = catalogue::parse(row.text_ref(0)?).map_err(|faults| StoreError::corrupt(format!("the catalogue: {} faults", faults.0.len())))?;
        Ok(Self(catalogue, Timestamp::from_us(row.int(1)?)))
    }
}

struct At(Timestamp);

impl FromRow for At {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(Timestamp::from_us(row.int(0)?)))
    }
}

impl Store {
    /// When the catalogue was applied; none before the first was.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn catalogue_applied_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.opt::<At>("SELECT applied_us FROM catalogue WHERE id = 1 AND applied_us > 0", args![]).await?.map(|at| at.0))
    }

    /// The catalogue and when it was applied; none before the first was.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn catalogue(&self) -> Result<Option<(Arc<Catalogue>, Timestamp)>, StoreError> {
        let applied = self.opt::<Applied>("SELECT text, applied_us FROM catalogue WHERE id = 1 AND applied_us > 0", args![]).await?;
        Ok(applied.map(|Applied(catalogue, at)| (Arc::new(catalogue), at)))
    }
}
