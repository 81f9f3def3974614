//! Cells gathered for one scan.

use std::ops::Range;

/// Stands between cells. No anchor holds it and no rule sees past it, so it may stand in a cell,
/// too.
const SEPARATOR: u8 = 0;

/// Cells gathered for one scan, kept apart by separators that no identifier contains. Its memory
/// is kept from batch to batch.
#[derive(Default)]
pub struct Batch {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Batch {
    /// The most bytes that a batch may hold: findings count in `u32`.
    pub const MAX_BYTES: usize = i32::MAX as usize;

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Adds a cell and returns its index. A batch over [`Batch::MAX_BYTES`] is a caller's mistake
    /// and panics.
    pub fn push(&mut self, cell: &[u8]) -> u32 {
        let index = self.ends.len();
        self.bytes.extend_from_slice(cell);
        let end = self.bytes.len();
        assert!(end < Self::MAX_BYTES, "a batch is scanned long before it holds 2 GiB");
        self.bytes.push(SEPARATOR);
        self.ends.push(u32::try_from(end).unwrap_or(u32::MAX));
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes gathered so far, separators included.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn ends(&self) -> &[u32] {
        &self.ends
    }
}

/// Walks over cells in order, to the one that holds a position. Positions never go back.
pub(crate) struct Cells<'t> {
    text: &'t [u8],
    ends: &'t [u32],
    index: usize,
    cell: Range<usize>,
    json: bool,
}

impl<'t> Cells<'t> {
    pub(crate) fn of(text: &'t [u8], ends: &'t [u32]) -> Self {
        let end = ends.first().map_or(text.len(), |end| *end as usize);
        let json = is_json(text.get(..end).unwrap_or_default());
        Self { text, ends, index: 0, cell: 0..end, json }
    }

    /// A text that is one cell, and known to be JSON or not by its beginning, which may be gone.
    pub(crate) fn one(text: &'t [u8], json: bool) -> Self {
        Self { text, ends: &[], index: 0, cell: 0..text.len(), json }
    }

    /// The cell that holds `at` (or ends there), and whether it is JSON.
    #[inline]
    pub(crate) fn seek(&mut self, at: usize) -> (&Range<usize>, bool) {
        if at > self.cell.end {
            self.advance(at);
        }
        (&self.cell, self.json)
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    fn advance(&mut self, at: usize) {
        while at > self.cell.end && self.index + 1 < self.ends.len() {
            let start = self.cell.end + 1;
            self.index += 1;
            self.cell = start..self.ends[self.index] as usize;
        }
        self.json = is_json(self.text.get(self.cell.clone()).unwrap_or_default());
    }
}

/// Whether a text begins as a JSON object or array does. Its first bytes decide, so that a stream
/// can tell as early.
pub(crate) fn is_json(text: &[u8]) -> bool {
    let text = text.get(..JSON_BYTES).unwrap_or(text);
    let mut bytes = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (bytes.next(), bytes.next()) {
        (Some(b'{'), Some(b'"' | b'}')) => true,
        (Some(b'['), Some(second)) => b"{[\"-]".contains(second) || second.is_ascii_digit(),
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
        let mut cells = Cells::of(batch.bytes(), batch.ends());
        assert_eq!(cells.seek(1), (&(0..2), false));
        assert_eq!(cells.seek(6), (&(4..11), true));
        assert_eq!(cells.index(), 2);
    }
}
