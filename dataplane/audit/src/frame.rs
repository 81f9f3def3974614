//! The frame around each record, as `FORMAT.md` lays it out. At most [`MAX_FRAME_BYTES`] long.

use crate::record::RecordType;

/// A statement's text is cut well below this before it is recorded; a reader needs no larger buffer.
pub const MAX_FRAME_BYTES: usize = 64 << 10;

pub(crate) const HEADER_BYTES: usize = 48;
pub(crate) const ALIGNMENT: usize = 8;
const PADDING_MASK: u32 = 0b111;

/// Random bytes that tell one segment's frames from all others', stale ones on a reused disk too.
pub(crate) type Salt = [u8; 16];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    pub length: u32,
    pub record_type: RecordType,
    pub shard: u16,
    pub flags: u32,
    pub sequence: u64,
    pub time_us: u64,
    pub session: [u8; 16],
}

/// A frame where it was read, its checksum right. The body is not parsed yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) header: FrameHeader,
    pub(crate) body: &'a [u8],
}

/// What can be wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    #[error("the length is not that of a record")]
    Length,
    #[error("the record ends behind the end of the segment")]
    CutOff,
    #[error("the checksum does not match")]
    Checksum,
    #[error("record type {0} is unknown")]
    Type(u16),
    #[error("the flags are unknown")]
    Flags,
    #[error("the padding is not zero")]
    Padding,
    #[error("the sequence is {0}")]
    Sequence(u64),
    #[error("the record belongs to shard {0}")]
    Shard(u16),
    #[error("the time goes back")]
    Time,
    #[error("the body is not that of its record type")]
    Body,
}

impl<'a> Frame<'a> {
    /// Reads the frame at the front of `bytes`, which may hold more.
    pub(crate) fn parse(bytes: &'a [u8], salt: SaltCrc) -> Result<Self, RecordFault> {
        let length = frame_length(bytes)?;
        let frame = bytes.get(..length).ok_or(RecordFault::CutOff)?;
        let sequence = read_u64(frame, 16);
        if read_u32(frame, 4) != salt.checksum(sequence, &frame[8..]) {
            return Err(RecordFault::Checksum);
        }
        let number = read_u16(frame, 8);
        let header = FrameHeader {
            length: read_u32(frame, 0),
            record_type: RecordType::from_number(number).ok_or(RecordFault::Type(number))?,
            shard: read_u16(frame, 10),
            flags: read_u32(frame, 12),
            sequence,
            time_us: read_u64(frame, 24),
            session: *frame[32..].first_chunk().expect("a frame is longer than its header"),
        };
        if header.flags & !PADDING_MASK != 0 {
            return Err(RecordFault::Flags);
        }
        let end = length - (header.flags & PADDING_MASK) as usize;
        let body = frame.get(HEADER_BYTES..end).ok_or(RecordFault::Length)?;
        if frame[end..].iter().any(|&byte| byte != 0) {
            return Err(RecordFault::Padding);
        }
        Ok(Self { header, body })
    }
}

/// The length of the frame at the front of `bytes`, of which at least the first 4 must be there.
pub(crate) fn frame_length(bytes: &[u8]) -> Result<usize, RecordFault> {
    let Some(field) = bytes.first_chunk::<4>() else {
        return Err(RecordFault::CutOff);
    };
    let length = u32::from_le_bytes(*field) as usize;
    if !(HEADER_BYTES..=MAX_FRAME_BYTES).contains(&length) || !length.is_multiple_of(ALIGNMENT) {
        return Err(RecordFault::Length);
    }
    Ok(length)
}

/// The room that a frame around a body takes.
pub(crate) const fn frame_bytes(body_bytes: usize) -> usize {
    (HEADER_BYTES + body_bytes).next_multiple_of(ALIGNMENT)
}

/// What a frame says beside its body.
#[derive(Clone, Copy)]
pub(crate) struct Envelope {
    pub(crate) record_type: RecordType,
    pub(crate) shard: u16,
    pub(crate) sequence: u64,
    pub(crate) time_us: u64,
    pub(crate) session: [u8; 16],
}

impl Envelope {
    /// Writes header, padding and checksum around a body that lies at offset 48 already. `frame` is
    /// exactly the frame.
    pub(crate) fn enclose(&self, frame: &mut [u8], body_bytes: usize, salt: SaltCrc) {
        let length = u32::try_from(frame.len()).expect("a frame is at most MAX_FRAME_BYTES");
        let body_end = HEADER_BYTES + body_bytes;
        let padding = u32::try_from(frame.len() - body_end).expect("less than ALIGNMENT");
        frame[body_end..].fill(0);
        frame[0..4].copy_from_slice(&length.to_le_bytes());
        frame[8..10].copy_from_slice(&(self.record_type as u16).to_le_bytes());
        frame[10..12].copy_from_slice(&self.shard.to_le_bytes());
        frame[12..16].copy_from_slice(&padding.to_le_bytes());
        frame[16..24].copy_from_slice(&self.sequence.to_le_bytes());
        frame[24..32].copy_from_slice(&self.time_us.to_le_bytes());
        frame[32..48].copy_from_slice(&self.session);
        let checksum = salt.checksum(self.sequence, &frame[8..]);
        frame[4..8].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// The CRC-32C of a segment's salt: where each of its frames' checksums starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SaltCrc(u32);

impl SaltCrc {
    pub(crate) fn new(salt: &Salt) -> Self {
        Self(crc32c::crc32c(salt))
    }

    fn checksum(self, sequence: u64, rest: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c_append(self.0, &sequence.to_le_bytes()), rest)
    }
}

pub(crate) fn read_u16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(*bytes[at..].first_chunk().expect("the caller checked the length"))
}

pub(crate) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("the caller checked the length"))
}

pub(crate) fn read_u64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("the caller checked the length"))
}
