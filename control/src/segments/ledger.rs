//! The node's transparency log, kept in the segment folder, and the one place that signs.
//!
//! A segment is sealed in this order, each step durable before the next: the segment itself; what it
//! adds to the log (`<segment>.added`, to be shipped with it); the log (`log`); the checkpoint over it
//! (`checkpoint`). What was about to be signed is so in `log`, and a control that was killed in between
//! signs the same and nothing else.

use std::path::{Path, PathBuf};

use lazaret_audit::{
    CHECKPOINT_FILE_NAME, ChainId, Checkpoint, ContentsError, Identity, Log, LogFile, RecoverError,
    SegmentImage, SigningKey, VerifierKey, recover, segment_file_name, sign_checkpoint,
};

use super::added::{self, Added};
use super::disk::{Disk, read_if_present};
use super::{CustodyError, at, now_us};

const LOG_FILE_NAME: &str = "log";

pub(super) struct Ledger {
    folder: PathBuf,
    key: SigningKey,
    log: Log,
    /// The checkpoint in the segment folder counts so many entries.
    signed: u64,
    image: SegmentImage,
}

impl Ledger {
    pub(super) fn open(
        folder: &Path,
        shipping_folder: &Path,
        key: SigningKey,
    ) -> Result<Self, CustodyError> {
        let log = read_log(folder)?;
        let log = log.unwrap_or_else(|| Log::begin(key.verifier(), None, now_us()));
        if log.checkpoint().origin != key.verifier().name() {
            return Err(CustodyError::ForeignLog { path: folder.join(LOG_FILE_NAME) });
        }
        let here = read_checkpoint(folder, key.verifier())?;
        let shipped = read_checkpoint(shipping_folder, key.verifier())?;
        for (signed, path) in [(&here, folder), (&shipped, shipping_folder)] {
            let Some(signed) = signed else { continue };
            if signed.origin != log.checkpoint().origin {
                return Err(CustodyError::ForeignLog { path: path.join(CHECKPOINT_FILE_NAME) });
            }
            let forked = signed.size == log.size() && *signed != log.checkpoint();
            if signed.size > log.size() || forked {
                return Err(CustodyError::Older { kept: log.size(), signed: signed.size });
            }
        }
        let signed = here.map_or(0, |checkpoint| checkpoint.size);
        Ok(Self { folder: folder.to_owned(), key, log, signed, image: SegmentImage::default() })
    }

    /// Entries.
    pub(super) fn size(&self) -> u64 {
        self.log.size()
    }

    /// How many segments of a shard's boot have been sealed, by the last index.
    pub(super) fn sealed(&self, segment: &Identity) -> u64 {
        self.log.sealed(&ChainId::of(segment))
    }

    /// Adds a segment that has been finished or recovered to the log. Until [`Ledger::sign`] has been
    /// called a kill undoes it.
    pub(super) fn seal(&mut self, disk: &Disk, segment: &Identity) -> Result<(), CustodyError> {
        let path = self.folder.join(segment_file_name(segment));
        disk.sync(&path).map_err(at(&path))?;
        let (log, added) = match self.add(segment, &path) {
            // The disk lost what it had taken: what is left is evidence still.
            Err(CustodyError::Damaged { .. }) => {
                recover(&path, now_us()).map_err(|error| CustodyError::recover(&path, error))?;
                self.add(segment, &path)?
            }
            other => other?,
        };
        let name = added::file_name(segment);
        disk.write(&self.folder, &name, &added.to_bytes()).map_err(at(&self.folder))?;
        self.log = log;
        Ok(())
    }

    /// Makes the log durable and signs it, if it has grown.
    pub(super) fn sign(&mut self, disk: &Disk) -> Result<(), CustodyError> {
        if self.log.size() == self.signed || self.signed == 0 && self.log.size() == 1 {
            return Ok(());
        }
        let put =
            |name, bytes: &[u8]| disk.write(&self.folder, name, bytes).map_err(at(&self.folder));
        put(LOG_FILE_NAME, &self.log.to_bytes())?;
        put(CHECKPOINT_FILE_NAME, self.checkpoint().as_bytes())?;
        self.signed = self.log.size();
        Ok(())
    }

    /// The checkpoint over the log as it is. Signatures are deterministic.
    pub(super) fn checkpoint(&self) -> String {
        sign_checkpoint(&self.log.checkpoint(), &self.key)
    }

    /// The log's tiles that are not full.
    pub(super) fn edge(&self) -> Vec<LogFile> {
        self.log.edge()
    }

    /// The log with the segment, and what that adds.
    fn add(&mut self, segment: &Identity, path: &Path) -> Result<(Log, Added), CustodyError> {
        self.image.load(path).map_err(at(path))?;
        let mut log = self.log.clone();
        let cut = self.image.cut().map_err(ContentsError::from);
        let addition = cut.and_then(|()| log.seal(&self.image, now_us()));
        let addition = addition.map_err(|error| CustodyError::Damaged {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        if addition.contents.identity != *segment {
            return Err(CustodyError::Misnamed { path: path.to_owned() });
        }
        Ok((log, Added::from(addition)))
    }
}

/// The log in a segment folder.
pub(super) fn read_log(folder: &Path) -> Result<Option<Log>, CustodyError> {
    let path = folder.join(LOG_FILE_NAME);
    let bytes = read_if_present(&path).map_err(at(&path))?;
    let log = bytes.map(|bytes| Log::from_bytes(&bytes)).transpose();
    log.map_err(|error| CustodyError::Damaged { path, reason: error.to_string() })
}

/// The checkpoint in a folder, which must be this control's own.
fn read_checkpoint(folder: &Path, key: &VerifierKey) -> Result<Option<Checkpoint>, CustodyError> {
    let path = folder.join(CHECKPOINT_FILE_NAME);
    let bytes = read_if_present(&path).map_err(at(&path))?;
    let checkpoint = bytes.map(|bytes| Checkpoint::open(&bytes, key)).transpose();
    checkpoint.map_err(|_| CustodyError::ForeignLog { path })
}

impl CustodyError {
    pub(super) fn recover(path: &Path, error: RecoverError) -> Self {
        let path = path.to_owned();
        match error {
            RecoverError::Io(error) => Self::Io { path, error },
            other => Self::Damaged { path, reason: other.to_string() },
        }
    }
}
