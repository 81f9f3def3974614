//! Judges the log itself: whether its tiles and bundles are those of the checkpoint, and which
//! segments it seals.
//!
//! The tree is built anew from the entries, and all tiles compared with it. Where that does not give the
//! checkpoint's root, the hash tiles may: then they tell which entries differ.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::inventory::{self, Inventory};
use super::{Findings, FirstBad, parallel};
use crate::entry::{self, Origin, Own, Seal};
use crate::tlog::{Bundle, Checkpoint, Digest, Grade, TILE_WIDTH, Tile, VerifierKey, subtree_root};

/// A full bundle of the longest entries.
pub(super) const MAX_BUNDLE_BYTES: u64 = TILE_WIDTH as u64 * (2 + entry::MAX_BYTES as u64);

/// What the log says, as far as it could be read.
pub(super) struct ReadLog {
    /// In the order of the log.
    pub(super) seals: Vec<SealAt>,
    /// Entries in front of the first that is not the checkpoint's.
    pub(super) authentic: u64,
}

/// A seal and its place: the entries of its records are the `records` in front of it.
pub(super) struct SealAt {
    pub(super) entry: u64,
    pub(super) seal: Seal,
}

/// One bundle with its tile of hashes.
struct Judged {
    index: u64,
    /// The leaves, as the entries have them; as the tile has them where there are no entries.
    leaves: Option<Leaves>,
    /// As the tile has them, where that differs.
    as_tiled: Option<Leaves>,
    /// The first entry that the tile has another hash for, and the files that disagree.
    differs: Option<Differs>,
    /// Entries of the log's own and where they stand.
    own: Vec<(u64, Vec<u8>)>,
    entries_known: bool,
    findings: Findings,
}

struct Differs {
    entry: u64,
    bundle: FirstBad,
    tile: FirstBad,
}

/// The hashes of the last bundle's leaves, which may be fewer than a tile has, or their root.
#[derive(Clone)]
enum Leaves {
    Root(Digest),
    Last(Vec<Digest>),
}

impl Leaves {
    fn of(hashes: Vec<Digest>) -> Self {
        if hashes.len() == TILE_WIDTH {
            Self::Root(subtree_root(&hashes))
        } else {
            Self::Last(hashes)
        }
    }
}

/// The log's first entry, not yet judged: it names the key that the log began with.
pub(super) fn read_origin(folder: &Path, inventory: &Inventory) -> Option<Origin> {
    let file = inventory.of_tile(Grade::Entries, 0).next()?;
    let bytes = inventory::read(folder, &file.path(), MAX_BUNDLE_BYTES).ok()?;
    let first = Bundle(&bytes).next()?.ok()?;
    match Own::decode(first, 0)? {
        Own::Origin(origin) => Some(origin),
        Own::Seal(_) => None,
    }
}

pub(super) fn judge_log(
    folder: &Path,
    inventory: &Inventory,
    checkpoint: &Checkpoint,
    findings: &mut Findings,
) -> ReadLog {
    let reader = Reader { folder, inventory };
    let bundles = reader.bundles(checkpoint.size, findings);
    let mut judged = parallel::map(&bundles, |bundle, (): &mut ()| reader.judge(bundle));
    for judged in &mut judged {
        findings.absorb(std::mem::take(&mut judged.findings));
    }
    reader.report_newer(checkpoint.size, findings);
    let all = bundles.len() as u64 == checkpoint.size.div_ceil(TILE_WIDTH as u64);
    let authentic = if all { reader.judge_tree(checkpoint, &judged, findings) } else { 0 };
    let log = ReadLog { seals: Vec::new(), authentic };
    OwnWalk { checkpoint, log, next: 0, sequence: 0, begun: false, gap: false }
        .over(&judged, findings)
}

/// Where more bundles are missing than this, nobody asks which: a checkpoint may count 2^64 entries.
const MAX_MISSING: u64 = 1 << 16;

struct Reader<'a> {
    folder: &'a Path,
    inventory: &'a Inventory,
}

