//! Cells gathered for one scan.

use std::ops::Range;

use crate::class::Class;
use crate::recall::Prospect;
use crate::walk::{self, Walk};
use crate::window::Manner;

/// Stands between cells. No anchor holds it and no rule sees past it, so it may stand in a cell,
/// too.
const SEPARATOR: u8 = 0;

/// Cells gathered for one scan, kept apart by separators that no identifier contains. Its memory
/// is kept from batch to batch.
#[derive(Default)]
pub struct Batch {
    bytes: Vec<u8>,
    cells: Vec<Cell>,
    /// Cells that may begin as a payload does.
    openings: Vec<u32>,
    /// Whether some cell is JSON.
    has_json: bool,
}

/// A cell's end, and how it is read.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    end: u32,
    manner: Manner,
}

impl Batch {
    /// The most bytes that a batch may hold: findings count in `u32`.
    pub const MAX_BYTES: usize = i32::MAX as usize;

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.cells.clear();
        self.openings.clear();
        self.has_json = false;
    }

    /// Adds a cell and returns its index. A batch over [`Batch::MAX_BYTES`] is a caller's mistake
    /// and panics.
    pub fn push(&mut self, cell: &[u8]) -> u32 {
        self.push_of(cell, Class::Unclassified)
    }

    /// Adds a cell of a column of this class: four numbers with dots are an address, but not in a
    /// column of versions.
    pub fn push_of(&mut self, cell: &[u8], class: Class) -> u32 {
        self.push_cell(cell, class, false)
    }

    /// The same, for a cell that is no JSON however it begins: `[1950-03-17,1960-01-02)`.
    pub fn push_plain(&mut self, cell: &[u8], class: Class) -> u32 {
        self.push_cell(cell, class, true)
    }

    fn push_cell(&mut self, cell: &[u8], class: Class, is_plain: bool) -> u32 {
        let index = self.cells.len();
        self.bytes.reserve(cell.len() + 1);
        self.bytes.extend_from_slice(cell);
        let end = self.bytes.len();
        assert!(end < Self::MAX_BYTES, "a batch is scanned long before it holds 2 GiB");
        self.bytes.push(SEPARATOR);
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        let json = !is_plain && is_json(cell);
        self.has_json |= json;
        self.cells.push(Cell { end, manner: Manner { json, versions: class == Class::Version } });
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        if walk::may_open(cell) {
            self.openings.push(index);
        }
        index
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Bytes gathered so far, separators included.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The cells that may be remembered, or hold nothing as can be seen.
    #[inline]
    pub(crate) fn short_cells(&self, mut each: impl FnMut(Short<'_>)) {
        let mut start = 0;
        for (cell, index) in self.cells.iter().zip(0..) {
            let end = cell.end as usize;
            let bytes = self.bytes.get(start..end).unwrap_or_default();
            start = end + 1;
            let prospect = Prospect::of(bytes);
            if prospect != Prospect::Unknown && !cell.manner.json {
                let (end, versions) = (cell.end, cell.manner.versions);
                each(Short { index, end, bytes, versions, prospect });
            }
        }
    }

    /// The cell of so many bytes that ends at `end`.
    pub(crate) fn ending(&self, end: u32, len: usize) -> &[u8] {
        let end = end as usize;
        self.bytes.get(end - len..end).unwrap_or_default()
    }

    /// Takes over the cells of another, but for those at `known`, which are in order.
    pub(crate) fn copy_without(&mut self, known: impl Iterator<Item = u32>, other: &Self) {
        self.clear();
        self.has_json = other.has_json;
        let mut first = 0;
        let mut left_out = 0;
        let mut openings = other.openings.iter().copied().peekable();
        let last = other.cells.len();
        for end in known.map(|index| index as usize).chain([last]) {
            self.copy(other, first..end);
            while let Some(opening) = openings.next_if(|opening| (*opening as usize) < end) {
                self.openings.push(opening - left_out);
            }
            openings.next_if(|opening| *opening as usize == end);
            (first, left_out) = (end + 1, left_out + 1);
        }
    }

    /// Takes over these cells of another.
    fn copy(&mut self, other: &Self, cells: Range<usize>) {
        let Some(cells) = other.cells.get(cells.clone()).zip(Some(cells.start)) else { return };
        let (cells, first) = cells;
        let Some(last) = cells.last() else { return };
        let before = first.checked_sub(1).and_then(|before| other.cells.get(before));
        let start = before.map_or(0, |cell| cell.end + 1);
        let bytes = other.bytes.get(start as usize..=last.end as usize).unwrap_or_default();
        let at = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(bytes);
        self.cells.extend(cells.iter().map(|cell| Cell { end: cell.end - start + at, ..*cell }));
    }

    /// The walks of cells that are payloads.
    pub(crate) fn walks(&self) -> impl Iterator<Item = Walk> {
        self.openings.iter().filter_map(|index| {
            let index = *index as usize;
            let end = self.cells.get(index)?.end as usize;
            let before = index.checked_sub(1).and_then(|before| self.cells.get(before));
            walk::opening(&self.bytes, &(before.map_or(0, |cell| cell.end as usize + 1)..end))
        })
    }

    /// A walk over the cells, from the first one on.
    pub(crate) fn cells(&self) -> Cells<'_> {
        let end = self.cells.first().map_or(0, |cell| cell.end as usize);
        let manner = self.cells.first().map_or(Manner::default(), |cell| cell.manner);
        let has_json = self.has_json;
        Cells { cells: &self.cells, index: 0, cell: 0..end, manner, has_json }
    }
}

