//! What lies in the segment folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lazaret_audit::{
    ChainId, Identity, OpenError, PARTIAL_PREFIX, State, parse_segment_file_name, segment_file_name,
};

use super::{CustodyError, LiveBoot, at};

#[derive(Default)]
pub(super) struct Listing {
    folder: PathBuf,
    /// By shard, then in the order of its log.
    segments: BTreeSet<(ChainId, u64)>,
    /// Those with what they add to the log beside them, or what is left of that.
    pub(super) added: BTreeSet<Identity>,
    /// What was being written.
    pub(super) partial: Vec<PathBuf>,
}

impl Listing {
    pub(super) fn read(folder: &Path) -> Result<Self, CustodyError> {
        let mut listing = Self { folder: folder.to_owned(), ..Self::default() };
        for entry in std::fs::read_dir(folder).map_err(at(folder))? {
            let entry = entry.map_err(at(folder))?;
            if let Some(name) = entry.file_name().to_str() {
                listing.add(name, entry.path());
            }
        }
        Ok(listing)
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = Identity> {
        self.segments.iter().cloned().map(|(chain, index)| {
            let ChainId { node, shard, boot } = chain;
            Identity { node, boot, shard, index }
        })
    }

    /// Whether a shard of this boot has begun a segment that is still here.
    pub(super) fn has_begun(&self, live: &LiveBoot) -> Result<bool, CustodyError> {
        for segment in self.segments().filter(|segment| live.owns(segment)) {
            if read_state(&self.folder.join(segment_file_name(&segment)))? != State::Prepared {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The segments of a shard that are prepared and not begun, in order, and the index behind all
    /// that are here.
    pub(super) fn prepared(&self, chain: &ChainId) -> Result<(Vec<Identity>, u64), CustodyError> {
        let mut prepared = Vec::new();
        let mut next_index = 0;
        for segment in self.segments().filter(|segment| ChainId::of(segment) == *chain) {
            next_index = segment.index + 1;
            if read_state(&self.folder.join(segment_file_name(&segment)))? == State::Prepared {
                prepared.push(segment);
            }
        }
        Ok((prepared, next_index))
    }

    fn add(&mut self, name: &str, path: PathBuf) {
        if name.starts_with(PARTIAL_PREFIX) {
            self.partial.push(path);
            return;
        }
        let Some((stem, ending)) = name.rsplit_once('.') else { return };
        let Some(segment) = parse_segment_file_name(&format!("{stem}.seg")) else { return };
        match ending {
            "seg" => {
                self.segments.insert((ChainId::of(&segment), segment.index));
            }
            "added" => {
                self.added.insert(segment);
            }
            _ => {}
        }
    }
}

pub(super) fn read_state(path: &Path) -> Result<State, CustodyError> {
    State::read(path).map_err(|error| match error {
        OpenError::Io(error) => CustodyError::Io { path: path.to_owned(), error },
        error => CustodyError::Damaged { path: path.to_owned(), reason: error.to_string() },
    })
}
