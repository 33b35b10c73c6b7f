//! The 8 bytes that each rate limit needs, beside the copied-on-write rows: they are written by readers, and all states share them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

const WIDTH: usize = 1_024;

type Piece = Arc<OnceLock<Box<[AtomicU64]>>>;

/// One number for each row. Room is taken in pieces, when the first credential of a piece is limited.
#[derive(Clone, Default)]
pub(crate) struct RateStates {
    pieces: Arc<Vec<Piece>>,
}

impl RateStates {
    /// The state of a slot; none beyond what [`reset`](Self::reset) has prepared.
    pub(crate) fn get(&self, slot: u32) -> Option<&AtomicU64> {
        let piece = self.pieces.get(slot as usize / WIDTH)?;
        piece.get_or_init(|| (0..WIDTH).map(|_| AtomicU64::new(0)).collect()).get(slot as usize % WIDTH)
    }

    /// Prepares a slot for another credential.
    pub(crate) fn reset(&mut self, slot: u32) {
        let at = slot as usize / WIDTH;
        if at >= self.pieces.len() {
            Arc::make_mut(&mut self.pieces).resize_with(at + 1, Piece::default);
        } else if let Some(state) = self.pieces[at].get().and_then(|piece| piece.get(slot as usize % WIDTH)) {
            state.store(0, Ordering::Relaxed);
        }
    }
}
