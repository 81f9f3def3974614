//! Postal addresses as the world writes them: a number beside words that are no plain ones, or
//! beside a word for street, and what follows to the country.
//!
//! `12 Main Street` is found by its suffix ([`super::places`]). Here is what has none that is
//! English: `Hauptstraße 12`, `214 Pavlou Drandaki`, `Rua Mina 50`.

use std::ops::Range;

use super::Found;
use super::words::{self, Case, Shape, Token, is_one_of};
use crate::Identifier;
use crate::anchors::STATES;
use crate::bytes::{ALNUM, ALPHA, DIGIT, SPACE, UPPER};
use crate::lexicon::Kind;
use crate::window::Window;

/// Words of a street's name.
const WORDS: usize = 7;

/// A street's number stands no farther behind its first word.
const NUMBER_BYTES: usize = 64;

/// Lines and parts between commas that an address has behind its street.
const PARTS: usize = 8;

/// Words of one part.
const PART_WORDS: usize = 5;

/// `first` may begin an address, or stand behind its number. Returns where to go on behind one.
pub(super) fn on_word(w: &Window<'_>, first: &Token, found: &mut Found) -> Option<usize> {
    let small = first.shape == Shape::Small;
    if small
        && first.is_plain()
        && !w.is_before(first.start.saturating_sub(1), DIGIT)
        && !is_street_prefix(w, first)
    {
        return None;
    }
    let led = number_before(w, first.start);
    if small && led.is_none() && !is_street_word(w, first) && !first.is_strange() {
        return None;
    }
    if matches!(first.shape, Shape::Mixed) {
        return None;
    }
    let mut behind = w.rest(first.end).iter().take(NUMBER_BYTES);
    if led.is_none() && !behind.any(u8::is_ascii_digit) && !is_led_to(w, first.start) {
        return None;
    }
    let case = if small { words::case_around(w, first.start) } else { Case::Mixed };
    let typed = is_street_prefix(w, first) && is_named(w, first);
    let ambiguous = small && first.is_plain() && led.is_none();
    if small && case != Case::Small && (!typed || ambiguous && !is_strange_behind(w, first)) {
        return None;
    }
    let street = Street::read(w, *first, case);
    let start = led.unwrap_or(first.start);
    let both = led.is_some() && street.number_end.is_some() && street.strange > 0;
    let end =
        street.end(w, led.is_some(), both || is_led_to(w, start) || is_line(w, start, &street))?;
    let range = around(w, start..end, case);
    let end = range.end;
    found.push(w.found(Identifier::Geography, range, 82, "address"));
    Some(end)
}

/// All of the address whose street is at `street`: what it crosses, a second number, and what
/// follows.
pub(super) fn around(w: &Window<'_>, street: Range<usize>, case: Case) -> Range<usize> {
    let start = number_before(w, street.start).unwrap_or(street.start);
    let (start, is_corner) = corner(w, start);
    let end = if is_corner { crossing_end(w, street.end) } else { street.end };
    start..following(w, end, case)
}

/// `the corner of`, and a street that crosses: `Main and ...`.
fn corner(w: &Window<'_>, start: usize) -> (usize, bool) {
    let crossed = if w.slice(start.saturating_sub(5)..start).eq_ignore_ascii_case(b" and ") {
        let mut at = start - 5;
        for _ in 0..3 {
            let word = w.word_before(at);
            let fits = !word.is_empty()
                && (words::is_capital(w, word.start) || w.is_before(word.start, DIGIT));
            if !fits {
                break;
            }
            at = w.skip_back(word.start, DIGIT);
            if w.before(at) != b' ' {
                break;
            }
            at -= 1;
        }
        let first = w.skip(at, SPACE);
        let strange = Token::read(w, first);
        if first < start - 5 && strange.is_strange() && strange.letters > 2 { first } else { start }
    } else {
        start
    };
    for lead in [&b"the corner of "[..], b"corner of "] {
        let at = crossed.saturating_sub(lead.len());
        if w.slice(at..crossed).eq_ignore_ascii_case(lead) {
            return (at, true);
        }
    }
    (crossed, false)
}

/// Behind ` and Philip Bypass`.
fn crossing_end(w: &Window<'_>, end: usize) -> usize {
    let at = w.skip_any(end, b".");
    if !w.slice(at..at + 5).eq_ignore_ascii_case(b" and ") {
        return end;
    }
    let mut last = end;
    let mut next = at + 5;
    for _ in 0..4 {
        let token = Token::read(w, next);
        if !words::is_capital(w, token.start) {
            break;
        }
        last = token.end;
        if w.byte(last) != b' ' {
            break;
        }
        next = last + 1;
    }
    last
}

