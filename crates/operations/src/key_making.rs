//! Making RSA keys, which takes a processor for up to some seconds: one at a time, on a thread that others go before, and in an order that is fair
//! between organisations and to small keys.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keywright_crypto::public_key::KeyType;
use keywright_domain::ids::OrganisationId;
use keywright_domain::limits;
use keywright_store::StoreError;
use tokio::sync::oneshot;

/// How much work a key is, in that of an RSA key with 2048 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost(u64);

impl Cost {
    /// None: it is made in less than a millisecond, and waits for nobody.
    pub(crate) const fn of(key_type: KeyType) -> Option<Self> {
        match key_type {
            KeyType::Rsa2048 => Some(Self(1)),
            KeyType::Rsa3072 => Some(Self(4)),
            KeyType::Rsa4096 => Some(Self(10)),
            KeyType::P256 | KeyType::P384 | KeyType::Ed25519 => None,
        }
    }
}

/// Who waits, in the order of weighted fair queueing: each organisation gets the same share of the work, counted in virtual time. So a key goes
/// before what another organisation asked for earlier, if that organisation has had, or wants, more.
struct Queue<T> {
    busy: bool,
    /// Virtual time: where the work that is being done began.
    now: u64,
    /// Until when, in virtual time, the work of each organisation reaches that is done or waits.
    reached: BTreeMap<OrganisationId, u64>,
    waiting: Vec<Waiting<T>>,
}

struct Waiting<T> {
    organisation: OrganisationId,
    start: u64,
    finish: u64,
    turn: T,
}

/// So many of the organisation wait already.
#[derive(Debug, PartialEq, Eq)]
struct Full;

impl<T> Queue<T> {
    const fn new() -> Self {
        Self { busy: false, now: 0, reached: BTreeMap::new(), waiting: Vec::new() }
    }

    /// Lets somebody wait, unless those who wait and are not `gone` are too many.
    fn join(&mut self, organisation: OrganisationId, Cost(cost): Cost, turn: T, gone: impl Fn(&T) -> bool) -> Result<(), Full> {
        self.waiting.retain(|w| !gone(&w.turn));
        if self.waiting.iter().filter(|w| w.organisation == organisation).count() >= limits::KEY_MAKING_WAITING_MAX {
            return Err(Full);
        }
        let start = self.reached.get(&organisation).map_or(self.now, |reached| self.now.max(*reached));
        self.reached.insert(organisation, start + cost);
        self.waiting.push(Waiting { organisation, start, finish: start + cost, turn });
        Ok(())
    }

    /// Whoever is next: whose work ends first in virtual time, and of those the one who came first. None: nobody waits.
    fn next(&mut self, gone: impl Fn(&T) -> bool) -> Option<T> {
        self.waiting.retain(|w| !gone(&w.turn));
        let Some(at) = (0..self.waiting.len()).min_by_key(|at| self.waiting[*at].finish) else {
            *self = Self::new();
            return None;
        };
        let Waiting { start, turn, .. } = self.waiting.remove(at);
        self.busy = true;
        self.now = self.now.max(start);
        let now = self.now;
        self.reached.retain(|_, reached| *reached > now);
        Some(turn)
    }
}

static QUEUE: Mutex<Queue<oneshot::Sender<Turn>>> = Mutex::new(Queue::new());

fn queue() -> MutexGuard<'static, Queue<oneshot::Sender<Turn>>> {
    // Nothing panics between two changes that belong together.
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whoever holds it makes a key; nobody else does meanwhile.
pub(crate) struct Turn;

impl Drop for Turn {
    fn drop(&mut self) {
        hand_on();
    }
}

/// Gives the turn to whoever is next and still waits.
fn hand_on() {
    loop {
        let Some(next) = queue().next(oneshot::Sender::is_closed) else { return };
        match next.send(Turn) {
            Ok(()) => return,
            // It went away just now; dropping the turn would hand it on from in here.
            Err(turn) => std::mem::forget(turn),
        }
    }
}

