//! Telephone and fax numbers: the North American plan by shape, others by `+` or by label.

use std::ops::Range;

use super::groups::{Groups, Separator};
use crate::Identifier;
use crate::bytes::{self, ALNUM, DIGIT};
use crate::checks;
use crate::lists::Listed;
use crate::window::{Candidate, Window};

/// E.164 allows fifteen digits.
const DIGITS: usize = 15;

/// No telephone number in groups has fewer, unless a label calls it one.
pub(super) const LEAST_DIGITS: usize = 7;

/// `(212) 555-1234`, `212.555.1234`, `1-212-555-1234`, or anything behind a `+`.
pub(super) fn grouped(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    if let Some(international) = international(w, groups) {
        return Some(international);
    }
    let skipped = usize::from(groups.size(0) == 1 && w.byte(groups.group(0).start) == b'1');
    let size = |index: usize| {
        if skipped + index < groups.len() { groups.size(skipped + index) } else { 0 }
    };
    let count = skipped
        + if (size(0), size(1), size(2)) == (3, 3, 4) {
            3
        } else if (size(0), size(1)) == (3, 7) {
            2
        } else {
            return None;
        };
    let area = w.slice(groups.group(skipped));
    let exchange = w.slice(groups.group(skipped + 1));
    let valid = checks::nanp(area, exchange);
    let blanks = groups.separators(count).iter().all(|separator| *separator == Separator::Space);
    let in_brackets = w.before(groups.group(skipped).start) == b'(';
    if !valid && (blanks && !in_brackets) {
        return None;
    }
    let span = groups.span(count);
    let start = open(w, span.start);
    let score = if valid { 85 } else { 60 };
    Some(telephone(w, start..extension_end(w, span.end), score, "telephone 3-3-4"))
}

/// Ten digits, or eleven with the leading 1, that the plan allows and nothing calls an amount.
pub(super) fn bare(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let digits = w.slice(token.clone());
    let abroad = matches!(digits, [b'0', b'1'..=b'9', ..]);
    let is_long = digits.len() == 11 && !abroad;
    let digits = if is_long { digits.strip_prefix(b"1")? } else { digits };
    let valid = abroad || checks::nanp(digits.get(..3)?, digits.get(3..)?);
    // Behind a comma stand the values of a list, unless they are all figures.
    let listed = w.before(token.start) == b',' && w.is_before(token.start - 1, DIGIT);
    let amount = listed
        || matches!(w.before(token.start), b'.' | b'$' | b'-' | b'/' | b'_' | b'#')
        || matches!(w.byte(token.end), b'.' | b',') && w.is(token.end + 1, DIGIT)
        || matches!(w.byte(token.end), b'-' | b'/' | b'_' | b'%');
    if !valid || amount {
        return None;
    }
    let start = open(w, token.start);
    Some(telephone(w, start..extension_end(w, token.end), 55, "telephone, ten digits"))
}

/// A number of another country as it is dialled there, from its 0 on: `024 971 50 30`,
/// `03.93.92.16.85`, `0378 3549890`.
pub(super) fn trunk(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let count = groups.len();
    let separators = groups.separators(count);
    let (first, rest) = separators.split_first()?;
    let even = rest.windows(2).all(|pair| pair[0] == pair[1]);
    let known = separators.iter().all(|separator| *separator != Separator::Other);
    let digits: usize = (0..count).map(|index| groups.size(index)).sum();
    let sizes = (1..count).all(|index| (2..=8).contains(&groups.size(index)));
    let area = w.slice(groups.group(0));
    // The National Drug Code has 4-4-2 and 5-3-2 digits, too.
    let drug = *first == Separator::Dash && count == 3 && groups.size(2) < 3;
    let abroad = area.starts_with(b"00") && count > 2 && (10..=15).contains(&digits);
    let dialled = area.starts_with(b"0") && area != b"00" && (9..=11).contains(&digits);
    let sized = (2..=5).contains(&area.len()) && (count > 2 || digits > 9);
    let start = groups.group(0).start;
    let amount = matches!(w.before(start), b'.' | b',' | b'-' | b'/' | b'$');
    let span = groups.span(count);
    let whole = even && known && sizes && sized && (dialled || abroad);
    let end = extension_end(w, span.end);
    (whole && !drug && !amount && !w.is(end, ALNUM))
        .then(|| telephone(w, open(w, start)..end, 55, "telephone, from 0"))
}

/// Behind a `+`: seven to fifteen digits in any groups.
pub(super) fn international(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let first = groups.group(0);
    let start = open(w, first.start);
    if w.byte(start) != b'+' {
        return None;
    }
    let end = run_end(w, first.start, if w.byte(first.start) == b'1' { 11 } else { DIGITS });
    let digits = count_digits(w, first.start..end);
    ((8..=DIGITS).contains(&digits))
        .then(|| telephone(w, start..extension_end(w, end), 85, "telephone, international"))
}

/// What a label calls a telephone number: five to fifteen digits in any groups, or a pager's four.
pub(super) fn labelled(w: &Window<'_>, at: usize, identifier: Identifier) -> Option<Candidate> {
    let first = w.skip_any(at, b"+(");
    let end = run_end(w, first, DIGITS);
    let digits = count_digits(w, at..end);
    let lead = w.slice(w.word_before(w.skip_back(at, bytes::SPACE)));
    let least = if PAGERS.has(lead) && !w.is(end, ALNUM) { 4 } else { 5 };
    (w.is(first, DIGIT) && (least..=DIGITS).contains(&digits) && first <= at + 2)
        .then(|| w.found(identifier, at..extension_end(w, end), 90, "labelled telephone"))
}

