//! bytea: what can't be looked into becomes NULL, the rest is scanned.

use lazaret_policy::Format;

use super::outcome::{Outcome, filled};

/// Bytes that the search for magic numbers looks at.
const HEAD_BYTES: usize = 132;

/// Photographs and other images (164.514(b)(2)(i)(Q)), recordings and biometric templates (P), and
/// containers whose content can't be scanned: documents, archives, compressed data.
const MAGIC: &[(usize, &[u8])] = &[
    // JPEG, PNG, GIF, TIFF, JPEG 2000, photographs and films in ISO media, PDF, DICOM
    (0, b"\xff\xd8\xff"),
    (0, b"\x89PNG"),
    (0, b"GIF8"),
    (0, b"II*\0"),
    (0, b"MM\0*"),
    (0, b"\0\0\0\x0cjP  "),
    (4, b"ftyp"),
    (0, b"%PDF"),
    (128, b"DICM"),
    // WebP, WAV and AVI, Ogg, FLAC, MP3 with tags, Matroska
    (0, b"RIFF"),
    (0, b"OggS"),
    (0, b"fLaC"),
    (0, b"ID3"),
    (0, b"\x1a\x45\xdf\xa3"),
    // ISO/IEC 19794 fingers, faces and irises; WSQ
    (0, b"FMR\0"),
    (0, b"FIR\0"),
    (0, b"FAC\0"),
    (0, b"IIR\0"),
    (0, b"\xff\xa0\xff"),
    // ZIP and all office documents in it, OLE, gzip, zstd, xz, bzip2, 7z, LZ4
    (0, b"PK\x03\x04"),
    (0, b"\xd0\xcf\x11\xe0"),
    (0, b"\x1f\x8b"),
    (0, b"\x28\xb5\x2f\xfd"),
    (0, b"\xfd7zXZ"),
    (0, b"BZh"),
    (0, b"7z\xbc\xaf"),
    (0, b"\x04\x22\x4d\x18"),
];

/// A value of zero bytes, as long as before.
pub(super) fn whole(format: Format, cell: &mut [u8]) -> Outcome {
    let len = cell.len();
    match (format, cell) {
        (Format::Text, [b'\\', b'x', hex @ ..]) => hex.fill(b'0'),
        // bytea_output = escape
        (Format::Text, escaped) => return filled(escaped, b'*'),
        (Format::Binary, bytes) => bytes.fill(0),
    }
    Outcome::Masked(len)
}

/// Appends the bytes that the value stands for. False for what isn't a bytea at all.
pub(super) fn decode(format: Format, cell: &[u8], out: &mut Vec<u8>) -> bool {
    match (format, cell) {
        (Format::Binary, bytes) => {
            out.extend_from_slice(bytes);
            true
        }
        (Format::Text, [b'\\', b'x', hex @ ..]) => decode_hex(hex, out),
        (Format::Text, escaped) => decode_escapes(escaped, out),
    }
}

/// Whether the value is one that can't be looked into.
pub(super) fn is_opaque(bytes: &[u8]) -> bool {
    let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes);
    MAGIC.iter().any(|&(at, magic)| head.get(at..).is_some_and(|rest| rest.starts_with(magic)))
}

fn decode_hex(hex: &[u8], out: &mut Vec<u8>) -> bool {
    let (pairs, odd) = hex.as_chunks::<2>();
    for &[high, low] in pairs {
        let (Some(high), Some(low)) = (nibble(high), nibble(low)) else {
            return false;
        };
        out.push(high << 4 | low);
    }
    odd.is_empty()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// `\\` and `\ooo`; anything else stands for itself.
fn decode_escapes(mut rest: &[u8], out: &mut Vec<u8>) -> bool {
    loop {
        rest = match rest {
            [] => return true,
            [b'\\', b'\\', rest @ ..] => {
                out.push(b'\\');
                rest
            }
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest
            }
            [b'\\', ..] => return false,
            [byte, rest @ ..] => {
                out.push(*byte);
                rest
            }
        };
    }
}

const _: () = {
    let mut index = 0;
    while index < MAGIC.len() {
        assert!(MAGIC[index].0 + MAGIC[index].1.len() <= HEAD_BYTES);
        index += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_and_escapes_say_the_same_bytes() {
        let decoded = |cell: &[u8]| {
            let mut out = Vec::new();
            decode(Format::Text, cell, &mut out).then_some(out)
        };
        assert_eq!(decoded(b"\\x00ff41"), Some(b"\0\xffA".to_vec()));
        assert_eq!(decoded(b"\\000\\377A\\\\"), Some(b"\0\xffA\\".to_vec()));
        for malformed in [&b"\\x0"[..], b"\\xzz", b"\\9", b"\\40"] {
            assert_eq!(decoded(malformed), None);
        }
    }

    #[test]
    fn images_and_archives_are_opaque_and_text_is_not() {
        let dicom = [&[0; 128][..], b"DICM"].concat();
        for bytes in [&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], b"\x89PNG\r\n", b"%PDF-1.7", &dicom] {
            assert!(is_opaque(bytes));
        }
        for bytes in [&b"plain text"[..], b"", b"P", b"\x89"] {
            assert!(!is_opaque(bytes));
        }
    }

    #[test]
    fn a_mask_is_a_bytea_of_the_same_length() {
        let masked = |format, cell: &[u8]| {
            let mut cell = cell.to_vec();
            assert_eq!(whole(format, &mut cell), Outcome::Masked(cell.len()));
            cell
        };
        assert_eq!(masked(Format::Text, b"\\x31fe"), b"\\x0000");
        assert_eq!(masked(Format::Text, b"1\\376"), b"*****");
        assert_eq!(masked(Format::Binary, b"\x31\xfe"), b"\0\0");
    }
}
