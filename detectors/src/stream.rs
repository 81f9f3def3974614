//! Masking a text that arrives in pieces.
//!
//! The text is scanned in a buffer that slides over it. An event is handled once all that its
//! window may hold has arrived; a byte is released once no event to come can reach it. Both
//! distances are the window's, so the outcome is that of one piece, whatever the pieces were.

use crate::Identifier;
use crate::batch::{self, Cells};
use crate::engine::{self, Floors};
use crate::mask;
use crate::rules::Tail;
use crate::scanner::Scanner;
use crate::sweep::MEND_BYTES;
use crate::view::Progress;
use crate::walk::{self, Walk};
use crate::window::{Candidate, LOOK_AHEAD, LOOK_BACK};

/// A piece is taken in steps of this size, so that the buffer stays small whatever is pushed.
const STEP_BYTES: usize = 16 << 10;

/// A finding in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFinding {
    pub identifier: Identifier,
    /// Byte offset of the first byte from the start of the text.
    pub start: u64,
    /// Byte offset behind the last byte.
    pub end: u64,
    /// 0 to 100.
    pub score: u8,
    /// Which rule found it.
    pub why: &'static str,
}

/// Masks a text of any length that arrives in pieces. Holds back at most `HOLD_BYTES`, so that
/// nothing leaks at a seam; the output is as long as the input and equals that of one piece.
pub struct StreamMasker {
    /// A little of what was released, then what is held back.
    buffer: Vec<u8>,
    /// Where the buffer begins in the text.
    base: u64,
    /// Offsets into the buffer: released up to here ...
    released: usize,
    /// ... events handled up to here ...
    handled: usize,
    /// ... the search for tokens and words goes on from here ...
    floors: Floors,
    /// ... that for what is encoded from here ...
    encoded: Progress,
    /// ... and the last finding ended here.
    finding_end: usize,
    /// Texts are no JSON however they begin.
    is_plain: bool,
    /// Whether the text is JSON, once its beginning was seen.
    json: Option<bool>,
    candidates: Vec<Candidate>,
    tails: Vec<Tail>,
    walks: Vec<Walk>,
    counts: [u32; Identifier::COUNT],
}

impl StreamMasker {
    /// The longest identifier with its context, in bytes.
    pub const HOLD_BYTES: usize = 4096;

    pub fn new() -> Self {
        Self {
            buffer: Vec::new(),
            base: 0,
            released: 0,
            handled: 0,
            encoded: Progress::default(),
            floors: Floors::default(),
            finding_end: 0,
            is_plain: false,
            json: None,
            candidates: Vec::new(),
            tails: Vec::new(),
            walks: Vec::new(),
            counts: [0; Identifier::COUNT],
        }
    }

    /// For texts that are no JSON however they begin, as [`crate::Batch::push_plain`].
    pub fn plain() -> Self {
        Self { is_plain: true, ..Self::new() }
    }

    /// Takes the next piece and appends to `out` what is safe to release.
    pub fn push(&mut self, scanner: &mut Scanner, piece: &[u8], out: &mut Vec<u8>) {
        self.push_reporting(scanner, piece, out, &mut |_| {});
    }

    /// Releases the rest and makes the masker ready for the next text.
    pub fn finish(&mut self, scanner: &mut Scanner, out: &mut Vec<u8>) {
        self.finish_reporting(scanner, out, &mut |_| {});
    }

    /// As [`StreamMasker::push`], telling of each finding that was masked in what was released.
    pub fn push_reporting(
        &mut self,
        scanner: &mut Scanner,
        piece: &[u8],
        out: &mut Vec<u8>,
        report: &mut dyn FnMut(StreamFinding),
    ) {
        for step in piece.chunks(STEP_BYTES) {
            self.buffer.extend_from_slice(step);
            self.advance(scanner, false, out, report);
        }
    }

    /// As [`StreamMasker::finish`], telling of each finding that was masked in what was released.
    pub fn finish_reporting(
        &mut self,
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
        report: &mut dyn FnMut(StreamFinding),
    ) {
        self.advance(scanner, true, out, report);
        self.buffer.clear();
        self.candidates.clear();
        self.tails.clear();
        self.walks.clear();
        self.base = 0;
        (self.released, self.handled, self.finding_end) = (0, 0, 0);
        self.encoded = Progress::default();
        self.floors = Floors::default();
        self.json = None;
    }

    /// How many findings were masked since the last call, per identifier.
    pub fn take_counts(&mut self) -> [u32; Identifier::COUNT] {
        std::mem::replace(&mut self.counts, [0; Identifier::COUNT])
    }

