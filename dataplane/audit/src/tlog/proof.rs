//! Proofs that a tree holds an entry, and that it goes on from a smaller one (RFC 6962, 2.1.1 and
//! 2.1.2): made from tiles, checked without them.
//!
//! Hashes stand in the order of the RFC, from the leaves up, which is also that of C2SP's tlog-proof and
//! tlog-witness. Checking follows RFC 9162, 2.1.3.2 and 2.1.4.2, and takes nothing for granted: sizes and
//! hashes may be anybody's.

use std::io;

use super::hash::Digest;
use super::tile::{Grade, TILE_WIDTH, Tile};
use super::tree::subtree_root;

/// Where a log's tiles are.
pub trait TileReader {
    /// The content of the file at this path, such as `tile/0/001.p/57`, within the log's folder.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
}

#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("{path}: {error}")]
    Io { path: String, error: io::Error },
    #[error("{path}: it is no tile of so many hashes")]
    Tile { path: String },
    #[error("a tree of {size} entries has nothing to say about {asked}")]
    Size { size: u64, asked: u64 },
}

/// Proves that the entry of this index, counted from 0, is in the tree of this size.
pub fn prove_inclusion(
    tiles: &impl TileReader,
    index: u64,
    size: u64,
) -> Result<Vec<Digest>, ProofError> {
    if index >= size {
        return Err(ProofError::Size { size, asked: index });
    }
    let tree = Tiled { tiles, size };
    let (mut low, mut high) = (0, size);
    let mut siblings = Vec::new();
    while high - low > 1 {
        let middle = split(low, high);
        let (own, sibling) = if index < middle {
            ((low, middle), (middle, high))
        } else {
            ((middle, high), (low, middle))
        };
        siblings.push(sibling);
        (low, high) = own;
    }
    tree.roots(siblings)
}

/// Proves that the tree of size `new` begins with the one of size `old`. Of none, and of the same, there
/// is nothing to prove.
pub fn prove_consistency(
    tiles: &impl TileReader,
    old: u64,
    new: u64,
) -> Result<Vec<Digest>, ProofError> {
    if old > new {
        return Err(ProofError::Size { size: new, asked: old });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let tree = Tiled { tiles, size: new };
    let (mut low, mut high) = (0, new);
    let mut parts = Vec::new();
    while high != old {
        let middle = split(low, high);
        if old <= middle {
            parts.push((middle, high));
            high = middle;
        } else {
            parts.push((low, middle));
            low = middle;
        }
    }
    // The old tree itself, if it is one subtree, is known to whoever asks.
    if low > 0 {
        parts.push((low, high));
    }
    tree.roots(parts)
}

/// Whether the tree of this size and root has, at this index, the entry with this leaf hash.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    root: &Digest,
    proof: &[Digest],
) -> bool {
    let Some(last) = size.checked_sub(1).filter(|&last| index <= last) else { return false };
    let mut climb = Climb { own: index, last };
    let mut hash = *leaf;
    for sibling in proof {
        match climb.step() {
            Some(Side::Left) => hash = Digest::node(sibling, &hash),
            Some(Side::Right) => hash = Digest::node(&hash, sibling),
            None => return false,
        }
    }
    climb.last == 0 && hash == *root
}

/// Whether the tree of the new size and root begins with the one of the old size and root. An old tree
/// of no entries is the beginning of each, and its proof is empty.
pub fn verify_consistency(old: (u64, &Digest), new: (u64, &Digest), proof: &[Digest]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == 0 {
        return *old_root == Digest::of(b"") && proof.is_empty();
    }
    if old_size >= new_size {
        return old_size == new_size && old_root == new_root && proof.is_empty();
    }
    // An old tree that is one subtree of the new one isn't repeated in the proof.
    let (first, rest) = match proof {
        rest if old_size.is_power_of_two() => (old_root, rest),
        [first, rest @ ..] => (first, rest),
        [] => return false,
    };
    let whole = (old_size - 1).trailing_ones();
    let mut climb = Climb { own: (old_size - 1) >> whole, last: (new_size - 1) >> whole };
    let (mut before, mut after) = (*first, *first);
    for hash in rest {
        match climb.step() {
            Some(Side::Left) => {
                before = Digest::node(hash, &before);
                after = Digest::node(hash, &after);
            }
            Some(Side::Right) => after = Digest::node(&after, hash),
            None => return false,
        }
    }
    climb.last == 0 && before == *old_root && after == *new_root
}

/// The way from a node to the root: the index of the own node on its level, and that of the last.
struct Climb {
    own: u64,
    last: u64,
}

/// Where the sibling stands.
enum Side {
    Left,
    Right,
}

