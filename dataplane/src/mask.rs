//! Covering cells in place, by the plan of their portal.
//!
//! Few masks are longer than what they replace, so a row is masked in the buffer it arrived in; only a
//! row that becomes shorter (a value became NULL) is framed anew. Rows of a plan that may make them
//! longer are built elsewhere, as COPY data is ([`RowMasker::grown`]). A cell whose length doesn't add
//! up, or a row that doesn't match its plan, is an error that ends the session: what isn't covered
//! by a plan never leaves.
//!
//! Typed masks are done at once; cells to scan are gathered, over as many rows as the batch
//! holds, and matched in one call by [`RowMasker::cover`]. Bytes may leave only after that.

mod blob;
mod cells;
mod code;
mod copy;
mod date;
mod explained;
mod gather;
mod grown;
mod inet;
mod keep;
mod keyed;
mod large;
mod nested;
mod number;
mod outcome;
#[cfg(test)]
mod properties;
mod rebuilt;
mod row;
mod score;
mod text;
mod typed;
mod value;
mod vault;

use lazaret_detectors::{Class, Identifier};

pub(crate) use copy::CopyMasker;
pub(crate) use keyed::Keys;
pub(crate) use large::LargeRow;
pub(crate) use row::{Grown, RowMasker};
pub(crate) use score::Scores;
pub(crate) use text::cover_text;
pub(crate) use vault::{Answer, Asked, TokenCache, Vault};

/// How dates are masked in one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dates {
    style: DateStyle,
    /// 164.514(b)(2)(i)(C): the year may stay unless it tells an age above 89. Earlier ones become
    /// this one.
    oldest_year: i64,
}

/// What masks are made with, in one session.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) dates: Dates,
    /// `None` where no key is known.
    pub(crate) keys: Option<&'a Keys>,
    pub(crate) vault: Vault<'a>,
}

/// By the DateStyle that the server last reported. Dates in a style that isn't known here can't
/// be cut to their year, so they become NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DateStyle {
    Iso,
    Other,
}

impl Dates {
    /// By the value of the DateStyle parameter (`ISO, MDY`) and the time now.
    pub(crate) fn new(date_style: &[u8], now_unix_us: u64) -> Self {
        let style = if date_style.starts_with(b"ISO") { DateStyle::Iso } else { DateStyle::Other };
        Self { style, oldest_year: oldest_year(now_unix_us).into() }
    }

    fn are_iso(self) -> bool {
        self.style == DateStyle::Iso
    }
}

/// The first year that tells no age above 89.
pub(crate) fn oldest_year(now_unix_us: u64) -> u32 {
    u32::try_from(date::year_of_moment(now_unix_us) - 90).unwrap_or_default()
}

/// The upstream or a limit is to blame; the session ends, for what was sent can't be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MaskError {
    #[error("a row has {found} columns where its description has {planned}")]
    Columns { found: usize, planned: usize },
    #[error("the lengths in a row don't add up")]
    Lengths,
    #[error("a value of column {0} is not what its type allows")]
    Value(usize),
    #[error("COPY data is not in the announced format")]
    CopyFormat,
    /// SQLSTATE 54000
    #[error("a value of column {0} is too large to be masked")]
    TooLarge(usize),
    /// SQLSTATE 54000
    #[error("a row of COPY data is too large to be masked")]
    RowTooLarge,
}

/// What was masked, for the record and the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) findings: [u32; Identifier::COUNT],
    /// Cells that were changed in any way.
    pub(crate) cells_masked: u32,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, count) in self.findings.iter_mut().zip(other.findings) {
            *sum = sum.saturating_add(count);
        }
        self.cells_masked = self.cells_masked.saturating_add(other.cells_masked);
    }

    /// A cell was masked by the class of its column.
    fn masked(&mut self, class: Class) {
        self.cells_masked = self.cells_masked.saturating_add(1);
        let identifier = match class {
            Class::Direct(identifier) => identifier,
            // 164.514(b)(2)(i)(C) names dates and ages together, (B) the ZIP code.
            Class::Date | Class::Age => Identifier::Date,
            Class::Zip => Identifier::Geography,
            Class::Clear | Class::Unclassified | Class::Version => return,
        };
        self.found(identifier);
    }

    fn found(&mut self, identifier: Identifier) {
        if let Some(count) = self.findings.get_mut(identifier as usize) {
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests;
