//! Who used which version of a credential, how often, when last and from where.
//!
//! A flush of few entries adds to the rows at once. One of many (a busy node sees 100,000 credentials in a second) is put down as *one*
//! row, a segment, so that flushing costs a fraction of verifying; segments are merged and folded into the rows later.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use keywright_domain::ids::{ApplicationId, CredentialId};
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

/// One flush, as it is put down in a row: a list of the codes' words, so that a later release reads it right, and 53 bytes an entry.
pub mod segment {
    use super::*;

    const FORM: u8 = 1;
    const ENTRY_BYTES: usize = 53;

    /// The bytes of these entries.
    #[must_use]
    pub fn encode(entries: &[UsageEntry]) -> Vec<u8> {
        let words = Code::ALL.map(Code::as_str).join(" ");
        let mut out = Vec::with_capacity(2 + words.len() + entries.len() * ENTRY_BYTES);
        out.push(FORM);
        out.extend_from_slice(words.as_bytes());
        out.push(0);
        for entry in entries {
            out.extend_from_slice(&entry.credential.bits().to_be_bytes());
            out.extend_from_slice(&entry.version.to_be_bytes());
            out.push(entry.code as u8);
            out.extend_from_slice(&entry.count.to_be_bytes());
            out.extend_from_slice(&entry.last.us().to_be_bytes());
            let address = entry.source.map_or(Ipv6Addr::UNSPECIFIED, |source| match source {
                IpAddr::V4(v4) => v4.to_ipv6_mapped(),
                IpAddr::V6(v6) => v6,
            });
            out.extend_from_slice(&address.octets());
        }
        out
    }

    /// The entries of these bytes.
    ///
    /// # Errors
    /// [`StoreError`] unless [`encode`] of this release or an earlier one made them.
    pub fn decode(data: &[u8]) -> Result<Vec<UsageEntry>, StoreError> {
        let wrong = || StoreError::corrupt("a usage segment is not of this release's form");
        let rest = data.strip_prefix(&[FORM]).ok_or_else(wrong)?;
        let end = rest.iter().position(|b| *b == 0).ok_or_else(wrong)?;
        let words = std::str::from_utf8(&rest[..end]).map_err(|_| wrong())?;
        let codes: Vec<Code> = words.split(' ').map(Code::from_word).collect::<Option<_>>().ok_or_else(wrong)?;
        let (entries, tail) = rest[end + 1..].as_chunks::<ENTRY_BYTES>();
        if !tail.is_empty() {
            return Err(wrong());
        }
        entries
            .iter()
            .map(|e| {
                let (id, e) = e.split_first_chunk::<16>().ok_or_else(wrong)?;
                let (version, e) = e.split_first_chunk::<4>().ok_or_else(wrong)?;
                let (code, e) = e.split_first().ok_or_else(wrong)?;
                let (count, e) = e.split_first_chunk::<8>().ok_or_else(wrong)?;
                let (last, e) = e.split_first_chunk::<8>().ok_or_else(wrong)?;
                let address = Ipv6Addr::from(*e.first_chunk::<16>().ok_or_else(wrong)?);
                Ok(UsageEntry {
                    credential: CredentialId::from_bits(u128::from_be_bytes(*id)),
                    version: u32::from_be_bytes(*version),
                    code: *codes.get(usize::from(*code)).ok_or_else(wrong)?,
                    count: u64::from_be_bytes(*count),
                    last: Timestamp::from_us(i64::from_be_bytes(*last)),
                    source: (!address.is_unspecified()).then(|| IpAddr::V6(address).to_canonical()),
                })
            })
            .collect()
    }

    /// All entries of several segments, with those about the same version and code counted together, in order of id.
    #[must_use]
    pub fn merge(segments: Vec<Vec<UsageEntry>>) -> Vec<UsageEntry> {
        let mut merged = HashMap::<(CredentialId, u32, Code), UsageEntry>::new();
        for entry in segments.into_iter().flatten() {
            merged
                .entry((entry.credential, entry.version, entry.code))
                .and_modify(|known| {
                    known.count += entry.count;
                    if entry.last >= known.last {
                        (known.last, known.source) = (entry.last, entry.source.or(known.source));
                    }
                })
                .or_insert(entry);
        }
        let mut merged: Vec<UsageEntry> = merged.into_values().collect();
        merged.sort_unstable_by_key(|e| (e.credential, e.version, e.code));
        merged
    }
}

