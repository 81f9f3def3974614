//! Payloads that are read from their beginning to their end: HL7 v2, X12, XML, tables,
//! binary files.
//!
//! In these a field says by its place what it holds. A [`Walk`] is where a walker stands and what it
//! knows there, a few bytes; a step reads one window and goes on in the next, so a payload may be of
//! any length and come in any pieces. What a walker does not know is left to the other rules.

mod binary;
mod hl7;
mod place;
mod table;
mod x12;
mod xml;

use std::ops::Range;

use crate::rules::Found;
use crate::window::Window;

/// A walker in a text.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    /// Offset into the text.
    pub(crate) at: usize,
    format: Format,
}

#[derive(Clone, Copy)]
enum Format {
    Binary(binary::Walker),
    Hl7(hl7::Walker),
    Table(table::Walker),
    X12(x12::Walker),
    Xml(xml::Walker),
}

/// The walk of a cell that begins as a payload does.
pub(crate) fn opening(text: &[u8], cell: &Range<usize>) -> Option<Walk> {
    let bytes = text.get(cell.clone())?;
    if let Some(walker) = binary::Walker::begin(bytes) {
        return Some(Walk { at: cell.start, format: Format::Binary(walker) });
    }
    let blank = bytes.iter().take(OPENING_BYTES).take_while(|byte| is_blank(**byte)).count();
    let rest = bytes.get(blank..)?;
    let format = match rest.first()? {
        b'M' => Format::Hl7(hl7::Walker::begin(rest)?),
        b'I' | b'S' => Format::X12(x12::Walker::begin(rest)?),
        b'<' => Format::Xml(xml::Walker::begin(rest)?),
        _ => return None,
    };
    Some(Walk { at: cell.start + blank, format })
}

/// Whether a cell is worth the look of [`opening`].
#[inline]
pub(crate) fn may_open(cell: &[u8]) -> bool {
    // What most cells begin with ends it.
    let first = cell.first().is_some_and(|first| OPENINGS[usize::from(*first)]);
    first && (is_payload(cell) || binary::may_begin(cell)) || binary::may_be_long(cell)
}

fn is_payload(cell: &[u8]) -> bool {
    matches!(
        cell,
        [b'M', b'S', ..]
            | [b'I', b'S', ..]
            | [b'S', b'T', ..]
            | [b'<' | b'\n' | b'\r' | b' ' | 0x0b, ..]
    )
}

/// The bytes that [`is_payload`] and [`binary::may_begin`] know as first.
static OPENINGS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    loop {
        table[byte as usize] = matches!(
            byte,
            b'B' | b'F'
                | b'G'
                | b'I'
                | b'M'
                | b'P'
                | b'R'
                | b'S'
                | b'<'
                | b'\n'
                | b'\r'
                | b' '
                | b'%'
                | b'1'
                | b'('
        ) || matches!(byte, 0..=0x0b | 0x1f | 0x7f..);
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The walk of a message that begins at `at`, within a text.
pub(crate) fn message(w: &Window<'_>, at: usize) -> Option<Walk> {
    let rest = w.rest(at);
    let hl7 = hl7::Walker::begin(rest).map(Format::Hl7);
    let format = hl7.or_else(|| x12::Walker::begin(rest).map(Format::X12))?;
    Some(Walk { at: w.position(at), format })
}

/// The walk of a table whose header begins at `at`, within a text.
pub(crate) fn table(w: &Window<'_>, at: usize) -> Option<Walk> {
    let (walker, rows) = table::Walker::begin(w.rest(at), w.is_full())?;
    Some(Walk { at: w.position(at + rows), format: Format::Table(walker) })
}

impl Walk {
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.format, Format::Table(_))
    }

    /// Reads on at `at` in its window. Whether the payload goes on behind what was read.
    pub(crate) fn step(&mut self, w: &Window<'_>, at: usize, found: &mut Found) -> bool {
        let next = match &mut self.format {
            Format::Binary(walker) => walker.step(w, at, found),
            Format::Hl7(walker) => walker.step(w, at, found),
            Format::Table(walker) => walker.step(w, at, found),
            Format::X12(walker) => walker.step(w, at, found),
            Format::Xml(walker) => walker.step(w, at, found),
        };
        let next = next.filter(|next| *next > at);
        let stop = match &self.format {
            Format::Table(walker) => Some(walker.stop),
            _ => None,
        };
        self.at = next.or(stop).map_or(self.at, |at| w.position(at));
        next.is_some()
    }
}

/// So many blanks may stand before a payload.
const OPENING_BYTES: usize = 16;

fn is_blank(byte: u8) -> bool {
    // A byte order mark, and the vertical tab that MLLP frames begin with.
    byte.is_ascii_whitespace() || matches!(byte, 0x0b | 0xef | 0xbb | 0xbf)
}
