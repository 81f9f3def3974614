//! C2SP signed notes with one Ed25519 signature: a text of lines, an empty line, and
//! `— name base64(key id || signature)`.
//!
//! Parsing is canonical: what is read is written again and must be the same bytes, so that no byte
//! of a note can change without being noticed. Notes with several signatures (witnesses) are not read.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::key::{SigningKey, VerifierKey, check_name};

/// A note, its signature not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// Ends with a newline.
    pub(crate) text: String,
    name: String,
    key_id: [u8; 4],
    signature: [u8; 64],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoteError {
    #[error("it is not a signed note")]
    Form,
    #[error("it is not signed by the key that it names")]
    Key,
    #[error("its signature does not match")]
    Signature,
}

impl Note {
    pub(crate) fn sign(text: String, key: &SigningKey) -> Self {
        debug_assert!(text.ends_with('\n') && !text.contains("\n\n"));
        let signature = key.sign(text.as_bytes());
        let verifier = key.verifier();
        Self { text, name: verifier.name().to_owned(), key_id: verifier.id(), signature }
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        Self::parse_loosely(bytes)
            .filter(|note| note.render().as_bytes() == bytes)
            .ok_or(NoteError::Form)
    }

    pub(crate) fn render(&self) -> String {
        let signature = BASE64_STANDARD.encode([&self.key_id[..], &self.signature].concat());
        format!("{}\n\u{2014} {} {signature}\n", self.text, self.name)
    }

    pub(crate) fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        if self.name != key.name() || self.key_id != key.id() {
            return Err(NoteError::Key);
        }
        if !key.verifies(self.text.as_bytes(), &self.signature) {
            return Err(NoteError::Signature);
        }
        Ok(())
    }

    fn parse_loosely(bytes: &[u8]) -> Option<Self> {
        let note = std::str::from_utf8(bytes).ok()?;
        let (text, signatures) = note.split_once("\n\n")?;
        let line = signatures.strip_prefix("\u{2014} ")?.strip_suffix('\n')?;
        let (name, signature) = line.split_once(' ')?;
        check_name(name).ok()?;
        let signature = BASE64_STANDARD.decode(signature).ok()?;
        let (key_id, signature) = signature.split_first_chunk::<4>()?;
        Some(Self {
            text: format!("{text}\n"),
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_of_a_note_is_noticed() {
        let key = SigningKey::generate("lazaret.example/log").unwrap();
        let bytes = Note::sign("one\ntwo\n".to_owned(), &key).render().into_bytes();
        assert_eq!(Note::parse(&bytes).unwrap().verify(key.verifier()), Ok(()));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let verdict = Note::parse(&flipped).and_then(|note| note.verify(key.verifier()));
            assert!(verdict.is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_note_that_is_cut_or_extended_is_no_note() {
        let key = SigningKey::generate("lazaret.example/log").unwrap();
        let bytes = Note::sign("one\n".to_owned(), &key).render().into_bytes();
        for length in 0..bytes.len() {
            assert_eq!(Note::parse(&bytes[..length]), Err(NoteError::Form), "{length}");
        }
        assert_eq!(Note::parse(&[&bytes[..], b"\n"].concat()), Err(NoteError::Form));
        assert_eq!(Note::parse(&[&bytes[..], &bytes[..]].concat()), Err(NoteError::Form));
    }

    #[test]
    fn another_key_of_the_same_name_does_not_verify() {
        let key = SigningKey::generate("lazaret.example/log").unwrap();
        let other = SigningKey::generate("lazaret.example/log").unwrap();
        let note = Note::sign("one\n".to_owned(), &key);
        assert_eq!(note.verify(other.verifier()), Err(NoteError::Key));
    }
}
