//! What a scanner remembers from batch to batch: the cells of one that were met before are not scanned.

use crate::batch::{Batch, Short};
use crate::finding::{CellFinding, FAILED};
use crate::recall::{Prospect, Recall};

/// What is remembered, and of one batch what of it is known.
#[derive(Default)]
pub(crate) struct Memory {
    recall: Recall,
    /// The cells that are known, in order, and what is found in them.
    cells: Vec<u32>,
    known: Vec<CellFinding>,
    /// Those that are to be remembered.
    fresh: Vec<Fresh>,
    /// All but the known, and what was found there.
    unknown: Batch,
    found: Vec<CellFinding>,
}

/// A cell that is to be remembered.
struct Fresh {
    index: u32,
    end: u32,
    len: usize,
    versions: bool,
}

impl Memory {
    pub(crate) fn clear(&mut self) {
        self.recall.clear();
    }

    /// The cells of a batch that have to be scanned. `numbers`: short ones, too.
    pub(crate) fn unknown<'m>(&'m mut self, batch: &'m Batch, numbers: bool) -> &'m Batch {
        self.recollect(batch, numbers);
        if self.cells.is_empty() {
            return batch;
        }
        self.unknown.copy_without(self.cells.iter().copied(), batch);
        &self.unknown
    }

    /// Adds to what was found in those what is remembered of the others, and remembers more.
    pub(crate) fn complete(&mut self, batch: &Batch, findings: &mut Vec<CellFinding>) {
        if !self.cells.is_empty() {
            std::mem::swap(&mut self.found, findings);
            self.merge(findings);
        }
        self.learn(batch, findings);
    }

    fn recollect(&mut self, batch: &Batch, numbers: bool) {
        let Self { recall, cells, known, fresh, .. } = self;
        cells.clear();
        known.clear();
        fresh.clear();
        batch.short_cells(|it| {
            let Short { index, end, bytes, versions, prospect } = it;
            if prospect == Prospect::Nothing && !numbers {
                return cells.push(index);
            }
            match recall.findings(bytes, versions) {
                Some(findings) => {
                    cells.push(index);
                    known.extend(findings.map(|finding| CellFinding { cell: index, finding }));
                }
                None => fresh.push(Fresh { index, end, len: bytes.len(), versions }),
            }
        });
    }

    /// Puts what is known between what was found, whose cells are counted without the known.
    fn merge(&self, findings: &mut Vec<CellFinding>) {
        findings.clear();
        let (mut cells, mut known) = (self.cells.as_slice(), self.known.as_slice());
        let mut left_out = 0;
        for found in &self.found {
            while let Some((cell, rest)) = cells.split_first()
                && *cell <= found.cell + left_out
            {
                (cells, left_out) = (rest, left_out + 1);
            }
            let cell = found.cell + left_out;
            while let Some((before, rest)) = known.split_first()
                && before.cell < cell
            {
                findings.push(*before);
                known = rest;
            }
            findings.push(CellFinding { cell, ..*found });
        }
        findings.extend_from_slice(known);
    }

    fn learn(&mut self, batch: &Batch, mut findings: &[CellFinding]) {
        for Fresh { index, end, len, versions } in self.fresh.drain(..) {
            let before = findings.iter().take_while(|found| found.cell < index).count();
            findings = findings.get(before..).unwrap_or_default();
            let mine = findings.iter().take_while(|found| found.cell == index);
            if mine.clone().all(|found| found.finding.why != FAILED) {
                let mine = mine.map(|found| &found.finding);
                self.recall.keep(batch.ending(end, len), versions, mine);
            }
        }
    }
}
