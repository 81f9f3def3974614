//! Lists within messages: checked when the message is read, walked without failing.

use super::Format;
use super::read::{MessageError, Reader};

/// Format codes: none (all text), one (for all), or one for each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats<'a> {
    raw: &'a [u8],
}

impl<'a> Formats<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let count = reader.count()?;
        let start = *reader;
        for _ in 0..count {
            reader.format()?;
        }
        Ok(Self { raw: reader.since(start) })
    }

    /// How many codes were sent.
    pub fn len(&self) -> usize {
        self.raw.len() / 2
    }

    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = Format> + use<'a> {
        let (codes, _) = self.raw.as_chunks::<2>();
        codes.iter().map(|&code| match i16::from_be_bytes(code) {
            0 => Format::Text,
            _ => Format::Binary,
        })
    }

    /// The format of the value at `index`, by the rule of Bind.
    pub fn of(&self, index: usize) -> Format {
        let at = if self.len() == 1 { 0 } else { index };
        self.iter().nth(at).unwrap_or(Format::Text)
    }

    pub(crate) fn check(&self, values: usize) -> Result<(), MessageError> {
        match self.len() {
            0 | 1 => Ok(()),
            formats if formats == values => Ok(()),
            formats => Err(MessageError::FormatCount { formats, values }),
        }
    }
}

/// Type OIDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oids<'a> {
    raw: &'a [u8],
}

impl<'a> Oids<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let count = reader.count()?;
        Ok(Self { raw: reader.take(4 * count)? })
    }

    pub fn len(&self) -> usize {
        self.raw.len() / 4
    }

    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        let (oids, _) = self.raw.as_chunks::<4>();
        oids.iter().map(|&oid| u32::from_be_bytes(oid))
    }

    pub(crate) fn raw(&self) -> &'a [u8] {
        self.raw
    }
}

/// Values, each with its length: the cells of a DataRow, the parameters of a Bind, the arguments
/// of a FunctionCall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells<'a> {
    raw: &'a [u8],
    count: usize,
}

impl<'a> Cells<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let count = reader.count()?;
        let start = *reader;
        for _ in 0..count {
            reader.value()?;
        }
        Ok(Self { raw: reader.since(start), count })
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each value, `None` for NULL.
    pub fn iter(&self) -> CellIter<'a> {
        CellIter { reader: Reader::new(self.raw) }
    }

    pub(crate) fn raw(&self) -> &'a [u8] {
        self.raw
    }
}

impl<'a> IntoIterator for Cells<'a> {
    type Item = Option<&'a [u8]>;
    type IntoIter = CellIter<'a>;

    fn into_iter(self) -> CellIter<'a> {
        self.iter()
    }
}

/// Walks [`Cells`].
#[derive(Clone, Debug)]
pub struct CellIter<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for CellIter<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        self.reader.value().ok()
    }
}
