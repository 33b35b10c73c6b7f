//! The world: true time, the events in it, and what the callers saw.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use keywright_domain::change::{Page, Position, Record, SnapshotHead};
use keywright_domain::ids::VerifierId;
use keywright_domain::promise::Wait;
use keywright_domain::time::Boot;
use keywright_domain::verdict::Code;
use keywright_verifier::{Ask, Asked};

use crate::chance::Chance;
use crate::node::{Clock, Link, Node};
use crate::store::{CREDENTIALS, Contents, LEASE_MS, store_clock};

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const S: u64 = 1_000 * MS;
pub(crate) const LEASE: u64 = LEASE_MS * MS;
/// Faults end here, and the world a little later.
const FAULTS_END: u64 = 9 * S;
const END: u64 = 13 * S;
pub(crate) const NODES: usize = 3;
/// Credentials that are never revoked, to see that nodes answer at all.
pub(crate) const KEPT: usize = 2;

/// What may go wrong.
#[derive(Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) network: bool,
    pub(crate) clocks: bool,
    pub(crate) processes: bool,
    pub(crate) store: bool,
}

impl Faults {
    pub(crate) const ALL: Self = Self { network: true, clocks: true, processes: true, store: true };
    pub(crate) const NONE: Self = Self { network: false, clocks: false, processes: false, store: false };
}

/// A rule that somebody forgot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The lease counts from the answer of a poll, not from its question.
    RenewsFromAnswer,
    /// A page that does not reach the head renews the lease.
    FullPageRenews,
    /// A standby answers polls, though it cannot commit.
    StandbyAnswers,
    /// `wait=all` does not wait for a whole lease.
    WaitTooShort,
    /// Requests are judged by a clock reading that was made a while ago.
    CachedClock,
    /// Rows of verifiers are removed while their leases may run.
    ReapsEarly,
    /// A verifier goes on although the store no longer lists it.
    ForgottenRenews,
}

impl Broken {
    pub(crate) const ALL: [Self; 7] =
        [Self::RenewsFromAnswer, Self::FullPageRenews, Self::StandbyAnswers, Self::WaitTooShort, Self::CachedClock, Self::ReapsEarly, Self::ForgottenRenews];
}

/// What the callers saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) accepted_after_promise: Vec<String>,
    pub(crate) valid: u64,
    pub(crate) revoked: u64,
    pub(crate) stale: u64,
    pub(crate) longest_wait_ms: u64,
    pub(crate) answering_at_the_end: bool,
}

#[derive(Default, Clone)]
pub(crate) struct Revocation {
    pub(crate) position: Option<Position>,
    /// True time at which `revoke` answered.
    pub(crate) answered: Option<u64>,
    /// True time at which `wait=all` answered.
    pub(crate) proved: Option<u64>,
    /// An older copy of the store was put back, and it is not in it.
    pub(crate) lost: bool,
}

#[derive(Clone)]
pub(crate) enum Message {
    Register(VerifierId),
    Snapshot,
    Poll(Asked),
}

#[derive(Clone)]
pub(crate) enum Answer {
    Registered(VerifierId),
    Snapshot(SnapshotHead, Vec<Record>),
    Page(Asked, Box<Page>),
    Failed,
}

/// A node in one of its lives.
pub(crate) type At = (usize, u64);

pub(crate) enum Event {
    Tick(At, u64),
    TimedOut(At, u64),
    AtStore(At, u64, Message),
    AtNode(At, u64, Answer),
    Woken(At),
    Request,
    Arrived { node: usize, credential: usize, sent: u64 },
    Decide { at: At, credential: usize, sent: u64, read: Boot },
    Revoke,
    Commit { credential: usize, revoke: bool },
    Acknowledged { credential: usize },
    Waiting { credential: usize, wait: Wait, clock: Clock },
    Change,
    Disaster,
    Accept,
    Housekeeping,
}

struct Due(u64, u64, Event);
impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

pub(crate) struct World {
    pub(crate) now: u64,
    queue: BinaryHeap<Reverse<Due>>,
    events: u64,
    pub(crate) chance: Chance,
    pub(crate) faults: Faults,
    pub(crate) broken: Option<Broken>,
    pub(crate) store: Contents,
    /// Nobody reaches it before then.
    pub(crate) store_down_until: u64,
    pub(crate) backup: Contents,
    pub(crate) standby: Contents,
    /// Until then some connections lead to the standby.
    pub(crate) standby_until: u64,
    /// When the store last became another one.
    pub(crate) changed_at: u64,
    pub(crate) accept_pending: bool,
    pub(crate) nodes: Vec<Node>,
    pub(crate) revocations: Vec<Revocation>,
    pub(crate) recent: Vec<usize>,
    pub(crate) seen: Seen,
}

