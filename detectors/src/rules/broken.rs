//! Numbers broken over the end of a line, as terminals and mail do: `123-45-67`, `89`.
//!
//! Lines of figures stand below each other everywhere, so only a number that is an SSN's or a
//! telephone's shape with its dashes, once the line's end is taken out, is one.

use std::ops::Range;

use crate::Identifier;
use crate::bytes::{ALNUM, DIGIT};
use crate::checks;
use crate::window::{Candidate, Window};

/// The longest shape, `212-555-1234`.
const SHAPE: usize = 12;

/// So many ends of lines may stand in a number.
const BREAKS: usize = 3;

/// Whether a line ends behind the token, or behind the dash that follows it.
#[inline]
pub(super) fn is_broken(w: &Window<'_>, end: usize) -> bool {
    let end = end + usize::from(w.byte(end) == b'-');
    matches!(w.byte(end), b'\n' | b'\r')
}

/// The number that the token, the last of its line, belongs to.
#[cold]
pub(super) fn across_lines(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let part = |at: usize| w.is(at, DIGIT) || w.byte(at) == b'-' && w.is(at + 1, DIGIT);
    let mut start = token.start;
    while start > 0 && token.start - start < SHAPE && (part(start - 1) || w.before(start) == b'-') {
        start -= 1;
    }
    let (mut shape, mut len, mut at, mut breaks) = ([0; SHAPE], 0, start, 0);
    while len < SHAPE && breaks <= BREAKS {
        match w.byte(at) {
            byte if byte == b'-' || w.is(at, DIGIT) => {
                shape[len] = byte;
                len += 1;
                at += 1;
            }
            b'\n' => (at, breaks) = (at + 1, breaks + 1),
            b'\r' if w.byte(at + 1) == b'\n' => at += 1,
            _ => break,
        }
    }
    let shape = shape.get(..len)?;
    let (identifier, why) = match shape {
        [a, b, c, b'-', d, e, b'-', f, g, h, i]
            if [a, b, c, d, e, f, g, h, i].iter().all(|it| it.is_ascii_digit()) =>
        {
            (Identifier::Ssn, "ssn over the end of a line")
        }
        [a, b, c, b'-', d, e, f, b'-', rest @ ..]
            if rest.len() == 4
                && checks::nanp(&[*a, *b, *c], &[*d, *e, *f])
                && [a, b, c, d, e, f].iter().all(|it| it.is_ascii_digit())
                && rest.iter().all(u8::is_ascii_digit) =>
        {
            (Identifier::Telephone, "telephone over the end of a line")
        }
        _ => return None,
    };
    let apart = !w.is_before(start, ALNUM) && !w.is(at, ALNUM);
    (apart && at > token.end + 1).then(|| w.found(identifier, start..at, 80, why))
}
