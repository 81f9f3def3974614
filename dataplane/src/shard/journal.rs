//! The shard's log: its current segment, those that wait, and how far it is durable.
//!
//! Sequence numbers run on from segment to segment without holes. At level `process` a record is
//! durable when it is committed; at level `power` when an fdatasync that began after it has ended:
//! the shard's ring carries it out, one at a time, for all records that are there when it begins.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use lazaret_audit::{
    AppendError, BlankSegment, Body, Boot, Finished, Heartbeat, Position, SegmentWriter,
};
use lazaret_link::Durability;

use crate::context::{Log, LogFull};
use crate::limits::{LOG_RESERVE_BYTES, SEGMENTS_AHEAD};

#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("the segment's file can't be kept open: {0}")]
    File(std::io::Error),
    /// What was written may be lost without another error ever being reported.
    #[error("fdatasync of the evidence failed: {0}")]
    Sync(std::io::Error),
}

pub(crate) struct Journal {
    durability: Durability,
    /// Microseconds since the epoch; set once a turn.
    time_us: u64,
    current: Segment,
    prepared: VecDeque<BlankSegment>,
    /// Segments asked for and not yet come.
    awaited: usize,
    /// Finished and not yet synced, oldest first.
    closing: VecDeque<Closing>,
    rotation_due: bool,
    syncing: bool,
    sync_target: Position,
    durable: Position,
    notices: Vec<Notice>,
}

/// What control is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    SegmentWanted,
    SegmentDone { index: u64 },
}

struct Segment {
    index: u64,
    /// `None` once ended for good.
    writer: Option<SegmentWriter>,
    file: Rc<OwnedFd>,
    next: Position,
}

struct Closing {
    index: u64,
    position: Position,
    file: Rc<OwnedFd>,
}

impl Journal {
    pub(crate) fn begin(
        first: BlankSegment,
        durability: Durability,
        time_us: u64,
    ) -> Result<Self, JournalError> {
        let mut journal = Self {
            durability,
            time_us,
            current: Segment::begin(first, Position::default())?,
            prepared: VecDeque::new(),
            awaited: 0,
            closing: VecDeque::new(),
            rotation_due: false,
            syncing: false,
            sync_target: Position::default(),
            durable: Position::default(),
            notices: Vec::new(),
        };
        journal.ask_for_more();
        Ok(journal)
    }

    pub(crate) fn boot(&mut self, node: &str, boot: u64) -> Result<(), LogFull> {
        let durability = match self.durability {
            Durability::Process => "process",
            Durability::Power => "power",
        };
        let version = env!("CARGO_PKG_VERSION");
        self.append([0; 16], &Boot { node, boot, version, durability }.into()).map(drop)
    }

    pub(crate) fn heartbeat(&mut self, open_sessions: u32) -> Result<(), LogFull> {
        let records = self.current.next.sequence;
        self.append([0; 16], &Heartbeat { open_sessions, records }.into()).map(drop)
    }

    /// The clock for the records of this turn.
    pub(crate) fn set_time(&mut self, time_us: u64) {
        self.time_us = time_us;
    }

    pub(crate) fn add(&mut self, segment: BlankSegment) {
        self.awaited = self.awaited.saturating_sub(1);
        self.prepared.push_back(segment);
        if self.rotation_due {
            self.rotate_soon();
        }
    }

    /// Control is another than before: what was asked of the old one may be forgotten.
    pub(crate) fn ask_again(&mut self) {
        self.awaited = 0;
        self.ask_for_more();
    }

    pub(crate) fn drain_notices(&mut self) -> impl Iterator<Item = Notice> {
        self.notices.drain(..)
    }

    /// Up to here records survive what the configured level promises.
    pub(crate) fn durable(&self) -> Position {
        match self.durability {
            Durability::Process => self.current.next,
            Durability::Power => self.durable,
        }
    }