/// A cell of which something is known beforehand.
#[derive(Clone, Copy)]
pub(crate) struct Short<'b> {
    pub(crate) index: u32,
    pub(crate) end: u32,
    pub(crate) bytes: &'b [u8],
    pub(crate) versions: bool,
    pub(crate) prospect: Prospect,
}

/// Walks over cells to the one that holds a position. Made for positions that seldom go back, and
/// then not far.
#[derive(Clone)]
pub(crate) struct Cells<'t> {
    cells: &'t [Cell],
    index: usize,
    cell: Range<usize>,
    manner: Manner,
    has_json: bool,
}

impl<'t> Cells<'t> {
    /// A text that is one cell, and known to be JSON or not by its beginning, which may be gone.
    pub(crate) fn one(text: &[u8], json: bool) -> Self {
        let manner = Manner { json, versions: false };
        Self::view(text, manner)
    }

    /// A view of a part of a cell, read as that cell is.
    pub(crate) fn view(text: &[u8], manner: Manner) -> Self {
        Self { cells: &[], index: 0, cell: 0..text.len(), manner, has_json: manner.json }
    }

    /// The cell that holds `at` (or ends there), and how to read it.
    #[inline]
    pub(crate) fn seek(&mut self, at: usize) -> (&Range<usize>, Manner) {
        if at > self.cell.end {
            self.advance(at);
        } else if at < self.cell.start {
            self.retreat(at);
        }
        (&self.cell, self.manner)
    }

    /// Whether what begins at `at` is of a JSON text.
    #[inline]
    pub(crate) fn is_json(&mut self, at: usize) -> bool {
        self.has_json && self.seek(at).1.json
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    fn advance(&mut self, at: usize) {
        let ahead = self.cells.get(self.index..).unwrap_or_default();
        let steps = ahead.iter().take_while(|cell| at > cell.end as usize).count();
        // Behind the last one is still the last one.
        self.enter((self.index + steps).min(self.cells.len().saturating_sub(1)));
    }

    fn retreat(&mut self, at: usize) {
        let behind = self.cells.get(..self.index).unwrap_or_default();
        // A cell ends before `at` if its separator does.
        let steps = behind.iter().rev().take_while(|cell| at <= cell.end as usize).count();
        self.enter(self.index - steps);
    }

    fn enter(&mut self, index: usize) {
        let Some(cell) = self.cells.get(index) else { return };
        let before = index.checked_sub(1).and_then(|before| self.cells.get(before));
        let start = before.map_or(0, |cell| cell.end as usize + 1);
        (self.index, self.cell, self.manner) = (index, start..cell.end as usize, cell.manner);
    }
}

/// Whether a text begins as a JSON object or array does. Its first bytes decide, so that a stream
/// can tell as early.
#[inline]
pub(crate) fn is_json(text: &[u8]) -> bool {
    // What most cells begin with ends it.
    if !text.first().is_some_and(|byte| matches!(byte, b'{' | b'[') || byte.is_ascii_whitespace()) {
        return false;
    }
    begins_as_json(text.get(..JSON_BYTES).unwrap_or(text))
}

fn begins_as_json(text: &[u8]) -> bool {
    let mut bytes = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    match bytes.next() {
        Some(b'{') => matches!(bytes.next(), Some(b'"' | b'}')),
        Some(b'[') => matches!(bytes.next(), Some(b'{' | b'[' | b'"' | b'-' | b']' | b'0'..=b'9')),
        _ => false,
    }
}

/// How much of a text tells whether it is JSON.
pub(crate) const JSON_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_json_by_its_first_bytes() {
        assert!(is_json(br#"{"a":1}"#) && is_json(b" [ 1, 2]") && is_json(b"[]"));
        assert!(!is_json(b"{1,2}") && !is_json(b"[see note]") && !is_json(b""));
    }

    #[test]
    fn positions_are_found_in_their_cells() {
        let mut batch = Batch::default();
        for cell in [&b"ab"[..], b"", b"{\"x\":1}"] {
            batch.push(cell);
        }
        let mut cells = batch.cells();
        let (plain, json) = (Manner::default(), Manner { json: true, versions: false });
        assert_eq!(cells.seek(1), (&(0..2), plain));
        assert_eq!(cells.seek(6), (&(4..11), json));
        assert_eq!(cells.index(), 2);
        assert_eq!(cells.seek(2), (&(0..2), plain));
        assert_eq!(cells.index(), 0);
    }

    #[test]
    fn a_plain_cell_is_no_json_however_it_begins() {
        let mut batch = Batch::default();
        batch.push_plain(b"[1,2]", Class::Unclassified);
        batch.push_of(b"[1,2]", Class::Unclassified);
        let mut cells = batch.cells();
        assert_eq!((cells.seek(1).1.json, cells.seek(7).1.json), (false, true));
    }
}
