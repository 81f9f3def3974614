//! Postal addresses as the world writes them: a number beside words that are no plain ones, or
//! beside a word for street, and what follows to the country.
//!
//! `12 Main Street` is found by its suffix ([`super::places`]). Here is what has none that is
//! English: `Hauptstraße 12`, `214 Pavlou Drandaki`, `Rua Mina 50`.

mod parts;

use std::ops::Range;

use self::parts::following;
use super::Found;
use super::words::{self, Case, Shape, Token};
use crate::Identifier;
use crate::bytes::{self, ALNUM, ALPHA, DIGIT, SPACE, UPPER};
use crate::lexicon::Kind;
use crate::lists::{Endings, Listed};
use crate::window::Window;

/// Words of a street's name.
const WORDS: usize = 7;

/// A street's number stands no farther behind its first word.
const NUMBER_BYTES: usize = 64;

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
    let behind = || bytes::next_digit(w.slice(first.end..w.len().min(first.end + NUMBER_BYTES)), 0);
    if led.is_none() && behind().is_none() && !is_led_to(w, first.start) {
        return None;
    }
    let case = match first.shape {
        Shape::Small => words::case_around(w, first.start),
        Shape::Capitals if led.is_some() => words::case_around(w, first.start),
        _ => Case::Mixed,
    };
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
    let start = parts::unit_before(w, start).unwrap_or(start);
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
    /// Where its last word begins.
    last: usize,
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
            last: first.start,
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
            let word = w.slice(token.start..token.end);
            street.ends_typed = CLOSING.has(word);
            street.last = token.start;
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
        match token.shape {
            _ if token.is_empty() || token.possessive => false,
            Shape::Mixed => false,
            Shape::Small | Shape::Capitals if tells_nothing(token, case) => {
                let word = w.slice(token.start..token.end);
                token.is_strange()
                    || !token.kind.any(Kind::COMMON)
                    || token.kind.any(Kind::NAME) && token.shape == Shape::Capitals
                    || self.words > 0 && ENDINGS.has(word)
                    || WHOLE.has(word)
            }
            Shape::Small if self.strange > 0 && token.is_strange() && token.letters > 2 => true,
            Shape::Small => {
                is_street_prefix(w, token)
                    || JOINTS.has(w.slice(token.start..token.end))
                    || is_street_word(w, token)
            }
            _ => !NEVER.has(w.slice(token.start..token.end)),
        }
    }

    /// Where the street ends, if it is one.
    fn end(&self, w: &Window<'_>, led: bool, sure: bool) -> Option<usize> {
        let numbered = self.number_end.filter(|end| !is_measure(w, *end));
        let told = match (led, numbered.is_some()) {
            _ if self.words == 0 => false,
            (_, true) if sure && self.strange > 0 => true,
            (true, false) if sure && self.named > 0 && self.words > 1 => true,
            (true, _) if self.typed || self.unknown > 0 => true,
            // `8111 mary islands`, `334 Angela Point`
            (true, _) => {
                self.named > 0
                    && matches!(self.words, 2 | 3)
                    && ENDINGS.has(w.slice(self.last..self.end))
            }
            (false, true) => {
                self.typed && self.words + usize::from(self.strange > 0) > 0 || self.unknown > 0
            }
            (false, false) => sure && self.ends_typed && self.words > 1,
        };
        told.then(|| numbered.unwrap_or(self.end))
    }
}

/// Where all is written as `token` is, its case says nothing.
fn tells_nothing(token: &Token, case: Case) -> bool {
    match token.shape {
        Shape::Small => case == Case::Small,
        _ => case == Case::Capitals && token.letters > 2,
    }
}

/// A number and two words are a whole line: `603 Rodriguez Ramp`.
fn is_line(w: &Window<'_>, start: usize, street: &Street) -> bool {
    let opens = matches!(w.before(start), 0 | b'\n')
        || matches!(w.slice(start.saturating_sub(2)..start), b", " | b": ")
        || is_led_to(w, start)
        || parts::unit_before(w, start).is_some();
    opens && matches!(w.byte(street.end), 0 | b'\n' | b',') && (2..=3).contains(&street.words)
}

/// A preposition of place stands before.
fn is_led_to(w: &Window<'_>, start: usize) -> bool {
    let end = start.saturating_sub(1);
    w.before(start) == b' ' && PLACED.has(w.slice(w.word_before(end)))
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
    MEASURES.has(word)
}

