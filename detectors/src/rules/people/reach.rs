//! How far a name reaches beyond its words: initials and particles before it, what makes a town or a
//! company of it.

use std::ops::Range;

use super::is_particle;
use crate::bytes::{ALNUM, DIGIT, SPACE};
use crate::lexicon::Kind;
use crate::lists::Listed;
use crate::rules::words::{self, Case, Shape, Token, is_medical};
use crate::window::Window;

/// The most words before a name that belong to it.
const BEFORE: usize = 3;

/// All of a name of which `name` has been recognised.
pub(super) fn around(w: &Window<'_>, name: Range<usize>, case: Case) -> Range<usize> {
    let mut start = surname_before(w, &name).unwrap_or(name.start);
    for _ in 0..BEFORE {
        let Some(before) = part_before(w, start, case) else { break };
        start = before;
    }
    start..company_end(w, name.end)
}

/// The start of a surname that is a plain word, too, before the given name that ends its clause:
/// `Good, Kristina.`, but not `Good, Kristina said`.
pub(super) fn surname_before(w: &Window<'_>, given: &Range<usize>) -> Option<usize> {
    let end = given.start.checked_sub(2).filter(|end| w.slice(*end..given.start) == *b", ")?;
    let word = w.word_before(end);
    let token = Token::read(w, word.start);
    let behind = w.skip(given.end, SPACE);
    let closes = behind == given.end && !w.is(behind, ALNUM)
        || matches!(w.byte(behind), b'(' | b'-')
        || w.is(behind, DIGIT);
    let before = w.skip_back(word.start, SPACE);
    let led = LEADS.has(w.slice(w.word_before(before)));
    // `468 Wise, Gene - 18F`: a bed's number opens the line.
    let bed = w.skip_back(before, DIGIT);
    let bed = bed < before && before + 1 == word.start && matches!(w.before(bed), 0 | b'\n');
    let opens = led
        || bed
        || matches!(w.before(before), 0 | b'.' | b':' | b'\n' | b')' | b'-' | b'(')
        || w.before(word.start) == b'\n';
    let first = Token::read(w, given.start);
    (closes
        && opens
        && !word.is_empty()
        && words::begins(w, word.start)
        && matches!(token.shape, Shape::Capital | Shape::Capitals | Shape::Small)
        && token.shape == first.shape
        && (token.shape != Shape::Small || w.is(behind, DIGIT))
        && token.kind.any(Kind::SURNAME)
        && first.kind.any(Kind::GIVEN))
    .then_some(word.start)
}

/// The start of an initial, a particle or a word of a town's name that ends before `at`:
/// `S. Ramaswamy`, `van der Berg`, `Lake Jody`.
fn part_before(w: &Window<'_>, at: usize, case: Case) -> Option<usize> {
    let end = w.skip_back_over(at, b' ');
    let dotted = w.before(end) == b'.';
    let end = if dotted { end - 1 } else { end };
    let word = w.word_before(end);
    if end == at || at - end > 2 || word.is_empty() || !words::begins(w, word.start) {
        return None;
    }
    let token = Token::read(w, word.start);
    let initial = dotted
        && token.letters == 1
        && (words::is_capital(w, word.start) || case == Case::Small)
        && !w.is_before(word.start, ALNUM);
    let text = w.slice(word.clone());
    let capital = !dotted && token.shape == Shape::Capital;
    let shouted = case == Case::Capitals && token.shape == Shape::Capitals;
    let place = !dotted && (capital || case == Case::Small || shouted) && TOWNS.has(text);
    // `Destiny Diallo`: a word that is seldom one.
    let given = capital
        && (token.letters > 3 || token.letters == 3 && token.kind.any(Kind::GIVEN))
        && token.is_plain()
        && !token.kind.any(Kind::COMMON | Kind::PROPER)
        && !is_medical(text)
        && !ROLES.has(text);
    (initial || is_particle(w, &token) || place || given).then_some(word.start)
}

/// Behind ` Jr.`, ` III`.
fn generation_end(w: &Window<'_>, end: usize) -> usize {
    let at = w.skip_any(end, b", ");
    let word = w.word_at(at);
    let short = matches!(w.slice(word.clone()), b"Jr" | b"JR" | b"jr" | b"Sr" | b"SR" | b"sr");
    let roman = matches!(w.slice(word.clone()), b"II" | b"III" | b"IV");
    match (at > end && at <= end + 2, w.byte(end)) {
        (true, b' ' | b',') if short => w.skip_any(word.end, b"."),
        (true, b' ') if roman => word.end,
        _ => end,
    }
}

/// Behind ` LLC`, ` and Sons`.
fn company_end(w: &Window<'_>, end: usize) -> usize {
    let end = generation_end(w, end);
    let word = w.word_at(w.skip(end, SPACE));
    let text = w.slice(word.clone());
    if word.start == end + 1 && COMPANIES.has(text) {
        return word.end;
    }
    let sons = [&b" and Sons"[..], b" & Sons", b" and Co", b" & Co"];
    let whole = |sons: &&&[u8]| w.starts_with(end, sons) && !w.is(end + sons.len(), ALNUM);
    let behind = sons.iter().find(whole);
    behind.map_or(end, |sons| end + sons.len())
}

/// What towns' names begin with.
static TOWNS: Listed = Listed::new(&[
    "north", "south", "east", "west", "new", "port", "lake", "fort", "mount", "saint", "san",
    "santa", "los", "las", "upper", "lower", "great",
]);

static COMPANIES: Listed = Listed::new(&[
    "inc",
    "llc",
    "llp",
    "ltd",
    "plc",
    "corp",
    "corporation",
    "gmbh",
    "group",
    "holdings",
]);

/// Who somebody is: no part of the name behind it.
#[rustfmt::skip]
static ROLES: Listed = Listed::new(&[
    "pastor", "grandson", "granddaughter", "stepson", "stepmother", "stepfather", "stepdaughter", "nurse", "resident",
    "chaplain", "therapist", "pharmacist", "caregiver", "aunt", "uncle", "niece", "nephew", "fiance", "fiancee", "spouse",
    "sergeant", "deputy", "counselor", "facilitator", "coordinator", "attending", "surgeon", "supervisor", "technician",
    "interpreter", "clinician", "physician", "detective", "guardian", "roommate", "neighbor", "cousin", "husband",
    "girlfriend", "boyfriend", "grandma", "grandpa", "grandmother", "grandfather", "rabbi", "imam", "reverend", "mister",
    "alias", "signed", "dictated", "attn", "regards", "sincerely", "hello", "client", "prescriber", "driver", "sibling",
    "principal", "coach", "dietitian", "hospitalist", "intern", "paramedic", "trooper", "warden", "mom", "dad", "holder",
    "thanks", "cheers", "subscriber", "guarantor", "witness", "operator", "assistant", "passenger", "caller", "member",
]);

/// What a name stands behind in a sentence.
static LEADS: Listed = Listed::new(&["for", "from", "of", "with", "by", "to", "and", "re", "pt"]);
