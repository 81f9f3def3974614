//! Places smaller than a state: street addresses, boxes, cities, ZIP codes.

use std::ops::Range;

use super::groups::Groups;
use super::words::{self, Case, Token};
use super::{Found, addresses};
use crate::Identifier;
use crate::anchors::STATES;
use crate::bytes::{ALNUM, ALPHA, DIGIT, LOWER, SPACE, UPPER, WORD};
use crate::finding::Cover;
use crate::lexicon::Kind;
use crate::window::{Candidate, Window};

/// Words between a house number and the street's suffix.
const STREET_WORDS: usize = 4;

/// How far before a number a question may have asked for it.
const QUESTION_BYTES: usize = 80;

/// How far behind a number it may be called one.
const ANSWER_BYTES: usize = 32;

/// How much of a line a label calls an address.
const ADDRESS_BYTES: usize = 120;

/// Where the number of a street in small letters stands at the latest.
const SMALL_STREET_BYTES: usize = 40;

/// Words of a city's name.
const CITY_WORDS: usize = 3;

/// A suffix with a number and words before it: `12 Main Street`. What follows of the same
/// address (a direction, a unit) is taken with it.
pub(super) fn street(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let suffix_end = if w.is_before(hit.end, ALPHA) { w.skip(hit.end, LOWER) } else { hit.end };
    let grown = suffix_end - hit.end;
    let short = hit.len() <= " trl".len();
    let grown_so = w.slice(hit.end..suffix_end);
    if w.is(suffix_end, ALNUM) && w.is_before(suffix_end, ALPHA)
        || !matches!(grown_so, b"" | b"s" | b"es" | b"nue" | b"e")
        || (short || grown > 0) && !is_suffix(w, &(hit.start..suffix_end), short && grown > 0)
    {
        return;
    }
    let proper = w.is(hit.start + 1, UPPER);
    if let Some(start) = number_before(w, hit.start, proper) {
        let end = w.skip_back(suffix_end, SPACE);
        let end = if w.before(end) == b',' { end - 1 } else { end };
        push_street(w, start..unit_end(w, end), "street address", found);
    }
}

/// Whether a short suffix is one: a word of its own, and no doctor or scan. In small letters (`12 smith
/// dr`) behind a word that is a name or no plain one.
fn is_suffix(w: &Window<'_>, suffix: &Range<usize>, goes_on: bool) -> bool {
    let behind = if w.byte(suffix.end) == b'.' { suffix.end + 1 } else { suffix.end };
    let next = w.skip_any(behind, b" ");
    // `12 Times Dr Roe`
    let doctor = w.slice(suffix.clone()).eq_ignore_ascii_case(b" dr")
        && w.is(next, ALPHA)
        && w.byte(behind) == b' '
        // `12 Times Dr in Salem`
        && !(w.is(suffix.start + 1, UPPER) && w.is(next, LOWER))
        && !is_unit(w, next);
    let small = w.is(suffix.start + 1, LOWER);
    let word = w.word_before(suffix.start);
    let token = Token::read(w, word.start);
    let named = token.is_strange() && token.letters > 2
        || token.kind.any(Kind::NAME)
        || w.is_before(suffix.start, DIGIT);
    let doctor = doctor && !(named && w.byte(suffix.end) == b'.');
    !goes_on && !w.is(suffix.end, ALNUM) && !doctor && (!small || named)
}

