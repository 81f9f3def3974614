//! Writing files and folders that did not exist, with the mode they are to have from the start.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// For the owner alone: what signs, opens or identifies.
pub(crate) fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    write(path, text, 0o600)
}

pub(crate) fn write_public(path: &Path, text: &[u8]) -> io::Result<()> {
    write(path, text, 0o644)
}

/// Refuses a file that exists, and leaves no part of one where the disk is full.
fn write(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    if written.is_err() {
        // The error is told; what else fails here is of the same cause.
        let _ = std::fs::remove_file(path);
    }
    written
}

pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o755).create(path)
}
