//! What verdicts leave behind: who used what, and counters. In memory, bounded, off the way of the answer.
//!
//! Each thread writes into a part of its own, so its lock is free but for the moment in which a report is taken. A use is appended to a list
//! behind a small table of the latest ones: a busy key is counted in place, and a flood of different keys costs one write into memory each,
//! not a search. What a credential was used for is kept only where its secret was proved.

use std::cell::Cell;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;
use keywright_domain::verdict::Code;

use crate::verdict::Verdict;

const CODES: usize = Code::ALL.len();
/// Parts; a power of two. More threads than these share.
const PARTS: usize = 16;
/// Latest uses that each part finds again; a power of two.
const LATEST: usize = 4_096;
/// Uses that are kept between two reports, over all parts; later ones are only counted. 56 bytes each.
const USES_MAX: usize = 1 << 18;
/// Uses for which a part takes room at once.
const ROOM: usize = 1_024;
/// Upper bounds of the latency histogram, in nanoseconds.
const BOUNDS_NS: [u64; 13] = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/// How often a version of a credential got one verdict since the last report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// The credential.
    pub credential: CredentialId,
    /// Number of the version whose secret was presented.
    pub version: u32,
    /// The verdict.
    pub code: Code,
    /// The version was pending and the verdict `valid`: it is to be activated.
    pub first_use: bool,
    /// How often.
    pub count: u64,
    /// The last time, by the store's clock.
    pub last: Timestamp,
    /// Where the last of them that said so came from.
    pub source_ip: Option<IpAddr>,
}

/// What was used since the last report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageReport {
    /// One for each credential, version and code, in this order.
    pub uses: Vec<Use>,
    /// Verdicts that found no room and are attributed to no credential.
    pub unattributed: u64,
}

/// Counters since the start, for metrics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Verdicts by service (none: no single service was asked about and none found) and code; only those that occurred.
    pub verdicts: Vec<(Option<String>, Code, u64)>,
    /// From reading the request to handing over the verdict.
    pub latency: Latency,
    /// Verdicts that are attributed to no credential for want of room.
    pub unattributed: u64,
}

/// A histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// Verdicts in each bucket (not cumulative): up to the bound of the same place in [`Latency::BOUNDS_NS`], the last one above all.
    pub counts: [u64; BOUNDS_NS.len() + 1],
    /// All together, in nanoseconds.
    pub sum_ns: u64,
}

impl Latency {
    /// Upper bounds, in nanoseconds.
    pub const BOUNDS_NS: [u64; 13] = BOUNDS_NS;

    fn count(&mut self, ns: u64) {
        self.counts[BOUNDS_NS.partition_point(|bound| *bound < ns)] += 1;
        self.sum_ns = self.sum_ns.saturating_add(ns);
    }
}

/// Counters of all threads.
pub(crate) struct Usage {
    parts: Box<[Padded]>,
    /// Uses for which parts have taken room.
    taken: AtomicUsize,
}

/// On cache lines of its own, so that threads do not take them from each other.
#[repr(align(128))]
#[derive(Default)]
struct Padded(Mutex<Part>);

#[derive(Default)]
struct Part {
    uses: Vec<Kept>,
    /// Uses that it may keep.
    room: usize,
    /// By the lower bits of a use's hash: its upper bits, and where in `uses` the latest with that hash stands, plus 1.
    latest: Vec<(u32, u32)>,
    unreported: u64,
    unattributed: u64,
    /// By service, none first.
    verdicts: Vec<[u64; CODES]>,
    latency: Latency,
}

#[derive(Clone, Copy)]
struct Kept {
    /// The id's bits, as two words: 16-byte alignment would cost 8 bytes.
    credential: [u64; 2],
    last: Timestamp,
    version: u32,
    count: u32,
    source_ip: Option<IpAddr>,
    code: Code,
    first_use: bool,
}

thread_local! {
    static PART: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn own_part() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    PART.with(|part| {
        if part.get() == usize::MAX {
            part.set(NEXT.fetch_add(1, Ordering::Relaxed) % PARTS);
        }
        part.get()
    })
}

impl Usage {
    pub(crate) fn new() -> Self {
        Self { parts: (0..PARTS).map(|_| Padded::default()).collect(), taken: AtomicUsize::new(0) }
    }

