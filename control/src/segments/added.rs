//! What a sealed segment adds to the log, kept beside it until both have been shipped.
//!
//! One line of JSON, the content of the files that it lists, and the SHA-256 of all that. No evidence:
//! a file that a damaged disk changed is noticed here, before it is shipped.

use lazaret_audit::{Addition, Digest, Identity, LogFile, segment_file_name};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Added {
    pub(super) head: Head,
    pub(super) files: Vec<LogFile>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The log's entries before.
    pub(super) from: u64,
    /// The segment's file as it is to be shipped.
    pub(super) segment_bytes: u64,
    pub(super) sha256: Digest,
    /// Paths and lengths.
    files: Vec<(String, usize)>,
}

/// The name of the file beside a segment.
pub(super) fn file_name(segment: &Identity) -> String {
    let segment = segment_file_name(segment);
    let stem = segment.strip_suffix("seg").expect("a segment's name ends so");
    format!("{stem}added")
}

impl From<Addition> for Added {
    fn from(Addition { from, segment_bytes, sha256, files, .. }: Addition) -> Self {
        let list = files.iter().map(|file| (file.path.clone(), file.bytes.len())).collect();
        Self { head: Head { from, segment_bytes, sha256, files: list }, files }
    }
}

impl Added {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes =
            serde_json::to_vec(&self.head).expect("strings and numbers have a JSON form");
        bytes.push(b'\n');
        for file in &self.files {
            bytes.extend_from_slice(&file.bytes);
        }
        let Digest(hash) = Digest::of(&bytes);
        bytes.extend_from_slice(&hash);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (bytes, hash) = bytes.split_last_chunk()?;
        (Digest::of(bytes) == Digest(*hash)).then_some(())?;
        let line = bytes.iter().position(|&byte| byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..line]).ok()?;
        let mut rest = &bytes[line + 1..];
        let mut files = Vec::with_capacity(head.files.len());
        for (path, length) in &head.files {
            let (content, behind) = rest.split_at_checked(*length)?;
            files.push(LogFile { path: path.clone(), bytes: content.to_vec() });
            rest = behind;
        }
        rest.is_empty().then_some(Self { head, files })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_segment_adds_is_read_back_and_a_damaged_file_is_noticed() {
        let file =
            |path: &str, bytes: &[u8]| LogFile { path: path.to_owned(), bytes: bytes.to_vec() };
        let files = vec![file("tile/0/000", b"hashes"), file("tile/entries/000", b"a\nb")];
        let list = files.iter().map(|file| (file.path.clone(), file.bytes.len())).collect();
        let head =
            Head { from: 7, segment_bytes: 8192, sha256: Digest::of(b"segment"), files: list };
        let added = Added { head, files };
        let bytes = added.to_bytes();
        assert_eq!(Added::from_bytes(&bytes), Some(added));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(Added::from_bytes(&damaged), None, "byte {at}");
            assert_eq!(Added::from_bytes(&bytes[..at]), None, "cut to {at}");
        }
    }
}
