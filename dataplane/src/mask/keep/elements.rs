//! Arrays, row types and ranges in text format. Quotes, separators and escapes stay; a
//! number, a date or a UUID that was covered in part is covered in a form of its type, since the
//! type of an element can't be seen from outside.

use std::ops::Range;

use lazaret_policy::{Format, TypeKind};

use super::super::Dates;
use super::super::date;
use super::super::outcome::{Length, Outcome};
use super::super::typed;

/// End an element that isn't quoted.
const SEPARATORS: &[u8] = b"{}()[],=";

pub(super) fn restore(dates: Dates, original: &[u8], masked: &mut [u8]) {
    for piece in Pieces::of(original) {
        match piece {
            Piece::Mark(at) => restore_byte(original, masked, at),
            Piece::Element(element) => restore_element(dates, original, masked, element),
        }
    }
}

/// Where the elements of an array or a row type stand, those of one within as well.
pub(in super::super) fn each(text: &[u8], mut on_element: impl FnMut(Range<usize>)) {
    for element in Pieces::of(text).filter_map(Piece::element) {
        let within = &text[element.clone()];
        if within.starts_with(b"(") || within.starts_with(b"{") {
            let is_mark = |byte: &u8| SEPARATORS.contains(byte) || b"\"\\".contains(byte);
            let mut at = element.start;
            for part in within.split(is_mark) {
                if !part.is_empty() {
                    on_element(at..at + part.len());
                }
                at += part.len() + 1;
            }
        } else {
            on_element(element);
        }
    }
}

enum Piece {
    /// A quote or a separator.
    Mark(usize),
    Element(Range<usize>),
}

impl Piece {
    fn element(self) -> Option<Range<usize>> {
        match self {
            Self::Element(element) => Some(element),
            Self::Mark(_) => None,
        }
    }
}

/// A value, taken apart.
struct Pieces<'t> {
    text: &'t [u8],
    at: usize,
    is_quoted: bool,
}

impl<'t> Pieces<'t> {
    fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0, is_quoted: false }
    }

    /// Where the element that begins here ends: before the closing quote, or a separator.
    fn end_of_element(&self) -> usize {
        let mut at = self.at;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'\\' => at += 1,
                _ if byte == b'"' => break,
                _ if !self.is_quoted && SEPARATORS.contains(&byte) => break,
                _ => {}
            }
            at += 1;
        }
        at.min(self.text.len())
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let start = self.at;
        let byte = *self.text.get(start)?;
        if byte == b'"' || (!self.is_quoted && SEPARATORS.contains(&byte)) {
            self.is_quoted ^= byte == b'"';
            self.at += 1;
            return Some(Piece::Mark(start));
        }
        self.at = self.end_of_element();
        Some(Piece::Element(start..self.at))
    }
}

fn restore_byte(original: &[u8], masked: &mut [u8], at: usize) {
    if let (Some(original), Some(masked)) = (original.get(at), masked.get_mut(at)) {
        *masked = *original;
    }
}

fn restore_element(dates: Dates, original: &[u8], masked: &mut [u8], element: Range<usize>) {
    let (Some(was), Some(is)) = (original.get(element.clone()), masked.get_mut(element)) else {
        return;
    };
    if was == is {
        return;
    }
    if is_number(was) {
        is.fill(b'0');
    } else if is_uuid(was) {
        is.copy_from_slice(was);
        typed::whole(TypeKind::Uuid, Format::Text, dates, Length::Kept, is);
    } else if !is_date(dates, was, is) {
        for (was, is) in was.iter().zip(is).filter(|(was, _)| **was == b'\\') {
            *is = *was;
        }
    }
}

fn is_number(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok())
        && text.iter().any(u8::is_ascii_digit)
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Covers a date by its year, and says whether it was one.
fn is_date(dates: Dates, was: &[u8], is: &mut [u8]) -> bool {
    let mut year = was.to_vec();
    if date::year(Format::Text, dates, &mut year) == Outcome::Null {
        return false;
    }
    is.copy_from_slice(&year);
    true
}
