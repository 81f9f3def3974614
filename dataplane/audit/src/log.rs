//! The log as its owner keeps it: what has been added, and what comes next.
//!
//! A [`Log`] is small: the right edge of the tree, the entries of the last bundle, and how far each
//! shard has come. Its owner makes it durable ([`Log::to_bytes`]) before it signs its checkpoint.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::check::{Contents, ContentsError, check_records};
use crate::entry::{self, Origin, Own, Seal};
use crate::header::Fixed;
use crate::reader::SegmentImage;
use crate::record::Fields;
use crate::segment::Identity;
use crate::tlog::{
    Bundle, Checkpoint, Digest, Grade, Note, SigningKey, TILE_WIDTH, Tile, Tree, VerifierKey,
};

/// One node's transparency log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    origin: String,
    tree: Tree,
    /// The entries of the last bundle, if it is not full.
    bundle: Vec<u8>,
    /// Entries of the log's own.
    own: u64,
    last_time_us: u64,
    /// By shard and boot, one more than the index of the last sealed segment.
    chains: BTreeMap<ChainId, u64>,
}

/// One shard's records in one boot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChainId {
    pub node: String,
    pub shard: u16,
    pub boot: u64,
}

/// What a segment adds to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    pub contents: Contents,
    /// The log's entries before and after.
    pub from: u64,
    pub to: u64,
    /// The segment's file as it is to be shipped.
    pub segment_bytes: u64,
    pub sha256: Digest,
    /// The tiles and bundles that it filled.
    pub files: Vec<LogFile>,
}

/// A file of the log, by its path within the shipped folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    pub path: String,
    pub bytes: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("its parts don't belong together")]
    Parts,
}

impl ChainId {
    pub fn of(segment: &Identity) -> Self {
        Self { node: segment.node.clone(), shard: segment.shard, boot: segment.boot }
    }
}

impl Log {
    /// A new log, named as the key is. `previous` is the checkpoint of the log that it goes on from.
    pub fn begin(key: &VerifierKey, previous: Option<&Checkpoint>, time_us: u64) -> Self {
        let mut log = Self {
            origin: key.name().to_owned(),
            tree: Tree::default(),
            bundle: Vec::new(),
            own: 0,
            last_time_us: 0,
            chains: BTreeMap::new(),
        };
        let origin = Own::Origin(Origin {
            origin: log.origin.clone(),
            key: key.to_string(),
            previous_origin: previous.map_or_else(String::new, |it| it.origin.clone()),
            previous_size: previous.map_or(0, |it| it.size),
            previous_root: previous.map_or(Digest([0; 32]), |it| it.root),
        });
        log.push_own(&origin, time_us, &mut Vec::new());
        log
    }

    /// Adds a segment that has been finished or recovered, cut to its content: an entry for each
    /// record and one for its seal. A segment in which anything is wrong changes nothing.
    pub fn seal(&mut self, image: &SegmentImage, time_us: u64) -> Result<Addition, ContentsError> {
        let mut log = self.clone();
        let mut files = Vec::new();
        let contents = log.push_records(image, &mut files)?;
        let (segment_bytes, sha256) = (image.bytes().len() as u64, Digest::of(image.bytes()));
        let seal = Own::Seal(Seal {
            segment: contents.identity.clone(),
            bytes: segment_bytes,
            records: contents.records,
            first_sequence: contents.first_sequence,
            last_sequence: contents.last_sequence,
            sha256,
        });
        log.push_own(&seal, time_us, &mut files);
        log.chains.insert(ChainId::of(&contents.identity), contents.identity.index + 1);
        let (from, to) = (self.size(), log.size());
        *self = log;
        Ok(Addition { contents, from, to, segment_bytes, sha256, files })
    }

