//! Rows that are built anew, value by value, and masked together: those of a COPY, and those that may
//! become longer than they were.

use std::collections::HashSet;
use std::ops::Range;

use lazaret_detectors::Scanner;
use lazaret_link::ValueDigest;
use lazaret_policy::{Action, ColumnPlan};
use lazaret_proto::pg::frame::HEADER_BYTES;

use super::cells::Cells;
use super::outcome::{Length, Outcome};
use super::score::Scores;
use super::{Counts, Dates, MaskError, Means, grown};
use crate::limits::TOKENS_PER_BATCH;

/// How a row is written.
pub(super) trait RowSyntax {
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

/// Where a field stands in its row, with its quotes or its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) range: Range<usize>,
    pub(super) is_null: bool,
    pub(super) is_quoted: bool,
}

pub(super) struct Batch {
    /// Of the message that a row leaves in.
    tag: u8,
    cells: Cells,
    /// Decoded values, one behind the other.
    values: Vec<u8>,
    fields: Vec<Field>,
    parts: Vec<Prepared>,
    /// Of one row.
    spans: Vec<Span>,
    /// Values that want a token.
    tokens: usize,
    /// Those whose tokens must be asked for; until then nothing is released.
    unknown: HashSet<ValueDigest>,
}

enum Prepared {
    /// A range of the input.
    AsIs(Range<usize>),
    /// A row, by its fields.
    Row(Range<usize>),
}

enum Field {
    /// A range of the input.
    AsIs(Range<usize>),
    /// A range of the values.
    Value {
        range: Range<usize>,
        was_quoted: bool,
    },
    Null,
}

impl Batch {
    pub(super) fn new(tag: u8) -> Self {
        Self {
            tag,
            cells: Cells::default(),
            values: Vec::new(),
            fields: Vec::new(),
            parts: Vec::new(),
            spans: Vec::new(),
            tokens: 0,
            unknown: HashSet::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.values.clear();
        self.fields.clear();
        self.parts.clear();
        self.tokens = 0;
        self.unknown.clear();
    }

    pub(super) fn is_full(&self) -> bool {
        self.cells.is_full() || self.tokens >= TOKENS_PER_BATCH
    }

    /// What must be asked of the vault before these rows can be built; they are forgotten if there is any.
    pub(super) fn take_unknown(&mut self) -> Vec<ValueDigest> {
        let unknown: Vec<_> = self.unknown.drain().collect();
        if !unknown.is_empty() {
            self.clear();
        }
        unknown
    }

    pub(super) fn take_as_is(&mut self, range: Range<usize>) {
        self.parts.push(Prepared::AsIs(range));
    }

    /// Masks the row at `range` of the input, which is data or names, as far as it goes without a
    /// scan.
    pub(super) fn take_row(
        &mut self,
        syntax: &dyn RowSyntax,
        (columns, is_data): (&[ColumnPlan], bool),
        means: Means<'_>,
        input: &[u8],
        range: Range<usize>,
    ) -> Result<(), MaskError> {
        let row = input.get(range.clone()).unwrap_or_default();
        let mut spans = std::mem::take(&mut self.spans);
        spans.clear();
        syntax.split(row, &mut spans)?;
        // The row of a table without columns is empty, which else is one empty field.
        if columns.is_empty() && spans.iter().all(|span| span.range.is_empty()) {
            spans.clear();
        }
        if spans.len() != columns.len() {
            return Err(MaskError::Columns { found: spans.len(), planned: columns.len() });
        }
        let first = self.fields.len();
        for (index, (span, column)) in spans.iter().zip(columns).enumerate() {
            let scored = Some(index).filter(|_| is_data);
            let field = if span.is_null || column.action == Action::Pass {
                Field::AsIs(range.start + span.range.start..range.start + span.range.end)
            } else {
                let raw = row.get(span.range.clone()).unwrap_or_default();
                self.take_value(syntax, (scored, column), means, raw, span.is_quoted)?
            };
            self.fields.push(field);
        }
        self.spans = spans;
        self.parts.push(Prepared::Row(first..self.fields.len()));
        Ok(())
    }

    fn take_value(
        &mut self,
        syntax: &dyn RowSyntax,
        (scored, column): (Option<usize>, &ColumnPlan),
        means: Means<'_>,
        raw: &[u8],
        was_quoted: bool,
    ) -> Result<Field, MaskError> {
        let start = self.values.len();
        syntax.decode(raw, &mut self.values)?;
        let outcome = if column.action.is_rebuilt() {
            self.cells.masked(column.class);
            self.tokens += usize::from(column.action == Action::Token);
            grown::mask(column, means, &mut self.values, start, &mut self.unknown)
        } else {
            let value = self.values.get_mut(start..).unwrap_or_default();
            self.cells.mask(scored, column, means.dates, Length::MayShrink, value, start)
        };
        match outcome {
            Outcome::Same => {}
            Outcome::Masked(len) => self.values.truncate(start + len),
            Outcome::Null => {
                self.values.truncate(start);
                return Ok(Field::Null);
            }
        }
        Ok(Field::Value { range: start..self.values.len(), was_quoted })
    }

    /// Covers what was found, appends each part in a message of its own, and forgets them.
    pub(super) fn release(
        &mut self,
        syntax: &dyn RowSyntax,
        dates: Dates,
        input: &[u8],
        scores: &mut Scores,
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Counts {
        debug_assert!(self.unknown.is_empty(), "rows are released that have masks to come");
        let counts = self.cells.cover(&mut self.values, dates, scores, scanner);
        for part in &self.parts {
            let start = out.len();
            out.extend_from_slice(&[self.tag, 0, 0, 0, 0]);
            match part {
                Prepared::AsIs(range) => {
                    out.extend_from_slice(input.get(range.clone()).unwrap_or_default());
                }
                Prepared::Row(fields) => self.encode_row(syntax, fields, input, out),
            }
            let length = u32::try_from(out.len() - start - 1).expect("a row is within its limit");
            out[start + 1..start + HEADER_BYTES].copy_from_slice(&length.to_be_bytes());
        }
        self.clear();
        counts
    }

    fn encode_row(
        &self,
        syntax: &dyn RowSyntax,
        fields: &Range<usize>,
        input: &[u8],
        out: &mut Vec<u8>,
    ) {
        syntax.begin_row(fields.len(), out);
        let fields = self.fields.get(fields.clone()).unwrap_or_default();
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                syntax.separate(out);
            }
            match field {
                Field::AsIs(range) => {
                    out.extend_from_slice(input.get(range.clone()).unwrap_or_default());
                }
                Field::Value { range, was_quoted } => {
                    syntax.encode(self.values.get(range.clone()), *was_quoted, out);
                }
                Field::Null => syntax.encode(None, false, out),
            }
        }
        syntax.end_row(out);
    }
}
