//! The one writer of a segment.
//!
//! [`BlankSegment`] maps a prepared file ahead of time, off the shard's thread if need be; `begin`
//! makes it the [`SegmentWriter`] that a shard appends to. Both hold the file's exclusive lock: who
//! can take the lock knows that the writer is gone. Appending allocates nothing, calls the kernel
//! for nothing, and builds nothing outside the mapping.

use std::fs::{File, OpenOptions};
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::atomic::Ordering;

use rkyv::ser::allocator::SubAllocator;
use rkyv::ser::writer::Buffer;

use crate::frame::{self, Envelope, MAX_FRAME_BYTES, SaltCrc, frame_bytes};
use crate::header::{self, Fixed, HeaderError, State};
use crate::mapping::Mapping;
use crate::record::{Body, SegmentEnd};
use crate::segment::{Identity, MIN_SEGMENT_BYTES, Position, RESERVED_BYTES};

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Header(#[from] HeaderError),
    #[error("the segment's file is not as long as its header says")]
    Length,
    #[error("the segment is in use by another process")]
    Locked,
    #[error("the segment was begun before")]
    Used,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Finish this segment and go on in the next.
    #[error("the record does not fit into what is left of the segment")]
    Full,
    /// No segment takes it: cut its texts.
    #[error("the record is longer than {MAX_FRAME_BYTES} bytes")]
    TooLarge,
}

/// rkyv notes there where the parts of a list went: eight bytes for each text of a list, and a
/// text takes at least as much room in the record.
const SCRATCH_BYTES: usize = MAX_FRAME_BYTES + 64;

/// A prepared segment, mapped and populated, in which nothing has been written.
pub struct BlankSegment {
    mapping: Mapping,
    fixed: Fixed,
}

/// The one writer of a mapped segment.
pub struct SegmentWriter {
    mapping: Mapping,
    salt: SaltCrc,
    shard: u16,
    /// Bytes and records in use, committed or not.
    end: usize,
    records: u64,
    next_sequence: u64,
    last_time_us: u64,
    scratch: Box<[MaybeUninit<u8>]>,
}

/// What is left of a writer that has finished its segment.
pub struct Finished {
    pub position: Position,
    /// For a last fdatasync. The lock on the segment goes with it.
    pub file: File,
}

impl BlankSegment {
    /// Maps a prepared file and populates its pages: milliseconds, so better done ahead and off
    /// the shard's thread, yet not long ahead, since writeback undoes it within half a minute.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        file.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => OpenError::Locked,
            std::fs::TryLockError::Error(error) => OpenError::Io(error),
        })?;
        let (fixed, progress) = header::read(&file)?;
        if progress.state != State::Prepared {
            return Err(OpenError::Used);
        }
        if file.metadata()?.len() != fixed.file_bytes || fixed.file_bytes < MIN_SEGMENT_BYTES {
            return Err(OpenError::Length);
        }
        let mapping = Mapping::new(file)?;
        mapping.populate()?;
        Ok(Self { mapping, fixed })
    }

    pub fn identity(&self) -> &Identity {
        &self.fixed.identity
    }

    /// From here on the segment is the shard's log: its first record will have this sequence.
    pub fn begin(self, first_sequence: u64) -> SegmentWriter {
        let first = self.mapping.atomic(header::FIRST_SEQUENCE_AT);
        first.store(first_sequence, Ordering::Relaxed);
        let state = self.mapping.atomic(header::STATE_AT);
        state.store(State::Active as u64, Ordering::Release);
        SegmentWriter {
            mapping: self.mapping,
            salt: SaltCrc::new(&self.fixed.salt),
            shard: self.fixed.identity.shard,
            end: header::HEADER_BYTES,
            records: 0,
            next_sequence: first_sequence,
            last_time_us: 0,
            scratch: vec![MaybeUninit::uninit(); SCRATCH_BYTES].into_boxed_slice(),
        }
    }
}

impl SegmentWriter {
    /// Serialises one record straight into the mapping. It counts once `commit` has been called.
    /// Room for the `SegmentEnd` record is always kept. A clock that goes back is held.
    pub fn append(
        &mut self,
        time_us: u64,
        session: [u8; 16],
        body: &Body<'_>,
    ) -> Result<Position, AppendError> {
        self.append_up_to(self.mapping.len() - RESERVED_BYTES, time_us, session, body)
    }

    /// Publishes everything appended so far (release). From here on it survives the process.
    pub fn commit(&mut self) {
        self.mapping.atomic(header::RECORDS_AT).store(self.records, Ordering::Relaxed);
        self.mapping.atomic(header::COMMIT_AT).store(self.end as u64, Ordering::Release);
    }

    /// Writes `SegmentEnd` and commits. Tell control only when the file is as durable as the level
    /// asks.
    pub fn finish(mut self, time_us: u64) -> Finished {
        let body = SegmentEnd { records: self.records + 1 }.into();
        let position = self
            .append_up_to(self.mapping.len(), time_us, [0; 16], &body)
            .expect("room for the end mark is reserved");
        self.commit();
        let state = self.mapping.atomic(header::STATE_AT);
        state.store(State::Finished as u64, Ordering::Release);
        Finished { position, file: self.mapping.into_file() }
    }

    /// Where the next record goes.
    pub fn position(&self) -> Position {
        Position { sequence: self.next_sequence }
    }

    /// For fdatasync.
    pub fn file(&self) -> &File {
        self.mapping.file()
    }

    /// Bytes left for records.
    pub fn remaining(&self) -> u64 {
        (self.mapping.len() - RESERVED_BYTES).saturating_sub(self.end) as u64
    }

    fn append_up_to(
        &mut self,
        limit: usize,
        time_us: u64,
        session: [u8; 16],
        body: &Body<'_>,
    ) -> Result<Position, AppendError> {
        let room = limit.saturating_sub(self.end).min(MAX_FRAME_BYTES) & !(frame::ALIGNMENT - 1);
        if room < frame::HEADER_BYTES {
            return Err(AppendError::Full);
        }
        let free = self.mapping.bytes_mut(self.end, self.end + room);
        let out = Buffer::from(&mut free[frame::HEADER_BYTES..]);
        let Ok(body_bytes) = body.serialize(out, SubAllocator::new(&mut self.scratch)) else {
            // Recovery takes what is not zero for a torn record.
            free.fill(0);
            let whole = room == MAX_FRAME_BYTES;
            return Err(if whole { AppendError::TooLarge } else { AppendError::Full });
        };
        let envelope = Envelope {
            record_type: body.record_type(),
            shard: self.shard,
            sequence: self.next_sequence,
            time_us: time_us.max(self.last_time_us),
            session,
        };
        let length = frame_bytes(body_bytes);
        envelope.enclose(&mut free[..length], body_bytes, self.salt);
        self.end += length;
        self.records += 1;
        self.next_sequence += 1;
        self.last_time_us = envelope.time_us;
        Ok(self.position())
    }
}

#[cfg(test)]
mod tests;
