//! What a site's own expression or term matched: looked at like any event, and covered so that a JSON
//! text stays one.

use std::ops::Range;

use super::{Found, json_syntax};
use crate::bytes::{self, ALNUM, SPACE};
use crate::checks;
use crate::site::{Rule, Shape, Site, SiteCheck};
use crate::window::{LOOK_AHEAD, LOOK_BACK, Window};

/// A site knows its own: nothing that is found by its look alone goes before it.
const SCORE: u8 = 100;

pub(crate) fn on_match(w: &Window<'_>, at: Range<usize>, rule: &Rule, found: &mut Found) {
    let (at, stands) = match rule.shape {
        Shape::Expression { at_start, at_end } => {
            let begins = !at_start || begins_or_ends_word(w, at.start) || is_behind_escape(w, &at);
            let stands = begins && (!at_end || begins_or_ends_word(w, at.end));
            (at, stands)
        }
        Shape::BehindEscape { at_end } => {
            let at = at.start + 2..at.end;
            let stands = is_behind_escape(w, &at) && (!at_end || begins_or_ends_word(w, at.end));
            (at, stands)
        }
        Shape::Term => (at.clone(), stands_alone(w, &at)),
    };
    if stands && is_in_context(w, &at, &rule.context) && satisfies(w, &at, rule.check) {
        cover(w, at, rule, found);
    }
}

/// `\b`, as Hyperscan has it.
fn begins_or_ends_word(w: &Window<'_>, at: usize) -> bool {
    is_word(w.before(at)) != is_word(w.byte(at))
}

fn is_behind_escape(w: &Window<'_>, at: &Range<usize>) -> bool {
    is_word(w.byte(at.start)) && w.is_escape_letter(at.start)
}

fn is_word(byte: u8) -> bool {
    bytes::is(byte, ALNUM) || byte == b'_'
}

/// Neither letter nor digit goes on beyond the ends of a term, unless it ends in something else.
fn stands_alone(w: &Window<'_>, at: &Range<usize>) -> bool {
    let term = || characters(w.slice(at.clone()));
    let opens = !term().next().is_some_and(char::is_alphanumeric);
    let closes = !term().last().is_some_and(char::is_alphanumeric);
    (opens || !goes_on_before(w, at.start, char::is_alphanumeric))
        && (closes || !goes_on_behind(w, at.end, char::is_alphanumeric))
}

fn is_in_context(w: &Window<'_>, at: &Range<usize>, words: &[String]) -> bool {
    words.is_empty() || words.iter().any(|word| is_near(w, at, word.as_bytes()))
}

fn is_near(w: &Window<'_>, at: &Range<usize>, word: &[u8]) -> bool {
    let before = at.start.saturating_sub(Site::CONTEXT_BYTES)..at.start;
    let behind = at.end..w.len().min(at.end + Site::CONTEXT_BYTES);
    let first = word.first().map_or(0, u8::to_ascii_lowercase);
    let stands_at = |start: usize, end: usize| {
        w.byte(start).to_ascii_lowercase() == first
            && w.starts_with_caseless(start, word)
            && !goes_on_before(w, start, char::is_alphabetic)
            && !goes_on_behind(w, end, char::is_alphabetic)
    };
    [before, behind].into_iter().any(|mut near| {
        let last = near.end.saturating_sub(word.len());
        near.end = near.end.min(last + 1);
        near.any(|start| stands_at(start, start + word.len()))
    })
}

fn goes_on_before(w: &Window<'_>, at: usize, is_part: fn(char) -> bool) -> bool {
    let before = characters(w.slice(at.saturating_sub(CHARACTER_BYTES)..at)).last();
    before.is_some_and(is_part) && !w.begins_word(at)
}

fn goes_on_behind(w: &Window<'_>, at: usize, is_part: fn(char) -> bool) -> bool {
    let behind = w.slice(at..w.len().min(at + CHARACTER_BYTES));
    characters(behind).next().is_some_and(is_part)
}

fn characters(text: &[u8]) -> impl Iterator<Item = char> {
    text.utf8_chunks().flat_map(|chunk| chunk.valid().chars())
}

/// Whoever asks for a check wants what fails it left alone.
fn satisfies(w: &Window<'_>, at: &Range<usize>, check: Option<SiteCheck>) -> bool {
    let text = w.slice(at.clone()).iter().copied();
    match check {
        None => true,
        Some(SiteCheck::Luhn) => checks::luhn(text),
        Some(SiteCheck::Mod11) => checks::mod11(text),
    }
}

fn cover(w: &Window<'_>, at: Range<usize>, rule: &Rule, found: &mut Found) {
    let covered = |piece| w.found(rule.identifier, piece, SCORE, rule.why);
    if !w.is_json() {
        return found.push(covered(at));
    }
    for piece in within_structure(w, at) {
        let start = piece.start;
        found.push(match json_syntax::number_around(w, start) {
            Some(number) => number.cover(w, covered(piece)),
            None => covered(piece),
        });
    }
}

/// The parts of `at` between the punctuation of a JSON text and the blanks around it.
fn within_structure(w: &Window<'_>, at: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let is_structure = |byte: u8| b"{}[]:,\"".contains(&byte);
    let mut from = at.start;
    std::iter::from_fn(move || {
        let text = w.slice(from..at.end);
        let opening =
            text.iter().take_while(|byte| is_structure(**byte) || bytes::is(**byte, SPACE));
        let start = from + opening.count();
        let part = w.slice(start..at.end).iter().take_while(|byte| !is_structure(**byte));
        from = start + part.count();
        (start < from).then(|| start..w.skip_back(from, SPACE))
    })
}

/// The longest character of UTF-8.
const CHARACTER_BYTES: usize = 4;

// All that is looked at lies in the window.
const _: () = assert!(Site::MATCH_BYTES + Site::CONTEXT_BYTES + CHARACTER_BYTES < LOOK_BACK);
const _: () = assert!(Site::CONTEXT_BYTES + CHARACTER_BYTES <= LOOK_AHEAD);
