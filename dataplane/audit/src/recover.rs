//! What control does with the segments of a process that died.

use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub records: u64,
    /// Bytes behind the last committed record that are not zero: a record that was being written.
    pub torn_bytes: u64,
}

/// Finds the last committed record of an unfinished segment and appends a `Recovery` record, so
/// that the segment can be sealed.
pub fn recover(path: &Path) -> std::io::Result<Recovered> {
    let _ = path;
    todo!()
}
