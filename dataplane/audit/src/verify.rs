//! Verification of a shipped folder, offline.
//!
//! Every byte of every file in the folder is covered: the checkpoint by its signatures and its one
//! canonical form, tiles and bundles by the root in the checkpoint, segments by the hash in the log's
//! seal; a file that is none of these is a finding. Bundles and segments are judged in parallel, each by
//! itself; then the chains that the segments form are walked in the order of the log. Memory holds one
//! segment per core, and a hash for each 256 entries. Nothing is written.

mod chain;
mod inventory;
mod log;
mod parallel;
mod segments;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::Path;

use serde::Serialize;

use crate::entry::Origin;
use crate::folder::segment_file_name;
use crate::segment::Identity;
use crate::tlog::{CHECKPOINT_FILE_NAME, Checkpoint, MAX_NOTE_BYTES, Note, Signed, VerifierKey};
use crate::trust::{Trust, TrustError};

use chain::judge_chains;
use inventory::Inventory;
use log::{ReadLog, judge_log};
use segments::{Unsealed, judge_sealed, judge_unsealed};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything holds and is signed by keys that the trust file names.
    Verified,
    /// Everything holds, but nobody said whom to trust.
    Consistent,
    /// Something is not as it was sealed.
    Tampered,
    /// All that is there holds, and something is missing.
    Incomplete,
    /// There is nothing that could be judged.
    Unusable,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FirstBad {
    /// The file; also that of a tile, a bundle or the checkpoint.
    pub segment: String,
    /// The record's; in a bundle the entry's.
    pub sequence: u64,
    pub offset: u64,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub verdict: Verdict,
    /// Records that were read and are as they were sealed.
    pub records: u64,
    pub first_bad: Option<FirstBad>,
    /// Of these, the ones in front of the first fault or gap, in the order of the log.
    pub trusted_prefix: u64,
    pub gaps: Vec<String>,
    pub torn_tails: Vec<String>,
    pub redacted: u64,
    pub unwitnessed: Vec<String>,
}

impl Verdict {
    /// 0 verified or consistent, 1 tampered, 2 incomplete, 3 unusable.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Verified | Self::Consistent => 0,
            Self::Tampered => 1,
            Self::Incomplete => 2,
            Self::Unusable => 3,
        }
    }
}

/// Judges a shipped folder. Without `trust` the best verdict is [`Verdict::Consistent`].
pub fn verify_folder(folder: &Path, trust: Option<&Trust>) -> Report {
    let authority = match trust.map(Authority::from_trust).transpose() {
        Ok(authority) => authority,
        Err(error) => return Report::unusable(Path::new("the trust file"), &error),
    };
    let inventory = match Inventory::read(folder) {
        Ok(inventory) => inventory,
        Err(error) => return Report::unusable(folder, &error),
    };
    if inventory.is_empty() {
        let reason = "no evidence lies here; name the folder that segments are shipped to";
        return Report::unusable(folder, &reason);
    }

    let mut findings = Findings::default();
    inventory.report_strangers(&mut findings);
    let log = judge_checkpoint(folder, &inventory, authority, &mut findings);
    if let Some(log) = &log {
        let outcomes = judge_sealed(folder, &inventory, &log.seals);
        judge_chains(log, outcomes, &mut findings);
    }
    let seals = log.iter().flat_map(|log| &log.seals);
    let sealed: BTreeSet<&Identity> = seals.map(|at| &at.seal.segment).collect();
    judge_strays(folder, &inventory, &sealed, &mut findings);
    if let Some(trust) = trust {
        judge_coverage(trust, &sealed, &inventory, &mut findings);
    }
    findings.report(trust.is_some())
}

/// Who may have signed.
struct Authority {
    origin: String,
    keys: Vec<VerifierKey>,
    /// `None` if nobody said who they are.
    witnesses: Option<Vec<VerifierKey>>,
    /// So many of them must have cosigned.
    needed_witnesses: usize,
}

impl Authority {
    fn from_trust(trust: &Trust) -> Result<Self, TrustError> {
        let (keys, witnesses) = (trust.verifier_keys()?, trust.witness_keys()?);
        let needed_witnesses = trust.needed_witnesses()?;
        let origin = trust.origin.clone();
        Ok(Self { origin, keys, witnesses: Some(witnesses), needed_witnesses })
    }

