//! Ships sealed segments and the log to a folder: first the segments and what they add to the log,
//! then the log's last tiles, then the checkpoint. All is synced, read back and compared before the
//! checkpoint that counts it appears, and that before the local copies go. Witnesses are asked when the tiles
//! are there, from which the proofs for them are made, and again later where one didn't answer.

use std::path::{Path, PathBuf};

use lazaret_audit::{
    CHECKPOINT_FILE_NAME, Digest, Identity, LogFile, SignedCheckpoint, segment_file_name,
};

use super::added::{self, Added};
use super::disk::{Disk, digest, read_if_present};
use super::ledger::Ledger;
use super::witness::Witnesses;
use super::{CustodyError, at};

pub(super) struct Shipper {
    pub(super) folder: PathBuf,
    pub(super) shipping_folder: PathBuf,
    pub(super) witnesses: Witnesses,
}

impl Shipper {
    /// Ships these, which have been sealed, and the checkpoint that counts them.
    pub(super) fn ship(
        &self,
        disk: &Disk,
        ledger: &Ledger,
        sealed: &[Identity],
    ) -> Result<(), CustodyError> {
        if sealed.is_empty() {
            return self.ask_again(disk, ledger);
        }
        // What is to be read back: its content may be large, and many segments may have waited.
        let mut put = Vec::new();
        for segment in sealed {
            let path = self.folder.join(added::file_name(segment));
            let bytes = std::fs::read(&path).map_err(at(&path))?;
            let added = Added::from_bytes(&bytes).ok_or_else(|| CustodyError::Damaged {
                path,
                reason: "its hash is another".to_owned(),
            })?;
            // Without it, it was shipped, and control killed while it removed its own copies.
            if self.folder.join(segment_file_name(segment)).exists() {
                self.put_segment(disk, segment, &added)?;
            }
            for file in &added.files {
                put.push(self.put(disk, file)?);
            }
        }
        let full = put.len();
        for file in &ledger.edge() {
            put.push(self.put(disk, file)?);
        }
        disk.sync_all(&self.shipping_folder).map_err(at(&self.shipping_folder))?;
        for (path, digest) in &put {
            self.compare(path, *digest)?;
        }
        let mut checkpoint = signed(ledger);
        self.witnesses.cosign(&mut checkpoint, self.shipped().as_ref(), &self.shipping_folder);
        self.put_checkpoint(disk, &checkpoint)?;
        let (full, edge) = put.split_at(full);
        self.remove_narrower(disk, full, edge)?;
        // What a segment added, without it, says that it was shipped; without what it added, it would
        // be one that could not be sealed. So the segments are gone for good before the rest goes.
        self.remove(disk, sealed.iter().map(segment_file_name))?;
        self.remove(disk, sealed.iter().map(added::file_name))
    }

    /// Asks the witnesses that haven't cosigned what was shipped.
    fn ask_again(&self, disk: &Disk, ledger: &Ledger) -> Result<(), CustodyError> {
        if self.witnesses.are_none() {
            return Ok(());
        }
        let shipped = self.shipped();
        let Some(shipped) = shipped.filter(|it| it.checkpoint() == signed(ledger).checkpoint())
        else {
            return Ok(());
        };
        let mut checkpoint = shipped.clone();
        self.witnesses.cosign(&mut checkpoint, None, &self.shipping_folder);
        if checkpoint == shipped { Ok(()) } else { self.put_checkpoint(disk, &checkpoint) }
    }

    /// The checkpoint that was shipped last, with what it has of cosignatures.
    fn shipped(&self) -> Option<SignedCheckpoint> {
        let bytes = std::fs::read(self.shipping_folder.join(CHECKPOINT_FILE_NAME)).ok()?;
        SignedCheckpoint::read(&bytes).ok()
    }

    fn put_checkpoint(
        &self,
        disk: &Disk,
        checkpoint: &SignedCheckpoint,
    ) -> Result<(), CustodyError> {
        let text = checkpoint.to_string();
        let write = disk.write(&self.shipping_folder, CHECKPOINT_FILE_NAME, text.as_bytes());
        write.map_err(at(&self.shipping_folder))?;
        self.compare(CHECKPOINT_FILE_NAME, Digest::of(text.as_bytes()))
    }

    fn put_segment(
        &self,
        disk: &Disk,
        segment: &Identity,
        added: &Added,
    ) -> Result<(), CustodyError> {
        let name = segment_file_name(segment);
        let shipped = self.shipping_folder.join(&name);
        let is_there = || digest(&shipped).is_ok_and(|found| found == added.head.sha256);
        if !is_there() {
            let (from, bytes) = (self.folder.join(&name), added.head.segment_bytes);
            disk.copy(&from, bytes, &self.shipping_folder, &name).map_err(at(&shipped))?;
        }
        self.compare(&name, added.head.sha256)
    }

    /// Answers the file's path and hash.
    fn put(&self, disk: &Disk, file: &LogFile) -> Result<(String, Digest), CustodyError> {
        let LogFile { path, bytes } = file;
        let shipped = self.shipping_folder.join(path);
        let is_there = read_if_present(&shipped).is_ok_and(|found| found.as_ref() == Some(bytes));
        if !is_there {
            disk.put_unsynced(&self.shipping_folder, path, bytes).map_err(at(&shipped))?;
        }
        Ok((path.clone(), Digest::of(bytes)))
    }

    fn compare(&self, name: &str, expected: Digest) -> Result<(), CustodyError> {
        let path = self.shipping_folder.join(name);
        match digest(&path).map_err(at(&path))? {
            found if found == expected => Ok(()),
            _ => Err(CustodyError::ReadBack { path }),
        }
    }

    /// Removes the narrower tiles that wider ones have replaced.
    fn remove_narrower(
        &self,
        disk: &Disk,
        full: &[(String, Digest)],
        edge: &[(String, Digest)],
    ) -> Result<(), CustodyError> {
        for (path, _) in full {
            self.remove_others(disk, &self.shipping_folder.join(format!("{path}.p")), None)?;
        }
        for (path, _) in edge {
            let path = self.shipping_folder.join(path);
            let folder = path.parent().expect("a narrow tile lies in a folder");
            self.remove_others(disk, folder, path.file_name())?;
        }
        Ok(())
    }

    /// Removes a tile's narrow files but this one, and their folder with the last.
    fn remove_others(
        &self,
        disk: &Disk,
        folder: &Path,
        kept: Option<&std::ffi::OsStr>,
    ) -> Result<(), CustodyError> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
        for entry in entries {
            let entry = entry.map_err(at(folder))?;
            if Some(entry.file_name().as_os_str()) != kept {
                disk.remove(&entry.path()).map_err(at(folder))?;
            }
        }
        match kept {
            Some(_) => Ok(()),
            None => std::fs::remove_dir(folder).map_err(at(folder)),
        }
    }

    fn remove(&self, disk: &Disk, names: impl Iterator<Item = String>) -> Result<(), CustodyError> {
        for name in names {
            let path = self.folder.join(name);
            disk.remove(&path).map_err(at(&path))?;
        }
        disk.sync(&self.folder).map_err(at(&self.folder))
    }
}

/// The checkpoint over the log, signed by its key alone.
fn signed(ledger: &Ledger) -> SignedCheckpoint {
    SignedCheckpoint::read(ledger.checkpoint().as_bytes())
        .expect("what is signed here is read here")
}
