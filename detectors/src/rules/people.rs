//! Names with nothing around them: runs of words that a list of names knows, or that no list of
//! words does.
//!
//! A capital marks a name in mixed text. Where all is small or all is capitals it tells nothing,
//! and the lists alone decide; in mixed text a name in small letters or capitals needs a second
//! word that is one. Plain words that are names, too (`Mark`, `Rose`), need company or a place in
//! the sentence that only a name has.

use std::ops::Range;

use super::words::{self, Case, Shape, Token, is_one_of};
use super::{Found, addresses};
use crate::Identifier;
use crate::bytes::{self, DIGIT, LOWER, SPACE, WORD};
use crate::lexicon::Kind;
use crate::window::Window;

/// The longest run that is read as one.
const TOKENS: usize = 7;

/// The most bytes of a cell that is no sentence.
const SHORT_CELL_BYTES: usize = 32;

/// What a word says for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    /// It ends a run.
    No,
    /// It may stand within a name: an initial, a country.
    Joint,
    /// Likely one beside another.
    Maybe,
    Name,
}

/// A run of words that may be a name.
struct Run {
    tokens: [Token; TOKENS],
    signs: [Sign; TOKENS],
    count: usize,
    /// Where to look for the next word.
    next: usize,
    case: Case,
}

/// A word begins at `at`. Returns where to look for the next one.
pub(super) fn on_word(w: &Window<'_>, at: usize, found: &mut Found) -> usize {
    let first = Token::read(w, at);
    if first.is_empty() {
        return at + 1;
    }
    if is_code(w, &first) {
        return first.end;
    }
    if let Some(next) = addresses::on_word(w, &first, found) {
        return next;
    }
    if first.shape == Shape::Small && first.is_plain() && !is_first_of_two(w, &first) {
        return first.end;
    }
    let run = Run::read(w, first);
    if let Some(range) = run.name(w) {
        let place = run.is_place(&range);
        let identifier = if place { Identifier::Geography } else { Identifier::Name };
        let why = if place { "place: listed" } else { "name: listed or no word" };
        let next = range.end;
        found.push(w.found(identifier, range, 50, why));
        return next.max(first.end);
    }
    run.next
}

impl Run {
    fn read(w: &Window<'_>, first: Token) -> Self {
        let case = match first.shape {
            Shape::Capital | Shape::Initial => Case::Mixed,
            _ => words::case_around(w, first.start),
        };
        let mut run = Self {
            tokens: [Token::default(); TOKENS],
            signs: [Sign::No; TOKENS],
            count: 0,
            next: first.end,
            case,
        };
        let mut token = first;
        let mut comma = false;
        loop {
            let sign = run.sign(&token);
            if sign == Sign::No && !run.ends_with_surname(w, &token) {
                break;
            }
            run.tokens[run.count] = token;
            run.signs[run.count] = if sign == Sign::No { Sign::Maybe } else { sign };
            run.count += 1;
            run.next = token.end;
            if run.count == TOKENS || token.possessive || sign == Sign::No {
                break;
            }
            match run.following(w, &token, &mut comma) {
                Some(next) => token = next,
                None => break,
            }
        }
        run
    }

