//! Masks that may be longer than what they replace, for rows that are built anew.

use lazaret_policy::{Action, ColumnPlan, Format, TypeKind};

use super::outcome::{Length, Outcome};
use super::{Dates, number, typed};

/// What stands for a text of any length.
const FIXED: &[u8; 8] = b"********";

/// Masks the value that `values` ends with, from `start`.
pub(super) fn mask(
    column: &ColumnPlan,
    dates: Dates,
    values: &mut Vec<u8>,
    start: usize,
) -> Outcome {
    match column.action {
        Action::Fixed => fixed(column.kind, column.format, dates, values, start),
        _ => {
            let value = values.get_mut(start..).unwrap_or_default();
            typed::mask(column, dates, Length::MayShrink, value)
        }
    }
}

/// The same for each value of a type, an empty one included.
fn fixed(
    kind: TypeKind,
    format: Format,
    dates: Dates,
    values: &mut Vec<u8>,
    start: usize,
) -> Outcome {
    use TypeKind as K;
    let replace = |values: &mut Vec<u8>, parts: &[&[u8]]| {
        values.truncate(start);
        parts.iter().for_each(|part| values.extend_from_slice(part));
        Outcome::Masked(values.len() - start)
    };
    match (kind, format) {
        (K::Text | K::Xml, _) => replace(values, &[FIXED]),
        (K::Json, _) | (K::Jsonb, Format::Text) => replace(values, &[b"\"", FIXED, b"\""]),
        (K::Jsonb, Format::Binary) => replace(values, &[b"\x01\"", FIXED, b"\""]),
        (
            K::Int2 | K::Int4 | K::Int8 | K::Oid | K::Float4 | K::Float8 | K::Numeric,
            Format::Text,
        ) => replace(values, &[&[number::zero(format)]]),
        (K::Time | K::TimeTz | K::Interval | K::Bit | K::Inet, _) => Outcome::Null,
        _ => {
            let value = values.get_mut(start..).unwrap_or_default();
            typed::whole(kind, format, dates, Length::MayShrink, value)
        }
    }
}

#[cfg(test)]
mod tests;
