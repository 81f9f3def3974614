//! What control signs: a [`Seal`] over each finished segment, and a [`Head`] over all of them.
//!
//! Both are C2SP signed notes. A seal's text:
//! ```text
//! <origin>
//! lazaret/seal/v1
//! segment <file name>
//! bytes <length of the file as shipped>
//! records <n>
//! sequences <first> <last>
//! sha256 <of the file as shipped>
//! previous <SHA-256 of the text of this shard's seal before it, in this boot or the last>
//! key <verifier key>
//! ```
//! (`previous -` in a shard's first). The head's text, rewritten with each seal, so that a missing
//! tail or a removed segment shows:
//! ```text
//! <origin>
//! lazaret/head/v1
//! seals <n>
//! shard <node> <boot> <shard> <segments, by the last index> <SHA-256 of its last seal's text>
//! key <verifier key>
//! ```
//! with a `shard` line for each shard of each boot, in order. The key that signed is named in the
//! text: without a trust file that shows whether the folder agrees with itself, and no more.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::str::FromStr;

use aws_lc_rs::digest;

use crate::folder::{parse_segment_file_name, segment_file_name};
use crate::key::{Hex, SigningKey, VerifierKey, parse_hex};
use crate::note::{Note, NoteError};
use crate::segment::Identity;

/// A SHA-256 hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

/// One segment's seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    pub origin: String,
    pub segment: Identity,
    pub bytes: u64,
    pub records: u64,
    pub first_sequence: u64,
    pub last_sequence: u64,
    pub sha256: Digest,
    pub previous: Option<Digest>,
}

/// What has been sealed so far, over all nodes, boots and shards of an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub origin: String,
    /// Grows by one with each seal.
    pub seals: u64,
    pub chains: BTreeMap<ChainId, ChainHead>,
}

/// One shard's log in one boot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainId {
    pub node: String,
    pub shard: u16,
    pub boot: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// One more than the index of the last sealed segment.
    pub segments: u64,
    pub last_seal: Digest,
}

/// A note whose signature matches the key that its text names. Whether that key is to be trusted
/// is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<T> {
    pub content: T,
    pub key: VerifierKey,
    /// Of the text.
    pub digest: Digest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct SealError(#[from] Reason);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error("its text is not that of a seal or head")]
    Text,
}

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_context(digest(bytes))
    }

    pub(crate) fn from_context(digest: digest::Digest) -> Self {
        Self(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

fn digest(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(out)
    }
}

impl FromStr for Digest {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        parse_hex(text).map(Self).ok_or(())
    }
}

impl Seal {
    /// The text that is signed; persist it before signing.
    pub fn text(&self, key: &VerifierKey) -> String {
        let previous = self.previous.map_or_else(|| "-".to_owned(), |digest| digest.to_string());
        format!(
            "{}\nlazaret/seal/v1\nsegment {}\nbytes {}\nrecords {}\nsequences {} {}\n\
             sha256 {}\nprevious {previous}\nkey {key}\n",
            self.origin,
            segment_file_name(&self.segment),
            self.bytes,
            self.records,
            self.first_sequence,
            self.last_sequence,
            self.sha256,
        )
    }

    /// Reads a seal and checks its signature against the key that it names.
    pub fn read(note: &[u8]) -> Result<Signed<Self>, SealError> {
        read_signed(note, Self::parse, Self::text)
    }

    fn parse(lines: &mut Lines<'_>) -> Option<Self> {
        let origin = lines.next_line()?.to_owned();
        lines.next_line().filter(|&line| line == "lazaret/seal/v1")?;
        let segment = parse_segment_file_name(lines.field("segment")?)?;
        let bytes = lines.number("bytes")?;
        let records = lines.number("records")?;
        let (first, last) = lines.field("sequences")?.split_once(' ')?;
        let sha256 = lines.field("sha256")?.parse().ok()?;
        let previous = match lines.field("previous")? {
            "-" => None,
            digest => Some(digest.parse().ok()?),
        };
        let (first_sequence, last_sequence) = (first.parse().ok()?, last.parse().ok()?);
        Some(Self {
            origin,
            segment,
            bytes,
            records,
            first_sequence,
            last_sequence,
            sha256,
            previous,
        })
    }
}

