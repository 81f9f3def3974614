//! Spots: where something is encoded or in disguise, so that a view tells what it reads as.

use std::ops::Range;

use super::{unicode, units};
use crate::bytes::{self, ALNUM, DIGIT};
use crate::window::Window;

/// Whether the escape that ends at `end` (its anchor does) hides something, and is worth a view.
pub(crate) fn is_telling(w: &Window<'_>, hit: &Range<usize>) -> bool {
    let text = w.rest(0);
    // Of several backslashes an anchor holds the last, of several entities the last name.
    let start = match w.byte(hit.start) {
        b'a' | b'A' => w.slice(0..hit.end).iter().rposition(|byte| *byte == b'&').unwrap_or(0),
        _ => w.skip_back_over(hit.start, b'\\'),
    };
    if w.byte(hit.start) == b'\\' && w.byte(hit.start + 1) == b'"' {
        return w.byte(w.skip(hit.start + 2, bytes::SPACE)) == b':';
    }
    units::unit(text, start).is_some_and(|unit| unit.is_telling())
}

/// Whether the one-byte token that ends at `end` is a digit of UTF-16.
pub(crate) fn is_utf16(w: &Window<'_>, end: usize) -> bool {
    w.byte(end) == 0 && end + 1 < w.len() && (w.is(end + 1, ALNUM) || w.byte(end + 1) == b'-')
}

/// Adds where characters beyond ASCII are in disguise, or hide between others.
pub(crate) fn disguises(text: &[u8], range: Range<usize>, spots: &mut Vec<usize>) {
    let mut at = range.start;
    while at < range.end {
        at += disguise(text, at, spots);
    }
}

/// Looks at the character at `at`; returns its length.
fn disguise(text: &[u8], at: usize, spots: &mut Vec<usize>) -> usize {
    let byte = |at: usize| text.get(at).copied().unwrap_or(0);
    if byte(at).is_ascii() {
        return 1;
    }
    let Some((character, len)) = units::character(text, at) else { return 1 };
    let code = u32::from(character);
    let before = if at == 0 { 0 } else { byte(at - 1) };
    let told = unicode::is_disguised(character)
        || unicode::is_invisible(code) && is_joint(before) && hides(text, at + len)
        || bytes::is(before, DIGIT) && unicode::is_mark(character)
        || unicode::is_raised(character)
            && units::character(text, at + len).is_some_and(|(next, _)| unicode::is_raised(next));
    if told {
        spots.push(at);
    }
    len
}

/// Whether a token goes on behind characters that show nothing, or so many of them stand here that
/// something is meant to be hidden.
fn hides(text: &[u8], mut at: usize) -> bool {
    const MOST: usize = 8;
    for _ in 0..MOST {
        match units::character(text, at) {
            Some((character, len)) if unicode::is_invisible(u32::from(character)) => at += len,
            _ => return text.get(at).is_some_and(|byte| is_joint(*byte)),
        }
    }
    true
}

fn is_joint(byte: u8) -> bool {
    bytes::is(byte, ALNUM) || matches!(byte, b'-' | b'.' | b'@' | b'(' | b')')
}
