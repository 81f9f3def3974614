//! One pass over the segment folder: recovers what dead writers left, seals what has ended, ships
//! what has been sealed.
//!
//! What is to be done follows from the files alone, so a pass may be cut off anywhere and the next one
//! goes on. Within a shard's log segments are sealed in order; one that is still written, or whose
//! writer lives, holds back those behind it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use lazaret_audit::{Identity, RecoverError, Recovered, State, recover, segment_file_name};

use super::added::{self, Added};
use super::disk::Disk;
use super::ledger::Ledger;
use super::listing::{Listing, read_state};
use super::ship::Shipper;
use super::{CustodyError, LiveBoot, at, now_us};

pub(super) struct Sweeper {
    pub(super) disk: Disk,
    pub(super) folder: PathBuf,
    pub(super) ledger: Ledger,
    pub(super) shipper: Shipper,
    /// Damaged files that have been logged.
    pub(super) reported: BTreeSet<PathBuf>,
}

enum Step {
    Sealed,
    /// Nothing to seal, and nothing lost.
    Removed,
    /// It is being written, or will be.
    Waits,
}

impl Sweeper {
    /// Removes what an earlier control was writing when it was killed.
    pub(super) fn remove_partial(&self) -> Result<(), CustodyError> {
        let partial = Listing::read(&self.folder)?.partial;
        partial.iter().try_for_each(|path| self.disk.remove(path).map_err(at(path)))
    }

    /// `live` is asked after the folder has been listed, so that a boot whose segments are in the list
    /// is known. While it knows of none, prepared segments are kept: nobody has said whose they are.
    pub(super) fn sweep(
        &mut self,
        live: impl FnOnce() -> Option<LiveBoot>,
    ) -> Result<(), CustodyError> {
        let mut listing = Listing::read(&self.folder)?;
        let live = live();
        self.drop_unsigned(&mut listing)?;
        let mut waiting: Option<(String, u16)> = None;
        let unsealed = |segment: &Identity| !listing.added.contains(segment);
        let ended: Vec<_> = listing.segments().filter(unsealed).collect();
        for segment in ended {
            let log = (segment.node.clone(), segment.shard);
            if waiting.as_ref() == Some(&log) {
                continue;
            }
            match self.end(&segment, live.as_ref()) {
                Ok(Step::Sealed) => {
                    listing.added.insert(segment);
                }
                Ok(Step::Removed) => {}
                Ok(Step::Waits) => waiting = Some(log),
                // The next segments are evidence all the same; the gap will show.
                Err(CustodyError::Damaged { path, reason }) => self.report(path, &reason),
                Err(error) => return Err(error),
            }
        }
        self.ledger.sign(&self.disk)?;
        let sealed: Vec<_> = listing.added.into_iter().collect();
        self.shipper.ship(&self.disk, &self.ledger, &sealed)
    }

    /// What an earlier control added to a log that it did not come to sign is added again.
    fn drop_unsigned(&self, listing: &mut Listing) -> Result<(), CustodyError> {
        for segment in std::mem::take(&mut listing.added) {
            let path = self.folder.join(added::file_name(&segment));
            let bytes = std::fs::read(&path).map_err(at(&path))?;
            let added = Added::from_bytes(&bytes);
            if added.is_some_and(|added| added.head.from >= self.ledger.size()) {
                self.disk.remove(&path).map_err(at(&path))?;
            } else {
                listing.added.insert(segment);
            }
        }
        Ok(())
    }

    /// Brings one segment to its end, if its writer is done with it.
    fn end(&mut self, segment: &Identity, live: Option<&LiveBoot>) -> Result<Step, CustodyError> {
        let path = self.folder.join(segment_file_name(segment));
        if segment.index < self.ledger.sealed(segment) {
            let reason = "a later segment of its shard has been sealed".to_owned();
            return Err(CustodyError::Damaged { path, reason });
        }
        match read_state(&path)? {
            State::Finished | State::Recovered => {}
            // A shard may map it at any moment.
            State::Prepared if live.is_none_or(|live| live.owns(segment)) => {
                return Ok(Step::Waits);
            }
            State::Prepared | State::Active => match recover(&path, now_us()) {
                Err(RecoverError::Alive) => return Ok(Step::Waits),
                Ok(Recovered::Unused) => {
                    self.disk.remove(&path).map_err(at(&path))?;
                    return Ok(Step::Removed);
                }
                Ok(recovered @ Recovered::Cut { .. }) => {
                    tracing::warn!(path = %path.display(), ?recovered, "recovered a segment");
                }
                Ok(Recovered::Finished { .. }) => {}
                Err(error) => return Err(CustodyError::recover(&path, error)),
            },
        }
        self.ledger.seal(&self.disk, segment)?;
        Ok(Step::Sealed)
    }

    fn report(&mut self, path: PathBuf, reason: &str) {
        if self.reported.insert(path.clone()) {
            tracing::error!(path = %path.display(), reason, "a segment can't be sealed");
        }
    }
}
