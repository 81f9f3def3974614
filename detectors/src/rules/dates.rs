//! Dates in the ways people and machines write them, and ages above 89.
//!
//! A year of four digits stays when the rest is covered. A time of day that is written with a
//! date is covered with it. A year alone is no finding.

mod named;

use std::ops::Range;

pub(super) use self::named::{month_alone, weekday, with_month_name};
use self::named::{month_of, weekday_before};
use super::groups::{Groups, Separator};
use crate::Identifier;
use crate::bytes::{ALNUM, ALPHA, DIGIT, SPACE, UPPER};
use crate::checks::{calendar_day, decimal};
use crate::finding::Cover;
use crate::lists::Listed;
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

/// `on 04-11`, `since 12-28`, `1-6-25`: a range as likely, so it is padded, or no range would go so, and a word
/// leads to it.
fn dashed_day(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let short = |index: usize| groups.size(index) == 2;
    let number = |index| decimal(w.slice(groups.group(index)));
    let three = groups.len() == 3 && groups.separators(3).get(1) == Some(&Separator::Dash);
    let span = groups.span(if three { 3 } else { 2 });
    let word = w.slice(w.word_before(w.skip_back(span.start, SPACE)));
    let led = w.is_before(span.start, SPACE) && LEADS.has(word);
    let is_day = calendar_day(2000, number(0), number(1));
    let padded = w.byte(span.start) == b'0' || w.byte(groups.group(1).start) == b'0';
    let behind = w.skip(span.end, SPACE);
    let measured = w.byte(behind) == b'%' || UNITS.has(w.slice(w.word_at(behind)));
    let two = groups.len() == 2 && short(0) && short(1) && (padded || number(1) > 12);
    let told = two || three && short(2) && groups.size(0) < 3 && groups.size(1) < 3;
    (led && is_day && told && !measured).then(|| date(w, span, None, 60, "date: month and day"))
}

/// `3/9`, `3/9 - 3/14`, `3/81`: a fraction as likely, so what stands around must tell a date.
pub(super) fn month_and_day(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let short = |index: usize| (1..=2).contains(&groups.size(index));
    let first = groups.separators(2).first();
    let third = groups.separators(groups.len()).get(1);
    let slash = first == Some(&Separator::Slash);
    if !slash && first == Some(&Separator::Dash) {
        return dashed_day(w, groups);
    }
    if !slash || !short(0) || !short(1) || matches!(third, Some(Separator::Slash | Separator::Dot))
    {
        return None;
    }
    let span = groups.span(2);
    let number = |index| decimal(w.slice(groups.group(index)));
    let (a, b) = (number(0), number(1));
    let word = w.slice(w.word_before(w.skip_back(span.start, SPACE)));
    let apart = w.is_before(span.start, SPACE) || matches!(w.before(span.start), 0 | b'(');
    // `DISCHARGED ON: 1/13`
    let colon = w.before(w.skip_back(span.start, SPACE)) == b':';
    let labels = colon && LEADS.has(w.slice(w.word_before(w.skip_back(span.start, SPACE) - 1)));
    let led = apart && (LEADS.has(word) || labels);
    let moved = apart && MOVES.has(word);
    let opens = matches!(w.before(span.start), 0 | b'\n') && w.byte(span.end) == b':';
    let at =
        [&b" at "[..], b" @ ", b" @"].into_iter().find(|at| w.starts_with_caseless(span.end, at));
    let timed =
        time_end(w, span.end) > span.end || at.is_some_and(|at| w.is(span.end + at.len(), DIGIT));
    let is_day = calendar_day(2000, a, b) || calendar_day(2000, b, a);
    // `08/17`: no score is written so.
    let padded = w.byte(span.start) == b'0' || w.byte(groups.group(1).start) == b'0';
    let padded = padded && apart && groups.size(0) == 2 && groups.size(1) == 2;
    let told = if (1..=12).contains(&a) && b > 31 {
        led || moved || word.eq_ignore_ascii_case(b"in")
    } else if is_day {
        let on_weekday = apart && weekday_before(w, span.start).is_some();
        let by_plan =
            (moved || apart && !is_like_a_score(w, &span, a, b)) && is_planned(w, span.start);
        let planned = moved && b > 12 || by_plan;
        let opens = opens || is_heading(w, &span);
        // No score is out of so many.
        let odd = apart && w.is_before(span.start, SPACE) && a <= 12 && ODD_DAYS.contains(&b);
        // `8/16 cores`
        let counts = w.byte(span.end) == b' ' && w.is(span.end + 1, ALNUM);
        let odd = odd && !counts;
        let signed = apart && !is_like_a_score(w, &span, a, b) && is_signed(w, &span);
        led || planned || opens || timed || on_weekday || odd || padded || signed
    } else {
        false
    };
    let end = if is_day { range_end(w, groups) } else { span.end };
    told.then(|| date(w, span.start..end, None, 60, "date: month and day"))
}

