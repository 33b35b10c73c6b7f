//! The promise about revocation, tested by breaking the world around it.
//!
//! A world is a store, a few nodes with real followers and verifiers, and people who send requests all the time and revoke credentials. A seed
//! determines everything that goes wrong: lost, late and repeated messages, paused and restarted processes, clocks that are off by up to 1 %, trimmed
//! logs, standbys, stores that are put back. What is checked is what the callers see.

#![allow(clippy::unwrap_used)]

mod callers;
mod chance;
mod disasters;
mod holders;
mod node;
mod store;
mod world;

use world::{Broken, Faults, World};

const SEEDS: u64 = 2_000;

#[test]
fn nothing_that_was_revoked_is_accepted_a_lease_later() {
    let play = |seeds: std::ops::Range<u64>| {
        let mut valid = 0;
        for seed in seeds {
            let seen = World::run(seed, Faults::ALL, None);
            assert!(seen.accepted_after_promise.is_empty(), "{:?}: reproduce with seed {seed}", seen.accepted_after_promise);
            valid += seen.valid;
        }
        valid
    };
    let valid: u64 = std::thread::scope(|scope| {
        let halves = [0..SEEDS / 2, SEEDS / 2..SEEDS].map(|seeds| scope.spawn(move || play(seeds)));
        halves.map(|half| half.join().unwrap()).iter().sum()
    });
    assert!(valid > SEEDS * 50, "the nodes answered so seldom ({valid} times) that nothing is shown");
}

#[test]
fn without_faults_everybody_is_answered_and_a_wait_is_short() {
    for seed in 0..50 {
        let seen = World::run(seed, Faults::NONE, None);
        assert_eq!((seen.accepted_after_promise.len(), seen.stale), (0, 0), "seed {seed}");
        assert!(seen.valid > 100 && seen.revoked > 100, "seed {seed}: {} {}", seen.valid, seen.revoked);
        assert!(seen.longest_wait_ms < 600, "seed {seed}: a wait for reports took {} ms", seen.longest_wait_ms);
    }
}

#[test]
fn once_the_faults_are_over_every_node_answers_again() {
    for seed in 0..400 {
        let seen = World::run(seed, Faults::ALL, None);
        assert!(seen.answering_at_the_end, "seed {seed}");
    }
}

/// Each of the rules is needed: without it, some seed shows a revoked credential accepted.
#[test]
fn each_broken_rule_is_found() {
    for broken in Broken::ALL {
        let found = (0..SEEDS).find(|seed| !World::run(*seed, Faults::ALL, Some(broken)).accepted_after_promise.is_empty());
        assert!(found.is_some(), "{broken:?} was not noticed in {SEEDS} worlds");
    }
}
