//! Reads a segment that lies in memory: its header, then frame after frame.
//!
//! A segment is read whole, at most [`MAX_SEGMENT_BYTES`], so that the bytes whose hash was checked
//! are the bytes that are parsed. Nothing here panics, whatever the bytes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rkyv::util::AlignedVec;

use crate::frame::{ALIGNMENT, Frame, FrameHeader, RecordFault, SaltCrc};
use crate::header::{Fixed, HEADER_BYTES, HeaderError, Progress, State};
use crate::record::View;
use crate::segment::{Identity, MAX_SEGMENT_BYTES};

/// The bytes of a segment file, aligned as rkyv wants them.
#[derive(Default)]
pub struct SegmentImage {
    bytes: AlignedVec<ALIGNMENT>,
}

/// Yields a segment's records in order, each with its checksum, sequence and time checked, until
/// the end or the first that is wrong.
pub struct SegmentReader<'a> {
    fixed: Fixed,
    bytes: &'a [u8],
    salt: SaltCrc,
    offset: usize,
    next_sequence: u64,
    last_time_us: u64,
}

/// A record whose frame is right. Its body is validated by [`Record::view`].
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub header: FrameHeader,
    /// Where the frame begins in the file.
    pub offset: u64,
    body: &'a [u8],
}

/// The first record that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record {sequence} at offset {offset}: {reason}")]
pub struct BadRecord {
    pub sequence: u64,
    pub offset: u64,
    pub reason: RecordFault,
}

impl SegmentImage {
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut image = Self::default();
        image.bytes.extend_from_slice(bytes);
        image
    }

    /// Reads a whole file into the memory of the last one.
    pub fn load(&mut self, path: &Path) -> io::Result<()> {
        self.load_file(&File::open(path)?)
    }

    pub(crate) fn load_file(&mut self, file: &File) -> io::Result<()> {
        let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "no segment is so large");
        let length = file.metadata()?.len();
        if length > MAX_SEGMENT_BYTES {
            return Err(too_large());
        }
        let length = usize::try_from(length).map_err(|_| too_large())?;
        self.bytes.resize(length, 0);
        let mut source = file;
        source.read_exact(&mut self.bytes)?;
        // A file that grows while it is read is none that can be judged.
        match source.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(io::Error::other("the file changes while it is read")),
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Drops what lies behind the commit offset: the segment as it is shipped.
    pub fn cut(&mut self) -> Result<(), HeaderError> {
        let length = usize::try_from(self.progress()?.commit_offset);
        self.bytes.resize(length.map_err(|_| HeaderError::CommitOffset)?, 0);
        Ok(())
    }

    pub fn state(&self) -> Result<State, HeaderError> {
        Ok(self.progress()?.state)
    }

    pub(crate) fn progress(&self) -> Result<Progress, HeaderError> {
        Progress::parse(&self.bytes, self.bytes.len() as u64)
    }
}

impl<'a> SegmentReader<'a> {
    /// Reads what has been committed.
    pub fn new(image: &'a SegmentImage) -> Result<Self, HeaderError> {
        let progress = image.progress()?;
        let end = usize::try_from(progress.commit_offset);
        Self::over(image, progress.first_sequence, end.map_err(|_| HeaderError::CommitOffset)?)
    }

    /// Reads up to `end`, whatever the header says of it.
    pub(crate) fn over(
        image: &'a SegmentImage,
        first_sequence: u64,
        end: usize,
    ) -> Result<Self, HeaderError> {
        let fixed = Fixed::parse(image.bytes())?;
        Ok(Self {
            bytes: image.bytes().get(..end).ok_or(HeaderError::CommitOffset)?,
            salt: SaltCrc::new(&fixed.salt),
            fixed,
            offset: HEADER_BYTES,
            next_sequence: first_sequence,
            last_time_us: 0,
        })
    }

    pub fn identity(&self) -> &Identity {
        &self.fixed.identity
    }

    /// Where the next record begins.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Takes the first sequence from the first frame: the header does not know it yet.
    pub(crate) fn begin_at_first_frame(&mut self) {
        if let Ok(frame) = Frame::parse(self.rest(), self.salt) {
            self.next_sequence = frame.header.sequence;
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    fn read(&self) -> Result<Record<'a>, RecordFault> {
        let Frame { header, body } = Frame::parse(self.rest(), self.salt)?;
        if header.sequence != self.next_sequence {
            return Err(RecordFault::Sequence(header.sequence));
        }
        if header.shard != self.fixed.identity.shard {
            return Err(RecordFault::Shard(header.shard));
        }
        if header.time_us < self.last_time_us {
            return Err(RecordFault::Time);
        }
        Ok(Record { header, offset: self.offset as u64, body })
    }
}

impl<'a> Iterator for SegmentReader<'a> {
    type Item = Result<Record<'a>, BadRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest().is_empty() {
            return None;
        }
        let (sequence, offset) = (self.next_sequence, self.offset as u64);
        let read = self.read().and_then(|record| {
            let next = sequence.checked_add(1).ok_or(RecordFault::Sequence(sequence))?;
            Ok((record, next))
        });
        match read {
            Ok((record, next)) => {
                self.next_sequence = next;
                self.last_time_us = record.header.time_us;
                self.offset += record.header.length as usize;
                Some(Ok(record))
            }
            Err(reason) => {
                self.bytes = &[];
                Some(Err(BadRecord { sequence, offset, reason }))
            }
        }
    }
}

impl<'a> Record<'a> {
    /// The body, validated, where it lies.
    pub fn view(&self) -> Result<View<'a>, BadRecord> {
        View::read(self.header.record_type, self.body).map_err(|_| self.bad(RecordFault::Body))
    }

    fn bad(&self, reason: RecordFault) -> BadRecord {
        BadRecord { sequence: self.header.sequence, offset: self.offset, reason }
    }
}
