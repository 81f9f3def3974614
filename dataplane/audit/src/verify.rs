//! Verification of a shipped folder, offline.
//!
//! Every byte of every file in the folder is covered: a segment by the hash in its seal, seals and
//! the head by their signatures and their one canonical form; a file that is none of these is a
//! finding. Segments are judged in parallel, each by itself; then the chains they form are walked.
//! Memory holds one segment per core and a few hundred bytes for each file. Nothing is written.

mod chain;
mod inventory;
mod sealed;

use std::fmt::Display;
use std::path::Path;

use serde::Serialize;

use crate::folder::HEAD_FILE_NAME;
use crate::key::VerifierKey;
use crate::seal::{Head, Signed};
use crate::trust::{Trust, TrustError};

use chain::judge_chains;
use inventory::Inventory;
use sealed::judge_segments;

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
    /// The file; also that of a seal, or the head.
    pub segment: String,
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
    /// Of these, the ones in front of the first fault or gap of their shard's log.
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
        return Report::unusable(folder, &"no evidence lies here");
    }

    let mut findings = Findings::default();
    inventory.report_strangers(&mut findings);
    let head = judge_head(folder, &inventory, authority.as_ref(), &mut findings);
    // Without a trust file the folder can at least agree with itself.
    let authority = authority.or_else(|| head.as_ref().map(Authority::from_head));
    let segments = judge_segments(folder, &inventory, authority.as_ref());
    judge_chains(segments, head.as_ref().map(|head| &head.content), &mut findings);
    if let Some(trust) = trust {
        judge_coverage(trust, &inventory, &mut findings);
    }
    findings.report(trust.is_some())
}

/// Who may have signed.
pub(crate) struct Authority {
    origin: String,
    keys: Vec<VerifierKey>,
}

impl Authority {
    fn from_trust(trust: &Trust) -> Result<Self, TrustError> {
        Ok(Self { origin: trust.origin.clone(), keys: trust.verifier_keys()? })
    }

    fn from_head(head: &Signed<Head>) -> Self {
        Self { origin: head.content.origin.clone(), keys: vec![head.key.clone()] }
    }

    pub(crate) fn accepts(&self, origin: &str, key: &VerifierKey) -> Result<(), String> {
        if origin != self.origin {
            return Err(format!("its origin is {origin:?}, not {:?}", self.origin));
        }
        if !self.keys.contains(key) {
            return Err("it is signed by a key that is not trusted".to_owned());
        }
        Ok(())
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
}

impl Report {
    /// Nothing can be judged, because of this file or folder.
    pub fn unusable(path: &Path, reason: &dyn Display) -> Self {
        let mut findings = Findings::default();
        findings.unreadable(FirstBad::file(path.display().to_string(), reason));
        findings.report(false)
    }
}

fn judge_head(
    folder: &Path,
    inventory: &Inventory,
    authority: Option<&Authority>,
    findings: &mut Findings,
) -> Option<Signed<Head>> {
    if !inventory.head {
        findings.missing(format!("{HEAD_FILE_NAME}, which says what there should be, is missing"));
        return None;
    }
    let bytes = match inventory::read_note(folder, HEAD_FILE_NAME) {
        Ok(bytes) => bytes,
        Err(error) => {
            findings.unreadable(FirstBad::file(HEAD_FILE_NAME, error));
            return None;
        }
    };
    let head = Head::read(&bytes).map_err(|error| error.to_string()).and_then(|head| {
        authority.map_or(Ok(()), |authority| authority.accepts(&head.content.origin, &head.key))?;
        Ok(head)
    });
    match head {
        Ok(head) => Some(head),
        Err(reason) => {
            findings.tampered(FirstBad::file(HEAD_FILE_NAME, reason));
            None
        }
    }
}

/// Whether the evidence is that of the nodes and witnesses that the auditor expects.
fn judge_coverage(trust: &Trust, inventory: &Inventory, findings: &mut Findings) {
    let nodes = inventory.nodes();
    for node in &trust.nodes {
        if !nodes.contains(node.as_str()) {
            findings.missing(format!("node {node}: no segments"));
        }
    }
    for node in nodes {
        if !trust.nodes.iter().any(|expected| expected == node) {
            let reason = "the trust file does not name this node";
            findings.tampered(FirstBad::file(node, reason));
        }
    }
    if !trust.witnesses.is_empty() {
        // Heads carry no cosignatures yet, so a trust file that asks for them can't be satisfied.
        findings.missing(format!("{HEAD_FILE_NAME}: no witness has signed it"));
        findings.unwitnessed.push(HEAD_FILE_NAME.to_owned());
    }
}

#[cfg(test)]
mod tests;
