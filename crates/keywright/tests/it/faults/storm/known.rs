//! What the story knows of each key: what was acknowledged, and what was tried and never answered.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Instant;

use keywright_crypto::random;

/// All keys that were acknowledged.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<String, Key>>);

/// One credential.
#[derive(Debug, Clone, Default)]
pub(super) struct Key {
    /// Secrets by version, and whether the version was retired by an acknowledged rotation.
    versions: BTreeMap<u64, (String, bool)>,
    /// When a revocation of it was acknowledged.
    revoked: Option<Instant>,
    /// What was asked for and has not been answered: it may or may not have happened.
    limbo: Option<Op>,
    /// Somebody works on it.
    claimed: bool,
}

/// The secrets of one key, and the codes that they may have together.
pub(super) struct Expected {
    pub(super) id: String,
    pub(super) secrets: Vec<String>,
    pub(super) codes: Vec<Vec<&'static str>>,
}

/// What may be done to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// Every older version is retired.
    Immediate,
    /// The older version works on: an overlap, or a pending version.
    Overlap,
    Revoke,
}

impl Op {
    pub(super) fn of(word: &str) -> Self {
        match word {
            "immediate" => Self::Immediate,
            "overlap" | "on_first_use" => Self::Overlap,
            "revoke" => Self::Revoke,
            other => panic!("no operation {other:?}"),
        }
    }
}

impl Key {
    fn after(&self, op: Op) -> Self {
        let mut after = self.clone();
        match op {
            Op::Immediate => after.versions.values_mut().for_each(|(_, retired)| *retired = true),
            Op::Overlap => {}
            Op::Revoke => after.revoked = Some(Instant::now()),
        }
        after
    }

    fn codes(&self) -> Vec<&'static str> {
        let code = |retired: bool| match (retired, self.revoked) {
            (true, _) => "retired_version",
            (false, Some(_)) => "revoked",
            (false, None) => "valid",
        };
        self.versions.values().map(|(_, retired)| code(*retired)).collect()
    }
}

impl Known {
    fn with<T>(&self, id: &str, change: impl FnOnce(&mut Key) -> T) -> T {
        change(self.0.lock().unwrap().entry(id.to_owned()).or_default())
    }

    /// Something is about to be asked for.
    pub(super) fn tried(&self, op: Op, id: &str) {
        self.with(id, |key| key.limbo = Some(op));
    }

    /// It was refused, and nothing of it may have happened.
    pub(super) fn refused(&self, id: &str) {
        self.with(id, |key| key.limbo = None);
    }

    /// A creation was acknowledged; `claimed`: who made it goes on working on it.
    pub(super) fn created(&self, id: &str, secret: &str, claimed: bool) {
        let versions = BTreeMap::from([(1, (secret.to_owned(), false))]);
        self.with(id, |key| *key = Key { versions, claimed, ..Key::default() });
    }

    /// A rotation was acknowledged.
    pub(super) fn rotated(&self, op: Op, id: &str, secret: &str, version: u64) {
        self.with(id, |key| {
            *key = Key { limbo: None, ..key.after(op) };
            key.versions.insert(version, (secret.to_owned(), false));
        });
    }

    /// A revocation was acknowledged.
    pub(super) fn revoked(&self, id: &str) {
        self.with(id, |key| *key = Key { limbo: None, ..key.after(Op::Revoke) });
    }

    /// Nobody works on this one any more.
    pub(super) fn released(&self, id: &str) {
        self.with(id, |key| key.claimed = false);
    }

    /// A key on which nobody works, and which is the caller's now.
    pub(super) fn claim(&self, op: Op) -> Option<String> {
        let mut all = self.0.lock().unwrap();
        let free = |k: &Key| !k.claimed && k.revoked.is_none() && k.limbo.is_none();
        let mut live: Vec<(&String, &mut Key)> = all.iter_mut().filter(|(_, k)| free(k)).collect();
        let chosen = below(live.len().max(1));
        let (id, key) = live.get_mut(chosen)?;
        (key.claimed, key.limbo) = (true, Some(op));
        Some(id.to_string())
    }

    /// What each key's secrets may be answered with.
    pub(super) fn expected(&self) -> Vec<Expected> {
        let all = self.0.lock().unwrap();
        let expected = |(id, key): (&String, &Key)| {
            let codes = [Some(key.codes()), key.limbo.map(|op| key.after(op).codes())];
            Expected {
                id: id.clone(),
                secrets: key.versions.values().map(|(secret, _)| secret.clone()).collect(),
                codes: codes.into_iter().flatten().collect(),
            }
        };
        all.iter().map(expected).collect()
    }

    /// What was found tells what became of what was in limbo. Nobody works on anything.
    pub(super) fn settle(&self, id: &str, found: &[&str]) {
        self.with(id, |key| {
            if let Some(op) = key.limbo.take()
                && key.codes() != found
            {
                *key = key.after(op);
            }
            key.claimed = false;
        });
    }

    /// The secret of a key whose revocation was acknowledged at least so long ago, if there is one.
    pub(super) fn long_revoked(&self, age: std::time::Duration) -> Option<String> {
        let all = self.0.lock().unwrap();
        let old: Vec<&Key> = all.values().filter(|k| k.revoked.is_some_and(|at| at.elapsed() > age)).collect();
        old.get(below(old.len().max(1))).map(|key| key.versions.values().next_back().unwrap().0.clone())
    }

    /// How many keys there are, and how many of them are revoked.
    pub(super) fn counts(&self) -> (usize, usize) {
        let all = self.0.lock().unwrap();
        (all.len(), all.values().filter(|k| k.revoked.is_some()).count())
    }
}

/// A random number below `limit`.
pub(super) fn below(limit: usize) -> usize {
    usize::try_from(u64::from_be_bytes(random::bytes().unwrap()) % limit as u64).unwrap()
}
