//! Masks that stay valid for their type, so that a driver reads them without an error.
//!
//! Each has a form that keeps the length wherever the type allows one, for rows whose lengths
//! have left already ([`Length::Kept`]); where it doesn't, the mask is NULL.

use lazaret_policy::{Action, ColumnPlan, Format, TypeKind};

use super::outcome::{Length, Outcome, filled};
use super::{Dates, blob, date, inet, number};

/// Carries out an action that needs no scan.
pub(super) fn mask(column: &ColumnPlan, dates: Dates, length: Length, cell: &mut [u8]) -> Outcome {
    let (kind, format) = (column.kind, column.format);
    let outcome = match column.action {
        Action::Pass | Action::Scan | Action::Properties => Outcome::Same,
        Action::Whole => whole(kind, format, dates, length, cell),
        // For rows that are built anew; elsewhere all that can be done is to cover.
        Action::Fixed
        | Action::Hmac
        | Action::Fpe
        | Action::DateShift
        | Action::Token
        | Action::Structure => whole(kind, format, dates, length, cell),
        Action::Null => Outcome::Null,
        Action::KeepLast4 => keep_last4(kind, format, dates, length, cell),
        Action::Year => year(kind, format, dates, length, cell),
        Action::Zip3 => zip3(kind, format, dates, length, cell),
        Action::AgeCap => age_cap(kind, format, dates, length, cell),
    };
    if let Outcome::Masked(len) = outcome {
        debug_assert!(len <= cell.len(), "a mask is longer than its cell");
        debug_assert!(length == Length::MayShrink || len == cell.len(), "a length was kept");
    }
    outcome
}

/// Covers a value so that nothing of it is left.
pub(super) fn whole(
    kind: TypeKind,
    format: Format,
    dates: Dates,
    length: Length,
    cell: &mut [u8],
) -> Outcome {
    use TypeKind as K;
    if cell.is_empty() {
        return Outcome::Same;
    }
    let may_shrink = length == Length::MayShrink;
    match kind {
        K::Bool
        | K::Money
        | K::Bytea
        | K::Date
        | K::Timestamp
        | K::TimestampTz
        | K::Interval
        | K::Xml
        | K::TsVector
            if may_shrink =>
        {
            Outcome::Null
        }
        K::Enum | K::Array | K::Composite | K::Range | K::Other => Outcome::Null,
        K::TsVector if format == Format::Binary => Outcome::Null,
        K::Text | K::Xml | K::TsVector => filled(cell, b'*'),
        K::Int2 | K::Int4 | K::Int8 | K::Oid | K::Float4 | K::Float8 => {
            filled(cell, number::zero(format))
        }
        K::Bool => filled(cell, if format == Format::Text { b'f' } else { 0 }),
        K::Numeric => number::whole_numeric(format, length, cell),
        K::Money | K::Time | K::TimeTz | K::Interval => match format {
            Format::Text => zeroed_digits(cell),
            Format::Binary => filled(cell, 0),
        },
        K::Bytea => blob::whole(format, cell),
        K::Date | K::Timestamp | K::TimestampTz => date::whole(format, dates, cell),
        K::Uuid | K::MacAddr => match format {
            Format::Text => zeroed_hex(cell),
            Format::Binary => filled(cell, 0),
        },
        K::Json => json(cell),
        K::Jsonb => jsonb(format, cell),
        K::Inet => inet::whole(format, length, cell),
        K::Bit => bit(format, cell),
    }
}

/// Whether [`whole`] has a mask of the same length for values of this type.
pub(super) fn keeps_length(column: &ColumnPlan, dates: Dates) -> bool {
    use TypeKind as K;
    if column.action == Action::Null {
        return false;
    }
    match column.kind {
        K::Enum | K::Array | K::Composite | K::Range | K::Other => false,
        K::TsVector => column.format == Format::Text,
        K::Date | K::Timestamp | K::TimestampTz => {
            column.format == Format::Binary || dates.are_iso()
        }
        _ => true,
    }
}

