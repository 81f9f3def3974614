//! The custodian of audit segments: prepares, recovers, seals, signs and ships them.
//!
//! All its state is in files of the segment folder, so that it can be killed at any moment and go
//! on: a segment's own header says whether it is prepared, active, finished or recovered, the lock on
//! the file says whether its writer lives, and a signed `head` says what has been sealed. There is no
//! table beside them that could disagree.
//!
//! How control uses it:
//! - once, at start: [`Custodian::open`]. It goes on with what an earlier control left, in the
//!   background;
//! - on a Hello without a boot: [`Custodian::begin_boot`], and send what it answers. Older boots are
//!   recovered and sealed in the background;
//! - on a Hello with a boot: [`Custodian::rejoin_boot`], and send what it answers. The shard drops a
//!   segment whose index it has already;
//! - on SegmentWanted: [`Custodian::next_segment`], and send it;
//! - on SegmentDone, and when the process of the data plane is gone, drained or dead:
//!   [`Custodian::wake`]. Nothing need be said about who died: the locks tell;
//! - before control exits: [`Custodian::settle`], which comes back when nothing that could be shipped
//!   is left.

use std::path::PathBuf;

use lazaret_audit::SigningKey;
use lazaret_link::SegmentFile;

/// Where segments lie and how large they are.
#[derive(Clone, Debug)]
pub(crate) struct Custody {
    /// The log's origin, the first line of whatever is signed.
    pub(crate) origin: String,
    /// The data plane maps files in it: a local disk, mode 0700.
    pub(crate) segment_folder: PathBuf,
    pub(crate) shipping_folder: PathBuf,
    pub(crate) segment_bytes: u64,
    /// Segments that a shard holds prepared.
    pub(crate) ready_segments: usize,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CustodyError {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: std::io::Error },
}

/// A handle; clones share the work.
#[derive(Clone)]
pub(crate) struct Custodian {}

impl Custody {
    /// A shard that writes 40 MB of records a second (a point query at 40,000 a second, four records
    /// each) fills one in 0.4 s, so that those it holds last a second and more; and the zeros
    /// written ahead, four segments a shard, stay within 64 MiB.
    pub(crate) const DEFAULT_SEGMENT_BYTES: u64 = 16 << 20;
    pub(crate) const DEFAULT_READY_SEGMENTS: usize = 3;
}

impl Custodian {
    /// Refuses a segment folder older than what was shipped from it: its log would fork.
    pub(crate) async fn open(custody: Custody, key: SigningKey) -> Result<Self, CustodyError> {
        let _ = (custody, key);
        todo!()
    }

    /// The first segments of a data plane that starts, those of each shard in order.
    pub(crate) async fn begin_boot(
        &self,
        node: &str,
        boot: u64,
        shards: u16,
    ) -> Result<Vec<SegmentFile>, CustodyError> {
        let _ = (node, boot, shards);
        todo!()
    }

    /// The same for a data plane that went on while control was gone.
    pub(crate) async fn rejoin_boot(
        &self,
        node: &str,
        boot: u64,
        shards: u16,
    ) -> Result<Vec<SegmentFile>, CustodyError> {
        let _ = (node, boot, shards);
        todo!()
    }

    /// The shard's next segment.
    pub(crate) async fn next_segment(&self, shard: u16) -> Result<SegmentFile, CustodyError> {
        let _ = shard;
        todo!()
    }

    /// There may be work: a segment is done, or the data plane is gone. Failures are logged and
    /// tried again.
    pub(crate) fn wake(&self) {
        todo!()
    }

    /// Recovers, seals and ships all that can be, now.
    pub(crate) async fn settle(&self) -> Result<(), CustodyError> {
        todo!()
    }
}