impl Reader<'_> {
    /// The bundles to judge: all that a log of this size has, or, where hardly any of them are here,
    /// those.
    fn bundles(&self, size: u64, findings: &mut Findings) -> Vec<Tile> {
        let count = size.div_ceil(TILE_WIDTH as u64);
        let of_leaves = |tile: &Tile| tile.grade <= Grade::Hashes(0) && tile.index < count;
        let here: BTreeSet<u64> =
            self.inventory.tiles().filter(of_leaves).map(|tile| tile.index).collect();
        let missing = count - here.len() as u64;
        if missing > MAX_MISSING {
            findings.missing(format!("{missing} of the log's {count} bundles are missing"));
            return here.into_iter().map(|index| bundle(size, index)).collect();
        }
        (0..count).map(|index| bundle(size, index)).collect()
    }

    fn judge(&self, bundle: &Tile) -> Judged {
        let mut findings = Findings::default();
        let first = bundle.index * TILE_WIDTH as u64;
        let entries = self.read_widest(bundle, MAX_BUNDLE_BYTES, &mut findings);
        let entries = entries.and_then(|bytes| {
            split(&bytes, bundle.width).or_else(|| {
                findings
                    .tampered(FirstBad::file(bundle.path(), "it is no bundle of so many entries"));
                None
            })
        });
        let tile = Tile { grade: Grade::Hashes(0), ..*bundle };
        let tiled = self.read_hashes(&tile, &mut findings);
        let computed: Option<Vec<Digest>> = entries
            .as_ref()
            .map(|entries| entries.iter().map(|entry| Digest::leaf(entry)).collect());
        let at = computed.as_ref().zip(tiled.as_ref()).and_then(|(computed, tiled)| {
            computed.iter().zip(tiled).position(|(computed, tiled)| computed != tiled)
        });
        let differs = at.map(|at| {
            let entry = first + at as u64;
            let text = |what| format!("entry {entry} is not the one that the {what} has");
            Differs {
                entry,
                bundle: FirstBad::entry(bundle.path(), entry, text("log")),
                tile: FirstBad::entry(tile.path(), entry, text("bundle")),
            }
        });
        let as_tiled = tiled.clone().filter(|_| differs.is_some()).map(Leaves::of);
        let numbered = (first..).zip(entries.iter().flatten());
        let own = numbered.filter(|(_, entry)| !entry::is_of_a_record(entry));
        Judged {
            index: bundle.index,
            own: own.map(|(at, entry)| (at, entry.clone())).collect(),
            entries_known: entries.is_some(),
            leaves: computed.or(tiled).map(Leaves::of),
            as_tiled,
            differs,
            findings,
        }
    }

    /// Compares the tree with the checkpoint and the upper tiles with the tree. Answers how many
    /// entries are the checkpoint's.
    fn judge_tree(
        &self,
        checkpoint: &Checkpoint,
        judged: &[Judged],
        findings: &mut Findings,
    ) -> u64 {
        let root = |leaves: &dyn Fn(&Judged) -> Option<Leaves>, findings: &mut Findings| {
            self.climb(judged.iter().map(leaves).collect(), checkpoint.size, findings)
        };
        let mut upper = Findings::default();
        let by_entries = root(&|judged| judged.leaves.clone(), &mut upper);
        if by_entries == Some(checkpoint.root) {
            let tiles = judged.iter().filter_map(|judged| judged.differs.as_ref());
            tiles.for_each(|differs| findings.tampered(differs.tile.clone()));
            findings.absorb(upper);
            return checkpoint.size;
        }
        let differs: Vec<_> = judged.iter().filter_map(|judged| judged.differs.as_ref()).collect();
        let mut upper_by_tiles = Findings::default();
        let by_tiles =
            root(&|it| it.as_tiled.clone().or_else(|| it.leaves.clone()), &mut upper_by_tiles);
        match (by_tiles, differs.first()) {
            (Some(root), Some(first)) if root == checkpoint.root => {
                differs.iter().for_each(|differs| findings.tampered(differs.bundle.clone()));
                findings.absorb(upper_by_tiles);
                first.entry
            }
            (Some(_), first) => {
                let reason = "its root is not that of the log's entries";
                let bad = first.map(|differs| differs.bundle.clone());
                findings.tampered(bad.unwrap_or_else(|| FirstBad::checkpoint(reason)));
                0
            }
            // What is missing has been told.
            (None, _) => {
                findings.absorb(upper);
                0
            }
        }
    }

    /// From the leaves to the root, level by level, looking at the tiles on the way. `None` if a part
    /// is not known.
    fn climb(
        &self,
        leaves: Vec<Option<Leaves>>,
        size: u64,
        findings: &mut Findings,
    ) -> Option<Digest> {
        let mut complete = true;
        let mut below: Option<Digest> = None;
        let mut level: Vec<Option<Digest>> = Vec::new();
        for leaves in leaves {
            match leaves {
                Some(Leaves::Root(root)) => level.push(Some(root)),
                Some(Leaves::Last(hashes)) => below = Some(subtree_root(&hashes)),
                None => level.push(None),
            }
        }
        // A last bundle of which nothing is known was not full.
        let full = usize::try_from(size / TILE_WIDTH as u64).unwrap_or(usize::MAX);
        complete &= level.len() == full;
        level.truncate(full);
        for number in 1_u8.. {
            if level.is_empty() {
                break;
            }
            let mut above = Vec::new();
            for (index, hashes) in (0..).zip(level.chunks_mut(TILE_WIDTH)) {
                let tile = Tile { grade: Grade::Hashes(number), index, width: hashes.len() };
                self.judge_upper(&tile, hashes, findings);
                let known: Option<Vec<Digest>> = hashes.iter().copied().collect();
                complete &= known.is_some();
                if hashes.len() == TILE_WIDTH {
                    above.push(known.map(|hashes| subtree_root(&hashes)));
                } else {
                    below = known.map(|mut hashes| {
                        hashes.extend(below);
                        subtree_root(&hashes)
                    });
                }
            }
            level = above;
        }
        below.filter(|_| complete).or_else(|| (size == 0).then(|| Digest::of(b"")))
    }

    /// Compares an upper tile with what was computed, and takes from it what could not be.
    fn judge_upper(&self, tile: &Tile, hashes: &mut [Option<Digest>], findings: &mut Findings) {
        let Some(tiled) = self.read_hashes(tile, findings) else { return };
        for (computed, tiled) in hashes.iter_mut().zip(tiled) {
            match computed {
                Some(computed) if *computed != tiled => {
                    let reason = "it holds a hash that is not that of the tiles below";
                    findings.tampered(FirstBad::file(tile.path(), reason));
                    return;
                }
                Some(_) => {}
                None => *computed = Some(tiled),
            }
        }
    }

    fn read_hashes(&self, tile: &Tile, findings: &mut Findings) -> Option<Vec<Digest>> {
        let bytes = self.read_widest(tile, (TILE_WIDTH * 32) as u64, findings)?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() < tile.width || !rest.is_empty() {
            findings.tampered(FirstBad::file(tile.path(), "it is no tile of so many hashes"));
            return None;
        }
        Some(hashes[..tile.width].iter().copied().map(Digest).collect())
    }

    /// The content of the widest file of a tile. Narrower ones must be its beginning.
    fn read_widest(&self, tile: &Tile, at_most: u64, findings: &mut Findings) -> Option<Vec<u8>> {
        let mut widest: Option<(Tile, Vec<u8>)> = None;
        for file in self.inventory.of_tile(tile.grade, tile.index) {
            let path = file.path();
            let bytes = match inventory::read(self.folder, &path, at_most) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                    findings.tampered(FirstBad::file(path, error));
                    continue;
                }
                Err(error) => {
                    findings.unreadable(FirstBad::file(path, error));
                    continue;
                }
            };
            if !holds_as_many(&file, &bytes) {
                findings.tampered(FirstBad::file(
                    path,
                    "it is no tile of the width that its name says",
                ));
                continue;
            }
            match &widest {
                None => widest = Some((file, bytes)),
                Some((_, wider)) if wider.starts_with(&bytes) => {}
                Some(_) => {
                    let reason = "it is not the beginning of the wider tile";
                    findings.tampered(FirstBad::file(path, reason));
                }
            }
        }
        let found = widest.filter(|(file, _)| file.width >= tile.width).map(|(_, bytes)| bytes);
        if found.is_none() {
            findings.missing(format!("{} is missing", tile.path()));
        }
        found
    }

    /// Tiles of entries that the checkpoint does not count.
    fn report_newer(&self, size: u64, findings: &mut Findings) {
        for tile in self.inventory.tiles() {
            let shift = match tile.grade {
                Grade::Entries => 0,
                Grade::Hashes(level) => 8 * u32::from(level),
            };
            let count = size.checked_shr(shift).unwrap_or(0);
            let upto =
                tile.index.saturating_mul(TILE_WIDTH as u64).saturating_add(tile.width as u64);
            if upto > count {
                findings
                    .missing(format!("{}: the checkpoint is older than this tile", tile.path()));
            }
        }
    }
}

