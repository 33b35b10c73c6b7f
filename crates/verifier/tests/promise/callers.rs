//! People: who sends requests, and who revokes.

use keywright_domain::change::Position;
use keywright_domain::promise::Wait;
use keywright_domain::time::Boot;
use keywright_domain::verdict::Code;

use crate::node::{Clock, Link};
use crate::store::{CREDENTIALS, LEASE_MS};
use crate::world::{At, Broken, Event, KEPT, LEASE, MS, NODES, S, World};

impl World {
    pub(crate) fn request(&mut self) {
        let node = self.chance.between(0, NODES as u64) as usize;
        let last = self.recent.len().saturating_sub(3);
        let credential = match self.recent.get(last..).filter(|recent| !recent.is_empty() && self.chance.one_in(2)) {
            Some(recent) => recent[self.chance.between(0, recent.len() as u64) as usize],
            None => self.chance.between(0, CREDENTIALS as u64) as usize,
        };
        let (pause, delay) = (self.chance.between(MS, 25 * MS), self.chance.delay(100 * MS));
        self.after(delay, Event::Arrived { node, credential, sent: self.now });
        self.after(pause, Event::Request);
    }

    /// The process has read the request, and now reads its clock.
    pub(crate) fn arrived(&mut self, n: usize, credential: usize, sent: u64) {
        if self.nodes[n].paused_until > self.now {
            return self.after(self.nodes[n].paused_until - self.now, Event::Arrived { node: n, credential, sent });
        }
        let pause = self.chance.delay(400 * MS);
        let age = self.clock_age();
        let read = self.nodes[n].boot(self.now - age);
        self.after(pause, Event::Decide { at: (n, self.nodes[n].life), credential, sent, read });
    }

    pub(crate) fn decide(&mut self, (n, life): At, credential: usize, sent: u64, read: Boot) {
        if self.nodes[n].life != life {
            return;
        }
        let answered = self.now + self.chance.delay(100 * MS) - self.clock_age();
        match self.nodes[n].verdict(credential, read, answered) {
            Some(Code::Valid) => self.accepted(n, credential, sent),
            Some(Code::Revoked) => self.seen.revoked += 1,
            Some(code) => panic!("{code:?}"),
            None => self.seen.stale += u64::from(self.now > (1 << 41) + S),
        }
    }

    fn clock_age(&mut self) -> u64 {
        if self.broken == Some(Broken::CachedClock) { self.chance.between(0, 800 * MS) } else { 0 }
    }

    /// What the promise forbids.
    fn accepted(&mut self, n: usize, credential: usize, sent: u64) {
        self.seen.valid += 1;
        let revocation = &self.revocations[credential];
        let place = self.nodes[n].follower.place().unwrap_or_default();
        let mut found = |what: &str| self.seen.accepted_after_promise.push(format!("node {n}, credential {credential}, sent at {sent}: {what}"));
        if !revocation.lost && revocation.answered.is_some_and(|answered| sent > answered + LEASE) {
            found("more than a lease after revoke answered");
        }
        if !revocation.lost && revocation.proved.is_some_and(|proved| sent > proved) {
            found("after wait=all answered");
        }
        if sent > self.changed_at + LEASE && !self.store.contains(&place) {
            found("by a node that knows another store, and nobody accepted it");
        }
    }

    pub(crate) fn revoke(&mut self) {
        let first = self.chance.between(0, CREDENTIALS as u64) as usize;
        let credential = (0..CREDENTIALS).map(|n| (first + n) % CREDENTIALS).find(|c| *c >= KEPT && self.revocations[*c].position.is_none());
        let (late, pause) = (self.chance.delay(300 * MS), self.chance.between(50 * MS, 1_200 * MS));
        if let Some(credential) = credential.filter(|_| self.now >= self.store_down_until) {
            self.revocations[credential].position = Some(Position(u64::MAX));
            self.after(late, Event::Commit { credential, revoke: true });
        }
        self.after(pause, Event::Revoke);
    }

    pub(crate) fn commit(&mut self, credential: usize, revoke: bool) {
        if self.now < self.store_down_until {
            let pause = self.store_down_until - self.now;
            return self.after(pause, Event::Commit { credential, revoke });
        }
        let position = self.store.commit(credential, revoke, &mut self.chance);
        if revoke {
            self.revocations[credential].position = Some(position);
            let delay = self.chance.delay(200 * MS);
            self.after(delay, Event::Acknowledged { credential });
        }
        for n in 0..NODES {
            if self.nodes[n].link == Link::Good {
                let delay = self.chance.delay(5 * MS);
                self.after(delay, Event::Woken((n, self.nodes[n].life)));
            }
        }
    }

    pub(crate) fn acknowledged(&mut self, credential: usize) {
        if self.revocations[credential].lost {
            return;
        }
        self.revocations[credential].answered = Some(self.now);
        self.recent.push(credential);
        let clock = Clock::new(&mut self.chance, self.now, self.faults.clocks);
        let lease_ms = if self.broken == Some(Broken::WaitTooShort) { LEASE_MS / 4 } else { LEASE_MS };
        let position = self.revocations[credential].position.unwrap();
        let wait = Wait::new(self.store.epoch, position, clock.read(self.now), lease_ms);
        self.after(0, Event::Waiting { credential, wait, clock });
    }

    /// The revoker looks at what the verifiers have reported.
    pub(crate) fn waiting(&mut self, credential: usize, wait: Wait, clock: Clock) {
        let reachable = self.now >= self.store_down_until;
        if self.revocations[credential].lost {
            return;
        }
        match wait.outcome(clock.read(self.now), &self.store.reported()).filter(|_| reachable) {
            Some(_) => {
                self.revocations[credential].proved = Some(self.now);
                let waited = self.now - self.revocations[credential].answered.unwrap();
                self.seen.longest_wait_ms = self.seen.longest_wait_ms.max(waited / MS);
            }
            None => self.after(10 * MS, Event::Waiting { credential, wait, clock }),
        }
    }
}
