//! The binary format of COPY: a signature with flags and an extension, then for each row a count
//! and values with their lengths, then a count of -1
//! (<https://www.postgresql.org/docs/current/sql-copy.html>).

use super::super::MaskError;
use super::super::rebuilt::{RowSyntax, Span};
use super::{Part, Syntax};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// The signature, 32 bits of flags, and the length of an extension. The one flag there ever was
/// announced OIDs before the values (until PostgreSQL 12), which are in no plan.
const HEADER_BYTES: usize = SIGNATURE.len() + 8;

const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

#[derive(Default)]
pub(in super::super) struct Binary {
    state: State,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Header,
    Rows,
    Ended,
}

impl Syntax for Binary {
    fn next(&mut self, input: &[u8]) -> Result<Option<Part>, MaskError> {
        match self.state {
            State::Header => {
                if !has_header(input)? {
                    return Ok(None);
                }
                self.state = State::Rows;
                Ok(Some(Part::AsIs(HEADER_BYTES)))
            }
            State::Rows if input.starts_with(&TRAILER) => {
                self.state = State::Ended;
                Ok(Some(Part::AsIs(TRAILER.len())))
            }
            State::Rows => Ok(row_len(input)?.map(Part::Row)),
            State::Ended if input.is_empty() => Ok(None),
            State::Ended => Err(MaskError::CopyFormat),
        }
    }
}

impl RowSyntax for Binary {
    fn split(&self, row: &[u8], fields: &mut Vec<Span>) -> Result<(), MaskError> {
        let (before, mut start) = (fields.len(), TRAILER.len());
        while start < row.len() {
            let value = Value::at(row, start)?.ok_or(MaskError::CopyFormat)?;
            if value.end > row.len() {
                return Err(MaskError::CopyFormat);
            }
            fields.push(Span { range: start..value.end, is_null: value.is_null, is_quoted: false });
            start = value.end;
        }
        let count = row.first_chunk().map(|count| usize::from(u16::from_be_bytes(*count)));
        if count != Some(fields.len() - before) {
            return Err(MaskError::CopyFormat);
        }
        Ok(())
    }

    fn decode(&self, field: &[u8], values: &mut Vec<u8>) -> Result<(), MaskError> {
        values.extend_from_slice(field.get(4..).ok_or(MaskError::CopyFormat)?);
        Ok(())
    }

    fn begin_row(&self, fields: usize, out: &mut Vec<u8>) {
        let count = u16::try_from(fields).expect("the row that was read had as many fields");
        out.extend_from_slice(&count.to_be_bytes());
    }

    fn separate(&self, _out: &mut Vec<u8>) {}

    fn encode(&self, value: Option<&[u8]>, _was_quoted: bool, out: &mut Vec<u8>) {
        match value {
            Some(value) => {
                let len = i32::try_from(value.len()).expect("a row is within its limit");
                out.extend_from_slice(&len.to_be_bytes());
                out.extend_from_slice(value);
            }
            None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }

    fn end_row(&self, _out: &mut Vec<u8>) {}
}

/// Whether the header is complete. The extension has never been used; nobody knows what one would hold.
fn has_header(input: &[u8]) -> Result<bool, MaskError> {
    let Some((signature, rest)) = input.split_first_chunk::<{ SIGNATURE.len() }>() else {
        return Ok(false);
    };
    let Some(flags_and_extension) = rest.first_chunk::<8>() else {
        return Ok(false);
    };
    if signature != SIGNATURE || *flags_and_extension != [0; 8] {
        return Err(MaskError::CopyFormat);
    }
    Ok(true)
}

/// The length of the row that the input begins with, if it is complete.
fn row_len(input: &[u8]) -> Result<Option<usize>, MaskError> {
    let Some(count) = input.first_chunk() else {
        return Ok(None);
    };
    let count = u16::try_from(i16::from_be_bytes(*count)).map_err(|_| MaskError::CopyFormat)?;
    let mut end = TRAILER.len();
    for _ in 0..count {
        let Some(value) = Value::at(input, end)? else {
            return Ok(None);
        };
        end = value.end;
    }
    Ok((end <= input.len()).then_some(end))
}

/// A value with its length before it.
struct Value {
    end: usize,
    is_null: bool,
}

impl Value {
    /// The value that begins at `start`, if its length has arrived.
    fn at(input: &[u8], start: usize) -> Result<Option<Self>, MaskError> {
        let Some(length) = input.get(start..).and_then(|rest| rest.first_chunk()) else {
            return Ok(None);
        };
        let length = i32::from_be_bytes(*length);
        let is_null = length == -1;
        let len =
            if is_null { 0 } else { usize::try_from(length).map_err(|_| MaskError::CopyFormat)? };
        Ok(Some(Self { end: start + 4 + len, is_null }))
    }
}
