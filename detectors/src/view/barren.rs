//! Runs that hold nothing, remembered: the paths of URLs and the names of systems come again and
//! again, and each would be read at every alignment.
//!
//! What a run holds depends on its own bytes alone, as long as no line end wraps it. A slot belongs
//! to the last run that hashed to it.

use crate::bytes;

/// The longest run that is remembered.
const RUN_BYTES: usize = 48;

/// A power of two, so that a hash is cut by its low bits.
const SLOTS: usize = 512;

pub(super) struct Barren {
    slots: Box<[Slot]>,
}

#[derive(Clone, Copy)]
struct Slot {
    run: [u8; RUN_BYTES],
    len: u8,
}

impl Default for Barren {
    fn default() -> Self {
        Self { slots: vec![Slot { run: [0; RUN_BYTES], len: 0 }; SLOTS].into_boxed_slice() }
    }
}

impl Barren {
    #[inline]
    pub(super) fn has(&self, run: &[u8]) -> bool {
        let slot = self.slots.get(slot_of(run));
        slot.is_some_and(|slot| slot.len > 0 && slot.run.get(..usize::from(slot.len)) == Some(run))
    }

    pub(super) fn insert(&mut self, run: &[u8]) {
        let Some(slot) = self.slots.get_mut(slot_of(run)) else { return };
        let Some(room) = slot.run.get_mut(..run.len()) else { return };
        room.copy_from_slice(run);
        slot.len = u8::try_from(run.len()).unwrap_or(0);
    }
}

/// The first and the last eight bytes and the length, mixed.
#[inline]
fn slot_of(run: &[u8]) -> usize {
    let first = bytes::first_eight(run);
    let last = bytes::first_eight(run.get(run.len().saturating_sub(8)..).unwrap_or_default());
    let mixed =
        (first ^ last.rotate_left(23) ^ run.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 40).unwrap_or_default() % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_remembered_whole_until_another_takes_its_place() {
        let mut barren = Barren::default();
        barren.insert(b"org/CodeSystem/v2");
        assert!(barren.has(b"org/CodeSystem/v2"));
        assert!(!barren.has(b"org/CodeSystem/v3") && !barren.has(b"org/CodeSystem/v"));
        assert!(!barren.has(b""), "no run is empty");
        barren.insert(&[b'a'; RUN_BYTES + 1]);
        assert!(!barren.has(&[b'a'; RUN_BYTES + 1]));
    }
}
