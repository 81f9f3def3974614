//! What a scan says: where an identifier stands and how it is covered.

use crate::Identifier;

/// Why all is covered where the matcher could not tell.
pub(crate) const FAILED: &str = "the matcher failed";

/// Where an identifier stands in the scanned bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub identifier: Identifier,
    /// Byte offset of the first byte.
    pub start: u32,
    /// Byte offset behind the last byte.
    pub end: u32,
    /// 0 to 100. A failed checksum lowers it, and never vetoes a label.
    pub score: u8,
    /// Which rule found it.
    pub why: &'static str,
    /// What of it Safe Harbor lets stay.
    pub cover: Cover,
}

/// How a finding is covered in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cover {
    /// Nothing stays: `*` for each byte.
    Whole,
    /// A date whose four digits of year, at this offset into the finding, stay; so does its
    /// punctuation.
    Year { at: u8 },
    /// Letters and digits go, punctuation stays: a date without a year of four digits.
    Letters,
    /// A ZIP code: three digits stay unless few people live there.
    Zip3,
    /// An age above 89: becomes 90.
    Age,
    /// A bare number of a JSON text: becomes 0, so that the text stays JSON.
    JsonNumber,
}

/// A finding in one cell of a batch; offsets are into the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellFinding {
    pub cell: u32,
    pub finding: Finding,
}
