//! Evidence: records, segment files, seals, recovery and verification.
//!
//! A shard writes records into a mapped segment ([`SegmentWriter`]), control adds the finished file to
//! the node's transparency log ([`Log`]), signs a checkpoint and ships both, an auditor verifies the
//! shipped folder offline. `FORMAT.md` has every byte. A segment's frames are read by their documented
//! layout; rkyv bodies are read with validation and only after the segment's hash has been checked.
//!
//! Unsafe code is in `mapping` alone.

#![deny(unsafe_code)]

mod check;
mod entry;
#[cfg(test)]
mod fixture;
mod folder;
mod frame;
mod header;
mod log;
#[allow(unsafe_code, reason = "the segment mapping")]
mod mapping;
mod reader;
mod record;
mod recover;
mod segment;
mod tlog;
mod trust;
mod verify;
mod writer;

pub use check::{Contents, ContentsError, Silence, Tail, check_segment};
pub use folder::{PARTIAL_PREFIX, parse_segment_file_name, segment_file_name};
pub use frame::{FrameHeader, MAX_FRAME_BYTES, RecordFault};
pub use header::{HeaderError, State};
pub use log::{Addition, ChainId, Log, LogError, LogFile, sign_checkpoint};
pub use reader::{BadRecord, Record, SegmentImage, SegmentReader};
pub use record::{
    Bind, Body, Boot, Cancel, Chunk, CopyIn, FindingCounts, Heartbeat, RecordType, Recovery,
    Response, SegmentEnd, SessionEnd, SessionRefused, SessionStart, Statement, View,
};
pub use recover::{RecoverError, Recovered, recover};
pub use segment::{Identity, MAX_SEGMENT_BYTES, MIN_SEGMENT_BYTES, Position, prepare};
pub use tlog::{
    AddCheckpoint, CHECKPOINT_FILE_NAME, Checkpoint, CheckpointError, Digest, KeyError,
    MAX_ADD_CHECKPOINT_BYTES, ProofError, Refusal, Role, SignedCheckpoint, SigningKey, TileReader,
    VerifierKey, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion,
};
pub use trust::{Trust, TrustError};
pub use verify::{FirstBad, Report, Verdict, verify_folder};
pub use writer::{AppendError, BlankSegment, Finished, OpenError, SegmentWriter};
