//! Verification of a shipped folder, offline.

use std::path::Path;

use serde::Serialize;

use crate::Trust;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything holds and is signed by keys that the trust file names.
    Verified,
    /// Everything holds, but nobody said whom to trust.
    Consistent,
    Tampered,
    Incomplete,
    Unusable,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FirstBad {
    pub segment: String,
    pub sequence: u64,
    pub offset: u64,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub verdict: Verdict,
    pub records: u64,
    pub first_bad: Option<FirstBad>,
    pub trusted_prefix: u64,
    pub gaps: Vec<String>,
    pub torn_tails: Vec<String>,
    pub redacted: u64,
    pub unwitnessed: Vec<String>,
}

pub fn verify_folder(folder: &Path, trust: Option<&Trust>) -> Report {
    let _ = (folder, trust);
    todo!()
}
