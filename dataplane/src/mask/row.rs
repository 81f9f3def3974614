//! Masks whole DataRow frames in the buffer they arrived in.
//!
//! Bytes move only behind a value that became shorter, and then in runs as long as can be.

use std::ops::Range;

use lazaret_detectors::Scanner;
use lazaret_link::ValueDigest;
use lazaret_policy::Plan;
use lazaret_proto::pg::backend;
use lazaret_proto::pg::frame::{self, HEADER_BYTES};

use super::cells::Cells;
use super::copy::binary::Binary;
use super::outcome::{Length, Outcome};
use super::rebuilt::Batch;
use super::score::Scores;
use super::{Counts, Dates, MaskError, Means};
use crate::limits::ROW_IN_MEMORY_BYTES;

/// One per shard: it owns the batch of cells to scan.
pub(crate) struct RowMasker {
    cells: Cells,
    grown: Batch,
}

impl Default for RowMasker {
    fn default() -> Self {
        Self { cells: Cells::default(), grown: Batch::new(backend::DATA_ROW) }
    }
}

impl RowMasker {
    /// Masks the complete DataRow frame at `read` and leaves it at `write`, which is not behind
    /// `read`; returns where it ends there. What is to be scanned is remembered by its place until
    /// [`cover`](Self::cover), which must be given the same `bytes`.
    pub(crate) fn row(
        &mut self,
        plan: &Plan,
        dates: Dates,
        bytes: &mut [u8],
        read: usize,
        write: usize,
    ) -> Result<usize, MaskError> {
        let mut walk = Walk::start(bytes, read, write, plan.columns.len())?;
        for (index, column) in plan.columns.iter().enumerate() {
            let (cell, at) = match walk.next()? {
                Some(cell) => cell,
                None => continue,
            };
            let outcome = self.cells.mask(Some(index), column, dates, Length::MayShrink, cell, at);
            walk.settle(outcome);
        }
        walk.finish()
    }

    /// Takes complete DataRow frames from the front of `input`, as many as are worth one scan, and
    /// appends what becomes of them to `out`: for a plan by which they may become longer.
    pub(crate) fn grown(
        &mut self,
        plan: &Plan,
        means: Means<'_>,
        input: &[u8],
        scores: &mut Scores,
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Result<Grown, MaskError> {
        self.grown.clear();
        let (mut taken, mut rows) = (0, 0);
        while let Some(row) = complete_row(input, taken)? {
            taken = row.end;
            rows += 1;
            self.grown.take_row(&Binary::default(), (&plan.columns, true), means, input, row)?;
            if self.grown.is_full() {
                break;
            }
        }
        let unknown = self.grown.take_unknown();
        if !unknown.is_empty() {
            return Ok(Grown::Wants(unknown));
        }
        let counts =
            self.grown.release(&Binary::default(), means.dates, input, scores, scanner, out);
        Ok(Grown::Rows { taken, rows, counts })
    }

    /// The batch is as large as one scan should be: time to call [`cover`](Self::cover).
    pub(crate) fn is_full(&self) -> bool {
        self.cells.is_full()
    }

    /// Scans what was gathered since the last call, covers the findings in `bytes`, and says what
    /// was masked in those rows. Only now may they leave.
    pub(crate) fn cover(
        &mut self,
        bytes: &mut [u8],
        dates: Dates,
        scores: &mut Scores,
        scanner: &mut Scanner,
    ) -> Counts {
        self.cells.cover(bytes, dates, scores, scanner)
    }

    /// Forgets what was gathered: the session that it came from is over.
    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.grown.clear();
    }
}

/// What became of rows that may have become longer.
pub(crate) enum Grown {
    Rows {
        /// Bytes of the input.
        taken: usize,
        rows: u64,
        counts: Counts,
    },
    /// None can be built before the vault has been asked for these.
    Wants(Vec<ValueDigest>),
}