/// A post office of the armed forces, `APO AA 69974`, and the line before it.
pub(super) fn military(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let state = w.skip(hit.end, SPACE);
    let code = w.skip(state + 2, SPACE);
    let end = w.skip(code, DIGIT);
    let known = [&b"AA"[..], b"AE", b"AP"]
        .iter()
        .any(|known| w.slice(state..state + 2).eq_ignore_ascii_case(known));
    if !w.begins_word(hit.start) || !known || end != code + 5 {
        return;
    }
    let line_end = back_over(w, hit.start);
    let from = line_end.saturating_sub(MILITARY_BYTES);
    let line = w.slice(from..line_end);
    let opens =
        ["PSC ", "Unit ", "CMR ", "USS ", "USNS ", "USNV ", "USCGC "].iter().filter_map(|mark| {
            let at = line
                .windows(mark.len())
                .rposition(|word| word.eq_ignore_ascii_case(mark.as_bytes()))?;
            w.begins_word(from + at).then_some(from + at)
        });
    let start = opens.min().unwrap_or(hit.start);
    found.push(w.found(Identifier::Geography, start..end, 85, "address: armed forces"));
}

/// Over blanks, commas and a line end.
fn back_over(w: &Window<'_>, at: usize) -> usize {
    let mut end = at;
    while end > at.saturating_sub(4) && (w.is_before(end, SPACE) || w.before(end) == b',') {
        end -= 1;
    }
    end
}

/// The line before a military post office.
const MILITARY_BYTES: usize = 40;

/// The words of what may be a street, and the number behind them.
struct Street {
    words: usize,
    strange: usize,
    /// Words that a list of names knows, or none.
    named: usize,
    /// Strange words that no list of names knows.
    unknown: usize,
    typed: bool,
    /// The last word is `Street` or the like.
    ends_typed: bool,
    end: usize,
    number_end: Option<usize>,
}

impl Street {
    fn read(w: &Window<'_>, first: Token, case: Case) -> Self {
        let mut street = Self {
            words: 0,
            strange: 0,
            named: 0,
            unknown: 0,
            typed: false,
            ends_typed: false,
            end: first.start,
            number_end: None,
        };
        let mut token = first;
        while street.words < WORDS && street.takes(w, &token, case) {
            street.words += 1;
            street.named += usize::from(token.is_strange() || token.kind.any(Kind::NAME));
            street.strange += usize::from(token.is_strange() && token.letters > 2);
            street.unknown +=
                usize::from(token.is_strange() && token.letters > 3 && !token.kind.any(Kind::NAME));
            street.typed |= is_street_word(w, &token);
            street.ends_typed = is_one_of(w.slice(token.start..token.end), CLOSING);
            street.end = token.end;
            let dot =
                w.byte(token.end) == b'.' && (token.letters < 5) && w.byte(token.end + 1) == b' ';
            let comma = street.typed && w.byte(token.end) == b',' && w.is(token.end + 2, DIGIT);
            let gap = if dot || comma { token.end + 1 } else { token.end };
            if w.byte(gap) != b' ' {
                break;
            }
            if let Some(end) = house_number(w, gap + 1) {
                street.number_end = Some(end);
                break;
            }
            token = Token::read(w, gap + 1);
        }
        street
    }

    fn takes(&self, w: &Window<'_>, token: &Token, case: Case) -> bool {
        let _ = w;
        match token.shape {
            _ if token.is_empty() || token.possessive => false,
            Shape::Mixed => false,
            Shape::Small if case == Case::Small => {
                token.is_strange() || !token.kind.any(Kind::COMMON)
            }
            Shape::Small if self.strange > 0 && token.is_strange() && token.letters > 2 => true,
            Shape::Small => {
                is_street_prefix(w, token)
                    || is_one_of(w.slice(token.start..token.end), JOINTS)
                    || is_street_word(w, token)
            }
            _ => !is_one_of(w.slice(token.start..token.end), NEVER),
        }
    }

    /// Where the street ends, if it is one.
    fn end(&self, w: &Window<'_>, led: bool, sure: bool) -> Option<usize> {
        let numbered = self.number_end.filter(|end| !is_measure(w, *end));
        let told = match (led, numbered.is_some()) {
            _ if self.words == 0 => false,
            (_, true) if sure && self.strange > 0 => true,
            (true, false) if sure && self.named > 0 && self.words > 1 => true,
            (true, _) => self.typed || self.unknown > 0,
            (false, true) => {
                self.typed && self.words + usize::from(self.strange > 0) > 0 || self.unknown > 0
            }
            (false, false) => sure && self.ends_typed && self.words > 1,
        };
        told.then(|| numbered.unwrap_or(self.end))
    }
}

