//! Canonicalisation: what a text reads as once its escapes, encodings and disguises are taken off.
//!
//! Most text needs none of it. *Spots* (an escape found by an anchor, a character in disguise) and
//! *runs* (of base64 or hexadecimal digits) tell where it may; around each one window is read into a
//! *view*, decoded bytes that know where they stand in the text, and scanned as any text is. What is
//! found there is found in the text, over the bytes that hold it encoded.
//!
//! A view holds one window, and what is decoded is so again up to [`DEPTH`] times; what is encoded
//! deeper is covered. Nothing is allocated for a view: its memory is kept.

mod barren;
mod runs;
pub(crate) mod spots;
mod unicode;
mod units;

use std::ops::Range;

use crate::Identifier;
use crate::batch::Cells;
use crate::bitmaps::Bitmaps;
use crate::bytes::DIGIT;
use crate::engine::{self, Floors};
use crate::events::Event;
use crate::finding::{Cover, FAILED};
use crate::pack::Pack;
use crate::rules::{self, Found};
use crate::window::{Candidate, LOOK_AHEAD, Manner, Window};
use barren::Barren;
use runs::{Decoded, Stretch};

/// How many encodings are taken off one after another.
const DEPTH: usize = 3;

/// The next window is read so far behind the last one's spot. It sees [`LOOK_AHEAD`], so an
/// identifier of half that, encoded, is in one of them.
const STRIDE: usize = 512;

/// What a decoded label or key tells stands no further behind it than this.
const TOLD_BYTES: usize = 64;

/// Where the search goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    units: usize,
    runs: usize,
    /// A run that is longer than its window goes on at `runs`.
    unfinished: bool,
}

impl Progress {
    /// The text lost its first bytes.
    pub(crate) fn lower(&mut self, by: usize) {
        self.units = self.units.saturating_sub(by);
        self.runs = self.runs.saturating_sub(by);
    }
}

/// What scans a view.
pub(crate) struct Matcher<'p> {
    pub(crate) pack: &'p Pack,
    pub(crate) scratch: &'p hyperscan::Scratch,
}

/// The memory of views, one for each encoding that is taken off.
#[derive(Default)]
pub(crate) struct Views {
    levels: [View; DEPTH],
    stretch: Stretch,
    barren: Barren,
}

impl Views {
    /// Adds to `found` what is found in views of its spots and runs, which are those of `range`.
    pub(crate) fn look(
        &mut self,
        matcher: &Matcher<'_>,
        text: &[u8],
        cells: &Cells<'_>,
        range: Range<usize>,
        progress: &mut Progress,
        found: &mut Found,
    ) {
        if !found.spots.is_empty() {
            self.look_at_spots(matcher, text, cells.clone(), progress, found);
        }
        self.look_at_runs(matcher, text, cells.clone(), range, progress, found);
    }

    fn look_at_spots(
        &mut self,
        matcher: &Matcher<'_>,
        text: &[u8],
        mut cells: Cells<'_>,
        progress: &mut Progress,
        found: &mut Found,
    ) {
        found.spots.sort_unstable();
        let mut spots = std::mem::take(&mut found.spots);
        for spot in spots.drain(..) {
            if spot < progress.units {
                continue;
            }
            let (cell, manner) = cells.seek(spot);
            progress.units = (spot + STRIDE).min(cell.end + 1);
            let (w, _) = Window::around(text, cell, spot, manner);
            let [view, deeper @ ..] = &mut self.levels;
            view.clear();
            view.read_units(w.rest(0), |at| (at, at));
            let frame = Frame::of(&w, w.offset(progress.units), true);
            view.scan(matcher, &frame, deeper, &mut self.stretch, found);
        }
        found.spots = spots;
    }

