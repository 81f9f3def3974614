//! What characters beyond ASCII read as: digits of all scripts, letters in other dress (full-width,
//! fraktur, circled), and characters that show nothing.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// What a character reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Itself.
    Same,
    /// This ASCII, of so many bytes.
    Ascii([u8; 4], usize),
    /// Nothing: it has no width, or only decorates the character before it.
    Nothing,
}

/// Most bytes beyond ASCII are letters with accents and punctuation: they read as themselves.
pub(super) fn reading(character: char) -> Reading {
    let code = u32::from(character);
    if let Some(digit) = decimal_digit(code) {
        return Reading::Ascii([digit, 0, 0, 0], 1);
    }
    if is_invisible(code) || is_combining_mark(character) {
        return Reading::Nothing;
    }
    match code {
        // Dashes and the minus sign.
        0x2010..=0x2015 | 0x2043 | 0x2212 | 0xfe58 | 0xfe63 => Reading::Ascii(*b"-\0\0\0", 1),
        // Letters with accents would come apart into letter and mark.
        0x80..0x2000 if !is_blank(code) => Reading::Same,
        _ => compatible(character),
    }
}

/// Whether a character is dressed-up ASCII, and hardly ever met in honest text: worth a second
/// look wherever it stands. Superscripts and ligatures are not.
pub(super) fn is_disguised(character: char) -> bool {
    let code = u32::from(character);
    decimal_digit(code).is_some()
        || matches!(code, 0xff01..=0xff5e | 0x1d400..=0x1d7ff | 0x2460..=0x24ff)
        || matches!(code, 0x1f100..=0x1f189 | 0x1fbf0..=0x1fbf9 | 0x2776..=0x2793)
}

/// Superscripts and subscripts: units and powers, unless several stand together.
pub(super) fn is_raised(character: char) -> bool {
    matches!(u32::from(character), 0xb2 | 0xb3 | 0xb9 | 0x2070..=0x209c)
}

/// Whether a character decorates the one before it.
pub(super) fn is_mark(character: char) -> bool {
    is_combining_mark(character)
}

/// Characters that show nothing: soft hyphen, joiners, marks of direction, variation selectors, tags.
pub(super) fn is_invisible(code: u32) -> bool {
    matches!(
        code,
        0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
    ) || matches!(code, 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff)
        || matches!(code, 0xffa0 | 0xfff9..=0xfffb | 0xe0000..=0xe0fff)
}

fn is_blank(code: u32) -> bool {
    matches!(code, 0xa0 | 0x1680)
}

fn compatible(character: char) -> Reading {
    let (mut ascii, mut len, mut fits) = ([0; 4], 0, true);
    decompose_compatible(character, |part| {
        match (u8::try_from(part).ok().filter(u8::is_ascii), ascii.get_mut(len)) {
            (Some(byte), Some(slot)) => {
                *slot = byte;
                len += 1;
            }
            _ => fits = false,
        }
    });
    if fits { Reading::Ascii(ascii, len) } else { Reading::Same }
}

fn decimal_digit(code: u32) -> Option<u8> {
    let after = ZEROS.partition_point(|zero| *zero <= code);
    let value = code - ZEROS.get(after.checked_sub(1)?)?;
    let digit = u8::try_from(value).ok().filter(|value| *value < 10)?;
    Some(b'0' + digit)
}

/// The zeros of all scripts whose digits are decimal (category Nd): nine more follow each. Unicode
/// 16.0; a later version adds some.
#[rustfmt::skip]
const ZEROS: [u32; 72] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066,
    0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x11730, 0x118e0,
    0x11950, 0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16a60, 0x16ac0, 0x16b50, 0x1ccf0, 0x1d7ce,
    0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_all_scripts_and_letters_in_other_dress_read_as_ascii() {
        let read = |text: &str| -> String {
            text.chars()
                .map(|character| match reading(character) {
                    Reading::Same => character.to_string(),
                    Reading::Ascii(bytes, len) => {
                        String::from_utf8_lossy(&bytes[..len]).into_owned()
                    }
                    Reading::Nothing => String::new(),
                })
                .collect()
        };
        assert_eq!(read("１２３-４５-６７８９"), "123-45-6789");
        assert_eq!(read("\u{661}\u{966}\u{1d7dc}\u{1fbf9}"), "1049");
        assert_eq!(read("ＪＡＮＥ@𝔢𝔵𝔞𝔪𝔭𝔩𝔢.com"), "JANE@example.com");
        assert_eq!(read("1\u{200b}2\u{fe0f}\u{20e3}3\u{301}"), "123");
        assert_eq!(read("a\u{a0}b\u{2003}c\u{2011}d"), "a b c-d");
        assert_eq!(read("Jürgen, 5 µL, “Zoë”, 张"), "Jürgen, 5 µL, “Zoë”, 张");
        assert!(ZEROS.is_sorted());
    }
}