    fn part(&self, at: usize) -> MutexGuard<'_, Part> {
        // Nothing in a part can be half done in a way that matters to a count.
        self.parts[at].0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, verdict: &Verdict<'_>, latency_ns: u64) {
        let mut part = self.part(own_part());
        let row = verdict.service.map_or(0, |s| usize::from(s) + 1);
        if part.verdicts.len() <= row {
            part.verdicts.resize(row + 1, [0; CODES]);
        }
        part.verdicts[row][verdict.answer.code as usize] += 1;
        part.latency.count(latency_ns);
        let Some(found) = &verdict.answer.found else { return };
        let bits = found.credential.bits();
        if part.uses.len() == part.room && self.taken.load(Ordering::Relaxed) < USES_MAX {
            self.taken.fetch_add(ROOM, Ordering::Relaxed);
            part.room += ROOM;
        }
        part.keep(Kept {
            credential: [(bits >> 64) as u64, bits as u64],
            last: verdict.calendar,
            version: found.version,
            count: 1,
            source_ip: verdict.source_ip,
            code: verdict.answer.code,
            first_use: verdict.pending && verdict.answer.code == Code::Valid,
        });
    }

    /// What was used since the last call. A use is in exactly one report.
    pub(crate) fn take(&self) -> UsageReport {
        let mut report = UsageReport::default();
        let mut all: Vec<Kept> = Vec::new();
        for at in 0..PARTS {
            let mut part = self.part(at);
            self.taken.fetch_sub(std::mem::take(&mut part.room), Ordering::Relaxed);
            part.latest.fill((0, 0));
            report.unattributed += std::mem::take(&mut part.unreported);
            let likely = part.uses.len();
            let uses = std::mem::replace(&mut part.uses, Vec::with_capacity(likely));
            drop(part);
            if all.is_empty() { all = uses } else { all.extend(uses) }
        }
        // Sorted and not hashed: whoever keeps the report wants it in this order, and it takes no more memory.
        all.sort_unstable_by_key(|kept| (kept.credential, kept.version, kept.code as u8));
        for kept in &all {
            match report.uses.last_mut() {
                Some(known) if known.is_about(kept) => known.add(kept),
                _ => report.uses.push(Use::from(kept)),
            }
        }
        report
    }

    /// Counters since the start; `slug` names a service.
    pub(crate) fn totals(&self, slug: impl Fn(u16) -> Option<String>) -> Totals {
        let mut verdicts: Vec<[u64; CODES]> = Vec::new();
        let mut totals = Totals::default();
        for at in 0..PARTS {
            let part = self.part(at);
            verdicts.resize(verdicts.len().max(part.verdicts.len()), [0; CODES]);
            for (sum, row) in verdicts.iter_mut().zip(&part.verdicts) {
                sum.iter_mut().zip(row).for_each(|(sum, n)| *sum += n);
            }
            totals.latency.counts.iter_mut().zip(&part.latency.counts).for_each(|(sum, n)| *sum += n);
            totals.latency.sum_ns = totals.latency.sum_ns.saturating_add(part.latency.sum_ns);
            totals.unattributed += part.unattributed;
        }
        for (row, counts) in verdicts.iter().enumerate() {
            let service = row.checked_sub(1).and_then(|s| u16::try_from(s).ok()).and_then(&slug);
            totals.verdicts.extend(Code::ALL.iter().zip(counts).filter(|(_, n)| **n > 0).map(|(code, n)| (service.clone(), *code, *n)));
        }
        totals
    }
}

impl Part {
    fn keep(&mut self, new: Kept) {
        let hash = (new.credential[1] ^ u64::from(new.version) ^ (new.code as u64) << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let (slot, tag) = ((hash >> 20) as usize % LATEST, (hash >> 32) as u32);
        if self.latest.is_empty() {
            self.latest = vec![(0, 0); LATEST];
        }
        let (known_tag, place) = self.latest[slot];
        // Without a look at `uses` where the hash says that it is another: that would be a wait for memory.
        let latest = if known_tag == tag { place as usize } else { 0 };
        if let Some(known) = latest.checked_sub(1).and_then(|at| self.uses.get_mut(at))
            && (known.credential, known.version, known.code) == (new.credential, new.version, new.code)
            && known.count < u32::MAX
        {
            known.count += 1;
            known.last = known.last.max(new.last);
            known.source_ip = new.source_ip.or(known.source_ip);
            known.first_use |= new.first_use;
        } else if self.uses.len() < self.room {
            self.uses.push(new);
            self.latest[slot] = (tag, u32::try_from(self.uses.len()).unwrap_or(0));
        } else {
            self.unreported += 1;
            self.unattributed += 1;
        }
    }
}

impl From<&Kept> for Use {
    fn from(kept: &Kept) -> Self {
        Self {
            credential: CredentialId::from_bits(u128::from(kept.credential[0]) << 64 | u128::from(kept.credential[1])),
            version: kept.version,
            code: kept.code,
            first_use: kept.first_use,
            count: u64::from(kept.count),
            last: kept.last,
            source_ip: kept.source_ip,
        }
    }
}

impl Use {
    fn is_about(&self, kept: &Kept) -> bool {
        let [high, low] = kept.credential;
        self.credential.bits() == u128::from(high) << 64 | u128::from(low) && self.version == kept.version && self.code == kept.code
    }

    fn add(&mut self, kept: &Kept) {
        self.count += u64::from(kept.count);
        self.first_use |= kept.first_use;
        if kept.last >= self.last {
            self.last = kept.last;
            self.source_ip = kept.source_ip.or(self.source_ip);
        }
    }
}

#[cfg(test)]
mod tests {
    use keywright_domain::change::CredentialRecord;
    use keywright_domain::credential::{Environment, State, VersionState};