impl Climb {
    /// To the next level on which the own node has a sibling; `None` at the root.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.own & 1 == 1 || self.own == self.last {
            // A last node without a sibling goes up as it is.
            let alone = self.own.trailing_zeros();
            self.up(alone);
            Side::Left
        } else {
            Side::Right
        };
        self.up(1);
        Some(side)
    }

    fn up(&mut self, levels: u32) {
        self.own = self.own.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }
}

/// Where a subtree over more than one entry is divided (RFC 6962, 2.1).
fn split(low: u64, high: u64) -> u64 {
    low + (1 << (high - low - 1).ilog2())
}

/// A tree of this size, by its tiles.
struct Tiled<'a, R> {
    tiles: &'a R,
    size: u64,
}

impl<R: TileReader> Tiled<'_, R> {
    /// The roots over these ranges of entries, which were met from the root down.
    fn roots(&self, ranges: Vec<(u64, u64)>) -> Result<Vec<Digest>, ProofError> {
        ranges.into_iter().rev().map(|(low, high)| self.root(low, high)).collect()
    }

    fn root(&self, low: u64, high: u64) -> Result<Digest, ProofError> {
        let count = high - low;
        if count.is_power_of_two() {
            let level = count.ilog2();
            return self.whole(level, low >> level);
        }
        let middle = split(low, high);
        Ok(Digest::node(&self.root(low, middle)?, &self.root(middle, high)?))
    }

    /// The node of this index on a level of the tree, all of whose leaves are there.
    fn whole(&self, level: u32, index: u64) -> Result<Digest, ProofError> {
        let grade = u8::try_from(level / 8).expect("sizes have 64 bits");
        let first = index << (level % 8);
        let width = TILE_WIDTH as u64;
        let left = (self.size >> (8 * u32::from(grade))) - first / width * width;
        let tile = Tile {
            grade: Grade::Hashes(grade),
            index: first / width,
            width: usize::try_from(left).unwrap_or(TILE_WIDTH).min(TILE_WIDTH),
        };
        let hashes = self.hashes(tile)?;
        let at = usize::try_from(first % width).expect("less than 256");
        Ok(subtree_root(&hashes[at..at + (1 << (level % 8))]))
    }

    fn hashes(&self, tile: Tile) -> Result<Vec<Digest>, ProofError> {
        let path = tile.path();
        let bytes = match self.tiles.read(&path) {
            Ok(bytes) => bytes,
            Err(error) => return Err(ProofError::Io { path, error }),
        };
        let (hashes, rest) = bytes.as_chunks();
        if hashes.len() != tile.width || !rest.is_empty() {
            return Err(ProofError::Tile { path });
        }
        Ok(hashes.iter().map(|&hash| Digest(hash)).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tlog_tiles::{Hash, check_record, check_tree, prove_record, prove_tree};

    use super::*;
    use crate::tlog::judge::Judge;
    use crate::tlog::tree::Tree;

    /// A log of so many entries, in tiles, beside the judge's.
    #[derive(Default)]
    struct Grown {
        tree: Tree,
        /// All roots, by size.
        roots: Vec<Digest>,
        full: BTreeMap<String, Vec<u8>>,
        edge: BTreeMap<String, Vec<u8>>,
        judge: Judge,
    }

    impl TileReader for Grown {
        fn read(&self, path: &str) -> io::Result<Vec<u8>> {
            let found = self.edge.get(path).or_else(|| self.full.get(path));
            found.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
        }
    }

    impl Grown {
        fn new() -> Self {
            Self { roots: vec![Digest::of(b"")], ..Self::default() }
        }

        fn grow(&mut self, size: u64) {
            let bytes = |hashes: &[Digest]| hashes.iter().flat_map(|hash| hash.0).collect();
            for index in self.tree.size()..size {
                let entry = index.to_le_bytes();
                self.judge.push(index, &entry);
                let full = &mut self.full;
                self.tree.push(Digest::leaf(&entry), |tile, hashes| {
                    full.insert(tile.path(), bytes(hashes));
                });
                self.roots.push(self.tree.root());
            }
            let edge = self.tree.edge().map(|(tile, hashes)| (tile.path(), bytes(hashes)));
            self.edge = edge.collect();
        }

        fn root(&self, size: u64) -> Digest {
            self.roots[usize::try_from(size).unwrap()]
        }
    }

    const SIZES: [u64; 22] = [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 64, 100, 255, 256, 257, 511, 512, 513, 700, 65_535, 65_536,
        66_001,
    ];

    /// Some of what is below a size: all of a small one.
    fn below(size: u64) -> impl Iterator<Item = u64> {
        let step = if size <= 700 { 1 } else { 911 };
        (0..size).step_by(step).chain([size - 1])
    }

    fn theirs(proof: &[Digest]) -> Vec<Hash> {
        proof.iter().map(|hash| Hash(hash.0)).collect()
    }

    /// The proof with one hash changed, left out or added: none of them is one.
    fn spoilt(proof: &[Digest]) -> impl Iterator<Item = Vec<Digest>> {
        let changed = (0..proof.len()).map(|at| {
            let mut changed = proof.to_vec();
            changed[at].0[at % 32] ^= 1;
            changed
        });
        let without = (0..proof.len()).map(|at| {
            let mut without = proof.to_vec();
            without.remove(at);
            without
        });
        let more = [proof, &[Digest::of(b"more")]].concat();
        changed.chain(without).chain([more])
    }

    #[test]
    fn an_entry_is_proved_to_be_in_the_log_as_another_implementation_does() {
        let mut log = Grown::new();
        for size in SIZES {
            log.grow(size);
            let root = log.root(size);
            for index in below(size) {
                let leaf = Digest::leaf(&index.to_le_bytes());
                let proof = prove_inclusion(&log, index, size).unwrap();
                assert_eq!(theirs(&proof), prove_record(size, index, &log.judge).unwrap());
                check_record(&theirs(&proof), size, Hash(root.0), index, Hash(leaf.0)).unwrap();
                assert!(verify_inclusion(&leaf, index, size, &root, &proof), "{index} of {size}");
                for spoilt in spoilt(&proof) {
                    assert!(!verify_inclusion(&leaf, index, size, &root, &spoilt));
                }
                assert!(!verify_inclusion(&leaf, index ^ 1, size, &root, &proof));
                assert!(!verify_inclusion(&Digest::of(b""), index, size, &root, &proof));
            }
        }
    }

    #[test]
    fn a_log_is_proved_to_go_on_from_a_smaller_one_as_another_implementation_does() {
        let mut log = Grown::new();
        for size in SIZES {
            log.grow(size);
            let root = log.root(size);
            for old in below(size).map(|index| index + 1) {
                let old_root = log.root(old);
                let proof = prove_consistency(&log, old, size).unwrap();
                if old < size {
                    assert_eq!(theirs(&proof), prove_tree(size, old, &log.judge).unwrap());
                }
                let (theirs, hash) = (theirs(&proof), |digest: Digest| Hash(digest.0));
                let other = Digest::of(b"another");
                check_tree(&theirs, size, hash(root), old, hash(old_root)).unwrap();
                let holds = |old_root, root, proof: &[Digest]| {
                    verify_consistency((old, old_root), (size, root), proof)
                };
                assert!(holds(&old_root, &root, &proof), "{old} of {size}");
                for spoilt in spoilt(&proof) {
                    assert!(!holds(&old_root, &root, &spoilt), "{old} of {size}");
                }
                assert!(!holds(&other, &root, &proof));
                assert!(!holds(&old_root, &other, &proof));
            }
        }
    }

    #[test]
    fn of_an_empty_log_there_is_nothing_to_prove() {
        let mut log = Grown::new();
        log.grow(3);
        let (empty, root) = (Digest::of(b""), log.root(3));
        assert!(prove_consistency(&log, 0, 3).unwrap().is_empty());
        assert!(verify_consistency((0, &empty), (3, &root), &[]));
        assert!(!verify_consistency((0, &empty), (3, &root), &[root]));
        assert!(!verify_consistency((0, &root), (3, &root), &[]));
        assert!(!verify_inclusion(&empty, 0, 0, &empty, &[]));
    }

    #[test]
    fn what_no_tree_has_is_not_proved() {
        let mut log = Grown::new();
        log.grow(300);
        assert!(matches!(prove_inclusion(&log, 300, 300), Err(ProofError::Size { .. })));
        assert!(matches!(prove_consistency(&log, 301, 300), Err(ProofError::Size { .. })));
        assert!(matches!(prove_inclusion(&log, 0, 301), Err(ProofError::Io { .. })));
        log.edge.get_mut("tile/0/001.p/44").unwrap().pop();
        assert!(matches!(prove_inclusion(&log, 299, 300), Err(ProofError::Tile { .. })));
    }

    #[test]
    fn sizes_of_strangers_are_no_panic() {
        let hash = Digest::of(b"");
        let proof = vec![hash; 70];
        for one in [0, 1, 2, 3, u64::MAX / 2 + 1, u64::MAX - 1, u64::MAX] {
            for other in [0, 1, 2, 3, u64::MAX / 2 + 1, u64::MAX - 1, u64::MAX] {
                for length in [0, 1, 63, 64, 70] {
                    let _ = verify_inclusion(&hash, one, other, &hash, &proof[..length]);
                    let _ = verify_consistency((one, &hash), (other, &hash), &proof[..length]);
                }
            }
        }
    }
}
