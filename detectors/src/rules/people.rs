//! Names with nothing around them: runs of words that a list of names knows, or that no list of
//! words does.
//!
//! A capital marks a name in mixed text. Where all is small or all is capitals it tells nothing,
//! and the lists alone decide; in mixed text a name in small letters or capitals needs a second
//! word that is one. Plain words that are names, too (`Mark`, `Rose`), need company or a place in
//! the sentence that only a name has.

mod context;
mod reach;

use std::ops::Range;

pub(super) use self::context::ACTS;
use self::context::{
    EPONYM_NOUNS, is_all, is_before_age, is_before_version, is_behind_initial, is_code, is_eponym,
    is_placed_as_a_name, is_short_cell, is_speaker, stands_as_a_name,
};
use super::words::{self, Case, Shape, Token};
use super::{Found, addresses};
use crate::Identifier;
use crate::bytes::{LOWER, SPACE};
use crate::lexicon::Kind;
use crate::lists::Listed;
use crate::window::Window;

/// The longest run that is read as one.
const TOKENS: usize = 7;

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
    if first.shape == Shape::Small
        && first.is_plain()
        && !is_first_of_two(w, &first)
        && !is_given_behind(w, &first)
    {
        return first.end;
    }
    let run = Run::read(w, first);
    if let Some(range) = run.name(w) {
        let place = run.is_place(&range);
        let identifier = if place { Identifier::Geography } else { Identifier::Name };
        let why = if place { "place: listed" } else { "name: listed or no word" };
        let range = reach::around(w, range, run.case);
        let next = range.end;
        found.push(w.found(identifier, range, 50, why));
        return next.max(first.end);
    }
    if let Some(name) = behind_initial(w, &first) {
        found.push(w.found(Identifier::Name, first.start..name.end, 45, "name: by its initial"));
        return name.end;
    }
    if stands_as_a_name(w, &first) || is_given_behind(w, &first) {
        let range = reach::around(w, first.start..first.end, run.case);
        found.push(w.found(Identifier::Name, range, 45, "name: by its place"));
        return first.end;
    }
    run.next
}

/// `(Love, Lily)`: the second of two plain words that stand as a surname and a given name do.
fn is_given_behind(w: &Window<'_>, given: &Token) -> bool {
    // `walker, russell 27 yo m`
    let small = given.shape == Shape::Small && is_before_age(w, given);
    given.kind.any(Kind::GIVEN)
        && !given.kind.any(Kind::PROPER)
        && (small || given.shape == Shape::Capital)
        && w.byte(given.end) != b','
        && reach::surname_before(w, &(given.start..given.end)).is_some()
}

