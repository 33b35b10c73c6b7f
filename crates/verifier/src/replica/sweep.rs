//! Clearing away, a few rows at a time, what readers no longer find anyway: credentials of deleted applications. Deleting an application so costs a
//! fixed time, however many credentials it had.
//!
//! Nothing is cleared away because of the time: what ended long ago goes when the store has forgotten it and says so. A clock that was wrong for a
//! moment would otherwise take away what still lives.

use super::Replica;

/// Where the round is, and what it may free at its end.
#[derive(Default)]
pub(super) struct Sweep {
    cursor: u32,
    /// Slots of applications that went during this round; rows before the cursor may still point to them.
    gone_now: Vec<u32>,
    /// Slots of applications that went before this round began: at its end nothing points to them.
    gone_before: Vec<u32>,
}

impl Sweep {
    pub(super) fn application_gone(&mut self, slot: u32) {
        self.gone_now.push(slot);
    }
}

impl Replica {
    /// Looks at the next `rows` rows.
    pub(crate) fn sweep(&mut self, rows: u32) {
        let slots = self.rows.table().slots();
        let end = self.sweep.cursor.saturating_add(rows).min(slots);
        for slot in self.sweep.cursor..end {
            let Some(row) = self.rows.get(slot).filter(|row| row.used() && row.home == slot) else { continue };
            if self.applications.get(row.application).is_some_and(|a| a.deleted()) {
                self.remove_credential(row.credential());
            }
        }
        self.sweep.cursor = end;
        if end == slots {
            self.sweep.cursor = 0;
            let over = std::mem::replace(&mut self.sweep.gone_before, std::mem::take(&mut self.sweep.gone_now));
            over.into_iter().for_each(|slot| self.applications.remove(slot));
        }
    }
}
