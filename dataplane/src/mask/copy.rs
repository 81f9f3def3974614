//! Masks the data of COPY ... TO STDOUT in text, csv and binary format.
//!
//! A value is decoded, masked as a cell of a row is, and encoded again as the server would; what
//! its column lets pass stays byte for byte. Rows are found by their own syntax, not by
//! messages: a row may come in several of them, and leaves in one, as PostgreSQL sends it. A row
//! that is larger than the limit is refused.

pub(super) mod binary;
mod csv;
mod text;

use std::ops::Range;
use std::rc::Rc;

use lazaret_detectors::{Class, Scanner};
use lazaret_policy::{Action, ColumnPlan, Format, Plan, TypeKind};
use lazaret_proto::pg::backend;
use lazaret_sql::{Copy, CopyFormat};

use self::binary::Binary;
use self::csv::Csv;
use self::text::Text;
use super::rebuilt::{Batch, RowSyntax};
use super::score::Scores;
use super::{Counts, Dates, Keys, MaskError, Means};
use crate::limits::ROW_IN_MEMORY_BYTES;

/// One per COPY.
pub(crate) struct CopyMasker {
    columns: Vec<ColumnPlan>,
    /// How the names in a header line are masked.
    names: Vec<ColumnPlan>,
    dates: Dates,
    keys: Option<Rc<Keys>>,
    syntax: Box<dyn Syntax>,
    /// The start of an unfinished row.
    pending: Vec<u8>,
    batch: Batch,
    scores: Scores,
}

impl CopyMasker {
    /// The values are in the format that the statement asks for, whatever the plan says.
    pub(crate) fn new(plan: &Plan, copy: &Copy, dates: Dates, keys: Option<Rc<Keys>>) -> Self {
        let (syntax, format): (Box<dyn Syntax>, _) = match copy.format {
            CopyFormat::Text => (Box::new(Text::new(copy)), Format::Text),
            CopyFormat::Csv => (Box::new(Csv::new(copy)), Format::Text),
            CopyFormat::Binary => (Box::new(Binary::default()), Format::Binary),
        };
        let columns: Vec<_> =
            plan.columns.iter().map(|column| ColumnPlan { format, ..*column }).collect();
        let names = vec![NAME; columns.len()];
        let batch = Batch::new(backend::COPY_DATA);
        Self {
            columns,
            names,
            dates,
            keys,
            syntax,
            pending: Vec::new(),
            batch,
            scores: Scores::default(),
        }
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
            Part::Names(_) => (&*self.names, false),
            Part::Row(_) => (&*self.columns, true),
        };
        let means = Means { dates: self.dates, keys: self.keys.as_deref() };
        self.batch.take_row(&*self.syntax, columns, means, input, range)
    }

    /// Covers what was found, and appends the rows taken so far.
    fn release(&mut self, input: &[u8], scanner: &mut Scanner, out: &mut Vec<u8>) -> Counts {
        self.batch.release(&*self.syntax, self.dates, input, &mut self.scores, scanner, out)
    }
}

const NAME: ColumnPlan = ColumnPlan {
    action: Action::Scan,
    kind: TypeKind::Text,
    type_oid: 0,
    format: Format::Text,
    class: Class::Unclassified,
};

/// How a format of COPY writes a stream of rows.
trait Syntax: RowSyntax {
    /// The part of the stream that the input begins with, if it is complete.
    fn next(&mut self, input: &[u8]) -> Result<Option<Part>, MaskError>;
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

#[cfg(test)]
mod tests;