/// A word like `Apt` at `at`.
fn is_unit(w: &Window<'_>, at: usize) -> bool {
    let word = w.slice(at..w.skip(at, ALPHA));
    UNITS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// A unit with a number and words before it, whatever the street's suffix: `784 Stamm Lock Unit
/// 46`; and a unit on a line of its own.
pub(super) fn unit(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let end = unit_end(w, hit.start);
    if end == hit.start {
        return;
    }
    let street_end = if w.before(hit.start) == b',' { hit.start - 1 } else { hit.start };
    let proper = w.is(hit.start + 1, UPPER);
    let street = number_before(w, street_end, proper);
    // `20 unit 3 times per day`
    let start = street.or_else(|| proper.then_some(hit.start + 1));
    if let Some(start) = start {
        push_street(w, start..end, "street address: unit", found);
    }
}

fn push_street(w: &Window<'_>, street: Range<usize>, why: &'static str, found: &mut Found) {
    let small = !w.slice(street.clone()).iter().any(u8::is_ascii_uppercase);
    let case = if small { words::case_around(w, street.start) } else { Case::Mixed };
    let range = addresses::around(w, street, case);
    found.push(w.found(Identifier::Geography, range, 80, why));
}

pub(super) fn po_box(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let number = w.skip_any(hit.end, b" #.:");
    let end = w.skip(number, ALNUM);
    if w.begins_word(hit.start) && w.is(number, DIGIT) {
        push_street(w, hit.start..end, "po box", found);
    }
}

/// `, MA` behind a city's name, where a line or a number ends the state.
pub(super) fn state(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let behind = w.skip_any(hit.end, b" \t");
    // `..., MS. Roe was taken`
    let title = w.byte(hit.end) == b'.' && w.is(w.skip(hit.end + 1, SPACE), ALPHA);
    let ends = !w.is(hit.end, ALNUM) && !w.is(behind, ALPHA) && !title;
    if ends {
        push_city(w, hit.start, found);
    }
}

/// Five digits: a ZIP code behind a state. Returns where to go on.
pub(super) fn zip(
    w: &Window<'_>,
    token: &Range<usize>,
    groups: &Groups,
    found: &mut Found,
) -> Option<usize> {
    if is_asked_for(w, token) {
        let zip = w.found(Identifier::Geography, token.clone(), 60, "zip").covered(Cover::Zip3);
        found.push(zip);
        return Some(token.end);
    }
    let before = w.skip_back(token.start, SPACE);
    let before = if w.before(before) == b',' { before - 1 } else { before };
    if before + 4 < token.start || before == token.start {
        return None;
    }
    let state = w.word_before(before);
    let code = w.slice(state.clone());
    let known = STATES.iter().any(|known| code == known.as_bytes());
    let spelled = STATE_NAMES.iter().any(|name| code.eq_ignore_ascii_case(name.as_bytes()));
    let lower = w.before(w.skip_back(state.start, SPACE)) == b','
        && STATES.iter().any(|known| code.eq_ignore_ascii_case(known.as_bytes()));
    if !known && !spelled && !lower {
        return None;
    }
    let plus = groups.len() > 1 && groups.size(1) == 4 && w.byte(token.end) == b'-';
    let end = if plus { token.end + 5 } else { token.end };
    let zip = w.found(Identifier::Geography, token.start..end, 85, "zip").covered(Cover::Zip3);
    found.push(zip);
    let city = w.skip_back(state.start, SPACE);
    push_city(w, if w.before(city) == b',' { city - 1 } else { city }, found);
    Some(end)
}

/// `And your zip code? 71846`: the question stands before, the number alone.
fn is_asked_for(w: &Window<'_>, token: &Range<usize>) -> bool {
    let alone = !matches!(w.byte(token.end), b'-' | b'/' | b':' | b'%')
        && matches!(w.before(token.start), b' ' | b'\n');
    let asked = || {
        let before = w.slice(token.start.saturating_sub(QUESTION_BYTES)..token.start);
        speaks_of_zip(before)
    };
    let behind = || {
        let behind = w.slice(token.end..w.len().min(token.end + ANSWER_BYTES));
        speaks_of_zip(behind)
    };
    alone && (asked() || behind())
}

/// `zip` or `ZIP code`, but not `zipped`.
fn speaks_of_zip(text: &[u8]) -> bool {
    let mut words = text.windows(4);
    words.any(|word| {
        word[..3].eq_ignore_ascii_case(b"zip")
            && (!word[3].is_ascii_alphabetic() || word[3].eq_ignore_ascii_case(&b'c'))
    })
}

/// The same of four digits, as other countries' codes have: behind a question.
pub(super) fn asked_for(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let question =
        matches!(w.before(w.skip_back(token.start, SPACE)), b'?' | b':') && is_asked_for(w, token);
    question.then(|| w.found(Identifier::Geography, token.clone(), 60, "postal code"))
}

/// What a label calls an address: from a number on, or all that a colon announces, to the end of
/// the line or sentence.
pub(super) fn labelled(w: &Window<'_>, at: usize, marked: bool) -> Option<Candidate> {
    let line = w.rest(at);
    let line = line.get(..ADDRESS_BYTES).unwrap_or(line);
    let ends = |index: usize, byte: u8| {
        let next = line.get(index + 1).copied().unwrap_or(b'\n');
        let sentence = matches!(byte, b'.' | b'?' | b'!')
            && next.is_ascii_whitespace()
            && line.get(..index).is_some_and(ends_sentence);
        matches!(byte, b'\n' | b';' | b'"' | b'\\' | b'<' | b'|') || sentence
    };
    let length = line.iter().enumerate().position(|(index, byte)| ends(index, *byte));
    let end = w.skip_back(at + length.unwrap_or(line.len()), SPACE);
    let end = at + clause_end(w.slice(at..end));
    let number = w.skip(at, ALNUM);
    let numbered = w.is(at, DIGIT) && matches!(w.byte(number), b' ' | b',' | b'-' | b'/');
    let told =
        numbered || marked && w.is(at, UPPER) && w.slice(at..end).iter().any(u8::is_ascii_digit);
    let live = w.slice(at.saturating_sub(9)..at);
    let small = [&b"live at "[..], b"lives at ", b"live on ", b"lives on "]
        .iter()
        .any(|lead| live.len() >= lead.len() && live[live.len() - lead.len()..] == **lead)
        && w.slice(at..end.min(at + SMALL_STREET_BYTES)).iter().any(u8::is_ascii_digit);
    (told || small).then(|| w.found(Identifier::Geography, at..end, 65, "address label"))
}

/// A number, or a word too long to be short for another, stands before the mark.
fn ends_sentence(line: &[u8]) -> bool {
    let letters = line.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    letters > 4 || letters == 0 && line.last().is_some_and(u8::is_ascii_digit)
}

/// Where a clause begins that is no address any more: `... for this card`.
fn clause_end(line: &[u8]) -> usize {
    let starts = CLAUSES.iter().filter_map(|clause| {
        line.windows(clause.len()).position(|words| words == clause.as_bytes())
    });
    starts.min().unwrap_or(line.len())
}

/// The capitalised words that end at `end` are a city's.
fn push_city(w: &Window<'_>, end: usize, found: &mut Found) {
    let mut start = end;
    let mut at = end;
    for _ in 0..CITY_WORDS {
        let mut first = at;
        while first > 0
            && (w.is_before(first, WORD) || matches!(w.before(first), b'-' | b'.' | b'\''))
        {
            first -= 1;
        }
        let capital = w.is(first, UPPER) || w.byte(first) >= 0xc3;
        if first == at || !capital {
            break;
        }
        start = first;
        if w.before(first) != b' ' {
            break;
        }
        at = first - 1;
    }
    if start < end {
        found.push(w.found(Identifier::Geography, start..end, 65, "city"));
    }
}

/// The house number before the words that end at `end`. Words in lower case count where the
/// suffix is in lower case, too, and then at most two: `5 mg by mouth ... drive` is no address.
fn number_before(w: &Window<'_>, end: usize, proper: bool) -> Option<usize> {
    let mut at = end;
    let most = if proper { STREET_WORDS } else { 2 };
    for words in 0..=most {
        let mut first = at;
        while first > 0
            && (w.is_before(first, ALNUM | WORD)
                || matches!(w.before(first), b'-' | b'.' | b'\'' | b'/' | b'#'))
        {
            first -= 1;
        }
        if first == at {
            return None;
        }
        if words > 0 && is_house_number(w, &(first..at)) {
            return Some(first);
        }
        let capital = w.is(first, UPPER | DIGIT) || w.byte(first) >= 0xc3;
        if proper && !capital || w.before(first) != b' ' {
            return None;
        }
        at = first - 1;
    }
    None
}

/// One to six digits, with a letter, a fraction or a second number or not: `12`, `12B`, `12-14`.
fn is_house_number(w: &Window<'_>, token: &Range<usize>) -> bool {
    let digits = w.skip(token.start, DIGIT) - token.start;
    let rest = w.slice(token.start + digits..token.end);
    let ordinal = [&b"st"[..], b"nd", b"rd", b"th"].iter().any(|it| rest.eq_ignore_ascii_case(it));
    (1..=6).contains(&digits) && rest.len() <= 6 && !ordinal && !rest.contains(&b'.')
}

/// Past a direction and a unit: ` NW`, `, Apt. 4B`, ` Suite 100`, ` #12`.
fn unit_end(w: &Window<'_>, end: usize) -> usize {
    let direction = w.skip(end, SPACE)..w.skip(w.skip(end, SPACE), UPPER);
    let text = w.slice(direction.clone());
    let directed = [&b"N"[..], b"S", b"E", b"W", b"NW", b"NE", b"SW", b"SE"].contains(&text)
        && direction.start == end + 1
        && !w.is(direction.end, LOWER);
    let end = if directed { direction.end } else { end };
    let word = w.skip_any(end, b" ,.\n");
    if w.byte(word) == b'#' && w.is(word + 1, ALNUM) && word <= end + 3 {
        return w.skip(word + 1, ALNUM);
    }
    let word_end = w.skip(word, ALPHA);
    let known = is_unit(w, word);
    let number = w.skip_any(word_end, b" .#:");
    let number_end = w.skip_while(number, |byte| byte == b'-' || byte.is_ascii_alphanumeric());
    let letter = number_end == number + 1 && w.is(number, UPPER);
    let is_number = w.is(number, DIGIT) || w.is(number_end.saturating_sub(1), DIGIT) || letter;
    let near = word <= end + 4 && number > word_end && number <= word_end + 3;
    if known && near && is_number && number_end - number <= 8 { number_end } else { end }
}

const CLAUSES: [&str; 16] = [
    " for ",
    " is ",
    " was ",
    " are ",
    " please",
    " can ",
    " because ",
    " since ",
    " but ",
    " after ",
    " before ",
    " when ",
    " while ",
    " with ",
    " she ",
    " he ",
];

const UNITS: [&str; 14] = [
    "apt",
    "apartment",
    "suite",
    "ste",
    "unit",
    "floor",
    "fl",
    "rm",
    "room",
    "bldg",
    "building",
    "lot",
    "trlr",
    "box",
];

const STATE_NAMES: [&str; 44] = [
    "alabama",
    "alaska",
    "arizona",
    "arkansas",
    "california",
    "colorado",
    "connecticut",
    "delaware",
    "florida",
    "georgia",
    "hawaii",
    "idaho",
    "illinois",
    "indiana",
    "iowa",
    "kansas",
    "kentucky",
    "louisiana",
    "maine",
    "maryland",
    "massachusetts",
    "michigan",
    "minnesota",
    "mississippi",
    "missouri",
    "montana",
    "nebraska",
    "nevada",
    "hampshire",
    "jersey",
    "mexico",
    "york",
    "carolina",
    "dakota",
    "ohio",
    "oklahoma",
    "oregon",
    "pennsylvania",
    "island",
    "tennessee",
    "texas",
    "utah",
    "vermont",
    "virginia",
];
