//! Judges segments one by one, in parallel: the seal, the hash, and what the segment says of itself.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::inventory::{self, Files, Inventory};
use super::{Authority, FirstBad};
use crate::check::{Contents, check_segment};
use crate::folder::{seal_file_name, segment_file_name};
use crate::header::{Fixed, State};
use crate::reader::{SegmentImage, SegmentReader};
use crate::seal::{Digest, Seal, Signed};
use crate::segment::Identity;

/// A segment, or what is left of it, by itself.
pub(crate) struct Judged {
    pub(crate) segment: Identity,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    /// As it was sealed.
    Whole {
        seal: Digest,
        previous: Option<Digest>,
        contents: Contents,
    },
    /// A seal without its segment.
    SegmentMissing {
        seal: Digest,
        previous: Option<Digest>,
    },
    /// A segment without a seal, well-formed as far as it goes.
    Unsealed {
        records: u64,
        torn: bool,
    },
    Faulty(Fault),
}

pub(crate) enum Fault {
    Tampered(FirstBad),
    Unreadable(FirstBad),
}

/// In the order of the inventory.
pub(crate) fn judge_segments(
    folder: &Path,
    inventory: &Inventory,
    authority: Option<&Authority>,
) -> Vec<Judged> {
    let work: Vec<_> = inventory.segments.iter().collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut image = SegmentImage::default();
        let mut done = Vec::new();
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && let Some(&(segment, &files)) = work.get(at)
        {
            let judge = Judge { folder, authority, segment };
            let outcome = judge.judge(files, &mut image).unwrap_or_else(Outcome::Faulty);
            done.push((at, Judged { segment: segment.clone(), outcome }));
        }
        done
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(work.len());
    let mut judged: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("judging never panics"))
            .collect()
    });
    judged.sort_by_key(|&(at, _)| at);
    judged.into_iter().map(|(_, judged)| judged).collect()
}

struct Judge<'a> {
    folder: &'a Path,
    authority: Option<&'a Authority>,
    segment: &'a Identity,
}

impl Judge<'_> {
    fn judge(&self, files: Files, image: &mut SegmentImage) -> Result<Outcome, Fault> {
        if !files.seal {
            self.load(image)?;
            return self.judge_unsealed(image);
        }
        let Signed { content: seal, digest, .. } = self.read_seal()?;
        if !files.segment {
            return Ok(Outcome::SegmentMissing { seal: digest, previous: seal.previous });
        }
        self.load(image)?;
        self.compare(image, &seal)?;
        let contents = check_segment(image).map_err(|error| {
            let (sequence, offset) = error.place();
            self.bad(sequence, offset, error.to_string())
        })?;
        self.compare_contents(&contents, &seal)?;
        Ok(Outcome::Whole { seal: digest, previous: seal.previous, contents })
    }

    fn read_seal(&self) -> Result<Signed<Seal>, Fault> {
        let name = seal_file_name(self.segment);
        let tampered = |reason: String| Fault::Tampered(FirstBad::file(&name, reason));
        let bytes = inventory::read_note(self.folder, &name)
            .map_err(|error| Fault::Unreadable(FirstBad::file(&name, error)))?;
        let seal = Seal::read(&bytes).map_err(|error| tampered(error.to_string()))?;
        if let Some(authority) = self.authority {
            authority.accepts(&seal.content.origin, &seal.key).map_err(tampered)?;
        }
        if seal.content.segment != *self.segment {
            return Err(tampered("it is the seal of another segment".to_owned()));
        }
        Ok(seal)
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

    fn compare_contents(&self, contents: &Contents, seal: &Seal) -> Result<(), Fault> {
        let refuse = |reason: &str| Err(self.bad(seal.first_sequence, 0, reason.to_owned()));
        if contents.identity != *self.segment {
            return refuse("its header names another segment");
        }
        let sealed = (seal.records, seal.first_sequence, seal.last_sequence);
        if (contents.records, contents.first_sequence, contents.last_sequence) != sealed {
            return refuse("its seal counts other records");
        }
        Ok(())
    }

    fn judge_unsealed(&self, image: &SegmentImage) -> Result<Outcome, Fault> {
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
        Ok(Outcome::Unsealed { records, torn })
    }

    fn bad(&self, sequence: u64, offset: u64, reason: String) -> Fault {
        let segment = segment_file_name(self.segment);
        Fault::Tampered(FirstBad { segment, sequence, offset, reason })
    }
}