/// Seven to thirteen digits in groups, where a word behind says whose: `781 1704 office`,
/// `0699 868 88 55-Fax`.
pub(super) fn by_place(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let first = groups.group(0);
    let end = run_end(w, first.start, 13);
    let digits = count_digits(w, first.start..end);
    let word = w.skip_any(end, b" -,(");
    let word = w.slice(word..w.skip(word, bytes::ALPHA).min(word + 8));
    let known = PLACES.iter().any(|place| word.eq_ignore_ascii_case(place.as_bytes()));
    ((7..=13).contains(&digits) && known)
        .then(|| telephone(w, open(w, first.start)..end, 70, "telephone by its place"))
}

/// Seven digits or more in groups right behind what announces a telephone: `at 581-4598`,
/// `called (555-1234)`, `at (06)68/577-5958`.
pub(super) fn by_lead(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let start = open(w, groups.group(0).start);
    let word = w.slice(w.word_before(w.skip_back(start, bytes::SPACE)));
    let span = groups.span(groups.len());
    let digits = count_digits(w, span.clone());
    let sizes = (groups.size(0), groups.size(1), groups.len());
    let grouped = matches!(sizes, (3 | 4, 4, 2)) || groups.len() > 2 && groups.size(0) < 5;
    let apart = matches!(w.before(start), b' ' | b'(') && !w.is(span.end, ALNUM);
    // `(555-1234)`: the brackets are the sentence's.
    let start = if w.byte(span.end) == b')' { span.start } else { start };
    let measured = w.byte(span.end) == b' ' && w.is(span.end + 1, bytes::LOWER) && digits < 9;
    (LEADS.has(word) && grouped && apart && !measured && (7..=13).contains(&digits)).then(|| {
        telephone(w, start..extension_end(w, span.end), 50, "telephone by what leads to it")
    })
}

/// `576 330 770`, as much of Europe writes it.
pub(super) fn in_threes(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    let threes = groups.len() == 3 && groups.begin_with(&[3, 3, 3]);
    let span = groups.span(3.min(groups.len()));
    let separators = groups.separators(3);
    let even = [Separator::Space, Separator::Dash]
        .iter()
        .any(|known| separators.iter().all(|separator| separator == known));
    let opens = matches!(w.before(span.start), b' ' | b'\n' | b'(' | 0);
    let in_a_row = w.is_before(span.start.saturating_sub(1), DIGIT);
    let counts = w.byte(span.end) == b' ' && w.is(span.end + 1, bytes::LOWER);
    let measures = counts || matches!(w.byte(span.end), b'%' | b'/');
    (threes && even && opens && !in_a_row && !measures)
        .then(|| telephone(w, span, 45, "telephone 3-3-3"))
}

/// The start of a number whose first digit is at `at`: its bracket and plus sign.
fn open(w: &Window<'_>, at: usize) -> usize {
    let bracket = if w.before(at) == b'(' { at - 1 } else { at };
    let blank = if bracket < at && w.before(bracket) == b' ' { bracket - 1 } else { bracket };
    if w.before(bracket) == b'+' {
        bracket - 1
    } else if w.before(blank) == b'+' {
        blank - 1
    } else {
        bracket
    }
}

/// Where the digits in groups that begin at `at` end, `most` digits at most.
fn run_end(w: &Window<'_>, at: usize, most: usize) -> usize {
    let mut end = at;
    let mut next = at;
    let mut digits = 0;
    while w.is(next, DIGIT) {
        let group = w.skip(next, DIGIT);
        digits += group - next;
        // More digits than a number has: the group is something else.
        if digits > most {
            break;
        }
        end = group;
        next = w.skip_while(group, |byte| matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/'));
        if next > group + 3 {
            break;
        }
    }
    end
}

/// ` x123`, ` ext. 123`, ` extension 123`
fn extension_end(w: &Window<'_>, at: usize) -> usize {
    let word = w.skip_any(at, b" ,;");
    let text = w.slice(word..w.skip(word, bytes::ALPHA));
    let known = [&b"x"[..], b"ext", b"extn", b"extension"];
    if word > at + 3 || !known.iter().any(|known| text.eq_ignore_ascii_case(known)) {
        return at;
    }
    let number = w.skip_any(word + text.len(), b" .:#");
    let end = w.skip(number, DIGIT);
    let is_number = (1..=6).contains(&(end - number)) && !w.is(end, ALNUM);
    if is_number { end } else { at }
}

/// A fax if the word behind says so.
fn telephone(w: &Window<'_>, span: Range<usize>, score: u8, why: &'static str) -> Candidate {
    let behind = w.skip_any(span.end, b" -,(");
    let fax = w.starts_with_caseless(behind, b"fax");
    let identifier = if fax { Identifier::Fax } else { Identifier::Telephone };
    w.found(identifier, span, score, why)
}

fn count_digits(w: &Window<'_>, range: Range<usize>) -> usize {
    w.slice(range).iter().filter(|byte| byte.is_ascii_digit()).count()
}

const PLACES: [&str; 10] =
    ["office", "fax", "mobile", "cell", "home", "work", "desk", "direct", "tel", "phone"];

/// What is called by a few digits within a house.
static PAGERS: Listed = Listed::new(&["pager", "beeper", "pgr"]);

static LEADS: Listed =
    Listed::new(&["at", "call", "called", "dial", "text", "ring", "calling", "phone"]);
