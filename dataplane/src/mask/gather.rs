//! Cells gathered for one scan, and what happens to them when findings come back.

use lazaret_detectors::{Batch, CellFinding, Class, Finding, Identifier, Scanner, is_filled, mask};
use lazaret_policy::{Format, TypeKind};

use super::keep::{self, Syntax};
use super::outcome::{Length, Outcome};
use super::score::Scores;
use super::typed;
use super::{Counts, Dates};
use crate::limits::SCAN_BATCH_BYTES;

/// How findings are covered so that the value stays valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// Each finding, byte for byte.
    Findings,
    /// Each finding, but what the syntax needs stays.
    Keeping(Syntax),
    /// The whole value, for in this type a part can't be covered, or what was scanned is another
    /// form of it.
    Whole(TypeKind, Format),
    /// The value is gone already.
    Nothing,
}

struct Place {
    /// The column that it tells of.
    scored: Option<usize>,
    start: usize,
    len: usize,
    cover: Cover,
}

/// The batch of one scan.
#[derive(Default)]
pub(super) struct Gather {
    batch: Batch,
    /// Of the column whose cells are pushed: where it stands, if it is scored, and its class.
    scored: Option<usize>,
    class: Class,
    places: Vec<Place>,
    /// Findings of one cell, and the cell as it was.
    findings: Vec<Finding>,
    original: Vec<u8>,
    counts: Counts,
}

impl Gather {
    /// What is pushed from now on is of this column, which has this class.
    pub(super) fn column(&mut self, scored: Option<usize>, class: Class) {
        (self.scored, self.class) = (scored, class);
    }

    /// `text` is to be scanned; what is found is covered at `start..start + len`.
    pub(super) fn push(&mut self, text: &[u8], start: usize, len: usize, cover: Cover) {
        match cover {
            Cover::Keeping(Syntax::Elements) => {
                self.batch.push_plain(text, self.class);
            }
            _ => {
                self.batch.push_of(text, self.class);
            }
        }
        self.places.push(Place { scored: self.scored, start, len, cover });
    }

    /// What [`abandon`](Self::abandon) takes to forget what is pushed from now on.
    pub(super) fn mark(&self) -> usize {
        self.places.len()
    }

    /// The value that was pushed since then became NULL.
    pub(super) fn abandon(&mut self, mark: usize) {
        self.places.iter_mut().skip(mark).for_each(|place| place.cover = Cover::Nothing);
    }

    /// A cell was masked without a scan.
    pub(super) fn masked(&mut self, class: Class) {
        self.counts.masked(class);
    }

    pub(super) fn found(&mut self, identifier: Identifier) {
        self.counts.found(identifier);
    }

    pub(super) fn is_full(&self) -> bool {
        self.batch.len() >= SCAN_BATCH_BYTES
    }

    pub(super) fn clear(&mut self) {
        self.batch.clear();
        self.places.clear();
        self.counts = Counts::default();
    }

    /// Covers the findings in `bytes`, forgets the cells, and says what was masked.
    pub(super) fn cover(
        &mut self,
        bytes: &mut [u8],
        dates: Dates,
        scores: &mut Scores,
        scanner: &mut Scanner,
    ) -> Counts {
        if !self.places.is_empty() {
            let found = scanner.scan_batch(&self.batch);
            self.score(found, bytes, scores);
            if scores.any_holds() {
                self.cover_columns(found, bytes, scores);
            }
            for cell in found.chunk_by(|a, b| a.cell == b.cell) {
                self.cover_cell(cell, bytes, dates);
            }
        }
        let counts = self.counts;
        self.clear();
        counts
    }

    /// Lets columns be judged by these cells, too.
    fn score(&mut self, found: &[CellFinding], bytes: &[u8], scores: &mut Scores) {
        let mut rest = found;
        for (index, place) in self.places.iter().enumerate() {
            let own = findings_of(index, &mut rest);
            let Some(column) = place.scored.filter(|column| scores.is_open(*column)) else {
                continue;
            };
            if place.cover == Cover::Findings {
                self.findings.clear();
                self.findings.extend(own.iter().map(|found| found.finding));
                scores.observe(column, place.cell(bytes), &self.findings);
            }
        }
        scores.decide();
    }

    /// Covers whole what in a column of identifiers isn't filled by findings.
    fn cover_columns(&mut self, found: &[CellFinding], bytes: &mut [u8], scores: &Scores) {
        let mut rest = found;
        for (index, place) in self.places.iter_mut().enumerate() {
            let own = findings_of(index, &mut rest);
            let holds = place.scored.and_then(|column| scores.holds(column));
            let Some(identifier) = holds else { continue };
            self.findings.clear();
            self.findings.extend(own.iter().map(|found| found.finding));
            if place.cover == Cover::Findings && !is_filled(place.cell(bytes), &self.findings) {
                mask::redact(&mut bytes[place.start..place.start + place.len]);
                place.cover = Cover::Nothing;
                self.counts.masked(Class::Direct(identifier));
            }
        }
    }

    fn cover_cell(&mut self, found: &[CellFinding], bytes: &mut [u8], dates: Dates) {
        let Some(first) = found.first() else { return };
        let index = usize::try_from(first.cell).expect("an index fits");
        let place = self.places.get(index).expect("findings name cells of this batch");
        if place.cover == Cover::Nothing {
            return;
        }
        self.findings.clear();
        self.findings.extend(found.iter().map(|found| found.finding));
        for finding in &self.findings {
            self.counts.found(finding.identifier);
        }
        let cell = bytes
            .get_mut(place.start..place.start + place.len)
            .expect("the bytes are those that the cells came from");
        self.counts.cells_masked = self.counts.cells_masked.saturating_add(1);
        match place.cover {
            Cover::Nothing => {}
            Cover::Findings => mask::redact_findings(cell, &self.findings),
            Cover::Keeping(syntax) => {
                self.original.clear();
                self.original.extend_from_slice(cell);
                mask::redact_findings(cell, &self.findings);
                keep::restore(syntax, dates, &self.original, cell);
            }
            Cover::Whole(kind, format) => {
                if typed::whole(kind, format, dates, Length::Kept, cell) == Outcome::Null {
                    // Better an invalid value than one that shows.
                    cell.fill(b'*');
                }
            }
        }
    }
}

impl Place {
    fn cell<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes.get(self.start..self.start + self.len).unwrap_or_default()
    }
}

/// The findings of the cell `index`, taken from the front of `rest`.
fn findings_of<'f>(index: usize, rest: &mut &'f [CellFinding]) -> &'f [CellFinding] {
    let count = rest.iter().take_while(|found| found.cell as usize == index).count();
    let (own, others) = rest.split_at(count);
    *rest = others;
    own
}