/// A word for street, alone or at the end of a word.
fn is_street_word(w: &Window<'_>, token: &Token) -> bool {
    let word = w.slice(token.start..token.end);
    token.kind.any(Kind::STREET)
        || WHOLE.has(word)
        || is_street_prefix(w, token)
        || token.letters > 5 && token.is_strange() && SUFFIXES.ends(word, 2)
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

/// What stands before a place.
static PLACED: Listed = Listed::new(&["at", "on", "in", "of", "near", "to", "from", "is"]);

/// Words for street that end its name, in full.
static CLOSING: Listed = Listed::new(&[
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
]);

/// Names of streets that need no other word, and roads that have a number.
static WHOLE: Listed = Listed::new(&[
    "broadway",
    "alameda",
    "embarcadero",
    "bowery",
    "esplanade",
    "highway",
    "hwy",
    "interstate",
    "route",
]);

/// Suffixes of the Postal Service's list that are plain words.
#[rustfmt::skip]
static ENDINGS: Listed = Listed::new(&[
    "alley", "bend", "bridge", "bridges", "brook", "brooks", "bypass", "camp", "cape", "causeway", "center", "cliff", "cliffs", "club",
    "common", "corner", "corners", "course", "cove", "coves", "creek", "crest", "crossing", "crossroad", "curve", "dale", "dam", "divide",
    "estate", "estates", "extension", "fall", "falls", "ferry", "field", "fields", "flat", "flats", "ford", "fords", "forest", "forge",
    "forges", "fork", "forks", "fort", "freeway", "garden", "gateway", "glen", "glens", "green", "greens", "groves", "harbor", "harbors",
    "haven", "heights", "hills", "hollow", "inlet", "island", "islands", "isle", "junction", "junctions", "key", "keys", "knoll", "knolls",
    "lake", "lakes", "land", "landing", "light", "lights", "loaf", "lock", "locks", "lodge", "loop", "mall", "manor", "manors", "meadow",
    "meadows", "mill", "mills", "mission", "motorway", "mount", "mountain", "mountains", "neck", "orchard", "oval", "overpass", "park",
    "parks", "pass", "passage", "path", "pike", "pine", "pines", "plain", "plains", "plaza", "point", "points", "port", "ports", "prairie",
    "radial", "ramp", "ranch", "rapid", "rapids", "rest", "ridge", "ridges", "river", "rue", "run", "shoal", "shoals", "shore", "shores",
    "skyway", "spring", "springs", "spur", "spurs", "squares", "station", "stravenue", "stream", "streets", "summit", "throughway",
    "trace", "track", "trafficway", "canyon", "centers", "burg", "burgs", "camps", "courts", "drives", "isles", "trail", "tunnel", "turnpike", "underpass", "union", "unions", "valley", "valleys", "via", "viaduct",
    "view", "views", "village", "villages", "ville", "vista", "walk", "walks", "wall", "ways", "well", "wells",
]);

#[rustfmt::skip]
static SUFFIXES: Endings = Endings::new(&[
    "straße", "strasse", "str", "gasse", "platz", "allee", "weg", "damm", "ufer", "ring", "straat", "laan", "plein", "dijk", "kade", "gracht", "singel", "steeg", "pad", "dreef", "hof",
    "vej", "gade", "stræde", "allé", "vænget", "parken", "vägen", "gatan", "gränd", "stigen", "torget", "veien", "vegen", "gata", "gate", "vei",
    "katu", "tie", "kuja", "polku", "raitti", "utca", "ulica", "tänav", "gatu",
]);

/// Words within names of towns and streets.
static JOINTS: Listed = Listed::new(&[
    "de", "da", "do", "dos", "das", "del", "della", "delle", "di", "du", "des", "la", "le", "les",
    "el", "los", "las", "van", "von", "der", "den", "am", "an", "im", "op", "aan", "upon", "on",
    "of", "the", "y", "e", "sur", "sous", "en", "pod", "nad", "dei", "degli", "dello", "sul", "na",
]);

/// What never stands in an address.
#[rustfmt::skip]
static NEVER: Listed = Listed::new(&[
    "dr", "mr", "mrs", "ms", "prof", "dob", "mrn", "ssn", "phone", "tel", "fax", "email", "patient", "pt", "date", "age", "sex", "i", "he", "she", "with",
    "from", "after", "before", "for", "was", "has", "had", "when", "this", "that", "provider", "cpt", "days", "weeks",
    "they", "we", "it", "the", "his", "her", "please", "can", "could", "would", "who", "what", "where", "my", "and", "male", "female", "name", "cell", "mobile",
]);

#[rustfmt::skip]
static MEASURES: Listed = Listed::new(&[
    "mg", "mcg", "g", "kg", "ml", "dl", "mm", "cm", "km", "units", "unit", "iu", "meq", "mmol", "mmhg", "lb", "lbs", "oz", "ft", "bpm", "fr",
    "y", "yo", "yr", "yrs", "year", "years", "old", "month", "months", "mo", "week", "weeks", "wk", "wks", "day", "days", "hour", "hours", "hr", "hrs", "min",
    "minutes", "am", "pm", "times", "tabs", "tablets", "male", "female", "percent", "points", "degrees", "million", "thousand",
]);
