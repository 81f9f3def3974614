//! Numbers and strings of a JSON text, told by its punctuation. Not a parser: what stands in a window is all that is seen.

use std::ops::Range;

use crate::bytes::{SPACE, is};
use crate::checks::is_json_number;
use crate::finding::Cover;
use crate::window::{Candidate, Window};

/// So far a bare number looks back for the end of a string: an array of many numbers must not take
/// the square of its length.
const NUMBERS_BYTES: usize = 128;

/// A number of a JSON text, by its syntax and by JSON's punctuation around it. The text of a
/// string may read the same: `"Roe,2125551234,F"`.
pub(crate) struct Number {
    pub(crate) range: Range<usize>,
    /// It stands outside of strings, as far as the window tells.
    pub(super) is_bare: bool,
}

impl Number {
    /// A candidate that begins here covers the number, as one: which is valid in a string, too. What
    /// goes on behind it does so in a string only.
    pub(super) fn cover(&self, w: &Window<'_>, candidate: Candidate) -> Candidate {
        let (start, end) = (w.position(self.range.start), w.position(self.range.end));
        let is_within = start <= candidate.start && candidate.end <= end;
        let whole = Candidate { start, end, ..candidate.covered(Cover::JsonNumber) };
        if self.is_bare || is_within { whole } else { candidate }
    }
}

/// The number that `at` lies in.
pub(crate) fn number_around(w: &Window<'_>, at: usize) -> Option<Number> {
    if !w.is_json() {
        return None;
    }
    let mut start = at;
    while start > 0 && is_number_byte(w.before(start)) {
        start -= 1;
    }
    let end = number_end(w, at);
    let (before, behind) = (w.skip_back(start, SPACE), w.skip(end, SPACE));
    let opens = matches!(w.before(before), b':' | b',' | b'[');
    let closes = matches!(w.byte(behind), b',' | b']' | b'}');
    let is_number = opens && closes && is_json_number(w.slice(start..end));
    is_number.then(|| Number { range: start..end, is_bare: is_outside(w, before) })
}

/// Whether `at`, behind punctuation, is outside of strings: from there back to the end of a
/// string, or to the start of the text, stand only numbers and punctuation. `false` is a doubt.
fn is_outside(w: &Window<'_>, at: usize) -> bool {
    let mut start = at;
    while start > at.saturating_sub(NUMBERS_BYTES) && is_number_or_structure(w.before(start)) {
        start -= 1;
    }
    if start == 0 {
        return w.is_opening();
    }
    // A quote opens a string behind punctuation, and is itself a character behind a backslash.
    let quote = start - 1;
    w.byte(quote) == b'"'
        && quote > 0
        && !matches!(w.before(quote), b'\\' | b'[' | b'{' | b',' | b':')
        && !w.is_before(quote, SPACE)
}

/// Where the string that is under way at `from` ends (its quote), and whether it goes on behind
/// the window; then the end is between two characters.
pub(super) fn string_end(w: &Window<'_>, from: usize) -> (usize, bool) {
    let mut at = from;
    while at < w.len() {
        match w.byte(at) {
            b'"' => return (at, false),
            b'\\' => {
                let escape = if w.byte(at + 1) == b'u' { 6 } else { 2 };
                if at + escape > w.len() {
                    return (at, w.is_full());
                }
                at += escape;
            }
            _ => at += 1,
        }
    }
    (at, w.is_full())
}

/// Where the bytes end that a number is written with.
pub(super) fn number_end(w: &Window<'_>, at: usize) -> usize {
    w.skip_while(at, is_number_byte)
}

fn is_number_or_structure(byte: u8) -> bool {
    is_number_byte(byte)
        || matches!(byte, b',' | b':' | b'[' | b']' | b'{' | b'}')
        || is(byte, SPACE)
}

fn is_number_byte(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}
