//! What a rule may look at: the bytes around one event, within one cell.
//!
//! Every rule reads through a [`Window`], which ends at the cell's ends or at the limits below,
//! whichever is nearer. So no finding spans cells, and the bytes that decide a finding are the
//! same whether a text came in one piece or in many: streaming only has to wait for them.

use std::ops::Range;

use crate::Identifier;
use crate::bytes;
use crate::finding::{Cover, Finding};

/// How far a rule sees before its event.
pub(crate) const LOOK_BACK: usize = 384;

/// How far a rule sees behind its event.
pub(crate) const LOOK_AHEAD: usize = 1024;

/// How far rules look at the case of what is written, both ways.
pub(crate) const CASE_BYTES: usize = 192;

/// The bytes around an event. Positions are offsets into the window; outside of it everything
/// reads as NUL, which belongs to no class.
#[derive(Clone, Copy)]
pub(crate) struct Window<'t> {
    bytes: &'t [u8],
    /// Where the window begins in the text.
    base: usize,
    manner: Manner,
    opens: bool,
    full: bool,
}

/// How a cell is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// It is a JSON text: masks must leave it one.
    pub(crate) json: bool,
    /// Its column holds versions of things.
    pub(crate) versions: bool,
}

impl<'t> Window<'t> {
    /// The window around `at` in `text[cell]`, and `at` within it.
    #[inline]
    pub(crate) fn around(
        text: &'t [u8],
        cell: &Range<usize>,
        at: usize,
        manner: Manner,
    ) -> (Self, usize) {
        let base = at.saturating_sub(LOOK_BACK).max(cell.start);
        let end = (at + LOOK_AHEAD).min(cell.end);
        let bytes = text.get(base..end).unwrap_or_default();
        let (opens, full) = (at - base < LOOK_BACK, end == at + LOOK_AHEAD);
        (Self { bytes, base, manner, opens, full }, at - base)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(crate) fn is_json(&self) -> bool {
        self.manner.json
    }

    pub(crate) fn manner(&self) -> Manner {
        self.manner
    }

    pub(crate) fn holds_versions(&self) -> bool {
        self.manner.versions
    }

    /// Whether the window begins where its cell does.
    pub(crate) fn is_opening(&self) -> bool {
        self.opens
    }

    /// Whether the window ends by its own limit, so that the cell may go on behind it.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    #[inline]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The byte before `at`.
    #[inline]
    pub(crate) fn before(&self, at: usize) -> u8 {
        if at == 0 { 0 } else { self.byte(at - 1) }
    }

    #[inline]
    pub(crate) fn is(&self, at: usize, class: u8) -> bool {
        bytes::is(self.byte(at), class)
    }

    #[inline]
    pub(crate) fn is_before(&self, at: usize, class: u8) -> bool {
        bytes::is(self.before(at), class)
    }

    /// The offset into the text of a position in this window.
    pub(crate) fn position(&self, at: usize) -> usize {
        self.base + at
    }

    /// The position in this window of an offset into the text.
    pub(crate) fn offset(&self, position: usize) -> usize {
        position.saturating_sub(self.base)
    }

    pub(crate) fn slice(&self, range: Range<usize>) -> &'t [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    pub(crate) fn rest(&self, at: usize) -> &'t [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    /// The first position from `at` on that is not of `class`.
    #[inline]
    pub(crate) fn skip(&self, mut at: usize, class: u8) -> usize {
        while at < self.bytes.len() && self.is(at, class) {
            at += 1;
        }
        at
    }

    /// The first position from `at` on that is no digit.
    #[inline]
    pub(crate) fn skip_digits(&self, at: usize) -> usize {
        at + bytes::digits(self.rest(at))
    }

    /// The first position of the run of `class` that ends at `at`.
    #[inline]
    pub(crate) fn skip_back(&self, mut at: usize, class: u8) -> usize {
        while at > 0 && self.is_before(at, class) {
            at -= 1;
        }
        at
    }

    /// The first position of the run of this byte that ends at `at`.
    pub(crate) fn skip_back_over(&self, mut at: usize, byte: u8) -> usize {
        while at > 0 && self.before(at) == byte {
            at -= 1;
        }
        at
    }

    /// The first position from `at` on whose byte is not accepted.
    pub(crate) fn skip_while(&self, at: usize, mut accept: impl FnMut(u8) -> bool) -> usize {
        let run = self.rest(at).iter().take_while(|byte| accept(**byte)).count();
        at + run
    }

    /// `at` behind any of `bytes`.
    pub(crate) fn skip_any(&self, at: usize, bytes: &[u8]) -> usize {
        self.skip_while(at, |byte| bytes.contains(&byte))
    }

    pub(crate) fn starts_with(&self, at: usize, prefix: &[u8]) -> bool {
        self.rest(at).starts_with(prefix)
    }

    pub(crate) fn starts_with_caseless(&self, at: usize, prefix: &[u8]) -> bool {
        self.slice(at..at + prefix.len()).eq_ignore_ascii_case(prefix)
    }

    /// The word (letters, also beyond ASCII) that ends at `at`.
    pub(crate) fn word_before(&self, at: usize) -> Range<usize> {
        self.skip_back(at, bytes::WORD)..at
    }

    /// The word that begins at `at`.
    pub(crate) fn word_at(&self, at: usize) -> Range<usize> {
        at..self.skip(at, bytes::WORD)
    }

    /// Whether a word may begin at `at`: no letter or digit stands before it, except the letter
    /// of a JSON escape (`\nDr. ...`).
    pub(crate) fn begins_word(&self, at: usize) -> bool {
        !self.is_before(at, bytes::ALNUM | bytes::HIGH) || self.is_escape_letter(at)
    }

    /// Whether the byte before `at` is the letter of a JSON escape.
    pub(crate) fn is_escape_letter(&self, at: usize) -> bool {
        self.is_json()
            && at >= 2
            && self.byte(at - 2) == b'\\'
            && b"nrtbf".contains(&self.byte(at - 1))
    }

    /// The candidate over `range`, covered whole.
    pub(crate) fn found(
        &self,
        identifier: Identifier,
        range: Range<usize>,
        score: u8,
        why: &'static str,
    ) -> Candidate {
        let start = self.base + range.start;
        let end = self.base + range.end;
        Candidate { start, end, identifier, score, why, cover: Cover::Whole }
    }
}

/// A finding before overlaps are settled. Offsets are into the scanned text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) identifier: Identifier,
    pub(crate) score: u8,
    pub(crate) why: &'static str,
    pub(crate) cover: Cover,
}

impl Candidate {
    pub(crate) fn covered(self, cover: Cover) -> Self {
        Self { cover, ..self }
    }

    /// As a finding in a text that begins at `base`.
    pub(crate) fn finding(&self, base: usize) -> Finding {
        // Texts are shorter than 4 GiB: asserted where they come in.
        let offset = |at: usize| u32::try_from(at - base).unwrap_or(u32::MAX);
        Finding {
            identifier: self.identifier,
            start: offset(self.start),
            end: offset(self.end),
            score: self.score,
            why: self.why,
            cover: self.cover,
        }
    }
}
