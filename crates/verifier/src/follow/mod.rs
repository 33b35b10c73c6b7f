//! Following the store: a state machine. What to ask next goes out, answers come in with the time; nothing here waits or reads a clock.
//!
//! **Why a request that is sent later than one lease L after `revoke` has answered is never `valid`.** Times here are true ones; clock readings
//! only ever bound them.
//!
//! 1. The revocation is committed at c, and its answer given at r ≥ c.
//! 2. A node answers the request by a snapshot that it pinned after reading a clock, after it had read the request: at d ≥ s > r + L.
//! 3. It confirms the answer only while that snapshot's lease runs: by its clock less than 99 % of L, so truly less than L, since the clock reading
//!    t0 of the poll that last renewed it. So t0 > d − L ≥ s − L > r ≥ c.
//! 4. The store read its head in a transaction that began after t0, on the primary ([`Asked`] ties an answer to the t0 of its own poll, so an old
//!    or repeated answer renews no more than it proves). Positions are in the order of commit, so that head is at or behind the revocation.
//! 5. The lease is renewed in the same step that publishes a state with everything up to that head applied, and never by a page that ends before
//!    it, by a snapshot, or by a store that does not show the entries which this node has applied. So the pinned state contains the revocation.
//!
//! With `?wait=all`: a node that has reported the position had published it before it reported, and whatever it pins later contains it. One that
//! is silent had its last t0 before c, or its head would have contained the revocation; so its lease was over before c + L, and the revoker waits
//! for L by a clock of its own that may be fast by 1 %. A node that the store does not list is not waited for, so it may not renew: an answer that says
//! so leads to registration first, and a poll after that began after the row was committed, so after the list was read, so after c.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use keywright_domain::change::{Page, Place, Poll, Report, SnapshotHead};
use keywright_domain::ids::VerifierId;
use keywright_domain::limits;
use keywright_domain::time::{Boot, Span, Timestamp};

use crate::calendar::Calendar;
use crate::lease::{Lease, Refusal};
use crate::replica::{Loading, Replica};
use crate::verifier::{Notes, Snapshot, Verifier};

/// First pause after a failure, in milliseconds; each further one doubles it, up to [`limits::POLL_MS`].
const RETRY_MS: u64 = 25;
/// Rows that are looked at with each poll for what can be cleared away.
const SWEEP_ROWS: u32 = 1_024;
/// Characters that are kept of the reason of a failure.
const REASON_CHARS: usize = 300;
/// What a refusing follower gives as its next moment; nothing will happen then either.
const REFUSED_MS: u64 = 60_000;

/// Keeps a verifier up to date: what to ask next goes out, answers come in with the time.
pub struct Follower {
    verifier: Arc<Verifier>,
    id: Option<VerifierId>,
    registered: bool,
    /// What this node had applied when it last ran.
    known: Option<Place>,
    /// The store was asked whether it contains `known`.
    compared: bool,
    /// None before the first snapshot.
    replica: Option<Replica>,
    /// What `replica` has applied.
    place: Place,
    /// The log no longer reaches back to `place`.
    reload: bool,
    /// When the last poll was asked.
    asked: Option<Boot>,
    pace: Pace,
    failures: u32,
    /// Not before then, after a failure.
    retry: Option<Boot>,
    /// A large step back of the store's clock that nobody has been told of.
    clock_back: Option<Span>,
    /// Nothing is asked any more.
    refused: bool,
    /// States that readers may still have pinned; they are taken apart here and not on a request's way.
    replaced: Vec<Arc<Snapshot>>,
}

/// How soon the next poll follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pace {
    /// After [`limits::POLL_MS`].
    Idle,
    /// After [`limits::POLL_MS_MIN`]: something was committed, or is to be reported.
    Woken,
    /// The last page was full.
    AtOnce,
}

/// What the owner of a [`Follower`] has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Commit this verifier's row (under a new id at a start), then [`Follower::registered`].
    Register {
        /// The id that it had and that the store has forgotten: register it again, or a new one.
        again: Option<VerifierId>,
    },
    /// Read a snapshot: [`Follower::loading`] with its head, each record into [`Loading::add`], then [`Follower::loaded`].
    Snapshot,
    /// Ask the store, then [`Follower::page`].
    Poll(Asked),
    /// Nothing before then, unless [`Follower::woken`].
    Wait {
        /// When to ask again.
        until: Boot,
    },
}

/// A poll with the time at which it was asked. The answer comes back with it, so that an answer extends the lease by its own poll only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    poll: Poll,
    at: Boot,
}

impl Asked {
    /// What to ask.
    #[must_use]
    pub const fn poll(&self) -> &Poll {
        &self.poll
    }
}

/// What an answer says of the store.
enum Store {
    /// It contains what was applied.
    Same,
    /// It no longer has the entry; whether it ever had the same one cannot be seen.
    Trimmed,
    Another(Refusal),
}

