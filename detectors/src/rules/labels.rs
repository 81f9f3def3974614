//! Labelled values: `MRN: 00-12-34`, `"ssn":"123456789"`, `Policy No. A12/345`.
//!
//! A label finds its value whatever a checksum says. Between the two may stand punctuation and a
//! few words (`number`, `is`), and nothing else: the nearer the value, the surer the label.

use std::ops::Range;

use super::groups::Groups;
use super::{Found, ages, dates, json_syntax, names, numbers, phones, places};
use crate::Identifier;
use crate::anchors::{Label, Value};
use crate::bytes::{self, ALNUM, ALPHA, DIGIT, LOWER, SPACE, UPPER};
use crate::checks;
use crate::finding::Cover;
use crate::lists::Listed;
use crate::window::{Candidate, Window};

/// Words between a label and its value.
const FILLERS: usize = 4;

/// The longest code behind a label.
const CODE_BYTES: usize = 64;

/// What stands between a label and its value.
#[derive(Clone, Copy)]
struct Bridge {
    /// Where the value begins.
    value: usize,
    /// `number`, `no.`, `id` or `#`.
    numbered: bool,
    /// `:`, `=` or a quote.
    marked: bool,
}

pub(super) fn label(w: &Window<'_>, hit: Range<usize>, label: Label, found: &mut Found) {
    if !is_whole_word(w, &hit) {
        return;
    }
    let bridge = bridge(w, &hit);
    let at = bridge.value;
    if w.is_json() && leaves_string(w, hit.end..at) && !w.is(at, DIGIT) {
        return;
    }
    let told = bridge.numbered || bridge.marked;
    let candidate = match label.value {
        Value::Ssn => ssn(w, at),
        Value::Code => code(w, at, label),
        Value::NumberedCode => code(w, at, label)
            .filter(|it| match told {
                true => bridge.numbered || is_long(w, it),
                false => is_card_like(w, it, label) || is_telling(w, it, label),
            })
            .map(|it| checked(w, it, label)),
        Value::TellingCode if is_of_a_thing(w, hit.start, at) => None,
        Value::TellingCode => code(w, at, label).filter(|it| is_telling(w, it, label)),
        Value::Plate => plate(w, at, label),
        Value::Telephone => phones::labelled(w, at, label.identifier),
        Value::Date => dates::labelled(w, at),
        Value::Age => age(w, at),
        Value::Zip => zip(w, at),
        Value::Address => places::labelled(w, at, bridge.marked),
        Value::Town => names::place(w, at),
        Value::Decimal => decimal(w, at),
        Value::Secret if bridge.marked || w.is_before(hit.end, SPACE) => secret(w, at, label),
        Value::Patient => return patient(w, hit.end, bridge, label, found),
        Value::Name | Value::ProperName => return name(w, hit, bridge, label, found),
        Value::Secret => None,
    };
    found.candidates.extend(candidate.map(|candidate| whole_number(w, candidate)));
}

/// Whether a quote of JSON's own stands in `bridge`, and not a second one: what follows is no
/// string, and `null` is no name.
fn leaves_string(w: &Window<'_>, bridge: Range<usize>) -> bool {
    let (mut at, mut within) = (bridge.start, true);
    while at < bridge.end {
        within ^= w.byte(at) == b'"';
        at += if w.byte(at) == b'\\' { 2 } else { 1 };
    }
    !within
}

/// A number of a JSON text is covered as a whole, or the text would be none.
fn whole_number(w: &Window<'_>, candidate: Candidate) -> Candidate {
    match json_syntax::number_around(w, w.offset(candidate.start)) {
        Some(number) if candidate.cover != Cover::Age => number.cover(w, candidate),
        _ => candidate,
    }
}

/// ZIP codes by label: five or nine digits keep three, other countries' codes keep nothing.
pub(crate) fn zip(w: &Window<'_>, at: usize) -> Option<Candidate> {
    let digits = w.skip(at, DIGIT);
    let plus = w.byte(digits) == b'-' && w.skip(digits + 1, DIGIT) == digits + 5;
    let end = if plus { digits + 5 } else { digits };
    let longer = w.is(end, ALNUM) || w.byte(end) == b'-' && w.is(end + 1, ALNUM);
    if digits - at == 5 && !longer {
        return Some(w.found(Identifier::Geography, at..end, 90, "zip").covered(Cover::Zip3));
    }
    let end = postal_code_end(w, code_end(w, at));
    let text = w.slice(at..end);
    ((3..=10).contains(&text.len()) && text.iter().any(u8::is_ascii_digit))
        .then(|| w.found(Identifier::Geography, at..end, 80, "postal code"))
}

