//! The first 4 KiB of a segment file, as `FORMAT.md` lays them out: what control wrote when it prepared
//! the file, and how far the shard has come.
//!
//! The commit offset is stored with release order after everything in front of it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::frame::{Salt, read_u16, read_u32, read_u64};
use crate::{Identity, OpenError, frame};

pub(crate) const HEADER_BYTES: usize = 4096;
pub(crate) const STATE_AT: usize = 2048;
pub(crate) const FIRST_SEQUENCE_AT: usize = 2056;
pub(crate) const COMMIT_AT: usize = 2064;
pub(crate) const RECORDS_AT: usize = 2072;

const MAGIC: &[u8; 8] = b"LZSEGMNT";
const VERSION: u32 = 2;
const LAYOUT: u16 = 1;
const NODE_AT: usize = 80;
const CRC_AT: usize = 144;

const _: () = assert!(HEADER_BYTES.is_multiple_of(frame::ALIGNMENT));
const _: () = assert!(FIRST_SEQUENCE_AT == STATE_AT + 8 && COMMIT_AT == FIRST_SEQUENCE_AT + 8);
const _: () = assert!(RECORDS_AT == COMMIT_AT + 8);
const _: () = assert!(COMMIT_AT.is_multiple_of(8) && RECORDS_AT.is_multiple_of(8));
const _: () = assert!(NODE_AT + Identity::MAX_NODE_BYTES == CRC_AT);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum State {
    Prepared = 0,
    Active = 1,
    Finished = 2,
    Recovered = 3,
}

impl State {
    /// Of a segment file, by its header alone.
    pub fn read(path: &Path) -> Result<Self, OpenError> {
        Ok(read(&File::open(path)?)?.1.state)
    }
}

/// Reads both parts from the front of a file.
pub(crate) fn read(file: &File) -> Result<(Fixed, Progress), OpenError> {
    let mut bytes = [0; HEADER_BYTES];
    file.read_exact_at(&mut bytes, 0).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => OpenError::Header(HeaderError::Short),
        _ => OpenError::Io(error),
    })?;
    let fixed = Fixed::parse(&bytes)?;
    let progress = Progress::parse(&bytes, file.metadata()?.len())?;
    Ok((fixed, progress))
}

/// What control wrote when it prepared the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) identity: Identity,
    pub(crate) file_bytes: u64,
    pub(crate) salt: Salt,
}

/// What changes while the segment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) state: State,
    pub(crate) first_sequence: u64,
    pub(crate) commit_offset: u64,
    pub(crate) records: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("the file is shorter than a segment's header")]
    Short,
    #[error("the file is not a segment")]
    Magic,
    #[error("segment format {0} is unknown")]
    Version(u32),
    #[error("the header's checksum does not match")]
    Checksum,
    #[error("the header names no valid segment")]
    Identity,
    #[error("the header's state is unknown")]
    State,
    #[error("the commit offset lies outside the file")]
    CommitOffset,
    #[error("unused bytes of the header are not zero")]
    Unused,
}

impl Fixed {
    /// The header of a prepared file.
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let node = self.identity.node.as_bytes();
        let node_length = u16::try_from(node.len()).expect("an identity's node is short");
        bytes[0..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&4096_u32.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.file_bytes.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.identity.boot.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.identity.index.to_le_bytes());
        bytes[40..42].copy_from_slice(&self.identity.shard.to_le_bytes());
        bytes[42..44].copy_from_slice(&node_length.to_le_bytes());
        bytes[46..48].copy_from_slice(&LAYOUT.to_le_bytes());
        bytes[48..64].copy_from_slice(&self.salt);
        bytes[NODE_AT..NODE_AT + node.len()].copy_from_slice(node);
        let crc = crc32c::crc32c(&bytes[..CRC_AT]);
        bytes[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
        let first = (HEADER_BYTES as u64).to_le_bytes();
        bytes[COMMIT_AT..COMMIT_AT + 8].copy_from_slice(&first);
        bytes
    }

    /// Reads the part that control wrote. `bytes` is the front of the file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, HeaderError> {
        let bytes = bytes.get(..HEADER_BYTES).ok_or(HeaderError::Short)?;
        if !bytes.starts_with(MAGIC) {
            return Err(HeaderError::Magic);
        }
        if read_u32(bytes, 8) != VERSION {
            return Err(HeaderError::Version(read_u32(bytes, 8)));
        }
        if crc32c::crc32c(&bytes[..CRC_AT]) != read_u32(bytes, CRC_AT) {
            return Err(HeaderError::Checksum);
        }
        let node_end = NODE_AT + usize::from(read_u16(bytes, 42));
        let node = bytes[..CRC_AT].get(NODE_AT..node_end).ok_or(HeaderError::Identity)?;
        let identity = Identity {
            node: String::from_utf8(node.to_vec()).map_err(|_| HeaderError::Identity)?,
            boot: read_u64(bytes, 24),
            shard: read_u16(bytes, 40),
            index: read_u64(bytes, 32),
        };
        let fixed = Self {
            identity,
            file_bytes: read_u64(bytes, 16),
            salt: *bytes[48..].first_chunk().expect("the header is longer"),
        };
        if !fixed.identity.is_valid() {
            return Err(HeaderError::Identity);
        }
        // Whatever is not a field must be as it was prepared.
        let same = |from: usize, to: usize, other: &[u8]| bytes[from..to] == other[from..to];
        let prepared = fixed.encode();
        if !same(0, STATE_AT, &prepared) || !same(RECORDS_AT + 8, HEADER_BYTES, &prepared) {
            return Err(HeaderError::Unused);
        }
        Ok(fixed)
    }
}

impl Progress {
    /// The four fields from [`STATE_AT`] on.
    pub(crate) fn encode(&self) -> [u8; 32] {
        let Self { state, first_sequence, commit_offset, records } = *self;
        let mut bytes = [0; 32];
        let fields = [state as u64, first_sequence, commit_offset, records];
        for (out, field) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(fields) {
            *out = field.to_le_bytes();
        }
        bytes
    }

    /// Reads the part that changes. `file_bytes` is the length of the file as it is.
    pub(crate) fn parse(bytes: &[u8], file_bytes: u64) -> Result<Self, HeaderError> {
        let bytes = bytes.get(..HEADER_BYTES).ok_or(HeaderError::Short)?;
        let state = match read_u64(bytes, STATE_AT) {
            0 => State::Prepared,
            1 => State::Active,
            2 => State::Finished,
            3 => State::Recovered,
            _ => return Err(HeaderError::State),
        };
        let commit_offset = read_u64(bytes, COMMIT_AT);
        let aligned = commit_offset.is_multiple_of(frame::ALIGNMENT as u64);
        if !(HEADER_BYTES as u64..=file_bytes).contains(&commit_offset) || !aligned {
            return Err(HeaderError::CommitOffset);
        }
        Ok(Self {
            state,
            first_sequence: read_u64(bytes, FIRST_SEQUENCE_AT),
            commit_offset,
            records: read_u64(bytes, RECORDS_AT),
        })
    }
}
