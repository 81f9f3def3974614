//! Cells remembered: the columns of a table that hold words or small numbers hold a few of them again
//! and again, and what is found in a cell depends on it alone.
//!
//! A slot belongs to the last cell that hashed to it.

use crate::Identifier;
use crate::bytes;
use crate::finding::{Cover, Finding};

/// The longest cell that is remembered: shorter than any window, which shows all of it.
const CELL_BYTES: usize = 32;

/// The longest that begins with no letter: longer numbers seldom come again.
const NUMBER_BYTES: usize = 4;

/// So many findings of a cell are remembered, or none of it is.
const FINDINGS: usize = 2;

/// A power of two, so that a hash is cut by its low bits.
const SLOTS: usize = 1024;

/// What is known. Nothing is allocated before there is something.
#[derive(Default)]
pub(crate) struct Recall {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    cell: [u8; CELL_BYTES],
    /// 0 where there is none: no empty cell is remembered.
    len: u8,
    versions: bool,
    findings: [Option<Known>; FINDINGS],
}

/// A finding in a short cell.
#[derive(Clone, Copy)]
struct Known {
    identifier: Identifier,
    start: u8,
    end: u8,
    score: u8,
    why: &'static str,
    cover: Cover,
}

/// So many digits alone in a cell are nobody's: a ZIP code has five, and needs an address.
const LONE_DIGITS: usize = 7;

/// What is to be expected of a cell before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prospect {
    /// It holds nothing.
    Nothing,
    /// It may be remembered.
    Short,
    Unknown,
}

impl Prospect {
    #[inline]
    pub(crate) fn of(cell: &[u8]) -> Self {
        match cell.first() {
            None => Self::Nothing,
            Some(first) if first.is_ascii_alphabetic() && cell.len() <= CELL_BYTES => Self::Short,
            Some(b'0'..=b'9') if cell.len() <= LONE_DIGITS && is_number(cell) => Self::Nothing,
            Some(_) if cell.len() <= NUMBER_BYTES => Self::Short,
            Some(_) => Self::Unknown,
        }
    }
}

/// Whether a cell that begins with a digit is a number and nothing else, with a fraction or without,
/// as ids, counts and results are: no rule finds anything in so few digits alone.
#[inline]
fn is_number(cell: &[u8]) -> bool {
    let whole = bytes::digits(cell);
    let (point, fraction) = cell.split_at_checked(whole).and_then(|it| it.1.split_first()).unzip();
    match (point, fraction) {
        (None, _) => true,
        (Some(b'.'), Some(fraction)) => {
            !fraction.is_empty() && bytes::digits(fraction) == fraction.len()
        }
        _ => false,
    }
}

impl Recall {
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
    }

    /// What is found in a cell, if that is known.
    #[inline]
    pub(crate) fn findings(
        &self,
        cell: &[u8],
        versions: bool,
    ) -> Option<impl Iterator<Item = Finding>> {
        let slot = self.slots.get(slot_of(cell))?;
        let same = slot.cell.get(..usize::from(slot.len)) == Some(cell);
        (same && slot.versions == versions && slot.len > 0)
            .then(|| slot.findings.iter().map_while(|known| known.as_ref().map(Known::finding)))
    }

    /// Remembers what was found in a cell.
    pub(crate) fn keep<'f>(
        &mut self,
        cell: &[u8],
        versions: bool,
        mut found: impl Iterator<Item = &'f Finding>,
    ) {
        if self.slots.is_empty() {
            let empty =
                Slot { cell: [0; CELL_BYTES], len: 0, versions: false, findings: [None; FINDINGS] };
            self.slots = vec![empty; SLOTS];
        }
        let Some(slot) = self.slots.get_mut(slot_of(cell)) else { return };
        let Some(room) = slot.cell.get_mut(..cell.len()) else { return };
        room.copy_from_slice(cell);
        slot.versions = versions;
        slot.findings = std::array::from_fn(|_| found.next().and_then(Known::new));
        slot.len = if found.next().is_none() { u8::try_from(cell.len()).unwrap_or(0) } else { 0 };
    }
}

impl Known {
    fn new(found: &Finding) -> Option<Self> {
        let Finding { identifier, score, why, cover, .. } = *found;
        let (start, end) = (u8::try_from(found.start).ok()?, u8::try_from(found.end).ok()?);
        Some(Self { identifier, start, end, score, why, cover })
    }

    fn finding(&self) -> Finding {
        let Self { identifier, start, end, score, why, cover } = *self;
        Finding { identifier, start: start.into(), end: end.into(), score, why, cover }
    }
}

/// The cell's first and last eight bytes and its length, mixed.
#[inline]
fn slot_of(cell: &[u8]) -> usize {
    let last = cell.get(cell.len().saturating_sub(8)..).unwrap_or_default();
    let (first, last) = (bytes::first_eight(cell), bytes::first_eight(last));
    let mixed = (first ^ last.rotate_left(23) ^ (cell.len() as u64) << 48)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 40).unwrap_or_default() % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(start: u32) -> Finding {
        let (identifier, cover) = (Identifier::Name, Cover::Whole);
        Finding { identifier, start, end: start + 3, score: 50, why: "test", cover }
    }

    #[test]
    fn a_cell_is_remembered_with_what_was_found_in_it() {
        let mut recall = Recall::default();
        let known = |recall: &Recall, cell: &[u8], versions| {
            recall.findings(cell, versions).map(Iterator::collect::<Vec<_>>)
        };
        assert_eq!(known(&recall, b"Ada Abara", false), None);
        recall.keep(b"Ada Abara", false, [finding(0), finding(4)].iter());
        assert_eq!(known(&recall, b"Ada Abara", false), Some(vec![finding(0), finding(4)]));
        assert_eq!(known(&recall, b"Ada Abarb", false), None);
        assert_eq!(known(&recall, b"Ada Abara", true), None);
        recall.keep(b"Boston", false, [].iter());
        assert_eq!(known(&recall, b"Boston", false), Some(vec![]));
        recall.clear();
        assert_eq!(known(&recall, b"Boston", false), None);
    }

    #[test]
    fn a_cell_with_many_findings_is_not_remembered() {
        let mut recall = Recall::default();
        recall.keep(b"a b c", false, [finding(0), finding(4), finding(8)].iter());
        assert!(recall.findings(b"a b c", false).is_none());
        assert!(recall.findings(b"", false).is_none());
    }

    #[test]
    fn words_are_worth_remembering_and_numbers_of_a_few_digits_hold_nothing() {
        for (cell, prospect) in [
            (&b"Boston"[..], Prospect::Short),
            (&[b'a'; CELL_BYTES], Prospect::Short),
            (&[b'a'; CELL_BYTES + 1], Prospect::Unknown),
            (b"-1.5", Prospect::Short),
            (b"1/5", Prospect::Short),
            (b"", Prospect::Nothing),
            (b"7", Prospect::Nothing),
            (b"02115", Prospect::Nothing),
            (b"1234567", Prospect::Nothing),
            (b"120.5", Prospect::Nothing),
            (b"12345678", Prospect::Unknown),
            (b"12345.", Prospect::Unknown),
            (b"1.2.345", Prospect::Unknown),
            (b"12 3456", Prospect::Unknown),
        ] {
            assert_eq!(Prospect::of(cell), prospect, "{}", String::from_utf8_lossy(cell));
        }
    }
}
