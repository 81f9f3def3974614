//! What an auditor trusts, given from outside: `trust.json`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::tlog::{KeyError, Role, VerifierKey, check_name};

/// No trust file is longer.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// The log's origin line.
    pub origin: String,
    /// Verifier keys in C2SP signed-note form: `name+hash+base64`.
    pub keys: Vec<String>,
    /// Verifier keys of witnesses.
    #[serde(default)]
    pub witnesses: Vec<String>,
    /// Nodes that the evidence must cover.
    pub nodes: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("not a trust file: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the origin: {0}")]
    Origin(KeyError),
    #[error("key {0}: {1}")]
    Key(usize, KeyError),
    #[error("key {0} is a witness's: it belongs under `witnesses`")]
    WitnessKey(usize),
    #[error("witness {0}: {1}")]
    Witness(usize, KeyError),
    #[error("witness {0} has a log's key: it belongs under `keys`")]
    LogKey(usize),
    #[error("it names no key")]
    NoKey,
}

impl Trust {
    pub fn read(path: &Path) -> Result<Self, TrustError> {
        let mut text = String::new();
        File::open(path)?.take(MAX_BYTES).read_to_string(&mut text)?;
        let trust: Self = serde_json::from_str(&text)?;
        check_name(&trust.origin).map_err(TrustError::Origin)?;
        trust.verifier_keys()?;
        trust.witness_keys()?;
        Ok(trust)
    }

    /// The keys, parsed.
    pub(crate) fn verifier_keys(&self) -> Result<Vec<VerifierKey>, TrustError> {
        if self.keys.is_empty() {
            return Err(TrustError::NoKey);
        }
        parse(&self.keys, Role::Log, TrustError::Key, TrustError::WitnessKey)
    }

    /// The witnesses' keys, parsed.
    pub(crate) fn witness_keys(&self) -> Result<Vec<VerifierKey>, TrustError> {
        parse(&self.witnesses, Role::Witness, TrustError::Witness, TrustError::LogKey)
    }
}

fn parse(
    keys: &[String],
    role: Role,
    wrong: fn(usize, KeyError) -> TrustError,
    other_role: fn(usize) -> TrustError,
) -> Result<Vec<VerifierKey>, TrustError> {
    let parse = |(at, key): (usize, &String)| {
        let key: VerifierKey = key.parse().map_err(|error| wrong(at + 1, error))?;
        if key.role() == role { Ok(key) } else { Err(other_role(at + 1)) }
    };
    keys.iter().enumerate().map(parse).collect()
}
