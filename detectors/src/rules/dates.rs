//! Dates in the ways people and machines write them, and ages above 89.
//!
//! A year of four digits stays when the rest is covered. A time of day that is written with a
//! date is covered with it. A year alone is no finding.

use std::ops::Range;

use super::Found;
use super::groups::{Groups, Separator};
use crate::Identifier;
use crate::bytes::{ALNUM, ALPHA, DIGIT, SPACE, WORD};
use crate::checks::{calendar_day, decimal};
use crate::finding::Cover;
use crate::window::{Candidate, Window};

/// `2014-03-09`, `3/9/2014`, `09.03.14`, `03/2014`, with a time or not.
pub(super) fn numeric(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let separators = groups.separators(3);
    let first = *separators.first()?;
    if !matches!(first, Separator::Dash | Separator::Dot | Separator::Slash) {
        return None;
    }
    if groups.len() >= 3 && separators.get(1) == Some(&first) && is_closed(groups, first) {
        let number = |index| decimal(w.slice(groups.group(index)));
        let (a, b, c) = (number(0), number(1), number(2));
        let sizes = (groups.size(0), groups.size(1), groups.size(2));
        let year = match sizes {
            (4, 1 | 2, 1 | 2) if calendar_day(a, b, c) || calendar_day(a, c, b) => Some(0),
            (1 | 2, 1 | 2, 4) if calendar_day(c, a, b) || calendar_day(c, b, a) => Some(2),
            (1 | 2, 1 | 2, 2) if is_short_date(first, sizes, a, b) => None,
            (2, 2, 2) if first == Separator::Dash && calendar_day(2000, b, c) => None,
            _ => return None,
        };
        return Some(date(w, groups.span(3), year.map(|index| groups.group(index)), 85, "date"));
    }
    month_and_year(w, groups, first)
}

/// `yyyymmdd`, alone or with `hhmm` and `ss` behind it, as HL7 and X12 write it.
pub(super) fn compact(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let digits = w.slice(token.clone());
    let number = |range: Range<usize>| decimal(digits.get(range).unwrap_or_default());
    let (year, month, day) = (number(0..4), number(4..6), number(6..8));
    let plausible = (1900..2100).contains(&year) && calendar_day(year, month, day);
    let time = match digits.len() {
        8 => true,
        12 => number(8..10) < 24 && number(10..12) < 60,
        14 => number(8..10) < 24 && number(10..12) < 60 && number(12..14) < 61,
        _ => false,
    };
    let part_of_more = matches!(w.before(token.start), b'.' | b'$')
        || w.byte(token.end) == b'.' && w.is(token.end + 1, DIGIT) && digits.len() < 14;
    let year = token.start..token.start + 4;
    (plausible && time && !part_of_more)
        .then(|| date(w, token.clone(), Some(year), 65, "date yyyymmdd"))
}

