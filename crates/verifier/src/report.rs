//! What verdicts leave behind: who used what, and counters. In memory, bounded, off the way of the answer.
//!
//! Each thread writes into a part of its own, so its lock is free but for the moment in which a report is taken. A use is appended to a list
//! behind a small table of the latest ones: a busy key is counted in place, and a flood of different keys costs one write into memory each,
//! not a search. What a credential was used for is kept only where its secret was proved.

use std::cell::Cell;
use std::collections::HashMap;
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
    /// One for each credential, version and code; in no order.
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
        let mut known: HashMap<([u64; 2], u32, Code), usize, foldhash::fast::RandomState> = HashMap::default();
        for at in 0..PARTS {
            let (uses, unreported) = {
                let mut part = self.part(at);
                self.taken.fetch_sub(std::mem::take(&mut part.room), Ordering::Relaxed);
                part.latest.fill((0, 0));
                let likely = part.uses.len();
                (std::mem::replace(&mut part.uses, Vec::with_capacity(likely)), std::mem::take(&mut part.unreported))
            };
            report.unattributed += unreported;
            for kept in uses {
                let place = *known.entry((kept.credential, kept.version, kept.code)).or_insert(report.uses.len());
                match report.uses.get_mut(place) {
                    Some(known) => known.add(&kept),
                    None => report.uses.push(Use::from(&kept)),
                }
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
    fn add(&mut self, kept: &Kept) {
        self.count += u64::from(kept.count);
        self.first_use |= kept.first_use;
        if kept.last >= self.last {
            self.last = kept.last;
            self.source_ip = kept.source_ip.or(self.source_ip);
        }
    }
}
