//! Ages above 89, in digits and in words.

use std::ops::Range;

use super::words::is_one_of;
use super::{Found, names};
use crate::Identifier;
use crate::bytes::{ALNUM, ALPHA, DIGIT, SPACE};
use crate::checks::decimal;
use crate::finding::Cover;
use crate::lists::Listed;
use crate::window::{Candidate, Window};

/// `92 y/o`, `92-year-old`, `102 years of age`: the hit is what follows the number.
pub(super) fn years_old(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let end = w.skip_back(hit.start, SPACE);
    let end = if w.before(end) == b'-' { end - 1 } else { end };
    let start = w.skip_back(end, DIGIT);
    if start == end {
        found.candidates.extend(spelled_age_before(w, end));
    }
    names::aged(w, start, found);
    if !w.is_before(start, ALNUM) && w.before(start) != b'.' && !w.is(hit.end, ALPHA) {
        found.candidates.extend(age(w, start..end, "age"));
    }
}

/// An age that must not be told: above 89.
pub(crate) fn age(w: &Window<'_>, number: Range<usize>, why: &'static str) -> Option<Candidate> {
    let years = decimal(w.slice(number.clone()));
    let told = (90..=130).contains(&years) && number.len() <= 3;
    let cover = if w.is_json() && number.len() > 2 { Cover::JsonNumber } else { Cover::Age };
    told.then(|| w.found(Identifier::Date, number, 80, why).covered(cover))
}

/// An age above 89 in words that ends at `end`: `ninety-two`, `one hundred and three`.
fn spelled_age_before(w: &Window<'_>, end: usize) -> Option<Candidate> {
    let (mut first, mut at) = (end, end);
    let mut told = false;
    for _ in 0..SPELLED_WORDS {
        let word = w.skip_back(at, ALPHA)..at;
        let text = w.slice(word.clone());
        if !SPELLED_NUMBERS.has(text) {
            break;
        }
        told |= is_one_of(text, &["ninety", "hundred"]);
        let article = text == b"a" && !w.starts_with_caseless(first, b"hundred");
        if !article && !text.eq_ignore_ascii_case(b"and") {
            first = word.start;
        }
        if !matches!(w.before(word.start), b' ' | b'-') {
            break;
        }
        at = word.start - 1;
    }
    told.then(|| w.found(Identifier::Date, first..end, 80, "age").covered(Cover::Letters))
}

/// The same from `start` on, behind a label: `aged ninety-two`.
pub(super) fn spelled_age_at(w: &Window<'_>, start: usize) -> Option<Candidate> {
    let mut end = start;
    let mut at = start;
    for _ in 0..SPELLED_WORDS {
        let word = at..w.skip(at, ALPHA);
        if !SPELLED_NUMBERS.has(w.slice(word.clone())) {
            break;
        }
        end = word.end;
        at = w.skip_any(end, b" -");
    }
    spelled_age_before(w, end).filter(|_| end > start)
}

/// `93F`, `95M`, `91yo`: but 98F to 105F are temperatures.
pub(super) fn is_age_and_sex(w: &Window<'_>, number: &Range<usize>, end: usize) -> bool {
    let years = decimal(w.slice(number.clone()));
    match w.slice(number.end..end) {
        [b'M' | b'm'] => (90..=105).contains(&years) && w.byte(end) == b' ',
        [b'F' | b'f'] => (90..=97).contains(&years) && w.byte(end) == b' ',
        sex => (90..=115).contains(&years) && is_one_of(sex, &["yo", "yof", "yom", "yr", "yrs"]),
    }
}

/// The words of an age: `one hundred and three`.
const SPELLED_WORDS: usize = 4;

static SPELLED_NUMBERS: Listed = Listed::new(&[
    "ninety", "hundred", "a", "and", "one", "two", "three", "four", "five", "six", "seven",
    "eight", "nine", "ten", "eleven", "twelve",
]);