/// A number and two words are a whole line: `603 Rodriguez Ramp`.
fn is_line(w: &Window<'_>, start: usize, street: &Street) -> bool {
    let opens = matches!(w.before(start), 0 | b'\n')
        || w.slice(start.saturating_sub(2)..start) == b", "
        || is_led_to(w, start);
    opens && matches!(w.byte(street.end), 0 | b'\n' | b',') && (2..=3).contains(&street.words)
}

/// A preposition of place stands before.
fn is_led_to(w: &Window<'_>, start: usize) -> bool {
    let end = start.saturating_sub(1);
    w.before(start) == b' '
        && is_one_of(
            w.slice(w.word_before(end)),
            &["at", "on", "in", "of", "near", "to", "from", "is"],
        )
}

/// The house number that stands before `at`, also on two numbers: `3911 4 Rue ...`.
fn number_before(w: &Window<'_>, at: usize) -> Option<usize> {
    let end = at.checked_sub(1).filter(|end| matches!(w.byte(*end), b' '))?;
    let end = if w.before(end) == b',' { end - 1 } else { end };
    let start = w.skip_back(end, DIGIT);
    let letter = start == end && w.is_before(end, UPPER) && end > 1 && w.is_before(end - 1, DIGIT);
    let start = if letter { w.skip_back(end - 1, DIGIT) } else { start };
    let digits = end - start;
    let plain = (1..=5).contains(&digits)
        && !w.is_before(start, ALNUM)
        && !matches!(w.before(start), b'.' | b'/' | b':' | b'-' | b'$' | b',');
    if !plain {
        return None;
    }
    let second = number_before(w, start).filter(|second| *second + 7 > start);
    Some(second.unwrap_or(start))
}

/// The end of the house number at `at`: `12`, `12B`, `12-14`, `12/3`.
fn house_number(w: &Window<'_>, at: usize) -> Option<usize> {
    let digits = w.skip(at, DIGIT);
    if !(1..=5).contains(&(digits - at)) {
        return None;
    }
    let second = w.skip(digits + 1, DIGIT);
    let joined = matches!(w.byte(digits), b'-' | b'/') && (1..=4).contains(&(second - digits - 1));
    let end = if joined { second } else { digits };
    let letter = w.skip(end, ALPHA);
    let end = if letter == end + 1 { letter } else { end };
    let closed = !w.is(end, ALNUM)
        && w.byte(end) != b'%'
        && !(matches!(w.byte(end), b'.' | b':' | b'/' | b'-') && w.is(end + 1, ALNUM));
    closed.then_some(end)
}

/// `45 y/o`, `10 mg`: a number that counts or measures.
fn is_measure(w: &Window<'_>, end: usize) -> bool {
    let at = w.skip_any(end, b" -");
    let word = w.slice(at..w.skip(at, ALPHA));
    is_one_of(word, MEASURES)
}

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
    end
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
    let unit = is_one_of(w.slice(behind..w.skip(behind, ALPHA)), UNITS);
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
    if is_one_of(word, UNITS) {
        return unit_end(w, first.end).map(|end| (end, true));
    }
    let mut token = first;
    let (mut end, mut sure) = (at, false);
    for _ in 0..PART_WORDS {
        let text = w.slice(token.start..token.end);
        let small = token.shape == Shape::Small;
        let joint = small && end > at && is_one_of(text, JOINTS);
        let fits = !token.is_empty()
            && !token.possessive
            && token.shape != Shape::Mixed
            && (!small || joint || case == Case::Small && !token.kind.any(Kind::COMMON))
            && !is_one_of(text, NEVER)
            && !is_one_of(text, UNITS);
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
        if token.start == token.end {
            break;
        }
    }
    sure |= is_one_of(w.slice(at..end), COUNTRIES);
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

/// `Apt. 864`, `Suite 727`, `#12`: the unit's number behind its word.
fn unit_end(w: &Window<'_>, word_end: usize) -> Option<usize> {
    let number = w.skip_any(word_end, b" .#:");
    let end = w.skip_while(number, |byte| byte == b'-' || byte.is_ascii_alphanumeric());
    let digits = w.slice(number..end).iter().any(u8::is_ascii_digit);
    (number > word_end && end - number <= 8 && (digits || end == number + 1)).then_some(end)
}