impl Head {
    pub fn new(origin: String) -> Self {
        Self { origin, seals: 0, chains: BTreeMap::new() }
    }

    /// The seal that the next one of this segment's shard follows.
    pub fn previous(&self, segment: &Identity) -> Option<Digest> {
        let Identity { node, boot, shard, .. } = segment.clone();
        let upto = ChainId { node: node.clone(), shard, boot };
        let from = ChainId { node, shard, boot: 0 };
        self.chains.range(from..=upto).next_back().map(|(_, head)| head.last_seal)
    }

    /// Notes that a segment has been sealed.
    pub fn add(&mut self, segment: &Identity, seal: Digest) {
        let head = ChainHead { segments: segment.index + 1, last_seal: seal };
        self.chains.insert(ChainId::of(segment), head);
        self.seals += 1;
    }

    /// The text that is signed; persist it before signing.
    pub fn text(&self, key: &VerifierKey) -> String {
        let mut text = format!("{}\nlazaret/head/v1\nseals {}\n", self.origin, self.seals);
        for (ChainId { node, boot, shard }, ChainHead { segments, last_seal }) in &self.chains {
            writeln!(text, "shard {node} {boot} {shard} {segments} {last_seal}")
                .expect("a string takes all that is written");
        }
        writeln!(text, "key {key}").expect("a string takes all that is written");
        text
    }

    /// Reads a head and checks its signature against the key that it names.
    pub fn read(note: &[u8]) -> Result<Signed<Self>, SealError> {
        read_signed(note, Self::parse, Self::text)
    }

    fn parse(lines: &mut Lines<'_>) -> Option<Self> {
        let origin = lines.next_line()?.to_owned();
        lines.next_line().filter(|&line| line == "lazaret/head/v1")?;
        let seals = lines.number("seals")?;
        let mut chains = BTreeMap::new();
        while let Some(line) = lines.field("shard") {
            let mut parts = line.split(' ');
            let node = parts.next()?.to_owned();
            let (boot, shard) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let segments = parts.next()?.parse().ok()?;
            let last_seal = parts.next()?.parse().ok()?;
            let whole = parts.next().is_none();
            let last_index = u64::checked_sub(segments, 1).filter(|_| whole)?;
            let identity = Identity { node, boot, shard, index: last_index };
            identity.is_valid().then_some(())?;
            chains.insert(ChainId::of(&identity), ChainHead { segments, last_seal });
        }
        Some(Self { origin, seals, chains })
    }
}

impl ChainId {
    pub fn of(segment: &Identity) -> Self {
        Self { node: segment.node.clone(), shard: segment.shard, boot: segment.boot }
    }
}

/// Signs the text of a seal or head and answers the bytes of its file.
pub fn sign(text: String, key: &SigningKey) -> String {
    Note::sign(text, key).render()
}

/// The canonical form is checked by writing again what was read.
fn read_signed<T>(
    note: &[u8],
    parse: fn(&mut Lines<'_>) -> Option<T>,
    text: fn(&T, &VerifierKey) -> String,
) -> Result<Signed<T>, SealError> {
    let note = Note::parse(note).map_err(Reason::from)?;
    let mut lines = Lines(&note.text);
    let parsed = parse(&mut lines).and_then(|content| {
        let key = lines.field("key")?.parse().ok()?;
        Some((content, key))
    });
    let (content, key) = parsed.ok_or(Reason::Text)?;
    if text(&content, &key) != note.text {
        return Err(Reason::Text.into());
    }
    note.verify(&key).map_err(Reason::from)?;
    Ok(Signed { content, key, digest: Digest::of(note.text.as_bytes()) })
}

/// The lines of a text, each ended by a newline.
struct Lines<'a>(&'a str);

