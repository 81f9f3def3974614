use serde::{Deserialize, Serialize};

/// What an auditor trusts, given from outside: `trust.json`.
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
