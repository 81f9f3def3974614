//! One cell too large to be held.

use lazaret_detectors::{Class, Scanner, StreamMasker};
use lazaret_policy::{Action, ColumnPlan, Format, TypeKind};

use super::super::Counts;
use super::super::keep::{JsonKeeper, XmlKeeper, is_punctuation};

pub(super) struct LargeCell {
    class: Class,
    len: usize,
    missing: usize,
    mask: Mask,
}

enum Mask {
    Pass,
    Fill(Fill),
    Scan(Box<Scan>),
}

/// What a value masked whole consists of.
enum Fill {
    With(u8),
    /// A string of asterisks.
    Json,
    /// The version, then the same.
    Jsonb,
}

struct Scan {
    /// So many bytes stay.
    kept: usize,
    masker: StreamMasker,
    /// What the masker has not released yet, as it was.
    original: Vec<u8>,
    /// What it has released.
    masked: Vec<u8>,
    keeper: Keeper,
    was_covered: bool,
}

enum Keeper {
    None,
    Json(JsonKeeper),
    Xml(XmlKeeper),
    Punctuation,
}

impl LargeCell {
    /// `None` if a value of the column's type is never that large, or its mask is of no length.
    pub(super) fn begin(column: &ColumnPlan, len: usize) -> Option<Self> {
        let mask = match column.action {
            Action::Pass => Mask::Pass,
            Action::Scan if column.kind != TypeKind::Bytea => Mask::scan(column)?,
            // bytea can't be scanned in pieces.
            Action::Scan
            | Action::Whole
            | Action::KeepLast4
            | Action::Year
            | Action::Zip3
            | Action::AgeCap => Mask::fill(column)?,
            Action::Fixed
            | Action::Null
            | Action::Structure
            | Action::Properties
            | Action::Hmac
            | Action::Fpe
            | Action::DateShift
            | Action::Token => {
                return None;
            }
        };
        Some(Self { class: column.class, len, missing: len, mask })
    }

    pub(super) fn missing(&self) -> usize {
        self.missing
    }

    /// Takes at most what is missing, and appends what may leave; with the last byte, all of it.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
        counts: &mut Counts,
    ) {
        let before = self.len - self.missing;
        self.missing -= piece.len();
        let is_done = self.missing == 0;
        match &mut self.mask {
            Mask::Pass => out.extend_from_slice(piece),
            Mask::Fill(fill) => {
                out.extend((before..before + piece.len()).map(|at| fill.byte(at, self.len)));
                if is_done {
                    counts.masked(self.class);
                }
            }
            Mask::Scan(scan) => scan.push(before, piece, is_done, scanner, out, counts),
        }
    }
}

impl Mask {
    fn fill(column: &ColumnPlan) -> Option<Self> {
        use TypeKind as K;
        Some(Self::Fill(match (column.kind, column.format) {
            // bytea of asterisks is one in escape format, whatever it was in.
            (K::Text | K::Xml, _) | (K::Bytea | K::TsVector, Format::Text) => Fill::With(b'*'),
            (K::Bytea, Format::Binary) => Fill::With(0),
            (K::Json, _) | (K::Jsonb, Format::Text) => Fill::Json,
            (K::Jsonb, Format::Binary) => Fill::Jsonb,
            _ => return None,
        }))
    }

    fn scan(column: &ColumnPlan) -> Option<Self> {
        use TypeKind as K;
        let (kept, keeper) = match (column.kind, column.format) {
            (K::Text, _) | (K::Other, Format::Text) => (0, Keeper::None),
            (K::Json, _) | (K::Jsonb, Format::Text) => (0, Keeper::Json(JsonKeeper::default())),
            (K::Jsonb, Format::Binary) => (1, Keeper::Json(JsonKeeper::default())),
            (K::Xml, _) => (0, Keeper::Xml(XmlKeeper::default())),
            (K::Array | K::Composite | K::Range, Format::Text) => (0, Keeper::Punctuation),
            _ => return None,
        };
        let masker = match keeper {
            Keeper::Punctuation => StreamMasker::plain(),
            _ => StreamMasker::new(),
        };
        Some(Self::Scan(Box::new(Scan {
            kept,
            masker,
            original: Vec::new(),
            masked: Vec::new(),
            keeper,
            was_covered: false,
        })))
    }
}

impl Fill {
    /// The byte at `at` of a value of `len` bytes.
    fn byte(&self, at: usize, len: usize) -> u8 {
        match self {
            Self::With(byte) => *byte,
            Self::Json if at == 0 || at + 1 == len => b'"',
            Self::Jsonb if at == 0 => 1,
            Self::Jsonb if at == 1 || at + 1 == len => b'"',
            Self::Json | Self::Jsonb => b'*',
        }
    }
}

impl Scan {
    /// `before` bytes of the cell came before the piece.
    fn push(
        &mut self,
        before: usize,
        piece: &[u8],
        is_done: bool,
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
        counts: &mut Counts,
    ) {
        let (kept, piece) = piece.split_at(self.kept.saturating_sub(before).min(piece.len()));
        out.extend_from_slice(kept);
        self.original.extend_from_slice(piece);
        self.masker.push(scanner, piece, &mut self.masked);
        if is_done {
            self.masker.finish(scanner, &mut self.masked);
        }
        self.release(out);
        if is_done {
            self.keeper.finish(out);
            debug_assert!(self.original.is_empty(), "what came in has left");
        }
        self.count(is_done, counts);
    }

    fn release(&mut self, out: &mut Vec<u8>) {
        let released = self.masked.len();
        let original = self.original.get(..released).unwrap_or_default();
        self.keeper.push(original, &self.masked, out);
        self.original.drain(..released);
        self.masked.clear();
    }

    fn count(&mut self, is_done: bool, counts: &mut Counts) {
        let findings = self.masker.take_counts();
        self.was_covered |= findings.iter().any(|&count| count > 0);
        let cells_masked = u32::from(is_done && self.was_covered);
        counts.add(&Counts { findings, cells_masked });
    }
}

impl Keeper {
    fn push(&mut self, original: &[u8], masked: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::None => out.extend_from_slice(masked),
            Self::Json(keeper) => keeper.push(original, masked, out),
            Self::Xml(keeper) => keeper.push(original, masked, out),
            Self::Punctuation => {
                out.extend(original.iter().zip(masked).map(|(&original, &masked)| {
                    if is_punctuation(original) { original } else { masked }
                }))
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::None | Self::Punctuation => {}
            Self::Json(keeper) => keeper.finish(out),
            Self::Xml(keeper) => keeper.finish(out),
        }
    }
}
