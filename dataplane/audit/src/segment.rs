//! The segment file: a 4 KiB header, then frames.
//!
//! Control prepares the file (allocated, zeros written, header in place); one shard maps it and
//! appends; readers read nothing beyond the commit offset in the header. A file is never truncated
//! while a shard may have it mapped: what is shipped is a copy, cut to the content.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::folder::PARTIAL_PREFIX;
use crate::frame::{MAX_FRAME_BYTES, Salt, frame_bytes};
use crate::header::{Fixed, HEADER_BYTES};
use crate::mapping;

/// Which segment this is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Room that only `SegmentEnd` or `Recovery` may take, so that a segment can always be ended.
pub(crate) const RESERVED_BYTES: usize = frame_bytes(16);

/// Below this a record of the largest size would never fit.
pub const MIN_SEGMENT_BYTES: u64 = (HEADER_BYTES + MAX_FRAME_BYTES + 4096) as u64;

/// Control and the verifier read a segment whole.
pub const MAX_SEGMENT_BYTES: u64 = 256 << 20;

const _: () = assert!(MIN_SEGMENT_BYTES.is_multiple_of(4096));
const _: () = assert!(RESERVED_BYTES <= 4096);

impl Identity {
    pub const MAX_NODE_BYTES: usize = 64;

    /// A node's name becomes part of file names and of signed lines.
    pub fn is_valid(&self) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let node = self.node.as_bytes();
        (1..=Self::MAX_NODE_BYTES).contains(&node.len())
            && node.iter().all(|&byte| plain(byte))
            && node[0].is_ascii_alphanumeric()
    }
}

/// Makes a segment file of `bytes` bytes: allocates it, writes zeros, writes the header, makes file
/// and name durable. A full disk is met here. The file appears under its name only when it is
/// complete; one that is there already is not touched.
pub fn prepare(path: &Path, identity: &Identity, bytes: u64) -> io::Result<()> {
    let invalid = |text| io::Error::new(io::ErrorKind::InvalidInput, text);
    if !identity.is_valid() {
        return Err(invalid("a node is named by at most 64 letters, digits, '.', '_' and '-'"));
    }
    let sizes = MIN_SEGMENT_BYTES..=MAX_SEGMENT_BYTES;
    if !sizes.contains(&bytes) || !bytes.is_multiple_of(4096) {
        return Err(invalid("a segment has 72 KiB to 256 MiB, in steps of 4 KiB"));
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(invalid("a segment's path names a file in a folder"));
    };
    if path.try_exists()? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut salt = Salt::default();
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| io::Error::other("no random bytes"))?;
    let header = Fixed { identity: identity.clone(), file_bytes: bytes, salt }.encode();

    let partial = folder.join(format!("{PARTIAL_PREFIX}{}", name.display()));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    mapping::allocate(&file, bytes)?;
    write_zeros(&mut file, bytes)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header)?;
    file.sync_data()?;
    std::fs::rename(&partial, path)?;
    File::open(folder)?.sync_all()
}

fn write_zeros(file: &mut File, bytes: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let count = zeros.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(&zeros[..count])?;
        left -= count as u64;
    }
    Ok(())
}
