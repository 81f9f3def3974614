//! Judges segments one by one, in parallel: the hash that the log seals, what the segment says of
//! itself, and whether the log's entries are those of its records.

use std::io;
use std::path::Path;

use super::inventory::{self, Inventory};
use super::log::{MAX_BUNDLE_BYTES, SealAt};
use super::{FirstBad, parallel};
use crate::check::{Contents, check_records};
use crate::entry::{self, Seal};
use crate::folder::segment_file_name;
use crate::header::{Fixed, State};
use crate::reader::{SegmentImage, SegmentReader};
use crate::record::Fields;
use crate::segment::Identity;
use crate::tlog::{Bundle, Digest, Grade, TILE_WIDTH};

pub(super) enum Outcome {
    /// As it was sealed.
    Whole(Contents),
    /// Sealed and not here.
    Missing,
    Faulty(Fault),
}

pub(super) enum Fault {
    Tampered(FirstBad),
    Unreadable(FirstBad),
}

/// A segment that the log does not know, well-formed as far as it goes.
pub(super) struct Unsealed {
    pub(super) records: u64,
    pub(super) torn: bool,
}

/// Judges what the log seals, in the order of the log.
pub(super) fn judge_sealed(folder: &Path, inventory: &Inventory, seals: &[SealAt]) -> Vec<Outcome> {
    parallel::map(seals, |seal, scratch| {
        if !inventory.segments.contains(&seal.seal.segment) {
            return Outcome::Missing;
        }
        let judge = Judge { folder, segment: &seal.seal.segment };
        let judged = judge.sealed(inventory, seal, scratch);
        judged.map_or_else(Outcome::Faulty, Outcome::Whole)
    })
}

/// Judges what the log does not seal.
pub(super) fn judge_unsealed(
    folder: &Path,
    segments: &[&Identity],
) -> Vec<Result<Unsealed, Fault>> {
    parallel::map(segments, |segment, scratch: &mut Scratch| {
        let judge = Judge { folder, segment };
        judge.load(&mut scratch.image)?;
        judge.unsealed(&scratch.image)
    })
}

/// What a worker uses again for each segment.
#[derive(Default)]
struct Scratch {
    image: SegmentImage,
    fields: Fields,
    entry: Vec<u8>,
}

struct Judge<'a> {
    folder: &'a Path,
    segment: &'a Identity,
}

