//! The scanner: anchors by Hyperscan, shapes by digit runs, validators with context.

use std::path::Path;
use std::sync::Arc;

use crate::Identifier;

/// Where an identifier stands in the scanned bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub identifier: Identifier,
    /// Byte offset of the first byte.
    pub start: u32,
    /// Byte offset behind the last byte.
    pub end: u32,
    /// 0 to 100. A failed checksum lowers it, and never vetoes a label.
    pub score: u8,
    /// Which rule found it.
    pub why: &'static str,
}

/// A finding in one cell of a batch; offsets are into the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellFinding {
    pub cell: u32,
    pub finding: Finding,
}

#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error("Hyperscan could not compile the detector pack: {0}")]
    Compile(String),
}

/// The compiled patterns. One for all shards; never changed once made.
pub struct Pack {}

impl Pack {
    /// Compiles the default pack, or reads it from `cache` (a folder owned by this user).
    pub fn load(cache: Option<&Path>) -> Result<Arc<Self>, PackError> {
        let _ = cache;
        todo!()
    }
}

/// Scans with one pack. One per shard: it owns the scratch memory.
pub struct Scanner {}

impl Scanner {
    pub fn new(pack: &Arc<Pack>) -> Result<Self, PackError> {
        let _ = pack;
        todo!()
    }

    /// Scans one text. Findings are sorted by start and don't overlap.
    pub fn scan(&mut self, text: &[u8], findings: &mut Vec<Finding>) {
        let _ = (text, findings);
        todo!()
    }

    /// Scans many cells in one call. Findings are sorted by cell, then start.
    pub fn scan_batch<'s>(&'s mut self, batch: &Batch) -> &'s [CellFinding] {
        let _ = batch;
        todo!()
    }
}

/// Cells gathered for one scan, kept apart by separators that no identifier contains.
#[derive(Default)]
pub struct Batch {}

impl Batch {
    pub fn clear(&mut self) {
        todo!()
    }

    /// Adds a cell and returns its index.
    pub fn push(&mut self, cell: &[u8]) -> u32 {
        let _ = cell;
        todo!()
    }

    pub fn is_empty(&self) -> bool {
        todo!()
    }

    /// Bytes gathered so far, separators included.
    pub fn len(&self) -> usize {
        todo!()
    }
}

/// Masks a text of any length that arrives in pieces. Holds back at most `HOLD_BYTES`, so that
/// nothing leaks at a seam; the output is as long as the input and equals that of one piece.
pub struct StreamMasker {}

impl StreamMasker {
    /// The longest identifier with its context, in bytes.
    pub const HOLD_BYTES: usize = 4096;

    pub fn new() -> Self {
        todo!()
    }

    /// Takes the next piece and appends to `out` what is safe to release. Returns the findings
    /// per identifier that were masked in what was released.
    pub fn push(&mut self, scanner: &mut Scanner, piece: &[u8], out: &mut Vec<u8>) {
        let _ = (scanner, piece, out);
        todo!()
    }

    /// Releases the rest and makes the masker ready for the next text.
    pub fn finish(&mut self, scanner: &mut Scanner, out: &mut Vec<u8>) {
        let _ = (scanner, out);
        todo!()
    }

    /// How many findings were masked since the last call, per identifier.
    pub fn take_counts(&mut self) -> [u32; Identifier::COUNT] {
        todo!()
    }
}
