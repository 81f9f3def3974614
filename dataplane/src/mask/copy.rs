//! Masks the data of COPY ... TO STDOUT in text, csv and binary format.
//!
//! A value is decoded, masked as a cell of a row is, and encoded again as the server would; what
//! its column lets pass stays byte for byte. Rows are found by their own syntax, not by
//! messages: a row may come in several of them, and leaves in one, as PostgreSQL sends it. A row
//! that is larger than the limit is refused.

mod batch;
mod binary;
mod csv;
mod text;

use std::ops::Range;

use lazaret_detectors::{Class, Scanner};
use lazaret_policy::{Action, ColumnPlan, Format, Plan, TypeKind};
use lazaret_sql::{Copy, CopyFormat};

use self::batch::Batch;
use self::binary::Binary;
use self::csv::Csv;
use self::text::Text;
use super::{Counts, Dates, MaskError};
use crate::limits::ROW_IN_MEMORY_BYTES;

/// One per COPY.
pub(crate) struct CopyMasker {
    columns: Vec<ColumnPlan>,
    /// How the names in a header line are masked.
    names: Vec<ColumnPlan>,
    dates: Dates,
    syntax: Box<dyn Syntax>,
    /// The start of an unfinished row.
    pending: Vec<u8>,
    batch: Batch,
}

impl CopyMasker {
    /// The values are in the format that the statement asks for, whatever the plan says.
    pub(crate) fn new(plan: &Plan, copy: &Copy, dates: Dates) -> Self {
        let (syntax, format): (Box<dyn Syntax>, _) = match copy.format {
            CopyFormat::Text => (Box::new(Text::new(copy)), Format::Text),
            CopyFormat::Csv => (Box::new(Csv::new(copy)), Format::Text),
            CopyFormat::Binary => (Box::new(Binary::default()), Format::Binary),
        };
        let columns: Vec<_> =
            plan.columns.iter().map(|column| ColumnPlan { format, ..*column }).collect();
        let names = vec![NAME; columns.len()];
        Self { columns, names, dates, syntax, pending: Vec::new(), batch: Batch::default() }
    }

    /// Takes the payload of a CopyData message, or a piece of it, and appends CopyData frames with
    /// the rows that it completes.
    pub(crate) fn push(
        &mut self,
        payload: &[u8],
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Result<Counts, MaskError> {
        let mut input = std::mem::take(&mut self.pending);
        input.extend_from_slice(payload);
        let mut counts = Counts::default();
        let mut done = 0;
        while let Some(part) = self.syntax.next(input.get(done..).unwrap_or_default())? {
            let range = done..done + part.len();
            done = range.end;
            self.take(part, &input, range)?;
            if self.batch.is_full() {
                counts.add(&self.release(&input, scanner, out));
            }
        }
        counts.add(&self.release(&input, scanner, out));
        input.drain(..done);
        if input.len() > ROW_IN_MEMORY_BYTES {
            return Err(MaskError::RowTooLarge);
        }
        self.pending = input;
        Ok(counts)
    }

    /// CopyDone has come: every row must be complete. A COPY that fails is just dropped.
    pub(crate) fn finish(self) -> Result<(), MaskError> {
        if self.pending.is_empty() { Ok(()) } else { Err(MaskError::CopyFormat) }
    }

    fn take(&mut self, part: Part, input: &[u8], range: Range<usize>) -> Result<(), MaskError> {
        let columns = match part {
            Part::AsIs(_) => {
                self.batch.take_as_is(range);
                return Ok(());
            }
            Part::Names(_) => &self.names,
            Part::Row(_) => &self.columns,
        };
        self.batch.take_row(&*self.syntax, columns, self.dates, input, range)
    }

    /// Covers what was found, and appends the rows taken so far.
    fn release(&mut self, input: &[u8], scanner: &mut Scanner, out: &mut Vec<u8>) -> Counts {
        self.batch.release(&*self.syntax, self.dates, input, scanner, out)
    }
}

const NAME: ColumnPlan = ColumnPlan {
    action: Action::Scan,
    kind: TypeKind::Text,
    type_oid: 0,
    format: Format::Text,
    class: Class::Unclassified,
};

/// How a format of COPY writes rows.
trait Syntax {
    /// The part of the stream that the input begins with, if it is complete.
    fn next(&mut self, input: &[u8]) -> Result<Option<Part>, MaskError>;

    /// Finds the fields of a row.
    fn split(&self, row: &[u8], fields: &mut Vec<Span>) -> Result<(), MaskError>;

    /// Appends the value of a field that isn't NULL.
    fn decode(&self, field: &[u8], values: &mut Vec<u8>) -> Result<(), MaskError>;

    fn begin_row(&self, fields: usize, out: &mut Vec<u8>);

    /// What stands between two fields.
    fn separate(&self, out: &mut Vec<u8>);

    /// Appends a value, or NULL.
    fn encode(&self, value: Option<&[u8]>, was_quoted: bool, out: &mut Vec<u8>);

    fn end_row(&self, out: &mut Vec<u8>);
}

/// A complete part of the stream, of so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Holds no values: the signature of the binary format, the mark at the end.
    AsIs(usize),
    /// The header line.
    Names(usize),
    Row(usize),
}

impl Part {
    fn len(self) -> usize {
        match self {
            Self::AsIs(len) | Self::Names(len) | Self::Row(len) => len,
        }
    }
}

/// Where a field stands in its row, with its quotes or its length.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    range: Range<usize>,
    is_null: bool,
    is_quoted: bool,
}

#[cfg(test)]
mod tests;
