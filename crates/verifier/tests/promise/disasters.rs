//! What goes wrong.

use keywright_domain::limits::VERIFIER_REAPED_LEASES;
use keywright_verifier::Stale;

use crate::node::{Link, Node};
use crate::world::{Broken, Event, LEASE, MS, S, World};

impl World {
    /// One disaster, and the time of the next.
    pub(crate) fn disaster(&mut self) {
        let node = self.chance.between(0, self.nodes.len() as u64) as usize;
        let (network, processes, store) = (self.faults.network, self.faults.processes, self.faults.store);
        match self.chance.between(0, 16) {
            0..6 if network => {
                self.nodes[node].link = [Link::Good, Link::Slow, Link::Lossy, Link::Cut][self.chance.between(0, 4) as usize];
            }
            6..9 if processes => {
                let pause = self.chance.delay(4 * S);
                self.nodes[node].paused_until = self.now + pause;
            }
            9 if processes => self.restart(node),
            10 if store => {
                let kept = self.chance.between(0, 6) as usize;
                self.store.trim(kept);
            }
            11 | 12 if store => {
                let length = self.chance.between(100 * MS, 3 * S);
                self.standby_until = self.now + length;
            }
            13 if store => self.standby = self.store.clone(),
            14 if store && self.chance.one_in(4) => self.backup = self.store.clone(),
            15 if store && self.changed_at == 0 && self.chance.one_in(8) => self.put_back(),
            _ => {}
        }
        let pause = self.chance.between(10 * MS, 250 * MS);
        self.after(pause, Event::Disaster);
    }

    /// An older copy of the store is put back, which takes longer than a lease. Somebody accepts it some time later.
    fn put_back(&mut self) {
        let position = self.backup.head().position;
        self.store = self.backup.clone();
        self.standby = self.backup.clone();
        self.changed_at = self.now;
        self.store_down_until = self.now + LEASE + LEASE / 10;
        for revocation in &mut self.revocations {
            revocation.lost |= revocation.position.is_some_and(|p| p > position && p.0 != u64::MAX);
        }
        let pause = self.chance.between(LEASE + LEASE / 10, 3 * LEASE);
        self.accept_pending = true;
        self.after(pause, Event::Accept);
    }

    pub(crate) fn accept(&mut self) {
        self.store.accept(&mut self.chance);
        self.standby = self.store.clone();
        self.backup = self.store.clone();
        self.changed_at = self.now;
        self.accept_pending = false;
    }

    fn restart(&mut self, n: usize) {
        let (life, file) = (self.nodes[n].life + 1, self.nodes[n].file);
        let link = self.nodes[n].link;
        self.nodes[n] = Node::new(&mut self.chance, self.now, life, file, self.faults.clocks);
        self.nodes[n].link = link;
        self.nodes[n].paused_until = self.now + self.chance.delay(S);
        self.after(0, Event::Tick((n, life), 0));
    }

    /// What the store and the people who run it do from time to time.
    pub(crate) fn housekeeping(&mut self) {
        let silent = if self.broken == Some(Broken::ReapsEarly) { LEASE / 3 } else { LEASE * VERIFIER_REAPED_LEASES / 4 };
        self.store.reap(self.now, silent);
        for n in 0..self.nodes.len() {
            let boot = self.nodes[n].boot(self.now);
            let stale = self.nodes[n].verifier.health(boot).stale;
            // The messages say so: accept, then restart every node.
            if !self.accept_pending && matches!(stale, Some(Stale::Rewound { .. } | Stale::Forked { .. } | Stale::Restored { .. })) {
                self.restart(n);
            }
        }
        self.after(200 * MS, Event::Housekeeping);
    }

    /// The faults are over.
    pub(crate) fn heal(&mut self) {
        self.faults.network = false;
        self.faults.processes = false;
        self.faults.store = false;
        self.standby_until = 0;
        for node in &mut self.nodes {
            node.link = Link::Good;
            node.paused_until = node.paused_until.min(self.now);
        }
    }
}