    fn look_at_runs(
        &mut self,
        matcher: &Matcher<'_>,
        text: &[u8],
        mut cells: Cells<'_>,
        range: Range<usize>,
        progress: &mut Progress,
        found: &mut Found,
    ) {
        let Progress { runs: from, unfinished, .. } = progress;
        let mut begun = std::mem::take(&mut found.runs);
        let mut next = begun.iter().cloned();
        loop {
            let run = if *unfinished {
                *from..*from
            } else if let Some(run) = next.next() {
                run
            } else {
                break;
            };
            let start = run.start;
            if start >= range.end {
                break;
            }
            *unfinished = false;
            if start < *from || run.is_empty() && !runs::is_long(text, start) {
                continue;
            }
            // What goes on from the last window is no whole run.
            let whole = text.get(run.clone()).filter(|_| !runs::is_wrapped(text, run.end));
            let whole = whole.filter(|run| !run.is_empty());
            if whole.is_some_and(|run| runs::is_short_hex(run) || self.barren.has(run)) {
                continue;
            }
            if runs::is_of_words(text.get(run).unwrap_or_default()) {
                whole.into_iter().for_each(|run| self.barren.insert(run));
                continue;
            }
            let (cell, manner) = cells.seek(start);
            let (w, at) = Window::around(text, cell, start, manner);
            let end = runs::run_end(w.rest(0), at);
            *unfinished = end == w.len() && w.is_full();
            *from = if *unfinished { start + STRIDE } else { w.position(end) };
            if is_fraction(&w, &(at..end)) {
                continue;
            }
            let [view, deeper @ ..] = &mut self.levels;
            let mut frame = Frame::of(&w, w.offset(*from), false);
            frame.number = rules::number_around(&w, at)
                .map(|number| w.position(number.range.start)..w.position(number.range.end));
            let mut stretch = std::mem::take(&mut self.stretch);
            let mut holds_text = *unfinished;
            decode_run(w.rest(0), at..end, &mut stretch, |decoded| {
                holds_text = true;
                view.read_run(decoded, |at| (at, at));
                view.scan(matcher, &frame, deeper, &mut self.stretch, found);
            });
            self.stretch = stretch;
            if let Some(run) = whole.filter(|_| !holds_text) {
                self.barren.insert(run);
            }
        }
        begun.clear();
        found.runs = begun;
    }
}

/// The window that a view was read from.
struct Frame {
    /// Where it begins in the text.
    base: usize,
    len: usize,
    manner: Manner,
    /// It begins with its cell.
    opens: bool,
    /// Its cell may go on behind it.
    full: bool,
    /// The next window sees what begins here or behind.
    next: usize,
    /// It holds units beside plain text. Otherwise all of it is encoded.
    mixed: bool,
    /// The number of a JSON text that all of it is, in the text.
    number: Option<Range<usize>>,
}

impl Frame {
    fn of(w: &Window<'_>, next: usize, mixed: bool) -> Self {
        let manner = if mixed { w.manner() } else { Manner::default() };
        Self {
            base: w.position(0),
            len: w.len(),
            manner,
            opens: w.is_opening(),
            full: w.is_full(),
            next,
            mixed,
            number: None,
        }
    }
}

/// Decoded bytes, and where each stands in the window.
#[derive(Default)]
struct View {
    bytes: Vec<u8>,
    spans: Vec<(u16, u16)>,
    found: Found,
    bitmaps: Bitmaps,
    events: Vec<Event>,
}