/// The body of the DataRow frame at `start`, if it has all arrived and is no larger than what is kept
/// in memory.
fn complete_row(input: &[u8], start: usize) -> Result<Option<Range<usize>>, MaskError> {
    let rest = input.get(start..).unwrap_or_default();
    let header = frame::peek(rest, frame::MAX_BYTES).map_err(|_| MaskError::Lengths)?;
    Ok(header
        .filter(|header| header.tag == backend::DATA_ROW)
        .filter(|header| header.len <= rest.len().min(ROW_IN_MEMORY_BYTES))
        .map(|header| start + HEADER_BYTES..start + header.len))
}

/// A walk over the cells of one row.
struct Walk<'a> {
    bytes: &'a mut [u8],
    /// Where the row ends now.
    end: usize,
    /// Where it begins in the end.
    start: usize,
    /// The length field of the current cell.
    cell: usize,
    /// The current cell's bytes.
    len: usize,
    /// Begins what has not been moved yet, and where that goes.
    run: usize,
    write: usize,
}

/// A DataRow's number of columns follows its header.
const CELLS_AT: usize = HEADER_BYTES + 2;

impl<'a> Walk<'a> {
    fn start(
        bytes: &'a mut [u8],
        read: usize,
        write: usize,
        planned: usize,
    ) -> Result<Self, MaskError> {
        debug_assert!(write <= read, "a row moves towards the front");
        let Some(&[_, l0, l1, l2, l3, c0, c1]) =
            bytes.get(read..).and_then(|row| row.first_chunk::<CELLS_AT>())
        else {
            return Err(MaskError::Lengths);
        };
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let end = usize::try_from(length).ok().and_then(|length| (read + 1).checked_add(length));
        let Some(end) = end.filter(|end| (read + CELLS_AT..=bytes.len()).contains(end)) else {
            return Err(MaskError::Lengths);
        };
        let found = usize::from(u16::from_be_bytes([c0, c1]));
        if found != planned {
            return Err(MaskError::Columns { found, planned });
        }
        let cell = read + CELLS_AT;
        Ok(Self { bytes, end, start: write, cell, len: 0, run: read, write })
    }

    /// The next cell's bytes, and where they will be; `None` for NULL.
    fn next(&mut self) -> Result<Option<(&mut [u8], usize)>, MaskError> {
        let bytes = self.bytes.get_mut(self.cell..self.end).ok_or(MaskError::Lengths)?;
        let (length, rest) = bytes.split_first_chunk_mut::<4>().ok_or(MaskError::Lengths)?;
        let length = i32::from_be_bytes(*length);
        if length == -1 {
            self.cell += 4;
            return Ok(None);
        }
        self.len = usize::try_from(length).map_err(|_| MaskError::Lengths)?;
        let cell = rest.get_mut(..self.len).ok_or(MaskError::Lengths)?;
        let at = self.write + (self.cell + 4 - self.run);
        Ok(Some((cell, at)))
    }

    /// The current cell is done.
    fn settle(&mut self, outcome: Outcome) {
        let behind = self.cell + 4 + self.len;
        match outcome {
            Outcome::Masked(len) if len < self.len => {
                let length = i32::try_from(len).expect("a cell is below 2 GiB");
                self.cut(length, self.cell + 4 + len, behind);
            }
            Outcome::Null => self.cut(-1, self.cell + 4, behind),
            Outcome::Same | Outcome::Masked(_) => {}
        }
        self.cell = behind;
    }

    /// The current cell has a new length, and the bytes from `from` to `to` go.
    fn cut(&mut self, length: i32, from: usize, to: usize) {
        self.put(self.cell, length);
        self.flush(from);
        self.run = to;
    }

    /// Moves what lies before `end` to where it goes.
    fn flush(&mut self, end: usize) {
        if self.run != self.write {
            self.bytes.copy_within(self.run..end, self.write);
        }
        self.write += end - self.run;
        self.run = end;
    }

    fn finish(mut self) -> Result<usize, MaskError> {
        if self.cell != self.end {
            return Err(MaskError::Lengths);
        }
        self.flush(self.end);
        let len = self.write - self.start - 1;
        self.put(self.start + 1, i32::try_from(len).expect("a row is below 2 GiB"));
        Ok(self.write)
    }

    fn put(&mut self, at: usize, value: i32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests;