    use super::*;
    use crate::Question;
    use crate::fixture::{Kit, credential, key, version};

    fn question(key: &str, ip: Option<IpAddr>) -> Question<'_> {
        Question { credential: key.as_bytes(), source_ip: ip, ..Question::default() }
    }

    #[test]
    fn uses_are_counted_by_version_and_code_and_reported_once() {
        let mut kit = Kit::with(credential(1));
        let key = key(1, Environment::Production);
        let ip = Some("192.0.2.1".parse().unwrap());
        assert_eq!(kit.ask(&question(&key, ip)).unwrap().code, Code::Valid);
        kit.pass(1);
        assert_eq!(kit.ask(&question(&key, None)).unwrap().code, Code::Valid);
        kit.put(CredentialRecord { state: State::Suspended, ..credential(1) });
        assert_eq!(kit.ask(&question(&key, None)).unwrap().code, Code::Suspended);
        let mut report = kit.verifier.take_report();
        report.uses.sort_unstable_by_key(|u| u.code);
        let [suspended, valid] = report.uses.as_slice() else { panic!("{report:?}") };
        assert_eq!((valid.credential, valid.version, valid.count, valid.source_ip, valid.first_use), (credential(1).id, 1, 2, ip, false));
        assert_eq!((suspended.code, suspended.count, suspended.source_ip), (Code::Suspended, 1, None));
        assert!(valid.last < suspended.last);
        assert_eq!(kit.verifier.take_report(), UsageReport::default());
    }

    #[test]
    fn nothing_is_a_use_without_proof() {
        let kit = Kit::with(CredentialRecord { service: "payments".into(), ..credential(1) });
        for (key, code) in
            [("x".to_owned(), Code::Malformed), (key(9, Environment::Production), Code::Unknown), (key(1, Environment::Production), Code::WrongService)]
        {
            assert_eq!(kit.code_of(&key), code);
        }
        assert_eq!(kit.verifier.take_report(), UsageReport::default());
        let totals = kit.verifier.totals();
        let maps = || Some("maps".to_owned());
        assert_eq!(totals.verdicts, [(maps(), Code::Malformed, 1), (maps(), Code::Unknown, 1), (maps(), Code::WrongService, 1)]);
        assert_eq!(totals.latency.counts.iter().sum::<u64>(), 3);
        assert_eq!(kit.verifier.totals(), totals, "metrics are not taken away by looking");
    }

    #[test]
    fn the_first_use_of_a_pending_version_is_marked() {
        let keys = [1, 2].map(|n| key(n, Environment::Production));
        let pending = VersionState::Pending { until: crate::fixture::at(1_000) };
        let versions = vec![version(&keys[0], 1, VersionState::Active), version(&keys[1], 2, pending)];
        let mut kit = Kit::with(CredentialRecord { versions: versions.clone(), ..credential(1) });
        assert_eq!((kit.code(1), kit.code(2)), (Code::Valid, Code::Valid));
        let firsts: Vec<(u32, bool)> = kit.verifier.take_report().uses.iter().map(|u| (u.version, u.first_use)).collect();
        assert_eq!(firsts, [(1, false), (2, true)]);
        kit.put(CredentialRecord { versions, state: State::Suspended, ..credential(1) });
        assert_eq!(kit.code(2), Code::Suspended);
        assert!(!kit.verifier.take_report().uses[0].first_use, "only a valid verdict activates");
    }

    #[test]
    fn memory_is_bounded_and_what_finds_no_room_is_counted() {
        let usage = Usage::new();
        let mut part = usage.part(0);
        part.room = 2;
        for n in 0..5u64 {
            part.keep(kept(n));
        }
        assert_eq!((part.uses.len(), part.unreported), (2, 3));
        part.keep(kept(1));
        assert_eq!(part.uses[1].count, 2, "who is known is still counted");
        drop(part);
        let report = usage.take();
        assert_eq!((report.uses.len(), report.unattributed), (2, 3));
        assert_eq!((usage.totals(|_| None).unattributed, usage.take().unattributed), (3, 0));
    }

    fn kept(n: u64) -> Kept {
        Kept { credential: [0, n], last: Timestamp::from_us(0), version: 1, count: 1, source_ip: None, code: Code::Valid, first_use: false }
    }

    #[test]
    fn what_many_threads_counted_is_added_up() {
        let kit = Kit::new(&(1..=200).map(|n| keywright_domain::change::Record::Credential(credential(n))).collect::<Vec<_>>());
        let keys: Vec<String> = (1..=200).map(|n| key(n, Environment::Production)).collect();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| keys.iter().for_each(|key| assert_eq!(kit.code_of(key), Code::Valid)));
            }
        });
        let report = kit.verifier.take_report();
        assert_eq!((report.uses.len(), report.uses.iter().all(|u| u.count == 4)), (200, true));
        assert_eq!(size_of::<Kept>(), 56);
    }
}
