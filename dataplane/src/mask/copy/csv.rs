//! The csv format of COPY: quotes, doubled or escaped within, and newlines within quotes
//! (<https://www.postgresql.org/docs/current/sql-copy.html>).
//!
//! A field that was quoted stays so, for an unquoted one may be NULL.

use lazaret_sql::Copy;

use super::super::MaskError;
use super::super::rebuilt::{RowSyntax, Span};
use super::{Part, Syntax};

pub(super) struct Csv {
    delimiter: u8,
    quote: u8,
    escape: u8,
    null: Vec<u8>,
    /// A header line is still to come.
    is_header_due: bool,
}

impl Csv {
    pub(super) fn new(copy: &Copy) -> Self {
        Self {
            delimiter: copy.delimiter,
            quote: copy.quote,
            escape: copy.escape,
            null: copy.null.clone().into_bytes(),
            is_header_due: copy.header,
        }
    }

    /// Whether a value must be quoted to be read as itself.
    fn needs_quotes(&self, value: &[u8]) -> bool {
        value == self.null
            || value == b"\\."
            || value.iter().any(|&byte| {
                byte == self.delimiter || byte == self.quote || byte == b'\n' || byte == b'\r'
            })
    }

    /// Where the field that begins at `start` ends.
    fn end_of_field(&self, line: &[u8], start: usize) -> Result<usize, MaskError> {
        let mut is_quoted = false;
        let mut at = start;
        while let Some(&byte) = line.get(at) {
            if is_quoted && byte == self.escape && self.is_escaped(line, at + 1) {
                at += 1;
            } else if byte == self.quote {
                is_quoted = !is_quoted;
            } else if byte == self.delimiter && !is_quoted {
                break;
            }
            at += 1;
        }
        if is_quoted { Err(MaskError::CopyFormat) } else { Ok(at) }
    }

    /// Whether the byte behind an escape within quotes is one that it can stand before.
    fn is_escaped(&self, line: &[u8], at: usize) -> bool {
        line.get(at).is_some_and(|&next| next == self.quote || next == self.escape)
    }
}

impl Syntax for Csv {
    /// A newline that isn't within quotes ends a row.
    fn next(&mut self, input: &[u8]) -> Result<Option<Part>, MaskError> {
        let mut is_quoted = false;
        let mut at = 0;
        while let Some(&byte) = input.get(at) {
            if is_quoted && byte == self.escape && self.is_escaped(input, at + 1) {
                at += 1;
            } else if byte == self.quote {
                is_quoted = !is_quoted;
            } else if byte == b'\n' && !is_quoted {
                let is_header = std::mem::take(&mut self.is_header_due);
                return Ok(Some(if is_header { Part::Names(at + 1) } else { Part::Row(at + 1) }));
            }
            at += 1;
        }
        Ok(None)
    }
}

impl RowSyntax for Csv {
    fn split(&self, row: &[u8], fields: &mut Vec<Span>) -> Result<(), MaskError> {
        let line = row.strip_suffix(b"\n").ok_or(MaskError::CopyFormat)?;
        let mut start = 0;
        loop {
            let end = self.end_of_field(line, start)?;
            let field = line.get(start..end).ok_or(MaskError::CopyFormat)?;
            let is_quoted = field.contains(&self.quote);
            let is_null = !is_quoted && field == self.null;
            fields.push(Span { range: start..end, is_null, is_quoted });
            if end == line.len() {
                return Ok(());
            }
            start = end + 1;
        }
    }

    fn decode(&self, field: &[u8], values: &mut Vec<u8>) -> Result<(), MaskError> {
        let mut is_quoted = false;
        let mut at = 0;
        while let Some(&byte) = field.get(at) {
            if is_quoted && byte == self.escape && self.is_escaped(field, at + 1) {
                at += 1;
                values.extend(field.get(at));
            } else if byte == self.quote {
                is_quoted = !is_quoted;
            } else {
                values.push(byte);
            }
            at += 1;
        }
        Ok(())
    }

    fn begin_row(&self, _fields: usize, _out: &mut Vec<u8>) {}

    fn separate(&self, out: &mut Vec<u8>) {
        out.push(self.delimiter);
    }

    fn encode(&self, value: Option<&[u8]>, was_quoted: bool, out: &mut Vec<u8>) {
        let Some(value) = value else {
            out.extend_from_slice(&self.null);
            return;
        };
        if !was_quoted && !self.needs_quotes(value) {
            out.extend_from_slice(value);
            return;
        }
        out.push(self.quote);
        for &byte in value {
            if byte == self.quote || byte == self.escape {
                out.push(self.escape);
            }
            out.push(byte);
        }
        out.push(self.quote);
    }

    fn end_row(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
    }
}