impl View {
    fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }

    fn push(&mut self, byte: u8, span: (u16, u16)) {
        self.bytes.push(byte);
        self.spans.push(span);
    }

    /// Reads `source`, whose byte at `n` stands from `span(n).0` to `span(n).1` (inclusive).
    fn read_units(&mut self, source: &[u8], span: impl Fn(usize) -> (usize, usize)) {
        let short = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        let mut at = 0;
        while let Some(byte) = source.get(at) {
            match units::unit(source, at) {
                Some(unit) => {
                    let end = (at + unit.len).min(source.len());
                    let span = (short(span(at).0), short(span(end - 1).1 + 1));
                    unit.text().iter().for_each(|byte| self.push(*byte, span));
                    at = end;
                }
                None => {
                    let (first, last) = span(at);
                    self.push(*byte, (short(first), short(last + 1)));
                    at += 1;
                }
            }
        }
    }

    fn read_run(&mut self, decoded: &[Decoded], span: impl Fn(usize) -> (usize, usize)) {
        let short = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        self.clear();
        for Decoded { byte, start, end } in decoded {
            let (first, _) = span(usize::from(*start));
            let (_, last) = span(usize::from(*end) - 1);
            self.push(*byte, (short(first), short(last + 1)));
        }
    }

    /// Scans the view, and what is encoded in it, into `deeper`.
    fn scan(
        &mut self,
        matcher: &Matcher<'_>,
        frame: &Frame,
        deeper: &mut [Self],
        stretch: &mut Stretch,
        out: &mut Found,
    ) {
        let Self { bytes, found, bitmaps, events, .. } = self;
        let (cells, range) = (Cells::view(bytes, frame.manner), 0..bytes.len());
        events.clear();
        let scanned = matcher.pack.seek(bytes, matcher.scratch, &range, events);
        matcher.pack.seeker().seek(bytes, bitmaps, &range, events);
        found.clear();
        engine::on_events(
            bytes,
            cells.clone(),
            matcher.pack,
            (&range, Floors::default()),
            events,
            found,
        );
        engine::on_tails(bytes, &cells, bytes.len(), found);
        if scanned.is_err() {
            out.candidates.push(self.covered(frame, 0..self.bytes.len(), FAILED));
        }
        for candidate in &self.found.candidates {
            self.accept(frame, *candidate, out);
        }
        self.scan_deeper(matcher, frame, deeper, stretch, out);
    }

    /// Takes off the next encoding, if there is one.
    fn scan_deeper(
        &self,
        matcher: &Matcher<'_>,
        frame: &Frame,
        deeper: &mut [Self],
        stretch: &mut Stretch,
        out: &mut Found,
    ) {
        let span = |at: usize| {
            let (start, end) = self.spans.get(at).copied().unwrap_or_default();
            (usize::from(start), usize::from(end).saturating_sub(1))
        };
        let Some((view, deeper)) = deeper.split_first_mut() else {
            return self.cover_encoded(frame, stretch, out);
        };
        if !self.found.spots.is_empty() {
            view.clear();
            view.read_units(&self.bytes, span);
            view.scan(matcher, frame, deeper, stretch, out);
        }
        let mut at = 0;
        while let Some(start) = runs::next_run(&self.bytes, at) {
            let end = runs::run_end(&self.bytes, start);
            at = end;
            // A run that stands plain in the text is looked at there.
            if frame.mixed && self.raw_len(start..end) == end - start {
                continue;
            }
            let mut room = std::mem::take(stretch);
            decode_run(&self.bytes, start..end, &mut room, |decoded| {
                view.read_run(decoded, span);
                view.scan(matcher, frame, deeper, stretch, out);
            });
            *stretch = room;
        }
    }

    /// At the last level: what is still encoded is covered.
    fn cover_encoded(&self, frame: &Frame, stretch: &mut Stretch, out: &mut Found) {
        const WHY: &str = "encoded too deep";
        if let (Some(first), Some(last)) = (self.found.spots.first(), self.found.spots.last()) {
            out.candidates.push(self.covered(frame, *first..last + 1, WHY));
        }
        let mut at = 0;
        while let Some(start) = runs::next_run(&self.bytes, at) {
            at = runs::run_end(&self.bytes, start);
            if frame.mixed && self.raw_len(start..at) == at - start {
                continue;
            }
            decode_run(&self.bytes, start..at, stretch, |_| {
                out.candidates.push(self.covered(frame, start..at, WHY));
            });
        }
    }

    /// Takes over what was found, unless a neighbour of this window sees it better.
    fn accept(&self, frame: &Frame, candidate: Candidate, out: &mut Found) {
        let range = candidate.start..candidate.end.min(self.bytes.len());
        if range.is_empty() {
            return;
        }
        let Range { start, end } = self.raw(&range);
        let is_cut =
            start == 0 && !frame.opens || end == frame.len && frame.full && start >= frame.next;
        let is_encoded = self.raw_len(range.clone()) != range.len();
        let before = range.start.saturating_sub(TOLD_BYTES)..range.start;
        let is_told = self.raw_len(before.clone()) != before.len();
        if frame.mixed && (is_cut || !is_encoded && !is_told) {
            return;
        }
        if let Some(Range { start, end }) = frame.number.clone() {
            let cover = Cover::JsonNumber;
            return out.candidates.push(Candidate { start, end, cover, ..candidate });
        }
        let cover = if is_encoded { Cover::Whole } else { candidate.cover };
        for part in self.within_strings(frame, range) {
            if frame.mixed && frame.manner.json && !self.is_of_string(frame, &part, cover) {
                continue;
            }
            let raw = self.raw(&part);
            let (start, end) = (frame.base + raw.start, frame.base + raw.end);
            out.candidates.push(Candidate { start, end, cover, ..candidate });
        }
    }

    /// The parts of `range` between quotes that are JSON's own, and no escaped ones.
    fn within_strings(
        &self,
        frame: &Frame,
        range: Range<usize>,
    ) -> impl Iterator<Item = Range<usize>> {
        let mut start = range.start;
        std::iter::from_fn(move || {
            while start < range.end && self.is_quote(frame, start) {
                start += 1;
            }
            let end = (start..range.end).find(|at| self.is_quote(frame, *at)).unwrap_or(range.end);
            let part = start..end;
            start = end;
            (!part.is_empty()).then_some(part)
        })
    }

    /// Whether what stands between two of JSON's quotes is a string's and no structure. Escapes
    /// stand in strings only; otherwise it is a whole one, or a number.
    fn is_of_string(&self, frame: &Frame, part: &Range<usize>, cover: Cover) -> bool {
        let start =
            (0..part.start).rev().find(|at| self.is_quote(frame, *at)).map_or(0, |at| at + 1);
        let mut behind = part.end..self.bytes.len();
        let end = behind.find(|at| self.is_quote(frame, *at)).unwrap_or(self.bytes.len());
        if cover == Cover::JsonNumber || self.raw_len(start..end) != end - start {
            return true;
        }
        let plain = |byte: &&u8| !byte.is_ascii_whitespace();
        let before = self.bytes.get(..start.saturating_sub(1)).unwrap_or_default();
        let behind = self.bytes.get(end + 1..).unwrap_or_default();
        (start, end) == (part.start, part.end)
            && matches!(before.iter().rev().find(plain), Some(b':' | b'[' | b','))
            && matches!(behind.iter().find(plain), Some(b',' | b']' | b'}'))
    }

    fn is_quote(&self, frame: &Frame, at: usize) -> bool {
        let (start, end) = self.spans.get(at).copied().unwrap_or_default();
        frame.manner.json && self.bytes.get(at) == Some(&b'"') && end - start == 1
    }

    fn covered(&self, frame: &Frame, range: Range<usize>, why: &'static str) -> Candidate {
        let raw = self.raw(&range);
        Candidate {
            start: frame.base + raw.start,
            end: frame.base + raw.end,
            identifier: Identifier::UniqueCode,
            score: 60,
            why,
            cover: Cover::Whole,
        }
    }

    /// Where a range of the view stands in the window.
    fn raw(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.spans.get(range.start).map_or(0, |span| span.0);
        let end = range.end.checked_sub(1).and_then(|last| self.spans.get(last));
        usize::from(start)..usize::from(end.map_or(start, |span| span.1))
    }

    fn raw_len(&self, range: Range<usize>) -> usize {
        if range.is_empty() { 0 } else { self.raw(&range).len() }
    }
}

/// The digits behind a decimal point: measured, not encoded.
fn is_fraction(w: &Window<'_>, run: &Range<usize>) -> bool {
    w.before(run.start) == b'.'
        && w.is_before(run.start - 1, DIGIT)
        && w.slice(run.clone())
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'e' | b'E'))
}

/// Hands out the text that a run holds.
fn decode_run(
    text: &[u8],
    run: Range<usize>,
    stretch: &mut Stretch,
    mut each: impl FnMut(&[Decoded]),
) {
    let digits = text.get(run.clone()).unwrap_or_default();
    if runs::is_word(digits) {
        return;
    }
    if runs::is_hex(digits) {
        runs::hex_text(text, run.clone(), stretch, &mut each);
    }
    runs::base64_text(text, run, stretch, &mut each);
}

const _: () = assert!(STRIDE * 2 <= LOOK_AHEAD);