/// A date or a timestamp becomes January 1st of its year.
pub(super) fn year(
    kind: TypeKind,
    format: Format,
    dates: Dates,
    length: Length,
    cell: &mut [u8],
) -> Outcome {
    use TypeKind as K;
    match (kind, format) {
        (K::Date | K::Timestamp | K::TimestampTz, _) => date::year(format, dates, cell),
        (K::Text, _) => match date::year(Format::Text, dates, cell) {
            Outcome::Null => whole(kind, format, dates, length, cell),
            outcome => outcome,
        },
        (K::Int2 | K::Int4 | K::Int8, _) => number::year(format, dates, cell),
        _ => whole(kind, format, dates, length, cell),
    }
}

fn keep_last4(
    kind: TypeKind,
    format: Format,
    dates: Dates,
    length: Length,
    cell: &mut [u8],
) -> Outcome {
    use TypeKind as K;
    match (kind, format) {
        (K::Text, _) => {
            lazaret_detectors::mask::keep_last4(cell);
            Outcome::Masked(cell.len())
        }
        (K::Int2 | K::Int4 | K::Int8, _) | (K::Numeric, Format::Text) => {
            number::keep_last4(format, cell)
        }
        _ => whole(kind, format, dates, length, cell),
    }
}

fn zip3(kind: TypeKind, format: Format, dates: Dates, length: Length, cell: &mut [u8]) -> Outcome {
    use TypeKind as K;
    match (kind, format) {
        (K::Text, _) => {
            lazaret_detectors::mask::zip3(cell);
            Outcome::Masked(cell.len())
        }
        (K::Int2 | K::Int4 | K::Int8, _) | (K::Numeric, Format::Text) => number::zip3(format, cell),
        _ => whole(kind, format, dates, length, cell),
    }
}

fn age_cap(
    kind: TypeKind,
    format: Format,
    dates: Dates,
    length: Length,
    cell: &mut [u8],
) -> Outcome {
    use TypeKind as K;
    match (kind, format) {
        (K::Text, _) => number::cap_age_in_text(cell),
        (K::Int2 | K::Int4 | K::Int8 | K::Float4 | K::Float8 | K::Numeric, Format::Text) => {
            number::cap_age_in_decimal(length, cell)
        }
        (K::Int2 | K::Int4 | K::Int8, Format::Binary) => number::cap_age_in_int(cell),
        (K::Float4 | K::Float8, Format::Binary) => number::cap_age_in_float(cell),
        (K::Numeric, Format::Binary) => number::cap_age_in_numeric(length, cell),
        _ => whole(kind, format, dates, length, cell),
    }
}

/// Digits become zeros, signs go; what a unit or a separator says stays.
fn zeroed_digits(cell: &mut [u8]) -> Outcome {
    for byte in cell.iter_mut() {
        match *byte {
            b'0'..=b'9' => *byte = b'0',
            // An offset of a time zone needs a sign; elsewhere a plus reads as nothing.
            b'-' => *byte = b'+',
            _ => {}
        }
    }
    Outcome::Masked(cell.len())
}

fn zeroed_hex(cell: &mut [u8]) -> Outcome {
    for byte in cell.iter_mut().filter(|byte| byte.is_ascii_hexdigit()) {
        *byte = b'0';
    }
    Outcome::Masked(cell.len())
}

/// A JSON string of asterisks; a value of one byte is a digit and becomes 0.
fn json(cell: &mut [u8]) -> Outcome {
    match cell {
        [] => {}
        [only] => *only = b'0',
        [first, middle @ .., last] => {
            *first = b'"';
            middle.fill(b'*');
            *last = b'"';
        }
    }
    Outcome::Masked(cell.len())
}

/// In binary format there is a version before the text, and only 1 is known.
fn jsonb(format: Format, cell: &mut [u8]) -> Outcome {
    let len = cell.len();
    match (format, cell) {
        (Format::Text, cell) => json(cell),
        (Format::Binary, [1, text @ ..]) => {
            json(text);
            Outcome::Masked(len)
        }
        (Format::Binary, _) => Outcome::Null,
    }
}

/// In binary format the number of bits comes first, and stays.
fn bit(format: Format, cell: &mut [u8]) -> Outcome {
    let len = cell.len();
    match format {
        Format::Text => filled(cell, b'0'),
        Format::Binary => match cell.split_at_mut_checked(4) {
            Some((_, bits)) => {
                bits.fill(0);
                Outcome::Masked(len)
            }
            None => Outcome::Null,
        },
    }
}

#[cfg(test)]
mod tests;
