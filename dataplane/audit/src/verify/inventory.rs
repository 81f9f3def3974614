//! What lies in a shipped folder, by path.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{Findings, FirstBad};
use crate::folder::{FileKind, classify};
use crate::segment::Identity;
use crate::tlog::{Grade, Tile};

#[derive(Default)]
pub(crate) struct Inventory {
    pub(crate) checkpoint: bool,
    pub(crate) segments: BTreeSet<Identity>,
    /// For each tile or bundle, the widths that are there.
    tiles: BTreeMap<(Grade, u64), BTreeSet<usize>>,
    partial: Vec<String>,
    strangers: Vec<String>,
}

impl Inventory {
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut inventory = Self::default();
        inventory.read_part(folder, "")?;
        inventory.partial.sort();
        inventory.strangers.sort();
        Ok(inventory)
    }

    /// Whether there is nothing of a log, whatever else there is.
    pub(crate) fn is_empty(&self) -> bool {
        !self.checkpoint && self.segments.is_empty() && self.tiles.is_empty()
    }

    /// The files that there are of a tile, the widest first.
    pub(crate) fn of_tile(&self, grade: Grade, index: u64) -> impl Iterator<Item = Tile> {
        let widths = self.tiles.get(&(grade, index));
        widths.into_iter().flatten().rev().map(move |&width| Tile { grade, index, width })
    }

    /// All files of tiles and bundles.
    pub(crate) fn tiles(&self) -> impl Iterator<Item = Tile> {
        let all = self.tiles.iter();
        all.flat_map(|(&(grade, index), widths)| {
            widths.iter().map(move |&width| Tile { grade, index, width })
        })
    }

    /// Names what is neither evidence nor on its way to be.
    pub(crate) fn report_strangers(&self, findings: &mut Findings) {
        for name in &self.strangers {
            let reason = "this file is no part of the evidence; is this the folder that segments \
                          are shipped to?";
            findings.tampered(FirstBad::file(name, reason));
        }
        for name in &self.partial {
            findings.missing(format!("{name}: the upload was not completed"));
        }
    }

    /// Folders are those of tiles; a file that is none of ours names the folder that it lies in.
    fn read_part(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in std::fs::read_dir(folder.join(prefix))? {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let Some(name) = name.to_str() else {
                self.strangers.push(format!("{prefix}{}", name.display()));
                continue;
            };
            let path = format!("{prefix}{name}");
            // The deepest folder of the largest log is the tenth.
            let inside = path == "tile" || path.starts_with("tile/");
            if kind.is_dir() && inside && path.split('/').count() <= 10 {
                self.read_part(folder, &format!("{path}/"))?;
            } else if kind.is_file() {
                self.add(path);
            } else {
                self.strangers.push(path);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String) {
        match classify(&path) {
            FileKind::Checkpoint => self.checkpoint = true,
            FileKind::Tile(Tile { grade, index, width }) => {
                self.tiles.entry((grade, index)).or_default().insert(width);
            }
            FileKind::Segment(identity) => {
                self.segments.insert(identity);
            }
            FileKind::Partial => self.partial.push(path),
            FileKind::Unknown => self.strangers.push(path),
        }
    }
}

/// Reads a file that is no segment, which is at most so long.
pub(crate) fn read(folder: &Path, name: &str, at_most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(folder, name)?.take(at_most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > at_most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "no such file is so large"));
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
