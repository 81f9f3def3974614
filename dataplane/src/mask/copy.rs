//! Masks the data of COPY ... TO STDOUT in text, csv and binary format.
//!
//! A value is decoded, masked as a cell of a row is, and encoded again as the server would; what
//! its column lets pass stays byte for byte. Rows are found by their own syntax, not by
//! messages: a row may come in several of them, and leaves in one, as PostgreSQL sends it. A row
//! that is larger than the limit is refused.

pub(super) mod binary;
mod csv;
mod text;

use std::collections::VecDeque;

use lazaret_detectors::{Class, Scanner};
use lazaret_link::ValueDigest;
use lazaret_policy::{Action, ColumnPlan, Format, Plan, TypeKind};
use lazaret_proto::pg::backend;
use lazaret_sql::{Copy, CopyFormat};

use self::binary::Binary;
use self::csv::Csv;
use self::text::Text;
use super::rebuilt::{Batch, RowSyntax};
use super::score::Scores;
use super::{Counts, MaskError, Means};
use crate::limits::ROW_IN_MEMORY_BYTES;

/// One per COPY.
pub(crate) struct CopyMasker {
    columns: Vec<ColumnPlan>,
    /// How the names in a header line are masked.
    names: Vec<ColumnPlan>,
    syntax: Box<dyn Syntax>,
    /// What has come and not left: rows that wait for their tokens, and the start of an unfinished one.
    pending: Vec<u8>,
    /// What the pending bytes begin with.
    parts: VecDeque<Part>,
    batch: Batch,
    scores: Scores,
}

/// What became of COPY data.
pub(crate) struct Pushed {
    pub(crate) counts: Counts,
    /// What the vault must be asked for before the rest can leave.
    pub(crate) wants: Vec<ValueDigest>,
}

impl CopyMasker {
    /// The values are in the format that the statement asks for, whatever the plan says.
    pub(crate) fn new(plan: &Plan, copy: &Copy) -> Self {
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
            syntax,
            pending: Vec::new(),
            parts: VecDeque::new(),
            batch,
            scores: Scores::default(),
        }
    }

    /// Takes the payload of a CopyData message, or a piece of it, and appends CopyData frames with
    /// the rows that it completes.
    pub(crate) fn push(
        &mut self,
        payload: &[u8],
        means: Means<'_>,
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Result<Pushed, MaskError> {
        self.pending.extend_from_slice(payload);
        let mut parsed: usize = self.parts.iter().map(|part| part.len()).sum();
        while let Some(part) = self.syntax.next(self.pending.get(parsed..).unwrap_or_default())? {
            parsed += part.len();
            self.parts.push_back(part);
        }
        if self.pending.len() - parsed > ROW_IN_MEMORY_BYTES {
            return Err(MaskError::RowTooLarge);
        }
        self.go_on(means, scanner, out)
    }

    /// Whether rows wait for their tokens.
    pub(crate) fn waits(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Appends what can leave of what has come.
    pub(crate) fn go_on(
        &mut self,
        means: Means<'_>,
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Result<Pushed, MaskError> {
        let input = std::mem::take(&mut self.pending);
        let mut pushed = Pushed { counts: Counts::default(), wants: Vec::new() };
        let mut done = 0;
        while !self.parts.is_empty() && pushed.wants.is_empty() {
            let (taken, end) = self.gather(means, &input, done)?;
            pushed.wants = self.batch.take_unknown();
            if pushed.wants.is_empty() {
                pushed.counts.add(&self.release(means, &input, scanner, out));
                self.parts.drain(..taken);
                done = end;
            }
        }
        self.pending = input;
        self.pending.drain(..done);
        Ok(pushed)
    }

    /// CopyDone has come: every row must be complete. A COPY that fails is just dropped.
    pub(crate) fn finish(self) -> Result<(), MaskError> {
        if self.pending.is_empty() { Ok(()) } else { Err(MaskError::CopyFormat) }
    }

    /// Takes parts as far as the batch has room for them: how many, and where they end.
    fn gather(
        &mut self,
        means: Means<'_>,
        input: &[u8],
        start: usize,
    ) -> Result<(usize, usize), MaskError> {
        let (mut taken, mut end) = (0, start);
        for part in &self.parts {
            let range = end..end + part.len();
            (taken, end) = (taken + 1, range.end);
            let columns = match part {
                Part::AsIs(_) => {
                    self.batch.take_as_is(range);
                    continue;
                }
                Part::Names(_) => (&*self.names, false),
                Part::Row(_) => (&*self.columns, true),
            };
            self.batch.take_row(&*self.syntax, columns, means, input, range)?;
            if self.batch.is_full() {
                break;
            }
        }
        Ok((taken, end))
    }

    /// Covers what was found, and appends the rows taken so far.
    fn release(
        &mut self,
        means: Means<'_>,
        input: &[u8],
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Counts {
        self.batch.release(&*self.syntax, means.dates, input, &mut self.scores, scanner, out)
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
