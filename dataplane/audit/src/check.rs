//! What must hold within one finished segment, whoever wrote it.
//!
//! Pure: bytes in, findings out. A verifier has compared the segment's hash before; control checks
//! before it signs, so that nothing is sealed that a verifier would refuse.

use crate::header::{Fixed, HeaderError, State};
use crate::reader::{BadRecord, Record, SegmentImage, SegmentReader};
use crate::record::{RecordType, View};
use crate::segment::Identity;

/// Heartbeats come every second; this many without any record is silence.
const SILENCE_US: u64 = 10_000_000;

/// At most so many silences of one segment are listed.
const MAX_SILENCES: usize = 16;

/// What a finished segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    pub identity: Identity,
    pub records: u64,
    pub first_sequence: u64,
    pub last_sequence: u64,
    /// Of the shard's own records; both 0 if there is none.
    pub first_time_us: u64,
    pub last_time_us: u64,
    /// Present if the process died in this segment.
    pub recovery: Option<Tail>,
    pub silences: Vec<Silence>,
}

/// How a segment ended whose process died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    pub torn_bytes: u64,
    pub lost_records: u64,
}

/// No record for longer than heartbeats allow, in front of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    pub sequence: u64,
    pub microseconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentsError {
    #[error("{0}")]
    Header(#[from] HeaderError),
    #[error("{0}")]
    Record(#[from] BadRecord),
    #[error("the segment has not been finished")]
    Unfinished,
    #[error("{0} bytes lie behind the last record")]
    Behind(u64),
    #[error("the header counts {counted} records, there are {found}")]
    Count { counted: u64, found: u64 },
    #[error("record {sequence} at offset {offset}: {text}")]
    Order { sequence: u64, offset: u64, text: &'static str },
}

impl Silence {
    pub(crate) fn describe(&self, segment: &str) -> String {
        let Self { sequence, microseconds } = self;
        let seconds = microseconds / 1_000_000;
        format!("{segment}: silence of {seconds} s in front of record {sequence}")
    }
}

impl ContentsError {
    /// Where the fault is, for who wants to look: sequence and offset.
    pub(crate) fn place(&self) -> (u64, u64) {
        match *self {
            Self::Record(BadRecord { sequence, offset, .. })
            | Self::Order { sequence, offset, .. } => (sequence, offset),
            Self::Header(_) | Self::Unfinished | Self::Behind(_) | Self::Count { .. } => (0, 0),
        }
    }
}

/// Reads a finished segment, cut to its content, and checks everything that it says of itself.
pub fn check_segment(image: &SegmentImage) -> Result<Contents, ContentsError> {
    check_records(image, |_, _| {})
}

/// The same; `each` is shown the records in order, those in front of a fault too.
pub(crate) fn check_records(
    image: &SegmentImage,
    mut each: impl FnMut(&Record<'_>, &View<'_>),
) -> Result<Contents, ContentsError> {
    let mut walk = Walk::begin(image)?;
    for record in SegmentReader::new(image)? {
        let record = record?;
        let view = record.view()?;
        walk.take(&record, view)?;
        each(&record, &view);
    }
    walk.end()
}

struct Walk {
    contents: Contents,
    state: State,
    counted: u64,
    ended: Option<RecordType>,
}

impl Walk {
    fn begin(image: &SegmentImage) -> Result<Self, ContentsError> {
        let identity = Fixed::parse(image.bytes())?.identity;
        let progress = image.progress()?;
        if !matches!(progress.state, State::Finished | State::Recovered) {
            return Err(ContentsError::Unfinished);
        }
        let behind = image.bytes().len() as u64 - progress.commit_offset;
        if behind > 0 {
            return Err(ContentsError::Behind(behind));
        }
        let contents = Contents {
            identity,
            records: 0,
            first_sequence: progress.first_sequence,
            last_sequence: progress.first_sequence,
            first_time_us: 0,
            last_time_us: 0,
            recovery: None,
            silences: Vec::new(),
        };
        Ok(Self { contents, state: progress.state, counted: progress.records, ended: None })
    }

    fn take(&mut self, record: &Record<'_>, view: View<'_>) -> Result<(), ContentsError> {
        let header = &record.header;
        if self.ended.is_some() {
            return Err(order(record, "it lies behind the segment's end mark"));
        }
        if header.sequence == 0 && !matches!(view, View::Boot(_) | View::Recovery(_)) {
            return Err(order(record, "a shard's first record tells its boot"));
        }
        if view.is_the_shards_own() && header.session != [0; 16] {
            return Err(order(record, "it is the shard's own and names a session"));
        }
        // Control's clock at recovery says nothing of the shard's.
        if !matches!(view, View::Recovery(_)) {
            self.note_time(header.sequence, header.time_us);
        }
        self.contents.records += 1;
        self.contents.last_sequence = header.sequence;
        self.look_at(record, view)
    }

    fn look_at(&mut self, record: &Record<'_>, view: View<'_>) -> Result<(), ContentsError> {
        match view {
            View::Boot(boot) => {
                let Identity { node, boot: number, .. } = &self.contents.identity;
                if boot.node != node.as_str() || boot.boot != *number {
                    return Err(order(record, "it tells another node or boot than the header"));
                }
                if record.header.sequence != 0 {
                    return Err(order(record, "only a shard's first record tells its boot"));
                }
            }
            View::SegmentEnd(end) => {
                self.ended = Some(RecordType::SegmentEnd);
                if end.records != self.contents.records {
                    return Err(order(record, "the end mark counts other records"));
                }
            }
            View::Recovery(tail) => {
                self.ended = Some(RecordType::Recovery);
                self.contents.recovery = Some(Tail {
                    torn_bytes: tail.torn_bytes.to_native(),
                    lost_records: tail.lost_records.to_native(),
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn note_time(&mut self, sequence: u64, time_us: u64) {
        let Contents { records, first_time_us, last_time_us, silences, .. } = &mut self.contents;
        if *records == 0 {
            *first_time_us = time_us;
        } else if let Some(silence) = silence(*last_time_us, sequence, time_us)
            && silences.len() < MAX_SILENCES
        {
            silences.push(silence);
        }
        *last_time_us = time_us;
    }

    fn end(self) -> Result<Contents, ContentsError> {
        let found = self.contents.records;
        if self.counted != found {
            return Err(ContentsError::Count { counted: self.counted, found });
        }
        match (self.state, self.ended) {
            (State::Finished, Some(RecordType::SegmentEnd))
            | (State::Recovered, Some(RecordType::Recovery)) => Ok(self.contents),
            _ => Err(ContentsError::Unfinished),
        }
    }
}

/// Whether heartbeats are missing between two records.
pub(crate) fn silence(last_us: u64, sequence: u64, time_us: u64) -> Option<Silence> {
    let microseconds = time_us.saturating_sub(last_us);
    (microseconds > SILENCE_US).then_some(Silence { sequence, microseconds })
}

fn order(record: &Record<'_>, text: &'static str) -> ContentsError {
    let (sequence, offset) = (record.header.sequence, record.offset);
    ContentsError::Order { sequence, offset, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds that a reader refuses at once would leave the fuzzer outside.
    #[test]
    fn the_seeds_of_the_fuzz_target_are_segments() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/segment");
        let seeds: Vec<_> = std::fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
        assert!(!seeds.is_empty());
        for seed in seeds {
            let mut image = SegmentImage::default();
            image.load(&seed.path()).unwrap();
            let checked = check_segment(&image);
            assert!(checked.is_ok(), "{}: {:?}", seed.path().display(), checked.err());
        }
    }
}