/// Waits for the turn to make a key of this cost.
///
/// # Errors
/// [`StoreError::Busy`] where too many of the organisation wait already, or after [`limits::KEY_MAKING_WAIT_MS`].
pub(crate) async fn turn(organisation: OrganisationId, cost: Cost) -> Result<Turn, StoreError> {
    let busy = |waited_ms| StoreError::Busy { waited_ms, detail: "many key pairs are being made".to_owned() };
    let (sender, receiver) = oneshot::channel();
    let idle = {
        let mut queue = queue();
        queue.join(organisation, cost, sender, oneshot::Sender::is_closed).map_err(|Full| busy(0))?;
        !std::mem::replace(&mut queue.busy, true)
    };
    if idle {
        hand_on();
    }
    let wait = Duration::from_millis(limits::KEY_MAKING_WAIT_MS);
    match tokio::time::timeout(wait, receiver).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) | Err(_) => Err(busy(limits::KEY_MAKING_WAIT_MS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Cost = Cost(1);
    const LARGE: Cost = Cost(10);

    fn org(bits: u128) -> OrganisationId {
        OrganisationId::from_bits(bits)
    }

    fn all(queue: &mut Queue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.next(|_| false)).collect()
    }

    #[test]
    fn small_keys_do_not_wait_behind_many_large_ones_of_another_organisation() {
        let mut queue = Queue::new();
        for name in ["a1", "a2", "a3"] {
            queue.join(org(1), LARGE, name, |_| false).unwrap();
        }
        assert_eq!(queue.next(|_| false), Some("a1"));
        for name in ["b1", "b2", "b3"] {
            queue.join(org(2), SMALL, name, |_| false).unwrap();
        }
        queue.join(org(3), LARGE, "c1", |_| false).unwrap();
        assert_eq!(all(&mut queue), ["b1", "b2", "b3", "c1", "a2", "a3"]);
    }

    /// Those who ask for a turn at the same time stand in the one queue of the process.
    #[tokio::test]
    async fn sixty_calls_of_one_organisation_hold_up_no_other() {
        let making = turn(org(1), LARGE).await.unwrap();
        let flood: Vec<_> = (0..60).map(|_| tokio::spawn(async { turn(org(1), LARGE).await.map(drop) })).collect();
        tokio::task::yield_now().await;
        let other = tokio::spawn(turn(org(2), SMALL));
        tokio::task::yield_now().await;
        assert!(!other.is_finished(), "one key is made at a time");
        let refused = flood.iter().filter(|call| call.is_finished()).count();
        assert_eq!(refused, 60 - limits::KEY_MAKING_WAITING_MAX, "the others need not wait to hear that they are too many");
        drop(making);
        let others = other.await.unwrap().unwrap();
        assert_eq!(flood.iter().filter(|call| call.is_finished()).count(), refused, "it goes before the flood");
        drop(others);
        for call in flood {
            let _ = call.await.unwrap();
        }
        assert_eq!(turn(org(1), LARGE).await.map(drop), Ok(()), "and the flood does not last");
    }

    #[test]
    fn large_keys_get_their_share_while_small_ones_keep_coming() {
        let mut queue = Queue::new();
        queue.join(org(1), LARGE, "large", |_| false).unwrap();
        for _ in 0..limits::KEY_MAKING_WAITING_MAX {
            queue.join(org(2), SMALL, "small", |_| false).unwrap();
        }
        let before = all(&mut queue).into_iter().position(|name| name == "large");
        assert_eq!(before, Some(9), "ten small ones are as much work as a large one, and of two that end together the first to come is first");
    }

    #[test]
    fn an_organisation_waits_with_so_many_and_who_went_away_does_not_count() {
        let mut queue = Queue::new();
        for _ in 0..limits::KEY_MAKING_WAITING_MAX {
            queue.join(org(1), SMALL, "gone", |_| false).unwrap();
        }
        assert_eq!(queue.join(org(1), SMALL, "here", |_| false), Err(Full));
        assert_eq!(queue.join(org(2), SMALL, "there", |_| false), Ok(()));
        assert_eq!(queue.join(org(1), SMALL, "here", |turn| *turn == "gone"), Ok(()));
        assert_eq!(all(&mut queue), ["there", "here"]);
        assert!(!queue.busy && queue.reached.is_empty());
    }
}
