//! The writes of the custodian: each makes its effect durable before it comes back, and none cleans
//! up behind itself when it fails, so that failing anywhere leaves what a kill would leave.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use lazaret_audit::{Digest, PARTIAL_PREFIX};

#[cfg(test)]
use super::crash::Op;

#[derive(Default)]
pub(super) struct Disk {
    /// Tests kill the custodian after so many steps.
    #[cfg(test)]
    pub(super) steps_left: Option<std::cell::Cell<u32>>,
    /// Tests take down what was done, and tear it.
    #[cfg(test)]
    pub(super) taken_down: Option<std::cell::RefCell<Vec<Op>>>,
}

impl Disk {
    /// Writes a whole file, which appears under its name only when it is complete.
    pub(super) fn write(&self, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.put(folder, name, &mut &bytes[..])
    }

    /// Copies the first `bytes` of a file.
    pub(super) fn copy(
        &self,
        from: &Path,
        bytes: u64,
        folder: &Path,
        name: &str,
    ) -> io::Result<()> {
        self.put(folder, name, &mut File::open(from)?.take(bytes))
    }

    /// Removes a file, which may be gone already.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        #[cfg(test)]
        self.take_down(|| Op::Remove { path: path.to_owned() });
        Ok(())
    }

    /// Makes the content of a file durable.
    pub(super) fn sync(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        File::open(path)?.sync_all()?;
        #[cfg(test)]
        self.take_down(|| match std::fs::read(path) {
            Ok(bytes) => Op::Sync { path: path.to_owned(), bytes },
            Err(_) => Op::SyncFolder { path: path.to_owned() },
        });
        Ok(())
    }

    /// Writes a whole file at a path below a folder, which is durable with the next `sync_all`.
    pub(super) fn put_unsynced(&self, folder: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
        let path = folder.join(path);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        self.step()?;
        std::fs::create_dir_all(parent)?;
        let partial = parent.join(format!("{PARTIAL_PREFIX}{}", name.display()));
        self.step()?;
        std::fs::write(&partial, bytes)?;
        #[cfg(test)]
        self.take_down(|| Op::Write { path: partial.clone(), bytes: bytes.to_owned() });
        self.step()?;
        self.rename(&partial, &path)
    }

    /// Makes all durable that was written to a folder's file system.
    pub(super) fn sync_all(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        rustix::fs::syncfs(File::open(folder)?).map_err(io::Error::from)?;
        #[cfg(test)]
        self.take_down(|| Op::SyncAll);
        Ok(())
    }

    fn put(&self, folder: &Path, name: &str, source: &mut dyn Read) -> io::Result<()> {
        let partial = folder.join(format!("{PARTIAL_PREFIX}{name}"));
        self.step()?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&partial)?;
        self.step()?;
        io::copy(source, &mut file)?;
        file.flush()?;
        #[cfg(test)]
        self.take_down(|| {
            let bytes = std::fs::read(&partial).unwrap_or_default();
            Op::Write { path: partial.clone(), bytes }
        });
        self.sync(&partial)?;
        self.step()?;
        self.rename(&partial, &folder.join(name))?;
        self.step()?;
        self.sync(folder)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)?;
        #[cfg(test)]
        self.take_down(|| Op::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    #[cfg(test)]
    fn take_down(&self, op: impl FnOnce() -> Op) {
        if let Some(taken) = &self.taken_down {
            taken.borrow_mut().push(op());
        }
    }

    fn step(&self) -> io::Result<()> {
        #[cfg(test)]
        if let Some(left) = &self.steps_left {
            let now = left.get().checked_sub(1).ok_or_else(|| io::Error::other("killed"))?;
            left.set(now);
        }
        Ok(())
    }
}

/// The hash of a file as it is now, read in one piece.
pub(super) fn digest(path: &Path) -> io::Result<Digest> {
    std::fs::read(path).map(|bytes| Digest::of(&bytes))
}

/// The content of a file, if there is one.
pub(super) fn read_if_present(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
