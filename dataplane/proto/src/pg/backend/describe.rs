//! RowDescription: what the columns of a result are.

use super::super::Format;
use super::super::encode;
use super::super::read::{MessageError, Reader};
use super::ROW_DESCRIPTION;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowDescription<'a> {
    raw: &'a [u8],
    count: usize,
}

/// A column of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    pub name: &'a [u8],
    /// 0 where the column is not a plain column of one relation.
    pub table_oid: u32,
    pub attnum: i16,
    pub type_oid: u32,
    /// Negative for types of varying length.
    pub type_len: i16,
    pub type_modifier: i32,
    /// In the answer to Describe of a statement this is always text: it isn't known yet.
    pub format: Format,
}

impl<'a> RowDescription<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let count = reader.count()?;
        let start = *reader;
        for _ in 0..count {
            Field::read(reader)?;
        }
        Ok(Self { raw: reader.since(start), count })
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let mut reader = Reader::new(self.raw);
        std::iter::from_fn(move || Field::read(&mut reader).ok())
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        encode::count(out, self.count);
        out.extend_from_slice(self.raw);
    }
}

impl<'a> Field<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        Ok(Self {
            name: reader.string()?,
            table_oid: reader.u32()?,
            attnum: reader.i16()?,
            type_oid: reader.u32()?,
            type_len: reader.i16()?,
            type_modifier: reader.i32()?,
            format: reader.format()?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        encode::string(out, self.name);
        out.extend_from_slice(&self.table_oid.to_be_bytes());
        out.extend_from_slice(&self.attnum.to_be_bytes());
        out.extend_from_slice(&self.type_oid.to_be_bytes());
        out.extend_from_slice(&self.type_len.to_be_bytes());
        out.extend_from_slice(&self.type_modifier.to_be_bytes());
        out.extend_from_slice(&self.format.code().to_be_bytes());
    }
}

/// Appends RowDescription.
pub fn row_description<'a>(out: &mut Vec<u8>, fields: impl ExactSizeIterator<Item = Field<'a>>) {
    encode::frame(out, ROW_DESCRIPTION, |out| {
        encode::count(out, fields.len());
        fields.for_each(|field| field.write(out));
    });
}