impl World {
    pub(crate) fn run(seed: u64, faults: Faults, broken: Option<Broken>) -> Seen {
        let mut chance = Chance::new(seed);
        let store = Contents::new(&mut chance);
        let nodes = (0..NODES).map(|_| Node::new(&mut chance, 1 << 41, 0, None, faults.clocks)).collect();
        let mut world = Self {
            now: 1 << 41,
            queue: BinaryHeap::new(),
            events: 0,
            chance,
            faults,
            broken,
            backup: store.clone(),
            standby: store.clone(),
            store,
            store_down_until: 0,
            standby_until: 0,
            changed_at: 0,
            accept_pending: false,
            nodes,
            revocations: vec![Revocation::default(); CREDENTIALS],
            recent: Vec::new(),
            seen: Seen::default(),
        };
        let begun = world.now;
        for node in 0..NODES {
            world.after(0, Event::Tick((node, 0), 0));
        }
        for first in [Event::Request, Event::Revoke, Event::Change, Event::Disaster, Event::Housekeeping] {
            world.after(0, first);
        }
        while let Some(Reverse(Due(at, _, event))) = world.queue.pop() {
            if at > begun + END {
                break;
            }
            world.now = at;
            if at > begun + FAULTS_END && (world.faults.network || world.faults.store) {
                world.heal();
            }
            world.happen(event);
        }
        world.seen.answering_at_the_end = (0..NODES).all(|n| world.answers_rightly(n));
        world.seen
    }

    pub(crate) fn after(&mut self, ns: u64, event: Event) {
        self.events += 1;
        self.queue.push(Reverse(Due(self.now + ns, self.events, event)));
    }

    fn happen(&mut self, event: Event) {
        if let Some(((node, life), _)) = event.of_node()
            && self.nodes[node].life == life
            && self.nodes[node].paused_until > self.now
        {
            return self.after(self.nodes[node].paused_until - self.now, event);
        }
        match event {
            Event::Tick(at, waiting) | Event::TimedOut(at, waiting) if !self.current(at, waiting) => {}
            Event::Tick((node, _), _) => self.tick(node),
            Event::TimedOut((node, _), _) => {
                let boot = self.nodes[node].boot(self.now);
                self.nodes[node].follower.failed("no answer in time", boot);
                self.tick(node);
            }
            Event::AtStore(at, waiting, message) => self.at_store(at, waiting, message),
            Event::AtNode(at, waiting, answer) if self.nodes[at.0].life == at.1 => self.at_node(at, waiting, answer),
            Event::Woken((node, life)) if self.nodes[node].life == life => {
                self.nodes[node].follower.woken();
                if self.nodes[node].idle {
                    self.tick(node);
                }
            }
            Event::AtNode(..) | Event::Woken(_) => {}
            Event::Request => self.request(),
            Event::Arrived { node, credential, sent } => self.arrived(node, credential, sent),
            Event::Decide { at, credential, sent, read } => self.decide(at, credential, sent, read),
            Event::Revoke => self.revoke(),
            Event::Commit { credential, revoke } => self.commit(credential, revoke),
            Event::Acknowledged { credential } => self.acknowledged(credential),
            Event::Waiting { credential, wait, clock } => self.waiting(credential, wait, clock),
            Event::Change => {
                let (credential, pause) = (self.chance.between(0, CREDENTIALS as u64) as usize, self.chance.between(MS, 300 * MS));
                for _ in 0..self.chance.between(1, 8) {
                    self.commit(credential, false);
                }
                self.after(pause, Event::Change);
            }
            Event::Disaster => self.disaster(),
            Event::Accept => self.accept(),
            Event::Housekeeping => self.housekeeping(),
        }
    }

    fn current(&self, (node, life): At, waiting: u64) -> bool {
        self.nodes[node].life == life && self.nodes[node].waiting == waiting
    }

