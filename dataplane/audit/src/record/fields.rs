//! A record's fields in their canonical form, and what an entry commits to them by.
//!
//! The first field is the record's *facts*, together: numbers, hashes and words of ours, which say
//! nothing by themselves that would have to be hidden. Each text and each list of texts is a field of its
//! own, so that it can be shown, with its salt, without showing another.

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

    /// One of the facts.
    pub(super) fn fact(&mut self, part: &impl Canonical) {
        part.write_fact(&mut self.bytes);
    }

    pub(super) fn end_of_facts(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// A field of its own.
    pub(super) fn field(&mut self, whole: &impl Canonical) {
        whole.write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds a salted hash of each field to an entry.
    pub(crate) fn commit(&self, salt: &Salt, sequence: u64, entry: &mut Vec<u8>) {
        let mut from = 0;
        let mut salts = [[0; 16]; 2];
        for (at, &end) in (0_u32..).zip(&self.ends) {
            let which = at as usize % 2;
            if which == 0 {
                salts = pair_of_salts(salt, sequence, at / 2);
            }
            let Digest(commitment) = Digest::of_parts(&[&salts[which], &self.bytes[from..end]]);
            entry.extend_from_slice(&commitment);
            from = end;
        }
    }
}

/// One hash makes two salts. Who is shown one learns neither the segment's nor the other.
fn pair_of_salts(salt: &Salt, sequence: u64, pair: u32) -> [[u8; 16]; 2] {
    let Digest(hash) = Digest::of_parts(&[salt, &sequence.to_le_bytes(), &pair.to_le_bytes()]);
    let (halves, _) = hash.as_chunks();
    [halves[0], halves[1]]
}

/// A field's canonical bytes: those of `FORMAT.md`, whatever rkyv made of it.
pub(super) trait Canonical {
    /// Its name, size and alignment on that page.
    #[cfg(test)]
    const KIND: (&'static str, usize, usize);

    fn write(&self, out: &mut Vec<u8>);

    /// Among others, so that its end can be told.
    fn write_fact(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
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

    fn write_fact(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(self.len()).expect("a frame is at most 64 KiB long");
        out.extend_from_slice(&length.to_le_bytes());
        self.write(out);
    }
}

impl Canonical for ArchivedBox<[ArchivedString]> {
    #[cfg(test)]
    const KIND: (&'static str, usize, usize) = ("texts", 8, 4);

    fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|text| text.write_fact(out));
    }
}