/// A segment that waits to be folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Number of its row.
    pub id: i64,
    /// Entries of it that are in the rows already.
    pub folded: usize,
    /// Its entries.
    pub entries: Vec<UsageEntry>,
}

impl FromRow for Segment {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self { id: row.int(0)?, folded: usize::try_from(row.int(1)?).map_err(StoreError::corrupt)?, entries: segment::decode(&row.blob(2)?)? })
    }
}

impl Tx<'_> {
    /// Adds an entry to its row. Entries of credentials that are gone are dropped.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_add(&mut self, e: &UsageEntry) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO usage (credential_id, version, code, count, last_us, last_source) \
             SELECT v.credential_id, v.number, $3, $4, $5, $6 FROM version v WHERE v.credential_id = $1 AND v.number = $2 \
             ON CONFLICT (credential_id, version, code) DO UPDATE SET count = usage.count + excluded.count, \
               last_source = CASE WHEN excluded.last_us >= usage.last_us THEN COALESCE(excluded.last_source, usage.last_source) ELSE usage.last_source END, \
               last_us = CASE WHEN excluded.last_us >= usage.last_us THEN excluded.last_us ELSE usage.last_us END",
            args![e.credential, i64::from(e.version), e.code.as_str(), i64::try_from(e.count).unwrap_or(i64::MAX), e.last, e.source.map(|s| s.to_string())],
        )
        .await?;
        Ok(())
    }

    /// Puts a flush of many entries down as one row.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_segment_insert(&mut self, node: &str, entries: &[UsageEntry], now: Timestamp) -> Result<(), StoreError> {
        self.exec("INSERT INTO usage_segment (node, folded, data, at_us) VALUES ($1, 0, $2, $3)", args![node, segment::encode(entries), now]).await?;
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

    /// Usage of the credentials of one application from `oldest` to `newest`, both included.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn usage_of_application(&self, application: ApplicationId, oldest: CredentialId, newest: CredentialId) -> Result<Vec<UsageEntry>, StoreError> {
        self.all(
            "SELECT u.credential_id, u.version, u.code, u.count, u.last_us, u.last_source FROM credential c JOIN usage u ON u.credential_id = c.id \
             WHERE c.organisation_id = $1 AND c.application_id = $2 AND c.id >= $3 AND c.id <= $4",
            args![application, oldest, newest],
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u128, count: u64, last: i64, source: Option<&str>) -> UsageEntry {
        UsageEntry {
            credential: CredentialId::from_bits(n),
            version: 1,
            code: Code::Valid,
            count,
            last: Timestamp::from_us(last),
            source: source.map(|s| s.parse().unwrap()),
        }
    }

    #[test]
    fn a_segment_survives_its_bytes_and_broken_bytes_are_refused() {
        let entries = vec![entry(1, 2, 3, Some("192.0.2.1")), entry(2, u64::MAX, -1, Some("2001:db8::1")), entry(3, 1, 5, None)];
        let data = segment::encode(&entries);
        assert_eq!(segment::decode(&data).unwrap(), entries);
        assert!(segment::decode(&data[..data.len() - 1]).is_err());
        assert!(segment::decode(&data[1..]).is_err());
        assert!(segment::decode(&[]).is_err());
    }

    #[test]
    fn merging_adds_counts_and_keeps_the_latest_source() {
        let merged = segment::merge(vec![vec![entry(2, 1, 10, Some("192.0.2.2"))], vec![entry(1, 1, 1, None), entry(2, 5, 4, Some("192.0.2.9"))]]);
        assert_eq!(merged, [entry(1, 1, 1, None), entry(2, 6, 10, Some("192.0.2.2"))]);
    }
}
