//! Dates with a month's name or a weekday's in them: `March 9, 2014`, `9th of March`, `Mar '81`,
//! `Tuesday`.

use std::ops::Range;

use super::{LEADS, date, is_year};
use crate::Identifier;
use crate::bytes::{ALNUM, ALPHA, DIGIT, SPACE, UPPER, WORD};
use crate::checks::decimal;
use crate::finding::Cover;
use crate::lists::Listed;
use crate::rules::Found;
use crate::rules::words::is_one_of;
use crate::window::{Candidate, Window};

/// A day or a year beside the name of a month: `March 9, 2014`, `9th of March`, `09-MAR-2014`,
/// `2014 Mar 9`, `March 2014`, `Mar '14`. The digits are `number`; the token ends at `end`.
pub(in crate::rules) fn with_month_name(
    w: &Window<'_>,
    number: Range<usize>,
    end: usize,
) -> Option<Candidate> {
    let is_year = is_year(w, &number);
    let is_day = number.len() <= 2 && (1..=31).contains(&decimal(w.slice(number.clone())));
    if let Some(start) = month_before_short_year(w, &number, end) {
        return Some(date(w, start..end, None, 75, "date: month, year"));
    }
    // `9.8. August` tells no day: digits behind a decimal point.
    let fraction = w.before(number.start) == b'.' && w.is_before(number.start - 1, DIGIT);
    if !is_day && !is_year || fraction && w.byte(end) == b'.' {
        return None;
    }
    if let Some(month) = month_before(w, number.start) {
        if is_year {
            return Some(date(w, month.start..number.end, Some(number), 80, "date: month, year"));
        }
        let day_end = end;
        let (end, year) = year_behind(w, day_end)
            .map_or((day_end, None), |year| (year.end, (year.len() == 4).then_some(year)));
        return Some(date(w, month.start..end, year, 80, "date: month, day"));
    }
    let month = month_behind(w, end)?;
    if is_year {
        let day = w.skip_any(month.end, b" -.,/");
        let day = day..w.skip(day, DIGIT);
        let end = if day.is_empty() || day.len() > 2 { month.end } else { day.end };
        return Some(date(w, number.start..end, Some(number), 80, "date: year, month"));
    }
    let (end, year) = year_behind(w, month.end)
        .map_or((month.end, None), |year| (year.end, (year.len() == 4).then_some(year)));
    Some(date(w, number.start..end, year, 80, "date: day, month"))
}

/// A month named without day or year: an element of a date, too. `may` and `march` are also
/// words, so they need a preposition before them.
pub(in crate::rules) fn month_alone(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let is_key = w.is_json() && w.starts_with(hit.end, b"\":");
    let whole = w.begins_word(hit.start) && !w.is(hit.end, WORD | DIGIT) && !is_key;
    let ambiguous = matches!(w.byte(hit.start + 2), b'y' | b'Y' | b'r' | b'R')
        && hit.len() <= 5
        && matches!(w.byte(hit.start), b'm' | b'M');
    let before = w.skip_back(hit.start, SPACE);
    let word = w.slice(w.word_before(before));
    let led = PREPOSITIONS.has(word);
    if whole && (!ambiguous || led && w.is(hit.start, UPPER)) {
        let start = ordinal_before(w, hit.start).unwrap_or(hit.start);
        let candidate = w.found(Identifier::Date, start..hit.end, 45, "date: month");
        found.push(candidate.covered(Cover::Letters));
    }
}

/// A weekday by itself: with a capital, or behind what a date stands behind. `Mondays` are none.
pub(in crate::rules) fn weekday(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let is_key = w.is_json() && w.starts_with(hit.end, b"\":");
    let word = w.slice(w.word_before(w.skip_back(hit.start, SPACE)));
    let led = LEADS.has(word) || PREPOSITIONS.has(word);
    let whole = w.begins_word(hit.start) && !w.is(hit.end, WORD | DIGIT) && !is_key;
    if whole && (led || w.is(hit.start, UPPER)) {
        let candidate = w.found(Identifier::Date, hit, 40, "date: weekday");
        found.push(candidate.covered(Cover::Letters));
    }
}

/// The start of the day in words before a month: `third of`, `twenty-first of`.
fn ordinal_before(w: &Window<'_>, month: usize) -> Option<usize> {
    let of = month.checked_sub(4).filter(|at| w.slice(*at..month).eq_ignore_ascii_case(b" of "))?;
    let day = w.skip_back(of, ALPHA);
    let tens = day.checked_sub(1).filter(|at| matches!(w.byte(*at), b'-' | b' '));
    let tens = tens.map(|end| w.skip_back(end, ALPHA)..end);
    let tens = tens.filter(|word| is_one_of(w.slice(word.clone()), &["twenty", "thirty"]));
    ORDINALS.has(w.slice(day..of)).then(|| tens.map_or(day, |word| word.start))
}

