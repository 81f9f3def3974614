//! What control does with the segments of a process that died.
//!
//! Everything up to the commit offset is there after a kill. Beyond it whole records with the next
//! sequences count too: after a power cut the page with the offset may be older than the frames, and
//! a frame that is whole says nothing wrong. What follows is torn. Recovery puts its record there,
//! clears the rest, and only then moves the commit offset, so that it can itself be killed at any
//! moment and run again.
//!
//! Where committed records can't be read (a power cut at level `process`, a damaged disk), the file as
//! it was found is kept beside the recovered one, with the ending `.damaged`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rkyv::ser::allocator::SubAllocator;
use rkyv::ser::writer::Buffer;

use crate::frame::{self, Envelope, SaltCrc, frame_bytes};
use crate::header::{Fixed, HEADER_BYTES, HeaderError, Progress, STATE_AT, State};
use crate::reader::{SegmentImage, SegmentReader};
use crate::record::{Body, Recovery, View};
use crate::segment::RESERVED_BYTES;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// No record was written: the file may be removed.
    Unused,
    /// The segment ends with the shard's own end mark.
    Finished { records: u64 },
    /// The segment ends with a `Recovery` record, counted in `records`.
    Cut { records: u64, torn_bytes: u64, lost_records: u64 },
}

#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Header(#[from] HeaderError),
    #[error("the segment's writer is alive")]
    Alive,
    #[error("no room for the record of the recovery")]
    Full,
}

/// Ends an unfinished segment behind its last whole record, so that it can be sealed. `time_us` is
/// the clock's, in microseconds since the Unix epoch. A segment that was ended before is left as it is.
pub fn recover(path: &Path, time_us: u64) -> Result<Recovered, RecoverError> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => RecoverError::Alive,
        TryLockError::Error(error) => RecoverError::Io(error),
    })?;
    let mut image = SegmentImage::default();
    image.load_file(&file)?;
    let Some(end) = End::plan(&image, time_us)? else {
        return Ok(Recovered::Unused);
    };
    if matches!(end.recovered, Recovered::Cut { lost_records: 1.., .. }) {
        keep_damaged(path)?;
    }
    end.carry_out(&file)?;
    Ok(end.recovered)
}

/// How a segment is to be ended.
struct End {
    progress: Progress,
    /// The `Recovery` record, where no end mark was found, and its offset.
    frame: Option<(usize, Vec<u8>)>,
    /// What is not zero behind the end.
    clear: Range<usize>,
    recovered: Recovered,
}

/// What a walk over all whole records found.
struct Walk {
    first_sequence: u64,
    records: u64,
    /// Behind the last whole record.
    offset: usize,
    last_time_us: u64,
    mark: Option<Mark>,
}

/// The record that ends a segment.
enum Mark {
    SegmentEnd,
    Recovery { torn_bytes: u64, lost_records: u64 },
}

impl Walk {
    fn over(image: &SegmentImage, before: &Progress) -> Result<Self, HeaderError> {
        let end = image.bytes().len();
        let mut reader = SegmentReader::over(image, before.first_sequence, end)?;
        // After a power cut the header may be older than the frames.
        if before.state == State::Prepared {
            reader.begin_at_first_frame();
        }
        let mut walk = Self {
            first_sequence: reader.next_sequence(),
            records: 0,
            offset: HEADER_BYTES,
            last_time_us: 0,
            mark: None,
        };
        while walk.mark.is_none()
            && let Some(Ok(record)) = reader.next()
            && let Ok(view) = record.view()
        {
            walk.records += 1;
            walk.offset = reader.offset();
            walk.last_time_us = record.header.time_us;
            walk.mark = Mark::of(&view);
        }
        Ok(walk)
    }
}

impl Mark {
    fn of(view: &View<'_>) -> Option<Self> {
        match view {
            View::SegmentEnd(_) => Some(Self::SegmentEnd),
            View::Recovery(tail) => Some(Self::Recovery {
                torn_bytes: tail.torn_bytes.to_native(),
                lost_records: tail.lost_records.to_native(),
            }),
            _ => None,
        }
    }
}

