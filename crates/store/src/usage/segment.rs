//! One flush of many entries, as it is put down in a row.
//!
//! Entries stand in order of credential, version and code, and each says only how it differs from the one before: about 20 bytes instead of the
//! 80 that it has in memory. A busy node writes 60,000 of them a second, twice, so each byte counts. The codes are listed by their words, so that a
//! later release reads a segment right.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use super::{Segment, UsageEntry};
use crate::error::StoreError;

const FORM: u8 = 1;
/// Flags of an entry; its lower four bits are how many leading bytes its id shares with the one before.
const VERSION: u8 = 1 << 4;
const COUNT: u8 = 1 << 5;
const V4: u8 = 1 << 6;
const V6: u8 = 1 << 7;

fn wrong() -> StoreError {
    StoreError::corrupt("a usage segment is not of this release's form")
}

fn key(entry: &UsageEntry) -> (CredentialId, u32, u8) {
    (entry.credential, entry.version, entry.code as u8)
}

/// The bytes of these entries.
#[must_use]
pub fn encode(entries: &[UsageEntry]) -> Vec<u8> {
    if !entries.is_sorted_by_key(key) {
        let mut sorted = entries.to_vec();
        sorted.sort_unstable_by_key(key);
        return encode(&sorted);
    }
    let mut writer = Writer::new(entries.len());
    entries.iter().for_each(|entry| writer.put(entry));
    writer.done().0
}

/// How many entries these bytes hold.
///
/// # Errors
/// As [`decode`].
pub fn len(data: &[u8]) -> Result<usize, StoreError> {
    Ok(Reader::new(data)?.left as usize)
}

/// The entries of these bytes from one place to another.
///
/// # Errors
/// [`StoreError`] unless [`encode`] of this release or an earlier one made them.
pub fn decode(data: &[u8], from: usize, to: usize) -> Result<Vec<UsageEntry>, StoreError> {
    let mut entries = Vec::new();
    let mut reader = Reader::new(data)?;
    for at in 0..to {
        match reader.next()? {
            Some(entry) if at >= from => entries.push(entry),
            Some(_) => {}
            None => break,
        }
    }
    Ok(entries)
}

/// One segment of what is not folded yet in several, with entries about the same version and code counted together; and how many it has.
/// It holds none of them in memory but in their bytes.
///
/// # Errors
/// As [`decode`].
pub fn join(segments: &[Segment]) -> Result<(Vec<u8>, usize), StoreError> {
    let (mut readers, mut next) = (Vec::with_capacity(segments.len()), Vec::with_capacity(segments.len()));
    let mut likely = 0;
    for segment in segments {
        let mut reader = Reader::new(&segment.data)?;
        for _ in 0..segment.folded {
            reader.next()?;
        }
        likely = likely.max(reader.left as usize);
        next.push(reader.next()?);
        readers.push(reader);
    }
    let mut writer = Writer::new(likely);
    let mut current: Option<UsageEntry> = None;
    while let Some((at, entry)) = next.iter().enumerate().filter_map(|(at, e)| e.map(|e| (at, e))).min_by_key(|(_, e)| key(e)) {
        next[at] = readers[at].next()?;
        match &mut current {
            Some(known) if key(known) == key(&entry) => known.add(&entry),
            _ => current.replace(entry).iter().for_each(|done| writer.put(done)),
        }
    }
    current.iter().for_each(|last| writer.put(last));
    Ok(writer.done())
}

/// All entries of several lists, with those about the same version and code counted together, in order of id.
#[must_use]
pub fn merge(lists: Vec<Vec<UsageEntry>>) -> Vec<UsageEntry> {
    let mut all: Vec<UsageEntry> = lists.into_iter().flatten().collect();
    all.sort_by_key(key);
    all.dedup_by(|next, known| {
        let same = key(next) == key(known);
        if same {
            known.add(next);
        }
        same
    });
    all
}

struct Writer {
    out: Vec<u8>,
    count: u32,
    before: [u8; 16],
    last_us: i64,
}

