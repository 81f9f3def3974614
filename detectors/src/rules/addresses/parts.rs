//! What follows a street, up to the country: units, towns, postal codes, on its line or the next
//! ones.
//!
//! A part counts as soon as it or one behind it is surely one: a town that no list knows stands
//! between a street and a code.

use std::ops::Range;

use super::{JOINTS, NEVER, is_measure};
use crate::anchors::STATES;
use crate::bytes::{ALNUM, ALPHA, DIGIT, SPACE, UPPER};
use crate::lexicon::Kind;
use crate::lists::Listed;
use crate::rules::words::{self, Case, Shape, Token};
use crate::window::Window;

/// Lines and parts between commas that an address has behind its street.
const PARTS: usize = 8;

/// Words of one part.
const PART_WORDS: usize = 5;

/// What follows a street up to the country: units, towns, codes, on the line or the next ones.
pub(super) fn following(w: &Window<'_>, street_end: usize, case: Case) -> usize {
    let mut end = street_end;
    let mut at = street_end;
    for _ in 0..PARTS {
        let Some(part) = part_start(w, at) else { break };
        let Some((part_end, sure)) = part_end(w, part, case) else { break };
        at = part_end;
        if sure {
            end = part_end;
        }
    }
    if end == street_end { in_a_town(w, end) } else { end }
}

/// ` in Concord` behind a street: a word of towns, or of no list.
fn in_a_town(w: &Window<'_>, end: usize) -> usize {
    let at = end + 4;
    if w.slice(end..at) != *b" in " || !words::is_capital(w, at) {
        return end;
    }
    let town = Token::read(w, at);
    let named = town.shape == Shape::Capital
        && !town.possessive
        && (town.is_strange() || town.kind.any(Kind::PLACE) || !town.kind.any(Kind::COMMON));
    if named { town.end } else { end }
}

/// Past what separates two parts: a comma, up to two line ends, a mark of quotation.
fn part_start(w: &Window<'_>, at: usize) -> Option<usize> {
    let mut next = at;
    let (mut lines, mut commas) = (0, 0);
    loop {
        match w.byte(next) {
            b' ' | b'\t' | b'\r' => {}
            b'.' if next == at && is_before_part(w, next) => {}
            b'>' | b'?' | b'|' | b'*' if lines > 0 => {}
            b',' if commas < 2 => commas += 1,
            // The cells of a table, and the parts of a vCard's address.
            b'"' if !w.is_json() && commas < 2 && (next == at || commas == 1) => {}
            b';' if next == at && !w.is(next + 1, SPACE) => {}
            b'\n' if lines < 2 => lines += 1,
            b'\\' if w.is_json() && w.byte(next + 1) == b'n' && lines < 2 => {
                lines += 1;
                next += 1;
            }
            _ => break,
        }
        next += 1;
    }
    (next > at && next < w.len() && next <= at + 9).then_some(next)
}

/// Whether the dot at `at` ends a number or a short word, and not the sentence.
fn is_before_part(w: &Window<'_>, at: usize) -> bool {
    let behind = w.skip_any(at + 1, b" \n");
    let unit = UNITS.has(w.slice(behind..w.skip(behind, ALPHA)));
    matches!(w.byte(at + 1), b',' | b'\n') || unit
}