/// `5/5`, `3/6`, `7/10`, `24/7`: what strength, murmurs, pain and weeks are told in; and doses, by
/// their unit.
fn is_like_a_score(w: &Window<'_>, span: &Range<usize>, a: u32, b: u32) -> bool {
    let unit = w.skip(span.end, SPACE);
    let measured = w.byte(unit) == b'%' || UNITS.has(w.slice(w.word_at(unit)));
    measured
        || b == 7 && a > 12
        || a <= b && matches!(b, 1..=6 | 10)
        || matches!((a, b), (20, _) | (_, 20))
}

/// `. 6/7: WBC 8.1`: a day opens the sentence, and what was found then follows.
fn is_heading(w: &Window<'_>, span: &Range<usize>) -> bool {
    let before = w.skip_back(span.start, SPACE);
    let opens = matches!(w.before(before), b'.' | b';' | b',') && before < span.start;
    opens && w.starts_with(span.end, b": ")
}

/// `Dr. Stone 6/10.`, `TR: H. Turner 6/12`: the day ends a line or a sentence behind who has a title or an
/// initial.
fn is_signed(w: &Window<'_>, span: &Range<usize>) -> bool {
    let end = w.skip_any(span.end, b".,;");
    let closes = matches!(w.byte(end), 0 | b'\n') || end > span.end && w.is(end, SPACE);
    let word = w.word_before(w.skip_back(span.start, SPACE));
    let lead = w.slice(word.start.saturating_sub(4)..word.start);
    let titled = matches!(lead, [.., b'D', b'r', b'.', b' '] | [.., b' ', b'D', b'r', b' ']);
    let initial = matches!(lead, [before, letter, b'.', b' ']
        if letter.is_ascii_uppercase() && !before.is_ascii_alphanumeric());
    closes && w.is(word.start, UPPER) && (titled || initial)
}

/// Whether the text before speaks of an appointment.
fn is_planned(w: &Window<'_>, at: usize) -> bool {
    let before = w.slice(at.saturating_sub(PLAN_BYTES)..at);
    PLANS.iter().any(|plan| {
        before.windows(plan.len()).any(|text| text.eq_ignore_ascii_case(plan.as_bytes()))
    })
}

/// Behind ` - 3/14`.
fn range_end(w: &Window<'_>, groups: &Groups) -> usize {
    let separators = groups.separators(4);
    let goes_on = groups.len() >= 4
        && separators.get(1) == Some(&Separator::Dash)
        && separators.get(2) == Some(&Separator::Slash);
    let (a, b) = if goes_on { (2, 3) } else { (0, 1) };
    let number = |index| decimal(w.slice(groups.group(index)));
    let is_day =
        calendar_day(2000, number(a), number(b)) || calendar_day(2000, number(b), number(a));
    groups.group(if is_day { b } else { 1 }).end
}

/// `2014-W10-3`, `2014W10` (ISO 8601): the token is the year.
pub(super) fn iso_week(w: &Window<'_>, year: &Range<usize>) -> Option<Candidate> {
    let mark = if w.byte(year.end) == b'-' { year.end + 1 } else { year.end };
    let week = mark + 1..w.skip(mark + 1, DIGIT);
    if w.byte(mark) != b'W' || !is_year(w, year) || !matches!(week.len(), 2 | 3) {
        return None;
    }
    let in_year = (1..=53).contains(&decimal(w.slice(week.start..week.start + 2)));
    let day = w.skip(week.end + 1, DIGIT);
    let end = if w.byte(week.end) == b'-' && day == week.end + 2 { day } else { week.end };
    (in_year && !w.is(end, ALNUM))
        .then(|| date(w, year.start..end, Some(year.clone()), 75, "date: week"))
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
        .or_else(|| short_labelled(w, &groups))
        .or_else(|| compact(w, &digits))
        .or_else(|| with_month_name(w, digits.clone(), token_end));
    parsed.or_else(|| {
        let plain = matches!(digits.len(), 6 | 8) && token_end == digits.end;
        let year = (digits.len() == 8).then(|| digits.start + 4..digits.end);
        plain.then(|| date(w, digits, year.filter(|year| is_year(w, year)), 70, "labelled date"))
    })
}

