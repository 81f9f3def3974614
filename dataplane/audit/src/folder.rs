//! Names of files in the segment folder and the shipped folder.

use crate::Identity;

/// `<node>-<boot>-<shard>-<index>.seg`, numbers padded so that names sort in order.
pub fn segment_file_name(identity: &Identity) -> String {
    let _ = identity;
    todo!()
}

/// The same with `.seal`.
pub fn seal_file_name(identity: &Identity) -> String {
    let _ = identity;
    todo!()
}
