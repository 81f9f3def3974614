//! What a log asks of a witness, and when the witness signs: C2SP's tlog-witness, without HTTP.
//!
//! Who keeps the newest checkpoint that a witness signed, and makes it durable before it signs the next,
//! is the caller. Checkpoints have no lines of extensions here.

use super::checkpoint::Checkpoint;
use super::hash::Digest;
use super::key::VerifierKey;
use super::note::{MAX_NOTE_BYTES, Signed};
use super::proof::verify_consistency;
use super::signed::SignedCheckpoint;

/// A tree has no more levels than a proof has lines.
const MAX_PROOF_LINES: usize = 63;

/// A longer request isn't read: a proof's lines have 45 bytes, the first less than 32.
pub const MAX_ADD_CHECKPOINT_BYTES: usize = (64 << 10) + MAX_PROOF_LINES * 45 + 32;

const _: () = assert!(MAX_ADD_CHECKPOINT_BYTES as u64 > MAX_NOTE_BYTES);

/// The request `add-checkpoint`: a checkpoint, and the proof that it goes on from one of the old size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<Digest>,
    signed: SignedCheckpoint,
}

/// Why a witness doesn't sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it is no request to add a checkpoint")]
    Malformed,
    #[error("this witness doesn't know the log")]
    UnknownLog,
    #[error("no key of the log signed it")]
    Signature,
    /// So many entries has the checkpoint that was signed last.
    #[error("the checkpoint signed last has {0} entries")]
    OldSize(u64),
    #[error("another checkpoint with {0} entries was signed")]
    Forked(u64),
    #[error("it does not go on from the checkpoint signed last")]
    Proof,
}

