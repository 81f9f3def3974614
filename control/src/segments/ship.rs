//! Ships sealed segments to a folder: segment, seal and head, each written aside, synced, renamed,
//! read back and compared, before the local copies go.

use std::path::{Path, PathBuf};

use lazaret_audit::{
    Digest, HEAD_FILE_NAME, Head, Identity, Seal, seal_file_name, segment_file_name,
};

use super::disk::{Disk, digest, read_if_present};
use super::ledger::name;
use super::{CustodyError, at};

pub(super) struct Shipper {
    pub(super) folder: PathBuf,
    pub(super) shipping_folder: PathBuf,
}

impl Shipper {
    /// Ships these, which have been sealed, in the order of their sealing: each head counts one more.
    pub(super) fn ship(&self, disk: &Disk, sealed: &[Identity]) -> Result<(), CustodyError> {
        let mut order = Vec::new();
        for segment in sealed {
            let path = self.folder.join(name(segment, "head"));
            let note = read_if_present(&path).map_err(at(&path))?;
            let here = self.folder.join(segment_file_name(segment)).exists();
            let Some(note) = note.filter(|_| here) else {
                // It was shipped, and control killed while it removed its own copies.
                self.remove(disk, segment)?;
                continue;
            };
            let head = Head::read(&note).map_err(|_| CustodyError::ForeignHead { path })?;
            order.push((head.content.seals, segment, note));
        }
        order.sort_by_key(|&(seals, ..)| seals);
        for (_, segment, head) in order {
            self.ship_one(disk, segment, &head)?;
            self.remove(disk, segment)?;
        }
        Ok(())
    }

    fn ship_one(&self, disk: &Disk, segment: &Identity, head: &[u8]) -> Result<(), CustodyError> {
        let seal_name = seal_file_name(segment);
        let seal_path = self.folder.join(&seal_name);
        let note = std::fs::read(&seal_path).map_err(at(&seal_path))?;
        let seal = Seal::read(&note).map_err(|_| CustodyError::ForeignHead { path: seal_path })?;
        let Seal { bytes, sha256, .. } = seal.content;

        let name = segment_file_name(segment);
        let shipped = self.shipping_folder.join(&name);
        if !shipped.exists() || digest(&shipped).map_err(at(&shipped))? != sha256 {
            let local = self.folder.join(&name);
            disk.copy(&local, bytes, &self.shipping_folder, &name).map_err(at(&shipped))?;
            self.compare(&name, sha256)?;
        }
        self.put(disk, &seal_name, &note)?;
        self.put(disk, HEAD_FILE_NAME, head)
    }

    fn put(&self, disk: &Disk, name: &str, bytes: &[u8]) -> Result<(), CustodyError> {
        let folder = &self.shipping_folder;
        disk.write(folder, name, bytes).map_err(at(&folder.join(name)))?;
        self.compare(name, Digest::of(bytes))
    }

    fn compare(&self, name: &str, expected: Digest) -> Result<(), CustodyError> {
        let path = self.shipping_folder.join(name);
        match digest(&path).map_err(at(&path))? {
            found if found == expected => Ok(()),
            _ => Err(CustodyError::ReadBack { path }),
        }
    }

    /// The segment goes first: a seal without its segment says that it was shipped.
    fn remove(&self, disk: &Disk, segment: &Identity) -> Result<(), CustodyError> {
        let names = [segment_file_name(segment), name(segment, "head"), seal_file_name(segment)];
        for name in names {
            let path = self.folder.join(name);
            disk.remove(&path).map_err(at(&path))?;
        }
        sync(disk, &self.folder)
    }
}

fn sync(disk: &Disk, folder: &Path) -> Result<(), CustodyError> {
    disk.sync(folder).map_err(at(folder))
}
