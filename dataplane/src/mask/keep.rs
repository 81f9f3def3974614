//! Keeps a masked value valid: what its syntax needs is put back, and a token that was covered in
//! part is covered in a form that its syntax allows.
//!
//! Works on the value as it was and as it is with its findings covered, byte by byte. Letters and
//! digits that were covered never come back.

mod elements;
mod json;
mod xml;

use super::Dates;

pub(super) use elements::each as each_element;
pub(super) use json::JsonKeeper;
pub(super) use xml::XmlKeeper;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    /// JSON whose keys are nobody's data: they stay.
    Plan,
    Xml,
    /// Arrays, row types and ranges in text format.
    Elements,
}

/// Mends `masked`, which was `original`.
pub(super) fn restore(syntax: Syntax, dates: Dates, original: &[u8], masked: &mut [u8]) {
    let mut mended = Vec::with_capacity(masked.len());
    match syntax {
        Syntax::Json | Syntax::Plan => {
            let mut keeper = JsonKeeper::default();
            keeper.push(original, masked, &mut mended);
            keeper.finish(&mut mended);
        }
        Syntax::Xml => {
            let mut keeper = XmlKeeper::default();
            keeper.push(original, masked, &mut mended);
            keeper.finish(&mut mended);
        }
        Syntax::Elements => return elements::restore(dates, original, masked),
    }
    masked.copy_from_slice(&mended);
    if syntax == Syntax::Plan {
        json::restore_keys(original, masked);
    }
}

/// What keeps the elements of an array, a row type or a range apart. Enough where a value
/// is too large for its elements to be looked at.
pub(super) fn is_punctuation(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b'(' | b')' | b'[' | b']' | b',' | b'"' | b'\\' | b':')
}

/// A token that is held back until it is known whether any of it was covered.
#[derive(Default)]
struct Token {
    original: Vec<u8>,
    masked: Vec<u8>,
}

impl Token {
    fn push(&mut self, original: u8, masked: u8) {
        self.original.push(original);
        self.masked.push(masked);
    }

    fn len(&self) -> usize {
        self.original.len()
    }

    fn is_covered(&self) -> bool {
        self.original != self.masked
    }

    /// Appends it with its covered bytes, and empties it.
    fn release(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.masked);
        self.original.clear();
    }

    /// Appends so many bytes of its own, and empties it.
    fn replace(&mut self, out: &mut Vec<u8>, first: u8, rest: u8) {
        let len = self.len();
        out.push(first);
        out.resize(out.len() + len.saturating_sub(1), rest);
        self.original.clear();
        self.masked.clear();
    }
}

#[cfg(test)]
mod tests;
