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
    let mut at = 0;
    let mut is_quoted = false;
    while let Some(&byte) = original.get(at) {
        if byte == b'"' || (!is_quoted && SEPARATORS.contains(&byte)) {
            is_quoted ^= byte == b'"';
            restore_byte(original, masked, at);
            at += 1;
        } else {
            let element = at..end_of_element(original, at, is_quoted);
            at = element.end;
            restore_element(dates, original, masked, element);
        }
    }
}

/// Where the element that begins at `start` ends: before the closing quote, or a separator.
fn end_of_element(original: &[u8], start: usize, is_quoted: bool) -> usize {
    let mut at = start;
    while let Some(&byte) = original.get(at) {
        match byte {
            b'\\' => at += 1,
            _ if byte == b'"' => break,
            _ if !is_quoted && SEPARATORS.contains(&byte) => break,
            _ => {}
        }
        at += 1;
    }
    at.min(original.len())
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