impl<'a> Lines<'a> {
    fn next_line(&mut self) -> Option<&'a str> {
        let (line, rest) = self.0.split_once('\n')?;
        self.0 = rest;
        Some(line)
    }

    /// The next line's value, if the line has this name; otherwise the line stays.
    fn field(&mut self, name: &str) -> Option<&'a str> {
        let (line, rest) = self.0.split_once('\n')?;
        let value = line.strip_prefix(name)?.strip_prefix(' ')?;
        self.0 = rest;
        Some(value)
    }

    fn number(&mut self, name: &str) -> Option<u64> {
        self.field(name)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(boot: u64, shard: u16, index: u64) -> Identity {
        Identity { node: "n1".to_owned(), boot, shard, index }
    }

    fn seal() -> Seal {
        Seal {
            origin: "lazaret.example/log".to_owned(),
            segment: segment(1, 0, 3),
            bytes: 8192,
            records: 17,
            first_sequence: 100,
            last_sequence: 116,
            sha256: Digest::of(b"segment"),
            previous: Some(Digest::of(b"previous")),
        }
    }

    #[test]
    fn a_seal_and_a_head_are_read_back() {
        let key = SigningKey::generate("lazaret.example/log").unwrap();
        for previous in [None, Some(Digest::of(b"previous"))] {
            let seal = Seal { previous, ..seal() };
            let note = sign(seal.text(key.verifier()), &key);
            let read = Seal::read(note.as_bytes()).unwrap();
            assert_eq!((read.content, &read.key), (seal, key.verifier()));
        }
        let mut head = Head::new("lazaret.example/log".to_owned());
        head.add(&segment(1, 0, 0), Digest::of(b"a"));
        head.add(&segment(1, 1, 0), Digest::of(b"b"));
        head.add(&segment(2, 0, 0), Digest::of(b"c"));
        let note = sign(head.text(key.verifier()), &key);
        assert_eq!(Head::read(note.as_bytes()).unwrap().content, head);
    }

    #[test]
    fn a_shards_chain_goes_on_through_its_boots() {
        let mut head = Head::new("o".to_owned());
        assert_eq!(head.previous(&segment(1, 0, 0)), None);
        head.add(&segment(1, 0, 0), Digest::of(b"a"));
        head.add(&segment(1, 1, 0), Digest::of(b"b"));
        assert_eq!(head.previous(&segment(1, 0, 1)), Some(Digest::of(b"a")));
        assert_eq!(head.previous(&segment(2, 0, 0)), Some(Digest::of(b"a")));
        assert_eq!(head.previous(&segment(2, 1, 0)), Some(Digest::of(b"b")));
        assert_eq!(head.previous(&segment(2, 2, 0)), None);
    }

    #[test]
    fn a_text_in_another_form_is_no_seal_however_it_is_signed() {
        let key = SigningKey::generate("lazaret.example/log").unwrap();
        let text = seal().text(key.verifier());
        for (from, to) in [
            ("seal/v1", "seal/v2"),
            ("bytes 8192", "bytes 08192"),
            ("bytes 8192", "bytes +8192"),
            ("records 17\n", ""),
            ("previous ", "previous -"),
            ("key ", "clef "),
            ("0000000003.seg", "0000000003.txt"),
            ("\nkey", "\nmore\nkey"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            let note = sign(changed, &key);
            assert_eq!(Seal::read(note.as_bytes()), Err(Reason::Text.into()), "{from} to {to}");
        }
    }

    #[test]
    fn a_seal_that_names_another_key_than_its_signers_is_refused() {
        let key = SigningKey::generate("lazaret.example/log").unwrap();
        let other = SigningKey::generate("lazaret.example/log").unwrap();
        let note = sign(seal().text(other.verifier()), &key);
        assert_eq!(Seal::read(note.as_bytes()), Err(Reason::Note(NoteError::Key).into()));
    }
}
