//! Counting statements, so that it can be seen what a page costs.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// By which door a statement came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Finding out who is asking.
    Gate,
    /// An organisation's queries.
    Scope,
    /// An operator's queries.
    Operator,
    /// Housekeeping.
    System,
    /// Writes, with what they read.
    Write,
    /// The installation itself: catalogue, change log, health.
    Installation,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Gate, Self::Scope, Self::Operator, Self::System, Self::Write, Self::Installation];

    /// As metrics name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Scope => "scope",
            Self::Operator => "operator",
            Self::System => "system",
            Self::Write => "write",
            Self::Installation => "installation",
        }
    }
}

/// Statements that were run since the start, by door.
#[derive(Debug, Default)]
pub struct Statements([AtomicU64; 6]);

impl Statements {
    pub(crate) fn add(&self, door: Door, count: u64) {
        self.0[door as usize].fetch_add(count, Relaxed);
    }

    /// Those of one door.
    #[must_use]
    pub fn of(&self, door: Door) -> u64 {
        self.0[door as usize].load(Relaxed)
    }
}
