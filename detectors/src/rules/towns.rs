//! Towns and counties by the words around them: `born in Fort Worth`, `Orange County`.
//!
//! The lists know towns of one word that is no plain one. Others are plain words, and only what leads
//! to them tells.

use std::ops::Range;

use super::Found;
use super::words::{self, Case, Shape, Token};
use crate::Identifier;
use crate::bytes::{ALNUM, LOWER, SPACE};
use crate::lexicon::Kind;
use crate::lists::Listed;
use crate::window::Window;

/// Words of a town's name.
const WORDS: usize = 3;

/// The capitalised words behind a lead that announces a town.
pub(super) fn behind(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    if !w.begins_word(hit.start) {
        return;
    }
    let start = w.skip_any(hit.end, b" :");
    // Patients are moved to wards, too.
    let moved = w.slice(hit.start..hit.start + 5).eq_ignore_ascii_case(b"moved");
    let shouted = !w.is(start + 1, LOWER);
    let end = town_end(w, start, moved || shouted);
    if start > hit.end && end > start {
        found.push(w.found(Identifier::Geography, start..end, 50, "place: lived in"));
    }
}

/// A town by its name. In small letters `high point` is something else, unless one is in it or from it.
pub(super) fn listed(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let mut blanks =
        w.slice(hit.clone()).iter().zip(hit.clone()).filter(|(byte, _)| **byte == b' ');
    let capital =
        words::is_capital(w, hit.start) && blanks.all(|(_, at)| words::is_capital(w, at + 1));
    let before = w.skip_back(hit.start, SPACE);
    let led = matches!(w.before(before), b',' | b'\n' | b'(')
        || LEADS.has(w.slice(w.word_before(before)));
    let whole = w.begins_word(hit.start) && !w.is(hit.end, ALNUM);
    if whole && (capital || led && words::case_around(w, hit.start) == Case::Small) {
        found.push(w.found(Identifier::Geography, hit, 45, "place: listed"));
    }
}

/// The words before `County`.
pub(super) fn county(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let word = w.word_before(hit.start);
    let token = Token::read(w, word.start);
    let named =
        words::is_capital(w, word.start) || token.is_strange() || token.kind.any(Kind::PLACE);
    let text = w.slice(word.clone());
    let plain = token.kind.any(Kind::COMMON) && !words::is_capital(w, word.start);
    if !word.is_empty() && named && !plain && !DETERMINERS.has(text) && w.byte(hit.start) == b' ' {
        found.push(w.found(Identifier::Geography, word.start..hit.end, 55, "place: county"));
    }
}

/// The end of the town at `start`; `start` if there is none. `doubtful` where what follows is as
/// likely none: then one of its words must be a place's.
fn town_end(w: &Window<'_>, start: usize, doubtful: bool) -> usize {
    let mut token = Token::read(w, start);
    let (mut end, mut told) = (start, false);
    for _ in 0..WORDS {
        let text = w.slice(token.start..token.end);
        let capital = matches!(token.shape, Shape::Capital | Shape::Capitals);
        let of_place = token.is_strange() || token.kind.any(Kind::PLACE) || FIRSTS.has(text);
        let goes_on = end > start && told && !token.kind.any(Kind::COMMON);
        let fits = capital || of_place && token.letters > 3 || goes_on;
        if token.is_empty() || !fits || NEVER.has(text) {
            break;
        }
        told |= of_place && token.letters > 2;
        end = token.end;
        let saint = text.eq_ignore_ascii_case(b"st") && w.starts_with(end, b". ");
        let gap = if saint { end + 1 } else { end };
        if token.possessive || w.byte(gap) != b' ' {
            break;
        }
        token = Token::read(w, gap + 1);
    }
    let whole = Token::read(w, start);
    let country = whole.kind.any(Kind::PROPER) && whole.end == end;
    let small = !words::is_capital(w, start);
    if country || (doubtful || small) && !told { start } else { w.skip_back(end, SPACE) }
}

/// What towns' names begin with.
static FIRSTS: Listed = Listed::new(&[
    "fort", "port", "lake", "mount", "saint", "san", "santa", "los", "las", "el", "new", "north",
    "south", "east", "west",
]);

/// Where one lives that is no town, and what ends a town's name.
#[rustfmt::skip]
static NEVER: Listed = Listed::new(&[
    "a", "an", "the", "her", "his", "their", "our", "assisted", "nursing", "group", "skilled", "section", "senior", "memory",
    "independent", "public", "subsidized", "foster", "halfway", "private", "room", "ward", "unit", "bed", "hospice", "recovery", "icu",
    "with", "and", "since", "in", "at", "for", "by", "from", "to", "but", "where", "who", "pt", "patient", "family", "floor", "telemetry",
    "rehab", "snf", "pacu", "micu", "sicu", "ccu", "stepdown", "ed", "er", "or", "house", "apartment", "home", "shelter", "hospital", "she", "he",
]);

/// What a town stands behind.
static LEADS: Listed = Listed::new(&["in", "from", "near", "to", "of", "outside", "around"]);

/// What counties are spoken of with.
static DETERMINERS: Listed =
    Listed::new(&["the", "this", "our", "each", "every", "any", "a", "per", "by"]);