/// A day or a year beside the name of a month: `March 9, 2014`, `9th of March`, `09-MAR-2014`,
/// `2014 Mar 9`, `March 2014`, `Mar '14`. The digits are `number`; the token ends at `end`.
pub(super) fn with_month_name(
    w: &Window<'_>,
    number: Range<usize>,
    end: usize,
) -> Option<Candidate> {
    let is_year = is_year(w, &number);
    let is_day = number.len() <= 2 && (1..=31).contains(&decimal(w.slice(number.clone())));
    if !is_day && !is_year {
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
pub(super) fn month_alone(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let is_key = w.is_json() && w.starts_with(hit.end, b"\":");
    let whole = w.begins_word(hit.start) && !w.is(hit.end, WORD | DIGIT) && !is_key;
    let ambiguous = matches!(w.byte(hit.start + 2), b'y' | b'Y' | b'r' | b'R')
        && hit.len() <= 5
        && matches!(w.byte(hit.start), b'm' | b'M');
    let before = w.skip_back(hit.start, SPACE);
    let word = w.slice(w.word_before(before));
    let led = PREPOSITIONS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
    if whole && (!ambiguous || led && w.is(hit.start, crate::bytes::UPPER)) {
        let candidate = w.found(Identifier::Date, hit, 45, "date: month");
        found.push(candidate.covered(Cover::Letters));
    }
}

/// A date in any of these forms at `at`, or six or eight digits: for what a label calls a date.
pub(super) fn labelled(w: &Window<'_>, at: usize) -> Option<Candidate> {
    if w.is(at, ALPHA) {
        let word = w.word_at(at);
        let day = w.skip_any(month_of(w, &word)?.end, b" -.,/");
        return with_month_name(w, day..w.skip(day, DIGIT), w.skip(day, ALNUM));
    }
    let digits = at..w.skip(at, DIGIT);
    let groups = Groups::read(w, digits.clone());
    let token_end = w.skip(digits.end, ALNUM);
    let parsed = numeric(w, &groups)
        .or_else(|| compact(w, &digits))
        .or_else(|| with_month_name(w, digits.clone(), token_end));
    parsed.or_else(|| {
        let plain = matches!(digits.len(), 6 | 8) && token_end == digits.end;
        let year = (digits.len() == 8).then(|| digits.start + 4..digits.end);
        plain.then(|| date(w, digits, year.filter(|year| is_year(w, year)), 70, "labelled date"))
    })
}

/// `92 y/o`, `92-year-old`, `102 years of age`: the hit is what follows the number.
pub(super) fn years_old(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let end = w.skip_back(hit.start, SPACE);
    let end = if w.before(end) == b'-' { end - 1 } else { end };
    let start = w.skip_back(end, DIGIT);
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

/// Four digits of a year that may stay.
pub(super) fn is_year(w: &Window<'_>, number: &Range<usize>) -> bool {
    number.len() == 4 && (1850..2150).contains(&decimal(w.slice(number.clone())))
}

/// The candidate over `span` and the time of day behind it.
fn date(
    w: &Window<'_>,
    span: Range<usize>,
    year: Option<Range<usize>>,
    score: u8,
    why: &'static str,
) -> Candidate {
    let span = span.start..time_end(w, span.end);
    let at = year.and_then(|year| u8::try_from(year.start.checked_sub(span.start)?).ok());
    let cover = at.map_or(Cover::Letters, |at| Cover::Year { at });
    w.found(Identifier::Date, span, score, why).covered(cover)
}

/// A group more of the same kind makes it something else: `10-12-14-3`, `1.2.10.4`.
fn is_closed(groups: &Groups, separator: Separator) -> bool {
    groups.len() == 3 || groups.separators(4).get(2) != Some(&separator)
}

/// `3/9/14` and `09.03.14`, but not `1.2.10` and `1-2-10`, which number sections and parts.
fn is_short_date(separator: Separator, sizes: (usize, usize, usize), a: u32, b: u32) -> bool {
    let valid = calendar_day(2000, a, b) || calendar_day(2000, b, a);
    valid && (separator == Separator::Slash || sizes == (2, 2, 2))
}

/// `03/2014`, `2014-03`
fn month_and_year(w: &Window<'_>, groups: &Groups, separator: Separator) -> Option<Candidate> {
    let (year, month) = match (groups.size(0), groups.size(1)) {
        (1 | 2, 4) if separator == Separator::Slash => (1, 0),
        (4, 2) if separator == Separator::Dash && groups.len() == 2 => (0, 1),
        _ => return None,
    };
    let (year, month) = (groups.group(year), groups.group(month));
    let valid = is_year(w, &year) && (1..=12).contains(&decimal(w.slice(month)));
    let apart = w.before(groups.group(0).start) != b'/' && w.byte(groups.group(1).end) != b'/';
    (valid && apart).then(|| date(w, groups.span(2), Some(year), 55, "date: month and year"))
}

/// Where the time of day that begins at or right behind `at` ends; `at` where there is none.
fn time_end(w: &Window<'_>, at: usize) -> usize {
    let hour = match w.byte(at) {
        b'T' | b't' | b' ' | b'_' => at + 1,
        b',' if w.byte(at + 1) == b' ' => at + 2,
        _ => return at,
    };
    let minute = w.skip(hour, DIGIT);
    let compact = w.byte(at) == b'T' && matches!(minute - hour, 4 | 6);
    if !(compact || (1..=2).contains(&(minute - hour)) && w.byte(minute) == b':') {
        return at;
    }
    let mut end = minute;
    for _ in 0..2 {
        if w.byte(end) == b':' && w.is(end + 1, DIGIT) {
            end = w.skip(end + 1, DIGIT);
        }
    }
    if w.byte(end) == b'.' && w.is(end + 1, DIGIT) {
        end = w.skip(end + 1, DIGIT);
    }
    zone_end(w, end)
}

fn zone_end(w: &Window<'_>, at: usize) -> usize {
    let word = w.skip(at, SPACE);
    let half = w.slice(word..word + 2);
    if half.eq_ignore_ascii_case(b"am") || half.eq_ignore_ascii_case(b"pm") {
        return if w.is(word + 2, ALNUM) { at } else { word + 2 };
    }
    match w.byte(at) {
        b'Z' => at + 1,
        b'+' | b'-' if w.is(at + 1, DIGIT) => {
            w.skip_while(at + 1, |byte| byte == b':' || byte.is_ascii_digit())
        }
        _ => at,
    }
}

/// The month's name that stands before a number: `March 9`, `Mar. 9`, `MAR-09`.
fn month_before(w: &Window<'_>, number: usize) -> Option<Range<usize>> {
    let end = back_over_separators(w, number);
    let word = w.word_before(end);
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
    let word = if w.starts_with_caseless(word, b"of ") { word + 3 } else { word };
    (is_ordinal && word <= at + 6).then(|| month_of(w, &w.word_at(word))).flatten()
}

/// The year behind a day: `, 2014`, `-2014`, ` '14`.
fn year_behind(w: &Window<'_>, at: usize) -> Option<Range<usize>> {
    let at_dot = if w.byte(at) == b'.' { at + 1 } else { at };
    let start = w.skip_any(at_dot, b" ,-/");
    let quoted = w.byte(start) == b'\'';
    let start = if quoted { start + 1 } else { start };
    let year = start..w.skip(start, DIGIT);
    let dashed = matches!(w.byte(at), b'-' | b'/' | b'.');
    let full = is_year(w, &year) && !w.is(year.end, ALPHA & !crate::bytes::UPPER);
    let short = year.len() == 2 && (quoted || dashed) && !w.is(year.end, ALNUM);
    (start <= at + 4 && (full || short)).then_some(year)
}

/// The part of `word` that names a month: all of it, in full or in three letters.
fn month_of(w: &Window<'_>, word: &Range<usize>) -> Option<Range<usize>> {
    if !(3..=9).contains(&word.len()) {
        return None;
    }
    let text = w.slice(word.clone());
    let first = [0, 1, 2].map(|at| text.get(at).map_or(0, u8::to_ascii_lowercase));
    let at = MONTHS.iter().position(|month| month.as_bytes().starts_with(&first))?;
    let name = MONTHS.get(at)?.as_bytes();
    let is_short = text.len() == 3 || text.eq_ignore_ascii_case(b"sept");
    (is_short || text.eq_ignore_ascii_case(name)).then(|| word.clone())
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const PREPOSITIONS: [&str; 12] =
    ["in", "since", "last", "of", "by", "until", "early", "late", "mid", "this", "next", "during"];
