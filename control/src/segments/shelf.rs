//! The prepared segments of one shard that control has at hand.

use std::collections::VecDeque;
use std::path::Path;

use lazaret_audit::{Identity, prepare, segment_file_name};
use lazaret_link::SegmentFile;

use super::{Custody, CustodyError, at};

/// Makes segments in the order of their indexes, and gives them out in that order.
pub(super) struct Shelf {
    /// The next one to make.
    next: Identity,
    ready: VecDeque<SegmentFile>,
}

impl Shelf {
    pub(super) fn new(next: Identity) -> Self {
        Self { next, ready: VecDeque::new() }
    }

    /// The next segment, prepared now if none is ready.
    pub(super) fn take(&mut self, custody: &Custody) -> Result<SegmentFile, CustodyError> {
        match self.ready.pop_front() {
            Some(segment) => Ok(segment),
            None => self.make(custody),
        }
    }

    /// Whether this segment is ready, and so given to nobody yet.
    pub(super) fn holds(&self, index: u64) -> bool {
        self.ready.iter().any(|segment| segment.index == index)
    }

    /// Has one ready.
    pub(super) fn fill(&mut self, custody: &Custody) -> Result<(), CustodyError> {
        if self.ready.is_empty() {
            let segment = self.make(custody)?;
            self.ready.push_back(segment);
        }
        Ok(())
    }

    fn make(&mut self, custody: &Custody) -> Result<SegmentFile, CustodyError> {
        let path = custody.segment_folder.join(segment_file_name(&self.next));
        prepare(&path, &self.next, custody.segment_bytes).map_err(at(&path))?;
        let segment = describe(&custody.segment_folder, &self.next, custody.segment_bytes);
        self.next.index += 1;
        Ok(segment)
    }
}

pub(super) fn describe(folder: &Path, segment: &Identity, bytes: u64) -> SegmentFile {
    let path = folder.join(segment_file_name(segment));
    SegmentFile { shard: segment.shard, index: segment.index, path, bytes }
}