    /// Entries.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { origin: self.origin.clone(), size: self.size(), root: self.tree.root() }
    }

    /// The tiles and the bundle that are not full.
    pub fn edge(&self) -> Vec<LogFile> {
        let width = width_of(self.size());
        let bundle = Tile { grade: Grade::Entries, index: self.size() / TILE_WIDTH as u64, width };
        let bundle =
            (width > 0).then(|| LogFile { path: bundle.path(), bytes: self.bundle.clone() });
        let tiles = self.tree.edge().map(|(tile, hashes)| LogFile::hashes(tile, hashes));
        bundle.into_iter().chain(tiles).collect()
    }

    /// How many segments of a shard's boot have been sealed, by the last index.
    pub fn sealed(&self, chain: &ChainId) -> u64 {
        self.chains.get(chain).copied().unwrap_or(0)
    }

    /// Whether a segment of this node's boot has been sealed.
    pub fn knows_boot(&self, node: &str, boot: u64) -> bool {
        self.chains.keys().any(|chain| chain.node == node && chain.boot == boot)
    }

    /// What [`Log::from_bytes`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&Kept::of(self)).expect("strings and numbers have a JSON form")
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LogError> {
        serde_json::from_slice::<Kept>(bytes)?.log().ok_or(LogError::Parts)
    }

    fn push_records(
        &mut self,
        image: &SegmentImage,
        files: &mut Vec<LogFile>,
    ) -> Result<Contents, ContentsError> {
        let fixed = Fixed::parse(image.bytes())?;
        let (mut fields, mut entry) = (Fields::default(), Vec::new());
        check_records(image, |record, view| {
            let boot = fixed.identity.boot;
            let header = &record.header;
            entry::write_of_record(boot, &fixed.salt, header, view, &mut fields, &mut entry);
            self.push(&entry, files);
        })
    }

    fn push_own(&mut self, own: &Own, time_us: u64, files: &mut Vec<LogFile>) {
        self.last_time_us = self.last_time_us.max(time_us);
        let entry = own.encode(self.own, self.last_time_us);
        self.own += 1;
        self.push(&entry, files);
    }

    fn push(&mut self, entry: &[u8], files: &mut Vec<LogFile>) {
        let index = self.size() / TILE_WIDTH as u64;
        Bundle::add(&mut self.bundle, entry);
        self.tree.push(Digest::leaf(entry), |tile, hashes| {
            files.push(LogFile::hashes(tile, hashes));
        });
        if width_of(self.size()) == 0 {
            let path = Tile::full(Grade::Entries, index).path();
            files.push(LogFile { path, bytes: std::mem::take(&mut self.bundle) });
        }
    }
}

impl LogFile {
    fn hashes(tile: Tile, hashes: &[Digest]) -> Self {
        Self { path: tile.path(), bytes: hashes.iter().flat_map(|hash| hash.0).collect() }
    }
}

#[cfg(test)]
impl Log {
    /// Seals anything at all, as a broken or hostile control could: with an entry for each record
    /// that can be read, and one of its own making for each that can't.
    pub(crate) fn seal_anyhow(
        &mut self,
        bytes: &[u8],
        segment: &Identity,
        records: u64,
    ) -> Vec<LogFile> {
        let image = SegmentImage::from_bytes(bytes);
        let mut files = Vec::new();
        let (mut fields, mut entry) = (Fields::default(), Vec::new());
        let fixed = Fixed::parse(bytes).ok();
        let reader = crate::SegmentReader::over(&image, 0, bytes.len()).ok();
        let mut read = reader.into_iter().flatten().map_while(Result::ok);
        for _ in 0..records {
            let record = read.next();
            match (record, record.and_then(|record| record.view().ok()), &fixed) {
                (Some(record), Some(view), Some(Fixed { identity, salt, .. })) => {
                    let (boot, header) = (identity.boot, &record.header);
                    entry::write_of_record(boot, salt, header, &view, &mut fields, &mut entry);
                    self.push(&entry, &mut files);
                }
                _ => self.push(&[1, 0, 0, 0], &mut files),
            }
        }
        let (bytes, sha256) = (bytes.len() as u64, Digest::of(bytes));
        let (first_sequence, last_sequence) = (0, records - 1);
        let segment = segment.clone();
        let seal = Seal { segment, bytes, records, first_sequence, last_sequence, sha256 };
        self.push_own(&Own::Seal(seal), 0, &mut files);
        files
    }
}

/// Signs a checkpoint and answers the bytes of its file.
pub fn sign_checkpoint(checkpoint: &Checkpoint, key: &SigningKey) -> String {
    let mut note = Note::new(checkpoint.text());
    note.sign(key);
    note.render()
}

/// The entries of the last bundle, 0 if it is full.
fn width_of(size: u64) -> usize {
    usize::try_from(size % TILE_WIDTH as u64).expect("less than 256")
}

