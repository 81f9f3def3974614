//! The rules: from an event (an anchor's hit, or a number) to candidates.
//!
//! A rule gets a [`Window`] and a position in it and adds what it found to [`Found`]. It keeps no
//! state, so what it finds depends on the window alone.

mod addresses;
mod ages;
mod broken;
mod codes;
mod contact;
mod dates;
mod devices;
mod fhir;
mod groups;
mod json;
mod json_syntax;
mod labels;
mod names;
mod network;
mod numbers;
mod people;
mod phones;
mod places;
mod records;
mod secrets;
mod site;
mod tables;
mod towns;
mod uuids;
mod words;

use std::ops::Range;

use crate::Identifier;
use crate::anchors::{Anchor, Rule};
use crate::bytes;
use crate::view::spots;
use crate::window::{Candidate, Window};

pub(crate) use ages::age;
pub(crate) use json::{Keys, Meaning};
pub(crate) use json_syntax::number_around;
pub(crate) use labels::zip;
pub(crate) use site::on_match as on_site;

/// As many digits behind a decimal point are a fraction, whatever they look like.
const FRACTION: usize = 7;

/// What the rules found, before overlaps are settled.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) tails: Vec<Tail>,
    /// Offsets into the text where something is encoded or in disguise: a [`crate::view`] tells.
    pub(crate) spots: Vec<usize>,
    /// Where runs begin that may be encoded text, in order.
    pub(crate) runs: Vec<Range<usize>>,
    /// Where messages begin that stand within a text, and lines that may be a table's header: to be
    /// walked.
    pub(crate) heads: Vec<usize>,
    /// The classes of JSON keys met before.
    pub(crate) keys: Keys,
}

impl Found {
    /// Forgets a text, but not the keys.
    pub(crate) fn clear(&mut self) {
        self.candidates.clear();
        self.tails.clear();
        self.spots.clear();
        self.runs.clear();
        self.heads.clear();
    }

    fn push(&mut self, candidate: Candidate) {
        if candidate.start < candidate.end {
            self.candidates.push(candidate);
        }
    }

    /// Adds a run that is covered from `start` and known to hold up to `from`. What this window
    /// can't show of it goes on as a tail.
    fn push_run(&mut self, w: &Window<'_>, start: usize, run: Run, from: usize) {
        let (end, goes_on) = run.kind.end(w, from);
        self.push(w.found(run.identifier, start..end, run.score, run.why));
        if goes_on && end > from {
            self.tails.push(Tail { at: w.position(end), run });
        }
    }
}

/// A run of bytes that may be longer than any window: a URL, an encoded image, a key.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) kind: RunKind,
    pub(crate) identifier: Identifier,
    pub(crate) score: u8,
    pub(crate) why: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunKind {
    Uri,
    /// Base64 or hexadecimal digits, with the line ends that wrap them.
    Encoded,
    /// The rest of a JSON string, up to its quote.
    JsonString,
}

impl RunKind {
    /// Where the run that is under way at `from` ends in this window, and whether it goes on.
    fn end(self, w: &Window<'_>, from: usize) -> (usize, bool) {
        let end = match self {
            Self::Uri => w.skip(from, bytes::URI),
            Self::Encoded => w.skip_while(from, is_encoded),
            Self::JsonString => return json_syntax::string_end(w, from),
        };
        (end, end == w.len() && w.is_full())
    }
}

/// What is left of a run behind a window's end.
#[derive(Clone, Copy)]
pub(crate) struct Tail {
    /// Offset into the text.
    pub(crate) at: usize,
    pub(crate) run: Run,
}

/// Follows a run into the next window.
pub(crate) fn follow(w: &Window<'_>, at: usize, run: Run, found: &mut Found) {
    if at < w.len() {
        found.push_run(w, at, run, at);
    }
}