/// The bundle of this number in a log of this size.
fn bundle(size: u64, index: u64) -> Tile {
    let left = size - index * TILE_WIDTH as u64;
    let width = usize::try_from(left).unwrap_or(TILE_WIDTH).min(TILE_WIDTH);
    Tile { grade: Grade::Entries, index, width }
}

/// The entries of a bundle, of which the first `width` are asked for.
fn split(bytes: &[u8], width: usize) -> Option<Vec<Vec<u8>>> {
    let entries: Result<Vec<_>, ()> = Bundle(bytes).take(width).collect();
    let entries = entries.ok().filter(|entries| entries.len() == width)?;
    let fits = entries.iter().all(|entry| entry.len() <= entry::MAX_BYTES);
    fits.then(|| entries.into_iter().map(<[u8]>::to_vec).collect())
}

fn holds_as_many(file: &Tile, bytes: &[u8]) -> bool {
    match file.grade {
        Grade::Entries => {
            Bundle(bytes).try_fold(0, |count, entry| entry.map(|_| count + 1)) == Ok(file.width)
        }
        Grade::Hashes(_) => bytes.len() == file.width * 32,
    }
}

/// Reads the log's own entries in order. All that stands between them is records.
struct OwnWalk<'a> {
    checkpoint: &'a Checkpoint,
    log: ReadLog,
    /// Behind the last of the log's own entries.
    next: u64,
    /// Of the next one.
    sequence: u64,
    /// The log's origin has been read, or could not be.
    begun: bool,
    /// Entries behind the last one could not be read.
    gap: bool,
}

