//! Codes in the place of values: a prefix and hexadecimal digits, a number, a UUID, as the type has room for.
//!
//! A code is made of 16 bytes, from a key or from control's vault, that belong to the value's text: so text and
//! binary format agree.

use std::borrow::Cow;

use lazaret_policy::{ColumnPlan, Format, TypeKind};

use super::number;
use super::outcome::Outcome;

/// What the code of a value is to be found by; `None` where its type has no room for a code.
pub(super) fn canonical<'v>(column: &ColumnPlan, value: &'v [u8]) -> Option<Cow<'v, [u8]>> {
    use TypeKind as K;
    let (kind, format) = (column.kind, column.format);
    Some(match (kind, format) {
        (K::Text | K::Xml | K::Json, _) | (K::Jsonb, Format::Text) => Cow::Borrowed(value),
        (K::Jsonb, Format::Binary) => Cow::Borrowed(value.strip_prefix(&[1])?),
        (K::Int4 | K::Int8, _) => {
            Cow::Owned(number::read_int(format, value)?.to_string().into_bytes())
        }
        (K::Numeric, _) => Cow::Owned(integer(kind, format, value)?.into_bytes()),
        (K::Uuid, _) => Cow::Owned(uuid_bytes(format, value)?.to_vec()),
        _ => return None,
    })
}

/// Puts a code in the place of the value that `values` ends with, from `start`.
pub(super) fn put(
    column: &ColumnPlan,
    prefix: &[u8],
    code: [u8; 16],
    values: &mut Vec<u8>,
    start: usize,
) -> Option<Outcome> {
    use TypeKind as K;
    let (kind, format) = (column.kind, column.format);
    let [number @ .., _, _, _, _, _, _, _, _] = code;
    let number = u64::from_be_bytes(number);
    let mut masked = Vec::new();
    match (kind, format) {
        (K::Text | K::Xml, _) => write_text(prefix, &code, b"", &mut masked),
        (K::Json, _) | (K::Jsonb, Format::Text) => write_text(prefix, &code, b"\"", &mut masked),
        (K::Jsonb, Format::Binary) => {
            masked.push(1);
            write_text(prefix, &code, b"\"", &mut masked);
        }
        (K::Int4, _) => write_integer(kind, format, number >> 33, &mut masked)?,
        (K::Int8 | K::Numeric, _) => write_integer(kind, format, number >> 1, &mut masked)?,
        (K::Uuid, _) => write_uuid(format, code, &mut masked),
        _ => return None,
    }
    Some(replace(values, start, &masked))
}

pub(super) fn replace(values: &mut Vec<u8>, start: usize, masked: &[u8]) -> Outcome {
    values.truncate(start);
    values.extend_from_slice(masked);
    Outcome::Masked(masked.len())
}

/// The digits of a number that is whole and not negative, without leading zeros.
pub(super) fn integer(kind: TypeKind, format: Format, value: &[u8]) -> Option<String> {
    let text = match (kind, format) {
        (TypeKind::Numeric, Format::Binary) => {
            let mut text = Vec::new();
            number::render_numeric(value, &mut text).then_some(text)?
        }
        (TypeKind::Numeric, Format::Text) => value.to_vec(),
        _ => number::read_int(format, value)?.to_string().into_bytes(),
    };
    let text = String::from_utf8(text).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_number = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = fraction.bytes().all(|byte| byte == b'0');
    (is_number && is_whole).then(|| whole.trim_start_matches('0').to_owned())
}

pub(super) fn write_integer(
    kind: TypeKind,
    format: Format,
    number: u64,
    out: &mut Vec<u8>,
) -> Option<()> {
    match (kind, format) {
        (_, Format::Text) => out.extend_from_slice(number.to_string().as_bytes()),
        (TypeKind::Int4, _) => out.extend_from_slice(&i32::try_from(number).ok()?.to_be_bytes()),
        (TypeKind::Int8, _) => out.extend_from_slice(&i64::try_from(number).ok()?.to_be_bytes()),
        _ => number::write_numeric(number, out),
    }
    Some(())
}

fn write_text(prefix: &[u8], code: &[u8], quote: &[u8], out: &mut Vec<u8>) {
    const BYTES: usize = 12;
    out.extend_from_slice(quote);
    out.extend_from_slice(prefix);
    for byte in code.iter().take(BYTES) {
        out.extend_from_slice(format!("{byte:02x}").as_bytes());
    }
    out.extend_from_slice(quote);
}

pub(super) fn uuid_bytes(format: Format, value: &[u8]) -> Option<[u8; 16]> {
    match format {
        Format::Binary => value.try_into().ok(),
        Format::Text => {
            let hex: String = std::str::from_utf8(value).ok()?.replace('-', "");
            let number = u128::from_str_radix(&hex, 16).ok().filter(|_| hex.len() == 32)?;
            Some(number.to_be_bytes())
        }
    }
}

/// RFC 9562, version 8: what is in it is one's own affair.
fn write_uuid(format: Format, mut bytes: [u8; 16], out: &mut Vec<u8>) {
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    match format {
        Format::Binary => out.extend_from_slice(&bytes),
        Format::Text => {
            for (at, byte) in bytes.iter().enumerate() {
                if matches!(at, 4 | 6 | 8 | 10) {
                    out.push(b'-');
                }
                out.extend_from_slice(format!("{byte:02x}").as_bytes());
            }
        }
    }
}