/// An anchor's literal ends at `end`.
#[inline]
pub(crate) fn on_anchor(w: &Window<'_>, end: usize, anchor: &Anchor, found: &mut Found) {
    let Some(start) = end.checked_sub(usize::from(anchor.len)) else { return };
    let hit = start..end;
    match anchor.rule {
        Rule::Email => contact::email(w, hit, found),
        Rule::Url => contact::url(w, hit, found),
        Rule::Www => contact::www(w, hit, found),
        Rule::Label(label) => {
            tables::heading(w, &hit, found);
            labels::label(w, hit, label, found);
        }
        Rule::Column => tables::heading(w, &hit, found),
        Rule::Title => names::title(w, hit, found),
        Rule::Credential => names::credential(w, hit, found),
        Rule::Relation => names::relation(w, hit, found),
        Rule::Signature => names::signature(w, hit, found),
        Rule::Employer => names::employer(w, hit, found),
        Rule::Month => dates::month_alone(w, hit, found),
        Rule::Weekday => dates::weekday(w, hit, found),
        Rule::YearsOld => ages::years_old(w, hit, found),
        Rule::Street => places::street(w, hit, found),
        Rule::Unit => places::unit(w, hit, found),
        Rule::PoBox => places::po_box(w, hit, found),
        Rule::Military => addresses::military(w, hit, found),
        Rule::State => places::state(w, hit, found),
        Rule::Town => towns::behind(w, hit, found),
        Rule::ListedTown => towns::listed(w, hit, found),
        Rule::County => towns::county(w, hit, found),
        Rule::Secret(length) => secrets::prefixed(w, hit, length, found),
        Rule::PrivateKey => secrets::private_key(w, hit, found),
        Rule::Image => secrets::image(w, hit, Identifier::Photograph, found),
        Rule::Template => secrets::image(w, hit, Identifier::Biometric, found),
        // What a cell begins with is known before.
        Rule::Message if hit.start == 0 && w.is_opening() => {}
        Rule::Message => found.heads.push(w.position(hit.start)),
        Rule::Escape if spots::is_telling(w, &hit) => found.spots.push(w.position(hit.end - 1)),
        Rule::Escape => {}
    }
}

/// A JSON key's closing quote is before `end`.
pub(crate) fn on_key(w: &Window<'_>, end: usize, meaning: Meaning, found: &mut Found) {
    json::key(w, end, meaning, found);
}

/// A token (letters and digits) with at least one digit stands at `token`. Returns where to look
/// for the next one.
#[inline]
pub(crate) fn on_token(w: &Window<'_>, token: Range<usize>, found: &mut Found) -> usize {
    // The digits behind a decimal point: measured, not issued.
    if w.before(token.start) == b'.'
        && token.len() >= FRACTION
        && w.is_before(token.start - 1, bytes::DIGIT)
    {
        return token.end;
    }
    match number_around(w, token.start) {
        Some(number) if number.is_bare => numbers::of_json(w, number.range, found),
        Some(number) => numbers::in_doubt(w, token, &number, found),
        None => on_plain_token(w, token, found),
    }
}

/// A word begins at `at`. Returns where to look for the next one.
#[inline]
pub(crate) fn on_word(w: &Window<'_>, at: usize, found: &mut Found) -> usize {
    people::on_word(w, at, found)
}

/// Whether a word may begin at `at`.
pub(crate) fn begins_word(w: &Window<'_>, at: usize) -> bool {
    words::begins(w, at)
}

fn on_plain_token(w: &Window<'_>, token: Range<usize>, found: &mut Found) -> usize {
    let digits = w.skip_digits(token.start);
    if token.len() == 1 && spots::is_utf16(w, token.end) {
        found.spots.push(w.position(token.start));
    }
    if digits == token.end {
        numbers::digits(w, token, found)
    } else {
        codes::mixed(w, token, digits, found)
    }
}

fn is_encoded(byte: u8) -> bool {
    bytes::is(byte, bytes::ALNUM) || b"+/=-_\r\n\\".contains(&byte)
}