/// `M. Willy`: the plain word behind an initial that only a name's can be.
fn behind_initial(w: &Window<'_>, initial: &Token) -> Option<Token> {
    let at = initial.end + 2;
    if initial.letters != 1 || w.slice(initial.end..at) != *b". " {
        return None;
    }
    let name = Token::read(w, at);
    let capital = matches!(name.shape, Shape::Capital | Shape::Capitals) && name.letters > 1;
    let small = name.shape == Shape::Small
        && name.kind.any(Kind::NAME)
        && words::case_around(w, at) == Case::Small;
    let fits = (capital || small) && !name.kind.any(Kind::PROPER);
    (fits && is_behind_initial(w, at, &name)).then_some(name)
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
                5.. if token.is_only_name() => Sign::Name,
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
            // `levi's chart`
            Shape::Small
                if token.possessive
                    && token.is_only_name()
                    && token.kind.any(Kind::GIVEN)
                    && token.letters > 2 =>
            {
                Sign::Name
            }
            Shape::Small => {
                let named = token.is_only_name() && token.letters > 2;
                let second = self.count > 0
                    && token.kind.any(Kind::SURNAME)
                    && (!token.kind.any(Kind::COMMON | Kind::PROPER) || self.begins_with_given());
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

    /// The one word so far is a given name and nothing else.
    fn begins_with_given(&self) -> bool {
        let first = &self.tokens[0];
        self.count == 1 && first.is_only_name() && first.kind.any(Kind::GIVEN) && first.letters > 2
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
        let next = w.word_at(w.skip(token.end, SPACE));
        // What stands between two words of a run is a particle: `Willemine ten Pas`.
        let led = last.is_strange() && token.start > last.end + 2;
        let given = given || led;
        // `Fatima Said opened`: a plain word has no capital within a sentence.
        let within = token.shape == Shape::Capital
            && w.byte(token.end) == b' '
            && w.is(token.end + 1, LOWER)
            && !ACTS.has(w.slice(token.start..token.end));
        let end = token.end + usize::from(w.byte(token.end) == b' ');
        let closes = matches!(w.byte(token.end), b'\n' | 0)
            || matches!(w.byte(end), b',' | b';' | b'.' | b')')
            || led
            || within
            || next.start == token.end + 1 && ACTS.has(w.slice(next))
            || w.starts_with(token.end, b" (");
        // `AHMED MASK`, `ahmed mask`: beside a name and nothing else.
        let shouted = token.shape == last.shape
            && self.case != Case::Mixed
            && closes
            && last.is_only_name()
            && last.letters > 2
            && (token.kind.any(Kind::SURNAME) || !token.kind.any(Kind::COMMON))
            && !words::is_medical(w.slice(token.start..token.end));
        let alone = (token.shape == Shape::Capital || shouted)
            && !token.kind.any(Kind::PROPER)
            && (closes || !token.kind.any(Kind::COMMON));
        let behind = w.skip_any(token.end, b" ");
        // `Ngozi He`, `Linh Le`
        let short = token.letters == 2 && token.kind.any(Kind::SURNAME) && last.is_strange();
        given
            && alone
            && (token.letters > 2 || short)
            && (shouted || !words::is_capital(w, behind))
            && (w.byte(token.end) != b':' || self.count > 1)
            && !last.possessive
            && !EPONYM_NOUNS.has(w.slice(token.start..token.end))
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
        while !next.is_empty() && !is_comma && is_particle(w, &next) {
            at = w.skip_any(next.end, b". ");
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
            let given = next.kind.any(Kind::GIVEN) && !next.kind.any(Kind::PROPER)
                || token.is_only_name() && next.is_strange() && next.letters > 2;
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
        let shouted = one.shape == Shape::Capitals && other.shape == Shape::Capitals;
        let pair = likely > 1 && shouted && one.is_strange() && other.is_strange()
            || likely > 1 && one.kind.any(Kind::GIVEN) && !is_heading(w, &one, &other)
            || likely > 1 && self.case != Case::Mixed && (one.is_strange() || other.is_strange())
            || likely > 1
                && w.byte(one.end) == b','
                && (other.kind.any(Kind::GIVEN) || other.shape == Shape::Capitals);
        let initial = likely > 0 && self.count > 1 && self.has_initial(w);
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
        let leads = |token: &&Token| {
            token.shape == Shape::Initial || token.kind.any(Kind::GIVEN) || is_double(w, token)
        };
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

    /// `Mark S.`, but not `Ward B`.
    fn has_initial(&self, w: &Window<'_>) -> bool {
        let tokens = &self.tokens[..self.count];
        let lettered = matches!(tokens, [one, other]
            if one.kind.any(Kind::COMMON)
                && other.shape == Shape::Initial
                && w.byte(other.end) != b'.');
        tokens.iter().any(|token| token.shape == Shape::Initial)
            && tokens.iter().any(|token| token.kind.any(Kind::GIVEN))
            && !lettered
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

/// A plain word that is a given name, too, with one that is a name only behind it.
fn is_first_of_two(w: &Window<'_>, first: &Token) -> bool {
    if !first.kind.any(Kind::GIVEN) || first.kind.any(Kind::COMMON) || w.byte(first.end) != b' ' {
        return false;
    }
    let next = Token::read(w, first.end + 1);
    next.shape == Shape::Small && next.is_strange() && next.letters > 2
}

/// Whether the two begin a heading: `Rose Hip` on a line of its own is none, `Mark Area:` is, and who
/// speaks in a transcript is not.
fn is_heading(w: &Window<'_>, one: &Token, other: &Token) -> bool {
    one.is_plain()
        && other.is_plain()
        && w.byte(other.end) == b':'
        && !is_speaker(w, one.start, other.end)
}

/// `van`, `de`, and `Van`, `St.` before a capital.
fn is_particle(w: &Window<'_>, token: &Token) -> bool {
    let word = w.slice(token.start..token.end);
    let dotted = w.byte(token.end) == b'.' && word.eq_ignore_ascii_case(b"st");
    let behind = if dotted { token.end + 1 } else { token.end };
    if w.byte(behind) != b' ' || !(PARTICLES.has(word) || dotted) {
        return false;
    }
    token.shape == Shape::Small || words::is_capital(w, behind + 1)
}

/// `Min-Jun`: two capitals with a hyphen between.
fn is_double(w: &Window<'_>, token: &Token) -> bool {
    let word = w.slice(token.start..token.end);
    let hyphen = word.iter().position(|byte| *byte == b'-');
    hyphen.is_some_and(|at| {
        token.shape == Shape::Capital && words::is_capital(w, token.start + at + 1)
    })
}

pub(super) static PARTICLES: Listed = Listed::new(&[
    "al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el",
    "la", "le", "ten", "ter", "van", "von", "zu", "ibn", "ben", "ní", "ó", "uí", "af", "av",
]);