/// The second half of codes that have two: `SW1A 1AA`, `1017 XA`, `840 24`.
fn postal_code_end(w: &Window<'_>, end: usize) -> usize {
    let half = end + 1..w.skip(end + 1, UPPER | DIGIT);
    let is_half = w.byte(end) == b' ' && matches!(half.len(), 2 | 3) && !w.is(half.end, ALNUM);
    if is_half { half.end } else { end }
}

/// Twelve digits or more behind `card` or `account` need no word for number.
fn is_card_like(w: &Window<'_>, code: &Candidate, label: Label) -> bool {
    label.identifier == Identifier::Account && digits_in(text_of(w, code)) >= 12
}

/// Four digits at least, where nothing but a colon says that a number follows: `Policy: 30-day`
/// is none, nor is `Vehicle: 2014 Ford`.
fn is_long(w: &Window<'_>, code: &Candidate) -> bool {
    let code = w.offset(code.start)..w.offset(code.end);
    digits_in(w.slice(code.clone())) >= 4 && !dates::is_year(w, &code)
}

/// A number right behind its label, with nothing between that says so: `account 21461774`,
/// `license W7051776`, `plate LTJ-393`. No date, no telephone, no measurement.
fn is_telling(w: &Window<'_>, code: &Candidate, label: Label) -> bool {
    let place = w.offset(code.start)..w.offset(code.end);
    let text = w.slice(place.clone());
    let digits = digits_in(text);
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let groups = Groups::read(w, place.start..w.skip(place.start, DIGIT));
    let other = letters == 0
        && (dates::numeric(w, &groups).is_some()
            || dates::compact(w, &place).is_some()
            || phones::grouped(w, &groups).is_some());
    let (least, together) = if label.identifier == Identifier::Vehicle { (2, 5) } else { (3, 6) };
    let long = digits >= 6 || letters > 0 && digits >= least && digits + letters >= together;
    long && !other
        && text.iter().all(|byte| bytes::is(*byte, ALNUM) || matches!(byte, b'-' | b' ' | b':'))
}

/// `order id 10023948` is nobody's, and `Boise, ID 83702-1234` no number.
fn is_of_a_thing(w: &Window<'_>, label: usize, value: usize) -> bool {
    let before = w.skip_back(label, SPACE);
    let is_state = w.before(before) == b',' && w.skip(value, DIGIT) == value + 5;
    is_state || THINGS.has(w.slice(w.word_before(before)))
}

fn text_of<'t>(w: &Window<'t>, candidate: &Candidate) -> &'t [u8] {
    w.slice(w.offset(candidate.start)..w.offset(candidate.end))
}

fn digits_in(text: &[u8]) -> usize {
    text.iter().filter(|byte| byte.is_ascii_digit()).count()
}

/// A token with a digit in it, with the dashes, dots and slashes inside it.
fn code(w: &Window<'_>, at: usize, label: Label) -> Option<Candidate> {
    let end = code_end(w, past_prefix(w, at));
    let text = w.slice(at..end);
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let characters = text.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    (digits >= 2 && characters >= 3 && text.len() <= CODE_BYTES)
        .then(|| w.found(label.identifier, at..end, 90, label.why))
}

/// Past the letters of `XYZ 639475`, which stand apart from a code's digits.
fn past_prefix(w: &Window<'_>, at: usize) -> usize {
    let letters = w.skip(at, UPPER);
    let digits = w.skip(letters + 1, DIGIT);
    let apart = w.byte(letters) == b' ' && digits > letters + 4;
    if apart && (1..=4).contains(&(letters - at)) { letters + 1 } else { at }
}

/// A licence plate, in one piece or two: `KSX 156`, `9J-KDYL`, `170 7854`.
fn plate(w: &Window<'_>, at: usize, label: Label) -> Option<Candidate> {
    let first = w.skip(at, UPPER | DIGIT);
    let second = w.skip(first + 1, UPPER | DIGIT);
    let two = matches!(w.byte(first), b' ' | b'-') && (2..=4).contains(&(second - first - 1));
    let end = if two && (1..=4).contains(&(first - at)) { second } else { first };
    let characters = w.slice(at..end).iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    (digits_in(w.slice(at..end)) > 1 && (5..=8).contains(&characters) && !w.is(end, ALNUM))
        .then(|| w.found(label.identifier, at..end, 85, label.why))
        .or_else(|| code(w, at, label).filter(|it| is_telling(w, it, label)))
}

