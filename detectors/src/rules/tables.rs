//! Where a table's header may begin: a word that names a column stands before what separates columns.

use std::ops::Range;

use super::Found;
use crate::bytes::{self, ALNUM};
use crate::window::Window;

/// What may stand between the word and the end of its heading: ` Number`, `_line_1`.
const REST_BYTES: usize = 24;

/// A word that may be a heading's is met. Whether the line is a header is the walk's to tell.
pub(super) fn heading(w: &Window<'_>, hit: &Range<usize>, found: &mut Found) {
    if w.is_json() || !is_before_separator(w, hit.end) {
        return;
    }
    let before = w.slice(0..hit.start);
    let start = match before.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => end + 1,
        None if w.is_opening() => 0,
        None => return,
    };
    let position = w.position(start);
    if found.heads.last() != Some(&position) {
        found.heads.push(position);
    }
}

fn is_before_separator(w: &Window<'_>, end: usize) -> bool {
    let goes_on = |at: usize| match w.byte(at) {
        b' ' => w.byte(at + 1) != b' ',
        byte => bytes::is(byte, ALNUM) || b"_#/.()-".contains(&byte),
    };
    let at = (end..end + REST_BYTES).find(|at| !goes_on(*at)).unwrap_or(end + REST_BYTES);
    match w.byte(at) {
        b',' | b';' | b'\t' | b'|' | b' ' | b'\n' | b'\r' => true,
        b'"' | b'*' => matches!(w.byte(at + 1), b',' | b';' | b'\t' | b'|' | b'\n' | b'\r' | b'*'),
        _ => false,
    }
}
