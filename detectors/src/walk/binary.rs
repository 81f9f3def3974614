//! Images, documents, archives and biometric templates, by what they begin with: covered to their
//! end. A patient's face can't be told from a logo, so neither is shown (164.514(b)(2)(i)(P), (Q));
//! what is compressed is not unpacked, and covered, too.

use crate::Identifier::{self, Biometric, Photograph, UniqueCode};
use crate::finding::Cover;
use crate::rules::Found;
use crate::window::Window;

#[derive(Clone, Copy)]
pub(super) struct Walker {
    identifier: Identifier,
}

impl Walker {
    pub(super) fn begin(cell: &[u8]) -> Option<Self> {
        let known = MAGIC.iter().find(|(_, magic)| cell.starts_with(magic));
        let known = known.map(|(identifier, _)| *identifier);
        let webp = || cell.starts_with(b"RIFF") && cell.get(8..12) == Some(b"WEBP");
        // A bitmap's header has the size of the next one at a known place.
        let bitmap = || cell.starts_with(b"BM") && cell.get(14..18) == Some(&[40, 0, 0, 0]);
        let image = || (webp() || is_dicom(cell) || bitmap()).then_some(Photograph);
        known.or_else(image).map(|identifier| Self { identifier })
    }

    pub(super) fn step(self, w: &Window<'_>, at: usize, found: &mut Found) -> Option<usize> {
        let all = w.found(self.identifier, at..w.len(), 95, "binary content");
        found.candidates.push(all.covered(Cover::Whole));
        w.is_full().then_some(w.len())
    }
}

/// Whether a cell's first two bytes are those of a magic, or no text's.
#[inline]
pub(super) fn may_begin(cell: &[u8]) -> bool {
    matches!(
        cell,
        [b'G' | b'I' | b'R', b'I', ..]
            | [b'%', b'P', ..]
            | [b'P', b'K', ..]
            | [b'B', b'M' | b'Z', ..]
            | [b'F', b'A' | b'I' | b'M', ..]
            | [b'M', b'M', ..]
            | [b'S', b'Q', ..]
            | [b'1', b'.', ..]
            | [b'(', 0xb5, ..]
            | [0..=0x08 | 0x1f | 0x7f.., ..]
    )
}

/// Whether a magic stands behind a preamble that may be anything.
#[inline]
pub(super) fn may_be_long(cell: &[u8]) -> bool {
    cell.len() >= DICOM.end && is_dicom(cell)
}

fn is_dicom(cell: &[u8]) -> bool {
    cell.get(DICOM) == Some(b"DICM")
}

/// DICOM's magic stands behind 128 bytes of anything (PS3.10, section 7.1).
const DICOM: std::ops::Range<usize> = 128..132;

/// What files begin with.
const MAGIC: [(Identifier, &[u8]); 19] = [
    (Photograph, b"\xff\xd8\xff"),
    (Photograph, b"\x89PNG\r\n\x1a\n"),
    (Photograph, b"GIF87a"),
    (Photograph, b"GIF89a"),
    (Photograph, b"II*\0"),
    (Photograph, b"MM\0*"),
    (Photograph, b"%PDF-"),
    (UniqueCode, b"PK\x03\x04"),
    (UniqueCode, b"\x1f\x8b\x08"),
    (UniqueCode, b"\x28\xb5\x2f\xfd"),
    (UniqueCode, b"BZh"),
    (UniqueCode, b"\xfd7zXZ\0"),
    (UniqueCode, b"SQLite format 3\0"),
    // ISO/IEC 19794-2, -4, -5, -6 and their older forms.
    (Biometric, b"FMR\0"),
    (Biometric, b"FIR\0"),
    (Biometric, b"FAC\0"),
    (Biometric, b"IIR\0"),
    // ANSI/NIST-ITL 1: a type-1 record opens with its length.
    (Biometric, b"1.001:"),
    (Biometric, b"1.01:"),
];
