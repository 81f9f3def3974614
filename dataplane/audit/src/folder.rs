//! Names of files in the segment folder and the shipped folder.

use crate::Identity;

/// The signed note over the heads of all seal chains.
pub const HEAD_FILE_NAME: &str = "head";

/// `<node>-<boot>-<shard>-<index>.seg`, numbers padded so that names sort in order.
pub fn segment_file_name(identity: &Identity) -> String {
    format!("{}.seg", stem(identity))
}

/// The same with `.seal`.
pub fn seal_file_name(identity: &Identity) -> String {
    format!("{}.seal", stem(identity))
}

/// What a file in a shipped folder is, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Segment(Identity),
    Seal(Identity),
    Head,
    /// An upload that has not been renamed to its own name.
    Partial,
    Unknown,
}

/// Names are canonical: only what the functions above produce is a segment or a seal.
pub(crate) fn classify(name: &str) -> FileKind {
    if name == HEAD_FILE_NAME {
        return FileKind::Head;
    }
    if name.starts_with(PARTIAL_PREFIX) {
        return FileKind::Partial;
    }
    match name.rsplit_once('.') {
        Some((stem, "seg")) => parse_stem(stem).map_or(FileKind::Unknown, FileKind::Segment),
        Some((stem, "seal")) => parse_stem(stem).map_or(FileKind::Unknown, FileKind::Seal),
        _ => FileKind::Unknown,
    }
}

/// Begins the name of a file that is being written, until it is renamed.
pub const PARTIAL_PREFIX: &str = ".partial-";

/// The identity that a segment's file name gives, if it is one.
pub fn parse_segment_file_name(name: &str) -> Option<Identity> {
    match classify(name) {
        FileKind::Segment(identity) => Some(identity),
        _ => None,
    }
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
            assert_eq!(classify(&seal_file_name(&identity(node))), FileKind::Seal(identity(node)));
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