impl Judge<'_> {
    fn sealed(
        &self,
        inventory: &Inventory,
        SealAt { entry, seal }: &SealAt,
        scratch: &mut Scratch,
    ) -> Result<Contents, Fault> {
        let Scratch { image, fields, entry: expected } = scratch;
        self.load(image)?;
        self.compare(image, seal)?;
        let refuse = |reason: &str| self.bad(seal.first_sequence, 0, reason.to_owned());
        let fixed = Fixed::parse(image.bytes()).map_err(|error| refuse(&error.to_string()))?;
        let mut entries = Entries::new(self.folder, inventory, entry - seal.records);
        let mut other = None;
        let contents = check_records(image, |record, view| {
            let header = &record.header;
            let boot = fixed.identity.boot;
            entry::write_of_record(boot, &fixed.salt, header, view, fields, expected);
            if !entries.next_is(expected) && other.is_none() {
                other = Some((header.sequence, record.offset));
            }
        });
        let contents = contents.map_err(|error| {
            let (sequence, offset) = error.place();
            self.bad(sequence, offset, error.to_string())
        })?;
        if contents.identity != *self.segment {
            return Err(refuse("its header names another segment"));
        }
        let sealed = (seal.records, seal.first_sequence, seal.last_sequence);
        if (contents.records, contents.first_sequence, contents.last_sequence) != sealed {
            return Err(refuse("its seal counts other records"));
        }
        match other {
            Some((sequence, offset)) => {
                let reason = "the log has another entry for this record";
                Err(self.bad(sequence, offset, reason.to_owned()))
            }
            None => Ok(contents),
        }
    }

    fn load(&self, image: &mut SegmentImage) -> Result<(), Fault> {
        let name = segment_file_name(self.segment);
        let loaded = inventory::open(self.folder, &name).and_then(|file| image.load_file(&file));
        loaded.map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => Fault::Tampered(FirstBad::file(name, error)),
            _ => Fault::Unreadable(FirstBad::file(name, error)),
        })
    }

    /// Nothing of the segment is parsed before this has passed.
    fn compare(&self, image: &SegmentImage, seal: &Seal) -> Result<(), Fault> {
        let length = image.bytes().len() as u64;
        if length == seal.bytes && Digest::of(image.bytes()) == seal.sha256 {
            return Ok(());
        }
        let what = if length == seal.bytes {
            "its bytes are not those that were sealed".to_owned()
        } else {
            format!("it has {length} bytes, {} were sealed", seal.bytes)
        };
        Err(self.locate(image, seal, what))
    }

    /// Looks for the record that was changed, by frames and checksums alone: the bytes are not
    /// authentic, so no body is parsed.
    fn locate(&self, image: &SegmentImage, seal: &Seal, what: String) -> Fault {
        let end = image.bytes().len();
        let mut reader = match SegmentReader::over(image, seal.first_sequence, end) {
            Ok(reader) => reader,
            Err(error) => return self.bad(seal.first_sequence, 0, format!("{what}: {error}")),
        };
        match reader.find_map(Result::err) {
            Some(bad) => self.bad(bad.sequence, bad.offset, format!("{what}: {}", bad.reason)),
            None => {
                let more = "each record is well-formed, so the header or a repaired record differs";
                self.bad(seal.first_sequence, 0, format!("{what}; {more}"))
            }
        }
    }

    fn unsealed(&self, image: &SegmentImage) -> Result<Unsealed, Fault> {
        let header = |error| self.bad(0, 0, format!("{error}"));
        if Fixed::parse(image.bytes()).map_err(header)?.identity != *self.segment {
            return Err(self.bad(0, 0, "its header names another segment".to_owned()));
        }
        let progress = image.progress().map_err(header)?;
        let mut records = 0;
        for record in SegmentReader::new(image).map_err(header)? {
            let bad = record.and_then(|record| record.view()).err();
            if let Some(bad) = bad {
                return Err(self.bad(bad.sequence, bad.offset, bad.reason.to_string()));
            }
            records += 1;
        }
        let behind = usize::try_from(progress.commit_offset).ok();
        let behind = behind.and_then(|offset| image.bytes().get(offset..)).unwrap_or_default();
        let torn = progress.state == State::Active && behind.iter().any(|&byte| byte != 0);
        Ok(Unsealed { records, torn })
    }

    fn bad(&self, sequence: u64, offset: u64, reason: String) -> Fault {
        let segment = segment_file_name(self.segment);
        Fault::Tampered(FirstBad { segment, sequence, offset, reason })
    }
}

/// The log's entries from one on, bundle by bundle. What can't be read has been told.
struct Entries<'a> {
    folder: &'a Path,
    inventory: &'a Inventory,
    /// The bundle that is read, and what is left of it.
    bundle: u64,
    bytes: Option<Vec<u8>>,
    offset: usize,
    /// Entries of this bundle in front of `offset`.
    passed: u64,
}

impl<'a> Entries<'a> {
    fn new(folder: &'a Path, inventory: &'a Inventory, first: u64) -> Self {
        let width = TILE_WIDTH as u64;
        let mut entries =
            Self { folder, inventory, bundle: first / width, bytes: None, offset: 0, passed: 0 };
        entries.load();
        for _ in 0..first % width {
            entries.take();
        }
        entries
    }

    /// Whether the next entry is this one, as far as it is known.
    fn next_is(&mut self, expected: &[u8]) -> bool {
        if self.passed == TILE_WIDTH as u64 {
            self.bundle += 1;
            self.load();
        }
        self.take().is_none_or(|range| {
            self.bytes.as_ref().and_then(|bytes| bytes.get(range)) == Some(expected)
        })
    }

    fn take(&mut self) -> Option<std::ops::Range<usize>> {
        self.passed += 1;
        let bytes = self.bytes.as_ref()?;
        let entry = Bundle(&bytes[self.offset..]).next()?.ok()?;
        let range = self.offset + 2..self.offset + 2 + entry.len();
        self.offset = range.end;
        Some(range)
    }

    fn load(&mut self) {
        let file = self.inventory.of_tile(Grade::Entries, self.bundle).next();
        self.bytes =
            file.and_then(|file| inventory::read(self.folder, &file.path(), MAX_BUNDLE_BYTES).ok());
        (self.offset, self.passed) = (0, 0);
    }
}