    /// What `token` says at the end of this run.
    fn sign(&self, token: &Token) -> Sign {
        let strange = token.is_strange();
        let listed = token.kind.any(Kind::NAME);
        match token.shape {
            Shape::Mixed => Sign::No,
            Shape::Initial => Sign::Joint,
            Shape::Capital => capital_sign(token, self.count > 0),
            Shape::Capitals if self.case == Case::Capitals => match token.letters {
                3.. if token.is_only_name() => Sign::Name,
                5.. if strange => Sign::Name,
                4 if strange => Sign::Maybe,
                3.. if listed => Sign::Maybe,
                _ => Sign::No,
            },
            Shape::Capitals => match token.letters {
                3.. if token.is_only_name() => Sign::Maybe,
                6.. if strange => Sign::Maybe,
                3.. if listed && (self.count > 0 || !token.kind.any(Kind::COMMON)) => Sign::Maybe,
                _ => Sign::No,
            },
            Shape::Small if self.case == Case::Small => match token.letters {
                1 if self.count > 0 => Sign::Joint,
                3.. if token.is_only_name() => Sign::Name,
                4.. if strange => Sign::Name,
                3.. if listed => Sign::Maybe,
                _ => Sign::No,
            },
            Shape::Small => {
                let named = token.is_only_name() && token.letters > 2;
                let second = self.count > 0
                    && token.kind.any(Kind::SURNAME)
                    && !token.kind.any(Kind::COMMON | Kind::PROPER);
                let before = self.count.checked_sub(1).map(|last| self.tokens[last]);
                let foreign = token.is_strange()
                    && token.letters > 2
                    && before.is_some_and(|it| it.is_only_name() && it.kind.any(Kind::GIVEN));
                if second || foreign || named && (self.count > 0 || token.kind.any(Kind::GIVEN)) {
                    Sign::Maybe
                } else {
                    Sign::No
                }
            }
        }
    }

    /// A capitalised plain word right behind a given name that ends the run: `Justin Beet`.
    fn ends_with_surname(&self, w: &Window<'_>, token: &Token) -> bool {
        let Some(last) = self.count.checked_sub(1).map(|at| self.tokens[at]) else { return false };
        let given = last.kind.any(Kind::GIVEN) && last.is_strange()
            || last.shape == Shape::Initial && self.count > 1 && self.signs[0] == Sign::Name
            || last.is_unknown()
                && self.count == 1
                && matches!(w.byte(token.end), b',' | b';' | b'.' | b')' | b'\n')
                && !token.kind.any(Kind::COMMON);
        let closes = matches!(w.byte(token.end), b',' | b';' | b'.' | b')' | b'\n' | 0);
        let alone = token.shape == Shape::Capital
            && !token.kind.any(Kind::PROPER)
            && (closes || !token.kind.any(Kind::COMMON));
        let behind = w.skip_any(token.end, b" ");
        given
            && alone
            && token.letters > 2
            && !words::is_capital(w, behind)
            && (w.byte(token.end) != b':' || self.count > 1)
            && !last.possessive
            && !is_one_of(w.slice(token.start..token.end), EPONYM_NOUNS)
    }

    /// The next word, if what stands between lets the run go on.
    fn following(&self, w: &Window<'_>, token: &Token, comma: &mut bool) -> Option<Token> {
        let initial =
            token.shape == Shape::Initial || token.letters == 1 && self.case == Case::Small;
        let dotted = initial && w.byte(token.end) == b'.';
        let end = if dotted { token.end + 1 } else { token.end };
        let mut at = match (w.byte(end), w.byte(end + 1)) {
            (b' ', b' ') if !w.is(end + 2, SPACE) => end + 2,
            (b' ', _) => end + 1,
            (b',', b' ') if !*comma && self.count <= 2 => end + 2,
            _ if dotted => end,
            _ => return None,
        };
        let is_comma = w.byte(end) == b',';
        let mut next = Token::read(w, at);
        while !next.is_empty() && !is_comma && is_particle(w, &next) && w.byte(next.end) == b' ' {
            at = next.end + 1;
            next = Token::read(w, at);
        }
        if next.is_empty() || next.shape == Shape::Mixed {
            return None;
        }
        if is_comma {
            // `Roe, Jane A.`: a surname before, a given name behind.
            *comma = true;
            let surname = token.shape == next.shape
                && !token.possessive
                && (token.kind.any(Kind::SURNAME) || token.is_unknown());
            let given = next.kind.any(Kind::GIVEN) && !next.kind.any(Kind::PROPER);
            return (surname && given && next.shape != Shape::Small).then_some(next);
        }
        Some(next)
    }

