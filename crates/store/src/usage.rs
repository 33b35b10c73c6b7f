//! Who used which version of a credential, how often, when last and from where.
//!
//! A flush of few entries adds to the rows at once. One of many (a busy node sees 100,000 credentials in a second) is put down as *one*
//! row, a segment, so that flushing costs a fraction of verifying; segments are merged and folded into the rows later.

pub mod hours;
pub mod segment;

use std::net::IpAddr;

use keywright_domain::credential::Environment;
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::{AsSystem, Scope};

/// Verdicts of one code about one version, counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageEntry {
    /// Which credential.
    pub credential: CredentialId,
    /// Number of the version whose secret was presented.
    pub version: u32,
    /// What the verdicts said.
    pub code: Code,
    /// How many.
    pub count: u64,
    /// When the last one was.
    pub last: Timestamp,
    /// The address that the last one came from, where it was told.
    pub source: Option<IpAddr>,
}

impl UsageEntry {
    /// Counts another entry about the same version and code with this one; the later of the two says where from.
    fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        if other.last >= self.last {
            (self.last, self.source) = (other.last, other.source.or(self.source));
        }
    }
}

impl FromRow for UsageEntry {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let code = row.text(2)?;
        Ok(Self {
            credential: row.parse(0)?,
            version: u32::try_from(row.int(1)?).map_err(StoreError::corrupt)?,
            code: Code::from_word(&code).ok_or_else(|| StoreError::corrupt(format!("verdict code {code:?}")))?,
            count: u64::try_from(row.int(3)?).map_err(StoreError::corrupt)?,
            last: Timestamp::from_us(row.int(4)?),
            source: row.opt_text(5)?.and_then(|s| s.parse().ok()),
        })
    }
}

/// A segment that waits to be folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Number of its row.
    pub id: i64,
    /// Entries of it that are in the rows already.
    pub folded: usize,
    /// Its entries, as [`segment::encode`] writes them.
    pub data: Vec<u8>,
}

impl FromRow for Segment {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { id: row.int(0)?, folded: usize::try_from(row.int(1)?).map_err(StoreError::corrupt)?, data: row.blob(2)? })
    }
}

/// Whose credential was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageOwner {
    /// Its application.
    pub application: ApplicationId,
    /// The application's organisation.
    pub organisation: OrganisationId,
}

impl FromRow for UsageOwner {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let (application, organisation) = row.text_ref(0)?.split_once(' ').ok_or_else(|| StoreError::corrupt("a credential without an owner"))?;
        Ok(Self { application: application.parse().map_err(StoreError::corrupt)?, organisation: organisation.parse().map_err(StoreError::corrupt)? })
    }
}

impl Tx<'_> {
    /// Adds an entry to its row. Entries of credentials that are gone are dropped; of the others, the owner is given.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_add(&mut self, e: &UsageEntry) -> Result<Option<UsageOwner>, StoreError> {
        self.opt(
            "INSERT INTO usage (credential_id, version, code, count, last_us, last_source) \
             SELECT v.credential_id, v.number, $3, $4, $5, $6 FROM version v WHERE v.credential_id = $1 AND v.number = $2 \
             ON CONFLICT (credential_id, version, code) DO UPDATE SET count = usage.count + excluded.count, \
               last_source = CASE WHEN excluded.last_us >= usage.last_us THEN COALESCE(excluded.last_source, usage.last_source) ELSE usage.last_source END, \
               last_us = CASE WHEN excluded.last_us >= usage.last_us THEN excluded.last_us ELSE usage.last_us END \
             RETURNING (SELECT c.application_id || ' ' || c.organisation_id FROM credential c WHERE c.id = usage.credential_id)",
            args![e.credential, i64::from(e.version), e.code.as_str(), i64::try_from(e.count).unwrap_or(i64::MAX), e.last, e.source.map(|s| s.to_string())],
        )
        .await
    }

    /// Puts a flush of many entries down as one row: the bytes of [`segment::encode`].
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_segment_insert(&mut self, node: &str, data: &[u8], now: Timestamp) -> Result<(), StoreError> {
        self.exec("INSERT INTO usage_segment (node, folded, data, at_us) VALUES ($1, 0, $2, $3)", args![node, data.to_vec(), now]).await?;
        Ok(())
    }

    /// Removes a segment; false where somebody else has been faster.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_segment_take(&mut self, id: i64, folded: usize) -> Result<bool, StoreError> {
        let taken = self.exec("DELETE FROM usage_segment WHERE id = $1 AND folded = $2", args![id, folded as i64]).await?;
        Ok(taken == 1)
    }

    /// Notes that entries of a segment are in the rows; false where somebody else has been faster.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_segment_advance(&mut self, id: i64, from: usize, to: usize) -> Result<bool, StoreError> {
        let advanced = self.exec("UPDATE usage_segment SET folded = $3 WHERE id = $1 AND folded = $2", args![id, from as i64, to as i64]).await?;
        Ok(advanced == 1)
    }
}

impl AsSystem<'_> {
    /// How many segments wait to be folded.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_segments_waiting(&self) -> Result<u32, StoreError> {
        let waiting: i64 = self.one("SELECT count(*) FROM usage_segment", args![]).await?;
        Ok(u32::try_from(waiting).unwrap_or(u32::MAX))
    }

    /// The oldest segments, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_segments(&self, limit: u32) -> Result<Vec<Segment>, StoreError> {
        self.all("SELECT id, folded, data FROM usage_segment ORDER BY id LIMIT $1", args![i64::from(limit)]).await
    }
}

impl Scope<'_> {
    /// Usage of one credential: an entry for each version and code that occurred.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage(&self, credential: CredentialId) -> Result<Vec<UsageEntry>, StoreError> {
        self.all(
            "SELECT u.credential_id, u.version, u.code, u.count, u.last_us, u.last_source FROM credential c JOIN usage u ON u.credential_id = c.id \
             WHERE c.organisation_id = $1 AND c.id = $2 ORDER BY u.version, u.code",
            args![credential],
        )
        .await
    }

    /// Usage of the credentials of one application in one environment from `oldest` to `newest`, both included.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_of_application(
        &self,
        application: ApplicationId,
        environment: Environment,
        oldest: CredentialId,
        newest: CredentialId,
    ) -> Result<Vec<UsageEntry>, StoreError> {
        self.all(
            "SELECT u.credential_id, u.version, u.code, u.count, u.last_us, u.last_source FROM credential c JOIN usage u ON u.credential_id = c.id \
             WHERE c.organisation_id = $1 AND c.application_id = $2 AND c.environment = $3 AND c.id >= $4 AND c.id <= $5",
            args![application, environment.as_str(), oldest, newest],
        )
        .await
    }
}
