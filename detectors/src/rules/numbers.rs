//! Numbers, told by the sizes of their groups: SSNs, cards, and whom else to ask.

use std::ops::Range;

use super::groups::{Groups, Separator};
use super::json_syntax::Number;
use super::{Found, broken, dates, devices, network, phones, places, records, uuids};
use crate::Identifier;
use crate::bytes::{ALNUM, DIGIT, UPPER};
use crate::checks;
use crate::finding::Cover;
use crate::window::{Candidate, Window};

/// A token of digits alone. Returns where to go on.
#[inline]
pub(super) fn digits(w: &Window<'_>, token: Range<usize>, found: &mut Found) -> usize {
    if broken::is_broken(w, token.end) {
        found.candidates.extend(broken::across_lines(w, &token));
    }
    let groups = Groups::read(w, token.clone());
    let end = if groups.len() > 1 {
        several(w, &groups, found)
    } else {
        single(w, &token, &groups, found)
    };
    end.unwrap_or(token.end)
}

/// The shape of a Social Security number, 3-2-4. The ranges that SSA never issued lower the score
/// and veto nothing: sample data is full of them.
pub(super) fn ssn(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    if !groups.begin_with(&[3, 2, 4]) {
        return None;
    }
    let separators = groups.separators(3);
    let span = groups.span(3);
    let span = span.start..claim_suffix_end(w, span.end);
    let dotted_further = separators.contains(&Separator::Dot) && groups.len() > 3;
    let blanks = separators.iter().all(|separator| *separator == Separator::Space);
    let in_a_row = blanks && w.byte(groups.group(0).end) == b' ' && is_in_a_row(w, &span, groups);
    if dotted_further || in_a_row {
        return None;
    }
    let issued = is_issued(w.slice(groups.group(0)), w.slice(groups.group(1)));
    let score = if issued { 90 } else { 75 };
    Some(w.found(Identifier::Ssn, span, score, "ssn 3-2-4"))
}

/// Thirteen to nineteen digits, together or in a card's groups.
pub(super) fn card(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let count = card_groups(groups)?;
    let span = groups.span(count);
    let mut room = [0; 24];
    let digits = groups.digits(w, count, &mut room)?;
    let checks = checks::luhn(digits.iter().copied()) && !is_one_digit(digits);
    let (score, why) = match (checks, checks::card_issuer(digits), count > 1) {
        (true, true, _) => (95, "card: Luhn and issuer"),
        // Grouped as on a card, and a checksum that one typo in ten passes.
        (true, false, true) => (60, "card: Luhn"),
        _ => return None,
    };
    Some(w.found(Identifier::Account, span, score, why))
}

/// A bare number of a JSON text: its key decides, but for what is plainly a card or a day.
pub(super) fn of_json(w: &Window<'_>, number: Range<usize>, found: &mut Found) -> usize {
    let digits = number.start..w.skip(number.start, DIGIT);
    if digits == number {
        let groups = Groups::read(w, digits.clone());
        let candidate = card(w, &groups).or_else(|| dates::compact(w, &digits));
        found.candidates.extend(candidate.map(|it| it.covered(Cover::JsonNumber)));
    }
    number.end
}

/// What may be a number of a JSON text, or a part of a string.
pub(super) fn in_doubt(
    w: &Window<'_>,
    token: Range<usize>,
    number: &Number,
    found: &mut Found,
) -> usize {
    let first = found.candidates.len();
    let end = super::on_plain_token(w, token, found);
    for candidate in found.candidates.iter_mut().skip(first) {
        *candidate = number.cover(w, *candidate);
    }
    end
}

fn several(w: &Window<'_>, groups: &Groups, found: &mut Found) -> Option<usize> {
    let token = groups.group(0);
    let by_first_size = match token.len() {
        2 => devices::grouped_imei(w, groups),
        3 => ssn(w, groups),
        8 => uuids::uuid(w, &token),
        _ => None,
    };
    let candidate = by_first_size.or_else(|| dates::numeric(w, groups)).or_else(|| {
        if groups.is_full() || groups.count_digits() >= phones::LEAST_DIGITS {
            many_digits(w, groups)
        } else {
            few_digits(w, groups)
        }
    });
    let Some(candidate) = candidate else {
        return single(w, &token, groups, found);
    };
    let end = w.offset(candidate.end);
    found.push(candidate);
    Some(end.max(token.end))
}

