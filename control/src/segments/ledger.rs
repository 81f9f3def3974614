//! What has been sealed: the head, kept as a signed note in the segment folder, and the one place
//! that signs.
//!
//! A segment is sealed in this order, each step durable before the next: the segment itself; the
//! texts that are about to be signed (`<segment>.signing`); the seal (`<segment>.seal`) and the head that
//! counts it (`<segment>.head`, to be shipped with it, and `head`). Signatures are deterministic, so a
//! control that was killed in between signs the same texts again and nothing else.

use std::path::{Path, PathBuf};

use lazaret_audit::{
    ChainId, Digest, HEAD_FILE_NAME, Head, Identity, RecoverError, Seal, SegmentImage, SigningKey,
    VerifierKey, check_segment, recover, seal_file_name, segment_file_name, sign,
};

use super::disk::{Disk, read_if_present};
use super::{CustodyError, at, now_us};

pub(super) struct Ledger {
    folder: PathBuf,
    key: SigningKey,
    head: Head,
    image: SegmentImage,
}

impl Ledger {
    pub(super) fn open(
        folder: &Path,
        shipping_folder: &Path,
        origin: &str,
        key: SigningKey,
    ) -> Result<Self, CustodyError> {
        let head = read_head(folder, origin, key.verifier())?;
        let head = head.unwrap_or_else(|| Head::new(origin.to_owned()));
        if let Some(shipped) = read_head(shipping_folder, origin, key.verifier())?
            && shipped.seals > head.seals
        {
            let (sealed, shipped) = (head.seals, shipped.seals);
            return Err(CustodyError::Older { sealed, shipped });
        }
        Ok(Self { folder: folder.to_owned(), key, head, image: SegmentImage::default() })
    }

    /// How many segments of a shard's boot have been sealed, by the last index.
    pub(super) fn sealed(&self, segment: &Identity) -> u64 {
        let chain = ChainId::of(segment);
        self.head.chains.get(&chain).map_or(0, |head| head.segments)
    }

    /// Seals a segment that has been finished or recovered.
    pub(super) fn seal(&mut self, disk: &Disk, segment: &Identity) -> Result<(), CustodyError> {
        let path = self.folder.join(segment_file_name(segment));
        disk.sync(&path).map_err(at(&path))?;
        let seal = match self.judge(segment, &path) {
            // The disk lost what it had taken: what is left is evidence still.
            Err(CustodyError::Damaged { .. }) => {
                recover(&path, now_us()).map_err(|error| CustodyError::recover(&path, error))?;
                self.judge(segment, &path)?
            }
            other => other?,
        };
        let seal_text = seal.text(self.key.verifier());
        let mut head = self.head.clone();
        head.add(segment, Digest::of(seal_text.as_bytes()));
        let texts = format!("{seal_text}\n{}", head.text(self.key.verifier()));
        let signing = name(segment, "signing");
        disk.write(&self.folder, &signing, texts.as_bytes()).map_err(at(&self.folder))?;
        self.sign(disk, segment, &texts)
    }

    /// Goes on with what was about to be signed.
    pub(super) fn resume(&mut self, disk: &Disk, segment: &Identity) -> Result<(), CustodyError> {
        let path = self.folder.join(name(segment, "signing"));
        let texts = std::fs::read_to_string(&path).map_err(at(&path))?;
        self.sign(disk, segment, &texts)
    }

    fn judge(&mut self, segment: &Identity, path: &Path) -> Result<Seal, CustodyError> {
        let damaged = |error: &dyn std::fmt::Display| CustodyError::Damaged {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        self.image.load(path).map_err(at(path))?;
        self.image.cut().map_err(|error| damaged(&error))?;
        let contents = check_segment(&self.image).map_err(|error| damaged(&error))?;
        if contents.identity != *segment {
            return Err(CustodyError::Misnamed { path: path.to_owned() });
        }
        Ok(Seal {
            origin: self.head.origin.clone(),
            segment: segment.clone(),
            bytes: self.image.bytes().len() as u64,
            records: contents.records,
            first_sequence: contents.first_sequence,
            last_sequence: contents.last_sequence,
            sha256: Digest::of(self.image.bytes()),
            previous: self.head.previous(segment),
        })
    }

    fn sign(&mut self, disk: &Disk, segment: &Identity, texts: &str) -> Result<(), CustodyError> {
        let signing = self.folder.join(name(segment, "signing"));
        let unreadable = || CustodyError::ForeignHead { path: signing.clone() };
        // Neither text has an empty line.
        let (seal, head) = texts.split_once("\n\n").ok_or_else(unreadable)?;
        let seal = sign(format!("{seal}\n"), &self.key);
        let head = sign(head.to_owned(), &self.key);
        let signed = Head::read(head.as_bytes()).map_err(|_| unreadable())?;
        if signed.content.seals < self.head.seals {
            // A power cut brought back what had been signed and removed.
            return disk.remove(&signing).map_err(at(&signing));
        }
        let files = [
            (seal_file_name(segment), seal),
            (name(segment, "head"), head.clone()),
            (HEAD_FILE_NAME.to_owned(), head),
        ];
        for (name, note) in files {
            disk.write(&self.folder, &name, note.as_bytes()).map_err(at(&self.folder))?;
        }
        self.head = signed.content;
        disk.remove(&signing).map_err(at(&signing))
    }
}

/// The head in a folder, which must be this control's own.
pub(super) fn read_head(
    folder: &Path,
    origin: &str,
    key: &VerifierKey,
) -> Result<Option<Head>, CustodyError> {
    let path = folder.join(HEAD_FILE_NAME);
    let Some(note) = read_if_present(&path).map_err(at(&path))? else {
        return Ok(None);
    };
    let ours =
        Head::read(&note).ok().filter(|head| head.key == *key && head.content.origin == origin);
    ours.map(|head| Some(head.content)).ok_or(CustodyError::ForeignHead { path })
}

/// The name of a file beside a segment.
pub(super) fn name(segment: &Identity, ending: &str) -> String {
    let segment = segment_file_name(segment);
    let stem = segment.strip_suffix("seg").expect("a segment's name ends so");
    format!("{stem}{ending}")
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
