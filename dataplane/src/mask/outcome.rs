//! What masks of whatever type say of themselves.

/// What became of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// As it was, or to be covered in place when it has been scanned.
    Same,
    /// Masked, in so many of its first bytes.
    Masked(usize),
    /// There is no mask of this type that fits, so the value is to become NULL.
    Null,
}

/// Whether a mask may be shorter than its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    MayShrink,
    Kept,
}

pub(super) fn filled(cell: &mut [u8], byte: u8) -> Outcome {
    cell.fill(byte);
    Outcome::Masked(cell.len())
}
