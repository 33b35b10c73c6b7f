//! Uploaded images, by the SHA-256 of their bytes, which were encoded here.

use keywright_domain::ids::OrganisationId;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::AsGate;

/// An image as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Hexadecimal SHA-256 of the bytes.
    pub digest: String,
    /// A PNG.
    pub bytes: Vec<u8>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl FromRow for Image {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let pixels = |column| u32::try_from(row.int(column)?).map_err(StoreError::corrupt);
        Ok(Self { digest: row.text(0)?, bytes: row.blob(1)?, width: pixels(2)?, height: pixels(3)? })
    }
}

impl AsGate<'_> {
    /// An image; images are for everybody who knows their digest.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn image(&self, digest: &str) -> Result<Option<Image>, StoreError> {
        self.opt("SELECT digest, bytes, width, height FROM image WHERE digest = $1", args![digest]).await
    }
}

impl Tx<'_> {
    /// Adds an image, if it is not there.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn image_insert(&mut self, image: &Image, now: Timestamp) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO image (digest, bytes, width, height, created_us) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest) DO NOTHING",
            args![image.digest.as_str(), image.bytes.clone(), image.width, image.height, now],
        )
        .await?;
        Ok(())
    }

    /// Erases an image that no application shows any more; the organisation that did last is locked.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn image_forget(&mut self, organisation: OrganisationId, digest: &str) -> Result<(), StoreError> {
        self.lock_organisation(organisation).await?;
        let sql = "DELETE FROM image WHERE digest = $1 AND NOT EXISTS (SELECT 1 FROM application a WHERE a.logo = $1)";
        self.exec(sql, args![digest]).await?;
        Ok(())
    }
}