/// A word for street, alone or at the end of a word.
fn is_street_word(w: &Window<'_>, token: &Token) -> bool {
    let word = w.slice(token.start..token.end);
    token.kind.any(Kind::STREET)
        || is_street_prefix(w, token)
        || token.letters > 5
            && token.is_strange()
            && SUFFIXES.iter().any(|suffix| ends_with(word, suffix))
}

/// A word for street before its name: `Rue`, `Via`, `ul.`
fn is_street_prefix(w: &Window<'_>, token: &Token) -> bool {
    if !token.kind.any(Kind::PREFIX) {
        return false;
    }
    let behind = w.skip_any(token.end, b". ");
    behind > token.end
        && (words::is_capital(w, behind)
            || token.shape == Shape::Small && !w.is(behind, SPACE)
            || Token::read(w, behind).is_strange() && !w.is(behind, DIGIT))
}

/// The word behind is of no list: `via Skype` is no street, `via Tasso` may be.
fn is_strange_behind(w: &Window<'_>, prefix: &Token) -> bool {
    Token::read(w, w.skip_any(prefix.end, b". ")).is_strange()
}

/// A capital follows within three words: `rue de la Hulotais`.
fn is_named(w: &Window<'_>, prefix: &Token) -> bool {
    let mut at = w.skip_any(prefix.end, b". ");
    for _ in 0..3 {
        let token = Token::read(w, at);
        if token.shape != Shape::Small || w.byte(token.end) != b' ' {
            return token.shape != Shape::Small;
        }
        at = token.end + 1;
    }
    false
}

fn ends_with(word: &[u8], suffix: &str) -> bool {
    let suffix = suffix.as_bytes();
    word.len() > suffix.len() + 1 && word[word.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

/// Words for street that end its name, in full.
const CLOSING: &[&str] = &[
    "street",
    "road",
    "avenue",
    "lane",
    "boulevard",
    "square",
    "terrace",
    "crescent",
    "highway",
    "parkway",
];

#[rustfmt::skip]
const SUFFIXES: &[&str] = &[
    "straße", "strasse", "str", "gasse", "platz", "allee", "weg", "damm", "ufer", "ring", "straat", "laan", "plein", "dijk", "kade", "gracht", "singel", "steeg", "pad", "dreef", "hof",
    "vej", "gade", "stræde", "allé", "vænget", "parken", "vägen", "gatan", "gränd", "stigen", "torget", "veien", "vegen", "gata", "gate", "vei",
    "katu", "tie", "kuja", "polku", "raitti", "utca", "ulica", "tänav", "gatu",
];

#[rustfmt::skip]
const UNITS: &[&str] = &[
    "apt", "apartment", "suite", "ste", "unit", "floor", "fl", "rm", "room", "bldg", "building", "lot", "box", "flat", "door", "postbus", "piso", "puerta", "edif", "depto", "appartamento", "apto", "studio", "level", "interior", "appt", "étage", "lgh",
];

/// Words within names of towns and streets.
const JOINTS: &[&str] = &[
    "de", "da", "do", "dos", "das", "del", "della", "delle", "di", "du", "des", "la", "le", "les",
    "el", "los", "las", "van", "von", "der", "den", "am", "an", "im", "op", "aan", "upon", "on",
    "of", "y", "e", "sur", "sous", "en", "pod", "nad", "dei", "degli", "dello", "sul", "na",
];

/// Countries whose names are made of plain words.
const COUNTRIES: &[&str] = &[
    "united kingdom",
    "united states",
    "great britain",
    "northern ireland",
    "south africa",
    "ivory coast",
];

/// What never stands in an address.
#[rustfmt::skip]
const NEVER: &[&str] = &[
    "dr", "mr", "mrs", "ms", "prof", "dob", "mrn", "ssn", "phone", "tel", "fax", "email", "patient", "pt", "date", "age", "sex", "i", "he", "she",
    "they", "we", "it", "the", "his", "her", "please", "can", "could", "would", "who", "what", "where", "my", "and", "male", "female", "name", "cell", "mobile",
];

#[rustfmt::skip]
const MEASURES: &[&str] = &[
    "mg", "mcg", "g", "kg", "ml", "dl", "mm", "cm", "km", "units", "unit", "iu", "meq", "mmol", "mmhg", "lb", "lbs", "oz", "ft", "bpm", "fr",
    "y", "yo", "yr", "yrs", "year", "years", "old", "month", "months", "mo", "week", "weeks", "wk", "wks", "day", "days", "hour", "hours", "hr", "hrs", "min",
    "minutes", "am", "pm", "times", "tabs", "tablets", "male", "female", "percent", "points", "degrees", "million", "thousand",
];