    /// The name in this run.
    fn name(&self, w: &Window<'_>) -> Option<Range<usize>> {
        let signs = &self.signs[..self.count];
        let first = signs.iter().position(|sign| *sign >= Sign::Maybe)?;
        let last = signs.iter().rposition(|sign| *sign >= Sign::Maybe)?;
        let sure = signs.contains(&Sign::Name);
        let likely = signs.iter().filter(|sign| **sign == Sign::Maybe).count();
        let (one, other) = (self.tokens[first], self.tokens[last]);
        let pair = likely > 1 && one.kind.any(Kind::GIVEN) && !is_heading(w, &one, &other)
            || likely > 1 && self.case != Case::Mixed && (one.is_strange() || other.is_strange())
            || likely > 1 && other.kind.any(Kind::GIVEN) && w.byte(one.end) == b',';
        let initial = likely > 0 && self.count > 1 && self.has_initial();
        // `Dakota White`, `Sherry Christian`
        let neighbour = |at: Option<usize>, kind: Kind| {
            let token = at.and_then(|at| self.tokens[..self.count].get(at));
            token.is_some_and(|it| it.kind.any(Kind::PROPER) && it.kind.any(kind) && it.letters > 3)
        };
        let proper = self.case == Case::Mixed
            && one.shape == Shape::Capital
            && (neighbour(first.checked_sub(1), Kind::GIVEN) && one.kind.any(Kind::SURNAME)
                || one.kind.any(Kind::GIVEN) && neighbour(Some(last + 1), Kind::SURNAME));
        if !(sure || pair || initial || proper || likely == 1 && is_placed_as_a_name(w, &one)) {
            return None;
        }
        if first == last && is_all(w, &one) && !(one.is_only_name() && one.letters > 4) {
            return None;
        }
        let unlisted = one.is_unknown() && first == last;
        if unlisted && (is_short_cell(w) || is_before_version(w, &one)) {
            return None;
        }
        if first == last && is_eponym(w, &one) || is_eponym(w, &other) && !one.kind.any(Kind::GIVEN)
        {
            return None;
        }
        let leads = |token: &&Token| token.shape == Shape::Initial || token.kind.any(Kind::GIVEN);
        let first = first - self.tokens[..first].iter().rev().take_while(leads).count();
        let trails = last + 1 < self.count
            && self.tokens[last + 1].shape == Shape::Initial
            && sure
            && first < last;
        let last = if trails { last + 1 } else { last };
        let last = last + self.family_behind(last);
        Some(self.tokens[first].start..self.tokens[last].end)
    }

    /// How many tokens of a surname that is a country's name, too, follow a given name:
    /// `Tonya Jordan`, `Begoña Q. Montenegro`.
    fn family_behind(&self, last: usize) -> usize {
        let given = |token: &Token| token.kind.any(Kind::GIVEN) && token.is_strange();
        let rest = self.tokens.get(last + 1..self.count).unwrap_or_default();
        let proper = |token: &Token| token.kind.any(Kind::PROPER) && token.shape != Shape::Small;
        match rest {
            [family, ..] if self.tokens[..=last].iter().any(given) && proper(family) => 1,
            [family, ..] if proper(family) && family.kind.any(Kind::SURNAME) => 1,
            [initial, family, ..] if initial.shape == Shape::Initial && proper(family) => 2,
            _ => 0,
        }
    }

    fn has_initial(&self) -> bool {
        let tokens = &self.tokens[..self.count];
        tokens.iter().any(|token| token.shape == Shape::Initial)
            && tokens.iter().any(|token| token.kind.any(Kind::GIVEN))
    }

    /// Whether places alone are in `range`.
    fn is_place(&self, range: &Range<usize>) -> bool {
        let within = self.tokens[..self.count].iter().filter(|token| range.contains(&token.start));
        within.clone().any(|token| token.kind.any(Kind::PLACE))
            && within.clone().all(|token| !token.kind.any(Kind::NAME))
    }
}

