//! Evidence: records, segment files, seals, recovery and verification.
//!
//! A shard writes records into a mapped segment ([`SegmentWriter`]), control seals the finished file
//! and ships it, an auditor verifies the shipped folder offline. A segment's frames are read by
//! their documented layout; rkyv bodies are read with validation and only after the frame's hash has
//! been checked.
//!
//! Unsafe code is in `mapping` alone.

#![deny(unsafe_code)]

mod check;
#[cfg(test)]
mod fixture;
mod folder;
mod frame;
mod header;
mod key;
#[allow(unsafe_code, reason = "the segment mapping")]
mod mapping;
mod note;
mod reader;
mod record;
mod recover;
mod seal;
mod segment;
mod trust;
mod verify;
mod writer;

pub use check::{Contents, ContentsError, Silence, Tail, check_segment};
pub use folder::{
    HEAD_FILE_NAME, PARTIAL_PREFIX, parse_segment_file_name, seal_file_name, segment_file_name,
};
pub use frame::{FrameHeader, MAX_FRAME_BYTES, RecordFault};
pub use header::{HeaderError, State};
pub use key::{KeyError, SigningKey, VerifierKey};
pub use reader::{BadRecord, Record, SegmentImage, SegmentReader};
pub use record::{
    Bind, Body, Boot, Cancel, Chunk, CopyIn, FindingCounts, Heartbeat, RecordType, Recovery,
    Response, SegmentEnd, SessionEnd, SessionRefused, SessionStart, Statement, View,
};
pub use recover::{RecoverError, Recovered, recover};
pub use seal::{ChainHead, ChainId, Digest, Head, Seal, SealError, Signed, sign};
pub use segment::{Identity, MAX_SEGMENT_BYTES, MIN_SEGMENT_BYTES, Position, prepare};
pub use trust::{Trust, TrustError};
pub use verify::{FirstBad, Report, Verdict, verify_folder};
pub use writer::{AppendError, BlankSegment, Finished, OpenError, SegmentWriter};
