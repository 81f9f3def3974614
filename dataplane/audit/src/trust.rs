//! What an auditor trusts, given from outside: `trust.json`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

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
    /// So many of the witnesses must have cosigned; all of them if absent.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub quorum: Option<usize>,
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
    #[error("witness {0} has the public key of one before it, and would count twice")]
    Twice(usize),
    #[error("the quorum is from 1 to the number of witnesses, {0}")]
    Quorum(usize),
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
        trust.needed_witnesses()?;
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
        let keys = parse(&self.witnesses, Role::Witness, TrustError::Witness, TrustError::LogKey)?;
        let is_twice = |at: &usize| keys[..*at].iter().any(|key| key.is_same_public(&keys[*at]));
        match (0..keys.len()).find(is_twice) {
            Some(at) => Err(TrustError::Twice(at + 1)),
            None => Ok(keys),
        }
    }

    /// How many of the witnesses must have cosigned.
    pub(crate) fn needed_witnesses(&self) -> Result<usize, TrustError> {
        let all = self.witnesses.len();
        match self.quorum {
            None => Ok(all),
            Some(quorum) if (1..=all).contains(&quorum) => Ok(quorum),
            Some(_) => Err(TrustError::Quorum(all)),
        }
    }
}

/// What is there is a number: nobody means all by `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    usize::deserialize(deserializer).map(Some)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;

    #[test]
    fn a_quorum_is_a_number_of_the_witnesses_or_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trust.json");
        let key = |name, role| SigningKey::generate(name, role).unwrap().verifier().to_string();
        let log = key("lazaret.example/log", Role::Log);
        let witnesses = [key("one.example", Role::Witness), key("two.example", Role::Witness)];
        let read = |quorum: &str| {
            let text = format!(
                r#"{{"origin":"lazaret.example/log","keys":["{log}"],"witnesses":["{}"],{quorum}"nodes":[]}}"#,
                witnesses.join("\",\""),
            );
            std::fs::write(&path, text).unwrap();
            Trust::read(&path).ok().map(|trust| trust.needed_witnesses().unwrap())
        };
        assert_eq!(read(""), Some(2));
        assert_eq!(read(r#""quorum":1,"#), Some(1));
        assert_eq!(read(r#""quorum":2,"#), Some(2));
        for none in ["0", "3", "-1", "1.0", "null", "true", "\"1\"", "[1]", "99999999999999999999"]
        {
            assert_eq!(read(&format!(r#""quorum":{none},"#)), None, "{none}");
        }
    }
}