/// The end of the part at `at`, and whether it is surely one.
fn part_end(w: &Window<'_>, at: usize, case: Case) -> Option<(usize, bool)> {
    if is_zip_of_state(w, w.skip_back(at, SPACE), at + 5) {
        return None;
    }
    if let Some(end) = lettered_code_end(w, at) {
        return Some((town_end(w, end), true));
    }
    if w.is(at, DIGIT) || w.byte(at) == b'#' {
        return code_end(w, at).map(|end| (town_end(w, end), true));
    }
    let first = Token::read(w, at);
    let word = w.slice(first.start..first.end);
    if is_nothing(w, &first) {
        let code = w.skip_any(first.end, b" \n");
        let end = (w.is(code, DIGIT) && code > first.end).then(|| code_end(w, code)).flatten();
        return Some((end.unwrap_or(first.end), true));
    }
    if UNITS.has(word) {
        return unit_end(w, first.end).map(|end| (end, true));
    }
    let mut token = first;
    let (mut end, mut sure) = (at, false);
    for _ in 0..PART_WORDS {
        let text = w.slice(token.start..token.end);
        let small = token.shape == Shape::Small;
        let joint = small && end > at && JOINTS.has(text);
        let fits = !token.is_empty()
            && !token.possessive
            && token.shape != Shape::Mixed
            && (!small || joint || case == Case::Small && !token.kind.any(Kind::COMMON))
            && !NEVER.has(text)
            && !UNITS.has(text);
        if !fits {
            break;
        }
        let state = token.letters == 2 && STATES.iter().any(|state| text == state.as_bytes());
        sure |= !joint && token.is_strange() && token.letters > 2
            || token.kind.any(Kind::PROPER)
            || state
            || token.shape == Shape::Capitals && token.letters < 4
            || token.kind.any(Kind::PLACE);
        end = token.end;
        let dot = w.byte(end) == b'.' && token.letters < 4;
        let gap = if dot { end + 1 } else { end };
        let dashed = w.byte(gap) == b'-' && w.byte(gap + 1) == b' ';
        if w.byte(gap) != b' ' || w.is(gap + 1, DIGIT) || dashed {
            break;
        }
        token = Token::read(w, gap + 1);
        if token.start == token.end || is_nothing(w, &token) {
            break;
        }
    }
    sure |= COUNTRIES.has(w.slice(at..end));
    if end == at
        || matches!(w.byte(end), b':' | b'=' | b'\'')
        || w.byte(end) == b' ' && is_label(w, end)
    {
        return None;
    }
    let end = bracket_end(w, end);
    // ` Springfield 62704`: the code belongs to it.
    let code =
        (w.byte(end) == b' ' && w.is(end + 1, DIGIT)).then(|| code_end(w, end + 1)).flatten();
    match code {
        Some(code) if !is_zip_of_state(w, end, code) => Some((code, true)),
        _ => Some((end, sure)),
    }
}

/// Behind the town that follows its code: `10115 Berlin`.
fn town_end(w: &Window<'_>, code_end: usize) -> usize {
    let mut end = code_end;
    while w.byte(end) == b' ' {
        let token = Token::read(w, end + 1);
        let named = matches!(token.shape, Shape::Capital | Shape::Capitals)
            && (token.is_strange() || token.kind.any(Kind::PLACE));
        if !named || token.possessive || w.byte(token.end) == b':' {
            break;
        }
        end = token.end;
    }
    end
}

/// A ZIP code behind the code of a state keeps its three digits: it is found on its own.
fn is_zip_of_state(w: &Window<'_>, state_end: usize, code_end: usize) -> bool {
    let state = w.slice(w.word_before(state_end));
    w.slice(state_end..code_end).iter().filter(|byte| byte.is_ascii_digit()).count() == 5
        && STATES.iter().any(|known| state == known.as_bytes())
}

/// What tables write for a state that there is none of.
fn is_nothing(w: &Window<'_>, token: &Token) -> bool {
    let word = w.slice(token.start..token.end);
    token.shape == Shape::Small && (word == b"nan" || word == b"null")
}

fn is_label(w: &Window<'_>, end: usize) -> bool {
    w.byte(w.skip(end, SPACE)) == b':'
}

/// ` (Orange)`
fn bracket_end(w: &Window<'_>, end: usize) -> usize {
    if !w.starts_with(end, b" (") || !words::is_capital(w, end + 2) {
        return end;
    }
    let close = words::letters_end(w, end + 2);
    if w.byte(close) == b')' { close + 1 } else { end }
}