/// A failed checksum lowers the score.
fn checked(w: &Window<'_>, candidate: Candidate, label: Label) -> Candidate {
    let text = text_of(w, &candidate);
    let fails = match text.len() {
        17 if label.identifier == Identifier::Vehicle => !checks::vin(text),
        10 if label.why == "license label" => !checks::npi(text),
        9 if label.identifier == Identifier::License => !checks::dea(text),
        9 if label.identifier == Identifier::Account => !checks::aba(text),
        12..=19 if label.identifier == Identifier::Account => !checks::luhn(text.iter().copied()),
        15..=34 if label.identifier == Identifier::Account => !checks::iban(text),
        _ => false,
    };
    Candidate { score: if fails { 75 } else { candidate.score }, ..candidate }
}

fn ssn(w: &Window<'_>, at: usize) -> Option<Candidate> {
    let end = phones_like_end(w, at);
    let digits = w.slice(at..end).iter().filter(|byte| byte.is_ascii_digit()).count();
    let groups = Groups::read(w, at..w.skip(at, DIGIT));
    let shaped = numbers::ssn(w, &groups);
    shaped.or_else(|| {
        // Nine digits, or the last four of them; `***-**-1234` begins with what hides the rest.
        matches!(digits, 4 | 8 | 9).then(|| w.found(Identifier::Ssn, at..end, 90, "ssn label"))
    })
}

fn age(w: &Window<'_>, at: usize) -> Option<Candidate> {
    let digits = at..w.skip(at, DIGIT);
    if digits.is_empty() {
        return ages::spelled_age_at(w, at);
    }
    (!w.is(digits.end, ALPHA)).then(|| ages::age(w, digits, "age label")).flatten()
}

/// Decimal degrees, and the second of a pair.
fn decimal(w: &Window<'_>, at: usize) -> Option<Candidate> {
    let number_end = |start: usize| {
        let digits = w.skip(w.skip_any(start, b"+-"), DIGIT);
        (w.byte(digits) == b'.' && w.is(digits + 1, DIGIT)).then(|| w.skip(digits + 1, DIGIT))
    };
    let first = number_end(at)?;
    let second = number_end(w.skip_any(first, b", /"));
    let end = second.unwrap_or(first);
    Some(w.found(Identifier::Geography, at..end, 85, "coordinates"))
}

fn secret(w: &Window<'_>, at: usize, label: Label) -> Option<Candidate> {
    let end = w.skip_while(at, |byte| !bytes::is(byte, SPACE) && !b"\"',;<>&)\\".contains(&byte));
    let text = w.slice(at..end);
    let is_word = text.iter().all(u8::is_ascii_lowercase) && text.len() < 12;
    let placeholder = text.iter().all(|byte| matches!(byte, b'*' | b'x' | b'.'));
    (text.len() >= 4 && !placeholder && !(is_word && w.before(at) == b' ' && text.len() < 6))
        .then(|| w.found(label.identifier, at..end, 80, label.why))
}

fn patient(w: &Window<'_>, end: usize, bridge: Bridge, label: Label, found: &mut Found) {
    if w.byte(end) == b'\'' || w.starts_with(end, "’".as_bytes()) {
        return;
    }
    let code_label = Label {
        identifier: Identifier::MedicalRecord,
        value: Value::Code,
        why: "medical record label",
    };
    if bridge.numbered {
        found.candidates.extend(code(w, bridge.value, code_label));
    } else if bridge.marked && w.is(w.skip(bridge.value, UPPER), DIGIT) {
        // `patient=E107796-4`
        found.candidates.extend(code(w, bridge.value, code_label).filter(|it| is_long(w, it)));
    } else if bridge.marked {
        names::labelled(w, bridge.value, label.why, found);
    } else {
        names::behind(w, end, label.why, found);
    }
}

fn name(w: &Window<'_>, hit: Range<usize>, bridge: Bridge, label: Label, found: &mut Found) {
    // `Ordering::Less` in a program
    if w.starts_with(hit.end, b"::") {
        return;
    }
    let proper = w.is(bridge.value, UPPER) && !names::is_plain_run(w, bridge.value);
    if (proper || label.value == Value::Name)
        && (bridge.marked || b":=".contains(&w.before(hit.end)))
    {
        names::labelled(w, bridge.value, label.why, found);
    }
}