impl End {
    /// `None` if nothing was written that could be ended.
    fn plan(image: &SegmentImage, time_us: u64) -> Result<Option<Self>, RecoverError> {
        let fixed = Fixed::parse(image.bytes())?;
        let before = image.progress()?;
        let walk = Walk::over(image, &before)?;
        let nonzero = image.bytes().iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
        let torn_bytes = nonzero.saturating_sub(walk.offset) as u64;
        let committed = before.commit_offset > HEADER_BYTES as u64;
        if walk.records == 0 && !committed && (torn_bytes == 0 || before.state == State::Prepared) {
            return Ok(None);
        }
        let end = match walk.mark {
            Some(Mark::SegmentEnd) => {
                let recovered = Recovered::Finished { records: walk.records };
                Self::at(&walk, State::Finished, None, nonzero, recovered)
            }
            Some(Mark::Recovery { torn_bytes, lost_records }) => {
                let recovered = Recovered::Cut { records: walk.records, torn_bytes, lost_records };
                Self::at(&walk, State::Recovered, None, nonzero, recovered)
            }
            None => {
                let unreadable = before.commit_offset > walk.offset as u64;
                let counted = before.records.saturating_sub(walk.records).max(1);
                let lost_records = if unreadable { counted } else { 0 };
                Self::cut(&fixed, walk, nonzero, Recovery { torn_bytes, lost_records }, time_us)?
            }
        };
        Ok(Some(end))
    }

    fn cut(
        fixed: &Fixed,
        mut walk: Walk,
        nonzero: usize,
        body: Recovery,
        time_us: u64,
    ) -> Result<Self, RecoverError> {
        let start = walk.offset;
        let frame = recovery_frame(fixed, &walk, body, time_us);
        if start + frame.len() > usize::try_from(fixed.file_bytes).unwrap_or(usize::MAX) {
            return Err(RecoverError::Full);
        }
        walk.offset += frame.len();
        walk.records += 1;
        let Recovery { torn_bytes, lost_records } = body;
        let recovered = Recovered::Cut { records: walk.records, torn_bytes, lost_records };
        Ok(Self::at(&walk, State::Recovered, Some((start, frame)), nonzero, recovered))
    }

    fn at(
        walk: &Walk,
        state: State,
        frame: Option<(usize, Vec<u8>)>,
        nonzero: usize,
        recovered: Recovered,
    ) -> Self {
        let progress = Progress {
            state,
            first_sequence: walk.first_sequence,
            commit_offset: walk.offset as u64,
            records: walk.records,
        };
        Self { progress, frame, clear: walk.offset..nonzero.max(walk.offset), recovered }
    }

    fn carry_out(&self, file: &File) -> io::Result<()> {
        for (offset, bytes) in self.writes() {
            file.write_all_at(&bytes, offset)?;
            file.sync_data()?;
        }
        Ok(())
    }

    /// In order, each durable before the next.
    fn writes(&self) -> impl Iterator<Item = (u64, Vec<u8>)> {
        let frame = self.frame.clone().map(|(offset, frame)| (offset as u64, frame));
        let cleared = (self.clear.start as u64, vec![0; self.clear.len()]);
        let header = (STATE_AT as u64, self.progress.encode().to_vec());
        frame.into_iter().chain([cleared, header])
    }
}

fn recovery_frame(fixed: &Fixed, walk: &Walk, body: Recovery, time_us: u64) -> Vec<u8> {
    let body = Body::from(body);
    let mut frame = vec![0; RESERVED_BYTES];
    let out = Buffer::from(&mut frame[frame::HEADER_BYTES..]);
    let body_bytes = body
        .serialize(out, SubAllocator::empty())
        .expect("the reserve has room for the record of a recovery");
    frame.truncate(frame_bytes(body_bytes));
    let envelope = Envelope {
        record_type: body.record_type(),
        shard: fixed.identity.shard,
        sequence: walk.first_sequence + walk.records,
        time_us: time_us.max(walk.last_time_us),
        session: [0; 16],
    };
    envelope.enclose(&mut frame, body_bytes, SaltCrc::new(&fixed.salt));
    frame
}

fn keep_damaged(path: &Path) -> io::Result<()> {
    let kept = path.with_extension("damaged");
    if !kept.exists() {
        std::fs::copy(path, &kept)?;
        File::open(&kept)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