/// A number of an address: a house, a postal code of any country.
fn code_end(w: &Window<'_>, at: usize) -> Option<usize> {
    let start = if w.byte(at) == b'#' { at + 1 } else { at };
    let digits = w.skip(start, DIGIT);
    if !(2..=6).contains(&(digits - start)) || is_measure(w, digits) {
        return None;
    }
    let dash = w.skip(digits + 1, DIGIT);
    let dashed = w.byte(digits) == b'-' && (3..=4).contains(&(dash - digits - 1));
    let blank = w.byte(digits) == b' ' && dash == digits + 3 && digits - start == 3;
    let letters = w.skip(digits + 1, UPPER);
    let lettered = w.byte(digits) == b' ' && letters == digits + 3 && digits - start == 4;
    let end = if dashed || blank {
        dash
    } else if lettered {
        letters
    } else {
        digits
    };
    let joined = matches!(w.byte(end), b'-' | b'/' | b'.' | b':') && w.is(end + 1, ALNUM);
    (!w.is(end, ALNUM) && !joined).then_some(end)
}

/// A postal code of capitals and digits: `IG4X 4WY`, `R5V 8J8`, `7956WC`.
fn lettered_code_end(w: &Window<'_>, at: usize) -> Option<usize> {
    let mixed = |range: Range<usize>| {
        let code = w.slice(range);
        code.iter().any(u8::is_ascii_digit) && code.iter().any(u8::is_ascii_uppercase)
    };
    // `H-3293`
    let letters = w.skip(at, UPPER);
    let digits = w.skip(letters + 1, DIGIT);
    if letters == at + 1 && w.byte(letters) == b'-' && (4..=5).contains(&(digits - letters - 1)) {
        return Some(digits);
    }
    let first = w.skip(at, UPPER | DIGIT);
    if !(2..=6).contains(&(first - at)) || !mixed(at..first) {
        return None;
    }
    let second = w.skip(first + 1, UPPER | DIGIT);
    let two = w.byte(first) == b' ' && second == first + 4 && mixed(first + 1..second);
    let end = if two { second } else { first };
    (!w.is(end, ALNUM) && (two || first - at == 6)).then_some(end)
}

/// The start of the unit that stands before a house's number: `Level 5 59 Joshua Quay`, `H.No. 97`.
pub(super) fn unit_before(w: &Window<'_>, at: usize) -> Option<usize> {
    let house = at.checked_sub(6).filter(|house| w.slice(*house..at) == *b"H.No. ");
    let end = at.checked_sub(1).filter(|end| w.byte(*end) == b' ')?;
    let word = w.word_before(end);
    let unit = words::is_capital(w, word.start) && UNITS.has(w.slice(word.clone()));
    house.or_else(|| unit.then_some(word.start))
}

/// `Apt. 864`, `Suite 727`, `#12`: the unit's number behind its word.
fn unit_end(w: &Window<'_>, word_end: usize) -> Option<usize> {
    let number = w.skip_any(word_end, b" .#:");
    let end = w.skip_while(number, |byte| byte == b'-' || byte.is_ascii_alphanumeric());
    let digits = w.slice(number..end).iter().any(u8::is_ascii_digit);
    (number > word_end && end - number <= 8 && (digits || end == number + 1)).then_some(end)
}

#[rustfmt::skip]
static UNITS: Listed = Listed::new(&[
    "apt", "apartment", "suite", "ste", "unit", "floor", "fl", "rm", "room", "bldg", "building", "lot", "box", "flat", "door", "postbus", "piso", "puerta", "edif", "depto", "appartamento", "apto", "studio", "level", "interior", "appt", "étage", "lgh",
]);

/// Countries whose names are made of plain words.
static COUNTRIES: Listed = Listed::new(&[
    "united kingdom",
    "united states",
    "great britain",
    "northern ireland",
    "south africa",
    "ivory coast",
]);