impl AddCheckpoint {
    pub fn new(old_size: u64, proof: Vec<Digest>, signed: SignedCheckpoint) -> Self {
        Self { old_size, proof, signed }
    }

    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        Self::parse_loosely(body)
            .filter(|request| request.to_body().as_bytes() == body)
            .ok_or(Refusal::Malformed)
    }

    pub fn to_body(&self) -> String {
        let proof: String = self.proof.iter().map(|hash| hash.to_base64() + "\n").collect();
        format!("old {}\n{proof}\n{}", self.old_size, self.signed)
    }

    /// The log that asks.
    pub fn origin(&self) -> &str {
        &self.signed.checkpoint().origin
    }

    /// What is asked for, for a log.
    pub fn describe(&self) -> String {
        let Checkpoint { origin, size, root } = self.signed.checkpoint();
        format!("{origin}, {size} entries, root {root}, from {} on", self.old_size)
    }

    /// Whether the witness may sign. `logs` are the keys of the logs it knows, each named by its origin;
    /// `latest` is what it signed last of this one.
    pub fn judge(
        self,
        logs: &[VerifierKey],
        latest: Option<&Checkpoint>,
    ) -> Result<SignedCheckpoint, Refusal> {
        let Self { old_size, proof, signed } = self;
        let new = signed.checkpoint();
        let keys = logs.iter().filter(|key| key.name() == new.origin);
        let by_keys: Vec<_> = keys.map(|key| signed.signed_by(key)).collect();
        if by_keys.is_empty() {
            return Err(Refusal::UnknownLog);
        }
        if by_keys.contains(&Signed::Wrong) || !by_keys.contains(&Signed::Valid) {
            return Err(Refusal::Signature);
        }
        if old_size > new.size {
            return Err(Refusal::Malformed);
        }
        let nothing = (0, Digest::of(b""));
        let (size, root) = latest.map_or(nothing, |latest| (latest.size, latest.root));
        if old_size != size {
            return Err(Refusal::OldSize(size));
        }
        if new.size == size && new.root != root {
            return Err(Refusal::Forked(size));
        }
        match verify_consistency((size, &root), (new.size, &new.root), &proof) {
            true => Ok(signed),
            false => Err(Refusal::Proof),
        }
    }

    fn parse_loosely(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let (request, note) = text.split_once("\n\n")?;
        let mut lines = request.split('\n');
        let old_size = lines.next()?.strip_prefix("old ")?.parse().ok()?;
        let proof: Vec<_> = lines.map(Digest::from_base64).collect::<Option<_>>()?;
        (proof.len() <= MAX_PROOF_LINES).then_some(())?;
        let signed = SignedCheckpoint::read(note.as_bytes()).ok()?;
        Some(Self { old_size, proof, signed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_checkpoint;
    use crate::tlog::{Role, SigningKey, Tree};

    fn request(log: &SigningKey, old_size: u64, leaves: &[&[u8]], proof: &[Digest]) -> String {
        let mut tree = Tree::default();
        leaves.iter().for_each(|leaf| tree.push(Digest::leaf(leaf), |_, _| {}));
        let origin = log.verifier().name().to_owned();
        let checkpoint = Checkpoint { origin, size: tree.size(), root: tree.root() };
        let signed = SignedCheckpoint::read(sign_checkpoint(&checkpoint, log).as_bytes()).unwrap();
        AddCheckpoint::new(old_size, proof.to_vec(), signed).to_body()
    }

    fn log() -> SigningKey {
        SigningKey::generate("lazaret.example/log", Role::Log).unwrap()
    }

    #[test]
    fn a_witness_signs_what_goes_on_from_what_it_signed_last_and_nothing_else() {
        let (log, other) = (log(), log());
        let keys = [log.verifier().clone()];
        let judge = |body: &str, latest: Option<&Checkpoint>| {
            let judged = AddCheckpoint::parse(body.as_bytes())?.judge(&keys, latest);
            judged.map(|signed| signed.checkpoint().clone())
        };
        let first = judge(&request(&log, 0, &[b"a"], &[]), None).unwrap();
        let second = |proof: &[Digest]| request(&log, 1, &[b"a", b"b"], proof);
        let right = [Digest::leaf(b"b")];
        let grown = judge(&second(&right), Some(&first)).unwrap();
        assert_eq!((first.size, grown.size), (1, 2));
        // Asked again, it may sign again: the answer was lost.
        let again = request(&log, 2, &[b"a", b"b"], &[]);
        assert_eq!(judge(&again, Some(&grown)), Ok(grown.clone()));

        let forked = request(&log, 2, &[b"a", b"c"], &[]);
        let elsewhere = request(&log, 1, &[b"x", b"b"], &right);
        for (body, latest, refusal) in [
            (forked, Some(&grown), Refusal::Forked(2)),
            (second(&right), Some(&grown), Refusal::OldSize(2)),
            (second(&right), None, Refusal::OldSize(0)),
            (request(&log, 0, &[b"a"], &[]), Some(&grown), Refusal::OldSize(2)),
            (request(&log, 2, &[b"a"], &[]), Some(&grown), Refusal::Malformed),
            (elsewhere, Some(&first), Refusal::Proof),
            (second(&[]), Some(&first), Refusal::Proof),
            (second(&[right[0], right[0]]), Some(&first), Refusal::Proof),
            (second(&[Digest::leaf(b"c")]), Some(&first), Refusal::Proof),
            (request(&log, 0, &[b"a"], &right), None, Refusal::Proof),
            (request(&other, 0, &[b"a"], &[]), None, Refusal::Signature),
        ] {
            assert_eq!(judge(&body, latest), Err(refusal), "{body}");
        }
        let unknown = SigningKey::generate("unknown.example/log", Role::Log).unwrap();
        let body = request(&unknown, 0, &[b"a"], &[]);
        assert_eq!(judge(&body, None), Err(Refusal::UnknownLog));
    }

    #[test]
    fn a_request_that_is_cut_or_changed_is_none() {
        let body = request(&log(), 1, &[b"a", b"b"], &[Digest::leaf(b"b")]);
        assert_eq!(AddCheckpoint::parse(body.as_bytes()).unwrap().to_body(), body);
        for length in 0..body.len() {
            let cut = AddCheckpoint::parse(&body.as_bytes()[..length]);
            assert_eq!(cut, Err(Refusal::Malformed), "cut to {length}");
        }
        let line = format!("{}\n", Digest::of(b"").to_base64());
        let many = format!("old 1\n{}\n", line.repeat(64));
        for (from, to) in [
            ("old 1\n", "old 01\n"),
            ("old 1\n", "old -1\n"),
            ("old 1\n", "old  1\n"),
            ("old 1\n", "old 18446744073709551616\n"),
            ("old 1\n", "new 1\n"),
            ("old 1\n", ""),
            ("old 1\n", "old 1\r\n"),
            ("old 1\n", "old 1\nAAAA\n"),
            ("old 1\n", &many),
            ("\n\n", "\n"),
            ("\n\n", "\n\n\n"),
        ] {
            let changed = body.replacen(from, to, 1);
            assert_ne!(changed, body);
            let read = AddCheckpoint::parse(changed.as_bytes());
            assert_eq!(read, Err(Refusal::Malformed), "{from:?} to {to:?}");
        }
    }
}
