//! The segment file: a 4 KiB header, then frames.
//!
//! Control prepares the file (allocated, zeros written, header in place); one shard maps it and
//! appends; readers read nothing beyond the commit offset in the header, which the shard publishes
//! with release order.

use std::path::Path;

use crate::{Body, FrameHeader};

/// Which segment this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub node: String,
    pub boot: u64,
    pub shard: u16,
    /// Counts the shard's segments in this boot, from 0.
    pub index: u64,
}

/// Where a shard's log stands: comparable across the segments of one boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The sequence of the next record.
    pub sequence: u64,
}

/// The record does not fit; finish this segment and go on in the next.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("not a segment of this node, boot and shard: {0}")]
    Header(&'static str),
}

/// Makes a segment file of `bytes` bytes: allocates it, writes zeros, writes the header, fdatasyncs. A
/// full disk is met here.
pub fn prepare(path: &Path, identity: &Identity, bytes: u64) -> std::io::Result<()> {
    let _ = (path, identity, bytes);
    todo!()
}

/// The one writer of a mapped segment.
pub struct SegmentWriter {}

impl SegmentWriter {
    /// Maps a prepared file and populates its pages.
    pub fn open(path: &Path, first_sequence: u64) -> Result<Self, OpenError> {
        let _ = (path, first_sequence);
        todo!()
    }

    /// Serialises one record straight into the mapping. It counts once `commit` has been called.
    /// Room for the `SegmentEnd` record is always kept.
    pub fn append(
        &mut self,
        time_us: u64,
        session: [u8; 16],
        body: &Body,
    ) -> Result<Position, Full> {
        let _ = (time_us, session, body);
        todo!()
    }

    /// Publishes everything appended so far (release). From here on it survives the process.
    pub fn commit(&mut self) {
        todo!()
    }

    /// Writes `SegmentEnd` and commits.
    pub fn finish(self, time_us: u64) -> Position {
        let _ = time_us;
        todo!()
    }

    /// For fdatasync.
    pub fn file(&self) -> &std::fs::File {
        todo!()
    }

    /// Bytes left for records.
    pub fn remaining(&self) -> u64 {
        todo!()
    }
}

/// Reads the committed records of a segment, checking each frame.
pub struct SegmentReader {}

impl SegmentReader {
    /// The next record, `None` behind the last committed one.
    #[allow(clippy::should_implement_trait, reason = "it lends the body")]
    pub fn next(&mut self) -> Option<Result<(FrameHeader, Body), crate::FirstBad>> {
        todo!()
    }
}