fn compare(after: &Place, page: &Page) -> Store {
    let (known, found) = (*after, page.head);
    if found.epoch != known.epoch {
        return Store::Another(Refusal::Restored { known, found });
    }
    if found.position < known.position {
        return Store::Another(Refusal::Rewound { known, found });
    }
    let tag = if found.position == known.position { Some(found.tag) } else { page.tag_after };
    match tag {
        None => Store::Trimmed,
        Some(tag) if tag == known.tag => Store::Same,
        Some(_) => Store::Another(Refusal::Forked { known, found }),
    }
}

impl Follower {
    /// One that keeps `verifier` up to date. `known` is the place that this node had applied when it last ran, from the file beside its data:
    /// a store of the same epoch that does not contain it is refused.
    #[must_use]
    pub fn new(verifier: Arc<Verifier>, known: Option<Place>) -> Self {
        Self {
            verifier,
            id: None,
            registered: false,
            known,
            compared: false,
            replica: None,
            place: Place::default(),
            reload: false,
            asked: None,
            pace: Pace::AtOnce,
            failures: 0,
            retry: None,
            clock_back: None,
            refused: false,
            replaced: Vec::new(),
        }
    }

    /// What to do next. `now` must be read before asking: the lease counts from it.
    pub fn next(&mut self, now: Boot) -> Ask {
        if self.refused {
            return Ask::Wait { until: now.plus_ms(REFUSED_MS) };
        }
        if let Some(until) = self.retry.filter(|until| now < *until) {
            return Ask::Wait { until };
        }
        let Some(id) = self.id.filter(|_| self.registered) else { return Ask::Register { again: self.id } };
        let (after, applied) = match (&self.replica, self.known) {
            (Some(_), _) if !self.reload => (self.place, self.place),
            // The first poll only compares; nothing has been published that could be reported.
            (None, Some(known)) if !self.compared => (known, Place::default()),
            _ => return Ask::Snapshot,
        };
        let pause_ms = match self.pace {
            Pace::Idle => limits::POLL_MS,
            Pace::Woken => limits::POLL_MS_MIN,
            Pace::AtOnce => 0,
        };
        let until = self.asked.map_or(now, |asked| asked.plus_ms(pause_ms));
        if now < until {
            return Ask::Wait { until };
        }
        self.asked = Some(now);
        self.pace = Pace::Idle;
        Ask::Poll(Asked { poll: Poll { after, report: Report { verifier: id, applied } }, at: now })
    }

    /// Something was committed: poll soon. There is at most one poll each [`limits::POLL_MS_MIN`].
    pub fn woken(&mut self) {
        self.pace = self.pace.max(Pace::Woken);
    }

    /// The row is committed.
    pub fn registered(&mut self, id: VerifierId) {
        self.id = Some(id);
        self.registered = true;
        self.pace = Pace::AtOnce;
        self.succeeded(|notes| notes.verifier = Some(id));
    }

    /// An empty replica for the snapshot that begins with `head`. It can be filled on another thread, and be thrown away when reading fails.
    #[must_use]
    pub fn loading(&self, head: &SnapshotHead) -> Loading {
        Loading::new(head, self.verifier.current().view.services.clone(), self.verifier.keyring())
    }

    /// The snapshot is complete. It is published, but only a poll can show that nothing is missing: the lease is not renewed.
    pub fn loaded(&mut self, loading: Loading) {
        let found = loading.place;
        let known = if self.replica.is_some() { Some(self.place) } else { self.known };
        // At a start another epoch is what `restore --accept-rewind` has made; while running, what is in memory belongs to the former one.
        match known {
            Some(known) if known.epoch == found.epoch && found.position < known.position => return self.refuse(Refusal::Rewound { known, found }),
            Some(known) if known.epoch != found.epoch && self.replica.is_some() => return self.refuse(Refusal::Restored { known, found }),
            _ => {}
        }
        self.replica = Some(loading.replica);
        self.place = found;
        self.reload = false;
        self.pace = Pace::AtOnce;
        let current = self.verifier.current();
        // A lease that still runs says that everything before its poll was applied; the snapshot was read after that poll.
        let lease = if matches!(current.lease, Lease::Running { .. }) { current.lease } else { Lease::NotProven };
        self.publish(lease, current.calendar);
        self.succeeded(|notes| notes.head = Some(found.position));
    }