/// Past punctuation and filler words to the value.
fn bridge(w: &Window<'_>, hit: &Range<usize>) -> Bridge {
    let last_word = w.slice(w.skip_back(hit.end, ALPHA)..hit.end);
    let mut bridge = Bridge {
        value: hit.end,
        numbered: w.before(hit.end) == b'#' || NUMBER_WORDS.has(last_word),
        marked: matches!(w.before(hit.end), b':' | b'='),
    };
    for _ in 0..FILLERS {
        bridge.value = past_marks(w, bridge.value, &mut bridge);
        let word_end = filler_end(w, bridge.value);
        let word = w.slice(bridge.value..word_end);
        // `MRN: S259210`, `Signed: S. Roe`: the letter belongs to the value.
        if w.is(word_end, DIGIT) || word == b"S" {
            break;
        }
        if NUMBER_WORDS.has(word) {
            bridge.numbered = true;
        } else if !FILLER_WORDS.has(word) {
            break;
        }
        bridge.value = word_end;
    }
    bridge
}

fn past_marks(w: &Window<'_>, at: usize, bridge: &mut Bridge) -> usize {
    w.skip_while(at, |byte| {
        bridge.numbered |= byte == b'#';
        bridge.marked |= matches!(byte, b':' | b'=' | b'"' | b'>' | b'\'' | b']');
        let line_end = matches!(byte, b'\n' | b'\r') && bridge.marked;
        line_end
            || matches!(byte, b' ' | b'\t' | b'_' | b'(' | b'.' | b'#' | b'\\' | b'*' | b'|')
            || matches!(byte, b':' | b'=' | b'"' | b'>' | b'\'' | b'-' | b'[' | b']' | b'&')
    })
}

/// The word at `at`: up to the next capital, so that `IdNumber` is two.
fn filler_end(w: &Window<'_>, at: usize) -> usize {
    let capitals = w.skip(at, UPPER);
    if capitals > at + 1 { capitals } else { w.skip(capitals, LOWER) }
}

/// Nothing of the word before or behind the label belongs to it: `having` holds no `vin`.
fn is_whole_word(w: &Window<'_>, hit: &Range<usize>) -> bool {
    let first = w.byte(hit.start);
    let opens = !bytes::is(first, ALNUM)
        || w.begins_word(hit.start)
        || bytes::is(first, UPPER) && w.is_before(hit.start, LOWER);
    let last = w.before(hit.end);
    let next = w.byte(hit.end);
    let plural = next == b's' && !w.is(hit.end + 1, ALPHA);
    let closes = !bytes::is(last, ALPHA)
        || !bytes::is(next, ALPHA)
        || plural
        || bytes::is(next, UPPER) && bytes::is(last, LOWER);
    opens && closes
}

/// Letters, digits and what joins them: a dash, dot, slash or underscore between two; a blank
/// between two groups of digits.
fn code_end(w: &Window<'_>, at: usize) -> usize {
    let mut end = w.skip(at, ALNUM);
    while end > at && end - at <= CODE_BYTES {
        let joined = match w.byte(end) {
            b'-' | b'.' | b'/' | b'_' => w.is(end + 1, ALNUM),
            // `24:SU5031`
            b':' => w.is(end + 1, ALPHA) && w.is(end + 2, ALNUM),
            b' ' => w.is_before(end, DIGIT) && w.is(end + 1, DIGIT) && is_digits(w, end + 1),
            _ => false,
        };
        if !joined {
            break;
        }
        end = w.skip(end + 1, ALNUM);
    }
    end
}

fn is_digits(w: &Window<'_>, at: usize) -> bool {
    !w.is(w.skip(at, DIGIT), ALPHA)
}

/// Digits with what groups and hides them: `123 45 6789`, `***-**-6789`.
fn phones_like_end(w: &Window<'_>, at: usize) -> usize {
    let mut end = at;
    let mut next = at;
    while next < at + 24 && (w.is(next, DIGIT) || b"*xX -.".contains(&w.byte(next))) {
        next += 1;
        if w.is_before(next, DIGIT) {
            end = next;
        }
    }
    end
}

static NUMBER_WORDS: Listed =
    Listed::new(&["number", "no", "num", "nbr", "nr", "id", "identifier"]);

/// What has numbers that tell of nobody.
#[rustfmt::skip]
static THINGS: Listed = Listed::new(&[
    "order", "orders", "item", "product", "batch", "row", "table", "facility", "department", "drug", "build", "concept", "request",
    "query", "session", "message", "event", "store", "location", "trace", "process", "thread", "node", "host", "file", "test", "rule",
    "measure", "payer", "plan", "code", "dose", "job", "task", "commit",
]);

static FILLER_WORDS: Listed = Listed::new(&[
    "is", "was", "of", "the", "code", "my", "his", "her", "are", "be", "card", "ending", "in",
    "with", "on", "at", "s",
]);
