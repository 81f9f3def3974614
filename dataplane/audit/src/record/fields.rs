//! A record's fields in their canonical form, and what an entry commits to them by.
//!
//! The first field is the record's *numbers*, all that is no text, together: they are many, small,
//! and of use only together. Each text and each list of texts is a field of its own, so that it can be
//! shown, with its salt, without showing another.

use rkyv::boxed::ArchivedBox;
use rkyv::rend::{u32_le, u64_le};
use rkyv::string::ArchivedString;

use crate::frame::Salt;
use crate::tlog::Digest;

/// The canonical fields of one record, one behind the other.
#[derive(Default)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Fields {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// A part of the field that is being written.
    pub(super) fn put(&mut self, part: &impl Canonical) {
        part.write(&mut self.bytes);
    }

    pub(super) fn end_field(&mut self) {
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds a salted hash of each field to an entry.
    pub(crate) fn commit(&self, salt: &Salt, sequence: u64, entry: &mut Vec<u8>) {
        let mut from = 0;
        let mut salts = [[0; 16]; 2];
        let mut salted = Vec::with_capacity(64);
        for (at, &end) in (0_u32..).zip(&self.ends) {
            let which = at as usize % 2;
            if which == 0 {
                salts = pair_of_salts(salt, sequence, at / 2);
            }
            salted.clear();
            salted.extend_from_slice(&salts[which]);
            salted.extend_from_slice(&self.bytes[from..end]);
            entry.extend_from_slice(&Digest::of(&salted).0);
            from = end;
        }
    }
}

/// One hash makes two salts. Who is shown one learns neither the segment's nor the other.
fn pair_of_salts(salt: &Salt, sequence: u64, pair: u32) -> [[u8; 16]; 2] {
    let mut seed = [0; 28];
    seed[..16].copy_from_slice(salt);
    seed[16..24].copy_from_slice(&sequence.to_le_bytes());
    seed[24..].copy_from_slice(&pair.to_le_bytes());
    let Digest(hash) = Digest::of(&seed);
    let (halves, _) = hash.as_chunks();
    [halves[0], halves[1]]
}

/// A field's canonical bytes: those of `FORMAT.md`, whatever rkyv made of it.
pub(super) trait Canonical {
    /// Its name, size and alignment on that page.
    #[cfg(test)]
    const KIND: (&'static str, usize, usize);

    fn write(&self, out: &mut Vec<u8>);
}

impl Canonical for u64_le {
    #[cfg(test)]
    const KIND: (&'static str, usize, usize) = ("u64", 8, 8);

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_native().to_le_bytes());
    }
}

impl Canonical for u32_le {
    #[cfg(test)]
    const KIND: (&'static str, usize, usize) = ("u32", 4, 4);

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_native().to_le_bytes());
    }
}

impl Canonical for bool {
    #[cfg(test)]
    const KIND: (&'static str, usize, usize) = ("bool", 1, 1);

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Canonical for [u8; 32] {
    #[cfg(test)]
    const KIND: (&'static str, usize, usize) = ("hash", 32, 1);

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl Canonical for [u32_le; 18] {
    #[cfg(test)]
    const KIND: (&'static str, usize, usize) = ("u32×18", 72, 4);

    fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|count| count.write(out));
    }
}

impl Canonical for ArchivedString {
    #[cfg(test)]
    const KIND: (&'static str, usize, usize) = ("text", 8, 4);

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

impl Canonical for ArchivedBox<[ArchivedString]> {
    #[cfg(test)]
    const KIND: (&'static str, usize, usize) = ("texts", 8, 4);

    fn write(&self, out: &mut Vec<u8>) {
        for text in self.iter() {
            let length = u32::try_from(text.len()).expect("a frame is at most 64 KiB long");
            out.extend_from_slice(&length.to_le_bytes());
            text.write(out);
        }
    }
}
