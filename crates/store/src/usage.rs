//! Who used which version of a credential, how often, when last and from where.
//!
//! A flush of few entries adds to the rows at once. One of many (a busy node sees 100,000 credentials in a second) is put down as *one*
//! row, a segment, so that flushing costs a fraction of verifying; segments are merged and folded into the rows later.

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

/// One flush, as it is put down in a row: a list of the codes' words, so that a later release reads it right, and 53 bytes an entry.
pub mod segment {
    use super::*;

    const FORM: u8 = 1;
    const ENTRY_BYTES: usize = 53;

    /// Bytes that say what an entry is about, at its beginning: the id, the version's number, the code.
    const KEY_BYTES: usize = 21;

    type Entry = [u8; ENTRY_BYTES];

    /// Form and codes of this release: what every segment of it begins with.
    fn head() -> Vec<u8> {
        let words = Code::ALL.map(Code::as_str).join(" ");
        let mut head = Vec::with_capacity(2 + words.len());
        head.push(FORM);
        head.extend_from_slice(words.as_bytes());
        head.push(0);
        head
    }

    /// The bytes of these entries, in order of credential, version and code.
    #[must_use]
    pub fn encode(entries: &[UsageEntry]) -> Vec<u8> {
        let key = |e: &UsageEntry| (e.credential, e.version, e.code as u8);
        if !entries.is_sorted_by_key(key) {
            let mut sorted = entries.to_vec();
            sorted.sort_unstable_by_key(key);
            return encode(&sorted);
        }
        let mut out = head();
        out.reserve_exact(entries.len() * ENTRY_BYTES);
        entries.iter().for_each(|entry| out.extend_from_slice(&put(entry)));
        out
    }

    fn put(entry: &UsageEntry) -> Entry {
        let mut out = [0; ENTRY_BYTES];
        out[..16].copy_from_slice(&entry.credential.bits().to_be_bytes());
        out[16..20].copy_from_slice(&entry.version.to_be_bytes());
        out[20] = entry.code as u8;
        out[21..29].copy_from_slice(&entry.count.to_be_bytes());
        out[29..37].copy_from_slice(&entry.last.us().to_be_bytes());
        let address = entry.source.map_or(Ipv6Addr::UNSPECIFIED, |source| match source {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        });
        out[37..].copy_from_slice(&address.octets());
        out
    }

    /// The codes that a segment was written with, and its entries' bytes.
    fn parts(data: &[u8]) -> Result<(Vec<Code>, &[Entry]), StoreError> {
        let wrong = || StoreError::corrupt("a usage segment is not of this release's form");
        let rest = data.strip_prefix(&[FORM]).ok_or_else(wrong)?;
        let end = rest.iter().position(|b| *b == 0).ok_or_else(wrong)?;
        let words = std::str::from_utf8(&rest[..end]).map_err(|_| wrong())?;
        let codes: Vec<Code> = words.split(' ').map(Code::from_word).collect::<Option<_>>().ok_or_else(wrong)?;
        let (entries, tail) = rest[end + 1..].as_chunks::<ENTRY_BYTES>();
        if tail.is_empty() { Ok((codes, entries)) } else { Err(wrong()) }
    }

    fn get(codes: &[Code], e: &Entry) -> Result<UsageEntry, StoreError> {
        let wrong = || StoreError::corrupt("a usage segment is not of this release's form");
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
    }

