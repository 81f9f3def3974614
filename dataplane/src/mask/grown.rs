//! Masks that may be longer than what they replace, or take a key or the vault, for rows that are built anew.

use std::collections::HashSet;

use lazaret_link::ValueDigest;
use lazaret_policy::{Action, ColumnPlan, Format, TOKEN_PREFIX, TypeKind};

use super::outcome::{Length, Outcome};
use super::{Dates, Means, code, date, number, typed};

/// What stands for a text of any length.
const FIXED: &[u8; 8] = b"********";

/// Masks the value that `values` ends with, from `start`. Without a key, or the token that it asks for, it is
/// covered whole; a token that nobody has asked for yet is noted in `unknown`.
pub(super) fn mask(
    column: &ColumnPlan,
    Means { dates, keys, vault }: Means<'_>,
    values: &mut Vec<u8>,
    start: usize,
    unknown: &mut HashSet<ValueDigest>,
) -> Outcome {
    let (kind, format) = (column.kind, column.format);
    let keyed = match (column.action, keys) {
        (Action::Fixed, _) => return fixed(kind, format, dates, values, start),
        (Action::Hmac, Some(keys)) => keys.code(column, values, start),
        (Action::Fpe, Some(keys)) => keys.preserve(column, values, start),
        (Action::DateShift, Some(keys)) => {
            let value = values.get_mut(start..).unwrap_or_default();
            shifted(kind, format, dates, keys.shift_days, value)
        }
        (Action::Token, Some(keys)) => {
            let digest = keys.digest(column, values.get(start..).unwrap_or_default());
            let token = digest.and_then(|digest| vault.find(digest, unknown));
            token.and_then(|token| code::put(column, TOKEN_PREFIX, token.0, values, start))
        }
        _ => None,
    };
    keyed.unwrap_or_else(|| {
        let value = values.get_mut(start..).unwrap_or_default();
        typed::whole(kind, format, dates, Length::MayShrink, value)
    })
}

fn shifted(
    kind: TypeKind,
    format: Format,
    dates: Dates,
    days: i64,
    value: &mut [u8],
) -> Option<Outcome> {
    use TypeKind as K;
    let format = if kind == K::Text { Format::Text } else { format };
    let is_date = matches!(kind, K::Date | K::Timestamp | K::TimestampTz | K::Text);
    let outcome = is_date.then(|| date::shift(format, dates, days, value));
    outcome.filter(|outcome| *outcome != Outcome::Null)
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