fn capital_sign(token: &Token, follows: bool) -> Sign {
    match token.letters {
        2.. if token.is_only_name() => Sign::Name,
        4.. if token.is_strange() => Sign::Name,
        3 if token.is_strange() => Sign::Maybe,
        _ if token.kind.any(Kind::PROPER) => Sign::Joint,
        _ if token.kind.any(Kind::NAME) && token.kind.any(Kind::COMMON) && !follows => {
            if token.kind.any(Kind::GIVEN) { Sign::Maybe } else { Sign::No }
        }
        _ if token.kind.any(Kind::NAME) => Sign::Maybe,
        _ => Sign::No,
    }
}

/// Three words or fewer: a brand, a status or a ward as likely as a name of no list.
fn is_short_cell(w: &Window<'_>) -> bool {
    let text = w.slice(0..w.len());
    w.is_opening()
        && !w.is_full()
        && text.len() <= SHORT_CELL_BYTES
        && text.iter().filter(|byte| bytes::is(**byte, SPACE)).count() < 3
}

/// ` 15.18` behind a word: a product's.
fn is_before_version(w: &Window<'_>, token: &Token) -> bool {
    let digits = w.skip(token.end + 1, DIGIT);
    w.byte(token.end) == b' '
        && digits > token.end + 1
        && w.byte(digits) == b'.'
        && w.is(digits + 1, DIGIT)
}

/// Whether the word is all that its cell holds: a code as likely as a name.
fn is_all(w: &Window<'_>, token: &Token) -> bool {
    w.is_opening() && token.start == 0 && token.end == w.len()
}

/// A plain word that is a given name, too, with one that is a name only behind it.
fn is_first_of_two(w: &Window<'_>, first: &Token) -> bool {
    if !first.kind.any(Kind::GIVEN) || first.kind.any(Kind::COMMON) || w.byte(first.end) != b' ' {
        return false;
    }
    let next = Token::read(w, first.end + 1);
    next.shape == Shape::Small && next.is_strange() && next.letters > 2
}

/// A part of a code, a path, an address on the net, or the key of a JSON text.
fn is_code(w: &Window<'_>, token: &Token) -> bool {
    let (before, after) = (w.before(token.start), w.byte(token.end));
    let joined = matches!(before, b'@' | b'_' | b'#' | b'$' | b'%' | b'&' | b'<' | b'{')
        || matches!(before, b'/' | b'.' | b'-' | b'=')
            && w.is_before(token.start - 1, LOWER | DIGIT);
    joined
        || matches!(after, b'@' | b'_' | b'=' | b'(' | b'%')
        || matches!(after, b'.' | b'/' | b':' | b'\\') && w.is(token.end + 1, LOWER)
        || w.starts_with(token.end, b"::")
        || w.starts_with(token.end, b"://")
        || w.starts_with(token.end, b"\":")
}

/// Where a name alone can stand: `told Mark that`, `Rose said`, `Mark's`, `Hi Mark,`.
fn is_placed_as_a_name(w: &Window<'_>, token: &Token) -> bool {
    if token.shape != Shape::Capital {
        return false;
    }
    let before = w.skip_back(token.start, SPACE);
    let word = w.slice(w.word_before(before));
    let behind = w.skip_any(token.end, b" ");
    let next = w.slice(w.word_at(behind));
    let greeted = is_one_of(word, GREETINGS);
    let acts = is_one_of(next, ACTS) && behind == token.end + 1;
    let led = before + 1 == token.start && is_one_of(word, LEADS);
    let within = before + 1 == token.start
        && word.iter().all(u8::is_ascii_alphabetic)
        && word.len() > 1
        && !is_one_of(word, DETERMINERS)
        && !words::is_capital(w, behind);
    let given = token.kind.any(Kind::GIVEN);
    let comma = w.before(before) == b',';
    let listed = comma && w.is_before(before - 1, WORD);
    let called =
        comma && matches!(w.byte(token.end), b'!' | b'?' | b'.') && !w.is(token.end + 1, WORD);
    let enumerated = listed
        && (w.byte(token.end) == b',' || next == b"and")
        && words::is_capital(w, w.word_before(before - 1).start);
    let signed = given
        && w.before(before) == b','
        && w.before(token.start) == b'\n'
        && matches!(w.byte(token.end), 0 | b'\n');
    greeted
        || signed
        || token.is_strange() && (led || within)
        || before + 1 == token.start && is_one_of(word, ADDRESSED)
        || enumerated
        || given
            && token.letters > 2
            && (acts || called || within || token.possessive && word.is_empty())
        || led && acts
}