    fn advance(
        &mut self,
        scanner: &mut Scanner,
        last: bool,
        out: &mut Vec<u8>,
        report: &mut dyn FnMut(StreamFinding),
    ) {
        let len = self.buffer.len();
        let upto = if last { len } else { len.saturating_sub(LOOK_AHEAD) };
        if upto <= self.handled && !last {
            return;
        }
        self.handle(scanner, upto);
        // Every candidate that starts before this is known. Mending may widen one to the left.
        let known = if last { len } else { upto.saturating_sub(LOOK_BACK + MEND_BYTES) };
        let cut = self.release(scanner, known.max(self.released), out, report);
        self.forget(cut);
    }

    /// Handles the events up to `upto`.
    fn handle(&mut self, scanner: &mut Scanner, upto: usize) {
        let text = &self.buffer;
        if self.json.is_none() {
            self.walks.extend(walk::opening(text, &(0..text.len())));
        }
        let is_json = || !self.is_plain && batch::is_json(text);
        let json = *self.json.get_or_insert_with(is_json);
        let cells = Cells::one(text, json);
        std::mem::swap(&mut scanner.found.candidates, &mut self.candidates);
        std::mem::swap(&mut scanner.found.tails, &mut self.tails);
        std::mem::swap(&mut scanner.walks, &mut self.walks);
        self.floors = scanner.find(text, &cells, &(self.handled..upto), self.floors);
        engine::on_tails(text, &cells, upto, &mut scanner.found);
        engine::on_walks(text, &cells, upto, &mut scanner.walks, &mut scanner.found);
        scanner.views(text, &cells, self.handled..upto, &mut self.encoded);
        std::mem::swap(&mut scanner.found.candidates, &mut self.candidates);
        std::mem::swap(&mut scanner.found.tails, &mut self.tails);
        std::mem::swap(&mut scanner.walks, &mut self.walks);
        self.handled = upto;
    }

    /// Releases up to `known`, or to the start of the finding that reaches behind it. Returns the
    /// offset up to which was released.
    fn release(
        &mut self,
        scanner: &mut Scanner,
        known: usize,
        out: &mut Vec<u8>,
        report: &mut dyn FnMut(StreamFinding),
    ) -> usize {
        let json = self.json.unwrap_or_default();
        let settled = &mut scanner.settled;
        let settle_from = (self.released, self.finding_end);
        scanner.sweep.settle(&self.buffer, &mut self.candidates, settle_from, |_| json, settled);
        let whole = settled.iter().take_while(|piece| piece.end <= known).count();
        let cut = settled.get(whole).map_or(known, |piece| known.min(piece.start));
        let offset = out.len();
        out.extend_from_slice(self.buffer.get(self.released..cut).unwrap_or_default());
        let fresh = out.get_mut(offset..).unwrap_or_default();
        for piece in settled.iter().take(whole) {
            mask::redact_findings(fresh, &[piece.finding(self.released)]);
            self.counts[piece.identifier as usize] += 1;
            self.finding_end = piece.end;
            report(StreamFinding {
                identifier: piece.identifier,
                start: self.base + piece.start as u64,
                end: self.base + piece.end as u64,
                score: piece.score,
                why: piece.why,
            });
        }
        self.candidates.retain(|candidate| candidate.end > cut);
        self.released = cut;
        cut
    }

    /// Drops what was released, but for the bytes that windows to come still show.
    fn forget(&mut self, cut: usize) {
        let keep = cut.min(self.handled.saturating_sub(LOOK_BACK)).saturating_sub(MEND_BYTES);
        let keep = self.candidates.iter().map(|candidate| candidate.start).fold(keep, usize::min);
        self.buffer.drain(..keep);
        self.base += keep as u64;
        self.released -= keep;
        self.handled -= keep;
        self.floors = self.floors.behind(keep);
        self.encoded.lower(keep);
        self.finding_end = self.finding_end.saturating_sub(keep);
        for candidate in &mut self.candidates {
            candidate.start -= keep;
            candidate.end -= keep;
        }
        for tail in &mut self.tails {
            tail.at -= keep;
        }
        for walk in &mut self.walks {
            walk.at -= keep;
        }
    }
}

impl Default for StreamMasker {
    fn default() -> Self {
        Self::new()
    }
}

/// What is held back: bytes that windows to come may reach, and a finding that ends there. Pieces
/// of one candidate lie in its window.
const HELD_BYTES: usize = 2 * (LOOK_BACK + LOOK_AHEAD + MEND_BYTES);
const _: () = assert!(HELD_BYTES <= StreamMasker::HOLD_BYTES);
const _: () = assert!(batch::JSON_BYTES <= LOOK_AHEAD);
