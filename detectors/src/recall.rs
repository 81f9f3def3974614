//! Words of short cells, remembered: the columns of a table that hold words hold a few of them again
//! and again, and a rule's answer depends on its cell alone.
//!
//! A slot belongs to the last word that hashed to it.

use std::ops::Range;

use crate::bytes;
use crate::window::Candidate;

/// The longest cell that is remembered: shorter than any window, which shows all of it.
const CELL_BYTES: usize = 32;

/// A power of two, so that a hash is cut by its low bits.
const SLOTS: usize = 512;

/// What is known. Nothing is allocated before there is something.
#[derive(Default)]
pub(crate) struct Recall {
    slots: Vec<Slot>,
}

/// What the rule said of the word at `at`. Offsets are into the cell.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    /// Where to look for the next word.
    pub(crate) next: usize,
    pub(crate) candidate: Option<Candidate>,
}

#[derive(Clone, Copy)]
struct Slot {
    cell: [u8; CELL_BYTES],
    len: u8,
    at: u8,
    answer: Answer,
}

/// A word of a cell, which may be remembered.
pub(crate) struct Word<'t> {
    cell: &'t [u8],
    at: u8,
}

impl<'t> Word<'t> {
    /// The word at `at` of a text, if its cell is short enough.
    #[inline]
    pub(crate) fn of(text: &'t [u8], cell: &Range<usize>, at: usize) -> Option<Self> {
        let bytes = text.get(cell.clone()).filter(|bytes| bytes.len() <= CELL_BYTES)?;
        Some(Self { cell: bytes, at: u8::try_from(at.checked_sub(cell.start)?).ok()? })
    }

    /// The cell's first and last eight bytes, its length and the word's place, mixed.
    #[inline]
    fn slot(&self) -> usize {
        let last = self.cell.get(self.cell.len().saturating_sub(8)..).unwrap_or_default();
        let (first, last) = (bytes::first_eight(self.cell), bytes::first_eight(last));
        let places = (self.cell.len() << 8 | usize::from(self.at)) as u64;
        let mixed =
            (first ^ last.rotate_left(23) ^ places << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mixed >> 40).unwrap_or_default() % SLOTS
    }
}

impl Recall {
    #[inline]
    pub(crate) fn answer(&self, word: &Word<'_>) -> Option<&Answer> {
        let slot = self.slots.get(word.slot())?;
        let same = slot.at == word.at && slot.cell.get(..usize::from(slot.len)) == Some(word.cell);
        same.then_some(&slot.answer)
    }

    pub(crate) fn keep(&mut self, word: &Word<'_>, answer: Answer) {
        if self.slots.is_empty() {
            // No word stands at the end of an empty cell.
            let answer = Answer { next: 0, candidate: None };
            let empty = Slot { cell: [0; CELL_BYTES], len: 0, at: u8::MAX, answer };
            self.slots = vec![empty; SLOTS];
        }
        let Some(slot) = self.slots.get_mut(word.slot()) else { return };
        let Some(room) = slot.cell.get_mut(..word.cell.len()) else { return };
        room.copy_from_slice(word.cell);
        slot.len = u8::try_from(word.cell.len()).unwrap_or_default();
        (slot.at, slot.answer) = (word.at, answer);
    }
}

impl Answer {
    /// The candidate in a text in which the cell begins at `start`.
    pub(crate) fn candidate_at(&self, start: usize) -> Option<Candidate> {
        let moved =
            |it: Candidate| Candidate { start: it.start + start, end: it.end + start, ..it };
        self.candidate.map(moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_remembered_by_its_cell_and_its_place_in_it() {
        let mut recall = Recall::default();
        let text = b"Ada Abara\0Ada Abarb\0";
        let word = |cell: Range<usize>, at| Word::of(text, &cell, at).unwrap();
        assert!(recall.answer(&word(0..9, 0)).is_none());
        recall.keep(&word(0..9, 0), Answer { next: 9, candidate: None });
        assert_eq!(recall.answer(&word(0..9, 0)).map(|it| it.next), Some(9));
        assert!(recall.answer(&word(0..9, 4)).is_none());
        assert!(recall.answer(&word(10..19, 10)).is_none());
        assert!(Word::of(&[b'a'; 40], &(0..40), 0).is_none());
    }
}
