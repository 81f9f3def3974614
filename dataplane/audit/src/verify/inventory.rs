//! What lies in a shipped folder, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{Findings, FirstBad};
use crate::folder::{FileKind, classify};
use crate::segment::Identity;

/// The head has a line of some 120 bytes for each shard of each boot.
const MAX_NOTE_BYTES: u64 = 64 << 20;

#[derive(Default)]
pub(crate) struct Inventory {
    pub(crate) head: bool,
    /// For each segment, which of its two files are there.
    pub(crate) segments: BTreeMap<Identity, Files>,
    partial: Vec<String>,
    strangers: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) segment: bool,
    pub(crate) seal: bool,
}

impl Inventory {
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut inventory = Self::default();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let regular = entry.file_type()?.is_file();
            match name.to_str().filter(|_| regular) {
                Some(name) => inventory.add(name),
                None => inventory.strangers.push(name.display().to_string()),
            }
        }
        inventory.partial.sort();
        inventory.strangers.sort();
        Ok(inventory)
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.head && self.segments.is_empty() && self.strangers.is_empty()
    }

    pub(crate) fn nodes(&self) -> BTreeSet<&str> {
        self.segments.keys().map(|segment| segment.node.as_str()).collect()
    }

    /// Names what is neither evidence nor on its way to be.
    pub(crate) fn report_strangers(&self, findings: &mut Findings) {
        for name in &self.strangers {
            findings.tampered(FirstBad::file(name, "this file is no part of the evidence"));
        }
        for name in &self.partial {
            findings.missing(format!("{name}: the upload was not completed"));
        }
    }

    fn add(&mut self, name: &str) {
        match classify(name) {
            FileKind::Segment(identity) => {
                self.segments.entry(identity).or_default().segment = true;
            }
            FileKind::Seal(identity) => self.segments.entry(identity).or_default().seal = true,
            FileKind::Head => self.head = true,
            FileKind::Partial => self.partial.push(name.to_owned()),
            FileKind::Unknown => self.strangers.push(name.to_owned()),
        }
    }
}

/// Reads a seal or the head.
pub(crate) fn read_note(folder: &Path, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(folder, name)?.take(MAX_NOTE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_NOTE_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "no signed note is so large"));
    }
    Ok(bytes)
}

/// Opens a regular file of the folder; a link or a pipe that was put in its place is refused.
pub(crate) fn open(folder: &Path, name: &str) -> io::Result<std::fs::File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(folder.join(name))?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok(file)
}
