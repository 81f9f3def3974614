//! A checkpoint with its signatures, as it lies in a file: its log's own, and those of witnesses.

use std::fmt;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::key::{SigningKey, VerifierKey};
use super::note::{Note, Signed};

/// A checkpoint and who signed it. Signatures are not checked before somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    pub fn read(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (checkpoint, note) = Checkpoint::read(bytes)?;
        Ok(Self { checkpoint, note })
    }

    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Whether this log or witness signed, and nobody else by its key's name.
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        self.signed_by(key) == Signed::Valid
    }

    pub(super) fn signed_by(&self, key: &VerifierKey) -> Signed {
        self.note.signed_by(key)
    }

    /// A witness's signature, as of this time in seconds since the Unix epoch: the line that is added
    /// to the note. What it says is durable before it is made.
    pub fn cosignature(&self, witness: &SigningKey, time_s: u64) -> String {
        let mut note = Note::new(self.note.text.clone());
        note.cosign(witness, time_s);
        note.lines()
    }

    /// Adds this witness's cosignature, if it is among these lines, holds, and wasn't there. Answers
    /// whether the witness has signed now.
    pub fn take_cosignature(&mut self, witness: &VerifierKey, lines: &str) -> bool {
        if self.signed_by(witness) == Signed::Absent {
            self.note.take(witness, lines);
        }
        self.is_signed_by(witness)
    }

    /// The same from another file of this checkpoint.
    pub fn take_cosignature_of(&mut self, witness: &VerifierKey, other: &Self) -> bool {
        if self.checkpoint == other.checkpoint {
            self.take_cosignature(witness, &other.note.lines());
        }
        self.is_signed_by(witness)
    }
}

/// What [`SignedCheckpoint::read`] reads.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.note.render())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_checkpoint;
    use crate::tlog::{Digest, Role};

    fn signed(size: u64) -> (SignedCheckpoint, SigningKey) {
        let log = SigningKey::generate("lazaret.example/log", Role::Log).unwrap();
        let checkpoint =
            Checkpoint { origin: log.verifier().name().to_owned(), size, root: Digest::of(b"") };
        let note = sign_checkpoint(&checkpoint, &log);
        (SignedCheckpoint::read(note.as_bytes()).unwrap(), log)
    }

    fn witness() -> SigningKey {
        SigningKey::generate("witness.example", Role::Witness).unwrap()
    }

    #[test]
    fn a_cosignature_is_taken_once_and_only_if_it_holds() {
        let (mut signed, log) = signed(7);
        let (witness, stranger) = (witness(), witness());
        let line = signed.cosignature(&witness, 1_700_000_000);
        let of_stranger = signed.cosignature(&stranger, 1_700_000_000);
        let before = signed.to_string();
        for none in ["", "\n", "\u{2014} witness.example AAAA\n", &of_stranger, &line[4..]] {
            assert!(!signed.take_cosignature(witness.verifier(), none), "{none}");
            assert_eq!(signed.to_string(), before);
        }
        // One that says another time than it was made for.
        let other = signed.cosignature(&witness, 1_700_000_001);
        let forged = format!("{}{}", &line[..40], &other[40..]);
        assert!(forged != line && forged != other);
        assert!(!signed.take_cosignature(witness.verifier(), &forged));

        let lines = format!("rubbish\n{of_stranger}{line}");
        assert!(signed.take_cosignature(witness.verifier(), &lines));
        assert_eq!(signed.to_string(), format!("{before}{line}"));
        assert!(signed.take_cosignature(witness.verifier(), &other), "there already");
        assert_eq!(signed.to_string(), format!("{before}{line}"));
        let read = SignedCheckpoint::read(signed.to_string().as_bytes()).unwrap();
        assert!(read.is_signed_by(log.verifier()) && read.is_signed_by(witness.verifier()));
    }

    #[test]
    fn a_cosignature_of_another_checkpoint_is_not_taken() {
        let (mut newer, witness) = (signed(8).0, witness());
        let mut older = signed(7).0;
        let line = older.cosignature(&witness, 1_700_000_000);
        assert!(older.take_cosignature(witness.verifier(), &line));
        assert!(!newer.take_cosignature(witness.verifier(), &line));
        assert!(!newer.take_cosignature_of(witness.verifier(), &older));
        let mut again = signed(7).0;
        assert!(again.take_cosignature_of(witness.verifier(), &older));
    }
}