impl OwnWalk<'_> {
    fn over(mut self, judged: &[Judged], findings: &mut Findings) -> ReadLog {
        let mut next_index = 0;
        for bundle in judged {
            if !bundle.entries_known || bundle.index != next_index {
                (self.begun, self.gap) = (true, true);
                self.log.authentic = self.log.authentic.min(bundle.index * TILE_WIDTH as u64);
            }
            next_index = bundle.index + 1;
            for (at, bytes) in &bundle.own {
                if let Err(reason) = self.read(*at, bytes) {
                    self.refuse(*at, reason, findings);
                }
                self.next = at + 1;
            }
        }
        let whole = next_index == self.checkpoint.size.div_ceil(TILE_WIDTH as u64);
        if whole && !self.gap && self.next != self.checkpoint.size {
            self.refuse(self.next, "no seal stands behind the last records", findings);
        }
        self.log
    }

    fn refuse(&mut self, at: u64, reason: &str, findings: &mut Findings) {
        let bundle = Tile::full(Grade::Entries, at / TILE_WIDTH as u64);
        findings.tampered(FirstBad::entry(bundle.path(), at, reason));
        self.log.authentic = self.log.authentic.min(at);
        (self.begun, self.gap) = (true, true);
    }

    fn read(&mut self, at: u64, bytes: &[u8]) -> Result<(), &'static str> {
        if self.gap {
            self.sequence = entry::sequence(bytes).unwrap_or_default();
        }
        let own = Own::decode(bytes, self.sequence);
        self.sequence = self.sequence.wrapping_add(1);
        match own.ok_or("it is no entry of the log's own, or not the next one")? {
            Own::Origin(origin) if at == 0 && origin.origin == self.checkpoint.origin => {
                let key = origin.key.parse::<VerifierKey>();
                key.map_err(|_| "the key that the log begins with is none")?;
                self.begun = true;
            }
            Own::Origin(_) => return Err("it is the origin of another log"),
            Own::Seal(_) if !self.begun => return Err("the log does not begin with its origin"),
            Own::Seal(seal) => {
                let first = at.checked_sub(seal.records);
                let follows =
                    |&first: &u64| if self.gap { first >= self.next } else { first == self.next };
                first
                    .filter(follows)
                    .ok_or("other records stand in front of this seal than it counts")?;
                self.log.seals.push(SealAt { entry: at, seal });
            }
        }
        self.gap = false;
        Ok(())
    }
}