/// `3/9`, `3/81`, `3-9-14` behind a label.
fn short_labelled(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let separators = groups.separators(3);
    let slash = separators.first() == Some(&Separator::Slash);
    let short = |index: usize| (1..=2).contains(&groups.size(index));
    let dashed = groups.len() == 3 && separators.iter().all(|it| *it == Separator::Dash);
    let count = if dashed && short(2) { 3 } else { 2 };
    ((slash || count == 3) && short(0) && short(1))
        .then(|| date(w, groups.span(count), None, 70, "labelled date"))
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
    let start = weekday_before(w, span.start).unwrap_or(span.start);
    let span = start..time_end(w, span.end);
    let at = year.and_then(|year| u8::try_from(year.start.checked_sub(span.start)?).ok());
    let cover = at.map_or(Cover::Letters, |at| Cover::Year { at });
    w.found(Identifier::Date, span, score, why).covered(cover)
}

/// A group more of the same kind makes it something else: `10-12-14-3`, `1.2.10.4`.
fn is_closed(groups: &Groups, separator: Separator) -> bool {
    groups.len() == 3
        || groups.separators(4).get(2) != Some(&separator)
        // `2020-07-08 - 2020-07-12`
        || groups.group(3).start > groups.group(2).end + 1
}

/// `3/9/14`, `3-19-14` and `09.03.14`, but not `1.2.10` and `1-2-10`, which number sections and parts.
fn is_short_date(separator: Separator, sizes: (usize, usize, usize), a: u32, b: u32) -> bool {
    let valid = calendar_day(2000, a, b) || calendar_day(2000, b, a);
    let long = sizes == (2, 2, 2) || separator == Separator::Dash && sizes != (1, 1, 2);
    valid && (separator == Separator::Slash || long)
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
    let compact = w.byte(at) == b'T' && matches!(minute - hour, 4 | 6)
        || minute == hour + 4 && is_time_of_day(w, hour..minute);
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

/// `0715`, `1430`, as hospitals write it, and nothing that is measured.
fn is_time_of_day(w: &Window<'_>, digits: Range<usize>) -> bool {
    let number = decimal(w.slice(digits.clone()));
    let behind = w.skip(digits.end, SPACE);
    let goes_on =
        matches!(w.byte(digits.end), b'.' | b',' | b'-' | b'/') && w.is(digits.end + 1, DIGIT);
    number / 100 < 24
        && number % 100 < 60
        && !w.is(digits.end, ALNUM)
        && !goes_on
        && !UNITS.has(w.slice(w.word_at(behind)))
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

/// What a date alone stands behind.
static LEADS: Listed = Listed::new(&[
    "on",
    "since",
    "until",
    "till",
    "through",
    "thru",
    "before",
    "after",
    "dated",
    "due",
    "starting",
    "ending",
    "beginning",
    "effective",
    "around",
    "refiled",
    "dos",
    "exp",
    "admitted",
    "readmitted",
    "discharged",
    "visit",
    "appt",
    "appointment",
    "scheduled",
]);

/// What a date stands behind, and a fraction, too.
static MOVES: Listed = Listed::new(&["to", "from", "for", "by", "of", "and"]);

/// How far before a day a word may tell that it is one.
const PLAN_BYTES: usize = 40;

const PLANS: [&str; 20] = [
    "appointment",
    "appt",
    "schedul",
    "visit",
    "follow",
    "clinic",
    "booked",
    "refill",
    "refile",
    "admitted",
    "discharged",
    "set for",
    "return",
    "surgery",
    "transport",
    "labs",
    "seen",
    "called",
    "sent",
    "next ",
];

/// What makes a measurement of a number.
#[rustfmt::skip]
static UNITS: Listed = Listed::new(&[
    "mg", "mcg", "ml", "cc", "units", "kcal", "kg", "g", "cells", "steps", "calories", "ft", "mm", "cm", "tabs", "tablets",
    "strength", "pain", "murmur", "pulses", "hours", "minutes", "days", "weeks", "rbc", "iu",
]);

/// Days of a month that no scale of medicine ends with.
const ODD_DAYS: [u32; 10] = [13, 14, 16, 17, 18, 19, 22, 26, 29, 31];