/// What is too short for a telephone or a card: a result, a fraction, an address on the net.
fn few_digits(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    phones::international(w, groups)
        .or_else(|| network::ipv4(w, groups))
        .or_else(|| dates::month_and_day(w, groups))
}

fn many_digits(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    phones::grouped(w, groups)
        .or_else(|| network::ipv4(w, groups))
        .or_else(|| card(w, groups))
        .or_else(|| phones::by_place(w, groups))
        .or_else(|| phones::trunk(w, groups))
        .or_else(|| dates::month_and_day(w, groups))
        .or_else(|| phones::by_lead(w, groups))
        .or_else(|| phones::in_threes(w, groups))
}

/// A number on its own, or one whose followers don't belong to it.
fn single(
    w: &Window<'_>,
    token: &Range<usize>,
    groups: &Groups,
    found: &mut Found,
) -> Option<usize> {
    let candidate = match token.len() {
        1 | 2 => devices::bracketed(w, token)
            .or_else(|| network::coloned(w, token))
            .or_else(|| dates::with_month_name(w, token.clone(), token.end)),
        4 => dates::with_month_name(w, token.clone(), token.end)
            .or_else(|| dates::iso_week(w, token))
            .or_else(|| places::asked_for(w, token))
            .or_else(|| network::coloned(w, token)),
        3 => network::coloned(w, token),
        5 => return places::zip(w, token, groups, found),
        8 => uuids::uuid(w, token).or_else(|| dates::compact(w, token)),
        10 | 11 => phones::bare(w, token),
        12 | 14 => dates::compact(w, token).or_else(|| plain_card(w, token, groups)),
        15 => plain_card(w, token, groups).or_else(|| devices::imei(w, token)),
        13 | 16..=19 => plain_card(w, token, groups),
        _ => None,
    }
    .or_else(|| phones::international(w, groups))
    .or_else(|| records::behind_a_name(w, token))
    .or_else(|| records::alone(w, token))
    .or_else(|| devices::packed(w, token))?;
    let end = w.offset(candidate.end);
    found.push(candidate);
    Some(end)
}

fn plain_card(w: &Window<'_>, token: &Range<usize>, groups: &Groups) -> Option<Candidate> {
    let fraction =
        w.before(token.start) == b'.' || w.byte(token.end) == b'.' && w.is(token.end + 1, DIGIT);
    if groups.len() > 1 && fraction { None } else { card(w, &Groups::read(w, token.clone())) }
}

fn card_groups(groups: &Groups) -> Option<usize> {
    let even = groups
        .separators(groups.len())
        .iter()
        .all(|separator| matches!(separator, Separator::Dash | Separator::Space));
    match groups.size(0) {
        13..=19 => Some(1),
        4 if groups.begin_with(&[4, 4, 4, 4, 3]) && even => Some(5),
        4 if groups.begin_with(&[4, 4, 4, 4]) => Some(4),
        4 if groups.begin_with(&[4, 6, 5]) || groups.begin_with(&[4, 6, 4]) => Some(3),
        _ => None,
    }
}

/// Blank-separated numbers stand before or behind: a row of figures, not an SSN.
fn is_in_a_row(w: &Window<'_>, span: &Range<usize>, groups: &Groups) -> bool {
    let before = w.before(span.start) == b' ' && w.is_before(span.start.saturating_sub(1), DIGIT);
    before || groups.len() > 3 && groups.separators(4).last() == Some(&Separator::Space)
}

/// Behind the letter that says whose claim it is, the holder's or a widow's: `123-45-6789A`, `...B6`.
fn claim_suffix_end(w: &Window<'_>, at: usize) -> usize {
    let letter = w.skip(at, UPPER);
    let end = w.skip(letter, DIGIT);
    let is_suffix = letter == at + 1 && end <= letter + 1 && !w.is(end, ALNUM);
    if is_suffix { end } else { at }
}

/// SSA never issued area 000, 666 and 900 up, nor group 00; ITINs begin with 9.
fn is_issued(area: &[u8], group: &[u8]) -> bool {
    !matches!(area, b"000" | b"666") && group != b"00"
}

fn is_one_digit(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}