/// The start of the weekday that stands before a date: `Monday, `, `Mon `.
pub(super) fn weekday_before(w: &Window<'_>, at: usize) -> Option<usize> {
    let end = w.skip_back(at, SPACE);
    let end = if matches!(w.before(end), b',' | b'.') { end - 1 } else { end };
    let word = w.word_before(end);
    (end < at && WEEKDAYS.has(w.slice(word.clone()))).then_some(word.start)
}

/// The start of the month before the two digits of a year: `Mar '81`, `MAR-81`, `March 81`. Up to
/// 31 they are a day, unless an apostrophe says otherwise.
fn month_before_short_year(w: &Window<'_>, number: &Range<usize>, end: usize) -> Option<usize> {
    if number.len() != 2 || end != number.end {
        return None;
    }
    let typographic = number.start.checked_sub(3).filter(|at| w.starts_with(*at, "’".as_bytes()));
    let quoted = typographic.is_some() || w.before(number.start) == b'\'';
    let late = decimal(w.slice(number.clone())) > 31 && !is_joined(w, end);
    if !quoted && !late {
        return None;
    }
    let month = month_before(w, typographic.unwrap_or(number.start))?;
    (quoted || w.is(month.start, UPPER)).then_some(month.start)
}

/// Whether what ends at `end` is the part of a longer number or has a unit behind it.
fn is_joined(w: &Window<'_>, end: usize) -> bool {
    matches!(w.byte(end), b'.' | b':' | b'/' | b'-' | b'%') && w.is(end + 1, ALNUM)
        || w.byte(end) == b' ' && w.is(end + 1, ALPHA) && w.skip(end + 1, ALPHA) < end + 4
}

/// The month's name that stands before a number: `March 9`, `Mar. 9`, `MAR-09`.
fn month_before(w: &Window<'_>, number: usize) -> Option<Range<usize>> {
    let end = back_over_separators(w, number);
    let word = w.word_before(end);
    // `June of 2014`
    let of = w.slice(word.clone()).eq_ignore_ascii_case(b"of") && w.before(word.start) == b' ';
    if of {
        return month_of(w, &w.word_before(word.start - 1));
    }
    month_of(w, &word)
}

fn back_over_separators(w: &Window<'_>, at: usize) -> usize {
    let mut end = at;
    while end > at.saturating_sub(3)
        && matches!(w.before(end), b' ' | b'-' | b'.' | b',' | b'/' | b'\'')
    {
        end -= 1;
    }
    end
}

/// The month's name behind a day or year: `9 March`, `9th of March`, `09MAR`.
fn month_behind(w: &Window<'_>, at: usize) -> Option<Range<usize>> {
    let digits_end = w.skip_back(at, ALPHA);
    if let Some(month) = month_of(w, &(digits_end..at)) {
        return Some(month);
    }
    let is_ordinal = at == digits_end || matches!(w.slice(digits_end..at), [_, _]);
    let word = w.skip_any(at, b" -./,");
    let of = [&b"of "[..], b"de "].iter().any(|of| w.starts_with_caseless(word, of));
    let word = if of { word + 3 } else { word };
    (is_ordinal && word <= at + 6).then(|| month_of(w, &w.word_at(word))).flatten()
}

/// The year behind a day: `, 2014`, `-2014`, ` '14`.
fn year_behind(w: &Window<'_>, at: usize) -> Option<Range<usize>> {
    let at_dot = if w.byte(at) == b'.' { at + 1 } else { at };
    let start = w.skip_any(at_dot, b" ,-/");
    let start = if w.starts_with(start, b"de ") { start + 3 } else { start };
    let quoted = w.byte(start) == b'\'';
    let start = if quoted { start + 1 } else { start };
    let year = start..w.skip(start, DIGIT);
    let dashed = matches!(w.byte(at), b'-' | b'/' | b'.');
    let full = is_year(w, &year) && !w.is(year.end, ALPHA & !UPPER);
    let short = year.len() == 2 && (quoted || dashed) && !w.is(year.end, ALNUM);
    (start <= at + 5 && (full || short)).then_some(year)
}

/// The part of `word` that names a month: all of it, in full or in three letters.
pub(super) fn month_of(w: &Window<'_>, word: &Range<usize>) -> Option<Range<usize>> {
    if !(3..=9).contains(&word.len()) {
        return None;
    }
    MONTHS.has(w.slice(word.clone())).then(|| word.clone())
}

static PREPOSITIONS: Listed = Listed::new(&[
    "in", "since", "last", "of", "by", "until", "early", "late", "mid", "this", "next", "during",
]);

#[rustfmt::skip]
static MONTHS: Listed = Listed::new(&[
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre", "janvier", "février", "mars", "avril", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre", "januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "gennaio", "febbraio",
    "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre", "januari", "februari", "maart",
    "mei", "augustus", "janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro", "novembro",
    "dezembro",
]);

#[rustfmt::skip]
static WEEKDAYS: Listed = Listed::new(&[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun",
]);

#[rustfmt::skip]
static ORDINALS: Listed = Listed::new(&[
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
    "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
    "thirtieth",
]);
