//! Codes of letters and digits: VIN, MBI, DEA, IBAN, and numbers with letters around them.

use std::ops::Range;

use super::groups::Groups;
use super::{Found, ages, dates, devices, network, numbers, records, uuids};
use crate::Identifier;
use crate::bytes::{ALNUM, ALPHA, DIGIT};
use crate::checks;
use crate::window::{Candidate, Window};

/// The longest IBAN (ISO 13616).
const IBAN: usize = 34;

/// A token of letters and digits. `digits` is the end of the digits it begins with. Returns where
/// to go on.
pub(super) fn mixed(
    w: &Window<'_>,
    token: Range<usize>,
    digits: usize,
    found: &mut Found,
) -> usize {
    let candidate = by_length(w, &token)
        .or_else(|| by_start(w, &token, digits))
        .or_else(|| trailing_digits(w, &token))
        .or_else(|| records::behind_a_name(w, &token))
        .or_else(|| records::alone(w, &token))
        .or_else(|| devices::packed(w, &token));
    let Some(candidate) = candidate else { return token.end };
    let end = w.offset(candidate.end);
    found.push(candidate);
    end.max(token.end)
}

fn by_length(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let text = w.slice(token.clone());
    let found = |identifier, score, why| Some(w.found(identifier, token.clone(), score, why));
    match text.len() {
        2 => network::coloned(w, token),
        4 => dashed_mbi(w, token)
            .or_else(|| blank_iban(w, token))
            .or_else(|| network::coloned(w, token))
            .or_else(|| uuids::later_group(w, token)),
        1 | 3 => network::coloned(w, token),
        8 => uuids::uuid(w, token),
        9 if checks::dea(text) => found(Identifier::License, 85, "dea"),
        11 if checks::mbi(text) => found(Identifier::HealthPlan, 90, "mbi"),
        12 => uuids::later_group(w, token),
        17 if checks::vin(text) => found(Identifier::Vehicle, 90, "vin"),
        15..=IBAN if is_iban(text) => found(Identifier::Account, 95, "iban"),
        _ => None,
    }
}

/// Tokens that begin with a number: `3rd of March`, `09MAR2014`, `20140309T1233`.
fn by_start(w: &Window<'_>, token: &Range<usize>, digits: usize) -> Option<Candidate> {
    let number = token.start..digits;
    match number.len() {
        1..=3 if ages::is_age_and_sex(w, &number, token.end) => ages::age(w, number, "age"),
        1 | 2 => {
            let letters_end = w.skip(digits, ALPHA);
            dates::with_month_name(w, number.clone(), letters_end)
        }
        8 => dates::compact(w, &number),
        4 if w.byte(digits) == b'W' => dates::iso_week(w, &number),
        3 | 4 => {
            let groups = Groups::read(w, number);
            dates::numeric(w, &groups)
        }
        _ => None,
    }
}

/// A number glued to a word: `SSN123-45-6789`.
fn trailing_digits(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let start = w.skip_back(token.end, DIGIT);
    if token.end - start != 3 {
        return None;
    }
    numbers::ssn(w, &Groups::read(w, start..token.end))
}

/// `1EG4-TE5-MK73`, as it is printed on the card.
fn dashed_mbi(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let end = token.start + 13;
    let mut packed = [0; 11];
    let mut len = 0;
    for &byte in w.slice(token.start..end) {
        if matches!(byte, b'-' | b' ') {
            continue;
        }
        *packed.get_mut(len)? = byte;
        len += 1;
    }
    let dashes = [token.end, token.end + 4].map(|at| matches!(w.byte(at), b'-' | b' '));
    (dashes == [true, true] && checks::mbi(&packed) && !w.is(end, ALNUM))
        .then(|| w.found(Identifier::HealthPlan, token.start..end, 90, "mbi"))
}

fn is_iban(text: &[u8]) -> bool {
    matches!(text, [a, b, c, d, ..] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic()
        && c.is_ascii_digit() && d.is_ascii_digit())
        && checks::iban(text)
}

/// `GB82 WEST 1234 5698 7654 32`: groups of four and a shorter last one. The longest that checks
/// is it.
fn blank_iban(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    if !matches!(w.slice(token.clone()), [a, b, c, d] if a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit())
    {
        return None;
    }
    let mut end = token.end;
    let mut valid = None;
    while w.byte(end) == b' ' && end < token.start + IBAN + IBAN / 4 {
        let group = w.skip(end + 1, ALNUM);
        if !(1..=4).contains(&(group - end - 1)) {
            break;
        }
        end = group;
        if end - token.start >= 18 && is_iban(w.slice(token.start..end)) {
            valid = Some(end);
        }
    }
    Some(w.found(Identifier::Account, token.start..valid?, 95, "iban"))
}