    /// The answer to a poll, at `now`; `wall` is this machine's wall clock then, for the alarm about clocks only.
    pub fn page(&mut self, asked: Asked, page: &Page, now: Boot, wall: Timestamp) {
        if self.refused {
            return;
        }
        let comparing = self.replica.is_none();
        let expected = if comparing { self.known } else { Some(self.place) };
        // The answer to a poll that another answer has overtaken: its rows may be older than what is applied.
        if Some(asked.poll.after) != expected {
            return;
        }
        if !page.registered {
            // Whoever waits for all verifiers does not wait for this one, so it may not go on before it is listed again.
            self.registered = false;
            return;
        }
        match compare(&asked.poll.after, page) {
            Store::Same => {}
            Store::Trimmed => self.reload = true,
            Store::Another(Refusal::Restored { .. }) if comparing => {}
            Store::Another(refusal) => return self.refuse(refusal),
        }
        if comparing {
            self.compared = true;
            self.pace = Pace::AtOnce;
            return self.succeeded(|_| {});
        }
        if self.reload {
            return self.succeeded(|_| {});
        }
        if !(limits::LEASE_MS_MIN..=limits::LEASE_MS_MAX).contains(&page.lease_ms) {
            return self.failed(&format!("the lease in the store is {} ms, which no release allows", page.lease_ms), now);
        }
        self.take(asked, page, now, wall);
    }

    /// Applies a page that continues where this node stands.
    fn take(&mut self, asked: Asked, page: &Page, now: Boot, wall: Timestamp) {
        let current = self.verifier.current();
        let (calendar, back) = current.calendar.next(page.store_now, asked.at, now);
        let Some(replica) = &mut self.replica else { return };
        page.records.iter().for_each(|record| replica.apply(record));
        replica.sweep(SWEEP_ROWS);
        let news = page.upto != self.place;
        self.place = page.upto;
        let complete = page.upto == page.head;
        let lease = if complete { current.lease.renewed(asked.at, page.lease_ms) } else { current.lease };
        if complete && let Some(nonces) = self.verifier.nonces() {
            nonces.born(page.store_now);
        }
        self.publish(lease, calendar);
        let pace = match (complete, news) {
            (false, _) => Pace::AtOnce,
            // What was applied is reported soon: somebody may wait for it.
            (true, true) => Pace::Woken,
            (true, false) => Pace::Idle,
        };
        self.pace = self.pace.max(pace);
        let half_way_us = i64::try_from(now.ns_since(asked.at) / 2_000).unwrap_or(i64::MAX);
        self.clock_back = back.or(self.clock_back);
        self.succeeded(|notes| {
            notes.store_clock_back = back.map(|back| (back, now)).or(notes.store_clock_back);
            notes.head = Some(page.head.position);
            notes.lease_ms = Some(page.lease_ms);
            notes.clock_offset_us = Some(wall.us().saturating_sub(page.store_now.us()).saturating_sub(half_way_us));
        });
    }

    /// By how much the store's clock went back, when that was more than [`limits::CLOCK_ALARM`]: expiry follows it. Each step is given once, for
    /// the log.
    pub fn clock_back(&mut self) -> Option<Span> {
        self.clock_back.take()
    }

    /// What was asked could not be done, for this reason. It is shown in health and 503 bodies, so it must not contain secrets.
    pub fn failed(&mut self, reason: &str, now: Boot) {
        let pause_ms = (RETRY_MS << self.failures.min(10)).min(limits::POLL_MS);
        self.failures = self.failures.saturating_add(1);
        self.retry = Some(now.plus_ms(pause_ms));
        self.pace = Pace::AtOnce;
        self.verifier.notes().last_failure = Some(reason.chars().take(REASON_CHARS).collect());
    }

    /// What has been applied and published; the owner keeps it in the file beside its data. None before the first snapshot.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.replica.as_ref().map(|_| self.place)
    }

    /// This verifier stops: it answers nothing more. To be called before its row is removed from the store, because whoever waits for all
    /// verifiers to have seen a revocation then no longer waits for this one.
    pub fn leave(&mut self) {
        self.refused = true;
        self.end(Lease::NotProven);
    }

    /// The store is not the one that it was: nothing more is asked of it until somebody has decided.
    fn refuse(&mut self, refusal: Refusal) {
        self.refused = true;
        self.end(Lease::Refused(refusal));
    }

    fn end(&mut self, lease: Lease) {
        let current = self.verifier.current();
        let calendar = current.calendar;
        self.replace(Snapshot { view: current.view.clone(), place: current.place, lease, calendar });
    }

    fn publish(&mut self, lease: Lease, calendar: Calendar) {
        let Some(replica) = &self.replica else { return };
        let snapshot = Snapshot { view: replica.view(), place: self.place, lease, calendar };
        self.replace(snapshot);
    }

    fn replace(&mut self, snapshot: Snapshot) {
        self.replaced.push(self.verifier.publish(Arc::new(snapshot)));
        self.replaced.retain(|old| Arc::strong_count(old) > 1);
    }

    fn succeeded(&mut self, note: impl FnOnce(&mut Notes)) {
        self.failures = 0;
        self.retry = None;
        let mut notes = self.verifier.notes();
        notes.last_failure = None;
        note(&mut notes);
    }
}
