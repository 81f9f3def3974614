//! C2SP signed notes: a text of lines, an empty line, and for each signature
//! `— name base64(key id || signature)`.
//!
//! Parsing is canonical: what is read is written again and must be the same bytes, so that no byte
//! of a note can change without being noticed.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::key::{Role, SigningKey, VerifierKey, check_name};

/// No note is longer: a checkpoint has three lines, and a log a few dozen witnesses at most.
pub(crate) const MAX_NOTE_BYTES: u64 = 64 << 10;

/// A log's and those of its witnesses; whoever reads a note tries each key on each.
const MAX_SIGNATURES: usize = 64;

/// A note, its signatures not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// Ends with a newline.
    pub(crate) text: String,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature {
    name: String,
    key_id: [u8; 4],
    bytes: Vec<u8>,
}

/// What a key has to do with a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    Valid,
    Absent,
    /// A signature names the key and isn't the key's.
    Wrong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a signed note")]
pub(crate) struct NoteError;

impl Note {
    pub(crate) fn new(text: String) -> Self {
        debug_assert!(text.ends_with('\n') && !text.contains("\n\n"));
        Self { text, signatures: Vec::new() }
    }

    /// Adds a log's signature.
    pub(crate) fn sign(&mut self, key: &SigningKey) {
        debug_assert_eq!(key.verifier().role(), Role::Log);
        self.add(key, key.sign(self.text.as_bytes()).to_vec());
    }

    /// Adds a witness's signature, as of this time in seconds since the Unix epoch.
    pub(crate) fn cosign(&mut self, key: &SigningKey, time_s: u64) {
        debug_assert_eq!(key.verifier().role(), Role::Witness);
        let signature = key.sign(cosigned(time_s, &self.text).as_bytes());
        self.add(key, [&time_s.to_be_bytes()[..], &signature].concat());
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        Self::parse_loosely(bytes).filter(|note| note.render().as_bytes() == bytes).ok_or(NoteError)
    }

    pub(crate) fn render(&self) -> String {
        format!("{}\n{}", self.text, self.lines())
    }

    /// The signatures alone, a line each.
    pub(crate) fn lines(&self) -> String {
        let line = |Signature { name, key_id, bytes }: &Signature| {
            let signature = BASE64_STANDARD.encode([&key_id[..], bytes].concat());
            format!("\u{2014} {name} {signature}\n")
        };
        self.signatures.iter().map(line).collect()
    }

    /// Adds the first of these lines that is a signature of this key and holds.
    pub(crate) fn take(&mut self, key: &VerifierKey, lines: &str) {
        let mut signatures = lines.lines().filter_map(Signature::parse);
        let of_key = signatures.find(|it| it.names(key) && it.verifies(&self.text, key));
        self.signatures.extend(of_key);
    }

    /// Whether this key signed. A key that signed twice is none to rely on.
    pub(crate) fn signed_by(&self, key: &VerifierKey) -> Signed {
        let mut named = self.signatures.iter().filter(|signature| signature.names(key));
        match (named.next(), named.next()) {
            (None, _) => Signed::Absent,
            (Some(signature), None) if signature.verifies(&self.text, key) => Signed::Valid,
            _ => Signed::Wrong,
        }
    }

    /// Whether each signature names one of these keys.
    pub(crate) fn names_only<'a>(
        &self,
        keys: impl Iterator<Item = &'a VerifierKey> + Clone,
    ) -> bool {
        self.signatures.iter().all(|signature| keys.clone().any(|key| signature.names(key)))
    }

    fn add(&mut self, key: &SigningKey, bytes: Vec<u8>) {
        let verifier = key.verifier();
        let name = verifier.name().to_owned();
        self.signatures.push(Signature { name, key_id: verifier.id(), bytes });
    }

    fn parse_loosely(bytes: &[u8]) -> Option<Self> {
        let note = std::str::from_utf8(bytes).ok()?;
        let (text, signatures) = note.split_once("\n\n")?;
        let lines = signatures.strip_suffix('\n')?.split('\n');
        let signatures: Vec<_> = lines.map(Signature::parse).collect::<Option<_>>()?;
        (signatures.len() <= MAX_SIGNATURES).then_some(())?;
        Some(Self { text: format!("{text}\n"), signatures })
    }
}

