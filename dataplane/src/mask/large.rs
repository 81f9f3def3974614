//! Masks a DataRow larger than `ROW_IN_MEMORY_BYTES` as it arrives, in bounded memory.
//!
//! Its lengths leave before its cells have been seen, so only masks that keep the length apply, and
//! a plan that has others for it is refused before the row's first byte. Cells up to the bound are
//! held and masked in one piece; of a larger one, only what a finding may still reach is held.

mod cell;

use lazaret_detectors::Scanner;
use lazaret_policy::{Action, ColumnPlan, Format, Plan, TypeKind};
use lazaret_proto::pg::frame::{FrameHeader, HEADER_BYTES};

use self::cell::LargeCell;
use super::cells::Cells;
use super::outcome::{Length, Outcome};
use super::score::Scores;
use super::typed;
use super::{Counts, Dates, MaskError};
use crate::limits::ROW_IN_MEMORY_BYTES;

/// One per large row.
pub(crate) struct LargeRow {
    columns: Vec<ColumnPlan>,
    dates: Dates,
    /// Bytes of the frame that have not been pushed.
    missing: usize,
    /// The column that the state is about.
    column: usize,
    state: State,
    /// Bytes of a state that needs more of them.
    held: Vec<u8>,
    cells: Cells,
}

enum State {
    /// The frame's header and the number of columns.
    Head,
    Length,
    Small {
        len: usize,
    },
    Large(Box<LargeCell>),
    Done,
}

/// Header and number of columns.
const HEAD_BYTES: usize = HEADER_BYTES + 2;

impl LargeRow {
    /// Refuses a plan with a column that couldn't be masked if it is the large one: then nothing
    /// of the row has left yet.
    pub(crate) fn begin(plan: &Plan, dates: Dates, header: FrameHeader) -> Result<Self, MaskError> {
        if let Some(column) = plan.columns.iter().position(|column| !is_streamable(column, dates)) {
            return Err(MaskError::TooLarge(column));
        }
        Ok(Self {
            columns: plan.columns.clone(),
            dates,
            missing: header.len,
            column: 0,
            state: State::Head,
            held: Vec::new(),
            cells: Cells::default(),
        })
    }

    /// Takes the next bytes of the frame, its header first, and appends what may leave. The
    /// caller passes no byte behind the frame ([`missing`](Self::missing)).
    pub(crate) fn push(
        &mut self,
        mut piece: &[u8],
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Result<Counts, MaskError> {
        debug_assert!(piece.len() <= self.missing, "these bytes are another frame's");
        let mut counts = Counts::default();
        loop {
            let count = piece.len().min(self.wanted());
            let (taken, rest) = piece.split_at(count);
            piece = rest;
            self.missing = self.missing.saturating_sub(count);
            if !self.step(taken, scanner, out, &mut counts)? {
                return Ok(counts);
            }
        }
    }

    /// Bytes of the frame that have not been pushed; at 0 the row is complete.
    pub(crate) fn missing(&self) -> usize {
        self.missing
    }

    /// How many bytes the state still needs.
    fn wanted(&self) -> usize {
        match &self.state {
            State::Head => HEAD_BYTES - self.held.len(),
            State::Length => 4 - self.held.len(),
            State::Small { len } => len - self.held.len(),
            State::Large(cell) => cell.missing(),
            State::Done => 0,
        }
    }

    /// Takes at most what the state needs; false if it needs more bytes, or the row is done.
    fn step(
        &mut self,
        taken: &[u8],
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
        counts: &mut Counts,
    ) -> Result<bool, MaskError> {
        if let State::Large(cell) = &mut self.state {
            cell.push(taken, scanner, out, counts);
            if cell.missing() > 0 {
                return Ok(false);
            }
            return self.next_column(out).map(|()| true);
        }
        self.held.extend_from_slice(taken);
        if self.wanted() > 0 {
            return Ok(false);
        }
        match self.state {
            State::Head => self.take_head(out)?,
            State::Length => self.take_length(out)?,
            State::Small { .. } => self.take_small(scanner, out, counts)?,
            State::Large(_) | State::Done => return Ok(false),
        }
        Ok(true)
    }

    fn take_head(&mut self, out: &mut Vec<u8>) -> Result<(), MaskError> {
        let found = match self.held.last_chunk() {
            Some(count) => usize::from(u16::from_be_bytes(*count)),
            None => return Err(MaskError::Lengths),
        };
        if found != self.columns.len() {
            return Err(MaskError::Columns { found, planned: self.columns.len() });
        }
        out.append(&mut self.held);
        self.await_column()
    }

    fn take_length(&mut self, out: &mut Vec<u8>) -> Result<(), MaskError> {
        let length = match self.held.first_chunk() {
            Some(length) => i32::from_be_bytes(*length),
            None => return Err(MaskError::Lengths),
        };
        if length == -1 {
            return self.next_column(out);
        }
        let len = usize::try_from(length).map_err(|_| MaskError::Lengths)?;
        if len > self.missing {
            return Err(MaskError::Lengths);
        }
        self.state = if len <= ROW_IN_MEMORY_BYTES {
            State::Small { len }
        } else {
            let column = self.columns.get(self.column).ok_or(MaskError::Lengths)?;
            let cell = LargeCell::begin(column, len).ok_or(MaskError::Value(self.column))?;
            State::Large(Box::new(cell))
        };
        out.append(&mut self.held);
        Ok(())
    }

    fn take_small(
        &mut self,
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
        counts: &mut Counts,
    ) -> Result<(), MaskError> {
        let column = self.columns.get(self.column).ok_or(MaskError::Lengths)?;
        let outcome = self.cells.mask(None, column, self.dates, Length::Kept, &mut self.held, 0);
        if outcome == Outcome::Null {
            return Err(MaskError::Value(self.column));
        }
        counts.add(&self.cells.cover(&mut self.held, self.dates, &mut Scores::default(), scanner));
        self.next_column(out)
    }

    /// The current column is done; what is held of it leaves.
    fn next_column(&mut self, out: &mut Vec<u8>) -> Result<(), MaskError> {
        out.append(&mut self.held);
        self.column += 1;
        self.await_column()
    }

    fn await_column(&mut self) -> Result<(), MaskError> {
        let is_last = self.column == self.columns.len();
        self.state = if is_last { State::Done } else { State::Length };
        if is_last && self.missing > 0 { Err(MaskError::Lengths) } else { Ok(()) }
    }
}

/// Whether each value of the column, small or large, has a mask that keeps its length.
fn is_streamable(column: &ColumnPlan, dates: Dates) -> bool {
    use TypeKind as K;
    match (column.action, column.kind, column.format) {
        (Action::Pass, ..) => true,
        (Action::Null | Action::Structure | Action::Properties, ..) => false,
        (action, ..) if action.is_rebuilt() => false,
        (Action::Scan, K::Array | K::Composite | K::Range | K::Other, Format::Binary) => false,
        (Action::Scan, K::TsVector, _) => false,
        (Action::Scan, K::Date | K::Timestamp | K::TimestampTz, Format::Text) => dates.are_iso(),
        (Action::Scan, ..) => true,
        _ => typed::keeps_length(column, dates),
    }
}

#[cfg(test)]
mod tests;