    /// Without a trust file the folder can at least agree with itself.
    fn from_origin(origin: Origin) -> Option<Self> {
        let keys = vec![origin.key.parse().ok()?];
        Some(Self { origin: origin.origin, keys, witnesses: None, needed_witnesses: 0 })
    }

    /// Whether one of the keys signed, and nobody else but witnesses.
    fn accepts(&self, checkpoint: &Checkpoint, note: &Note) -> Result<(), String> {
        if checkpoint.origin != self.origin {
            let (found, trusted) = (&checkpoint.origin, &self.origin);
            let mend = "is the trust file this gateway's?";
            return Err(format!("its origin is {found:?}, not {trusted:?}; {mend}"));
        }
        let signed: Vec<_> = self.keys.iter().map(|key| note.signed_by(key)).collect();
        if signed.contains(&Signed::Wrong) {
            return Err("its signature does not match".to_owned());
        }
        if !signed.contains(&Signed::Valid) {
            let reason = match &self.witnesses {
                Some(_) => "it is signed by a key that is not trusted",
                None => "it is not signed by the key that the log begins with",
            };
            return Err(reason.to_owned());
        }
        let named = |witnesses| note.names_only(self.keys.iter().chain(witnesses));
        if self.witnesses.as_ref().is_some_and(|witnesses| !named(witnesses)) {
            return Err("somebody signed it who is not trusted".to_owned());
        }
        Ok(())
    }

    /// Whether so many witnesses cosigned as must have. A cosignature that is there holds, needed or not.
    fn judge_witnesses(&self, note: &Note, findings: &mut Findings) {
        let (mut cosigned, mut absent) = (0, Vec::new());
        for witness in self.witnesses.iter().flatten() {
            let name = witness.name();
            match note.signed_by(witness) {
                Signed::Valid => cosigned += 1,
                Signed::Absent => absent.push(name),
                Signed::Wrong => findings.tampered(FirstBad::checkpoint(format!(
                    "the cosignature of {name} does not match"
                ))),
            }
        }
        if cosigned >= self.needed_witnesses {
            return;
        }
        for name in absent {
            findings.missing(format!("{CHECKPOINT_FILE_NAME}: {name} has not cosigned it"));
            findings.unwitnessed.push(format!("{CHECKPOINT_FILE_NAME}: {name}"));
        }
    }
}

/// What has been found so far, worst first when the verdict is made.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) records: u64,
    pub(crate) trusted_prefix: u64,
    tampered: Option<FirstBad>,
    unusable: Option<FirstBad>,
    missing: bool,
    gaps: Vec<String>,
    torn_tails: Vec<String>,
    unwitnessed: Vec<String>,
}

impl Findings {
    pub(crate) fn tampered(&mut self, bad: FirstBad) {
        self.tampered.get_or_insert(bad);
    }

    pub(crate) fn unreadable(&mut self, bad: FirstBad) {
        self.unusable.get_or_insert(bad);
    }

    /// Something that was recorded is not here.
    pub(crate) fn missing(&mut self, text: String) {
        self.missing = true;
        self.gaps.push(text);
    }

    /// Nothing was recorded, for longer than heartbeats allow.
    pub(crate) fn silent(&mut self, text: String) {
        self.gaps.push(text);
    }

    pub(crate) fn torn(&mut self, text: String) {
        self.torn_tails.push(text);
    }

    /// Takes over what was found elsewhere, behind what is known here.
    fn absorb(&mut self, other: Self) {
        self.tampered = self.tampered.take().or(other.tampered);
        self.unusable = self.unusable.take().or(other.unusable);
        self.missing |= other.missing;
        self.gaps.extend(other.gaps);
        self.torn_tails.extend(other.torn_tails);
        self.unwitnessed.extend(other.unwitnessed);
    }

    fn report(self, trusted: bool) -> Report {
        let verdict = if self.tampered.is_some() {
            Verdict::Tampered
        } else if self.unusable.is_some() {
            Verdict::Unusable
        } else if self.missing {
            Verdict::Incomplete
        } else if trusted {
            Verdict::Verified
        } else {
            Verdict::Consistent
        };
        Report {
            verdict,
            records: self.records,
            first_bad: self.tampered.or(self.unusable),
            trusted_prefix: self.trusted_prefix,
            gaps: self.gaps,
            torn_tails: self.torn_tails,
            redacted: 0,
            unwitnessed: self.unwitnessed,
        }
    }
}

