//! Records' numbers without a label, by whose they are, and by standing alone.

use std::ops::Range;

use super::words::{self, Token};
use crate::Identifier;
use crate::bytes::{self, ALNUM, ALPHA, DIGIT, SPACE, UPPER};
use crate::window::{Candidate, Window};

/// A record's number in brackets behind whose it is: `Roe, Jane (00123456)`. Of the two words one
/// is a name and nothing else: codes of diagnoses stand so behind their terms.
pub(super) fn behind_a_name(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    if w.before(token.start) != b'(' || w.byte(token.end) != b')' {
        return None;
    }
    let digits = w.slice(token.clone()).iter().filter(|byte| byte.is_ascii_digit()).count();
    if !(6..=10).contains(&token.len()) || digits < 5 {
        return None;
    }
    let end = w.skip_back(token.start - 1, SPACE);
    let last = w.word_before(end);
    let before = w.skip_back(last.start, SPACE);
    let comma = w.before(before) == b',';
    let before = if comma { before - 1 } else { before };
    let words = [w.word_before(before), last].map(|word| Token::read(w, word.start));
    let named = |word: &Token| word.is_only_name() && word.letters > 2;
    let named = words.iter().any(|word| named(word) || comma && word.is_unknown());
    let capital = words.iter().all(|word| !word.is_empty() && words::is_capital(w, word.start));
    (named && capital)
        .then(|| w.found(Identifier::MedicalRecord, token.clone(), 55, "number behind a name"))
}

/// A code of six digits or more that a note begins with, before or behind others, or that has a line of
/// a note for itself: `00513213`, `62-45-86`, `MR814622`.
pub(super) fn alone(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let end = code_end(w, token.start);
    let code = w.slice(token.start..end);
    let digits = code.iter().filter(|byte| byte.is_ascii_digit()).count();
    if w.is_json() || !(6..=12).contains(&digits) || !closes(w, end) {
        return None;
    }
    let before = w.skip_back_over(token.start, b' ');
    let opens = matches!(w.before(before), 0 | b'\n' | b'|');
    (opens && (heads_a_note(w, token.start, end) || is_a_line(w, before, end))).then(|| {
        w.found(Identifier::MedicalRecord, token.start..end, 50, "number that stands alone")
    })
}

/// Letters, digits, and the dashes between: three capitals at most, and these before the digits.
fn code_end(w: &Window<'_>, at: usize) -> usize {
    let letters = w.skip(at, UPPER);
    if letters > at + 3 {
        return at;
    }
    let mut end = w.skip(letters, DIGIT);
    while end > letters && w.byte(end) == b'-' && w.is(end + 1, DIGIT) {
        end = w.skip(end + 1, DIGIT);
    }
    if w.is(end, ALNUM) { at } else { end }
}

/// The line ends, or the cell of a bar's.
fn closes(w: &Window<'_>, end: usize) -> bool {
    matches!(w.byte(w.skip_any(end, b" \r")), 0 | b'\n' | b'|')
}

/// Nothing but codes and bars stands before, and prose follows.
fn heads_a_note(w: &Window<'_>, at: usize, end: usize) -> bool {
    let is_head =
        |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase() || b" |-\n\r".contains(byte);
    let before = w.slice(0..at);
    w.is_opening() && before.len() <= HEAD_BYTES && before.iter().all(is_head) && is_prose(w, end)
}

/// It has its line for itself, between two that hold words.
fn is_a_line(w: &Window<'_>, start: usize, end: usize) -> bool {
    let lead = w.slice(start.saturating_sub(LINE_BYTES)..start);
    let last = lead.iter().rev().skip(1).take_while(|byte| **byte != b'\n');
    let worded = last.filter(|byte| bytes::is(**byte, ALPHA)).count() > 1;
    let next = w.skip_any(end, b" \r");
    let behind = w.slice(next + 1..w.len().min(next + LINE_BYTES));
    let goes_on =
        behind.iter().take_while(|byte| **byte != b'\n').any(|byte| bytes::is(*byte, ALPHA));
    w.before(start) == b'\n' && w.byte(next) == b'\n' && worded && goes_on
}

fn is_prose(w: &Window<'_>, end: usize) -> bool {
    let behind = w.slice(end..w.len().min(end + PROSE_BYTES));
    behind.iter().filter(|byte| bytes::is(**byte, ALPHA)).count() >= PROSE_LETTERS
}

/// So much of a note may be the numbers that it begins with.
const HEAD_BYTES: usize = 96;

/// As much of a line is looked at for words.
const LINE_BYTES: usize = 80;

/// As many letters in as many bytes make prose of what follows.
const PROSE_BYTES: usize = 160;
const PROSE_LETTERS: usize = 24;