    /// How many entries these bytes hold.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn len(data: &[u8]) -> Result<usize, StoreError> {
        Ok(parts(data)?.1.len())
    }

    /// The entries of these bytes from one place to another.
    ///
    /// # Errors
    /// [`StoreError`] unless [`encode`] of this release or an earlier one made them.
    pub fn decode(data: &[u8], from: usize, to: usize) -> Result<Vec<UsageEntry>, StoreError> {
        let (codes, entries) = parts(data)?;
        let wanted = entries.get(from..to.min(entries.len())).unwrap_or_default();
        wanted.iter().map(|entry| get(&codes, entry)).collect()
    }

    /// One segment of what is not folded yet in several, with entries about the same version and code counted together; and how many it has.
    /// Their bytes are compared and copied as they stand: a busy node does this with hundreds of thousands of entries every few seconds.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn join(segments: &[Segment]) -> Result<(Vec<u8>, usize), StoreError> {
        let head = head();
        if segments.iter().any(|s| !s.data.starts_with(&head)) {
            let entries: Vec<_> = segments.iter().map(|s| decode(&s.data, s.folded, usize::MAX)).collect::<Result<_, _>>()?;
            let merged = merge(entries);
            return Ok((encode(&merged), merged.len()));
        }
        let mut left: Vec<&[Entry]> = Vec::with_capacity(segments.len());
        for segment in segments {
            left.push(parts(&segment.data)?.1.get(segment.folded..).unwrap_or_default());
        }
        let mut out = head;
        out.reserve(left.iter().map(|entries| entries.len()).max().unwrap_or(0) * ENTRY_BYTES);
        let mut count = 0;
        let mut current: Option<Entry> = None;
        while let Some(next) = left.iter_mut().filter(|e| !e.is_empty()).min_by(|a, b| a[0][..KEY_BYTES].cmp(&b[0][..KEY_BYTES])) {
            let entry = next[0];
            *next = &next[1..];
            match &mut current {
                Some(known) if known[..KEY_BYTES] == entry[..KEY_BYTES] => *known = together(known, &entry)?,
                _ => {
                    if let Some(done) = current.replace(entry) {
                        out.extend_from_slice(&done);
                        count += 1;
                    }
                }
            }
        }
        if let Some(done) = current {
            out.extend_from_slice(&done);
            count += 1;
        }
        Ok((out, count))
    }

    /// Two entries about the same, counted together.
    fn together(a: &Entry, b: &Entry) -> Result<Entry, StoreError> {
        let codes = Code::ALL;
        let (mut known, entry) = (get(&codes, a)?, get(&codes, b)?);
        known.add(&entry);
        Ok(put(&known))
    }

    /// All entries of several lists, with those about the same version and code counted together, in order of id.
    #[must_use]
    pub fn merge(lists: Vec<Vec<UsageEntry>>) -> Vec<UsageEntry> {
        let mut all: Vec<UsageEntry> = lists.into_iter().flatten().collect();
        all.sort_by_key(|e| (e.credential, e.version, e.code as u8));
        all.dedup_by(|next, known| {
            let same = (next.credential, next.version, next.code) == (known.credential, known.version, known.code);
            if same {
                known.add(next);
            }
            same
        });
        all
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
        assert_eq!(segment::decode(&data, 0, usize::MAX).unwrap(), entries);
        assert_eq!((segment::decode(&data, 1, 2).unwrap(), segment::len(&data).unwrap()), (vec![entries[1]], 3));
        assert!(segment::decode(&data[..data.len() - 1], 0, 1).is_err());
        assert!(segment::decode(&data[1..], 0, 1).is_err());
        assert!(segment::decode(&[], 0, 1).is_err());
    }

    #[test]
    fn merging_adds_counts_and_keeps_the_latest_source() {
        let merged = segment::merge(vec![vec![entry(2, 1, 10, Some("192.0.2.2"))], vec![entry(1, 1, 1, None), entry(2, 5, 4, Some("192.0.2.9"))]]);
        assert_eq!(merged, [entry(1, 1, 1, None), entry(2, 6, 10, Some("192.0.2.2"))]);
    }

    #[test]
    fn joined_segments_hold_what_merged_lists_hold_without_what_is_folded() {
        let one = vec![entry(3, 1, 10, None), entry(1, 4, 2, Some("192.0.2.1")), entry(2, 1, 10, Some("192.0.2.2"))];
        let two = vec![entry(1, 1, 1, None), entry(2, 5, 4, Some("192.0.2.9")), entry(9, 1, 1, None)];
        let segment = |id, folded, entries: &[UsageEntry]| Segment { id, folded, data: segment::encode(entries) };
        let (data, count) = segment::join(&[segment(1, 0, &one), segment(2, 0, &two), segment(3, 0, &[])]).unwrap();
        let merged = segment::merge(vec![one.clone(), two.clone()]);
        assert_eq!((segment::decode(&data, 0, usize::MAX).unwrap(), count), (merged, 4));
        // Of the first, which is kept in order of id, one entry is in the rows already.
        let (data, _) = segment::join(&[segment(1, 1, &one), segment(2, 0, &two)]).unwrap();
        assert_eq!(segment::decode(&data, 0, 1).unwrap(), [two[0]]);
    }

    #[test]
    fn a_segment_with_other_codes_than_ours_is_joined_by_its_words() {
        let ours = segment::encode(&[entry(1, 1, 1, None)]);
        let mut entries = ours[ours.len() - 53..].to_vec();
        entries[20] = 0;
        let mut theirs = vec![1];
        theirs.extend_from_slice(b"revoked valid\0");
        theirs.extend_from_slice(&entries);
        let (data, count) = segment::join(&[Segment { id: 1, folded: 0, data: ours }, Segment { id: 2, folded: 0, data: theirs }]).unwrap();
        let codes: Vec<Code> = segment::decode(&data, 0, 9).unwrap().iter().map(|e| e.code).collect();
        assert_eq!((codes, count), (vec![Code::Revoked, Code::Valid], 2));
    }
}