impl Writer {
    fn new(likely: usize) -> Self {
        let words = Code::ALL.map(Code::as_str).join(" ");
        let mut out = Vec::with_capacity(6 + words.len() + likely * 24);
        out.push(FORM);
        // The number of entries goes here at the end.
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(words.as_bytes());
        out.push(0);
        Self { out, count: 0, before: [0; 16], last_us: 0 }
    }

    fn put(&mut self, entry: &UsageEntry) {
        let id = entry.credential.bits().to_be_bytes();
        let shared = id.iter().zip(&self.before).take_while(|(a, b)| a == b).count().min(15);
        let mut flags = shared as u8;
        flags |= if entry.version == 1 { 0 } else { VERSION };
        flags |= if entry.count == 1 { 0 } else { COUNT };
        flags |= match entry.source {
            None => 0,
            Some(IpAddr::V4(_)) => V4,
            Some(IpAddr::V6(_)) => V6,
        };
        self.out.push(flags);
        self.out.extend_from_slice(&id[shared..]);
        self.out.push(entry.code as u8);
        if flags & VERSION != 0 {
            self.number(u64::from(entry.version));
        }
        if flags & COUNT != 0 {
            self.number(entry.count);
        }
        // Differences are small and of both signs: the sign goes into the lowest bit.
        let later = entry.last.us().wrapping_sub(self.last_us);
        self.number((later << 1 ^ later >> 63).cast_unsigned());
        match entry.source {
            None => {}
            Some(IpAddr::V4(v4)) => self.out.extend_from_slice(&v4.octets()),
            Some(IpAddr::V6(v6)) => self.out.extend_from_slice(&v6.octets()),
        }
        (self.before, self.last_us) = (id, entry.last.us());
        self.count += 1;
    }

    /// Seven bits a byte, lowest first; the eighth says that more follow (LEB128).
    fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.out.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.out.push(n as u8);
    }

    fn done(mut self) -> (Vec<u8>, usize) {
        self.out[1..5].copy_from_slice(&self.count.to_be_bytes());
        (self.out, self.count as usize)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    left: u32,
    codes: Vec<Code>,
    before: [u8; 16],
    last_us: i64,
}

impl<'a> Reader<'a> {
    fn new(data: &'a [u8]) -> Result<Self, StoreError> {
        let (left, rest) = data.strip_prefix(&[FORM]).and_then(|rest| rest.split_first_chunk::<4>()).ok_or_else(wrong)?;
        let end = rest.iter().position(|b| *b == 0).ok_or_else(wrong)?;
        let words = std::str::from_utf8(&rest[..end]).map_err(|_| wrong())?;
        let codes = words.split(' ').map(Code::from_word).collect::<Option<_>>().ok_or_else(wrong)?;
        Ok(Self { rest: &rest[end + 1..], left: u32::from_be_bytes(*left), codes, before: [0; 16], last_us: 0 })
    }