    /// So little room is left that it is kept for ending what runs.
    pub(crate) fn is_low(&self) -> bool {
        self.prepared.is_empty() && self.remaining() < LOG_RESERVE_BYTES
    }

    pub(crate) fn remaining(&self) -> u64 {
        self.current.writer.as_ref().map_or(0, SegmentWriter::remaining)
    }

    pub(crate) fn records(&self) -> u64 {
        self.current.next.sequence
    }

    /// The file to sync next, if there is anything to sync and nothing under way.
    pub(crate) fn begin_sync(&mut self) -> Option<Rc<OwnedFd>> {
        if self.durability == Durability::Process || self.syncing {
            return None;
        }
        let (target, file) = match self.closing.front() {
            Some(closing) => (closing.position, &closing.file),
            None => (self.current.next, &self.current.file),
        };
        if target <= self.durable && self.closing.is_empty() {
            return None;
        }
        self.syncing = true;
        self.sync_target = target;
        Some(Rc::clone(file))
    }

    pub(crate) fn end_sync(&mut self, result: std::io::Result<()>) -> Result<(), JournalError> {
        result.map_err(JournalError::Sync)?;
        self.syncing = false;
        self.durable = self.durable.max(self.sync_target);
        while let Some(done) = self.closing.pop_front_if(|first| first.position <= self.durable) {
            self.notices.push(Notice::SegmentDone { index: done.index });
        }
        Ok(())
    }

    /// Ends the current segment for good. At level `power` it is done when `is_settled`.
    pub(crate) fn finish(&mut self) {
        if let Some(writer) = self.current.writer.take() {
            self.close(writer);
        }
    }

    /// All segments that were begun have been reported done.
    pub(crate) fn is_settled(&self) -> bool {
        self.current.writer.is_none() && self.closing.is_empty()
    }

    /// Goes on in the next segment, now or when there is one.
    pub(crate) fn rotate_soon(&mut self) {
        self.rotation_due = self.rotate().is_err();
    }

    fn rotate(&mut self) -> Result<(), LogFull> {
        let next = self.prepared.pop_front().ok_or(LogFull)?;
        if let Some(writer) = self.current.writer.take() {
            self.close(writer);
        }
        self.current = Segment::begin(next, self.current.next).map_err(|error| {
            tracing::error!(%error, "a prepared segment could not be begun");
            LogFull
        })?;
        self.ask_for_more();
        Ok(())
    }

    fn close(&mut self, writer: SegmentWriter) {
        let index = self.current.index;
        let Finished { position, file } = writer.finish(self.time_us);
        self.current.next = position;
        match self.durability {
            Durability::Process => self.notices.push(Notice::SegmentDone { index }),
            Durability::Power => {
                self.closing.push_back(Closing { index, position, file: Rc::new(file.into()) });
            }
        }
    }

    fn ask_for_more(&mut self) {
        while self.prepared.len() + self.awaited < SEGMENTS_AHEAD {
            self.awaited += 1;
            self.notices.push(Notice::SegmentWanted);
        }
    }
}

impl Log for Journal {
    fn append(&mut self, session: [u8; 16], body: &Body<'_>) -> Result<Position, LogFull> {
        loop {
            let writer = self.current.writer.as_mut().ok_or(LogFull)?;
            match writer.append(self.time_us, session, body) {
                Ok(position) => {
                    writer.commit();
                    self.current.next = position;
                    return Ok(position);
                }
                Err(AppendError::Full) => self.rotate()?,
                Err(error @ AppendError::TooLarge) => {
                    tracing::error!(%error, "a record was not written");
                    return Err(LogFull);
                }
            }
        }
    }
}

impl Segment {
    fn begin(blank: BlankSegment, next: Position) -> Result<Self, JournalError> {
        let index = blank.identity().index;
        let writer = blank.begin(next.sequence);
        let file = writer.file().try_clone().map_err(JournalError::File)?;
        Ok(Self { index, writer: Some(writer), file: Rc::new(file.into()), next })
    }
}
