//! Names of files in the segment folder and the shipped folder.

use crate::Identity;
use crate::tlog::{CHECKPOINT_FILE_NAME, Tile};

/// `<node>-<boot>-<shard>-<index>.seg`, numbers padded so that names sort in order.
pub fn segment_file_name(identity: &Identity) -> String {
    format!("{}.seg", stem(identity))
}

/// What a file in a shipped folder is, by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Checkpoint,
    Tile(Tile),
    Segment(Identity),
    /// An upload that has not been renamed to its own name.
    Partial,
    Unknown,
}

/// Paths are canonical: each file has one.
pub(crate) fn classify(path: &str) -> FileKind {
    if path == CHECKPOINT_FILE_NAME {
        return FileKind::Checkpoint;
    }
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    if name.starts_with(PARTIAL_PREFIX) {
        return FileKind::Partial;
    }
    let segment = || parse_segment_file_name(path).map(FileKind::Segment);
    Tile::parse(path).map(FileKind::Tile).or_else(segment).unwrap_or(FileKind::Unknown)
}

/// Begins the name of a file that is being written, until it is renamed.
pub const PARTIAL_PREFIX: &str = ".partial-";

/// The identity that a segment's file name gives, if it is one.
pub fn parse_segment_file_name(name: &str) -> Option<Identity> {
    parse_stem(name.strip_suffix(".seg")?)
}

fn stem(identity: &Identity) -> String {
    let Identity { node, boot, shard, index } = identity;
    format!("{node}-{boot:010}-{shard:05}-{index:010}")
}

fn parse_stem(text: &str) -> Option<Identity> {
    let mut parts = text.rsplitn(4, '-');
    let index = parts.next()?.parse().ok()?;
    let shard = parts.next()?.parse().ok()?;
    let boot = parts.next()?.parse().ok()?;
    let node = parts.next()?.to_owned();
    let identity = Identity { node, boot, shard, index };
    (identity.is_valid() && stem(&identity) == text).then_some(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(node: &str) -> Identity {
        Identity { node: node.to_owned(), boot: 7, shard: 1, index: 12 }
    }

    #[test]
    fn a_name_says_which_segment_it_is() {
        for node in ["n", "gateway-1", "a.b-c_d"] {
            let name = segment_file_name(&identity(node));
            assert_eq!(parse_segment_file_name(&name), Some(identity(node)));
            assert_eq!(classify(&name), FileKind::Segment(identity(node)));
        }
    }

    #[test]
    fn names_sort_in_the_order_of_the_log() {
        let mut later = identity("n");
        later.index = 1_000;
        assert!(segment_file_name(&identity("n")) < segment_file_name(&later));
    }

    #[test]
    fn a_name_that_is_not_canonical_is_unknown() {
        for name in [
            "n-7-1-12.seg",
            "n-0000000007-00001-+000000012.seg",
            "-0000000007-00001-0000000012.seg",
            "../n-0000000007-00001-0000000012.seg",
            "n-0000000007-70000-0000000012.seg",
            "n-0000000007-00001-0000000012.seg ",
            "n-0000000007-00001-0000000012",
            "",
        ] {
            assert_eq!(classify(name), FileKind::Unknown, "{name}");
        }
    }
}
