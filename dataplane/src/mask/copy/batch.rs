//! Rows of one COPY whose values are masked together.

use std::ops::Range;

use lazaret_detectors::Scanner;
use lazaret_policy::{Action, ColumnPlan};
use lazaret_proto::pg::backend::Message;

use super::super::cells::Cells;
use super::super::outcome::{Length, Outcome};
use super::super::{Counts, Dates, MaskError};
use super::{Span, Syntax};

#[derive(Default)]
pub(super) struct Batch {
    cells: Cells,
    /// Decoded values, one behind the other.
    values: Vec<u8>,
    fields: Vec<Field>,
    parts: Vec<Prepared>,
    /// Of one row.
    spans: Vec<Span>,
    payload: Vec<u8>,
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
    pub(super) fn is_full(&self) -> bool {
        self.cells.is_full()
    }

    pub(super) fn take_as_is(&mut self, range: Range<usize>) {
        self.parts.push(Prepared::AsIs(range));
    }

    /// Masks the row at `range` of the input as far as it goes without a scan.
    pub(super) fn take_row(
        &mut self,
        syntax: &dyn Syntax,
        columns: &[ColumnPlan],
        dates: Dates,
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
        for (span, column) in spans.iter().zip(columns) {
            let field = if span.is_null || column.action == Action::Pass {
                Field::AsIs(range.start + span.range.start..range.start + span.range.end)
            } else {
                let raw = row.get(span.range.clone()).unwrap_or_default();
                self.take_value(syntax, column, dates, raw, span.is_quoted)?
            };
            self.fields.push(field);
        }
        self.spans = spans;
        self.parts.push(Prepared::Row(first..self.fields.len()));
        Ok(())
    }

    fn take_value(
        &mut self,
        syntax: &dyn Syntax,
        column: &ColumnPlan,
        dates: Dates,
        raw: &[u8],
        was_quoted: bool,
    ) -> Result<Field, MaskError> {
        let start = self.values.len();
        syntax.decode(raw, &mut self.values)?;
        let value = self.values.get_mut(start..).unwrap_or_default();
        match self.cells.mask(column, dates, Length::MayShrink, value, start) {
            Outcome::Same => {}
            Outcome::Masked(len) => self.values.truncate(start + len),
            Outcome::Null => {
                self.values.truncate(start);
                return Ok(Field::Null);
            }
        }
        Ok(Field::Value { range: start..self.values.len(), was_quoted })
    }

    /// Covers what was found, appends each part as a CopyData frame, and forgets them.
    pub(super) fn release(
        &mut self,
        syntax: &dyn Syntax,
        dates: Dates,
        input: &[u8],
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Counts {
        let counts = self.cells.cover(&mut self.values, dates, scanner);
        let mut payload = std::mem::take(&mut self.payload);
        for part in &self.parts {
            payload.clear();
            match part {
                Prepared::AsIs(range) => {
                    payload.extend_from_slice(input.get(range.clone()).unwrap_or_default());
                }
                Prepared::Row(fields) => self.encode_row(syntax, fields, input, &mut payload),
            }
            Message::CopyData(&payload).encode(out);
        }
        self.payload = payload;
        self.values.clear();
        self.fields.clear();
        self.parts.clear();
        counts
    }

    fn encode_row(
        &self,
        syntax: &dyn Syntax,
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
