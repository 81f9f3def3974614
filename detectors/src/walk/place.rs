//! What stands at a place of a payload, and how it is covered.

use std::ops::Range;

use crate::Identifier;
use crate::bytes::DIGIT;
use crate::checks::decimal;
use crate::finding::Cover;
use crate::rules::{self, Found};
use crate::window::Window;

/// What a place holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Covered whole.
    Direct(Identifier),
    /// A date as HL7, X12 and XML write it: its year may stay.
    Date,
    Zip,
    Age,
}

impl Place {
    pub(super) fn identifier(self) -> Identifier {
        match self {
            Self::Direct(identifier) => identifier,
            Self::Zip => Identifier::Geography,
            Self::Date | Self::Age => Identifier::Date,
        }
    }

    /// Covers what stands there.
    pub(super) fn cover(
        self,
        w: &Window<'_>,
        value: Range<usize>,
        why: &'static str,
        found: &mut Found,
    ) {
        let value = trimmed(w, value);
        if value.is_empty() {
            return;
        }
        let (identifier, cover) = match self {
            Self::Direct(identifier) => (identifier, Cover::Whole),
            Self::Date => match date(w, &value) {
                Some(cover) => (Identifier::Date, cover),
                None => return,
            },
            Self::Zip => {
                let zip = rules::zip(w, value.start);
                let zip = zip.filter(|zip| w.position(value.end) == zip.end);
                (Identifier::Geography, zip.map_or(Cover::Whole, |zip| zip.cover))
            }
            Self::Age => return found.candidates.extend(rules::age(w, value, why)),
        };
        found.candidates.push(w.found(identifier, value, 90, why).covered(cover));
    }
}

/// `1980` stays, `19800215` keeps its year; what begins with no year is covered whole.
fn date(w: &Window<'_>, value: &Range<usize>) -> Option<Cover> {
    let year = value.start..value.start + 4;
    let digits = w.skip(value.start, DIGIT) - value.start;
    let is_year = digits >= 4 && (1800..2200).contains(&decimal(w.slice(year)));
    match (is_year, value.len()) {
        (true, 4) => None,
        (true, _) => Some(Cover::Year { at: 0 }),
        _ => Some(Cover::Whole),
    }
}

fn trimmed(w: &Window<'_>, value: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = value;
    while start < end && w.byte(start).is_ascii_whitespace() {
        start += 1;
    }
    while start < end && w.is_before(end, crate::bytes::SPACE) {
        end -= 1;
    }
    start..end
}
