//! Tiles and bundles: what they are called, which of them a log has, and how a bundle lists entries.

/// Hashes of a full tile, and entries of a full bundle.
pub(crate) const TILE_WIDTH: usize = 256;

/// Levels of tiles that a log of fewer than 2^64 entries can have.
const MAX_LEVELS: u8 = 8;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    Entries,
    /// Hashes of the tree's level of eight times this.
    Hashes(u8),
}

/// One file of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tile {
    pub(crate) grade: Grade,
    pub(crate) index: u64,
    /// From 1 to [`TILE_WIDTH`].
    pub(crate) width: usize,
}

impl Tile {
    pub(crate) fn full(grade: Grade, index: u64) -> Self {
        Self { grade, index, width: TILE_WIDTH }
    }

    /// The file's path within the folder of the log.
    pub(crate) fn path(&self) -> String {
        let Self { grade, index, width } = *self;
        let grade = match grade {
            Grade::Entries => "entries".to_owned(),
            Grade::Hashes(level) => level.to_string(),
        };
        let mut number = format!("{:03}", index % 1_000);
        let mut rest = index / 1_000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1_000);
            rest /= 1_000;
        }
        let partial = if width == TILE_WIDTH { String::new() } else { format!(".p/{width}") };
        format!("tile/{grade}/{number}{partial}")
    }

    /// The tile that has this path. Paths are canonical: only what [`Tile::path`] answers is one.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let (grade, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let grade = match grade {
            "entries" => Grade::Entries,
            level => Grade::Hashes(level.parse().ok()?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (rest, TILE_WIDTH),
        };
        let mut index = 0_u64;
        for part in number.split('/') {
            let digits: u64 = part.strip_prefix('x').unwrap_or(part).parse().ok()?;
            index = index.checked_mul(1_000)?.checked_add(digits)?;
        }
        let tile = Self { grade, index, width };
        let exists = (1..=TILE_WIDTH).contains(&width) && grade < Grade::Hashes(MAX_LEVELS);
        (exists && tile.path() == path).then_some(tile)
    }
}

/// The entries in a bundle, or in what is left of one.
pub(crate) struct Bundle<'a>(pub(crate) &'a [u8]);

impl Bundle<'_> {
    /// Adds an entry to a bundle that is being written.
    pub(crate) fn add(bundle: &mut Vec<u8>, entry: &[u8]) {
        let length = u16::try_from(entry.len()).expect("no entry is so long");
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
}

/// An entry, or `Err` once if the bundle breaks off within one.
impl<'a> Iterator for Bundle<'a> {
    type Item = Result<&'a [u8], ()>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let entry = self.0.split_first_chunk::<2>().and_then(|(length, rest)| {
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        });
        self.0 = entry.map_or(&[][..], |(_, rest)| rest);
        Some(entry.map(|(entry, _)| entry).ok_or(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_which_tile_it_is() {
        for (grade, index, width, path) in [
            (Grade::Hashes(0), 0, 256, "tile/0/000"),
            (Grade::Hashes(1), 1_234_067, 256, "tile/1/x001/x234/067"),
            (Grade::Entries, 67, 8, "tile/entries/067.p/8"),
            (Grade::Hashes(5), 1_000, 255, "tile/5/x001/000.p/255"),
        ] {
            let tile = Tile { grade, index, width };
            assert_eq!(tile.path(), path);
            assert_eq!(Tile::parse(path), Some(tile));
        }
    }

    #[test]
    fn a_path_in_another_form_is_none() {
        for path in [
            "tile/0/00",
            "tile/0/0000",
            "tile/00/000",
            "tile/0/x000/000",
            "tile/0/001/000",
            "tile/0/x001/x000",
            "tile/0/000.p/256",
            "tile/0/000.p/0",
            "tile/0/000.p/08",
            "tile/0/000.p/+8",
            "tile/0/000.p",
            "tile/data/000",
            "tile/256/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/0/",
            "tile/0",
            "checkpoint",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_bundle_lists_its_entries_and_says_where_it_breaks_off() {
        let mut bundle = Vec::new();
        Bundle::add(&mut bundle, b"one");
        Bundle::add(&mut bundle, b"");
        Bundle::add(&mut bundle, b"three");
        let entries: Vec<_> = Bundle(&bundle).collect();
        assert_eq!(entries, [Ok(&b"one"[..]), Ok(b""), Ok(b"three")]);
        bundle.pop();
        assert_eq!(Bundle(&bundle).last(), Some(Err(())));
        assert_eq!(Bundle(&bundle[..6]).collect::<Vec<_>>(), [Ok(&b"one"[..]), Err(())]);
    }
}