impl Signature {
    fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        check_name(name).ok()?;
        let signature = BASE64_STANDARD.decode(signature).ok()?;
        let (key_id, bytes) = signature.split_first_chunk::<4>()?;
        Some(Self { name: name.to_owned(), key_id: *key_id, bytes: bytes.to_vec() })
    }

    fn names(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.key_id == key.id()
    }

    fn verifies(&self, text: &str, key: &VerifierKey) -> bool {
        match key.role() {
            Role::Log => key.verifies(text.as_bytes(), &self.bytes),
            Role::Witness => self.bytes.split_first_chunk().is_some_and(|(time_s, signature)| {
                let text = cosigned(u64::from_be_bytes(*time_s), text);
                key.verifies(text.as_bytes(), signature)
            }),
        }
    }
}

/// What a witness signs (cosignature/v1).
fn cosigned(time_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (SigningKey, SigningKey) {
        let log = SigningKey::generate("lazaret.example/log", Role::Log).unwrap();
        (log, SigningKey::generate("witness.example", Role::Witness).unwrap())
    }

    /// Signed by the log and by a witness.
    fn note(log: &SigningKey, witness: &SigningKey) -> Note {
        let mut note = Note::new("one\ntwo\n".to_owned());
        note.sign(log);
        note.cosign(witness, 1_700_000_000);
        note
    }

    #[test]
    fn any_flipped_bit_of_a_note_is_noticed() {
        let (log, witness) = keys();
        let both = [log.verifier(), witness.verifier()];
        let holds = |bytes: &[u8]| {
            let note = Note::parse(bytes).ok()?;
            let valid = both.iter().all(|key| note.signed_by(key) == Signed::Valid);
            (valid && note.names_only(both.into_iter())).then_some(())
        };
        let bytes = note(&log, &witness).render().into_bytes();
        assert_eq!(holds(&bytes), Some(()));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(holds(&flipped), None, "bit {bit}");
        }
    }

    #[test]
    fn a_note_that_is_cut_or_extended_is_another() {
        let (log, witness) = keys();
        let bytes = note(&log, &witness).render().into_bytes();
        let first = bytes.iter().rposition(|&byte| byte == 0xE2).unwrap();
        for length in (0..bytes.len()).filter(|&length| length != first) {
            assert_eq!(Note::parse(&bytes[..length]), Err(NoteError), "{length}");
        }
        assert_eq!(
            Note::parse(&bytes[..first]).unwrap().signed_by(witness.verifier()),
            Signed::Absent
        );
        assert_eq!(Note::parse(&[&bytes[..], b"\n"].concat()), Err(NoteError));
        assert_eq!(Note::parse(&[&bytes[..], &bytes[..]].concat()), Err(NoteError));
    }

    #[test]
    fn a_note_has_a_bounded_number_of_signatures() {
        let (log, witness) = keys();
        let mut note = note(&log, &witness);
        (2..MAX_SIGNATURES).for_each(|_| note.cosign(&witness, 1_700_000_000));
        assert!(Note::parse(note.render().as_bytes()).is_ok());
        note.cosign(&witness, 1_700_000_000);
        assert_eq!(Note::parse(note.render().as_bytes()), Err(NoteError));
    }

    #[test]
    fn another_key_of_the_same_name_did_not_sign() {
        let (log, witness) = keys();
        let (other, _) = keys();
        let note = note(&log, &witness);
        assert_eq!(note.signed_by(other.verifier()), Signed::Absent);
        assert!(!note.names_only([log.verifier(), other.verifier()].into_iter()));
    }

    #[test]
    fn a_key_that_signed_twice_is_not_relied_on() {
        let (log, witness) = keys();
        let mut note = note(&log, &witness);
        note.cosign(&witness, 1_700_000_001);
        assert_eq!(note.signed_by(log.verifier()), Signed::Valid);
        assert_eq!(note.signed_by(witness.verifier()), Signed::Wrong);
    }

    #[test]
    fn another_implementation_reads_and_verifies_a_note() {
        let (log, witness) = keys();
        let bytes = note(&log, &witness).render();
        let theirs = signed_note::Note::from_bytes(bytes.as_bytes()).unwrap();
        let key = signed_note::StandardVerifier::new(&log.verifier().to_string()).unwrap();
        let keys = signed_note::VerifierList::new(vec![Box::new(key)]);
        let (verified, unverified) = theirs.verify(&keys).unwrap();
        assert_eq!((verified.len(), unverified.len()), (1, 1));
        assert_eq!(verified[0].name(), "lazaret.example/log");
    }
}
