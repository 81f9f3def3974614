//! Checkpoints: what a log has come to, as its key signs it and witnesses cosign it.

use super::hash::Digest;
use super::key::{VerifierKey, check_name};
use super::note::{Note, NoteError, Signed};

/// The newest checkpoint, beside the log's tiles.
pub const CHECKPOINT_FILE_NAME: &str = "checkpoint";

/// The text of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    /// Entries.
    pub size: u64,
    pub root: Digest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("it is not a signed note")]
    Note,
    #[error("its text is not that of a checkpoint")]
    Text,
    #[error("it is not signed by this key")]
    Signature,
}

impl From<NoteError> for CheckpointError {
    fn from(NoteError: NoteError) -> Self {
        Self::Note
    }
}

impl Checkpoint {
    /// The text that is signed; what it says is durable before it is.
    pub(crate) fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64())
    }

    /// Reads a note that this key signed.
    pub fn open(bytes: &[u8], key: &VerifierKey) -> Result<Self, CheckpointError> {
        let (checkpoint, note) = Self::read(bytes)?;
        match note.signed_by(key) {
            Signed::Valid => Ok(checkpoint),
            _ => Err(CheckpointError::Signature),
        }
    }

    /// Reads a note; whose signatures it bears is another question.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, Note), CheckpointError> {
        let note = Note::parse(bytes)?;
        let checkpoint = Self::parse(&note.text).ok_or(CheckpointError::Text)?;
        Ok((checkpoint, note))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split_terminator('\n');
        let origin = lines.next()?.to_owned();
        check_name(&origin).ok()?;
        let size = lines.next()?.parse().ok()?;
        let root = Digest::from_base64(lines.next()?)?;
        let checkpoint = Self { origin, size, root };
        (checkpoint.text() == text).then_some(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::key::{Role, SigningKey};

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "lazaret.example/log".to_owned(), size: 4711, root: Digest::of(b"") }
    }

    fn signed(text: String) -> String {
        let mut note = Note::new(text);
        note.sign(&SigningKey::generate("lazaret.example/log", Role::Log).unwrap());
        note.render()
    }

    #[test]
    fn a_checkpoint_is_read_back_here_and_by_another_implementation() {
        let note = signed(checkpoint().text());
        assert_eq!(Checkpoint::read(note.as_bytes()).unwrap().0, checkpoint());
        let theirs = tlog_tiles::Checkpoint::from_bytes(checkpoint().text().as_bytes()).unwrap();
        assert_eq!((theirs.origin(), theirs.size()), ("lazaret.example/log", 4711));
        assert_eq!(theirs.hash().0, Digest::of(b"").0);
    }

    #[test]
    fn a_text_in_another_form_is_no_checkpoint_however_it_is_signed() {
        let text = checkpoint().text();
        for (from, to) in [
            ("4711", "04711"),
            ("4711", "+4711"),
            ("4711", "18446744073709551616"),
            ("lazaret", "laza ret"),
            ("=\n", "\n"),
            ("=\n", "=\nmore\n"),
            ("4711\n", ""),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            let read = Checkpoint::read(signed(changed).as_bytes());
            assert_eq!(read.err(), Some(CheckpointError::Text), "{from:?} to {to:?}");
        }
    }
}
