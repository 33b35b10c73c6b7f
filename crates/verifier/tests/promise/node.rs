//! A process that follows the store and answers: its clock, its pauses, its restarts.

use std::sync::Arc;

use keywright_domain::change::Place;
use keywright_domain::time::{Boot, Timestamp};
use keywright_domain::verdict::Code;
use keywright_verifier::{Follower, Verifier, decide};

use crate::chance::Chance;
use crate::holders::{KEYRING, holder};
use crate::store::TOKEN;

/// A clock that counts suspend, as it may be: off by up to 1 %, and begun at any time.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    begun: u64,
    ppm: i64,
}

impl Clock {
    pub(crate) fn new(chance: &mut Chance, now: u64, faults: bool) -> Self {
        let ppm = if faults { *[-10_000, 10_000, 0, chance.between(0, 20_000) as i64 - 10_000].get(chance.between(0, 4) as usize).unwrap() } else { 0 };
        Self { begun: now.saturating_sub(chance.between(0, 1 << 40)), ppm }
    }

    pub(crate) fn read(&self, now: u64) -> Boot {
        let true_ns = (now - self.begun) as i128;
        Boot::from_ns((true_ns + true_ns * i128::from(self.ppm) / 1_000_000) as u64)
    }

    /// True time until this clock shows `until`.
    pub(crate) fn true_ns_until(&self, until: Boot, now: u64) -> u64 {
        let ns = until.ns_since(self.read(now)) as i128;
        (ns * 1_000_000 / i128::from(1_000_000 + self.ppm)) as u64 + 1
    }
}

/// What a link is like for a while.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Good,
    Slow,
    Lossy,
    Cut,
}

pub(crate) struct Node {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) follower: Follower,
    pub(crate) clock: Clock,
    /// Counts restarts; what was meant for an earlier life is dropped.
    pub(crate) life: u64,
    /// Nothing of it happens before then.
    pub(crate) paused_until: u64,
    pub(crate) link: Link,
    /// What it waits for; a later number ends an earlier wait.
    pub(crate) waiting: u64,
    /// It waits for time to pass or a wake-up, and for no answer.
    pub(crate) idle: bool,
    /// The file beside its data.
    pub(crate) file: Option<Place>,
}

impl Node {
    pub(crate) fn new(chance: &mut Chance, now: u64, life: u64, file: Option<Place>, clock_faults: bool) -> Self {
        let verifier = Arc::new(Verifier::new().with_keyring(KEYRING.clone()));
        Self {
            follower: Follower::new(verifier.clone(), file),
            verifier,
            clock: Clock::new(chance, now, clock_faults),
            life,
            paused_until: 0,
            link: Link::Good,
            waiting: 0,
            idle: false,
            file,
        }
    }

    pub(crate) fn boot(&self, now: u64) -> Boot {
        self.clock.read(now)
    }

    /// The verdict on what this credential's holder sends, for a request whose clock reading was `read` and whose answer leaves at true time `answered`.
    /// None: 503.
    pub(crate) fn verdict(&self, credential: usize, read: Boot, answered: u64) -> Option<Code> {
        let reading = self.verifier.read();
        reading.fresh_at(read).ok()?;
        let calendar: Timestamp = reading.calendar(read);
        let asker = reading.asker(TOKEN, calendar).expect("a loaded replica knows the token");
        let decided = holder(credential).asked(|question| decide(&reading, &asker, question, calendar, read));
        let verdict = decided.expect("the question stays within the asker's service").done()?;
        reading.confirm(verdict, self.boot(answered)).ok().map(|fresh| fresh.answer().code)
    }
}