impl FirstBad {
    /// A fault of a whole file.
    pub(crate) fn file(name: impl Into<String>, reason: impl ToString) -> Self {
        Self { segment: name.into(), sequence: 0, offset: 0, reason: reason.to_string() }
    }

    /// A fault of an entry of the log.
    fn entry(bundle: String, entry: u64, reason: impl ToString) -> Self {
        Self { segment: bundle, sequence: entry, offset: 0, reason: reason.to_string() }
    }

    fn checkpoint(reason: impl ToString) -> Self {
        Self::file(CHECKPOINT_FILE_NAME, reason)
    }
}

impl Report {
    /// Nothing can be judged, because of this file or folder.
    pub fn unusable(path: &Path, reason: &dyn Display) -> Self {
        let mut findings = Findings::default();
        findings.unreadable(FirstBad::file(path.display().to_string(), reason));
        findings.report(false)
    }
}

/// Judges the checkpoint and the log under it. `None` if there is no checkpoint to go by.
fn judge_checkpoint(
    folder: &Path,
    inventory: &Inventory,
    authority: Option<Authority>,
    findings: &mut Findings,
) -> Option<ReadLog> {
    if !inventory.checkpoint {
        let text = "which says what there should be, is missing";
        findings.missing(format!("{CHECKPOINT_FILE_NAME}, {text}"));
        return None;
    }
    let bytes = match inventory::read(folder, CHECKPOINT_FILE_NAME, MAX_NOTE_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => {
            findings.unreadable(FirstBad::checkpoint(error));
            return None;
        }
    };
    let origin = log::read_origin(folder, inventory);
    let first_key = origin.as_ref().map(|origin| origin.key.clone());
    let authority = authority.or_else(|| origin.and_then(Authority::from_origin));
    let read = Checkpoint::read(&bytes).map_err(|error| error.to_string());
    let accepted = read.and_then(|(checkpoint, note)| {
        let accepts = |authority: &Authority| authority.accepts(&checkpoint, &note);
        authority.as_ref().map_or(Ok(()), accepts)?;
        Ok((checkpoint, note))
    });
    let (checkpoint, note) = match accepted {
        Ok(accepted) => accepted,
        Err(reason) => {
            findings.tampered(FirstBad::checkpoint(reason));
            return None;
        }
    };
    let log = judge_log(folder, inventory, &checkpoint, findings);
    if let Some(authority) = authority {
        let trusts = |key: &String| authority.keys.iter().any(|it| it.to_string() == *key);
        if first_key.is_some_and(|key| !trusts(&key)) {
            findings
                .tampered(FirstBad::checkpoint("the log begins with a key that is not trusted"));
        }
        authority.judge_witnesses(&note, findings);
    }
    Some(log)
}

/// Segments that the log does not seal: newer than the checkpoint, or nobody's.
fn judge_strays(
    folder: &Path,
    inventory: &Inventory,
    sealed: &BTreeSet<&Identity>,
    findings: &mut Findings,
) {
    let strays = inventory.segments.iter().filter(|segment| !sealed.contains(segment));
    let strays: Vec<_> = strays.collect();
    let judged = judge_unsealed(folder, &strays);
    for (segment, judged) in strays.into_iter().zip(judged) {
        let name = segment_file_name(segment);
        match judged {
            Ok(Unsealed { records, torn }) => {
                findings.records += records;
                findings.missing(format!("{name}: the log does not seal it, or not yet"));
                if torn {
                    findings.torn(format!("{name}: its end is torn, not recovered"));
                }
            }
            Err(fault) => findings.fault(fault),
        }
    }
}

/// Whether the evidence is that of the nodes that the auditor expects.
fn judge_coverage(
    trust: &Trust,
    sealed: &BTreeSet<&Identity>,
    inventory: &Inventory,
    findings: &mut Findings,
) {
    let covered: BTreeSet<&str> = sealed.iter().map(|segment| segment.node.as_str()).collect();
    for node in &trust.nodes {
        if !covered.contains(node.as_str()) {
            findings.missing(format!("node {node}: no segments"));
        }
    }
    let all: BTreeSet<&str> = inventory.segments.iter().map(|it| it.node.as_str()).collect();
    for &node in covered.union(&all) {
        if !trust.nodes.iter().any(|expected| expected == node) {
            let reason = "the trust file does not name this node";
            findings.tampered(FirstBad::file(node, reason));
        }
    }
}

#[cfg(test)]
mod second_reader;
#[cfg(test)]
mod tests;