/// How a log lies on the disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    origin: String,
    size: u64,
    edge: Vec<Vec<Digest>>,
    bundle: String,
    own: u64,
    last_time_us: u64,
    chains: Vec<(ChainId, u64)>,
}

impl Kept {
    fn of(log: &Log) -> Self {
        Self {
            origin: log.origin.clone(),
            size: log.size(),
            edge: log.tree.levels().to_vec(),
            bundle: BASE64_STANDARD.encode(&log.bundle),
            own: log.own,
            last_time_us: log.last_time_us,
            chains: log.chains.iter().map(|(chain, &index)| (chain.clone(), index)).collect(),
        }
    }

    fn log(self) -> Option<Log> {
        let bundle = BASE64_STANDARD.decode(self.bundle).ok()?;
        let entries = Bundle(&bundle).collect::<Result<Vec<_>, _>>().ok()?;
        let leaves: Vec<_> = entries.into_iter().map(Digest::leaf).collect();
        let tree = Tree::with_edge(self.size, self.edge)?;
        (tree.levels().first().is_none_or(|hashes| *hashes == leaves)).then_some(())?;
        Some(Log {
            origin: self.origin,
            tree,
            bundle,
            own: self.own,
            last_time_us: self.last_time_us,
            chains: self.chains.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, finished, identity, scratch};
    use crate::segment_file_name;
    use crate::tlog::Role;

    fn image(segment: &Identity, records: u64) -> SegmentImage {
        let folder = scratch();
        finished(folder.path(), segment, 0, records);
        let mut image = SegmentImage::default();
        image.load(&folder.path().join(segment_file_name(segment))).unwrap();
        image.cut().unwrap();
        image
    }

    fn begin() -> Log {
        let key = SigningKey::generate(fixture::ORIGIN, Role::Log).unwrap();
        Log::begin(key.verifier(), None, 1_000)
    }

    #[test]
    fn a_log_goes_on_from_its_bytes_as_if_it_had_never_stopped() {
        let (one, other) = (image(&identity(1, 0, 0), 150), image(&identity(1, 1, 0), 160));
        let mut log = begin();
        let first = log.seal(&one, 2_000).unwrap();
        assert_eq!((first.from, first.to, first.files.len()), (1, 152, 0));
        let mut again = Log::from_bytes(&log.to_bytes()).unwrap();
        assert_eq!(again, log);
        let (here, there) = (log.seal(&other, 3_000).unwrap(), again.seal(&other, 3_000).unwrap());
        assert_eq!((&here, &log), (&there, &again));
        let paths: Vec<_> = here.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["tile/0/000", "tile/entries/000"]);
        let edge: Vec<_> = log.edge().into_iter().map(|file| file.path).collect();
        assert_eq!(edge, ["tile/entries/001.p/57", "tile/0/001.p/57", "tile/1/000.p/1"]);
        assert_eq!(log.sealed(&ChainId::of(&identity(1, 1, 0))), 1);
        assert!(log.knows_boot("n1", 1) && !log.knows_boot("n1", 2));
    }

    #[test]
    fn a_damaged_segment_changes_nothing() {
        let whole = image(&identity(1, 0, 0), 9);
        let mut bytes = whole.bytes().to_vec();
        let last = bytes.len() - 20;
        bytes[last] ^= 1;
        let mut log = begin();
        let before = log.clone();
        assert!(log.seal(&SegmentImage::from_bytes(&bytes), 2_000).is_err());
        assert_eq!(log, before);
    }

    #[test]
    fn parts_that_do_not_belong_together_are_no_log() {
        let mut log = begin();
        log.seal(&image(&identity(1, 0, 0), 9), 2_000).unwrap();
        let kept: serde_json::Value = serde_json::from_slice(&log.to_bytes()).unwrap();
        for (field, value) in [
            ("size", serde_json::json!(10)),
            ("edge", serde_json::json!([])),
            ("bundle", serde_json::json!("")),
            ("bundle", serde_json::json!("AAA=")),
        ] {
            let mut other = kept.clone();
            other[field] = value;
            let read = Log::from_bytes(other.to_string().as_bytes());
            assert!(matches!(read, Err(LogError::Parts)), "{field}");
        }
        assert!(matches!(Log::from_bytes(b"{}"), Err(LogError::Json(_))));
    }
}
