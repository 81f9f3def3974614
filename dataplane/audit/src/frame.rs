//! The frame around each record.
//!
//! | offset | size | field |
//! | --- | --- | --- |
//! | 0 | 4 | length of the whole frame, a multiple of 8 |
//! | 4 | 4 | CRC-32C of the frame from offset 8 on, seeded with the segment's salt and the sequence |
//! | 8 | 2 | record type |
//! | 10 | 2 | shard |
//! | 12 | 4 | flags |
//! | 16 | 8 | sequence: per shard and boot, from 0, without holes |
//! | 24 | 8 | hybrid time: Unix time in microseconds, never going back |
//! | 32 | 16 | session id; zero for the shard's own records |
//! | 48 | ... | rkyv body, then zeros to a multiple of 8 |
//!
//! All integers are little-endian.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordType {
    Boot,
    Heartbeat,
    SessionStart,
    SessionRefused,
    Statement,
    Bind,
    CopyIn,
    Chunk,
    Response,
    Cancel,
    SessionEnd,
    SegmentEnd,
    Recovery,
}

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