/// Whether the two begin a heading: `Rose Hip` on a line of its own is none, `Mark Area:` is.
fn is_heading(w: &Window<'_>, one: &Token, other: &Token) -> bool {
    one.is_plain() && other.is_plain() && w.byte(other.end) == b':'
}

/// `Babinski sign`, `Parkinson's disease`: the name of a thing.
fn is_eponym(w: &Window<'_>, token: &Token) -> bool {
    let end =
        if token.possessive { w.skip_while(token.end, |byte| byte != b' ') } else { token.end };
    let behind = w.skip_any(end, b" ");
    let word = w.slice(w.word_at(behind));
    behind <= end + 1 && is_one_of(word, EPONYM_NOUNS)
}

fn is_particle(w: &Window<'_>, token: &Token) -> bool {
    token.shape == Shape::Small && is_one_of(w.slice(token.start..token.end), PARTICLES)
}

pub(super) const PARTICLES: &[&str] = &[
    "al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el",
    "la", "le", "ter", "van", "von", "zu",
];

const GREETINGS: &[&str] = &["hi", "hello", "dear", "hey", "thanks", "cheers"];

/// What people do, right behind a name.
#[rustfmt::skip]
const ACTS: &[&str] = &[
    "said", "says", "is", "was", "has", "had", "went", "came", "told", "tells", "asked", "asks", "wants",
    "wanted", "lives", "lived", "works", "worked", "called", "calls", "and", "who", "denies", "denied", "reports",
    "reported", "states", "stated", "feels", "felt", "thinks", "thought", "will", "moved", "died", "likes",
    "loves", "knows", "saw", "met", "took", "gave", "agreed", "started",
];

/// What stands before the name of a thing.
const DETERMINERS: &[&str] = &["the", "a", "an", "of", "in", "this", "that", "no", "every"];

/// What is done to people only.
const ADDRESSED: &[&str] = &["told", "asked", "named", "met", "tell", "ask", "helped", "thanked"];

/// What stands before a name in a sentence.
#[rustfmt::skip]
const LEADS: &[&str] = &[
    "told", "asked", "by", "with", "and", "named", "called", "saw", "met", "from", "is", "was", "that", "than", "when", "if",
    "but", "because", "says", "said", "about", "helped", "gave", "give", "tell", "ask", "see", "meet", "know", "knows", "love",
    "am", "calls", "for",
];

#[rustfmt::skip]
const EPONYM_NOUNS: &[&str] = &[
    "disease", "diseases", "syndrome", "syndromes", "sign", "signs", "test", "tests", "testing", "palsy", "scale", "scales", "score",
    "scores", "reflex", "reflexes", "catheter", "catheters", "procedure", "fracture", "fractures", "tumor", "tumour", "sarcoma",
    "lymphoma", "esophagus", "phenomenon", "maneuver", "manoeuvre", "position", "criteria", "classification", "stage",
    "stain", "node", "nodes", "cell", "cells", "bodies", "body", "law", "index", "tube", "drain", "monitor", "thyroiditis", "chorea",
    "dementia", "encephalopathy", "lines", "line", "triad", "ulcer", "contracture", "hernia", "virus", "duct", "gland", "glands",
    "inventory", "respirations", "anemia",
];