    fn next(&mut self) -> Result<Option<UsageEntry>, StoreError> {
        if self.left == 0 {
            return if self.rest.is_empty() { Ok(None) } else { Err(wrong()) };
        }
        self.left -= 1;
        let flags = self.byte()?;
        let shared = usize::from(flags & 15);
        let (id, rest) = self.rest.split_at_checked(16 - shared).ok_or_else(wrong)?;
        self.before[shared..].copy_from_slice(id);
        self.rest = rest;
        let code = usize::from(self.byte()?);
        let code = *self.codes.get(code).ok_or_else(wrong)?;
        let version = if flags & VERSION == 0 { 1 } else { u32::try_from(self.number()?).map_err(|_| wrong())? };
        let count = if flags & COUNT == 0 { 1 } else { self.number()? };
        let later = self.number()?;
        self.last_us = self.last_us.wrapping_add((later >> 1).cast_signed() ^ -(later & 1).cast_signed());
        let source = match flags & (V4 | V6) {
            0 => None,
            V4 => Some(IpAddr::V4(Ipv4Addr::from(self.bytes::<4>()?))),
            V6 => Some(IpAddr::V6(Ipv6Addr::from(self.bytes::<16>()?))),
            _ => return Err(wrong()),
        };
        let credential = CredentialId::from_bits(u128::from_be_bytes(self.before));
        Ok(Some(UsageEntry { credential, version, code, count, last: Timestamp::from_us(self.last_us), source }))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or_else(wrong)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn byte(&mut self) -> Result<u8, StoreError> {
        Ok(self.bytes::<1>()?[0])
    }

    fn number(&mut self) -> Result<u64, StoreError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(wrong())
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
        let mut entries = vec![
            entry(1, 2, 3, Some("192.0.2.1")),
            entry(1, 1, i64::MAX, None),
            entry(2, u64::MAX, i64::MIN, Some("2001:db8::1")),
            entry(3 << 100, 1, -1, None),
            entry(u128::MAX, 300, 1_748_736_000_000_000, Some("::ffff:192.0.2.7")),
        ];
        entries[1].version = u32::MAX;
        let data = encode(&entries);
        assert_eq!(decode(&data, 0, usize::MAX).unwrap(), entries);
        assert_eq!((decode(&data, 1, 2).unwrap(), len(&data).unwrap()), (vec![entries[1]], 5));
        for end in 0..data.len() {
            assert!(decode(&data[..end], 0, usize::MAX).is_err(), "{end}");
        }
        assert!(decode(&data[1..], 0, 1).is_err());
        assert!(decode(&[data, vec![0]].concat(), 0, usize::MAX).is_err());
    }

    #[test]
    fn an_entry_of_a_busy_node_takes_few_bytes() {
        let id = |n: u128| (1_748_736_000_000 + 11 * n) << 80 | (n * 0x9E37_79B9_7F4A_7C15) & ((1 << 80) - 1);
        let entries: Vec<_> = (0..1_000).map(|n| entry(id(n), 1, 1_748_736_000_000_000 + n as i64 * 7_919 % 1_000_000, Some("192.0.2.1"))).collect();
        assert!(encode(&entries).len() < 1_000 * 23);
    }

    #[test]
    fn merging_adds_counts_and_keeps_the_latest_source() {
        let merged = merge(vec![vec![entry(2, 1, 10, Some("192.0.2.2"))], vec![entry(1, 1, 1, None), entry(2, 5, 4, Some("192.0.2.9"))]]);
        assert_eq!(merged, [entry(1, 1, 1, None), entry(2, 6, 10, Some("192.0.2.2"))]);
    }

    #[test]
    fn joined_segments_hold_what_merged_lists_hold_without_what_is_folded() {
        let one = vec![entry(3, 1, 10, None), entry(1, 4, 2, Some("192.0.2.1")), entry(2, 1, 10, Some("192.0.2.2"))];
        let two = vec![entry(1, 1, 1, None), entry(2, 5, 4, Some("192.0.2.9")), entry(9, 1, 1, None)];
        let segment = |id, folded, entries: &[UsageEntry]| Segment { id, folded, data: encode(entries) };
        let (data, count) = join(&[segment(1, 0, &one), segment(2, 0, &two), segment(3, 0, &[])]).unwrap();
        let merged = merge(vec![one.clone(), two.clone()]);
        assert_eq!((decode(&data, 0, usize::MAX).unwrap(), count), (merged, 4));
        // Of the first, which is kept in order of id, one entry is in the rows already.
        let (data, _) = join(&[segment(1, 1, &one), segment(2, 0, &two)]).unwrap();
        assert_eq!(decode(&data, 0, 1).unwrap(), [two[0]]);
    }

    #[test]
    fn a_segment_with_other_codes_than_ours_is_read_by_its_words() {
        let ours = encode(&[entry(1, 1, 1, None)]);
        let theirs = [&[FORM, 0, 0, 0, 1], b"revoked valid\0".as_slice(), &[15, 1, 0, 2]].concat();
        let (data, count) = join(&[Segment { id: 1, folded: 0, data: ours }, Segment { id: 2, folded: 0, data: theirs }]).unwrap();
        let codes: Vec<Code> = decode(&data, 0, 9).unwrap().iter().map(|e| e.code).collect();
        assert_eq!((codes, count), (vec![Code::Revoked, Code::Valid], 2));
    }
}
