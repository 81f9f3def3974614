//! UUIDs, by whichever of their groups has the first digit.

use std::ops::Range;

use crate::Identifier;
use crate::bytes::{ALNUM, HEX};
use crate::window::{Candidate, Window};

/// Digits of the groups (RFC 9562).
const SIZES: [usize; 5] = [8, 4, 4, 4, 12];

/// Hexadecimal digits in five groups. Masked wherever text is scanned: it stands for one
/// row of somebody's, and content can't tell whose. A column of harmless ones is declared clear.
pub(super) fn uuid(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    if token.len() != 8 || w.byte(token.end) != b'-' {
        return None;
    }
    from(w, token.start)
}

/// A UUID whose first groups hold no digit.
pub(super) fn later_group(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    if w.before(token.start) != b'-' {
        return None;
    }
    [9, 14, 19, 24]
        .into_iter()
        .filter_map(|before| token.start.checked_sub(before))
        .find_map(|start| from(w, start))
}

fn from(w: &Window<'_>, start: usize) -> Option<Candidate> {
    let mut at = start;
    for (index, size) in SIZES.iter().enumerate() {
        if index > 0 {
            if w.byte(at) != b'-' {
                return None;
            }
            at += 1;
        }
        if w.skip(at, HEX) - at != *size {
            return None;
        }
        at += size;
    }
    let apart = !w.is(at, ALNUM) && !w.is_before(start, ALNUM);
    apart.then(|| w.found(Identifier::UniqueCode, start..at, 70, "uuid"))
}
