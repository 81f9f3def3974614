//! Evidence: records, segment files, seals, recovery and verification.
//!
//! A shard writes records into a mapped [`segment`], control seals the finished file and ships it,
//! an auditor verifies the shipped folder offline. A segment's frames are read by their documented
//! layout; rkyv bodies are read with validation and only after the frame's hash has been checked.

mod folder;
mod frame;
mod record;
mod recover;
mod seal;
mod segment;
mod trust;
mod verify;

pub use folder::{seal_file_name, segment_file_name};
pub use frame::{FrameHeader, RecordType};
pub use record::{Body, FindingCounts};
pub use recover::{Recovered, recover};
pub use seal::{Head, Seal, SigningKey};
pub use segment::{Full, Identity, OpenError, Position, SegmentReader, SegmentWriter, prepare};
pub use trust::Trust;
pub use verify::{FirstBad, Report, Verdict, verify_folder};
