//! The text format of COPY: a line for each row, fields apart by one byte, backslash escapes
//! (<https://www.postgresql.org/docs/current/sql-copy.html>).

use lazaret_sql::Copy;

use super::super::MaskError;
use super::super::rebuilt::{RowSyntax, Span};
use super::{Part, Syntax};

pub(super) struct Text {
    delimiter: u8,
    null: Vec<u8>,
    /// A value may be written as NULL is. Then both count as values, or a chosen NULL would tell which
    /// rows hold it; without a value to show, or with a backslash, NULL is unmistakable.
    is_null_ambiguous: bool,
    /// A header line is still to come.
    is_header_due: bool,
}

impl Text {
    pub(super) fn new(copy: &Copy) -> Self {
        Self {
            delimiter: copy.delimiter,
            null: copy.null.clone().into_bytes(),
            is_null_ambiguous: !copy.null.is_empty() && !copy.null.contains('\\'),
            is_header_due: copy.header,
        }
    }
}

impl Syntax for Text {
    /// A newline ends a row, for within a value it is escaped.
    fn next(&mut self, input: &[u8]) -> Result<Option<Part>, MaskError> {
        let Some(newline) = input.iter().position(|&byte| byte == b'\n') else {
            return Ok(None);
        };
        let len = newline + 1;
        Ok(Some(if std::mem::take(&mut self.is_header_due) {
            Part::Names(len)
        } else if input.starts_with(b"\\.\n") {
            Part::AsIs(len)
        } else {
            Part::Row(len)
        }))
    }
}

impl RowSyntax for Text {
    fn split(&self, row: &[u8], fields: &mut Vec<Span>) -> Result<(), MaskError> {
        let line = row.strip_suffix(b"\n").ok_or(MaskError::CopyFormat)?;
        let mut start = 0;
        let mut at = 0;
        loop {
            match line.get(at) {
                Some(b'\\') => at += 2,
                Some(byte) if *byte != self.delimiter => at += 1,
                ended => {
                    let field = line.get(start..at).ok_or(MaskError::CopyFormat)?;
                    let is_null = field == self.null && !self.is_null_ambiguous;
                    fields.push(Span { range: start..at, is_null, is_quoted: false });
                    if ended.is_none() {
                        return Ok(());
                    }
                    at += 1;
                    start = at;
                }
            }
        }
    }

    fn decode(&self, mut field: &[u8], values: &mut Vec<u8>) -> Result<(), MaskError> {
        while let Some((byte, rest)) = field.split_first() {
            field = rest;
            if *byte == b'\\' {
                field = decode_escape(rest, values)?;
            } else {
                values.push(*byte);
            }
        }
        Ok(())
    }

    fn begin_row(&self, _fields: usize, _out: &mut Vec<u8>) {}

    fn separate(&self, out: &mut Vec<u8>) {
        out.push(self.delimiter);
    }

    fn encode(&self, value: Option<&[u8]>, _was_quoted: bool, out: &mut Vec<u8>) {
        let Some(value) = value else {
            out.extend_from_slice(&self.null);
            return;
        };
        for &byte in value {
            let escaped = match byte {
                0x08 => b'b',
                0x0c => b'f',
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                0x0b => b'v',
                b'\\' => b'\\',
                byte if byte == self.delimiter => byte,
                byte => {
                    out.push(byte);
                    continue;
                }
            };
            out.extend_from_slice(&[b'\\', escaped]);
        }
    }

    fn end_row(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
    }
}

/// Decodes what follows a backslash, and returns the rest.
fn decode_escape<'a>(rest: &'a [u8], values: &mut Vec<u8>) -> Result<&'a [u8], MaskError> {
    let (escape, rest) = rest.split_first().ok_or(MaskError::CopyFormat)?;
    let byte = match escape {
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'0'..=b'7' => return Ok(decode_digits(escape, rest, 8, 2, values)),
        b'x' => match rest.split_first() {
            Some((digit, rest)) if digit.is_ascii_hexdigit() => {
                return Ok(decode_digits(digit, rest, 16, 1, values));
            }
            _ => b'x',
        },
        other => *other,
    };
    values.push(byte);
    Ok(rest)
}

/// Decodes a number by its first digit and up to so many more.
fn decode_digits<'a>(
    first: &u8,
    mut rest: &'a [u8],
    radix: u8,
    more: usize,
    values: &mut Vec<u8>,
) -> &'a [u8] {
    let digit = |byte: u8| {
        char::from(byte).to_digit(u32::from(radix)).and_then(|digit| u8::try_from(digit).ok())
    };
    let mut value = digit(*first).unwrap_or(0);
    for _ in 0..more {
        let Some((next, behind)) = rest.split_first() else { break };
        let Some(next) = digit(*next) else { break };
        value = value.wrapping_mul(radix).wrapping_add(next);
        rest = behind;
    }
    values.push(value);
    rest
}
