//! The tree of RFC 6962, grown leaf by leaf, of which only the right edge is kept.

use super::hash::Digest;
use super::tile::{Grade, TILE_WIDTH, Tile};

/// A tree's size and the hashes of its unfinished tiles, from the leaves up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    size: u64,
    /// By level of tiles: fewer than [`TILE_WIDTH`] hashes each.
    edge: Vec<Vec<Digest>>,
}

impl Tree {
    /// A tree of this size with this right edge; `None` if there is no such tree.
    pub(crate) fn with_edge(size: u64, edge: Vec<Vec<Digest>>) -> Option<Self> {
        let width = |level: usize| {
            let shift = u32::try_from(level).ok()?.checked_mul(8)?;
            usize::try_from(size.checked_shr(shift).unwrap_or(0) % TILE_WIDTH as u64).ok()
        };
        let fits =
            edge.iter().enumerate().all(|(level, hashes)| width(level) == Some(hashes.len()));
        let whole = size.checked_shr(8 * u32::try_from(edge.len()).ok()?).unwrap_or(0) == 0;
        (fits && whole).then_some(Self { size, edge })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. `full` is told each tile that it fills.
    pub(crate) fn push(&mut self, leaf: Digest, mut full: impl FnMut(Tile, &[Digest])) {
        let index = self.size;
        self.size += 1;
        let mut hash = leaf;
        for level in 0_u8.. {
            if self.edge.len() == usize::from(level) {
                self.edge.push(Vec::new());
            }
            let hashes = &mut self.edge[usize::from(level)];
            hashes.push(hash);
            if hashes.len() < TILE_WIDTH {
                return;
            }
            full(Tile::full(Grade::Hashes(level), index >> (8 * (u32::from(level) + 1))), hashes);
            hash = subtree_root(hashes);
            hashes.clear();
        }
    }

    /// The tiles that are not full, from the leaves up.
    pub(crate) fn edge(&self) -> impl Iterator<Item = (Tile, &[Digest])> {
        let levels = (0_u8..).zip(&self.edge).filter(|(_, hashes)| !hashes.is_empty());
        levels.map(|(level, hashes)| {
            let index = self.size.checked_shr(8 * (u32::from(level) + 1)).unwrap_or(0);
            (Tile { grade: Grade::Hashes(level), index, width: hashes.len() }, hashes.as_slice())
        })
    }

    /// The same, empty levels included.
    pub(crate) fn levels(&self) -> &[Vec<Digest>] {
        &self.edge
    }

    pub(crate) fn root(&self) -> Digest {
        let mut below: Option<Digest> = None;
        for hashes in &self.edge {
            let mut hashes = hashes.clone();
            hashes.extend(below);
            below = (!hashes.is_empty()).then(|| subtree_root(&hashes));
        }
        below.unwrap_or_else(|| Digest::of(b""))
    }
}

/// The hash over subtrees of one size, of which the last may be smaller (RFC 6962, 2.1).
pub(crate) fn subtree_root(hashes: &[Digest]) -> Digest {
    match hashes {
        [] => Digest::of(b""),
        [one] => *one,
        more => {
            let split = more.len().next_power_of_two() / 2;
            let (left, right) = more.split_at(split);
            Digest::node(&subtree_root(left), &subtree_root(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use tlog_tiles::tree_hash;

    use super::*;
    use crate::tlog::judge::Judge;

    #[test]
    fn roots_are_those_of_another_implementation() {
        let mut tree = Tree::default();
        let mut judge = Judge::default();
        assert_eq!(tree.root(), Digest::of(b""));
        for index in 0..66_000_u64 {
            let entry = index.to_le_bytes();
            tree.push(Digest::leaf(&entry), |_, _| {});
            judge.push(index, &entry);
            let size = index + 1;
            if size < 600 || size % 4_001 == 0 || (65_530..65_550).contains(&size) {
                assert_eq!(tree.root().0, tree_hash(size, &judge).unwrap().0, "size {size}");
            }
        }
    }

    #[test]
    fn tiles_have_the_content_and_the_paths_of_another_implementation() {
        let mut tree = Tree::default();
        let mut judge = Judge::default();
        let check = |tile: Tile, hashes: &[Digest], judge: &Judge| {
            let Grade::Hashes(level) = tile.grade else { panic!("no bundles here") };
            let width = u32::try_from(tile.width).unwrap();
            let theirs = tlog_tiles::Tile::new(8, level, tile.index, width, false);
            let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
            assert_eq!(theirs.read_data(judge).unwrap(), bytes);
            assert_eq!(theirs.path().replacen("tile/8/", "tile/", 1), tile.path());
        };
        for index in 0..70_000_u64 {
            let entry = index.to_le_bytes();
            judge.push(index, &entry);
            tree.push(Digest::leaf(&entry), |tile, hashes| check(tile, hashes, &judge));
        }
        assert_eq!(tree.edge().count(), 3);
        for (tile, hashes) in tree.edge() {
            check(tile, hashes, &judge);
        }
        let again = Tree::with_edge(tree.size(), tree.levels().to_vec());
        assert_eq!(again.as_ref(), Some(&tree));
        assert_eq!(Tree::with_edge(tree.size() + 1, tree.levels().to_vec()), None);
    }
}
