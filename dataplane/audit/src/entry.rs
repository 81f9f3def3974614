//! The log's entries: one for each record, and the log's own. `FORMAT.md` has their bytes.

use crate::frame::{FrameHeader, Salt};
use crate::record::{Fields, View};
use crate::segment::Identity;
use crate::tlog::Digest;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 48;
const OWN_SHARD: u16 = 0xFFFF;

const OF_A_RECORD: u8 = 0;
const OF_THE_LOG: u8 = 1;

const ORIGIN: u16 = 1;
const SEAL: u16 = 2;

/// An entry of the log's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    Origin(Origin),
    Seal(Seal),
}

/// The log's first entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) origin: String,
    pub(crate) key: String,
    /// The log that this one goes on from; empty if there is none.
    pub(crate) previous_origin: String,
    pub(crate) previous_size: u64,
    pub(crate) previous_root: Digest,
}

/// Behind the entries of a segment's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) segment: Identity,
    /// Of the file as shipped.
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    pub(crate) first_sequence: u64,
    pub(crate) last_sequence: u64,
    /// Of the file as shipped.
    pub(crate) sha256: Digest,
}

/// No entry is longer: that of a `SessionStart` has 368 bytes.
pub(crate) const MAX_BYTES: usize = 1024;

/// The sequence that an entry gives.
pub(crate) fn sequence(entry: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(*entry.get(16..)?.first_chunk()?))
}

/// Whether an entry is a record's; else it is one of the log's own.
pub(crate) fn is_of_a_record(entry: &[u8]) -> bool {
    entry.get(1) == Some(&OF_A_RECORD)
}

/// Writes the entry of a record. `fields` is there to be used again.
pub(crate) fn write_of_record(
    boot: u64,
    salt: &Salt,
    header: &FrameHeader,
    view: &View<'_>,
    fields: &mut Fields,
    out: &mut Vec<u8>,
) {
    view.fields(fields);
    out.clear();
    let commitments = u16::try_from(fields.len()).expect("a record has few fields");
    out.extend_from_slice(&[VERSION, OF_A_RECORD]);
    for number in [header.record_type as u16, header.shard, commitments] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    for number in [boot, header.sequence, header.time_us] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&header.session);
    fields.commit(salt, header.sequence, out);
}

impl Own {
    /// `sequence` counts the log's own entries.
    pub(crate) fn encode(&self, sequence: u64, time_us: u64) -> Vec<u8> {
        let (number, body) = match self {
            Self::Origin(origin) => (ORIGIN, origin.body()),
            Self::Seal(seal) => (SEAL, seal.body()),
        };
        let mut entry = vec![VERSION, OF_THE_LOG];
        for number in [number, OWN_SHARD, 0] {
            entry.extend_from_slice(&number.to_le_bytes());
        }
        for number in [0, sequence, time_us] {
            entry.extend_from_slice(&number.to_le_bytes());
        }
        entry.extend_from_slice(&[0; 16]);
        entry.extend_from_slice(&body);
        entry
    }

    /// The entry that has these bytes and this place among the log's own.
    pub(crate) fn decode(entry: &[u8], sequence: u64) -> Option<Self> {
        let (header, body) = entry.split_at_checked(HEADER_BYTES)?;
        let number = u16::from_le_bytes([header[2], header[3]]);
        let time_us = u64::from_le_bytes(*header[24..].first_chunk()?);
        let mut body = Body(body);
        let own = match number {
            ORIGIN => Self::Origin(Origin::read(&mut body)?),
            SEAL => Self::Seal(Seal::read(&mut body)?),
            _ => return None,
        };
        (own.encode(sequence, time_us) == entry).then_some(own)
    }
}

impl Origin {
    fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for text in [&self.origin, &self.key, &self.previous_origin] {
            put_text(&mut body, text);
        }
        body.extend_from_slice(&self.previous_size.to_le_bytes());
        body.extend_from_slice(&self.previous_root.0);
        body
    }

    fn read(body: &mut Body<'_>) -> Option<Self> {
        Some(Self {
            origin: body.text()?,
            key: body.text()?,
            previous_origin: body.text()?,
            previous_size: body.number()?,
            previous_root: Digest(body.take()?),
        })
    }
}

impl Seal {
    fn body(&self) -> Vec<u8> {
        let Identity { node, boot, shard, index } = &self.segment;
        let mut body = Vec::new();
        put_text(&mut body, node);
        body.extend_from_slice(&boot.to_le_bytes());
        body.extend_from_slice(&shard.to_le_bytes());
        let numbers =
            [index, &self.bytes, &self.records, &self.first_sequence, &self.last_sequence];
        for number in numbers {
            body.extend_from_slice(&number.to_le_bytes());
        }
        body.extend_from_slice(&self.sha256.0);
        body
    }

    fn read(body: &mut Body<'_>) -> Option<Self> {
        let (node, boot) = (body.text()?, body.number()?);
        let shard = u16::from_le_bytes(body.take()?);
        let segment = Identity { node, boot, shard, index: body.number()? };
        segment.is_valid().then_some(())?;
        Some(Self {
            segment,
            bytes: body.number()?,
            records: body.number()?,
            first_sequence: body.number()?,
            last_sequence: body.number()?,
            sha256: Digest(body.take()?),
        })
    }
}

fn put_text(body: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("names and keys are short");
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(text.as_bytes());
}

/// What is left to read.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::from(u16::from_le_bytes(self.take()?));
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Own {
        Own::Seal(Seal {
            segment: Identity { node: "n1".to_owned(), boot: 1, shard: 2, index: 3 },
            bytes: 8192,
            records: 17,
            first_sequence: 100,
            last_sequence: 116,
            sha256: Digest::of(b"segment"),
        })
    }

    fn origin() -> Own {
        Own::Origin(Origin {
            origin: "lazaret.example/log".to_owned(),
            key: "key".to_owned(),
            previous_origin: String::new(),
            previous_size: 0,
            previous_root: Digest([0; 32]),
        })
    }

    #[test]
    fn the_logs_own_entries_are_read_back() {
        for own in [origin(), seal()] {
            let entry = own.encode(7, 1_000);
            assert_eq!(Own::decode(&entry, 7), Some(own));
            assert_eq!(Own::decode(&entry, 8), None, "out of its order");
        }
    }

    #[test]
    fn an_entry_in_another_form_is_none() {
        for own in [origin(), seal()] {
            let entry = own.encode(0, 1_000);
            for length in 0..entry.len() {
                assert_eq!(Own::decode(&entry[..length], 0), None, "{length} bytes");
            }
            assert_eq!(Own::decode(&[&entry[..], b"\0"].concat(), 0), None);
            for at in (0..24).chain(32..48) {
                let mut changed = entry.clone();
                changed[at] ^= 0x80;
                assert_eq!(Own::decode(&changed, 0), None, "byte {at}");
            }
        }
    }
}