    /// The node's loop: one thing to ask, or one wait.
    pub(crate) fn tick(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        node.waiting += 1;
        node.idle = false;
        let (at, waiting) = ((n, node.life), node.waiting);
        let message = match node.follower.next(node.clock.read(self.now)) {
            Ask::Wait { until } => {
                node.idle = true;
                let ns = node.clock.true_ns_until(until, self.now).min(S);
                return self.after(ns, Event::Tick(at, waiting));
            }
            Ask::Register { .. } => Message::Register(VerifierId::from_bits(u128::from(self.chance.bits()))),
            Ask::Snapshot => Message::Snapshot,
            Ask::Poll(asked) => Message::Poll(asked),
        };
        let patience = self.chance.between(300 * MS, 900 * MS);
        self.after(patience, Event::TimedOut(at, waiting));
        for delay in self.deliveries(n) {
            self.after(delay, Event::AtStore(at, waiting, message.clone()));
        }
    }

    /// After how long a message arrives: not at all, once, or twice.
    fn deliveries(&mut self, node: usize) -> Vec<u64> {
        let (lost, longest) = match self.nodes[node].link {
            Link::Good => (false, 5 * MS),
            Link::Slow => (false, 2 * S),
            Link::Lossy => (self.chance.one_in(2), 50 * MS),
            Link::Cut => (true, MS),
        };
        let copies = if lost { 0 } else { 1 + u64::from(self.faults.network && self.chance.one_in(8)) };
        (0..copies).map(|_| self.chance.delay(longest)).collect()
    }

    fn at_store(&mut self, at: At, waiting: u64, message: Message) {
        let on_standby = self.now < self.standby_until && self.chance.one_in(2);
        let answer = match message {
            _ if self.now < self.store_down_until => Answer::Failed,
            Message::Poll(asked) if on_standby && self.broken == Some(Broken::StandbyAnswers) => {
                let mut page = self.standby.poll(asked.poll(), self.now);
                page.registered = true;
                Answer::Page(asked, Box::new(page))
            }
            // A heartbeat, a row or a snapshot that must be the primary's cannot be had here.
            _ if on_standby => Answer::Failed,
            Message::Register(id) => {
                self.store.register(id, self.now);
                Answer::Registered(id)
            }
            Message::Snapshot => {
                let (head, records) = self.store.snapshot(self.now);
                Answer::Snapshot(head, records)
            }
            Message::Poll(asked) => Answer::Page(asked, Box::new(self.store.poll(asked.poll(), self.now))),
        };
        for delay in self.deliveries(at.0) {
            self.after(delay, Event::AtNode(at, waiting, answer.clone()));
        }
    }

    fn at_node(&mut self, at: At, waiting: u64, answer: Answer) {
        let expected = self.current(at, waiting);
        let (broken, now) = (self.broken, self.now);
        let node = &mut self.nodes[at.0];
        let boot = node.clock.read(now);
        match answer {
            Answer::Page(mut asked, mut page) => {
                page.registered |= broken == Some(Broken::ForgottenRenews);
                if broken == Some(Broken::FullPageRenews) {
                    page.head = page.upto;
                }
                if broken == Some(Broken::RenewsFromAnswer) && expected {
                    node.follower.woken();
                    if let Ask::Poll(later) = node.follower.next(boot) {
                        asked = later;
                    }
                }
                node.follower.page(asked, &page, boot, store_clock(now));
                node.file = node.follower.place().or(node.file);
            }
            Answer::Registered(id) if expected => node.follower.registered(id),
            Answer::Snapshot(head, records) if expected => {
                let mut loading = node.follower.loading(&head);
                records.iter().for_each(|record| loading.add(record));
                node.follower.loaded(loading);
            }
            Answer::Failed if expected => node.follower.failed("the store is not the primary", boot),
            Answer::Registered(_) | Answer::Snapshot(..) | Answer::Failed => {}
        }
        if expected {
            self.tick(at.0);
        }
    }

    fn answers_rightly(&self, n: usize) -> bool {
        let (node, now) = (&self.nodes[n], self.now);
        let boot = node.boot(now);
        let verdict = |credential| node.verdict(credential, boot, now);
        let ended = |r: &Revocation| !r.lost && r.answered.is_some_and(|answered| now > answered + LEASE);
        let refused = self.revocations.iter().enumerate().filter(|(_, r)| ended(r)).all(|(c, _)| verdict(c) == Some(Code::Revoked));
        verdict(0) == Some(Code::Valid) && refused
    }
}

impl Event {
    /// Whose loop it belongs to, if it is a node's.
    fn of_node(&self) -> Option<(At, u64)> {
        match self {
            Self::Tick(at, w) | Self::TimedOut(at, w) | Self::AtNode(at, w, _) => Some((*at, *w)),
            Self::Woken(at) | Self::Decide { at, .. } => Some((*at, 0)),
            _ => None,
        }
    }
}
