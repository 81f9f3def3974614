//! The scanner: a pack at work, with the memory that takes.

use std::ops::Range;
use std::sync::Arc;

use crate::Identifier;
use crate::batch::{self, Batch, Cells};
use crate::bitmaps::Bitmaps;
use crate::engine::{self, Floors};
use crate::events::Event;
use crate::finding::{CellFinding, Cover, FAILED, Finding};
use crate::memory::Memory;
use crate::pack::{Pack, PackError};
use crate::rules::Found;
use crate::sweep::Sweep;
use crate::view::{Matcher, Progress, Views};
use crate::walk::{self, Walk};
use crate::window::Candidate;

/// Scans with one pack. One per shard: it owns the scratch memory.
pub struct Scanner {
    pub(crate) pack: Arc<Pack>,
    scratch: hyperscan::Scratch,
    bitmaps: Bitmaps,
    pub(crate) events: Vec<Event>,
    pub(crate) found: Found,
    /// Payloads that are being read.
    pub(crate) walks: Vec<Walk>,
    pub(crate) settled: Vec<Candidate>,
    pub(crate) sweep: Sweep,
    views: Views,
    findings: Vec<CellFinding>,
    memory: Memory,
}

impl Scanner {
    pub fn new(pack: &Arc<Pack>) -> Result<Self, PackError> {
        Ok(Self {
            pack: Arc::clone(pack),
            scratch: pack.scratch()?,
            bitmaps: Bitmaps::default(),
            events: Vec::new(),
            found: Found::default(),
            walks: Vec::new(),
            settled: Vec::new(),
            sweep: Sweep::default(),
            views: Views::default(),
            findings: Vec::new(),
            memory: Memory::default(),
        })
    }

    /// From now on the year of a date stays only from `first_year` on: an earlier one may tell an
    /// age above 89 (164.514(b)(2)(i)(C)). Whoever has a clock says which; until then all stay.
    pub fn keep_years_from(&mut self, first_year: u32) {
        if self.sweep.first_year != first_year {
            self.sweep.first_year = first_year;
            self.memory.clear();
        }
    }

    /// Scans one text. Findings are sorted by start and don't overlap. A text of 2 GiB or more is
    /// a caller's mistake and panics: that is what [`crate::StreamMasker`] is for.
    pub fn scan(&mut self, text: &[u8], findings: &mut Vec<Finding>) {
        assert!(text.len() < Batch::MAX_BYTES, "long texts are streamed");
        self.found.clear();
        self.walks.clear();
        self.walks.extend(walk::opening(text, &(0..text.len())));
        self.settle(text, &Cells::one(text, batch::is_json(text)));
        findings.clear();
        findings.extend(self.settled.iter().map(|piece| piece.finding(0)));
    }

    /// Scans many cells in one call. Findings are sorted by cell, then start.
    pub fn scan_batch<'s>(&'s mut self, batch: &Batch) -> &'s [CellFinding] {
        let mut memory = std::mem::take(&mut self.memory);
        // What a site looks for may be a number of any length.
        let has_site = !self.pack.site_rules().is_empty();
        self.scan_all(memory.unknown(batch, has_site));
        memory.complete(batch, &mut self.findings);
        self.memory = memory;
        &self.findings
    }

    /// Scans each cell of a batch.
    fn scan_all(&mut self, batch: &Batch) {
        self.findings.clear();
        if batch.is_empty() {
            return;
        }
        let mut cells = batch.cells();
        self.found.clear();
        self.walks.clear();
        self.walks.extend(batch.walks());
        self.settle(batch.bytes(), &cells);
        self.findings.extend(self.settled.iter().map(|piece| {
            let start = cells.seek(piece.end).0.start;
            let cell = u32::try_from(cells.index()).unwrap_or(u32::MAX);
            CellFinding { cell, finding: piece.finding(start) }
        }));
    }

    /// How many places of a batch a rule has to look at: the work of the two tiers, and nothing of
    /// the rules'.
    pub fn candidates(&mut self, batch: &Batch) -> usize {
        self.found.candidates.clear();
        self.seek(batch.bytes(), &(0..batch.len()));
        self.events.len()
    }

    /// Finds the events of `range` and runs their rules. Returns the new floors.
    pub(crate) fn find(
        &mut self,
        text: &[u8],
        cells: &Cells<'_>,
        range: &Range<usize>,
        floors: Floors,
    ) -> Floors {
        self.seek(text, range);
        let at = (range, floors);
        engine::on_events(text, cells.clone(), &self.pack, at, &self.events, &mut self.found)
    }

    /// Whatever fails in the matcher, all of it is found: nothing passes unscanned.
    pub(crate) fn seek(&mut self, text: &[u8], range: &Range<usize>) {
        self.events.clear();
        let events = &mut self.events;
        let scanned = self.pack.seek(text, &self.scratch, range, events);
        if scanned.is_err() {
            return self.found.candidates.push(Candidate {
                start: range.start,
                end: range.end,
                identifier: Identifier::UniqueCode,
                score: 100,
                why: FAILED,
                cover: Cover::Whole,
            });
        }
        self.pack.seeker().seek(text, &mut self.bitmaps, range, events);
    }

    /// Candidates in what is encoded or in disguise in `range`.
    pub(crate) fn views(
        &mut self,
        text: &[u8],
        cells: &Cells<'_>,
        range: Range<usize>,
        progress: &mut Progress,
    ) {
        let matcher = Matcher { pack: &self.pack, scratch: &self.scratch };
        self.views.look(&matcher, text, cells, range, progress, &mut self.found);
    }

    /// Settles what is found in cells whose payloads are known.
    fn settle(&mut self, text: &[u8], cells: &Cells<'_>) {
        self.find(text, cells, &(0..text.len()), Floors::default());
        self.finish(text, cells);
    }

    /// Follows what left its window, looks into what is encoded, and settles overlaps.
    pub(crate) fn finish(&mut self, text: &[u8], cells: &Cells<'_>) {
        engine::on_tails(text, cells, text.len(), &mut self.found);
        engine::on_walks(text, cells, text.len(), &mut self.walks, &mut self.found);
        self.views(text, cells, 0..text.len(), &mut Progress::default());
        let mut at = cells.clone();
        let json = |start| at.is_json(start);
        let candidates = &mut self.found.candidates;
        self.sweep.settle(text, candidates, (0, 0), json, &mut self.settled);
    }
}
